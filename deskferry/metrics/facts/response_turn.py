"""Fact `response_turn`, a row each time that a customer waits: opened by a message, closed by the next reply.

ticket_id, connection, in_p0, opened_at, closed_at (NULL: open), agent (who closed it),
replies_before   how many replies come before it: it rises from turn to turn
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
    # Customers' messages with as many replies before them wait for the same reply: the next one, which has as many too.
    reply, customer = rows.part == "reply", rows.part == "customer"
    found = rows.group_by("ticket_id", "replies_before").aggregate(
        connection=rows.connection.min(), opened_at=rows["at"].min(where=customer),
        closed_at=rows["at"].min(where=reply), closed_by=rows.author_id.max(where=reply),
    )  # fmt: skip
    turns = found.filter(found.opened_at.notnull())
    tickets = desk.fact("ticket").select("ticket_id", "is_final", "in_p0")
    turns = turns.left_join(tickets, "ticket_id").drop("ticket_id_right")
    outcome = ibis.cases(
        (turns.closed_at.notnull(), "closed"), (turns.is_final, "resolved_without_reply"), else_="open"
    )
    return turns.select(
        "ticket_id", "connection", "replies_before", "opened_at", "closed_at", agent="closed_by",
        is_first=turns.replies_before == 0, outcome=outcome, in_p0=turns.in_p0.fill_null(False),
    )  # fmt: skip


def numbered(turns: ir.Table) -> ir.Table:
    """Return turns with `turn`, which counts those of each ticket from 1; few ask for it, and it needs sorting."""
    order = ibis.window(group_by="ticket_id", order_by="replies_before")
    return turns.mutate(turn=ibis.row_number().over(order) + 1)
