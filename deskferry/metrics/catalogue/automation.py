"""M36: what automation resolves without a human.

Read where the card leaves it open:

- Automation took part where a bot wrote in public. Messages that a rule sent (`auto_replies` names their `via`) only
  acknowledge; they are no part of it.
- A human: any message of an agent, notes too, or the solving by an agent. A hand-over: after the bot's first answer the
  ticket was given to a human agent or to a team; where assignments are not recorded: a human agent has it now.
- The conversation ends when it was last solved, else with its last message; a new contact within the window after
  that is another ticket of the requester. It is mature when the window is over.
- `confirmed`: it is solved or closed, and neither an agent nor the clock of an automation did it (nobody knows who:
  confirmed). `assumed`: an automation closed it, or it is not solved, but the bot has had the last word for the window.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis.expr.types as ir

from deskferry.metrics import zones
from deskferry.metrics.contacts import marked, next_contacts
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.desk import Ask
from deskferry.metrics.facts.ticket import AGENTS
from deskferry.metrics.mature import MatureRate
from deskferry.metrics.options import COHORT, EVENT, Choice, Number, Texts

_BOT = Need("message", lambda message: message.author_kind == "bot")
_ASSIGNED = Need("ticket_event", lambda event: event.field == "assignee_id")


def _rows(ask: Ask) -> ir.Table:
    rows = _conversations(ask)
    rows = marked(rows, _handed_over(ask, rows), "handed_over")
    rows = rows.left_join(next_contacts(ask.desk), "ticket_id").drop("ticket_id_right")
    window = _window(ask)
    again = (rows.next_at.delta(rows.end_at, unit="microsecond") / 1e6 <= window.total_seconds()).fill_null(False)
    human = (rows.n_human > 0) | (rows.solver_kind == "agent").fill_null(False)
    alone = (rows.n_answers > 0) & ~human & ~rows.handed_over
    by_clock = (rows.solver_kind == "system").fill_null(False)
    is_silent = ~rows.is_final & (rows.last_answer > rows.last_customer.fill_null(-1)).fill_null(False)
    is_mature = (rows.end_at <= zones.moment(ask.as_of - window)).fill_null(True)
    confirmed = alone & rows.is_final & ~by_clock
    assumed = alone & ((rows.is_final & by_clock) | (is_silent & is_mature))
    counts = confirmed | assumed if ask.options["count"] == "with_assumed" else confirmed
    # Of a requester whom nobody knows nobody knows either whether he came again.
    value = (counts & rows.requester_id.isnull()).ifelse(None, (counts & ~again).cast("float64"))
    return rows.mutate(
        value=value, is_mature=is_mature, at=rows.created_at if ask.anchor == COHORT else rows.end_at,
        confirmed=confirmed & ~again, assumed=assumed & ~again, recontacted=(confirmed | assumed) & again,
        human=(rows.n_answers > 0) & human,
    )  # fmt: skip


def _window(ask: Ask) -> timedelta:
    return timedelta(hours=ask.options["window_hours"])


def _conversations(ask: Ask) -> ir.Table:
    """Return the tickets with what was written on them; only those where a bot answered, unless all are asked for."""
    messages = ask.fact("message")
    answer = (messages.part == "bot") & ~messages.via.isin(ask.options["auto_replies"]).fill_null(False)
    if ask.options["of"] == "automation":
        messages = messages.semi_join(messages.filter(answer).select("ticket_id").distinct(), "ticket_id")
        answer = (messages.part == "bot") & ~messages.via.isin(ask.options["auto_replies"]).fill_null(False)
    said = messages.group_by("ticket_id").aggregate(
        n_answers=messages.count(where=answer),
        first_answer_at=messages["at"].min(where=answer),
        last_answer=messages.place.max(where=answer),
        last_customer=messages.place.max(where=messages.part == "customer"),
        n_human=messages.count(where=(messages.author_kind == "agent").fill_null(False)),
        last_message_at=messages["at"].max(),
    )
    rows = ask.tickets("resolution.last_solved_at", "resolution.solver_kind", columns=("requester_id", "assignee_id"))
    rows = rows.inner_join(said, "ticket_id")
    return rows.mutate(end_at=rows.last_solved_at.coalesce(rows.last_message_at))


def _handed_over(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return `ticket_id` of those that went to humans after the bot's first answer."""
    events, people = ask.table("ticket_event"), ask.desk.table("person", deleted=True)
    agents = people.filter(people.role.isin(AGENTS)).select(agent="id")
    given = events.filter(events.field.isin(("assignee_id", "team_id")), events.key_of_new_value.notnull())
    given = given.select("ticket_id", "field", who="key_of_new_value", when="occurred_at")
    given = given.inner_join(rows.select("ticket_id", "first_answer_at", "last_solved_at"), "ticket_id")
    in_time = (given.when >= given.first_answer_at) & (
        given.last_solved_at.isnull() | (given.when < given.last_solved_at)
    )
    given = given.filter(in_time.fill_null(False))
    to_agent = given.filter(given.field == "assignee_id")
    found = to_agent.semi_join(agents, to_agent.who == agents.agent).select("ticket_id")
    found = found.union(given.filter(given.field == "team_id").select("ticket_id"))
    silent = [one for one in ask.desk.connections if one not in ask.desk.holding(_ASSIGNED)]
    if silent:
        now: Any = rows.filter(rows.connection.isin(silent))
        found = found.union(now.semi_join(agents, now.assignee_id == agents.agent).select("ticket_id"))
    return found.distinct()


AUTOMATED = Metric(
    "M36",
    version=1,
    population="conversations of the base population in which a bot answered, whose window for a new contact is over",
    facts=("resolution", "message"),
    tables={
        "ticket_event": ("ticket_id", "field", "occurred_at", "key_of_new_value"),
        "person": ("role",),
        "message": ("author_kind",),
    },
    rows=_rows,
    needs=(_BOT,),
    anchors={EVENT: "the end of the conversation", COHORT: "created_at"},
    aggregation=MatureRate(sums=("confirmed", "assumed", "handed_over", "human", "recontacted")),
    options={
        "count": Choice(
            ("confirmed", "with_assumed"), "Whether silence after the bot's last answer counts as resolved"
        ),
        "window_hours": Number(72, "Within how many hours a new contact undoes it"),
        "of": Choice(("automation", "all"), "Of the conversations in which automation took part, or of all"),
        "auto_replies": Texts(
            "`via` of messages that only acknowledge", ("rule", "trigger", "automation", "auto_reply")
        ),
    },
)
