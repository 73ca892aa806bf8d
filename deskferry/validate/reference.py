"""The table of all rules in `docs/validation.md`, made from the rules.

`python -m deskferry.validate.reference` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from deskferry.validate.crossing_checks import CHECKS
from deskferry.validate.rule import Rule
from deskferry.validate.rules import RULES
from deskferry.validate.stored_files import HASH_MISMATCH

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
BEGIN, END = "<!-- begin of the rules -->", "<!-- end of the rules -->"
_REFERENCE = "reference."


def reference() -> str:
    """Return the rules as Markdown: a table for each dimension, references as a list."""
    rules = [*CHECKS, HASH_MISMATCH, *(one for one in RULES if not one.id.startswith(_REFERENCE))]
    order = list(dict.fromkeys(one.dimension for one in rules))
    lines: list[str] = []
    by_dimension = sorted(rules, key=lambda one: (order.index(one.dimension), one.id))
    for dimension, of_it in groupby(by_dimension, key=lambda one: one.dimension):
        lines += ["", f"### {dimension.value.capitalize()}", "", *_table(of_it)]
    return "\n".join([*lines, "", "### Every reference", "", *_references()])


def with_reference(text: str) -> str:
    """Return the text of the document with the rules of today."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{reference()}\n\n{END}{after}"


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| rule | severity | what it finds | what to do | options |"
    yield "|---|---|---|---|---|"
    for one in rules:
        options = ", ".join(f"`{name} = {_word(value)}`" for name, value in one.options.items())
        cells = (f"`{one.id}`", one.severity.value, one.name, one.advice, options)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _references() -> Iterator[str]:
    """Yield the columns whose references are looked after, by their weight."""
    for severity in ("error", "warning"):
        found = [one for one in RULES if one.id.startswith(_REFERENCE) and one.severity.value == severity]
        names = ", ".join(f"`{one.id}`" for one in found)
        yield f"- {severity}: {names}"


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_reference(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
