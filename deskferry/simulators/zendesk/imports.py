"""`/imports/tickets`: tickets with their whole history of comments, at their own times, and nobody hears of it.

No trigger runs, no mail goes out, no metric and no SLA is computed; the audits tell of the comments and of what the
ticket ended as, not of what happened in between. Only later updates wake the account.
"""

from __future__ import annotations

from typing import Any, Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk import comments, effects, jobs, payloads, ticket_values, uploads
from deskferry.simulators.zendesk.comments import Said
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import (
    API,
    add_audit,
    created,
    empty_record,
    next_number,
    note_new,
    set_fields,
)
from deskferry.simulators.zendesk.tickets import TicketFile

# `problem_id` is not among them, `via` is read and not kept.
KEYS: Final = ticket_values.KEYS | {
    "comment",
    "comments",
    "description",
    "created_at",
    "updated_at",
    "solved_at",
    "via",
}


def import_ticket(call: Call) -> SimResponse:
    """Answer `POST /imports/tickets`."""
    given = payloads.envelope(call, "ticket")
    file = imported(call.state, given, call.caller.user_id or 0, archive=call.flag("archive_immediately"))
    return payloads.answered({"ticket": file.record}, 201, payloads.dropped(given, KEYS))


def import_many(call: Call) -> SimResponse:
    """Answer `POST /imports/tickets/create_many`: a job of up to a hundred tickets, each with its own fate."""
    rows = jobs.many(payloads.body_of(call), "tickets")
    archive, caller = call.flag("archive_immediately"), call.caller.user_id or 0

    def one(place: int, given: Any) -> Record:
        record = imported(call.state, given, caller, archive=archive).record
        return {"id": record["id"], "index": place}

    return jobs.start_job(call, "Bulk Import Ticket", rows, one)


def imported(state: State, given: Record, caller: int, *, archive: bool) -> TicketFile:
    """Write a ticket with its comments; nothing of it is there if anything of it is refused."""
    given = {name: value for name, value in given.items() if name in KEYS}
    now = state.now()
    opened = _past(given.get("created_at"), "created_at", now)
    updated = _past(given.get("updated_at"), "updated_at", now)
    record = empty_record(state, next_number(state), opened)
    if not given.get("requester_id") and not given.get("requester"):
        given = {**given, "requester_id": caller}
    values = ticket_values.read_values(state, given, record)
    said = _comments(state, given, caller, values["requester_id"])
    audits: list[Record] = []
    file = TicketFile(record, lambda: audits, now, imported_at=now)
    record |= {"via": dict(API), "submitter_id": values.get("submitter_id", values["requester_id"])}
    set_fields(file, values)
    settings = state.written.settings
    if settings.required_on_import:
        ticket_values.check_final(state, record, with_assignee=settings.assignee_on_import)
    _write(state, file, said, opened)
    record |= {"created_at": iso(opened), "updated_at": iso(updated), "generated_timestamp": now}
    file.solved_at = iso(_past(given["solved_at"], "solved_at", now)) if given.get("solved_at") else None
    file.archived = archive and record["status"] == "closed"
    note_new(state, file)
    state.tickets.put(record["id"], file, now)
    effects.watch(state, file)
    return file


def _past(value: Any, name: str, now: int) -> int:
    """Return a time; what is before 1970 is rounded up, what is in the future is now."""
    return now if not value else min(max(payloads.moment(value, name), 0), now)


def _comments(state: State, given: Record, caller: int, requester: int) -> list[Said]:
    """Return the comments of an import in the order of the request.

    A `description` beside `comments` is one more comment, the requester's, before all others.
    """
    listed = given.get("comments") or ([given["comment"]] if given.get("comment") else [])
    if not isinstance(listed, list):
        raise record_invalid(base=problem("Comments: is invalid"))
    rows = [(one, caller) for one in listed]
    if given.get("description"):
        rows.insert(0, ({"body": given["description"], "public": True}, requester))
    if not rows:
        raise record_invalid(base=problem("Description: cannot be blank", "BlankValue"))
    if len(rows) > state.written.settings.max_comments:
        raise record_invalid(base=problem("Ticket: has too many comments", "TooManyComments"))
    found: list[Said] = []
    for one, author in rows:
        found.append(comments.read_comment(state, one, author, found[0].public if found else True, imports=True))
    uploads.check(state, [token for one in found for token in uploads.tokens_of(one.tokens)])
    return found


def _write(state: State, file: TicketFile, said: list[Said], opened: int) -> None:
    """Write an audit for each comment; the first one also says what the ticket began with, as what it ends."""
    record = file.record
    names = ("subject", "status", "priority", "type", "requester_id", "assignee_id", "group_id", "tags")
    beginning = created({name: record[name] for name in (*names, "organization_id", "brand_id", "ticket_form_id")})
    for place, one in enumerate(said):
        events = [one.event(state), *(beginning if place == 0 else [])]
        add_audit(state, file, one.author, events, API, at=opened if one.at is None and place == 0 else one.at)
    file.imported_audits = len(said)
    record["description"] = said[0].text
    record["is_public"] = any(one.public for one in said)


ROUTES: Final = [
    Route("POST", "/api/v2/imports/tickets", import_ticket, admin=True),
    Route("POST", "/api/v2/imports/tickets/create_many", import_many, admin=True),
]
