"""Satisfaction ratings: only the requester of a ticket gives one, and only once it is, or was, solved."""

from __future__ import annotations

from typing import Final

from deskferry.simulators.zendesk import payloads
from deskferry.simulators.zendesk.errors import forbidden, no_record, problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.ticket_edits import API, add_audit, editable, keep
from deskferry.simulators.zendesk.tickets import TicketFile


def rate(call: Call) -> Record:
    """Answer `POST /tickets/{id}/satisfaction_rating`; agents and admins are refused."""
    file = call.state.tickets.get(call.ids[0])
    caller = call.state.users.get(call.caller.user_id or 0)
    if file is None or file.is_deleted or caller is None:
        raise no_record()
    if caller["role"] != "end-user" or caller["id"] != file.record["requester_id"] or not caller["verified"]:
        raise forbidden()
    given = payloads.envelope(call, "satisfaction_rating")
    if given.get("score") not in ("good", "bad"):
        raise record_invalid(score=problem("Score: is not valid"))
    if not _was_solved(file):
        raise record_invalid(base=problem("Ticket: must be solved"))
    own = editable(call.state, call.ids[0])
    comment = given.get("comment")
    row = _row(call, own.record, str(given["score"]), None if comment is None else str(comment))
    own.record["satisfaction_rating"] = {name: row[name] for name in ("id", "score", "comment")}
    event = {"id": 0, "type": "SatisfactionRating", "score": row["score"], "body": row["comment"]}
    add_audit(call.state, own, caller["id"], [event], API)
    keep(call.state, own)
    call.state.written.ratings[own.record["id"]] = row
    return {"satisfaction_rating": row}


def _was_solved(file: TicketFile) -> bool:
    if file.record["status"] in ("solved", "closed"):
        return True
    events = (event for audit in file.audits for event in audit["events"])
    return any(one.get("field_name") == "status" and one.get("value") == "solved" for one in events)


def _row(call: Call, ticket: Record, score: str, comment: str | None) -> Record:
    before = call.state.written.ratings.get(ticket["id"])
    known = ticket["satisfaction_rating"] or {}
    identifier = known.get("id") or (before or {}).get("id") or call.state.new_id("rating")
    now = iso(call.state.now())
    return {
        "url": f"{call.state.host}/api/v2/satisfaction_ratings/{identifier}.json",
        "id": identifier,
        "assignee_id": ticket["assignee_id"],
        "group_id": ticket["group_id"],
        "requester_id": ticket["requester_id"],
        "ticket_id": ticket["id"],
        "score": score,
        "created_at": before["created_at"] if before else now,
        "updated_at": now,
        "comment": comment,
    }


ROUTES: Final = [
    Route("POST", "/api/v2/tickets/{id}/satisfaction_rating", rate, feature="csat", end_user=True),
]
