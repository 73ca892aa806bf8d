"""What customers do next: whether the same one comes again."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.desk import Desk


def next_contacts(desk: Desk, who: str = "requester_id", category: ir.Table | None = None) -> ir.Table:
    """Return `ticket_id` and `next_at`: when the same customer (or organization) opened the next ticket, NULL: never.

    With `category` (`ticket_id`, `category`) the next of the same category; tickets without one are one category.
    Tickets that were merged into another are contacts as well; those that agents opened for customers are none.
    """
    tickets = desk.fact("ticket")
    ours = (tickets.origin == "outbound").fill_null(False)
    gone = tickets.is_deleted | tickets.is_spam | tickets.is_excluded
    tickets = tickets.filter(~gone, tickets.created_at.notnull(), tickets[who].notnull())
    rows = tickets.select("ticket_id", "created_at", who=tickets[who], is_contact=~ours)
    if category is None:
        rows = rows.mutate(category=ibis.literal(""))
    else:
        rows = rows.left_join(category, "ticket_id").drop("ticket_id_right")
        rows = rows.mutate(category=rows.category.fill_null(""))
    later = ibis.window(group_by=("who", "category"), order_by=["created_at", "ticket_id"], rows=(1, None))
    opened = rows.is_contact.ifelse(rows.created_at, None)
    return rows.mutate(next_at=opened.min().over(later)).select("ticket_id", "next_at")


def merges_into(desk: Desk) -> ir.Table:
    """Return `ticket_id` of tickets into which another was merged."""
    tickets = desk.fact("ticket")
    merged = tickets.filter(tickets.merged_into_id.notnull(), ~tickets.is_deleted, ~tickets.is_spam)
    return merged.select(ticket_id="merged_into_id").distinct()


def follow_ups(desk: Desk) -> ir.Table:
    """Return `ticket_id` of closed tickets that were continued, and `follow_ups`: by how many of P0."""
    tickets = desk.fact("ticket")
    found = tickets.filter(tickets.in_p0, tickets.follow_up_of_id.notnull())
    return found.group_by(ticket_id=found.follow_up_of_id).aggregate(follow_ups=found.count().cast("int64"))


def marked(rows: ir.Table, among: ir.Table, name: str) -> ir.Table:
    """Return rows with a column that says whether their ticket is among others."""
    found: Any = among.select("ticket_id").distinct().mutate(_found=ibis.literal(value=True))
    joined = rows.left_join(found, "ticket_id").drop("ticket_id_right")
    return joined.mutate(**{name: joined["_found"].fill_null(False)}).drop("_found")
