"""Results as tables for a terminal: an overview of all totals, then a table for each result that has lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deskferry.report.metrics.values import shown
from deskferry.report.wording import Words


@dataclass(frozen=True, slots=True)
class Shown:
    """A table, and the sentences that belong to it."""

    title: str
    headings: tuple[str, ...]
    lines: list[tuple[str, ...]]
    remarks: tuple[str, ...] = ()


def tables(document: Mapping[str, Any], words: Words) -> Iterator[Shown]:
    """Yield what is printed."""
    results = document["results"]
    head = words("metrics.table.head", n=len(results), as_of=words.moment(document["as_of"]),
                 timezone=document["question"]["timezone"])  # fmt: skip
    columns = ("metric", "definition", "value", "interval", "n", "missing", "says")
    yield Shown(head, _titles(words, columns), [_overview(one, words) for one in results])
    for one in results:
        if one["lines"] or len(results) == 1:
            yield _detailed(one, words)


def _titles(words: Words, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(words(f"metrics.col.{name}") for name in columns)


def _overview(result: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    return (f"{result['metric']} {result['name']}", result["definition_id"], _headline(result, result, words),
            *_worth(result, result, words))  # fmt: skip


def _headline(result: Mapping[str, Any], line: Mapping[str, Any], words: Words) -> str:
    """Return the value with what it is: `median 5 h 54 min, business hours`."""
    if line["value"] is None:
        return shown(words, result["unit"], None)
    value = f"{shown(words, result['unit'], line['value'])} {words.or_code('metrics.unit.' + result['unit'])}".rstrip()
    clock = words(f"metrics.clock.{result['clock']}")
    return f"{words.or_code('metrics.statistic.' + result['statistic'])} {value}" + (f", {clock}" if clock else "")


def _worth(result: Mapping[str, Any], line: Mapping[str, Any], words: Words) -> tuple[str, str, str, str]:
    bounds = [shown(words, result["unit"], one) for one in line["interval"] or ()]
    return " … ".join(bounds), words.number(line["n_computed"]), words.number(line["n_missing"]), says(line, words)


def says(line: Mapping[str, Any], words: Words) -> str:
    """Return what a reader must know about a line: not computable and why, too few rows, a period that goes on."""
    period = line.get("period")
    told = [
        words(f"metrics.state.{line['status']}"),
        line["reason"] or "",
        words("metrics.state.below_floor", n=line["n_computed"]) if line["below_floor"] else "",
        words("metrics.state.incomplete") if period and not period["is_complete"] else "",
    ]
    return "; ".join(filter(None, told))


def _detailed(result: Mapping[str, Any], words: Words) -> Shown:
    dimensions = list(dict.fromkeys(name for line in result["lines"] for name in line["group"]))
    has_period = any(line["period"] for line in result["lines"])
    headings = (
        *((words("metrics.col.period"),) if has_period else ()),
        *(words.or_code(f"metrics.dimension.{name}") for name in dimensions),
        *_titles(words, ("value", "interval", "n", "missing", "says")),
    )
    lines = [
        (
            *((line["period"]["label"] if line["period"] else "",) if has_period else ()),
            *(group_name(line, name, words) for name in dimensions),
            shown(words, result["unit"], line["value"]),
            *_worth(result, line, words),
        )
        for line in result["lines"]
    ]
    clock = words(f"metrics.clock.{result['clock']}")
    anchor = words.or_code(f"metrics.anchor.{result['anchor']}")
    if result["anchored_at"]:
        anchor += f": {result['anchored_at']}"
    title = f"{result['metric']} {result['name']} ({', '.join(filter(None, (clock, anchor)))})"
    return Shown(title, headings, lines, _remarks(result, words))


def group_name(line: Mapping[str, Any], dimension: str, words: Words) -> str:
    """Return what a group is called: its name, else its key; "" for the lines over all groups."""
    if dimension not in line["group"]:
        return ""
    one = line["group"][dimension]
    return str(one["label"] or one["key"] or words("metrics.table.nobody"))


def _remarks(result: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    options = ", ".join(f"{name}={_option(value)}" for name, value in result["options"].items())
    return (
        words("metrics.table.population", population=result["population"]),
        *((words("metrics.table.options", options=options),) if options else ()),
        *result["notes"],
    )


def _option(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value)) or "–"
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
