"""M09, M10, M14: how fast and how often tickets are solved."""

from __future__ import annotations

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Duration, Rate
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.desk import Ask
from deskferry.metrics.options import CLOCKS, COHORT, EVENT, Choice, Number

SOLVED = Need("ticket", lambda ticket: ticket.solved_at.notnull() | ticket.closed_at.notnull())
HISTORY = Need("ticket_event", lambda event: event.field == "status")
_SCHEDULES = Choice(("cumulative", "last"), "Business time over several schedules: each its part, or the last for all")


def _resolution(ask: Ask) -> ir.Table:
    rows = (
        ask.tickets("resolution.last_solved_at", "ticket_messages.first_customer_at")
        if ask.options["start"] == "first_customer"
        else ask.tickets("resolution.last_solved_at")
    )
    rows = rows.filter(rows.is_final)
    start = {"created": "created_at", "first_customer": "first_customer_at"}[ask.options["start"]]
    rows = ask.elapsed(rows, start, "last_solved_at", schedules=ask.options["schedules"])
    if ask.options["variant"] == "net_of_solved":
        seconds = ask.fact("status_seconds" if ask.clock == "calendar" else "status_seconds_business")
        rows = rows.left_join(seconds.select("ticket_id", "reopened_seconds"), "ticket_id").drop("ticket_id_right")
        rows = rows.mutate(value=rows.value - rows.reopened_seconds)
    solved = rows.last_solved_at if ask.anchor == EVENT else rows.created_at
    return rows.mutate(at=solved.coalesce(rows.created_at))


RESOLUTION = Metric(
    "M09",
    version=1,
    population="tickets of the base population that are solved or closed now; without a time of solving: missing",
    facts=("resolution", "ticket_messages", "status_seconds", "status_seconds_business"),
    rows=_resolution,
    needs=((SOLVED, HISTORY),),
    clocks=CLOCKS,
    anchors={EVENT: "last_solved_at", COHORT: "created_at"},
    aggregation=Duration(),
    options={
        "variant": Choice(("full", "net_of_solved"), "Whether time spent solved before a reopening counts"),
        "start": Choice(("created", "first_customer"), "Where the clock starts"),
        "schedules": _SCHEDULES,
    },
)


def _first_resolution(ask: Ask) -> ir.Table:
    rows = ask.tickets("resolution.first_solved_at", "resolution.has_history")
    rows = rows.filter(rows.first_solved_at.notnull() | (rows.is_final & ~rows.has_history.fill_null(False)))
    rows = ask.elapsed(rows, "created_at", "first_solved_at", schedules=ask.options["schedules"])
    return rows.mutate(at=rows.created_at if ask.anchor == COHORT else rows.first_solved_at.coalesce(rows.created_at))


FIRST_RESOLUTION = Metric(
    "M10",
    version=1,
    population="tickets of the base population that were solved at least once; without a status history: missing",
    facts=("resolution",),
    rows=_first_resolution,
    needs=(HISTORY,),
    clocks=CLOCKS,
    anchors={EVENT: "first_solved_at", COHORT: "created_at"},
    aggregation=Duration(),
    options={"schedules": _SCHEDULES},
)


def _rate(ask: Ask) -> ir.Table:
    rows = ask.tickets("resolution.last_solved_at")
    solved = rows.is_final
    if ask.options["within_days"] is not None:
        seconds = rows.last_solved_at.delta(rows.created_at, unit="second")
        # Of a ticket that is solved, nobody knows when, it is not known either.
        solved = solved & (seconds <= ask.options["within_days"] * 86_400)
    return rows.mutate(value=solved.cast("float64"), at=rows.created_at)


RATE = Metric(
    "M14",
    version=1,
    population="tickets of the base population created in the period; solved means solved or closed now",
    facts=("resolution",),
    rows=_rate,
    needs=((SOLVED, HISTORY),),
    anchors={COHORT: "created_at"},
    aggregation=Rate(),
    options={"within_days": Number(None, "Count only what was solved within so many days of its creation")},
)

METRICS: tuple[Metric, ...] = (RESOLUTION, FIRST_RESOLUTION, RATE)
