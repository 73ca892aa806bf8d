"""Creating and updating tickets as people at work do: triggers run, mails go out, clocks start."""

from __future__ import annotations

import copy
from typing import Any, Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk import comments, effects, idempotency, jobs, payloads, ticket_values
from deskferry.simulators.zendesk.comments import Said
from deskferry.simulators.zendesk.errors import problem, record_invalid, refuse
from deskferry.simulators.zendesk.field_writes import with_new_fields
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.routing import Call, routes
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import (
    API,
    add_audit,
    created,
    editable,
    empty_record,
    keep,
    next_number,
    note_external,
    note_new,
    set_fields,
)
from deskferry.simulators.zendesk.ticket_routes import visible_file
from deskferry.simulators.zendesk.tickets import TicketFile

_BOTH: Final = ticket_values.KEYS | {"comment", "problem_id", "macro_ids", "sharing_agreement_ids"}
CREATE: Final = _BOTH | {"description", "via_followup_source_id"}
UPDATE: Final = _BOTH | {"safe_update", "updated_stamp", "id"}
MANY: Final = UPDATE | {"additional_tags", "remove_tags"}
_BEGINNING: Final = (
    *("subject", "status", "priority", "type", "requester_id", "assignee_id", "group_id", "organization_id"),
    *("tags", "brand_id", "ticket_form_id"),
)


def create(call: Call) -> SimResponse:
    """Answer `POST /tickets`; with an `Idempotency-Key` a repetition gets the first answer again."""

    def fresh() -> SimResponse:
        given = payloads.envelope(call, "ticket")
        file = create_ticket(call, given)
        body = {"ticket": file.record, "audit": file.shown_audits()[0]}
        return payloads.answered(body, 201, payloads.dropped(given, CREATE), Location=file.record["url"])

    return idempotency.once(call, fresh)


def create_ticket(call: Call, request: Record) -> TicketFile:
    """Open a ticket: its times are now, whatever the request says."""
    state, caller = call.state, call.caller.user_id or 0
    given = {name: value for name, value in request.items() if name in CREATE}
    if not given.get("requester_id") and not given.get("requester"):
        given["requester_id"] = caller
    now = state.now()
    record = empty_record(state, next_number(state), now)
    source = _followed(call, given)
    values = ticket_values.read_values(state, given, record)
    opening = given.get("comment") or given.get("description")
    if not opening:
        raise record_invalid(base=problem("Description: cannot be blank", "BlankValue"))
    submitter = values.get("submitter_id", caller)
    said = comments.read_comment(state, opening, submitter, public=True)
    audits: list[Record] = []
    file = TicketFile(record, lambda: audits, now)
    record["submitter_id"] = submitter
    set_fields(file, values)
    _settle(file)
    ticket_values.check_final(state, record, with_assignee=True)
    event = said.event(state)
    record |= {"description": said.text, "is_public": said.public, "via": _via(source)}
    beginning = created({name: record[name] for name in _BEGINNING})
    triggered = effects.written(state, file, event, is_new=True)
    metadata = given.get("metadata") if isinstance(given.get("metadata"), dict) else {}
    add_audit(state, file, said.author, [event, *beginning, *triggered], record["via"], custom=metadata)
    note_new(state, file)
    state.tickets.put(record["id"], file, now)
    _link(state, None, record)
    if source is not None:
        followed = editable(state, source["id"])
        followed.record["followup_ids"] = [*followed.record["followup_ids"], record["id"]]
        keep(state, followed, updated=False)
    effects.watch(state, file)
    return file


def _followed(call: Call, given: Record) -> Record | None:
    """Return the closed ticket that a new one follows."""
    number = whole(given.get("via_followup_source_id"), "via_followup_source_id")
    if number is None:
        return None
    source = call.state.tickets.get(number)
    if source is None or source.is_deleted or source.record["status"] != "closed":
        raise record_invalid(base=problem("Followup source: is not a closed ticket"))
    return source.record


def _via(source: Record | None) -> Record:
    if source is None:
        return copy.deepcopy(API)
    origin = {"ticket_id": source["id"], "subject": source["subject"], "channel": "api"}
    return {"channel": "api", "source": {"from": origin, "to": {}, "rel": "follow_up"}}


def _settle(file: TicketFile) -> list[Record]:
    """Open a new ticket that somebody was given."""
    if file.record["status"] == "new" and file.record["assignee_id"] is not None:
        return set_fields(file, {"status": "open"})
    return []


def _link(state: State, before: int | None, record: Record) -> None:
    """Let a problem know of its incidents."""
    for number in {before, record["problem_id"]} - {None}:
        found = state.tickets.get(int(number or 0))
        if found is None or found.is_deleted:
            continue
        incidents = any(one.record["problem_id"] == number for one in state.tickets if not one.is_deleted)
        if found.record["has_incidents"] != incidents:
            problem_file = editable(state, number)
            problem_file.record["has_incidents"] = incidents
            keep(state, problem_file, updated=False)


def update(call: Call) -> SimResponse:
    """Answer `PUT /tickets/{id}`: a closed ticket takes no change."""
    given = payloads.envelope(call, "ticket")
    file, audit = update_ticket(call, call.ids[0], given, UPDATE)
    return payloads.answered({"ticket": file.record, "audit": audit}, 200, payloads.dropped(given, UPDATE))


def update_ticket(call: Call, identifier: int, request: Record, known: frozenset[str]) -> tuple[TicketFile, Record]:
    """Change a ticket and perhaps say something on it; return it with the audit of the change."""
    state, caller = call.state, call.caller.user_id or 0
    visible_file(call, identifier)
    file = editable(state, identifier)
    with_new_fields(state, file.record)
    given = {name: value for name, value in request.items() if name in known and name != "id"}
    _check_closed(file, given)
    _check_stamp(file, given)
    before = file.record["problem_id"], file.record["status"], file.record["external_id"]
    values = ticket_values.read_values(state, given, file.record)
    said = _said(call, file, given, caller)
    events = [*set_fields(file, values), *_settle(file), *_reopened(state, file, said)]
    if file.record["status"] != before[1]:
        ticket_values.check_final(state, file.record, with_assignee=True)
    event = None if said is None else said.event(state)
    if event is not None:
        file.record["is_public"] = file.record["is_public"] or event["public"]
    if event is None and not events:
        keep(state, file, updated=False)
        return file, {"id": 0, "ticket_id": identifier, "author_id": caller, "events": []}
    triggered = effects.written(state, file, event, is_new=False)
    everything = [*([event] if event else []), *events, *triggered]
    metadata = given.get("metadata") if isinstance(given.get("metadata"), dict) else {}
    audit = add_audit(state, file, said.author if said else caller, everything, API, custom=metadata)
    if file.record["external_id"] != before[2]:
        note_external(state, file)
    keep(state, file)
    if file.record["problem_id"] != before[0]:
        _link(state, before[0], file.record)
    if file.record["status"] != before[1]:
        effects.watch(state, file)
    return file, audit


def _check_closed(file: TicketFile, given: Record) -> None:
    only_tags = bool(given) and set(given) <= {"additional_tags", "remove_tags"}
    if file.record["status"] == "closed" and not only_tags:
        raise record_invalid(status=problem("Status: closed prevents ticket update", None))


def _check_stamp(file: TicketFile, given: Record) -> None:
    """Refuse an update that was made for an older state of the ticket."""
    if str(given.get("safe_update")).lower() != "true":
        return
    stamp = given.get("updated_stamp")
    if not stamp:
        raise refuse(400, {"error": "BadRequest", "description": "safe_update requires an updated_stamp"})
    if iso(payloads.moment(stamp, "updated_stamp")) != file.record["updated_at"]:
        text = "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data."
        raise refuse(409, {"error": "UpdateConflict", "description": text})


def _said(call: Call, file: TicketFile, given: Record, caller: int) -> Said | None:
    if not given.get("comment"):
        return None
    if file.comment_count() >= call.state.written.settings.max_comments:
        raise record_invalid(base=problem("Ticket: has reached the limit of comments", "TooManyComments"))
    first = next(iter(file.comments()), None)
    said = comments.read_comment(call.state, given["comment"], caller, public=first is None or first["public"])
    user = call.state.users.get(said.author)
    if said.public and user is not None and user["only_private_comments"]:
        return Said(said.author, said.text, said.markup, False, said.at, said.tokens)
    return said


def _reopened(state: State, file: TicketFile, said: Said | None) -> list[Record]:
    """Reopen a solved ticket that its requester answers."""
    user = None if said is None else state.users.get(said.author)
    if user is not None and user["role"] == "end-user" and file.record["status"] in ("solved", "pending"):
        values: Record = {}
        ticket_values.set_status(state, {"status": "open"}, values)
        return set_fields(file, values)
    return []


def create_many(call: Call) -> SimResponse:
    """Answer `POST /tickets/create_many`: triggers run for each."""
    rows = jobs.many(payloads.body_of(call), "tickets")

    def one(place: int, given: Record) -> Record:
        return {"id": create_ticket(call, given).record["id"], "index": place}

    return jobs.start_job(call, "Bulk Create Ticket", rows, one)


def update_many(call: Call) -> SimResponse:
    """Answer `PUT /tickets/update_many`: one change for `ids`, or a list of tickets with theirs."""
    body = payloads.body_of(call)
    if "tickets" in body:
        rows = jobs.many(body, "tickets")
    else:
        change = payloads.envelope(call, "ticket")
        rows = [{**change, "id": one} for one in jobs.ids_of(call)]

    def one(_place: int, given: Record) -> Record:
        identifier = whole(given.get("id"), "id") or 0
        update_ticket(call, identifier, given, MANY)
        return {"action": "update", "id": identifier, "status": "Updated", "success": True}

    return jobs.start_job(call, "Bulk Update Ticket", rows, one)


def set_tags(call: Call) -> SimResponse:
    """Answer `POST` (replace), `PUT` (add) and `DELETE` (remove) of `/tickets/{id}/tags`; not on closed tickets."""
    body = payloads.body_of(call)
    before = visible_file(call, call.ids[0]).record["tags"]
    tags = payloads.combined(call.request.method, before, body.get("tags"))
    given: dict[str, Any] = {
        "tags": tags,
        **{name: body[name] for name in ("safe_update", "updated_stamp") if name in body},
    }
    file, _ = update_ticket(call, call.ids[0], given, UPDATE)
    return payloads.answered({"tags": file.record["tags"]}, 201 if call.request.method == "POST" else 200)


ROUTES: Final = routes(
    ("POST /api/v2/tickets", create),
    ("POST /api/v2/tickets/create_many", create_many),
    ("PUT /api/v2/tickets/update_many", update_many),
    ("PUT /api/v2/tickets/{id}", update),
    ("POST /api/v2/tickets/{id}/tags", set_tags),
    ("PUT /api/v2/tickets/{id}/tags", set_tags),
    ("DELETE /api/v2/tickets/{id}/tags", set_tags),
)
