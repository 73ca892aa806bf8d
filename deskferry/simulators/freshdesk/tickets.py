"""Tickets: created, changed, deleted, restored."""

from __future__ import annotations

from deskferry.simulators.freshdesk import (
    associations,
    attachments,
    clockwork,
    customs,
    effects,
    notes,
    requesters,
    ticket_values,
    ticket_views,
)
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import TIME, fields, read
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, not_allowed, not_found
from deskferry.simulators.freshdesk.forms import Payload, Upload
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.freshdesk.ticket_values import CREATE, OUTBOUND, UPDATE
from deskferry.simulators.kernel import SimResponse, json_response

OUTBOUND_SOURCE = 10
BLANK: Row = {
    **dict.fromkeys(("subject", "type", "responder_id", "group_id", "product_id", "email_config_id", "company_id")),
    **dict.fromkeys(("due_by", "fr_due_by", "nr_due_by", "to_emails", "association_type", "support_email")),
    **dict.fromkeys(("internal_agent_id", "internal_group_id", "source_additional_info", "structured_description")),
    **dict.fromkeys(("spam", "deleted", "is_escalated", "fr_escalated", "nr_escalated"), False),
    "status": 2,
    "priority": 1,
    "source": 2,
    "description": "",
}
BACKDATED = fields({TIME: "created_at updated_at"})


def live(account: Account, ticket_id: int) -> Row:
    """Return a ticket that may be changed: 404 for none or archived, 405 for trash and spam."""
    row = account.get("tickets", ticket_id)
    if row.get("_archived"):
        raise not_found()
    if row["deleted"] or row["spam"]:
        raise not_allowed()
    return row


def create(call: Call) -> SimResponse:
    """Create a ticket, with all that follows from it."""
    payload = call.payload()
    values = read(payload, CREATE)
    row = add(call.account, values, payload)
    return created(call, "/tickets", ticket_views.whole(call.account, row))


def add(account: Account, values: Row, payload: Payload, *, times: Row | None = None) -> Row:
    """Store a new ticket from the typed values of a call; raises before anything is stored."""
    requesters.must_name(values)
    row: Row = {"id": 0, **BLANK, "custom_fields": customs.blank_values(account, "ticket_fields")}
    row |= {name: [] for name in ("cc_emails", "fwd_emails", "reply_cc_emails", "ticket_cc_emails", "tags")}
    row |= {"_files": [], "_watchers": [], "_associated": [], "_accesses": [], "_stats": {}}
    row["requester_id"] = None
    related = values.pop("related_ticket_ids", None)
    parent = values.pop("parent_id", None)
    associations.check(account, parent, related)
    identity = requesters.check(account, values)
    ticket_values.apply(account, row, values, is_form=payload.is_form)
    customs.demand_ticket_fields(account, {**row, "requester_id": 1}, closing=row["status"] in effects.DONE)
    attachments.check_size(account, payload.files)
    row["requester_id"] = requesters.resolve(account, identity)
    _company(account, row, values)
    row["id"] = account.new_id("tickets")
    row["reply_cc_emails"] = row["ticket_cc_emails"] = list(row["cc_emails"])
    row.update(times or {})
    account.add("tickets", row)
    _finish(account, row, payload.files, parent, related)
    return row


def _company(account: Account, row: Row, values: Row) -> None:
    if row["company_id"] is None or "company_id" not in values:
        person = account.person(row["requester_id"]) or {}
        row["company_id"] = person.get("company_id")


def _finish(account: Account, row: Row, files: list[Upload], parent: int | None, related: list[int] | None) -> None:
    row["_files"] = attachments.keep(account, files)
    clockwork.status_set(account, row, None)
    associations.link(account, row, parent, related)
    clockwork.plan_due(account, row)
    put(account, row)
    account.log(row["id"], {"new_ticket": True, "status": row["status"]})
    effects.ticket_created(account, row)


def put(account: Account, row: Row) -> None:
    """Bring lists and search up to date with a ticket."""
    if not row.get("_archived"):
        account.tickets.put(row)
    account.version += 1
    names = ("group_id", "priority", "status", "type", "created_at", "updated_at", "due_by", "fr_due_by")
    doc = {name: row[name] for name in names} | row["custom_fields"]
    gone = row["deleted"] or row["spam"] or row.get("_archived")
    account.note_search(
        "tickets", row["id"], None if gone else {**doc, "agent_id": row["responder_id"], "tag": row["tags"]}
    )


def touch(account: Account, row: Row) -> None:
    """Move `updated_at` and the lists that go by it."""
    account.touch(row)
    put(account, row)


def update(call: Call) -> SimResponse:
    """Change a ticket."""
    row = live(call.account, call.id)
    payload = call.payload()
    values = read(payload, UPDATE)
    if row["source"] == OUTBOUND_SOURCE and {"subject", "description"} & set(values):
        name = "subject" if "subject" in values else "description"
        raise invalid(fault(name, "It cannot be changed on an outbound ticket", "readonly_field"))
    change(call.account, row, values, payload)
    return json_response(ticket_views.whole(call.account, row))


def change(account: Account, row: Row, values: Row, payload: Payload | None = None, *, quiet: bool = False) -> None:
    """Apply the typed values of a call to a ticket, with all that follows."""
    payload = payload or Payload({})
    parent = values.pop("parent_id", None)
    associations.check(account, parent, None, row)
    draft = {**row, "custom_fields": dict(row["custom_fields"])}
    if any(values.get(name) for name in requesters.IDENTITIES):
        draft["requester_id"] = requesters.resolve(account, requesters.check(account, values))
    ticket_values.apply(account, draft, values, is_form=payload.is_form)
    customs.demand_ticket_fields(account, draft, closing=draft["status"] in effects.DONE, given=values)
    attachments.check_size(account, payload.files)
    before = {**row}
    row.update(draft)
    row["_files"] = [*row["_files"], *attachments.keep(account, payload.files)]
    if draft["requester_id"] != before["requester_id"]:
        _company(account, row, values)
    clockwork.status_set(account, row, before["status"])
    associations.link(account, row, parent, None)
    touch(account, row)
    if account.settings.recompute_due:
        account.later(account.settings.due_delay, lambda: clockwork.fill_due(account, row))
    if row["status"] != before["status"]:
        account.log(row["id"], {"status": row["status"]})
    effects.ticket_updated(account, row, before, quiet_close=quiet)


def outbound(call: Call) -> SimResponse:
    """Write to a customer first: the mail goes out, whatever is switched off."""
    account = call.account
    payload = call.payload()
    values = read(payload, OUTBOUND, ("email", "subject", "email_config_id"))
    values = {"status": 5, "responder_id": call.caller["id"], **values}
    row = add(account, values, payload)
    row["source"] = OUTBOUND_SOURCE
    effects.send(account, "outbound_email", [values["email"]], row)
    return created(call, "/tickets", ticket_views.whole(account, row))


def view(call: Call) -> SimResponse:
    """Return one ticket; `include=conversations` stops at ten."""
    include = call.includes("conversations", "requester", "company", "stats")
    row = call.account.get("tickets", call.id)
    if row.get("_archived"):
        raise not_found()
    shown = ticket_views.whole(call.account, row, include)
    if "conversations" in include:
        ids = call.account.notes_of.get(row["id"], [])[:10]
        shown["conversations"] = [notes.show(call.account, call.account.tables["conversations"][i]) for i in ids]
    return json_response(shown)


def delete(call: Call) -> SimResponse:
    """Move to the trash."""
    row = live(call.account, call.id)
    row["deleted"] = True
    touch(call.account, row)
    return empty()


def restore(call: Call) -> SimResponse:
    """Bring back from the trash."""
    row = call.account.get("tickets", call.id)
    if not row["deleted"]:
        raise not_found()
    row["deleted"] = False
    touch(call.account, row)
    return empty()


def channel_create(call: Call) -> SimResponse:
    """Create a ticket with its own times (accounts enabled for it only)."""
    payload = call.payload()
    values = read(payload, {**CREATE, **BACKDATED, **ticket_values.IMPORT_ID})
    times = ticket_values.take_times(values, call.account)
    row = add(call.account, values, payload, times=times)
    return created(call, "/tickets", ticket_views.whole(call.account, row))


ROUTES = (
    Route("POST", "/tickets", create, endpoint="ticket_create"),
    Route("POST", "/tickets/outbound_email", outbound, endpoint="ticket_create"),
    Route("GET", "/tickets/{id}", view, include_cost=1),
    Route("PUT", "/tickets/{id}", update, endpoint="ticket_update"),
    Route("DELETE", "/tickets/{id}", delete),
    Route("PUT", "/tickets/{id}/restore", restore),
)
