"""Fact `ticket`, a row a ticket, deleted and merged ones too.

ticket_id, connection, vendor, created_at, status, status_before, priority, channel, type, requester_id, submitter_id,
assignee_id, team_id, organization_id, inbox_id, brand_id, language, solved_at, closed_at, waiting_since, is_escalated,
merged_into_id, parent_id, follow_up_of_id as in `ticket`;
channel      never NULL: `other:<vendor's code>` where the code reaches no channel, `unknown` where there is none
is_final     solved or closed now
is_deleted, is_spam, is_merged, is_excluded (brand or inbox left out by configuration)
in_p0        in the base population: none of these four
origin       `inbound`, or `outbound` where an agent opened it for somebody else; NULL: not known
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.dimensions import UNKNOWN

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

_PLAIN = (
    "connection", "vendor", "created_at", "status", "status_before", "priority", "type", "requester_id",
    "submitter_id", "assignee_id", "team_id", "organization_id", "inbox_id", "brand_id", "language", "solved_at",
    "closed_at", "waiting_since", "is_escalated", "merged_into_id", "parent_id", "follow_up_of_id",
)  # fmt: skip
TABLES: Mapping[str, tuple[str, ...]] = {
    "ticket": (*_PLAIN, "channel", "channel_label", "is_spam"),
    "person": ("role",),
}
FINAL = ("solved", "closed")
AGENTS = ("agent", "light_agent", "admin")
HISTORY = ("ticket_id", "field", "new_value", "occurred_at", "seq")
"""What is read of events where a ticket has no status of its own."""


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    tickets = _with_status(desk, desk.table("ticket", deleted=True))
    people = desk.table("person", deleted=True)
    people = people.select(_person=people.id, _role=people.role)
    joined = tickets.left_join(people, tickets.submitter_id == people["_person"])
    rows = joined.select(
        *_PLAIN,
        ticket_id=joined.id,
        channel=_channel(joined),
        is_final=_is(joined.status, *FINAL),
        is_deleted=joined.deleted_at.notnull() | _is(joined.status, "deleted"),
        is_spam=joined.is_spam.fill_null(False) | _is(joined.status, "spam"),
        is_merged=joined.merged_into_id.notnull() | _is(joined.status, "merged"),
        is_excluded=_excluded(desk, joined),
        origin=_origin(joined),
    )
    return rows.mutate(in_p0=~(rows.is_deleted | rows.is_spam | rows.is_merged | rows.is_excluded))


def lacks_status(tickets: ir.Table) -> bool:
    """Whether a ticket has no status of its own: of an event log nothing but the history is known."""
    return bool(tickets.filter(tickets.status.isnull(), tickets.deleted_at.isnull()).count().to_pyarrow().as_py())


def _with_status(desk: Desk, tickets: ir.Table) -> ir.Table:
    """Return tickets; one without a status has the last one of its history."""
    if not (desk.has("ticket_event") and lacks_status(tickets)):
        return tickets
    events = desk.table("ticket_event")
    events = events.filter(events.field == "status", events.new_value.notnull(), events.occurred_at.notnull())
    newest = ibis.window(group_by="ticket_id", order_by=[events.occurred_at.desc(), events.seq.fill_null(0).desc()])
    events = events.mutate(_back=ibis.row_number().over(newest)).filter(ibis._["_back"] == 0)
    last = events.select(_ticket="ticket_id", _last="new_value")
    found = tickets.left_join(last, tickets.id == last["_ticket"]).drop("_ticket")
    return found.mutate(status=found.status.coalesce(found["_last"])).drop("_last")


def _is(value: ir.StringValue, *among: str) -> Any:
    return value.isin(among).fill_null(False)


def _channel(tickets: ir.Table) -> ir.StringValue:
    raw = tickets.channel_label
    told = tickets.channel.nullif("other").coalesce(("other:" + raw).nullif("other:"), tickets.channel)
    return told.fill_null(UNKNOWN)


def _excluded(desk: Desk, tickets: ir.Table) -> Any:
    if not desk.question.exclude:
        return ibis.literal(value=False)
    # By what tickets say: the inbox itself may be gone, or hidden from the role.
    return _named(desk, tickets, "brand_id") | _named(desk, tickets, "inbox_id")


def _named(desk: Desk, tickets: ir.Table, column: str) -> Any:
    told = desk.texts("ticket", column)
    keys = told.filter(told.text.isin(desk.question.exclude)).key.to_pyarrow().to_pylist()
    return tickets[column].isin(keys).fill_null(False)


def _origin(tickets: ir.Table) -> Any:
    same = tickets.submitter_id == tickets.requester_id
    by_agent = tickets["_role"].isin(AGENTS)
    return ibis.cases((same, "inbound"), (by_agent, "outbound"), (tickets["_role"].notnull(), "inbound"))


def of_base(desk: Desk, rows: ir.Table) -> ir.Table:
    """Return rows with `in_p0` of their ticket: told once for a fact, so that no metric has to look it up."""
    tickets = desk.fact("ticket").select("in_p0", _ticket="ticket_id")
    found = rows.left_join(tickets, rows.ticket_id == tickets["_ticket"]).drop("_ticket")
    return found.mutate(in_p0=found.in_p0.fill_null(False))


def base_population(desk: Desk, beside: Iterable[str]) -> ir.Table:
    """Return the tickets of the base population P0, beside them the columns of further facts of this grain."""
    found = desk.fact("ticket")
    found = found.filter(found.in_p0)
    for name in beside:
        other = desk.fact(name).drop("connection")
        found = found.left_join(other, "ticket_id").drop("ticket_id_right")
    return found
