"""Ours beside the number that the vendor itself reports (`vendor_metric`), ticket by ticket, and why they differ.

Vendor: Zendesk rounds its spans to whole minutes, those of statuses each span by itself (G12); it reports a status only
once the ticket has left it, and computes nothing of what was imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.desk import Ask, Desk
from deskferry.metrics.engine import check, tables_for
from deskferry.metrics.keys import wanted
from deskferry.metrics.options import BUSINESS, CALENDAR, EVENT, Question, chosen
from deskferry.metrics.presets import preset_of
from deskferry.metrics.registry import METRICS
from deskferry.store import Store
from deskferry.store.snapshot import Snapshot

EQUAL, DIFFERENT, ONLY_OURS, ONLY_VENDOR = "equal", "different", "only_ours", "only_vendor"
VERDICTS = (EQUAL, DIFFERENT, ONLY_OURS, ONLY_VENDOR)
CAUSES = ("not_counted", "replies_differ", "no_history", "no_schedule", "vendor_silent", "unexplained")
"""Why two numbers are not the same; `not_counted`: the ticket is deleted, spam, merged or excluded."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a vendor and the metric that says the same of a ticket."""

    name: str
    metric: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    statuses: tuple[str, ...] = ()
    """Whose spans it adds up: each of them is rounded."""
    of_messages: bool = False
    is_count_of: str | None = None
    """A count that a fact has, `fact.column`, in the place of a metric's value."""


_ALL = {"tickets": "all"}
NUMBERS: Mapping[str, tuple[Number, ...]] = MappingProxyType(
    {
        "zendesk": (
            Number("reply_time_in_minutes", "M07", of_messages=True),
            Number("first_resolution_time_in_minutes", "M10"),
            Number("full_resolution_time_in_minutes", "M09"),
            Number("requester_wait_time_in_minutes", "M12", _ALL, ("new", "open", "on_hold")),
            Number("agent_wait_time_in_minutes", "M13", {"which": "agent_wait", **_ALL}, ("pending",)),
            Number("on_hold_time_in_minutes", "M13", {"which": "on_hold", **_ALL}, ("on_hold",)),
            Number("replies", "M17", of_messages=True, is_count_of="ticket_messages.n_replies"),
            Number("reopens", "M18", is_count_of="resolution.n_reopens"),
        )
    }
)
"""Vendor → the numbers of its own that we know a metric for."""
_HISTORY = Need("ticket_event", lambda event: event.field == "status")
_SPANS = frozenset({"M10", "M12", "M13", "M18"})
"""What needs the history of statuses."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of a vendor's numbers of one ticket beside ours, in the vendor's unit."""

    connection: str
    ticket_id: str
    name: str
    metric: str
    ours: float | None
    vendors: float | None
    tolerance: float
    verdict: str
    cause: str | None
    is_assumed: bool
    """Ours assumes that the ticket was open from its creation until it was solved: the store has no history of it."""


def compared(
    store: Store, metrics: Sequence[Metric], question: Question, as_of: datetime, vendor: str, engine: str = "duckdb"
) -> Iterator[Compared]:
    """Yield every number that the vendor reports, or that we have, of the tickets of its connections.

    Of the metrics only those count that the vendor has a number for.
    """
    named = {one.card_id for one in metrics}
    numbers = [one for one in NUMBERS[vendor] if one.metric in named]
    metrics = [METRICS[one.metric] for one in numbers]
    check(metrics, question)
    tables = tables_for(metrics, question)
    for name, columns in (("vendor_metric", ("ticket_id", "text_of_ticket_id", "name", "value")),
                          ("ticket", ("text_of_id", "vendor"))):  # fmt: skip
        tables.setdefault(name, set()).update(wanted(columns))
    snapshot = Snapshot.refresh(store, {name: sorted(columns) for name, columns in tables.items()})
    desk = Desk(snapshot.connect(engine), question, as_of)
    for number in numbers:
        for clock in (None,) if number.is_count_of else (CALENDAR, BUSINESS):
            if clock is None or question.clock in {None, clock}:
                yield from _Comparison(desk, number, clock, vendor).rows()


class _Comparison:
    """One number on one clock."""

    def __init__(self, desk: Desk, number: Number, clock: str | None, vendor: str) -> None:
        self.desk, self.number, self.clock, self.vendor = desk, number, clock, vendor
        self.name = number.name if clock is None else f"{number.name}.{clock}"
        self.recorded = sorted(desk.holding(_HISTORY))

    def rows(self) -> Iterator[Compared]:
        """Yield the tickets that either side has a number of."""
        found = self._judged()
        texts = self.desk.texts("ticket")
        found = found.inner_join(texts, found.ticket_id == texts.key).order_by("text")
        columns = ("connection", "text", "ours", "vendors", "tolerance", "verdict", "cause", "is_assumed")
        for batch in found.select(*columns).to_pyarrow().to_batches(10_000):
            for row in batch.to_pylist():
                yield Compared(
                    row["connection"], row["text"], self.name, self.number.metric, _real(row["ours"]),
                    _real(row["vendors"]), float(row["tolerance"]), row["verdict"], row["cause"],
                    bool(row["is_assumed"]),
                )  # fmt: skip

    def _judged(self) -> ir.Table:
        found = self._beside()
        same = (found.ours - found.vendors).abs() <= found.tolerance
        verdict = ibis.cases(
            (found.ours.isnull(), ONLY_VENDOR), (found.vendors.isnull(), ONLY_OURS), (same, EQUAL), else_=DIFFERENT
        )
        found = found.mutate(verdict=verdict)
        no_history = ~found.connection.isin(self.recorded) & (self.number.metric in _SPANS)
        no_schedule = found.ours.isnull() & (self.clock == BUSINESS)
        cause = ibis.cases(
            (found.verdict == EQUAL, ibis.null("string")),
            (~found.in_p0, "not_counted"),
            (found.replies_differ, "replies_differ"),
            (no_history, "no_history"),
            (no_schedule, "no_schedule"),
            (found.verdict == ONLY_OURS, "vendor_silent"),
            else_="unexplained",
        )
        return found.mutate(cause=cause)

    def _beside(self) -> ir.Table:
        """Return the tickets that either side has a number of: ours, the vendor's, and what tells why they differ."""
        ticket = self.desk.fact("ticket")
        tickets = ticket.filter(ticket.vendor == self.vendor).select("ticket_id", "connection", "in_p0")
        found = tickets.left_join(self._ours(), "ticket_id").drop("ticket_id_right")
        found = found.left_join(self._vendors(self.name, "vendors"), "ticket_id").drop("ticket_id_right")
        found = self._assumed(found)
        ours = found.ours.notnull()
        if self.number.statuses:  # no time in a status: the vendor says nothing
            ours = ours & (found.ours > 0)
        found = found.filter(ours | found.vendors.notnull())
        return self._with_replies(self._with_tolerance(found))

    def _ours(self) -> ir.Table:
        if self.number.is_count_of:
            fact, _dot, column = self.number.is_count_of.partition(".")
            found = self.desk.fact(fact)
            return found.select("ticket_id", ours=found[column].cast("float64"))
        rows = self._metric_rows()
        return rows.select("ticket_id", ours=rows.value.cast("float64") / 60)

    def _metric_rows(self) -> ir.Table:
        metric = METRICS[self.number.metric]
        ask = Ask(self.desk, metric, str(self.clock), EVENT, MappingProxyType(self._options(metric)), [])
        return metric.rows(ask)

    def _options(self, metric: Metric) -> dict[str, Any]:
        preset = preset_of(self.desk.question.preset or self.vendor).get(metric.card.slug, {})
        known = {key: value for key, value in self.number.options.items() if key in metric.options}
        return chosen(metric.card.slug, metric.options, preset, known)

    def _vendors(self, name: str, column: str) -> ir.Table:
        told = self.desk.table("vendor_metric")
        told = told.filter(told.name == name, told.value.notnull())
        return told.group_by("ticket_id").aggregate(**{column: told.value.max().cast("float64")})

    def _assumed(self, found: ir.Table) -> ir.Table:
        """Return rows where tickets without history have what follows if they were open until they were solved.

        Of a ticket that the vendor says was reopened nothing follows.
        """
        found = found.mutate(is_assumed=ibis.literal(value=False))
        if self.number.metric not in _SPANS or self.number.is_count_of or self.clock != CALENDAR:
            return found
        ends = self.desk.fact("resolution").filter(lambda one: ~one.has_history).select("ticket_id", "last_solved_at")
        tickets = self.desk.fact("ticket").select("ticket_id", "created_at")
        ends = ends.inner_join(tickets, "ticket_id").inner_join(self._vendors("reopens", "reopened"), "ticket_id")
        ends = ends.filter(ends.reopened == 0, ends.last_solved_at >= ends.created_at)
        minutes = ends.last_solved_at.delta(ends.created_at, unit="second") / 60
        whole = ibis.literal(0.0) if self.number.metric == "M13" else minutes
        ends = ends.select("ticket_id", _assumed=whole)
        found = found.left_join(ends, "ticket_id").drop("ticket_id_right")
        unknown = found.ours.isnull() & found["_assumed"].notnull()
        return found.mutate(ours=found.ours.coalesce(found["_assumed"]), is_assumed=unknown).drop("_assumed")

    def _with_tolerance(self, found: ir.Table) -> ir.Table:
        if not self.number.statuses:
            return found.mutate(tolerance=ibis.literal(0.0 if self.number.is_count_of else 1.0))
        spans = self.desk.fact("status_interval")
        spans = spans.filter(spans.status.isin(self.number.statuses))
        spans = spans.group_by("ticket_id").aggregate(tolerance=spans.count().cast("float64"))
        found = found.left_join(spans, "ticket_id").drop("ticket_id_right")
        return found.mutate(tolerance=found.tolerance.fill_null(1.0))

    def _with_replies(self, found: ir.Table) -> ir.Table:
        """Return rows told whether the vendor counts another number of replies than there are messages of agents."""
        if not self.number.of_messages:
            return found.mutate(replies_differ=ibis.literal(value=False))
        counted = self.desk.fact("ticket_messages").select("ticket_id", "n_replies")
        found = found.left_join(counted, "ticket_id").drop("ticket_id_right")
        found = found.left_join(self._vendors("replies", "_replies"), "ticket_id").drop("ticket_id_right")
        differ = found.n_replies.fill_null(0).cast("float64") != found["_replies"]
        return found.mutate(replies_differ=differ.fill_null(False)).drop("n_replies", "_replies")


def _real(value: Any) -> float | None:
    return None if value is None else float(value)
