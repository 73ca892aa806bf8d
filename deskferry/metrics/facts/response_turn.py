"""Fact `response_turn`, a row each time that a customer waits: opened by a message, closed by the next reply.

ticket_id, connection, turn (from 1), opened_at, closed_at (NULL: open), agent (who closed it),
is_first     the reply that closes it is the first on the ticket
outcome      `closed`, `open`, or `resolved_without_reply` (the ticket is final and nobody answered)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    rows = desk.fact("message")
    rows = rows.filter(rows.part.isin(("customer", "reply", "proactive")))
    order = ibis.window(group_by="ticket_id", order_by="place")
    rows = rows.mutate(before=rows.part.lag().over(order))
    opens = (rows.part == "customer") & (rows.before != "customer").fill_null(True)
    running = ibis.cumulative_window(group_by="ticket_id", order_by="place")
    rows = rows.mutate(turn=opens.cast("int64").sum().over(running), is_reply=rows.part == "reply")
    earlier = rows.is_reply.cast("int64").sum().over(running) - rows.is_reply.cast("int64")
    rows = rows.mutate(replies_before=earlier)
    rows = rows.filter(rows.turn > 0)
    turns = rows.group_by("ticket_id", "turn").aggregate(
        connection=rows.connection.min(),
        opened_at=rows["at"].min(where=rows.part == "customer"),
        closed_at=rows["at"].min(where=rows.is_reply),
        agent=rows.author_id.argmin(rows.is_reply.ifelse(rows.place, None)),
        is_first=rows.replies_before.min() == 0,
    )
    tickets = desk.fact("ticket").select("ticket_id", "is_final")
    turns = turns.left_join(tickets, "ticket_id").drop("ticket_id_right")
    outcome = ibis.cases(
        (turns.closed_at.notnull(), "closed"), (turns.is_final, "resolved_without_reply"), else_="open"
    )
    return turns.mutate(outcome=outcome).drop("is_final")
