"""Deleting tickets and bringing them back: softly, in bulk, for good; and the list of what lies in the bin."""

from __future__ import annotations

from typing import Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk import jobs, payloads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.paging import paged, rows_of
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.ticket_bin import bin_ticket, erase, merge, restore
from deskferry.simulators.zendesk.ticket_edits import editable
from deskferry.simulators.zendesk.ticket_routes import visible_file
from deskferry.simulators.zendesk.tickets import TicketFile

BIN_LIFE: Final = 30 * 86_400


def deleted_tickets(call: Call) -> Record:
    """Answer `GET /deleted_tickets`: those of the last thirty days."""
    since = call.state.now() - BIN_LIFE
    binned = (file for file in call.state.deleted_tickets() if not file.erased)
    found = [_deleted(call, file) for file in binned if (file.deleted_at or 0) >= since]
    return paged(call.request, call.state.host, "deleted_tickets", rows_of(found))


def _deleted(call: Call, file: TicketFile) -> Record:
    actor = call.state.users.get(file.deleted_by)
    return {
        "id": file.record["id"],
        "subject": (file.live or file.record)["subject"],
        "description": (file.live or file.record)["description"],
        "actor": {"id": file.deleted_by, "name": actor["name"] if actor else "System"},
        "deleted_at": iso(file.deleted_at or 0),
        "previous_state": file.state_before,
    }


def _delete(call: Call, identifier: int) -> None:
    visible_file(call, identifier)
    bin_ticket(call.state, editable(call.state, identifier), call.caller.user_id or 0)


def delete(call: Call) -> SimResponse:
    """Answer `DELETE /tickets/{id}`: softly; closed and archived ones too."""
    _delete(call, call.ids[0])
    return SimResponse(204)


def destroy_many(call: Call) -> SimResponse:
    """Answer `DELETE /tickets/destroy_many`."""

    def one(_place: int, identifier: int) -> Record:
        _delete(call, identifier)
        return {"action": "delete", "id": identifier, "status": "Deleted", "success": True}

    return jobs.start_job(call, "Bulk Delete Ticket", jobs.ids_of(call), one)


def _binned(call: Call, identifier: int) -> TicketFile:
    """Return a ticket in the bin; after thirty days it is not there any more."""
    file = call.state.tickets.get(identifier)
    gone = file is None or file.erased or file.deleted_at is None
    if file is None or gone or (file.deleted_at or 0) < call.state.now() - BIN_LIFE:
        raise no_record()
    return file


def restore_one(call: Call) -> Record:
    """Answer `PUT /deleted_tickets/{id}/restore`."""
    _binned(call, call.ids[0])
    restore(call.state, editable(call.state, call.ids[0]))
    return {}


def restore_many(call: Call) -> Record:
    """Answer `PUT /deleted_tickets/restore_many`: at once, unknown ones left out."""
    for identifier in jobs.ids_of(call):
        file = call.state.tickets.get(identifier)
        if file is not None and file.is_deleted and not file.erased:
            restore(call.state, editable(call.state, identifier))
    return {}


def erase_one(call: Call) -> SimResponse:
    """Answer `DELETE /deleted_tickets/{id}`: a job; the ticket must be in the bin."""
    _binned(call, call.ids[0])
    return _erase(call, [call.ids[0]])


def erase_many(call: Call) -> SimResponse:
    """Answer `DELETE /deleted_tickets/destroy_many`."""
    return _erase(call, jobs.ids_of(call))


def _erase(call: Call, wanted: list[int]) -> SimResponse:
    def one(_place: int, identifier: int) -> Record:
        _binned(call, identifier)
        erase(call.state, identifier)
        return {"action": "delete", "id": identifier, "status": "Deleted", "success": True}

    return jobs.start_job(call, "Permanently Delete Ticket", wanted, one)


def merge_tickets(call: Call) -> SimResponse:
    """Answer `POST /tickets/{winner}/merge`: a job; neither side may be closed."""
    body = payloads.body_of(call)
    losers = jobs.many(body, "ids")
    _open_file(call, call.ids[0])
    target = (body.get("target_comment"), bool(body.get("target_comment_is_public")))
    source = (body.get("source_comment"), bool(body.get("source_comment_is_public")))

    def one(_place: int, identifier: int) -> Record:
        winner, loser = _open_file(call, call.ids[0]), _open_file(call, identifier)
        merge(call.state, winner, [loser], call.caller.user_id or 0, target, source)
        return {"action": "merge", "id": identifier, "status": "Merged", "success": True}

    return jobs.start_job(call, "Merge Ticket", losers, one)


def _open_file(call: Call, identifier: int) -> TicketFile:
    file = visible_file(call, identifier)
    if file.record["status"] == "closed":
        raise record_invalid(status=problem("Status: closed prevents ticket update", None))
    return editable(call.state, identifier)


def mark_as_spam(call: Call) -> SimResponse:
    """Answer `PUT /tickets/{id}/mark_as_spam`: the ticket is deleted, its requester suspended."""
    file = visible_file(call, call.ids[0])
    user = call.state.users.get(file.record["requester_id"])
    if user is not None and user["role"] == "end-user":
        call.state.users.put(user["id"], {**user, "suspended": True}, call.state.now())
    _delete(call, call.ids[0])
    return SimResponse(200)


ROUTES: Final = routes(
    Route("GET", "/api/v2/deleted_tickets", deleted_tickets, admin=True),
    ("DELETE /api/v2/tickets/destroy_many", destroy_many),
    ("DELETE /api/v2/tickets/{id}", delete),
    ("PUT /api/v2/tickets/{id}/mark_as_spam", mark_as_spam),
    ("POST /api/v2/tickets/{id}/merge", merge_tickets),
    ("PUT /api/v2/deleted_tickets/restore_many", restore_many),
    ("PUT /api/v2/deleted_tickets/{id}/restore", restore_one),
    Route("DELETE", "/api/v2/deleted_tickets/destroy_many", erase_many),
    Route("DELETE", "/api/v2/deleted_tickets/{id}", erase_one),
)
