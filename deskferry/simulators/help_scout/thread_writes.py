"""Writing threads: replies, notes, what customers said, phone calls, chats; hiding, editing, scheduling them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.simulators.help_scout import access, attachments, effects, given
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, refused, wrong
from deskferry.simulators.help_scout.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse

# Name of the type when creating, name of the type when reading.
KINDS = {"customer": "customer", "reply": "message", "note": "note", "phone": "phone", "chat": "chat"}
BY_USER = ("reply", "note", "phone")
STATUSES = ("active", "closed", "open", "pending", "spam")
NOTE_STATUSES = (*STATUSES, "inbox_predefined")


def compose(call: Call, row: Row, kind: str, body: Row, prefix: str = "") -> Row:
    """Return the values of a new thread from a request; raises for what is missing. Files are stored with it."""
    account = call.account
    given.required(body, "text", *(("customer",) if kind != "note" else ()))
    imported = body.get("imported") is True
    values: Row = {"type": KINDS[kind], "body": body["text"], "createdAt": given.moment(account, body, imported)}
    if kind != "note":
        values["_customer"] = given.customer_id(account, body["customer"], f"{prefix}customer")
    else:
        values["_customer"] = row["_customer"]
    by_user = kind in BY_USER
    writer = given.user_id(account, body["user"], f"{prefix}user") if body.get("user") else call.user_id
    values["_creator"] = ("user", writer) if by_user else ("customer", values["_customer"])
    values["source"] = {"type": "api", "via": "user" if by_user else "customer"}
    values |= {name: given.addresses(body, name) for name in ("to", "cc", "bcc")}
    if body.get("draft") is True:
        if kind != "reply":
            raise wrong(f"{prefix}draft", "only replies can be drafts", "Draft")
        values["state"] = "draft"
    files = attachments.given_files(body, f"{prefix}attachments")
    values["_files"] = [attachments.add_file(account, row["id"], *file)["id"] for file in files]
    return values


def _create(kind: str) -> Callable[[Call], SimResponse]:
    def create(call: Call) -> SimResponse:
        row, body = access.writable(call), call.body()
        settings = call.account.settings
        if len(row["_threads"]) >= settings.max_threads:
            raise refused(settings.threads_full_status, "The conversation has too many threads")
        status = _status(body, kind)
        if "assignTo" in body:
            row["_assignee"] = given.assignee(call.account, body["assignTo"])
        values = compose(call, row, kind, body)
        imported = body.get("imported") is True
        wanted = status or (None if imported and kind == "customer" else _reopened(kind, values))
        if wanted is not None and wanted != row["status"]:
            values["status"] = wanted
            close(call.account, row, wanted, call.user_id)
        thread = store.add_thread(call.account, row, {**values, "_assigned": row["_assignee"]})
        _times(call.account, row, thread)
        effects.thread_made(call.account, row, thread, imported=imported)
        return created(call, f"/v2/conversations/{row['id']}/threads", thread["id"])

    return create


def _status(body: Row, kind: str) -> str | None:
    asked = body.get("status")
    if asked is None or kind not in ("reply", "note"):
        return None
    given.one_of(asked, NOTE_STATUSES if kind == "note" else STATUSES, "status")
    # What an inbox presets no source says: nothing here.
    return {"open": "active", "inbox_predefined": None}.get(asked, asked)


def _reopened(kind: str, values: Row) -> str | None:
    """Return the status after a thread without one: a reply or a note makes a conversation active, imported too."""
    if values.get("state") == "draft" or kind in ("phone", "chat"):
        return None
    return "active"


def close(account: Account, row: Row, status: str, user: int, at: str | None = None) -> None:
    """Give a conversation a status, with who closed it and when."""
    row["status"] = status
    if status == "closed":
        row |= {"closedAt": at or account.now(), "closedBy": user, "_waiting": None}
    elif status in ("active", "pending"):
        row |= {"closedAt": None, "closedBy": 0}


def _times(account: Account, row: Row, thread: Row) -> None:
    if thread["_creator"][0] == "customer":
        row["_waiting"] = (account.now(), "customer")
        # With no user's action since, the user's time is that of the customer.
        row["userUpdatedAt"] = account.now()
        if row["_snooze"] and row["_snooze"]["unsnoozeOnCustomerReply"]:
            row["_snooze"] = None
        store.keep(account, row)
        return
    if thread["type"] == "message" and thread["state"] == "published":
        row["_waiting"] = None
    store.by_user(account, row)


def change(call: Call) -> SimResponse:
    """Change the text of a thread, or hide it. The thread gets no time of change."""
    row, body = access.writable(call), call.body()
    thread = access.thread_of(row, int(call.args[1]))
    given.one_of(body.get("op"), ("replace",), "op")
    path: Any = given.one_of(body.get("path"), ("/text", "/hidden"), "path")
    if path == "/text":
        given.required(body, "value")
        thread["body"] = body["value"]
    else:
        thread["state"] = "hidden" if body.get("value") is True else "published"
    store.by_user(call.account, row)
    return empty()


def schedule(call: Call) -> SimResponse:
    """Say when a draft is to be sent. Nothing sends it here: what happens then no source tells."""
    account, row, body = call.account, access.writable(call), call.body()
    thread = access.thread_of(row, int(call.args[1]))
    if thread["state"] != "draft":
        raise refused(400, "Only drafts can be scheduled")
    moment = given.time(body.get("scheduledFor"), "scheduledFor")
    stays = body.get("unscheduleOnCustomerReply") is True
    thread["scheduled"] = {"scheduledBy": call.user_id, "scheduledFor": moment, "unscheduleOnCustomerReply": stays}
    store.by_user(account, row)
    return empty()


def unschedule(call: Call) -> SimResponse:
    """Take back when a draft is to be sent."""
    row = access.writable(call)
    access.thread_of(row, int(call.args[1]))["scheduled"] = None
    store.by_user(call.account, row)
    return empty()


_BASE = "/v2/conversations/{id}"
ROUTES = (
    Route("POST", f"{_BASE}/reply", _create("reply")),
    Route("POST", f"{_BASE}/notes", _create("note")),
    Route("POST", f"{_BASE}/customer", _create("customer")),
    Route("POST", f"{_BASE}/phones", _create("phone")),
    Route("POST", f"{_BASE}/chats", _create("chat")),
    Route("PATCH", f"{_BASE}/threads/{{id}}", change),
    Route("PUT", f"{_BASE}/threads/{{id}}/schedule", schedule),
    Route("DELETE", f"{_BASE}/threads/{{id}}/schedule", unschedule),
)
