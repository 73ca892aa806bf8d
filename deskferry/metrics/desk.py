"""A snapshot opened for metrics: its tables, its facts (each computed once), its time; and what one metric is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.exceptions import TableNotFound

from deskferry.metrics import zones
from deskferry.metrics.calendars import Calendars
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.facts import FACTS
from deskferry.metrics.facts.ticket import base_population
from deskferry.metrics.kept_facts import KeptFacts
from deskferry.metrics.keys import as_keys, text_column
from deskferry.metrics.options import CALENDAR, NO_CLOCK, Question

TICKET_COLUMNS = ("ticket_id", "connection", "created_at", "is_final")
CUMULATIVE, LAST = "cumulative", "last"
"""Business time of a span over several schedules: each part by the schedule in force, or all by that at its end."""


class Desk:
    """All connections of a snapshot, as of one instant, for one question."""

    def __init__(
        self, backend: Any, question: Question, as_of: datetime, kept: Sequence[ir.Table] = (),
        shelf: KeptFacts | None = None,
    ) -> None:  # fmt: skip
        self.backend, self.kept, self._shelf = backend, kept, shelf
        self.question = question
        self.as_of = as_of
        self._facts: dict[str, ir.Table] = {}
        self._tables: dict[str, ir.Table] = {}
        self.named: dict[str, dict[Any, tuple[str, str | None]]] = {}
        """Dimension → key → its value and name, as far as they were asked for: see `dimensions.names`."""
        self._held: dict[tuple[str, object], frozenset[str]] = {}
        self.beside: tuple[str, ...] = ()
        """Facts of a row a ticket that are put beside the base population once, as several metrics ask for them."""
        self._kept: dict[object, ir.Table] = {}

    def table(self, name: str, *, deleted: bool = False) -> ir.Table:
        """Return a canonical table, its ids as keys; the rows that are gone only when asked."""
        found = self._stored(name)
        return as_keys(found if deleted else found.filter(found.deleted_at.isnull()))

    def _stored(self, name: str) -> ir.Table:
        """Return a table of the snapshot; the engine is asked for its columns once."""
        if name not in self._tables:
            self._tables[name] = self.backend.table(name)
        return self._tables[name]

    def has(self, name: str) -> bool:
        """Whether the snapshot has a table."""
        try:  # not list_tables: ibis 12 calls there what DuckDB 2 has no longer
            self._stored(name)
        except TableNotFound:
            return False
        return True

    def texts(self, name: str, column: str = "id") -> ir.Table:
        """Return `key` and `text` of a column of ids: for a table and column that was asked for as `text_of_…`."""
        found = self._stored(name)
        return found.select(key=text_column(column)[0], text=column).filter(ibis._.text.notnull()).distinct()

    def held(self, rows: pa.Table) -> ir.Table:
        """Return rows made in Python as a table of the engine."""
        return self.backend.create_table(ibis.util.gen_name("held"), rows, temp=True)

    def has_text(self, name: str, column: str) -> bool:
        """Whether the texts of a column of ids were asked for."""
        return self.has(name) and set(text_column(column)) <= set(self._stored(name).columns)

    def fact(self, name: str) -> ir.Table:
        """Return a fact: see `facts`. It is computed when it is first asked for."""
        if name not in self._facts:
            self._facts[name] = self._found(name)
        return self._facts[name]

    def _found(self, name: str) -> ir.Table:
        fact = FACTS[name]
        if fact.is_kept and self._shelf:
            kept = self._shelf.find(name, (name,), lambda: fact.build(self))
            if kept is not None:
                return kept
        built = fact.build(self)
        return built if fact.is_view else built.cache()

    @property
    def base(self) -> ir.Table:
        """The base population P0: the fact `ticket` and the facts `beside`."""
        return self.once("base", self._base) if self.beside else base_population(self, ())

    def _base(self) -> ir.Table:
        def build() -> ir.Table:
            return base_population(self, self.beside)

        kept = self._shelf.find("base", ("ticket", *self.beside), build) if self._shelf else None
        return build().cache() if kept is None else kept

    def once(self, key: object, build: Callable[[], ir.Table]) -> ir.Table:
        """Return what is built once for all that ask for it by this key."""
        if key not in self._kept:
            self._kept[key] = build()
        return self._kept[key]

    @property
    def now(self) -> Any:
        """`as_of` as an expression."""
        return zones.moment(self.as_of)

    @cached_property
    def connections(self) -> tuple[str, ...]:
        """Connections that have a ticket; where none has one, all that have a row of any table."""
        found = self.table("ticket").select("connection").distinct().to_pyarrow()
        return tuple(sorted(found["connection"].to_pylist()))

    @cached_property
    def first_instant(self) -> datetime:
        """When the first ticket was created, but not before 1970: where calendars begin."""
        found = zones.aware(self.table("ticket").created_at.min().to_pyarrow().as_py())
        least = datetime(1970, 1, 1, tzinfo=UTC)
        return max(least, min(found or self.as_of, self.as_of)) - timedelta(days=366)

    @cached_property
    def _offsets(self) -> list[tuple[datetime, float]]:
        return zones.offsets(self.question.zone, self.first_instant, self.as_of + timedelta(days=366))

    def local(self, at: ir.TimestampValue) -> ir.TimestampValue:
        """Return the wall-clock time of an instant in the reporting zone."""
        return zones.local(at, self._offsets)

    @cached_property
    def calendars(self) -> Calendars:
        """Business time."""
        return Calendars(self)

    def holding(self, need: Need) -> frozenset[str]:
        """Return the connections that have a row of what is needed, or are served by one that has."""
        found = self._with_rows(need)
        beside = need.anywhere and not found <= set(self.connections)
        return found | set(self.connections) if beside else found

    def _with_rows(self, need: Need) -> frozenset[str]:
        if (need.table, need.where) not in self._held:
            self.look_for([need])
        return self._held[need.table, need.where]

    def look_for(self, needs: Iterable[Need]) -> None:
        """Find out which connections have what is needed: each table is read once for all that is asked of it."""
        wanted: dict[str, dict[object, Need]] = {}
        for need in needs:
            if (need.table, need.where) not in self._held:
                wanted.setdefault(need.table, {})[need.where] = need
        for name, asked in wanted.items():
            rows = self.table(name)
            conditions = {where: _condition(rows, need) for where, need in asked.items()}
            # Several metrics have the same condition, each in words of its own.
            told = {condition.op(): f"told_{n}" for n, condition in enumerate(conditions.values())}
            counted = {column: op.to_expr().any() for op, column in told.items()}
            found = rows.group_by("connection").aggregate(**counted).to_pyarrow().to_pylist()
            for where, condition in conditions.items():
                column = told[condition.op()]
                self._held[name, where] = frozenset(one["connection"] for one in found if one[column])


def _condition(rows: ir.Table, need: Need) -> Any:
    found = need.where(rows) if need.where is not None else True
    return found if isinstance(found, ir.Column) else rows.connection.notnull() & found


@dataclass(frozen=True, slots=True)
class Ask:
    """What a metric's `rows` is asked."""

    desk: Desk
    metric: Metric
    clock: str
    """`calendar`, `business` or `none`."""
    anchor: str
    """One of the metric's anchors, or `as_of` where it has none."""
    options: Mapping[str, Any]
    """The metric's own options: chosen, else preset, else default."""
    notes: list[str] = field(default_factory=list)
    """Sentences that the metric wants to have printed with its number."""

    def fact(self, name: str) -> ir.Table:
        """Return a fact."""
        return self.desk.fact(name)

    def table(self, name: str) -> ir.Table:
        """Return a canonical table without its deleted rows."""
        return self.desk.table(name)

    def of_base(self, name: str) -> ir.Table:
        """Return the rows of a fact that belong to tickets of the base population P0."""
        found = self.fact(name)
        return found.filter(found.in_p0).drop("in_p0")

    @property
    def as_of(self) -> datetime:
        """The instant as of which everything is computed."""
        return self.desk.as_of

    @property
    def now(self) -> Any:
        """`as_of` as an expression."""
        return self.desk.now

    def tickets(self, *facts: str, columns: tuple[str, ...] = ()) -> ir.Table:
        """Return the base population P0, a row a ticket, beside it the columns of facts of this grain.

        Of the ticket itself it has `TICKET_COLUMNS` and those that are named here: few, as each costs at every step.
        """
        asked = _by_fact(facts)
        there = [name for fact in self.desk.beside for name in asked.pop(fact, ())]
        rows = self.desk.base.select(*dict.fromkeys((*TICKET_COLUMNS, *columns, *there)))
        return self._beside(rows, asked)

    def beside(self, rows: ir.Table, *facts: str) -> ir.Table:
        """Return rows with columns of facts that have a row a ticket, named `fact.column`."""
        return self._beside(rows, _by_fact(facts))

    def _beside(self, rows: ir.Table, facts: Mapping[str, list[str]]) -> ir.Table:
        for fact, columns in facts.items():
            other = self.fact(fact).select("ticket_id", *columns)
            clash = (set(rows.columns) & set(other.columns)) - {"ticket_id"}
            rows = rows.left_join(other.drop(*clash), "ticket_id").drop("ticket_id_right")
        return rows

    def elapsed(self, rows: ir.Table, start: str, end: str, *, schedules: str = CUMULATIVE) -> ir.Table:
        """Return rows with a column `value`: seconds from one column to the other on the clock asked for.

        NULL where either end is, where the end lies before the start, and on the business clock without a schedule.
        Business time needs `ticket_id`.
        """
        if self.clock in {CALENDAR, NO_CLOCK}:
            return rows.mutate(value=zones.seconds_between(rows[start], rows[end]))
        return self.desk.calendars.elapsed(rows, start, end, "value", schedules=schedules)


def _by_fact(names: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        fact, _dot, column = name.partition(".")
        found.setdefault(fact, []).append(column)
    return found
