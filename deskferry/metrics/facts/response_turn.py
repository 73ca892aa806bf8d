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
    rows = rows.filter(rows.part.isin(("customer", "reply")))
    rows = rows.select("ticket_id", "connection", "at", "author_id", "part", "place")
    order = ibis.window(group_by="ticket_id", order_by="place")
    upto = ibis.cumulative_window(group_by="ticket_id", order_by="place")
    is_reply = (rows.part == "reply").cast("int64")
    rows = rows.mutate(before=rows.part.lag().over(order), replies=is_reply.sum().over(upto))
    # What opens a turn and what closes one come by turns, so that the next row is the answer.
    opens = (rows.part == "customer") & (rows.before != "customer").fill_null(True)
    edges = rows.filter(opens | ((rows.part == "reply") & (rows.before == "customer").fill_null(False)))
    order = ibis.window(group_by="ticket_id", order_by="place")
    edges = edges.mutate(
        closed_at=edges["at"].lead().over(order), closed_by=edges.author_id.lead().over(order),
        turn=(ibis.row_number().over(order) + 2) // 2,
    )  # fmt: skip
    turns = edges.filter(edges.part == "customer")
    tickets = desk.fact("ticket").select("ticket_id", "is_final")
    turns = turns.left_join(tickets, "ticket_id").drop("ticket_id_right")
    outcome = ibis.cases(
        (turns.closed_at.notnull(), "closed"), (turns.is_final, "resolved_without_reply"), else_="open"
    )
    return turns.select(
        "ticket_id", "connection", "turn", "closed_at", opened_at="at", agent="closed_by",
        is_first=turns.replies == 0, outcome=outcome,
    )  # fmt: skip
