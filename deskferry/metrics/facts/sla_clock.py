"""The clocks of service levels run from messages and histories: for sources that have policies and record no events.

`runs` gives a row a clock that ran on a ticket:

ticket_id, connection, metric, instance, started_at, completed_at (NULL: it was not), given_up_at (the ticket was solved
although nobody replied: the instance is over), ended_at (the first of both that there is, else as_of),
calendar, business   seconds that are known already, of the three metrics of statuses; NULL for the others
is_known     False: it cannot be told how long it ran (a ticket solved nobody knows when)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.facts.response_turn import numbered
from deskferry.metrics.facts.ticket import FINAL

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

FACTS = (
    "message", "ticket_messages", "response_turn", "status_change", "status_interval", "resolution", "status_seconds",
    "status_seconds_business",
)  # fmt: skip
_STATUSES = {
    "requester_wait_time": ("new", "open", "on_hold"),
    "agent_work_time": ("new", "open"),
    "total_resolution_time": ("new", "open", "pending", "on_hold"),
}
"""Metric → statuses in which it runs: it pauses in the others, solved included, and a reopening resumes it."""
_UPDATES = ("periodic_update_time", "pausable_update_time")
PAUSING = "pausable_update_time"
METRICS = ("first_reply_time", "next_reply_time", *_UPDATES, *_STATUSES)


def runs(ask: Ask, tickets: ir.Table, metrics: frozenset[str]) -> ir.Table:
    """Return the clocks of these metrics on these tickets, rows of `Ask.tickets` with `parent_id`."""
    makers: Mapping[str, Callable[[], ir.Table]] = {
        "first_reply_time": partial(_first_reply, ask, tickets),
        "next_reply_time": partial(_next_reply, ask, tickets),
        **{name: partial(_update, ask, tickets, name) for name in _UPDATES},
        **{name: partial(_in_statuses, ask, tickets, name) for name in _STATUSES},
    }
    found = [makers[name]() for name in METRICS if name in metrics]
    return reduce(lambda one, other: one.union(other.select(*one.columns)), found)


def _run(rows: ir.Table, metric: str, now: Any, **more: Any) -> ir.Table:
    ended = rows.completed_at.coalesce(rows.given_up_at)
    known = {"calendar": ibis.null("float64"), "business": ibis.null("float64"), "is_known": ibis.literal(value=True)}
    return rows.select(
        "ticket_id", "connection", "started_at", "completed_at", "given_up_at", instance=rows.instance.cast("int64"),
        metric=ibis.literal(metric), ended_at=ended.coalesce(now), **{**known, **more},
    )  # fmt: skip


def _first_reply(ask: Ask, tickets: ir.Table) -> ir.Table:
    facts = ("opener_kind", "opened_by_note", "first_reply_at")
    rows = ask.beside(tickets, *(f"ticket_messages.{name}" for name in facts), "resolution.last_solved_at")
    # What an agent opened has this clock only as a side conversation's child.
    by_customer = (rows.opener_kind == "end_user").fill_null(False) | rows.parent_id.notnull()
    rows = rows if ask.options["agent_created"] else rows.filter(by_customer)
    unanswered = rows.first_reply_at.isnull() & rows.is_final
    rows = rows.mutate(
        instance=1, started_at=rows.created_at, completed_at=rows.first_reply_at,
        given_up_at=unanswered.ifelse(rows.last_solved_at, None), is_known=~unanswered | rows.last_solved_at.notnull(),
    )  # fmt: skip
    return _run(rows, "first_reply_time", ask.now, is_known=rows.is_known)


def _next_reply(ask: Ask, tickets: ir.Table) -> ir.Table:
    turns = ask.fact("response_turn").semi_join(tickets, "ticket_id")
    turns = numbered(turns).filter(lambda one: ~one.is_first)
    turns = turns.select("ticket_id", "connection", instance="turn", started_at="opened_at", completed_at="closed_at")
    return _run(_given_up(ask, turns), "next_reply_time", ask.now)


def _update(ask: Ask, tickets: ir.Table, metric: str) -> ir.Table:
    said = ask.fact("message").semi_join(tickets, "ticket_id")
    said = said.filter(said.part.isin(("reply", "proactive")))
    order = ibis.window(group_by="ticket_id", order_by="place")
    rows = said.select(
        "ticket_id", "connection", instance=ibis.row_number().over(order) + 1, started_at="at",
        completed_at=said["at"].lead().over(order),
    )  # fmt: skip
    return _run(_given_up(ask, rows), metric, ask.now)


def _given_up(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return runs that end at the first solving within them: what the reply came with does not count."""
    moves = ask.fact("status_change")
    solves = moves.filter(moves.status.isin(FINAL) & ~moves.before.isin(FINAL).fill_null(False))
    solves = solves.select(_ticket="ticket_id", _solved="at")
    within = rows.inner_join(
        solves,
        (
            rows.ticket_id == solves["_ticket"],
            solves["_solved"] >= rows.started_at,
            rows.completed_at.isnull() | (solves["_solved"] < rows.completed_at),
        ),
    )
    firsts = within.group_by("ticket_id", "instance").aggregate(given_up_at=within["_solved"].min())
    joined = rows.left_join(firsts, ["ticket_id", "instance"]).drop("ticket_id_right", "instance_right")
    return joined.mutate(completed_at=joined.given_up_at.isnull().ifelse(joined.completed_at, None))


def _in_statuses(ask: Ask, tickets: ir.Table, metric: str) -> ir.Table:
    statuses = _STATUSES[metric]
    rows = ask.beside(tickets, "resolution.last_solved_at")
    for fact, clock in (("status_seconds", "calendar"), ("status_seconds_business", "business")):
        rows = ask.beside(rows, *(f"{fact}.{status}_seconds" for status in statuses))
        columns = [f"{status}_seconds" for status in statuses]
        rows = rows.mutate(**{clock: reduce(lambda one, other: one + other, (rows[name] for name in columns))})
        rows = rows.drop(*columns)
    rows = rows.mutate(
        instance=1, started_at=rows.created_at, completed_at=rows.is_final.ifelse(rows.last_solved_at, None),
        given_up_at=ibis.null("timestamp(6)"),
    )  # fmt: skip
    is_known = ~rows.is_final | rows.last_solved_at.notnull()
    return _run(rows, metric, ask.now, calendar=rows.calendar, business=rows.business, is_known=is_known)


def seconds(ask: Ask, found: ir.Table) -> ir.Table:
    """Return runs, which have `business_hours` of their target, with the `seconds` that they took on that clock."""
    found = found.mutate(business_hours=found.business_hours.fill_null(False))
    calendar, business = found.filter(~found.business_hours), found.filter(found.business_hours)
    calendar = _measured(ask, calendar, "calendar")
    return calendar.union(_measured(ask, business, "business").select(*calendar.columns))


def _measured(ask: Ask, found: ir.Table, clock: str) -> ir.Table:
    keys = ("ticket_id", "metric", "instance")
    rows = elapsed(ask, found, "started_at", "ended_at", clock)
    pending = ask.fact("status_interval")
    pending = pending.filter(pending.status == "pending")
    pending = pending.select(_ticket="ticket_id", _from="from_at", _until="until")
    paused = found.filter(found.metric == PAUSING).select(*keys, "connection", "started_at", "ended_at")
    paused = paused.inner_join(
        pending,
        (
            paused.ticket_id == pending["_ticket"],
            pending["_from"] < paused.ended_at,
            pending["_until"] > paused.started_at,
        ),
    )
    paused = paused.mutate(
        from_at=ibis.greatest(paused["_from"], paused.started_at),
        until=ibis.least(paused["_until"], paused.ended_at),
    )
    paused = elapsed(ask, paused, "from_at", "until", clock)
    paused = paused.group_by(*keys).aggregate(paused=paused.value.sum())
    rows = rows.left_join(paused, list(keys)).drop(*(f"{key}_right" for key in keys))
    ran = rows.value - rows.paused.fill_null(0.0)
    value = rows.metric.isin(tuple(_STATUSES)).ifelse(rows[clock], ran)
    return rows.mutate(seconds=rows.is_known.ifelse(value, None)).drop("value", "paused")


def elapsed(ask: Ask, rows: ir.Table, start: str, end: str, clock: str) -> ir.Table:
    """Return rows with `value`: seconds on a clock that the target decides, not the question."""
    if clock == "calendar":
        return rows.mutate(value=zones.seconds_between(rows[start], rows[end]))
    return ask.desk.calendars.elapsed(rows, start, end, "value")
