"""Computes any metric by any dimension and period."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.metrics import dimensions, joint_history, keys, zones
from deskferry.metrics.aggregation import Stock
from deskferry.metrics.calendars import TABLES as CALENDAR_TABLES
from deskferry.metrics.cards import CARDS
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.desk import Ask, Desk
from deskferry.metrics.facts import FACTS, tables_of
from deskferry.metrics.levels import levels_of
from deskferry.metrics.lines import StockTeller, Teller
from deskferry.metrics.options import AS_OF, BUSINESS, PERIODS, Question, chosen
from deskferry.metrics.presets import preset_of
from deskferry.metrics.result import Computed, Line, Result
from deskferry.store import Store


def tables_for(metrics: Iterable[Metric], question: Question) -> dict[str, set[str]]:
    """Return the tables and columns that a snapshot must have for these metrics and this question."""
    found: dict[str, set[str]] = {}
    shown = set(question.by)
    for metric in (one.for_question(question) for one in metrics):
        shown.update(metric.by)
        options = _options(metric, question)
        sources: list[Mapping[str, Iterable[str]]] = [metric.reads(options), tables_of(("ticket", *metric.facts))]
        if BUSINESS in metric.clocks:
            sources.append(CALENDAR_TABLES)
        sources.append(dimensions.tables((*metric.by, *question.by)))
        if question.exclude:
            sources.append({"ticket": ("text_of_brand_id", "text_of_inbox_id")})
        for table, columns in itertools.chain.from_iterable(one.items() for one in sources):
            found.setdefault(table, set()).update(columns)
        for need in itertools.chain.from_iterable(metric.inputs(options)):
            found.setdefault(need.table, set())
    dimensions.add_texts(found, shown)
    return {table: keys.wanted({"id", *columns}) for table, columns in found.items()}


def compute(
    store: Store, metrics: Sequence[Metric], question: Question, as_of: datetime, *, engine: str = "duckdb"
) -> list[Result]:
    """Return the results of metrics over a store, as of an instant: one for each clock of each."""
    check(metrics, question)
    opened = joint_history.opened(store, tables_for(metrics, question), engine, question)
    desk = Desk(opened.backend, question, as_of, opened.held, opened.shelf)
    prepare(desk, metrics)
    return [result for metric in metrics for result in measure(desk, metric)]


_SHARED = 3
"""From so many metrics on it pays to put a fact beside the tickets once."""


def prepare(desk: Desk, metrics: Sequence[Metric]) -> None:
    """Do for a desk what serves several of these metrics."""
    desk.look_for(_needs(metrics, desk.question))
    asked = Counter(fact for one in metrics for fact in one.for_question(desk.question).facts)
    desk.beside = tuple(name for name, fact in FACTS.items() if fact.is_of_tickets and asked[name] >= _SHARED)


def _needs(metrics: Iterable[Metric], question: Question) -> Iterator[Need]:
    for metric in (one.for_question(question) for one in metrics):
        yield from itertools.chain.from_iterable(metric.inputs(_options(metric, question)))


def check(metrics: Sequence[Metric], question: Question) -> None:
    """Refuse what cannot be asked."""
    dimensions.check(question.by)
    if question.period is not None and question.period not in PERIODS:
        raise ConfigError(f"There is no period {question.period!r}.", f"Choose {', '.join(PERIODS)}.")
    if question.start and question.end and question.end <= question.start:
        raise ConfigError("The range is empty: --to is the first day that is left out.", "Name a later day.")
    _ = question.zone
    for metric in metrics:
        _options(metric.for_question(question), question)


def _options(metric: Metric, question: Question) -> dict[str, Any]:
    cards = (*([CARDS[metric.as_of_card]] if metric.as_of_card else ()), metric.card)
    preset = preset_of(question.preset)
    given = [
        settings
        for card in cards
        for settings in (preset.get(card.slug), question.settings.get(card.id), question.settings.get(card.slug))
        if settings
    ]
    return chosen(metric.card.slug, metric.options, *given)


def measure(desk: Desk, metric: Metric) -> list[Result]:
    """Return the results of one metric, one for each clock asked for; a clock that it has not gives its own."""
    question = desk.question
    metric = metric.for_question(question)
    clocks = [one for one in metric.clocks if question.clock in (None, one)] or list(metric.clocks[:1])
    anchor = question.anchor or ""
    if anchor not in metric.anchors:
        anchor = next(iter(metric.anchors), AS_OF)
    options = _options(metric, question)
    return [_result(Ask(desk, metric, clock, anchor, MappingProxyType(options), []), clock) for clock in clocks]


def _result(ask: Ask, clock: str) -> Result:
    metric, question = ask.metric, ask.desk.question
    if question.preset and not preset_of(question.preset):
        ask.notes.append(f"The preset {question.preset} has no options: all is counted as without it.")
    sources = _sources(ask)
    lacking = tuple(name for name in ask.desk.connections if name not in sources)
    if sources:
        total, lines, finished = _lines(ask, sources, lacking)
    else:
        finished = Finished(())
        total, lines = Line(None, 0, 0, Computed.NOT_COMPUTABLE, metric.message), finished.lines
    return Result(
        metric=metric.card_id, slug=metric.card.slug, definition_id=metric.definition_id,
        unit=metric.aggregation.unit, statistic=metric.aggregation.statistic, clock=clock, anchor=ask.anchor,
        anchor_column=metric.anchors.get(ask.anchor, ""), options=ask.options, as_of=ask.as_of,
        timezone=question.timezone, total=total, lines=lines, preset=question.preset, extra=finished.extra,
        notes=(*ask.notes, *finished.notes),
    )  # fmt: skip


def _sources(ask: Ask) -> frozenset[str]:
    """Return the connections that have all that the metric needs."""
    held = [frozenset().union(*map(ask.desk.holding, any_of)) for any_of in ask.metric.inputs(ask.options)]
    return frozenset.intersection(*held)


def _lines(ask: Ask, sources: frozenset[str], lacking: tuple[str, ...]) -> tuple[Line, tuple[Line, ...], Finished]:
    metric, question = ask.metric, ask.desk.question
    rows = metric.rows(ask)
    has_time = "at" in rows.columns and bool(metric.anchors)
    rows = _only_known(rows, sources, lacking)
    is_stock = isinstance(metric.aggregation, Stock)
    if has_time and not is_stock:
        rows = _in_range(ask.desk, _only_dated(rows))
    by = (*metric.by, *(name for name in question.by if name not in metric.by))
    if metric.finish is None or metric.finishes_lines:
        wanted = ("connection", "ticket_id", "at", "value", *metric.aggregation.columns, *by)
        rows = rows.select(*(name for name in rows.columns if name in wanted))
    else:
        rows = rows.cache()
    period = question.period if has_time else None
    levels, absent = levels_of(ask.desk, rows, by, "day" if is_stock else period, metric.aggregation)
    by = tuple(name for name in by if name not in absent)
    notes = tuple(f"cannot be split by {name}" for name in absent)
    teller = (StockTeller if is_stock else Teller)(ask, levels, has_time=has_time, lacking=lacking)
    total = teller.lines((), None)[0]
    lines: list[Line] = []
    if period:
        lines += teller.lines((), period)
    if by:
        lines += teller.lines(by, None)
        if period:
            lines += teller.lines(by, period)
    if metric.aggregation.is_share:
        lines = _with_shares(total, lines)
    finished = metric.finish(ask, rows, (total, *lines)) if metric.finish else Finished((total, *lines))
    total, *rest = finished.lines
    return total, tuple(rest), replace(finished, notes=(*notes, *finished.notes))


def _only_known(rows: ir.Table, sources: frozenset[str], lacking: tuple[str, ...]) -> ir.Table:
    """Return rows whose value is NULL where their connection lacks the input: eligible, and missing (G3)."""
    if not lacking:
        return rows
    known = rows.connection.isin(sorted(sources))
    return rows.mutate(value=known.ifelse(rows.value, None))


def _only_dated(rows: ir.Table) -> ir.Table:
    """Return rows whose value is NULL where no instant puts them into a period: eligible, and missing."""
    return rows.mutate(value=rows["at"].notnull().ifelse(rows.value, None))


def _in_range(desk: Desk, rows: ir.Table) -> ir.Table:
    question, zone = desk.question, desk.question.zone
    if question.start:
        rows = rows.filter(rows["at"] >= zones.moment(zones.instant(question.start, zone)))
    if question.end:
        rows = rows.filter(rows["at"] < zones.moment(zones.instant(question.end, zone)))
    return rows


def _with_shares(total: Line, lines: list[Line]) -> list[Line]:
    """Return lines that are told their share of all in their period."""
    whole = {line.period.start: line.value for line in lines if line.period and not line.group}
    found = []
    for line in lines:
        base = whole.get(line.period.start) if line.period else total.value
        share = line.value / base if base and line.value is not None else None
        found.append(replace(line, figures=MappingProxyType({**line.figures, "share": share})))
    return found
