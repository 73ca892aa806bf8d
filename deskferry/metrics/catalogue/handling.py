"""M11, M29, M32: the work on contacts, the time of agents, and the contacts that nobody took.

A row of `interaction` is a leg: who is passed on to another queue waits, and may give up, once more. The ringing within
a wait is not recorded, so it cannot be counted into the handling of a contact. Which program measured a time entry is
not recorded either; its kind is: watching (`viewing`) is never added to work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.aggregation import Duration, Quotient, Rate
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.intervals import seconds_of, united
from deskferry.metrics.options import EVENT, Choice, Flag, Number

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_LONG = 8 * 3600.0
"""A time entry longer than this is a timer that somebody forgot, more often than not."""
_LEG = ("id", "ticket_id", "agent_id", "channel", "queue_entered_at", "answered_at", "ended_at", "outcome")
_UNITS = ("auto", "contact", "ticket", "session")


def _handled(leg: ir.Table) -> Any:
    return (leg.answered_at.notnull() | (leg.outcome == "answered")).fill_null(False)


def _of_p0(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return rows but those of tickets outside the base population; a row without a ticket stays."""
    tickets = ask.fact("ticket")
    return rows.anti_join(tickets.filter(~tickets.in_p0), "ticket_id")


def _handling(ask: Ask) -> ir.Table:
    unit = ask.options["unit"]
    legs = ask.table("interaction")
    legs = _of_p0(ask, legs.filter(_handled(legs)))
    if unit == "auto":
        unit = "contact" if legs.count().to_pyarrow().as_py() else "ticket"
    ask.notes.append(_FORMULAS[unit])
    if unit == "contact":
        return _contacts(ask, legs)
    return _worked(ask, unit)


_FORMULAS = {
    "contact": "Talk, hold and after-contact work of each contact that was answered; time entries of tickets are not"
    " comparable and not in it.",
    "ticket": "Seconds of the time entries of each ticket that has one.",
    "session": "Seconds of the time entries of each stretch of an agent's work on a ticket.",
}


def _contacts(ask: Ask, legs: ir.Table) -> ir.Table:
    """Return answered legs: from the answer to the end, and the wrapping up that followed."""
    entries = ask.table("time_entry")
    wraps = entries.filter(entries.kind == "wrap", entries.seconds >= 0)
    wraps = wraps.select(_entry="id", _ticket="ticket_id", _agent="person_id", _at="started_at", _seconds="seconds")
    joined = legs.inner_join(
        wraps,
        (legs.ticket_id == wraps["_ticket"], legs.agent_id == wraps["_agent"], legs.answered_at <= wraps["_at"]),
    )
    # Of several contacts of an agent on one ticket it belongs to the one before it.
    order = ibis.window(group_by="_entry", order_by=[ibis.desc(joined.answered_at), ibis.desc(joined.id)])
    joined = joined.mutate(_place=ibis.row_number().over(order))
    joined = joined.filter(joined["_place"] == 0)
    wrapped = joined.group_by("id").aggregate(wrapped=joined["_seconds"].sum())
    rows = legs.left_join(wrapped, "id")
    value = zones.seconds_between(rows.answered_at, rows.ended_at) + rows.wrapped.fill_null(0.0)
    at = rows.ended_at.coalesce(rows.answered_at, rows.queue_entered_at)
    return rows.select(
        "connection", "ticket_id", "channel", value=value, at=at,
        agent="agent_id", since=seconds_of(rows.answered_at), until=seconds_of(rows.ended_at),
    )  # fmt: skip


def _worked(ask: Ask, unit: str) -> ir.Table:
    """Return tickets, or stretches of an agent's work on one; what overlaps of one agent on one ticket counts once."""
    entries = _entries(ask)
    dated = entries.filter(entries.started_at.notnull())
    dated = dated.mutate(since=seconds_of(dated.started_at))
    keys = ("connection", "ticket_id", "person_id")
    whole = united(dated.mutate(until=dated.since + dated.seconds), keys, "since", "until")
    first = dated.group_by(*keys, "since").aggregate(begun=dated.started_at.min())
    whole = whole.inner_join(first, [*keys, "since"])
    stretches = whole.select(*keys, seconds=whole.until - whole.since, begun="begun")
    loose = entries.filter(entries.started_at.isnull())
    stretches = stretches.union(loose.select(*keys, "seconds", begun=loose.created_at))
    if unit == "session":
        rows = stretches.select("connection", "ticket_id", "begun", agent="person_id", value="seconds")
    else:
        rows = stretches.group_by("connection", "ticket_id").aggregate(
            value=stretches.seconds.sum(), begun=stretches.begun.max()
        )
    created = ask.tickets().select("ticket_id", "created_at")
    rows = rows.inner_join(created, "ticket_id")
    return rows.mutate(at=rows.begun.coalesce(rows.created_at)).drop("begun", "created_at")


def _entries(ask: Ask) -> ir.Table:
    entries = ask.table("time_entry")
    watched = (entries.kind == "viewing").fill_null(False)
    entries = entries.filter(watched if ask.options["entries"] == "viewing" else ~watched, entries.seconds >= 0)
    return entries.semi_join(ask.tickets().select("ticket_id"), "ticket_id")


def _handling_notes(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines; for contacts how many an agent had at once, for tickets what the seconds were spent on."""
    if "since" in rows.columns:
        rows = rows.filter(rows.until >= rows.since, rows.agent.notnull())
        once = united(rows, ("connection", "agent"), "since", "until")
        spent, lasted = ((table.until - table.since).sum().to_pyarrow().as_py() for table in (rows, once))
        return Finished(lines, (), {"mean_concurrency": spent / lasted if lasted else None})
    entries = _entries(ask)
    found = entries.group_by("kind").aggregate(seconds=entries.seconds.sum()).order_by("kind")
    kinds = {one["kind"] or "unknown": one["seconds"] for one in found.to_pyarrow().to_pylist()}
    long = int(entries.filter(entries.seconds > _LONG).count().to_pyarrow().as_py())
    notes = (f"{long} time entries are longer than 8 hours.",) if long else ()
    return Finished(lines, notes, {"seconds_by_kind": kinds, "entries_over_8_hours": long})


HANDLE_TIME = Metric(
    "M11",
    version=1,
    population="contacts that were answered, or tickets (or stretches of an agent's work on one) with time entries;"
    " never the time from creation to solving",
    tables={
        "interaction": _LEG,
        "time_entry": ("id", "ticket_id", "person_id", "started_at", "seconds", "kind", "created_at"),
    },
    rows=_handling,
    needs=(
        (
            Need("time_entry", lambda entry: entry.seconds.notnull() & entry.ticket_id.notnull()),
            Need("interaction", _handled),
        ),
    ),
    anchors={EVENT: "end of the contact, begin of the last work"},
    aggregation=Duration(statistic="mean"),
    options={
        "unit": Choice(_UNITS, "What a row is; auto: contacts where there are any, else tickets"),
        "entries": Choice(("measured", "viewing"), "Time entries of work, or of a ticket being looked at"),
    },
    finish=_handling_notes,
)  # fmt: skip


_TIMES = {
    "occupancy": "Occupancy: handling / (handling + available idle).",
    "utilization": "Utilization: (handling + available idle) / paid.",
    "handling_of_paid": "Utilization: handling / paid.",
    "shrinkage": "Shrinkage: 1 - logged in / paid.",
}


def _time(ask: Ask) -> ir.Table:
    days = ask.fact("agent_day")
    formula = ask.options["formula"]
    ask.notes.append(_TIMES[formula])
    busy = days.busy if ask.options["overlaps"] == "union" else days.busy_sum
    idle = days.online - days.busy
    above, below = {
        "occupancy": (busy, days.online),
        "utilization": (busy + idle, days.paid),
        "handling_of_paid": (busy, days.paid),
        "shrinkage": (days.paid - days.logged, days.paid),
    }[formula]
    # Time entries tell of handling, not of who was idle or logged in.
    known = days.has_states if formula == "occupancy" else days.has_shifts
    if formula == "handling_of_paid":
        known = known & (days.has_states | (days.busy > 0))
    elif formula != "occupancy":
        known = known & days.has_states
    return days.mutate(
        numerator=known.ifelse(above, None), denominator=known.ifelse(below, None), value=known.ifelse(1.0, None)
    )


def _capped(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines, at most 1 where what overlaps counts once; and how many contacts an agent had at once."""
    found = rows.aggregate(spent=rows.busy_sum.sum(), lasted=rows.busy.sum()).to_pyarrow().to_pylist()[0]
    extra = {"mean_concurrency": found["spent"] / found["lasted"] if found["lasted"] else None}
    if ask.options["overlaps"] != "union":
        return Finished(lines, (), extra)
    return Finished(
        tuple(replace(line, value=1.0) if line.value is not None and line.value > 1 else line for line in lines),
        (),
        extra,
    )


AGENT_TIME = Metric(
    "M29",
    version=1,
    population="local days of agents with states or shifts, weighted by their time",
    facts=("agent_day",),
    rows=_time,
    needs=(
        (Need("agent_state"), Need("agent_shift")),
        (Need("agent_state"), Need("time_entry", lambda entry: entry.seconds.notnull())),
    ),
    anchors={EVENT: "the day"},
    aggregation=Quotient("share"),
    options={
        "formula": Choice(tuple(_TIMES), "Which of the ratios, see its note"),
        "overlaps": Choice(("union", "sum"), "Contacts at the same time count once, or each for itself"),
    },
    finish=_capped,
)


_KINDS = ("abandoned", "missed", "dropped", "voicemail", "callback")
_WITHOUT_QUEUE = ("email", "web", "api", "portal")


def _abandonment(ask: Ask) -> ir.Table:
    """Return the legs that were offered to a queue, and what became of each."""
    legs = ask.table("interaction")
    queued = legs.queue_entered_at.notnull() & ~legs.channel.isin(_WITHOUT_QUEUE).fill_null(False)
    legs = _of_p0(ask, legs.filter(queued))
    answered, outcome = legs.answered_at.notnull(), legs.outcome
    legs = legs.mutate(
        dropped=(answered & (outcome == "abandoned")).fill_null(False),
        **{kind: (~answered & (outcome == kind)).fill_null(False) for kind in _KINDS if kind != "dropped"},
    )
    gave_up = legs.abandoned | legs.missed if ask.options["missed"] else legs.abandoned
    waited = zones.seconds_between(legs.queue_entered_at, legs.ended_at)
    least = ask.options["short_seconds"]
    short = gave_up & (waited < least).fill_null(False)
    if least:
        n_short = int(legs.filter(short).count().to_pyarrow().as_py())
        ask.notes.append(f"Given up within {least:g} s, and left out on both sides: {n_short}.")
    known = answered | outcome.notnull()
    rows = legs.mutate(value=known.ifelse(gave_up.cast("float64"), None)).filter(~short)
    return rows.select(
        "connection", "ticket_id", "channel", "value", *_KINDS, at="queue_entered_at", agent="agent_id"
    )  # fmt: skip


ABANDONMENT = Metric(
    "M32",
    version=1,
    population="calls and chats that were offered to a queue, a leg each; left after an answer is `dropped`, not"
    " abandoned, and voicemail and callback are outcomes of their own",
    tables={
        "interaction": _LEG,
    },
    rows=_abandonment,
    needs=(Need("interaction", lambda leg: leg.queue_entered_at.notnull() & leg.outcome.notnull()),),
    anchors={EVENT: "queue_entered_at"},
    aggregation=Rate(columns=_KINDS),
    options={
        "short_seconds": Number(0, "Waits shorter than this that were given up are left out on both sides"),
        "missed": Flag(default=False, help="A contact that nobody took (missed) is abandoned as well"),
    },
)  # fmt: skip

METRICS: tuple[Metric, ...] = (HANDLE_TIME, AGENT_TIME, ABANDONMENT)
