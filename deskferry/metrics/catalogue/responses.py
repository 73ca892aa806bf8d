"""M07, M08: how fast customers are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Duration
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.options import CLOCKS, COHORT, EVENT, Choice

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

_SCHEDULES = Choice(("cumulative", "last"), "Business time over several schedules: each its part, or the last for all")
_NEEDS = (
    Need("message", lambda message: message.author_kind.isin(("agent", "end_user")) & message.is_public.notnull()),
)


def _first_response(ask: Ask) -> ir.Table:
    tickets = ask.tickets(
        *(
            f"ticket_messages.{name}"
            for name in ("opener_kind", "opened_by_note", "first_customer_at", "first_reply_at", "first_reply_agent")
        )
    )
    if ask.options["agent_created"] == "exclude":
        proactive = (tickets.opener_kind == "agent") & ~tickets.opened_by_note
        tickets = tickets.filter(~proactive.fill_null(False))
    start = {"created": tickets.created_at, "from_customer": tickets.first_customer_at}[ask.options["start"]]
    rows = tickets.mutate(start=start, agent=tickets.first_reply_agent)
    rows = ask.elapsed(rows, "start", "first_reply_at", schedules=ask.options["schedules"])
    answered = rows.first_reply_at if ask.anchor == EVENT else rows.created_at
    return rows.mutate(at=answered.coalesce(rows.created_at))


FIRST_RESPONSE = Metric(
    "M07",
    version=1,
    population="tickets of the base population that a customer opened; those that await an answer are missing",
    facts=("ticket_messages",),
    rows=_first_response,
    needs=_NEEDS,
    clocks=CLOCKS,
    anchors={EVENT: "first_reply_at", COHORT: "created_at"},
    aggregation=Duration(),
    options={
        "start": Choice(("created", "from_customer"), "Where the clock starts"),
        "agent_created": Choice(("exclude", "second_comment"), "Tickets that an agent opened in public: left out, or"
                                " ended by the next public comment of an agent"),
        "schedules": _SCHEDULES,
    },
)  # fmt: skip


def _responses(ask: Ask) -> ir.Table:
    turns = ask.of_base("response_turn")
    if ask.options["variant"] == "excluding_first":
        turns = turns.filter(~turns.is_first)
    rows = ask.elapsed(turns, "opened_at", "closed_at", schedules=ask.options["schedules"])
    rows = rows.mutate(at=rows.closed_at.coalesce(rows.opened_at) if ask.anchor == EVENT else rows.opened_at)
    rows = rows.filter(rows.outcome != "resolved_without_reply")
    if ask.options["variant"] == "per_ticket_total":
        closed = rows.filter(rows.closed_at.notnull())
        return closed.group_by("ticket_id").aggregate(
            connection=closed.connection.min(), value=closed.value.sum(), at=closed["at"].max()
        )
    return rows


RESPONSE = Metric(
    "M08",
    version=1,
    population="response turns of the base population: a customer's oldest unanswered message and the next reply of an"
    " agent; turns that are still open are missing",
    facts=("response_turn",),
    rows=_responses,
    needs=_NEEDS,
    clocks=CLOCKS,
    anchors={EVENT: "closed_at", COHORT: "opened_at"},
    aggregation=Duration(statistic="mean"),
    options={
        "variant": Choice(("per_turn", "per_ticket_total", "excluding_first"), "What a row is"),
        "schedules": _SCHEDULES,
    },
)

METRICS: tuple[Metric, ...] = (FIRST_RESPONSE, RESPONSE)
