"""Fact `message`, a row a message that was sent on the ticket itself (no drafts, no side conversations).

message_id, ticket_id, connection, at, seq, author_id, author_kind, channel, session_id, via; in_p0 of the ticket;
part         what it is to the metrics: `customer` (public, by an end user; copied ones count as the customer),
             `reply` (public, by a human agent, but not the opening of a ticket), `proactive` (an agent's public
             opening), `note` (not public), `bot`, `system`, `unknown` (public, by nobody knows whom)
place        order within the ticket: by time, then customer before agent, then seq, then id (G7)
replies_before   how many replies come before it

Fact `ticket_messages`, a row a ticket that has a message:

opener_kind  author kind of the opening message (public or not)
opened_by_note      the opening message is not public
first_customer_at, first_reply_at, first_reply_agent, last_reply_at, last_reply_agent
n_replies    replies; n_reply_sessions: those of one chat session count once
n_customer, n_public, n_notes, n_bot, n_unknown; customer_after_reply: the customer wrote after the first reply
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.facts.ticket import of_base

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "message": (
        "id", "ticket_id", "seq", "created_at", "author_id", "author_kind", "kind", "state", "is_public", "is_opening",
        "channel", "via", "chat_session_id", "side_conversation_id",
    ),
    "role_change": ("person_id", "role", "from_at"),
}  # fmt: skip
_UNSENT = ("draft", "failed", "hidden", "scheduled")
_RANKS = {"customer": 0, "proactive": 1, "reply": 1}


def build(desk: Desk) -> ir.Table:
    """Return the fact `message`."""
    found = desk.table("message")
    found = found.filter(
        ~found.state.isin(_UNSENT).fill_null(False),
        found.side_conversation_id.isnull(),
        found.created_at.notnull(),
    )
    found = _by_role_then(desk, found)
    rows = found.select(
        "ticket_id", "connection", "seq", "author_id", "author_kind", "channel", "via", "is_opening", "is_public",
        message_id="id", at="created_at", session_id="chat_session_id", part=_part(found),
    )  # fmt: skip
    rank = ibis.cases(*((rows.part == name, value) for name, value in _RANKS.items()), else_=2)
    order = [rows["at"], rank, rows.seq, rows.message_id]
    is_reply = (rows.part == "reply").cast("int64")
    upto = ibis.cumulative_window(group_by="ticket_id", order_by=order)
    rows = rows.mutate(
        place=ibis.row_number().over(ibis.window(group_by="ticket_id", order_by=order)),
        replies_before=is_reply.sum().over(upto) - is_reply,
    )
    return of_base(desk, rows)


def _part(message: ir.Table) -> Any:
    author = message.author_kind.fill_null("unknown")
    public = message.is_public.fill_null(message.kind != "private_note").fill_null(True)
    return ibis.cases(
        (~public, "note"),
        (message.kind.isin(("system", "forward")).fill_null(False), "system"),
        (author == "end_user", "customer"),
        ((author == "agent") & message.is_opening.fill_null(False), "proactive"),
        (author == "agent", "reply"),
        else_=author,
    )


def _by_role_then(desk: Desk, messages: ir.Table) -> ir.Table:
    """Return messages whose author kind is that of the role at their time, where the history of roles tells it (G9)."""
    roles = desk.table("role_change")
    roles = roles.filter(roles.from_at.notnull(), roles.role.notnull())
    if not roles.count().to_pyarrow().as_py():
        return messages
    by_person = ibis.window(group_by="person_id", order_by="from_at")
    roles = roles.select(_person="person_id", _role="role", _from="from_at", _to=roles.from_at.lead().over(by_person))
    joined = messages.left_join(
        roles,
        (
            messages.author_id == roles["_person"],
            messages.created_at >= roles["_from"],
            roles["_to"].isnull() | (messages.created_at < roles["_to"]),
        ),
    )
    kind = ibis.cases(
        (joined["_role"].isin(("agent", "light_agent", "admin")), "agent"),
        (joined["_role"].notnull(), joined["_role"]),
        else_=joined.author_kind,
    )
    return joined.mutate(author_kind=kind).drop("_person", "_role", "_from", "_to")


def by_ticket(desk: Desk) -> ir.Table:
    """Return the fact `ticket_messages`."""
    rows = desk.fact("message")
    reply, customer = rows.part == "reply", rows.part == "customer"
    public = rows.part.isin(("reply", "customer", "proactive", "bot", "unknown"))
    first_reply = rows["at"].min(where=reply)
    grouped = rows.group_by("ticket_id").aggregate(
        connection=rows.connection.min(),
        opener_kind=rows.author_kind.max(where=rows.is_opening.fill_null(False)),
        opened_by_note=(rows.is_opening & (rows.part == "note")).fill_null(False).any(),
        first_customer_at=rows["at"].min(where=customer),
        first_reply_at=first_reply,
        first_reply_agent=rows.author_id.argmin(reply.ifelse(rows.place, None)),
        last_reply_at=rows["at"].max(where=reply),
        last_reply_agent=rows.author_id.argmax(reply.ifelse(rows.place, None)),
        first_reply_place=rows.place.min(where=reply),
        last_customer_place=rows.place.max(where=customer),
        n_replies=reply.cast("int64").sum(),
        n_reply_sessions=(reply & rows.session_id.isnull()).cast("int64").sum(),
        n_customer=customer.cast("int64").sum(),
        n_public=public.cast("int64").sum(),
        n_notes=(rows.part == "note").cast("int64").sum(),
        n_bot=(rows.part == "bot").cast("int64").sum(),
        n_unknown=(rows.part == "unknown").cast("int64").sum(),
    )
    # Few messages are of a session: to count different ones of all would take as long as all the rest.
    of_session = rows.filter(reply, rows.session_id.notnull())
    sessions = of_session.group_by("ticket_id").aggregate(sessions=of_session.session_id.nunique())
    grouped = grouped.left_join(sessions, "ticket_id").drop("ticket_id_right")
    answered = grouped.n_replies > 0  # where no row has the key, argmin and argmax give any
    return grouped.mutate(
        first_reply_agent=answered.ifelse(grouped.first_reply_agent, None),
        last_reply_agent=answered.ifelse(grouped.last_reply_agent, None),
        n_reply_sessions=grouped.n_reply_sessions + grouped.sessions.fill_null(0),
        customer_after_reply=(grouped.last_customer_place > grouped.first_reply_place).fill_null(False),
    ).drop("sessions")
