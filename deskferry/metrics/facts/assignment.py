"""Fact `assignment`, a row each time that a ticket is somebody's: who had it from when to when.

ticket_id, connection, in_p0, agent_id (NULL: nobody's), from_at, to_at (NULL: still),
basis        `event`; `initial`: before the first recorded change; `current`: no change is recorded, so today's agent
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
    "ticket_event": ("ticket_id", "seq", "occurred_at", "field", "key_of_old_value", "key_of_new_value"),
}


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    events = desk.table("ticket_event")
    events = events.filter(events.field == "assignee_id", events.occurred_at.notnull())
    events = events.select("ticket_id", "connection", "key_of_old_value", "key_of_new_value", at="occurred_at",
                           order=events.seq.fill_null(0))  # fmt: skip
    order = ibis.window(group_by="ticket_id", order_by=["at", "order"])
    events = events.mutate(place=ibis.row_number().over(order), to_at=events["at"].lead().over(order))
    tickets = desk.fact("ticket").filter(lambda one: one.created_at.notnull())
    created = tickets.select("ticket_id", "created_at")
    firsts = events.filter(events.place == 0).inner_join(created, "ticket_id")
    firsts = firsts.filter(firsts["at"] > firsts.created_at)
    silent = tickets.anti_join(events, "ticket_id")
    found = (
        _rows(events, events.key_of_new_value, events["at"], events.to_at, "event")
        .union(_rows(firsts, firsts.key_of_old_value, firsts.created_at, firsts["at"], "initial"))
        .union(_rows(silent, silent.assignee_id, silent.created_at, ibis.null(silent.created_at.type()), "current"))
    )
    return of_base(desk, found)


def _rows(of: ir.Table, agent: Any, start: Any, end: Any, basis: str) -> ir.Table:
    return of.select("ticket_id", "connection", agent_id=agent, from_at=start, to_at=end, basis=ibis.literal(basis))


def who_had(rows: ir.Table, assignments: ir.Table, at: str) -> ir.Table:
    """Return rows with `holder` (NULL: nobody, or nobody knows): whose their ticket was at an instant of each row.

    Who takes a ticket in the update that the row is about has it.
    """
    spans = assignments.select("from_at", "to_at", _ticket="ticket_id", holder="agent_id")
    joined = rows.left_join(
        spans,
        (
            rows.ticket_id == spans["_ticket"],
            rows[at] >= spans.from_at,
            spans.to_at.isnull() | (rows[at] < spans.to_at),
        ),
    )
    return joined.drop("_ticket", "from_at", "to_at")
