"""Writing conversations: with their first threads, one operation at a time, tags and fields as whole sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.simulators.help_scout import access, effects, given, tags, thread_writes, workflows
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.errors import Row, invalid, wrong
from deskferry.simulators.help_scout.routing import Call, Route, created, empty
from deskferry.simulators.help_scout.times import seconds_of
from deskferry.simulators.kernel import SimResponse

TYPES = ("chat", "email", "phone")
NEW_STATUSES = ("active", "closed", "pending")
STATUSES = (*NEW_STATUSES, "spam")


def create(call: Call) -> SimResponse:
    """Store a conversation with its first threads."""
    account, body = call.account, call.body()
    given.required(body, "subject", "mailboxId", "type", "status", "customer", "threads")
    given.one_of(body["type"], TYPES, "type")
    status = given.one_of(body["status"], NEW_STATUSES, "status")
    if body["mailboxId"] not in account.tables["mailboxes"]:
        raise wrong("mailboxId", "does not exist", "Exists", rejectedValue=body["mailboxId"])
    threads = body["threads"]
    if len(threads) > account.settings.max_threads:
        text = f"size must be between 1 and {account.settings.max_threads}"
        raise wrong("threads", text, "Size", rejectedValue=len(threads))
    for place, thread in enumerate(threads):
        given.one_of(thread.get("type"), tuple(thread_writes.KINDS), f"threads[{place}].type")
    imported = body.get("imported") is True
    row = _stored(call, body, imported)
    if status == "closed":
        given_end = given.time(body["closedAt"], "closedAt") if imported and body.get("closedAt") else None
        thread_writes.close(account, row, status, call.user_id, given_end)
    row["status"] = status
    for place, thread in enumerate(threads):
        _first_thread(call, row, {"imported": imported, **thread}, place)
    # The lists learn of it as it is now, the internal time of change is that of the call, imported or not.
    store.keep(account, row)
    effects.conversation_made(account, row, imported=imported, auto_reply=body.get("autoReply") is True)
    workflows.conversation_made(account, row)
    return created(call, "/v2/conversations", row["id"])


def _stored(call: Call, body: Row, imported: bool) -> Row:
    account = call.account
    moment = given.moment(account, body, imported)
    # Left out, an inbox decides who gets it: the first user here. An explicit null is nobody.
    owner = given.assignee(account, body["assignTo"]) if "assignTo" in body else account.owner()
    fields = given.values(account, body["mailboxId"], body.get("fields"))
    customer = given.customer_id(account, body["customer"])
    writer = given.user_id(account, body["user"], "user") if body.get("user") else call.user_id
    by_user = body["threads"][0]["type"] in thread_writes.BY_USER
    values: Row = {"subject": body["subject"], "mailboxId": body["mailboxId"], "type": body["type"]}
    values |= {"createdAt": moment, "userUpdatedAt": moment, "_customer": customer, "_assignee": owner}
    values |= {"_creator": ("user", writer) if by_user else ("customer", customer), "_fields": fields}
    values["source"] = {"type": "api", "via": "user" if by_user else "customer"}
    values["_tags"] = list(dict.fromkeys(tags.tag_id(account, str(tag)) for tag in body.get("tags") or ()))
    row: Row = store.add(account, values)
    return row


def _first_thread(call: Call, row: Row, given_thread: Row, place: int) -> None:
    kind = given_thread["type"]
    values = thread_writes.compose(call, row, kind, given_thread, f"threads[{place}].")
    if place == 0:
        values["status"] = row["status"]
    thread = store.add_thread(call.account, row, {**values, "_assigned": row["_assignee"]})
    row["cc"], row["bcc"] = thread["cc"] or row["cc"], thread["bcc"] or row["bcc"]
    if thread["_creator"][0] == "customer" and row["status"] != "closed":
        row["_waiting"] = (thread["createdAt"], "customer")
    if thread["state"] == "draft" and place == 0:
        row["state"] = "draft"
    imported = given_thread["imported"] is True
    effects.thread_made(call.account, row, thread, imported=imported, first=True)


def change(call: Call) -> SimResponse:
    """Carry out one operation on a conversation; a list of them is refused."""
    row, operation = access.writable(call), call.json()
    if isinstance(operation, list) and not call.account.settings.patch_lists_refused:
        operation = operation[0]
    if not isinstance(operation, dict):
        raise invalid(message="Bad request")
    found = OPERATIONS.get((str(operation.get("op")), str(operation.get("path"))))
    if found is None:
        raise wrong("path", "is not supported for the operation", "Operation", rejectedValue=operation.get("path"))
    found(call, row, operation.get("value"))
    store.by_user(call.account, row)
    return empty()


def _line(call: Call, row: Row, text: str, kind: str = "default", **more: Any) -> None:
    person = call.account.user(call.user_id) or {}
    action = {"type": kind, "text": f"{person.get('firstName')} {text}", "associatedEntities": more.pop("entities", {})}
    values: Row = {"type": "lineitem", "action": action, "_creator": ("user", call.user_id), **more}
    store.add_thread(call.account, row, {**values, "_customer": row["_customer"], "_assigned": row["_assignee"]})


def _subject(call: Call, row: Row, value: Any) -> None:
    del call
    given.required({"value": value}, "value")
    row["subject"] = str(value)


def _set_status(call: Call, row: Row, value: Any) -> None:
    status = given.one_of(value, STATUSES, "value")
    if status != row["status"]:
        thread_writes.close(call.account, row, status, call.user_id)
        _line(call, row, f"marked as {status.capitalize()}", status=status)
        effects.fire(call.account, "convo.status", row)


def _assign(call: Call, row: Row, value: Any) -> None:
    row["_assignee"] = given.assignee(call.account, value, "value")
    _line(call, row, "assigned the conversation")
    effects.assigned(call.account, row)


def _unassign(call: Call, row: Row, value: Any) -> None:
    del value
    row["_assignee"] = None
    _line(call, row, "unassigned the conversation")
    if row["status"] == "closed":  # as users of the API found out
        thread_writes.close(call.account, row, "active", call.user_id)


def _move(call: Call, row: Row, value: Any) -> None:
    if value not in call.account.tables["mailboxes"]:
        raise wrong("value", "does not exist", "Exists", rejectedValue=value)
    before, row["mailboxId"] = row["mailboxId"], value
    _line(call, row, "moved the conversation", "movedFromMailbox", entities={"mailbox": before})
    effects.fire(call.account, "convo.moved", row)


def _give(call: Call, row: Row, value: Any) -> None:
    account, customer = call.account, given.customer_id(call.account, value, "value")
    if row["_customer"] is not None:
        account.of_customer[row["_customer"]].discard(row["id"])
    account.of_customer[customer].add(row["id"])
    row["_customer"] = customer
    _line(call, row, "changed the customer", "changedTicketCustomer")


def _publish(call: Call, row: Row, value: Any) -> None:
    if value is not False:
        raise wrong("value", "must be false", "Draft", rejectedValue=value)
    row["state"] = "published"
    for thread in row["_threads"]:
        if thread["state"] == "draft":
            thread["state"] = "published"
            effects.thread_made(call.account, row, thread, imported=False)


OPERATIONS: dict[tuple[str, str], Callable[[Call, Row, Any], None]] = {
    ("replace", "/subject"): _subject,
    ("replace", "/status"): _set_status,
    ("replace", "/assignTo"): _assign,
    ("remove", "/assignTo"): _unassign,
    ("move", "/mailboxId"): _move,
    ("replace", "/primaryCustomer.id"): _give,
    ("replace", "/draft"): _publish,
}


def delete(call: Call) -> SimResponse:
    """Delete a conversation: 404 from then on."""
    row = access.writable(call)
    row["state"] = "deleted"
    store.by_user(call.account, row)
    effects.fire(call.account, "convo.deleted", row)
    return empty()


def set_tags(call: Call) -> SimResponse:
    """Replace the tags; new ones are made. No user's time moves, no line says so."""
    row, names = access.writable(call), call.body().get("tags")
    if not isinstance(names, list):
        raise invalid(message="Bad request")
    row["_tags"] = list(dict.fromkeys(tags.tag_id(call.account, str(name)) for name in names))
    store.keep(call.account, row)
    effects.fire(call.account, "convo.tags", row)
    return empty()


def set_fields(call: Call) -> SimResponse:
    """Replace the custom values: what is left out is cleared. No user's time moves."""
    row = access.writable(call)
    row["_fields"] = given.values(call.account, row["mailboxId"], call.body().get("fields"))
    store.keep(call.account, row)
    effects.fire(call.account, "convo.custom-fields", row)
    return empty()


def snooze(call: Call) -> SimResponse:
    """Put a conversation aside until a time to come."""
    row, body = access.writable(call), call.body()
    until = given.time(body.get("snoozedUntil"), "snoozedUntil")
    if seconds_of(until) <= call.account.clock.now():
        raise wrong("snoozedUntil", "must be a date in the future", "Future", rejectedValue=until)
    if not isinstance(body.get("unsnoozeOnCustomerReply"), bool):
        raise wrong("unsnoozeOnCustomerReply", "may not be null", "NotNull")
    row["_snooze"] = {"snoozedBy": call.user_id, "snoozedUntil": until}
    row["_snooze"]["unsnoozeOnCustomerReply"] = body["unsnoozeOnCustomerReply"]
    store.by_user(call.account, row)
    return empty()


def wake(call: Call) -> SimResponse:
    """Take a conversation back from its sleep."""
    row = access.writable(call)
    row["_snooze"] = None
    store.by_user(call.account, row)
    return empty()


_ONE = "/v2/conversations/{id}"
ROUTES = (
    Route("POST", "/v2/conversations", create),
    Route("PATCH", _ONE, change),
    Route("DELETE", _ONE, delete),
    Route("PUT", f"{_ONE}/tags", set_tags),
    Route("PUT", f"{_ONE}/fields", set_fields),
    Route("PUT", f"{_ONE}/snooze", snooze),
    Route("DELETE", f"{_ONE}/snooze", wake),
)
