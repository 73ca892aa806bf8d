"""Rules on the history of a ticket: what happened in which order, and whether it leads to what the ticket is."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_EVENT = ("key_of_ticket_id", "seq", "occurred_at", "field", "old_value", "new_value", "old_value_chained", "update_id")
_DISPOSED = ("deleted", "spam", "merged", "unknown")
_READS = {"ticket_event": _EVENT, "ticket": ("key_of_id", "status", "created_at")}


def _changes(desk: Desk) -> ir.Table:
    """Return changes of status beside the one before them in their ticket."""
    rows = desk.live("ticket_event")
    rows = rows.filter(rows.field == "status")
    order = ibis.window(group_by="key_of_ticket_id", order_by=["occurred_at", "seq"])
    return rows.select(
        "connection", "id", "key_of_ticket_id", "occurred_at", "old_value", "new_value",
        before=rows.new_value.lag().over(order), next_at=rows.occurred_at.lead().over(order),
    )  # fmt: skip


def _out_of_order(desk: Desk) -> ir.Table:
    rows = desk.live("ticket_event")
    order = ibis.window(group_by="key_of_ticket_id", order_by="seq")
    rows = rows.select("connection", "occurred_at", record_id="id", before=rows.occurred_at.lag().over(order))
    return rows.filter(rows.occurred_at < rows.before)


def _gaps(desk: Desk) -> ir.Table:
    rows = desk.shared(_changes).mutate(record_id=ibis._.id)
    return rows.filter(rows.old_value.notnull(), rows.before.notnull(), rows.old_value != rows.before)


def _contradicting(desk: Desk) -> ir.Table:
    """Yield last changes of status that do not lead to the status of the ticket."""
    last = desk.shared(_changes).mutate(record_id=ibis._.id)
    last = last.filter(last.next_at.isnull())
    tickets = desk.live("ticket").select("status", key_of_ticket_id="key_of_id")
    found = last.inner_join(tickets, "key_of_ticket_id")
    # The history of a ticket that another one was merged into holds what happened to that one, too.
    events = desk.live("ticket_event")
    merges = events.filter(events.field == "merged_from").select("key_of_ticket_id", merged_at="occurred_at")
    found = found.anti_join(
        merges, [found.key_of_ticket_id == merges.key_of_ticket_id, found.occurred_at <= merges.merged_at]
    )
    # A ticket that was disposed of keeps its history; closing is an event at few vendors.
    told = found.status.notin(_DISPOSED) & found.new_value.notin(_DISPOSED)
    only_closed = (found.new_value == "solved") & (found.status == "closed")
    return found.filter(told, found.new_value != found.status, ~only_closed)


RULES = (
    Rule(
        "event.out_of_order", "ticket_event", Dimension.CONSISTENCY, Severity.ERROR,
        "Changes that are numbered out of order", "it happened {occurred_at}, the one before it {before}",
        "Normalize again; if it stays, report it: times in a status are wrong.",
        _READS, offending=_out_of_order,
    ),
    Rule(
        "event.contradicts_status", "ticket_event", Dimension.CONSISTENCY, Severity.ERROR,
        "Histories that end in another status than the ticket's",
        "the last change is to {new_value}, the ticket is {status}",
        "A change was not read: pull the ticket again. Its times in a status are wrong until then.",
        _READS, offending=_contradicting, among=lambda rows, _desk: rows.field == "status",
    ),
    Rule(
        "event.gap_in_history", "ticket_event", Dimension.COMPLETENESS, Severity.WARNING,
        "Changes of status that do not follow from the one before",
        "from {old_value}, and the change before led to {before}",
        "A change in between was not read: pull the ticket again. Its times in a status are wrong until then.",
        _READS, offending=_gaps, among=lambda rows, _desk: rows.field == "status",
    ),
)  # fmt: skip
