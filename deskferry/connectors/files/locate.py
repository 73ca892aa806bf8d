"""The line of a TOML document on which something stands: the parser tells values, not places."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*(\[\[|\[)\s*([^\]]+?)\s*\]")
_KEY = re.compile(
    r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PIECE = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^.\s"']+))\s*\.?""")

Step = str | int


def line_of(text: str, steps: Sequence[Step]) -> int:
    """Return the line (from 1) of what lies at a path, or of the nearest thing around it."""
    best, best_length = 1, -1
    current: list[Step] = []
    counts: dict[tuple[Step, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            current = _entered(_pieces(header.group(2)), counts, array=header.group(1) == "[[")
            here = current
        else:
            key = _KEY.match(line)
            if not key:
                continue
            here = [*current, *_pieces(line[: key.end() - 1])]
        length = len(here)
        if length > best_length and list(steps[:length]) == here:
            best, best_length = number, length
    return best


def _pieces(name: str) -> list[Step]:
    return [quoted or single or bare for quoted, single, bare in _PIECE.findall(name.strip())]


def _entered(names: list[Step], counts: dict[tuple[Step, ...], int], *, array: bool) -> list[Step]:
    """Return the path of a table's header, with the places of arrays of tables in it."""
    path: list[Step] = []
    for n, name in enumerate(names):
        path.append(name)
        key = tuple(path)
        if array and n == len(names) - 1:
            counts[key] = counts.get(key, -1) + 1
        if key in counts:
            path.append(counts[key])
    return path
