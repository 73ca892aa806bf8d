"""Ours beside the vendor's own numbers: a summary of each number, and the tickets where the two are not the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from deskferry.canonical_schema import time_text
from deskferry.metrics.vendor_numbers import EQUAL, VERDICTS, Compared
from deskferry.report.metrics.terminal import Shown
from deskferry.report.wording import Words

FORMAT = "deskferry.metrics-comparison/1"
LISTED = 1000
"""Tickets that the document lists for each number; CSV has all of them."""
_SHOWN = 10
COLUMNS = (
    "connection",
    "ticket_id",
    "name",
    "metric",
    "ours",
    "vendors",
    "tolerance",
    "verdict",
    "cause",
    "is_assumed",
)


def rows(found: Iterable[Compared]) -> Iterator[list[Any]]:
    """Yield every ticket of every number, equal or not."""
    return ([getattr(one, name) for name in COLUMNS] for one in found)


def comparison(found: Iterable[Compared], vendor: str, as_of: datetime, words: Words) -> dict[str, Any]:
    """Return the document; its schema: `report/json/metrics_comparison.schema.json`."""
    numbers: dict[str, dict[str, Any]] = {}
    for one in found:
        number = numbers.setdefault(one.name, _empty(one))
        number[one.verdict] += 1
        number["assumed"] += one.is_assumed
        if one.verdict != EQUAL:
            number["causes"][one.cause] += 1
            if len(number["tickets"]) < LISTED:
                number["tickets"].append({**asdict(one), "says": words(f"metrics.cause.{one.cause}")})
    for number in numbers.values():
        number["causes"] = [
            {"cause": cause, "count": count, "says": words(f"metrics.cause.{cause}")}
            for cause, count in number["causes"].most_common()
        ]
        number["not_listed"] = sum(number[one] for one in VERDICTS if one != EQUAL) - len(number["tickets"])
    return {
        "format": FORMAT, "as_of": time_text(as_of), "language": words.language, "vendor": vendor,
        "numbers": list(numbers.values()),
    }  # fmt: skip


def _empty(one: Compared) -> dict[str, Any]:
    counted = dict.fromkeys(VERDICTS, 0)
    unit = "minutes" if "minutes" in one.name else "count"
    return {"name": one.name, "metric": one.metric, "unit": unit, **counted, "assumed": 0, "causes": Counter(),
            "tickets": []}  # fmt: skip


def tables(document: dict[str, Any], words: Words) -> Iterator[Shown]:
    """Yield what is printed: a line a number, then some tickets of each that differs."""
    counted = [
        (one["name"], one["metric"], *(words.number(one[verdict]) for verdict in VERDICTS),
         "; ".join(f"{words.number(cause['count'])} {cause['says']}" for cause in one["causes"]))
        for one in document["numbers"]
    ]  # fmt: skip
    titles = (words("metrics.compare.number"), words("metrics.col.metric"),
              *(words(f"metrics.compare.{one}") for one in VERDICTS), words("metrics.compare.why"))  # fmt: skip
    assumed = sum(one["assumed"] for one in document["numbers"])
    yield Shown(words("metrics.compare.title", vendor=document["vendor"]), titles, counted,
                (words("metrics.compare.assumed", n=assumed),) if assumed else ())  # fmt: skip
    for one in document["numbers"]:
        if one["tickets"]:
            yield _of_tickets(one, words)


def _of_tickets(number: dict[str, Any], words: Words) -> Shown:
    lines: list[tuple[str, ...]] = [
        (one["ticket_id"], words.number(one["ours"], 2), words.number(one["vendors"], 2), one["says"])
        for one in number["tickets"][:_SHOWN]
    ]
    left = number["not_listed"] + len(number["tickets"]) - len(lines)
    titles = tuple(words(f"metrics.compare.{one}") for one in ("ticket", "ours", "vendors", "why"))
    return Shown(number["name"], titles, lines, (words("metrics.compare.more", n=left),) if left else ())
