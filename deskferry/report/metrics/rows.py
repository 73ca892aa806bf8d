"""Results as rows for a spreadsheet: one a statistic of a line, its headline first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from deskferry.report.metrics.document import plain

_FIRST = ("metric", "slug", "name", "definition_id", "clock", "anchor", "timezone", "as_of", "preset")
_LAST = ("statistic", "is_headline", "unit", "value", "interval_low", "interval_high", "n_eligible", "n_computed",
         "n_missing", "below_floor", "status", "reason")  # fmt: skip
_PERIOD = ("period", "period_from", "period_to", "period_is_complete")


def headings(document: dict[str, Any]) -> tuple[str, ...]:
    """Return the columns; each dimension has two, its key and the name that people know it by."""
    split = [name for one in _dimensions(document) for name in (one, f"{one}_label")]
    return (*_FIRST, *_PERIOD, *split, *_LAST)


def rows(document: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield a row for each statistic of each line; the total of a result has neither period nor group."""
    names = _dimensions(document)
    for result in document["results"]:
        total = {**result, "group": {}, "period": None}
        for line in (total, *result["lines"]):
            yield from _of_line(result, line, names)


def _of_line(result: dict[str, Any], line: dict[str, Any], names: Sequence[str]) -> Iterator[list[Any]]:
    period = line["period"] or {}
    groups = [line["group"].get(name, {}) for name in names]
    before = [
        *(result[name] for name in _FIRST), period.get("label"), period.get("from"), period.get("to"),
        period.get("is_complete"), *(part for one in groups for part in (one.get("key"), one.get("label"))),
    ]  # fmt: skip
    low, high = line["interval"] or (None, None)
    after = [line[name] for name in ("n_eligible", "n_computed", "n_missing", "below_floor", "status", "reason")]
    yield [*before, result["statistic"], True, result["unit"], line["value"], low, high, *after]
    for name, value in line["figures"].items():
        if name != result["statistic"]:
            yield [*before, name, False, None, plain(value), None, None, *after]


def _dimensions(document: dict[str, Any]) -> list[str]:
    """Return the dimensions of any line, in the order of their first appearance."""
    found = (name for result in document["results"] for line in result["lines"] for name in line["group"])
    return list(dict.fromkeys(found))
