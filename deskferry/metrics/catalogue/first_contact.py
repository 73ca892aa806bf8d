"""M15: resolved at the first contact, in three families that are never merged into one number.

Read where the card leaves it open:

- `thread`: a resolved ticket with one contact episode. Where reopenings or escalations are not recorded, they are not
  looked at, and the result says so. A closing "thanks" is told without reading what was written: the only time that
  the customer wrote again, within the window after the last reply, and nobody had to answer.
- `customer`: the window reaches from the creation of a ticket to `window_days` after it was solved. Tickets without
  a category are a category. A ticket that was merged into this one is a repeated contact whatever its category.
- `survey`: answers to the questions that contain one of the texts of `questions`.
- Resolved by automation alone: left out (`bots=include` keeps them); M36 counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import dimensions, escalations, zones
from deskferry.metrics.catalogue.resolutions import HISTORY, SOLVED
from deskferry.metrics.contacts import follow_ups, marked, merges_into, next_contacts
from deskferry.metrics.definition import Metric, Need, Needs, Tables
from deskferry.metrics.desk import Ask
from deskferry.metrics.facts.survey_answer import TABLES as SURVEY_TABLES
from deskferry.metrics.mature import MatureRate
from deskferry.metrics.options import COHORT, EVENT, Choice, Flag, Number, Texts

_MESSAGES = Need(
    "message", lambda message: message.author_kind.isin(("agent", "end_user")) & message.is_public.notnull()
)
_STATUS = Need("ticket", lambda ticket: ticket.status.notnull())
_SAME = {"requester": "requester_id", "organization": "organization_id"}
_CATEGORIES = {"type": "type", "team": "team_id", "inbox": "inbox_id", "brand": "brand_id"}
_FIELD, _ALL = dimensions.FIELD, "any"
_YES, _NO = ("yes", "true", "si", "sí"), ("no", "false")


class _Category:
    """What two tickets must share to be about the same."""

    default = "type"
    help = f"What two tickets share that are about the same: {', '.join(_CATEGORIES)}, {_FIELD}KEY, or {_ALL}"

    def read(self, given: Any) -> str:
        """Return the word."""
        if given not in (*_CATEGORIES, _ALL) and not (str(given).startswith(_FIELD) and str(given) != _FIELD):
            raise ValueError(f"choose {', '.join((*_CATEGORIES, _ALL))}, {_FIELD}KEY")
        return str(given)


def _resolved(ask: Ask, *columns: str) -> ir.Table:
    rows = ask.tickets(
        "resolution.last_solved_at",
        *(f"ticket_messages.{name}" for name in ("n_public", "n_bot", "n_replies", "opener_kind")),
        *columns,
    )
    rows = rows.filter(rows.is_final)
    if ask.options["bots"] == "exclude":
        by_bot = (rows.n_bot > 0) & (rows.n_replies == 0) & (rows.opener_kind != "agent").fill_null(True)
        rows = rows.filter(~by_bot.fill_null(False))
    limit = zones.moment(ask.as_of - _window(ask))
    solved = rows.created_at if ask.anchor == COHORT else rows.last_solved_at.coalesce(rows.created_at)
    return rows.mutate(at=solved, is_mature=(rows.last_solved_at <= limit).fill_null(True))


def _window(ask: Ask) -> timedelta:
    return timedelta(days=ask.options["window_days"])


def _thread(ask: Ask) -> ir.Table:
    desk, names = ask.desk, ("customer_after_reply", "last_reply_at")
    rows = _resolved(
        ask, *(f"ticket_messages.{name}" for name in names), "resolution.n_reopens", "resolution.first_reopened_at"
    )
    again = rows.customer_after_reply
    reopened = (rows.n_reopens > 0).fill_null(False)
    if ask.options["ignore_thanks"]:
        rows = _with_thanks(ask, rows)
        again = rows.customer_after_reply & ~rows.is_thanks
        by_thanks = (rows.n_reopens == 1) & (rows.first_reopened_at >= rows.thanked_at)
        reopened = (rows.n_reopens > 0).fill_null(False) & ~(rows.is_thanks & by_thanks.fill_null(False))
    rows = rows.mutate(repeated=again | reopened)
    for name, found in (("escalated", escalations.escalated(desk, ask.options)), ("followed", follow_ups(desk)),
                        ("absorbed", merges_into(desk))):  # fmt: skip
        rows = marked(rows, found, name)
    _say_what_is_not_known(ask)
    first = ~(rows.repeated | rows.escalated | rows.followed | rows.absorbed)
    return rows.mutate(value=rows.n_public.notnull().ifelse(first.cast("float64"), None))


def _with_thanks(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return rows with `is_thanks`: the customer wrote again once, soon, and nobody had to answer; and `thanked_at`."""
    turns = ask.fact("response_turn")
    turns = turns.filter(~turns.is_first)
    later = turns.group_by("ticket_id").aggregate(
        turns=turns.count(), unanswered=turns.count(where=turns.closed_at.isnull()), thanked_at=turns.opened_at.min()
    )
    rows = rows.left_join(later, "ticket_id").drop("ticket_id_right")
    waited = rows.thanked_at.delta(rows.last_reply_at, unit="second")
    soon = waited <= int(_window(ask).total_seconds())
    return rows.mutate(is_thanks=((rows.turns == 1) & (rows.unanswered == 1) & soon).fill_null(False))


def _say_what_is_not_known(ask: Ask) -> None:
    known = {"reopenings": ask.desk.holding(HISTORY), "escalations": escalations.known_at(ask.desk, ask.options)}
    for what, having in known.items():
        if lacking := [one for one in ask.desk.connections if one not in having]:
            ask.notes.append(f"{what} are not recorded, so not looked at: {', '.join(lacking)}")


def _no_customer_reply(ask: Ask) -> ir.Table:
    rows = _resolved(ask, "ticket_messages.n_customer", "ticket_messages.opened_by_note")
    opening = (rows.opener_kind == "end_user") & ~rows.opened_by_note
    further = rows.n_customer - opening.fill_null(False).cast("int64")
    return rows.mutate(value=(further <= 0).cast("float64"))


def _one_response(ask: Ask) -> ir.Table:
    rows = _resolved(ask)
    return rows.mutate(value=(rows.n_replies == 1).cast("float64"))


def _one_teammate(ask: Ask) -> ir.Table:
    messages = ask.fact("message")
    wrote = messages.filter(messages.part.isin(("reply", "proactive")))
    mates = wrote.group_by("ticket_id").aggregate(mates=wrote.author_id.nunique())
    rows = _resolved(ask, "resolution.n_solves")
    rows = rows.left_join(mates, "ticket_id").drop("ticket_id_right")
    value = ((rows.n_solves == 1) & (rows.mates.fill_null(0) == 1)).cast("float64")
    return rows.mutate(value=rows.n_public.notnull().ifelse(value, None))


def _customer(ask: Ask) -> ir.Table:
    who = _SAME[ask.options["same"]]
    rows = _resolved(ask)
    rows = rows.left_join(next_contacts(ask.desk, who, _category(ask)), "ticket_id").drop("ticket_id_right")
    person = ask.fact("ticket").select("ticket_id", who=who)
    rows = rows.left_join(person, "ticket_id").drop("ticket_id_right")
    rows = marked(rows, merges_into(ask.desk), "absorbed")
    seconds = rows.next_at.delta(rows.last_solved_at, unit="microsecond") / 1e6
    again = (seconds <= _window(ask).total_seconds()).fill_null(False) | rows.absorbed
    is_known = rows.who.notnull() & rows.last_solved_at.notnull()
    return rows.mutate(value=is_known.ifelse((~again).cast("float64"), None))


def _category(ask: Ask) -> ir.Table | None:
    chosen = ask.options["category"]
    if chosen == _ALL:
        return None
    tickets = ask.fact("ticket")
    if chosen in _CATEGORIES:
        return tickets.select("ticket_id", category=tickets[_CATEGORIES[chosen]].cast("string"))
    rows, _ = dimensions.attach(ask.desk, tickets.select("ticket_id"), (chosen,))
    # Of several values the least one: a ticket is in one category.
    return rows.group_by("ticket_id").aggregate(category=rows[chosen].min())


def _survey(ask: Ask) -> ir.Table:
    answers = ask.fact("survey_answer")
    answers = answers.filter(_is_asked(ask.options)(answers), answers.is_answered | answers.label.notnull())
    word = answers.label.lower()
    said = ibis.cases((word.isin(_YES), True), (word.isin(_NO), False))
    sent = answers.sent_at.coalesce(answers["at"])
    return answers.mutate(
        value=answers.is_positive.coalesce(said).cast("float64"), is_mature=ibis.literal(value=True),
        at=sent if ask.anchor == COHORT else answers["at"],
    )  # fmt: skip


def _is_asked(options: Mapping[str, Any]) -> Any:
    texts = [text.lower() for text in options["questions"]]

    def asked(answer: ir.Table) -> Any:
        found = ibis.literal(value=False)
        for text in texts:
            found |= answer.question.lower().contains(text).fill_null(False)
        return found

    return asked


_VARIANTS = {
    "thread": _thread, "customer": _customer, "survey": _survey, "no_customer_reply": _no_customer_reply,
    "one_response": _one_response, "one_teammate": _one_teammate,
}  # fmt: skip


def _needs(options: Mapping[str, Any]) -> Needs:
    variant = options["variant"]
    if variant == "survey":
        return (Need("survey_response", _is_asked(options)),)
    if variant == "customer":
        who = _SAME[options["same"]]
        return (Need("ticket", lambda ticket: ticket[who].notnull()), (SOLVED, HISTORY))
    return (_MESSAGES, *((HISTORY,) if variant == "one_teammate" else (_STATUS,)))


def _tables(options: Mapping[str, Any]) -> Tables:
    variant = options["variant"]
    if variant == "survey":
        return SURVEY_TABLES
    if variant == "thread":
        return escalations.tables(options)
    is_field = variant == "customer" and options["category"].startswith(_FIELD)
    return dimensions.tables((options["category"],)) if is_field else {}


FIRST_CONTACT = Metric(
    "M15",
    version=1,
    population="tickets of the base population that are solved or closed now, solved long enough ago for the window to"
    " be over, and not by automation alone; of `survey`: answers",
    facts=("resolution", "ticket_messages", "response_turn", "survey_answer"),
    tables=_tables,
    rows=lambda ask: _VARIANTS[ask.options["variant"]](ask),
    needs=_needs,
    anchors={EVENT: "last_solved_at", COHORT: "created_at"},
    aggregation=MatureRate(),
    options={
        "variant": Choice(tuple(_VARIANTS), "One contact episode; no further ticket of the customer; what customers"
                          " say; or a vendor's: nothing more from the customer, one response, solved once by one"),
        "window_days": Number(7, "Within how many days a further contact counts; later resolutions are immature"),
        "ignore_thanks": Flag(default=False, help="Forgive one last message that nobody had to answer"),
        "bots": Choice(("exclude", "include"), "Tickets that automation alone resolved"),
        "same": Choice(tuple(_SAME), "Whose further tickets count (variant customer)"),
        "category": _Category(),
        "questions": Texts("Texts of the survey questions that ask for it (variant survey)"),
        **escalations.OPTIONS,
    },
)  # fmt: skip
