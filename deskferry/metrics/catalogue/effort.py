"""M15-M19, M36: how much it took to solve tickets, and what did not stay solved.

Read where the cards leave it open:

- M16, M17: replies of one chat session count once, others each. A ticket of which no message is known is missing. M17
  counts up to the last solving; where nobody knows when that was, all.
- M16 `strict` and M18 need to know what statuses a ticket had: without its history it is missing.
- M18: a connection without status history is told by the vendor's counter; beside ours it is compared, never mixed.
- M19: `ping_pong` counts tickets that a team got back from the one it gave them to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import escalations, zones
from deskferry.metrics.aggregation import Mean, Rate
from deskferry.metrics.catalogue.automation import AUTOMATED
from deskferry.metrics.catalogue.first_contact import FIRST_CONTACT
from deskferry.metrics.catalogue.resolutions import HISTORY
from deskferry.metrics.contacts import follow_ups, marked
from deskferry.metrics.definition import Finished, Metric, Need, Needs, Tables
from deskferry.metrics.desk import Ask
from deskferry.metrics.facts.status import UNRESOLVED_STATUSES
from deskferry.metrics.facts.ticket import FINAL
from deskferry.metrics.mature import MatureRate
from deskferry.metrics.options import COHORT, EVENT, Choice, Number
from deskferry.metrics.result import Line

_MESSAGES = Need("message", lambda message: message.author_kind.notnull() & message.is_public.notnull())
_STATUS = Need("ticket", lambda ticket: ticket.status.notnull())
_COUNTER = Need("vendor_metric", lambda number: number.name == "reopens")
_PRIORITY = Need("ticket_event", lambda event: event.field == "priority")
_PRIORITIES = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
_LAST_CLASS = 5


def _solved_at(ask: Ask, rows: ir.Table) -> Any:
    return rows.created_at if ask.anchor == COHORT else rows.last_solved_at.coalesce(rows.created_at)


def _one_touch(ask: Ask) -> ir.Table:
    rows = ask.tickets("ticket_messages.n_reply_sessions", "resolution.last_solved_at", "resolution.n_reopens")
    rows = rows.filter(rows.is_final)
    touches = rows.n_reply_sessions
    is_one = {"exact": touches == 1, "lt2": touches < 2, "strict": touches == 1}[ask.options["variant"]]
    rows = rows.mutate(
        zero_touch=touches == 0, two_touch=touches == 2, multi_touch=touches > 2, at=_solved_at(ask, rows),
        value=is_one.cast("float64"),
    )  # fmt: skip
    if ask.options["variant"] != "strict":
        return rows
    changes = ask.fact("status_change")
    rows = marked(rows, changes.filter(changes.status.isin(("pending", "on_hold"))), "has_waited")
    straight = (rows.value == 1) & ~rows.has_waited & (rows.n_reopens == 0)
    known = rows.value.notnull() & rows.n_reopens.notnull()
    return rows.mutate(value=known.ifelse(straight.cast("float64"), None))


ONE_TOUCH = Metric(
    "M16",
    version=1,
    population="tickets of the base population that are solved or closed now",
    facts=("ticket_messages", "resolution", "status_change"),
    rows=_one_touch,
    needs=lambda options: (_MESSAGES, HISTORY if options["variant"] == "strict" else _STATUS),
    anchors={EVENT: "last_solved_at", COHORT: "created_at"},
    aggregation=Rate(columns=("zero_touch", "two_touch", "multi_touch")),
    options={
        "variant": Choice(("exact", "lt2", "strict"), "Exactly one reply; none or one; one, never waiting, never"
                          " reopened")
    },
)  # fmt: skip


def _replies(ask: Ask) -> ir.Table:
    counted, last = {"replies": ("n_reply_sessions", "last_reply_at"), "public": ("n_public", "last_public_at")}[
        ask.options["count"]
    ]
    rows = ask.tickets(f"ticket_messages.{counted}", "ticket_messages.last_reply_at", "resolution.last_solved_at")
    rows = rows.filter(rows.is_final)
    # Most tickets were solved after the last message: only the others are counted again.
    is_late = rows.last_solved_at.notnull()
    if last == "last_reply_at":
        is_late &= (rows.last_reply_at > rows.last_solved_at).fill_null(False)
    late = rows.filter(is_late).select("ticket_id", "last_solved_at")
    messages = ask.fact("message").inner_join(late, "ticket_id")
    parts = ("reply",) if counted == "n_reply_sessions" else ("reply", "customer", "proactive", "bot", "unknown")
    upto = messages.filter(messages.part.isin(parts), messages["at"] <= messages.last_solved_at)
    each = upto.count() if counted == "n_public" else _touches(upto)
    again = upto.group_by("ticket_id").aggregate(until=each)
    rows = rows.mutate(is_late=is_late).left_join(again, "ticket_id").drop("ticket_id_right")
    known = rows[counted].notnull()
    number = known.ifelse(rows.is_late.ifelse(rows.until.fill_null(0), rows[counted]), None)
    return rows.mutate(value=number.cast("float64"), at=_solved_at(ask, rows))


def _touches(replies: ir.Table) -> Any:
    return replies.session_id.nunique() + replies.count(where=replies.session_id.isnull())


def _with_histogram(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    known = rows.filter(rows.value.notnull())
    known = known.mutate(bucket=ibis.least(known.value.cast("int64"), _LAST_CLASS))
    found = known.group_by("bucket").aggregate(n=known.count()).to_pyarrow().to_pylist()
    by_bucket = {one["bucket"]: one["n"] for one in found}
    names = (*(str(one) for one in range(_LAST_CLASS)), f"{_LAST_CLASS}+")
    histogram = {name: by_bucket.get(number, 0) for number, name in enumerate(names)}
    return Finished(lines, extra={"histogram": histogram})


REPLIES = Metric(
    "M17",
    version=1,
    population="tickets of the base population that are solved or closed now; what was written up to the last solving",
    facts=("ticket_messages", "message", "resolution"),
    rows=_replies,
    needs=(_MESSAGES, _STATUS),
    anchors={EVENT: "last_solved_at", COHORT: "created_at"},
    aggregation=Mean("replies"),
    options={"count": Choice(("replies", "public"), "Replies of agents, or all public messages of both sides")},
    finish=_with_histogram,
)


def _reopens(ask: Ask) -> ir.Table:
    names = ("has_history", "first_solved_at", "last_solved_at", "n_solves", "n_reopens")
    rows = ask.tickets(*(f"resolution.{name}" for name in names))
    rows = rows.left_join(_counters(ask), "ticket_id").drop("ticket_id_right")
    rows = rows.left_join(follow_ups(ask.desk), "ticket_id").drop("ticket_id_right")
    ours = rows.n_reopens
    if ask.options["count"] == "solves_less_one":
        ours = rows.n_solves - 1
    elif ask.options["same_update"] == "count":
        rows = rows.left_join(_by_every_event(ask), "ticket_id").drop("ticket_id_right")
        ours = rows.has_history.ifelse(rows.every.fill_null(0), None)
    has_history = rows.has_history.fill_null(False)
    was_solved = ibis.ifelse(has_history, rows.first_solved_at.notnull(),
                             rows.is_final | (rows.counter > 0).fill_null(False))  # fmt: skip
    solved_at = rows.first_solved_at.coalesce(rows.last_solved_at)
    limit = zones.moment(ask.as_of - timedelta(days=ask.options["mature_days"]))
    reopens = ibis.ifelse(has_history, ours, rows.counter.cast("int64"))
    rows = rows.mutate(
        reopens=reopens, value=(reopens > 0).cast("float64"), is_mature=(solved_at <= limit).fill_null(True),
        at=(rows.created_at if ask.anchor == COHORT else solved_at.coalesce(rows.created_at)), was_solved=was_solved,
    )  # fmt: skip
    told = [one for one in ask.desk.connections if one in ask.desk.holding(_COUNTER) - ask.desk.holding(HISTORY)]
    if told:
        ask.notes.append(f"by the vendor's counter of reopenings: {', '.join(told)}")
    return rows.filter(rows.was_solved)


def _counters(ask: Ask) -> ir.Table:
    numbers = ask.table("vendor_metric")
    numbers = numbers.filter(numbers.name == "reopens")
    return numbers.group_by("ticket_id").aggregate(counter=numbers.value.max())


def _by_every_event(ask: Ask) -> ir.Table:
    """Return reopenings counted event by event, those within one update too."""
    events = ask.table("ticket_event")
    events = events.filter(events.field == "status", events.new_value.notnull(), events.occurred_at.notnull())
    order = ibis.window(group_by="ticket_id", order_by=["occurred_at", "seq"])
    events = events.mutate(before=events.new_value.lag().over(order).coalesce(events.old_value))
    back = events.filter(events.before.isin(FINAL) & events.new_value.isin(UNRESOLVED_STATUSES))
    return back.group_by("ticket_id").aggregate(every=back.count().cast("int64"))


def _beside_the_vendor(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    if not ask.desk.holding(_COUNTER):
        return Finished(lines)
    both = rows.filter(rows.has_history.fill_null(False), rows.counter.notnull())
    equal = both.count(where=both.counter == both.reopens)
    found = both.aggregate(compared=both.count(), equal=equal).to_pyarrow().to_pylist()[0]
    return Finished(lines, extra={"vendor_counter": found})


REOPENS = Metric(
    "M18",
    version=1,
    population="tickets of the base population that were solved at least once, long enough ago to be reopened",
    facts=("resolution",),
    tables={
        "vendor_metric": ("ticket_id", "name", "value"),
        "ticket_event": ("ticket_id", "field", "occurred_at", "seq", "old_value", "new_value"),
    },
    rows=_reopens,
    needs=((HISTORY, _COUNTER),),
    anchors={EVENT: "first_solved_at", COHORT: "created_at"},
    aggregation=MatureRate(sums=("reopens", "follow_ups"), per_row={"reopens_per_solved": "reopens"}),
    options={
        "mature_days": Number(7, "How long ago a ticket must have been solved: the delay of closing for good"),
        "count": Choice(("transitions", "solves_less_one"), "Reopenings themselves, or solvings less one"),
        "same_update": Choice(("ignore", "count"), "A ticket that one update solves and reopens"),
    },
    finish=_beside_the_vendor,
)


def _escalations(ask: Ask) -> ir.Table:
    rows = ask.tickets("resolution.last_solved_at", columns=("is_escalated",))
    if ask.options["of"] == "resolved":
        rows = rows.filter(rows.is_final)
    rows = marked(rows, _ping_pong(ask), "ping_pong")
    solved = ask.options["of"] == "resolved" and ask.anchor == EVENT
    rows = rows.mutate(at=rows.last_solved_at.coalesce(rows.created_at) if solved else rows.created_at)
    if ask.options["variant"] == "priority_raised":
        rows = marked(rows, _priority_raised(ask), "found")
        return rows.mutate(value=rows.found.cast("float64"))
    rows = marked(rows, escalations.escalated(ask.desk, ask.options), "found")
    by_flag = rows.connection.isin(sorted(escalations.told_by_flag_only(ask.desk, ask.options)))
    unknown = by_flag & rows.is_escalated.isnull()
    return rows.mutate(value=unknown.ifelse(None, rows.found.cast("float64")))


def _ping_pong(ask: Ask) -> ir.Table:
    """Return tickets that went from a team to another and back."""
    events = ask.table("ticket_event")
    moves = events.filter(events.field == "team_id", events.occurred_at.notnull())
    order = ibis.window(group_by="ticket_id", order_by=["occurred_at", "seq"])
    moves = moves.mutate(
        came_from=moves.key_of_old_value.lag().over(order).coalesce(moves.key_of_new_value.lag(2).over(order)),
        before=moves.key_of_new_value.lag().over(order).coalesce(moves.key_of_old_value),
    )
    back = (moves.key_of_new_value == moves.came_from) & (moves.key_of_new_value != moves.before)
    return moves.filter(back.fill_null(False)).select("ticket_id")


def _priority_raised(ask: Ask) -> ir.Table:
    events = ask.table("ticket_event")
    moves = events.filter(events.field == "priority", events.actor_kind == "agent")
    before, after = (
        ibis.cases(*((moves[f"{which}_value"] == word, rank) for word, rank in _PRIORITIES.items()))
        for which in ("old", "new")
    )
    return moves.filter((after > before).fill_null(False)).select("ticket_id")


def _escalation_needs(options: Mapping[str, Any]) -> Needs:
    return (_PRIORITY,) if options["variant"] == "priority_raised" else (escalations.needs(options),)


def _escalation_tables(options: Mapping[str, Any]) -> Tables:
    events = ("ticket_id", "field", "occurred_at", "seq", "old_value", "new_value", "actor_kind", "key_of_old_value",
              "key_of_new_value")  # fmt: skip
    return {**escalations.tables(options), "ticket_event": events}


ESCALATIONS = Metric(
    "M19",
    version=1,
    population="tickets of the base population by their creation (`of=resolved`: those that are solved or closed now)",
    facts=("resolution",),
    tables=_escalation_tables,
    rows=_escalations,
    needs=_escalation_needs,
    anchors={COHORT: "created_at", EVENT: "last_solved_at, of `of=resolved`"},
    aggregation=Rate(columns=("ping_pong",)),
    options={
        "variant": Choice(("escalated", "priority_raised"), "Escalations, or priorities that an agent raised"),
        "of": Choice(("created", "resolved"), "Of the tickets created, or of those resolved"),
        **escalations.OPTIONS,
    },
)

METRICS: tuple[Metric, ...] = (FIRST_CONTACT, ONE_TOUCH, REPLIES, REOPENS, ESCALATIONS, AUTOMATED)
