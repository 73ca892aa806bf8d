"""Conversations: replies, which go out as mail, notes, which do not, forwards, and their edits."""

from __future__ import annotations

from deskferry.simulators.freshdesk import attachments, clockwork, effects, markup, notes, ticket_values, tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, FLAG, HASH, TEXT, TEXTS, WHOLE, fields, read
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, no_match, not_allowed, not_found
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.notes import FORWARD, NOTE, REPLY, add, show
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

BODY = fields({TEXT: "body", HASH: "structured_body", ANY: "attachments"})
REPLY_SPEC = {**BODY, **fields({TEXT: "from_email", WHOLE: "user_id", TEXTS: "cc_emails bcc_emails"})}
NOTE_SPEC = {**BODY, **fields({FLAG: "incoming private", TEXTS: "notify_emails", WHOLE: "user_id"})}
FORWARD_SPEC = {
    **fields({TEXT: "body body_text support_email from_email", FLAG: "incoming private", ANY: "attachments"}),
    **fields({WHOLE: "id agent_id user_id source ticket_id", TEXTS: "to_emails cc_emails bcc_emails"}),
    **fields({FLAG: "include_quoted_text include_original_attachments"}),
}
EDIT_SPEC = fields({TEXT: "body", ANY: "attachments"})
REPLY_ANSWER = ("body_text", "body", "structured_body", "id", "user_id", "from_email", "cc_emails", "bcc_emails")
NOTE_ANSWER = ("body_text", "body", "structured_body", "id", "incoming", "private", "user_id", "support_email")
TAIL = ("ticket_id", "attachments", "created_at", "updated_at")


def listing(call: Call) -> SimResponse:
    """Return the conversations of a ticket, oldest first."""
    account = call.account
    call.query()
    row = account.get("tickets", call.id)
    if row.get("_archived"):
        raise not_found()
    return paged(call, notes.of_ticket(account, row["id"]), lambda note: show(account, note))


def _body(values: Row, ticket: Row) -> Row:
    structured = values.pop("structured_body", None)
    body = values.pop("body", None)
    if structured is not None and body is None:
        parts = structured.get("body_contents") if isinstance(structured, dict) else None
        if not isinstance(parts, list):
            raise invalid(fault("structured_body", "It should have an array body_contents"))
        body = " ".join(str(part.get("data", {}).get("content", "")) for part in parts)
    if not body:
        raise invalid(fault("body", "It should not be blank as this is a mandatory field", "missing_field"))
    return {"body": markup.clean(body), "structured_body": structured if ticket["source"] == 7 else None}


def _user(account: Account, user_id: int | None, caller: Row, *, agents_only: bool = False) -> int:
    if user_id is None:
        return int(caller["id"])
    person = account.person(user_id)
    if person is None or person.get("deleted") or person.get("_blocked"):
        raise no_match("user_id")
    if agents_only and user_id not in account.tables["agents"]:
        raise no_match("user_id", "agent")
    return user_id


def note(call: Call) -> SimResponse:
    """Add a note: private unless said otherwise; mails go to `notify_emails`, and for a public one by the rules."""
    account = call.account
    ticket = tickets.live(account, call.id)
    payload = call.payload()
    row, to = store_note(account, ticket, read(payload, NOTE_SPEC), payload, call.caller)
    shown = {**{key: show(account, row)[key] for key in (*NOTE_ANSWER, *TAIL)}, "notified_to": to}
    return created(call, "/conversations", shown)


def store_note(account: Account, ticket: Row, values: Row, payload: Payload, caller: Row) -> tuple[Row, list[str]]:
    """Store a note with all that follows; return it and who was notified."""
    to = values.pop("notify_emails", None) or []
    user_id = _user(account, values.pop("user_id", None), caller)
    attachments.check_size(account, payload.files)
    private, incoming = values.pop("private", None), values.pop("incoming", None)
    row = {**_body(values, ticket), "private": private is not False, "incoming": bool(incoming), "user_id": user_id}
    row |= {"to_emails": to, "source": NOTE, "_files": attachments.keep(account, payload.files)}
    stored = add(account, ticket, {**row, **{k: v for k, v in values.items() if k in ("created_at", "updated_at")}})
    tickets.touch(account, ticket)
    effects.send(account, "notify_emails", to, ticket)
    effects.conversation_added(account, ticket, stored)
    reopen(account, ticket, stored)
    return stored, to


def reopen(account: Account, ticket: Row, row: Row) -> None:
    """Open a finished ticket to which a customer has spoken, where the account has the rule."""
    if row["private"] or not row["incoming"] or ticket["status"] not in effects.DONE:
        return
    if not account.settings.automations:
        return
    before = ticket["status"]
    ticket["status"] = clockwork.OPEN
    clockwork.status_set(account, ticket, before)
    tickets.touch(account, ticket)
    account.log(ticket["id"], {"status": clockwork.OPEN})
    effects.automation(account, 4, ticket, "Reopen on customer response")


def reply(call: Call) -> SimResponse:
    """Reply: the mail goes out."""
    account = call.account
    ticket = tickets.live(account, call.id)
    payload = call.payload()
    values = read(payload, REPLY_SPEC)
    row = send_reply(account, ticket, values, payload, call.caller)
    shown = {key: show(account, row)[key] for key in (*REPLY_ANSWER, *TAIL)}
    return created(call, "/conversations", {**shown, "replied_to": row["to_emails"]})


def send_reply(account: Account, ticket: Row, values: Row, payload: Payload, caller: Row) -> Row:
    """Store a reply and send it."""
    user_id = _user(account, values.pop("user_id", None), caller, agents_only=True)
    attachments.check_size(account, payload.files)
    configs = account.tables["email_configs"].values()
    address = values.pop("from_email", None) or next((row["reply_email"] for row in configs), None)
    if address not in [row["reply_email"] for row in configs]:
        raise invalid(fault("from_email", "It should be one of the support addresses of the account"))
    person = account.person(ticket["requester_id"]) or {}
    sender = account.tables["agents"][user_id]["contact"]["name"]
    row = {**_body(values, ticket), "source": REPLY, "user_id": user_id, "support_email": address, "category": 3}
    row |= {"from_email": f'"{sender}" <{address}>', "to_emails": [person["email"]] if person.get("email") else []}
    row |= {name: values.get(name) or [] for name in ("cc_emails", "bcc_emails")}
    row |= {k: v for k, v in values.items() if k in ("created_at", "updated_at")}
    stored = add(account, ticket, {**row, "_files": attachments.keep(account, payload.files)})
    ticket["reply_cc_emails"] = list(dict.fromkeys([*ticket["reply_cc_emails"], *stored["cc_emails"]]))
    tickets.touch(account, ticket)
    to = [*stored["to_emails"], *stored["cc_emails"], *stored["bcc_emails"]]
    effects.send(account, "reply", to, ticket)
    return stored


def forward(call: Call) -> SimResponse:
    """Forward a ticket, or answer a forward: the mail goes out, the note is private."""
    account = call.account
    ticket = tickets.live(account, call.id)
    payload = call.payload()
    values = read(payload, FORWARD_SPEC, ("body", "to_emails"))
    attachments.check_size(account, payload.files)
    user_id = _user(account, values.get("agent_id") or values.get("user_id"), call.caller)
    answer = call.request.path.endswith("reply_to_forward")
    row = {**_body({"body": values["body"]}, ticket), "private": True, "user_id": user_id}
    row |= {name: values.get(name) or [] for name in ("to_emails", "cc_emails", "bcc_emails")}
    row |= {"source": NOTE if answer else FORWARD, "category": 6 if answer else 2}
    stored = add(account, ticket, {**row, "_files": attachments.keep(account, payload.files)})
    ticket["fwd_emails"] = list(dict.fromkeys([*ticket["fwd_emails"], *values["to_emails"]]))
    tickets.touch(account, ticket)
    effects.send(account, "forward", [*stored["to_emails"], *stored["cc_emails"], *stored["bcc_emails"]], ticket)
    return created(call, "/conversations", {**show(account, stored), "deleted": False, "has_quoted_text": True})


def edit(call: Call) -> SimResponse:
    """Change the text of a note; only notes can be."""
    account = call.account
    row = account.get("conversations", call.id)
    ticket = tickets.live(account, row["ticket_id"])
    if row["source"] != NOTE:
        raise not_allowed()
    payload = call.payload()
    values = read(payload, EDIT_SPEC)
    attachments.check_size(account, payload.files)
    if "body" in values:
        row["body"] = _body(values, ticket)["body"]
    row["_files"] = [*row["_files"], *attachments.keep(account, payload.files)]
    row |= {"last_edited_at": account.now(), "last_edited_user_id": call.caller["id"]}
    account.touch(row)
    shown = show(account, row)
    return json_response({key: shown[key] for key in (*NOTE_ANSWER, *TAIL, "last_edited_at", "last_edited_user_id")})


def delete(call: Call) -> SimResponse:
    """Delete a conversation; what a customer wrote by mail stays."""
    account = call.account
    row = account.get("conversations", call.id)
    if row["incoming"] and row["source"] == REPLY:
        raise not_allowed()
    account.notes_of[row["ticket_id"]].remove(call.id)
    del account.tables["conversations"][call.id]
    tickets.touch(account, account.tables["tickets"][row["ticket_id"]])
    return empty()


def channel_note(call: Call) -> SimResponse:
    """Add a note or a reply with its own times (accounts enabled for it only); the effects are the usual ones."""
    account = call.account
    ticket = tickets.live(account, call.id)
    payload = call.payload()
    reply_spec = {**REPLY_SPEC, **tickets.BACKDATED, **ticket_values.IMPORT_ID}
    if call.request.path.endswith("/reply"):
        values = read(payload, reply_spec)
        row = send_reply(account, ticket, {**values, **ticket_values.take_times(values, account)}, payload, call.caller)
    else:
        values = read(payload, {**NOTE_SPEC, **tickets.BACKDATED, **ticket_values.IMPORT_ID})
        values |= ticket_values.take_times(values, account)
        row, _ = store_note(account, ticket, values, payload, call.caller)
    return created(call, "/conversations", show(account, row))


ROUTES = (
    Route("GET", "/tickets/{id}/conversations", listing),
    Route("POST", "/tickets/{id}/reply", reply),
    Route("POST", "/tickets/{id}/notes", note),
    Route("POST", "/tickets/{id}/forward", forward),
    Route("POST", "/tickets/{id}/reply_to_forward", forward),
    Route("PUT", "/conversations/{id}", edit),
    Route("DELETE", "/conversations/{id}", delete),
)
