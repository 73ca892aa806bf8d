"""All that a dashboard shows, computed over one desk, so that every fact is computed once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from deskferry.metrics import joint_history
from deskferry.metrics.definition import Metric
from deskferry.metrics.desk import Ask, Desk
from deskferry.metrics.engine import check, measure, prepare, tables_for
from deskferry.metrics.options import CALENDAR, EVENT, Question, chosen
from deskferry.metrics.presets import preset_of
from deskferry.metrics.registry import METRICS
from deskferry.metrics.result import Result
from deskferry.store import Store

TRENDS = ("M01", "M03", "M07", "M09", "M14", "M21")
BACKLOG = "M05"
SPREADS = ("M07", "M09")
"""Metrics whose values are shown as a distribution."""
TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"channel": ("M01", "M07", "M09", "M16", "M21"), "agent": ("M25", "M26", "M08", "M28")}
)
"""Dimension → the metrics of its table; other dimensions have those of the channel."""
EDGES = (900, 3_600, 14_400, 28_800, 86_400, 259_200, 604_800)
"""Seconds at which the bars of a distribution end; the last has no end."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many rows have a value up to each edge, and beyond the last one."""

    result: Result
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The numbers of a dashboard."""

    question: Question
    as_of: datetime
    totals: tuple[Result, ...]
    trends: tuple[Result, ...]
    backlog: Result | None
    spreads: tuple[Spread, ...]
    tables: Mapping[str, tuple[Result, ...]]
    arrivals: Mapping[tuple[int, int], int]
    """Weekday (0: Monday) and hour of the reporting zone → tickets created."""


def dashboard(
    store: Store, metrics: Sequence[Metric], question: Question, as_of: datetime, *, engine: str = "duckdb"
) -> Dashboard:
    """Return the numbers of a dashboard about these metrics; its trends are by week unless the question says."""
    question = replace(question, period=question.period or "week")
    dimensions = tuple(dict.fromkeys((*TABLES, *question.by)))
    check(metrics, question)
    tables = tables_for(metrics, replace(question, by=dimensions))
    opened = joint_history.opened(store, tables, engine, question)
    desk = Desk(opened.backend, question, as_of, opened.held, opened.shelf)
    prepare(desk, metrics)
    named = {one.card_id: one for one in metrics}
    return Dashboard(
        question, as_of,
        tuple(one for metric in metrics for one in _asked(desk, metric, by=(), period=None)),
        tuple(_asked(desk, named[name], by=())[0] for name in TRENDS if name in named),
        _asked(desk, named[BACKLOG], by=())[0] if BACKLOG in named else None,
        tuple(_spread(desk, named[name]) for name in SPREADS if name in named),
        {by: _table(desk, named, by) for by in dimensions}, _arrivals(desk) if "M01" in named else {},
    )  # fmt: skip


def _asked(desk: Desk, metric: Metric, **changed: Any) -> list[Result]:
    """Return the results for a question that differs; what the desk has computed already serves it too."""
    other = copy.copy(desk)
    other.question = replace(desk.question, **changed)
    return measure(other, metric)


def _table(desk: Desk, named: Mapping[str, Metric], by: str) -> tuple[Result, ...]:
    names = [name for name in TABLES.get(by, TABLES["channel"]) if name in named]
    found = [_asked(desk, named[name], by=(by,), period=None, clock=desk.question.clock or CALENDAR)
             for name in names]  # fmt: skip
    return tuple(results[0] for results in found)


def _spread(desk: Desk, metric: Metric) -> Spread:
    """Return how the values of a metric are distributed, on the clock that its trend has."""
    result = _asked(desk, metric, by=(), period=None)[0]
    if result.value is None:
        return Spread(result, ())
    options = chosen(metric.card.slug, metric.options, preset_of(desk.question.preset).get(metric.card.slug, {}),
                     desk.question.settings.get(metric.card.slug, {}))  # fmt: skip
    ask = Ask(desk, metric, result.clock, EVENT, MappingProxyType(options), [])
    value = metric.rows(ask).value
    lower = (0, *EDGES)
    sums = {f"upto_{edge}": ((value <= edge) & (value > low)).cast("int64").sum() if low else
            (value <= edge).cast("int64").sum() for low, edge in zip(lower, EDGES, strict=False)}  # fmt: skip
    sums["beyond"] = (value > EDGES[-1]).cast("int64").sum()
    (row,) = metric.rows(ask).aggregate(**sums).to_pyarrow().to_pylist()
    return Spread(result, tuple(int(one or 0) for one in row.values()))


def _arrivals(desk: Desk) -> dict[tuple[int, int], int]:
    rows = Ask(desk, METRICS["M01"], CALENDAR, "cohort", MappingProxyType({}), []).tickets()
    local = desk.local(rows.created_at)
    rows = rows.mutate(weekday=local.day_of_week.index(), hour=local.hour()).filter(rows.created_at.notnull())
    found = rows.group_by("weekday", "hour").aggregate(tickets=rows.count()).to_pyarrow().to_pylist()
    return {(int(one["weekday"]), int(one["hour"])): int(one["tickets"]) for one in found}
