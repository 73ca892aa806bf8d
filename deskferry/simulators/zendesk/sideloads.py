"""What `include=` adds to tickets: related records beside them, or more keys in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from deskferry.simulators.zendesk.routing import Call
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import TicketFile

_USER_KEYS: Final = ("requester_id", "submitter_id", "assignee_id")
_LISTED: Final = {"groups": "group_id", "brands": "brand_id", "ticket_forms": "ticket_form_id"}


def embedded(call: Call, file: TicketFile) -> Record:
    """Return a ticket with the keys that the request's sideloads put into it."""
    includes = call.includes
    if not includes:
        return file.record
    record = dict(file.record)
    if "metric_sets" in includes:
        record["metric_set"] = call.state.metrics(file)
    if "comment_count" in includes:
        record["comment_count"] = file.comment_count()
    if "incident_counts" in includes:
        record["incident_count"] = int(record["has_incidents"])
    if "dates" in includes:
        metrics = call.state.metrics(file)
        names = ("assignee_updated_at", "requester_updated_at", "status_updated_at", "initially_assigned_at")
        dates = {name: metrics[name] for name in (*names, "assigned_at", "solved_at", "latest_comment_added_at")}
        record["dates"] = dates
    return record


def beside(call: Call, tickets: Iterable[Record]) -> dict[str, Any]:
    """Return the lists that the request's sideloads put next to tickets."""
    includes, tickets, state = call.includes, list(tickets), call.state
    found: dict[str, Any] = {}
    if "users" in includes:
        found["users"] = users_of(state, tickets)
    if "organizations" in includes:
        found["organizations"] = _known(state.organizations, (one["organization_id"] for one in tickets))
    for name, key in _LISTED.items():
        if name in includes:
            wanted = {one[key] for one in tickets}
            found[name] = [record for record in state.lists.get(name, []) if record["id"] in wanted]
    return found


def users_of(state: State, tickets: Iterable[Record]) -> list[Record]:
    """Return the users that tickets name."""
    wanted: list[int | None] = []
    for ticket in tickets:
        wanted += [ticket[key] for key in _USER_KEYS] + ticket["collaborator_ids"]
    return _known(state.users, wanted)


def _known(store: Store[Record], identifiers: Iterable[int | None]) -> list[Record]:
    unique = dict.fromkeys(one for one in identifiers if one is not None)
    return [record for record in map(store.get, unique) if record is not None]
