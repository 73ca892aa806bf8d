"""Rules on messages, texts aside: by whom, when, to whom, and which of them opened the ticket."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_TIMED = {"ticket": ("key_of_id", "created_at", "closed_at", "status", "first_responded_at"),
          "message": ("key_of_ticket_id", "created_at", "state", "is_public", "author_kind", "kind", "is_opening",
                      "channel")}  # fmt: skip
_UNSENT = ("draft", "scheduled", "failed")
_PEOPLE = ("agent", "end_user")


def _sent(rows: ir.Table) -> ir.BooleanValue:
    """Return whether a message went out; a vendor that tells no state tells only of those that did."""
    return rows.state.isnull() | (rows.state == "sent")


def _with_ticket(desk: Desk) -> ir.Table:
    """Return live messages beside the times of their ticket."""
    messages = desk.live("message")
    tickets = desk.live("ticket").select(
        key_of_ticket_id="key_of_id", ticket_at="created_at", closed_at="closed_at", status="status",
        first_responded_at="first_responded_at",
    )  # fmt: skip
    return messages.inner_join(tickets, "key_of_ticket_id").mutate(record_id=messages.id)


def _before_ticket(desk: Desk) -> ir.Table:
    rows = _with_ticket(desk)
    return rows.filter(rows.created_at < rows.ticket_at - _seconds(desk))


def _after_closing(desk: Desk) -> ir.Table:
    rows = _with_ticket(desk)
    said = _sent(rows) & rows.is_public & rows.author_kind.isin(_PEOPLE)
    return rows.filter(rows.status == "closed", said, rows.created_at > rows.closed_at + _seconds(desk))


def _counted_draft(desk: Desk) -> ir.Table:
    """Yield unsent messages at the very time of the first response, where no reply was sent by then."""
    rows = _with_ticket(desk)
    reply = ~rows.is_opening.fill_null(ibis.literal(value=False))
    sent = rows.filter(_sent(rows), rows.is_public, rows.author_kind == "agent", reply)
    unsent = rows.filter(rows.state.isin(_UNSENT))
    second = ibis.interval(seconds=1)
    near = (unsent.created_at <= unsent.first_responded_at + second) & (
        unsent.created_at >= unsent.first_responded_at - second
    )
    answered = sent.filter(sent.created_at <= sent.first_responded_at + second).select("key_of_ticket_id")
    return unsent.filter(near).anti_join(answered, "key_of_ticket_id")


def _seconds(desk: Desk) -> ir.IntervalValue:
    return ibis.interval(seconds=int(desk.options["seconds"]))


def _openings(desk: Desk) -> ir.Table:
    """Return a row a ticket that has messages: how many of them opened it."""
    rows = desk.live("message")
    rows = rows.filter(rows.side_conversation_id.isnull())
    counted = rows.group_by("key_of_ticket_id").aggregate(openings=rows.is_opening.cast("int64").sum())
    tickets = desk.live("ticket")
    tickets = tickets.filter(tickets.status.notin(("deleted", "merged")))
    tickets = tickets.select("connection", record_id="id", key_of_ticket_id="key_of_id")
    return tickets.inner_join(counted, "key_of_ticket_id")


def _several_openings(desk: Desk) -> ir.Table:
    return desk.shared(_openings).filter(ibis._.openings > 1)


def _no_opening(desk: Desk) -> ir.Table:
    return desk.shared(_openings).filter(ibis._.openings.fill_null(0) == 0)


def _without_recipient(desk: Desk) -> ir.Table:
    """Yield mails to nobody, of connections that tell the receivers of most mails."""
    rows = desk.live("message")
    rows = rows.filter(_is_mail(rows, desk))
    rows = rows.mutate(nobody=ibis.and_(*(_empty(rows[name]) for name in _RECEIVERS)), record_id=rows.id)
    telling = rows.group_by("connection").aggregate(n=rows.count(), without=rows.nobody.sum())
    telling = telling.filter(telling.without * 2 < telling.n)
    return rows.filter(rows.nobody).semi_join(telling, "connection")


def _is_mail(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return (rows.channel == "email") & (rows.direction == "out") & _sent(rows) & rows.is_public


def _empty(addresses: ir.StringValue) -> ir.BooleanValue:
    return addresses.isnull() | (addresses == "[]")


_RECEIVERS = ("to_addresses", "cc_addresses", "bcc_addresses")
_OPENINGS = {"message": ("key_of_ticket_id", "is_opening", "side_conversation_id"), "ticket": ("key_of_id", "status")}

RULES = (
    Rule(
        "message.before_ticket", "message", Dimension.CONSISTENCY, Severity.ERROR, "Messages older than their ticket",
        "written {created_at}, the ticket began {ticket_at}",
        "A merge or an import brought it: look at the ticket. Times to the first reply leave it out.",
        _TIMED, offending=_before_ticket, options={"seconds": 60},
    ),
    Rule(
        "message.after_closing", "message", Dimension.CONSISTENCY, Severity.WARNING,
        "Messages after the ticket was closed for good", "written {created_at}, closed {closed_at} and never reopened",
        "Somebody wrote and the ticket stayed closed: see whether anybody answered.",
        _TIMED, offending=_after_closing, options={"seconds": 60},
    ),
    Rule(
        "message.draft_counted_as_reply", "message", Dimension.ACCURACY, Severity.ERROR,
        "Drafts that count as the first reply",
        "{state} {created_at}, and the ticket was first answered {first_responded_at}",
        "The customer has no answer yet: the vendor's time of first reply is that of a message that was never sent.",
        _TIMED, offending=_counted_draft, among=lambda rows, _desk: rows.state.isin(_UNSENT),
    ),
    Rule(
        "message.several_openings", "ticket", Dimension.CONSISTENCY, Severity.ERROR,
        "Tickets that were opened by several messages", "{openings} messages are marked as the one that opened it",
        "Normalize again; if it stays, report it: replies are counted from the wrong message.",
        _OPENINGS, offending=_several_openings,
    ),
    Rule(
        "message.no_opening", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Tickets whose opening is missing", "it has messages, and none of them opened it",
        "Pull it again: the first message was not read, or is hidden from these credentials.",
        _OPENINGS, offending=_no_opening,
    ),
    Rule(
        "message.reply_by_nobody", "message", Dimension.COMPLETENESS, Severity.WARNING,
        "Messages by nobody", "{kind} without an author, by kind {author_kind}",
        "Its author was deleted, or is hidden from these credentials: it counts for no agent and no customer.",
        {"message": ("author_id", "author_kind", "kind", "state")},
        where=lambda rows, _desk: rows.author_id.isnull(),
        among=lambda rows, _desk: rows.kind.notin(("system",))
        & (rows.author_kind.isnull() | rows.author_kind.notin(("bot", "system"))),
    ),
    Rule(
        "message.direction_contradicts_author", "message", Dimension.CONSISTENCY, Severity.WARNING,
        "Messages whose direction contradicts their author", "{direction}, written by kind {author_kind}",
        "Look at who wrote it: an agent who wrote as a customer, or a customer who became an agent, is read wrongly.",
        {"message": ("direction", "author_kind")},
        where=lambda rows, _desk: ((rows.direction == "in") & (rows.author_kind == "agent"))
        | ((rows.direction == "out") & (rows.author_kind == "end_user")),
        among=lambda rows, _desk: rows.direction.notnull() & rows.author_kind.isin(_PEOPLE),
    ),
    Rule(
        "message.no_recipient", "message", Dimension.COMPLETENESS, Severity.WARNING,
        "Mails that went to nobody", "sent on {created_at} without a receiver",
        "See at the vendor whether it ever left: most mails of this account tell to whom they went.",
        {"message": ("channel", "direction", "state", "is_public", "created_at", *_RECEIVERS)},
        offending=_without_recipient, among=_is_mail,
    ),
)  # fmt: skip
