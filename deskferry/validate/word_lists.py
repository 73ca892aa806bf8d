"""The word lists of rules: text files beside this module, a word a line, with their source on top."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of a list, sorted."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(sorted(line for line in lines if line and not line.startswith("#")))
