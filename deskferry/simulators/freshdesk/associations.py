"""Parents and children, trackers and related tickets."""

from __future__ import annotations

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, no_match, not_found
from deskferry.simulators.freshdesk.routing import Call, Route
from deskferry.simulators.freshdesk.ticket_views import associated
from deskferry.simulators.kernel import SimResponse, json_response

PARENT, CHILD, TRACKER, RELATED = 1, 2, 3, 4
MOST_CHILDREN = 10


def check(account: Account, parent: int | None, related: list[int] | None, row: Row | None = None) -> None:
    """Refuse an association that cannot be."""
    if parent is not None:
        other = _usable(account, "parent_id", parent)
        full = other["association_type"] == PARENT and len(other["_associated"]) >= MOST_CHILDREN
        if other["association_type"] not in (None, PARENT) or full or (row and row["association_type"]):
            raise invalid(fault("parent_id", "The ticket cannot be linked to this parent"))
    for ticket_id in related or ():
        if _usable(account, "related_ticket_ids", ticket_id)["association_type"] is not None:
            raise invalid(fault("related_ticket_ids", "A related ticket has an association already"))


def _usable(account: Account, name: str, ticket_id: int) -> Row:
    other = account.tables["tickets"].get(ticket_id)
    if other is None or other["deleted"] or other["spam"] or other.get("_archived"):
        raise no_match(name, "ticket")
    return other


def link(account: Account, row: Row, parent: int | None, related: list[int] | None) -> None:
    """Store an association on both sides."""
    if parent is not None:
        other = account.tables["tickets"][parent]
        other["association_type"], row["association_type"] = PARENT, CHILD
        other["_associated"].append(row["id"])
        row["_associated"] = [parent]
    if related:
        row["association_type"], row["_associated"] = TRACKER, list(related)
        for ticket_id in related:
            other = account.tables["tickets"][ticket_id]
            other["association_type"], other["_associated"] = RELATED, [row["id"]]


def listing(call: Call) -> SimResponse:
    """Return the children of a parent, or the tickets that a tracker tracks."""
    row = call.account.get("tickets", call.id)
    if row["association_type"] not in (PARENT, TRACKER):
        raise not_found()
    return json_response({"tickets": [associated(call.account, ticket_id) for ticket_id in row["_associated"]]})


def prime(call: Call) -> SimResponse:
    """Return the parent of a child, or the tracker of a related ticket."""
    row = call.account.get("tickets", call.id)
    if row["association_type"] not in (CHILD, RELATED):
        raise not_found()
    return json_response(associated(call.account, row["_associated"][0]))


ROUTES = (
    Route("GET", "/tickets/{id}/associated_tickets", listing),
    Route("GET", "/tickets/{id}/prime_association", prime),
)
