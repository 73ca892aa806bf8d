"""Changes behind the API's back, as people who work there make them, and the picture of the whole account.

Operations (`op`), with their other keys:

- `edit_ticket` id, fields, touch=false: put values into a ticket; `updated_at` stays unless `touch`.
- `edit_conversation` id, fields: the same for a note or reply (`user_id`, `private`, `incoming`, `body`, `created_at`).
- `edit_contact`, `edit_company` id, fields, touch=true: as a colleague would in the web interface.
- `corrupt_attachment` id: its bytes change, nothing else.
- `add_note` ticket_id, body, private, incoming, user_id, created_at, source: silently; `add_reply` likewise.
- `customer_reply` ticket_id, body: a mail comes in, with notification and the reopening rule.
- `add_inline_image` name, content_type, data (base64): store an image; returns its `url` for use in a body.
- `insert` kind (`company`, `contact`, `ticket`, `conversation`), fields, files=[{name, content_type, data}]: store a
  record as it is, with its own times, without any effect; returns its id.
- `delete_ticket`, `spam_ticket`, `archive_ticket`, `purge_ticket` id; `archive` days: all closed ones that rested.
- `block_contact`, `unblock_contact`, `delete_contact` id.
- `settings` and any field of `Settings` (`notifications`, `automations`, `surveys`, `search_lag`, ...).
- `feature` name, on. `plan` plan. `set_role` role (`admin`, `agent`). `revoke` on=true: the key no longer works.
- `account` id, domain, name: it turns out to be another account.
- `add_agent` name, email, ...; `add_group` name; `add_field` label, type, choices, ..., table=`ticket_fields`;
  `edit_field` name, fields, table; `add_status` id, label.
- `add_rating` ticket_id, rating, feedback, created_at. `comment_rating` id, feedback: the customer says why, later.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any

from deskferry.errors import ConfigError
from deskferry.simulators.freshdesk import (
    attachments,
    companies,
    contacts,
    conversations,
    effects,
    field_admin,
    inserts,
    notes,
    provision,
    tickets,
)
from deskferry.simulators.freshdesk.account import Account, Settings
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.times import stamp

Change = Mapping[str, Any]


def apply(account: Account, change: Change) -> Any:
    """Carry out one operation; raises ConfigError for one that there is not."""
    work = OPERATIONS.get(str(change.get("op")))
    if work is None:
        raise ConfigError(f"The Freshdesk simulator has no operation {change.get('op')}.", "See patches.py for all.")
    account.version += 1
    return work(account, change)


def _edit_ticket(account: Account, change: Change) -> None:
    row = account.tables["tickets"][change["id"]]
    row.update(_merged(row, change["fields"]))
    if change.get("touch"):
        account.touch(row)
    tickets.put(account, row)


def _merged(row: Row, given: Mapping[str, Any]) -> Row:
    values = dict(given)
    if "custom_fields" in values:
        values["custom_fields"] = {**row["custom_fields"], **values["custom_fields"]}
    return values


def _edit_conversation(account: Account, change: Change) -> None:
    account.tables["conversations"][change["id"]].update(change["fields"])


def _edit_contact(account: Account, change: Change) -> None:
    row = account.tables["contacts"][change["id"]]
    row.update(_merged(row, change["fields"]))
    if change.get("touch", True):
        account.touch(row)
    contacts.register(account, row)


def _edit_company(account: Account, change: Change) -> None:
    row = account.tables["companies"][change["id"]]
    row.update(_merged(row, change["fields"]))
    if change.get("touch", True):
        account.touch(row)
    companies.index(account, row)


def _corrupt(account: Account, change: Change) -> None:
    row = account.tables["attachments"][change["id"]]
    data = bytearray(account.blobs.get(row["_sha256"]) or b"\0")
    data[-1] ^= 0xFF
    row["_sha256"] = account.blobs.put(bytes(data))


def _add_note(account: Account, change: Change) -> int:
    names = ("body", "private", "incoming", "user_id", "created_at", "updated_at", "source")
    values = {"private": change["op"] == "add_note", **{name: change[name] for name in names if name in change}}
    values.setdefault("source", notes.NOTE if change["op"] == "add_note" else notes.REPLY)
    if "created_at" in values:
        values.setdefault("updated_at", values["created_at"])
    values.setdefault("user_id", next(iter(account.tables["agents"])))
    ticket = account.tables["tickets"][change["ticket_id"]]
    note_id: int = notes.add(account, ticket, values)["id"]
    if change.get("touch", True):
        tickets.touch(account, ticket)
    return note_id


def _customer_reply(account: Account, change: Change) -> int:
    ticket = account.tables["tickets"][change["ticket_id"]]
    values: Row = {"body": change["body"], "incoming": True, "source": notes.REPLY}
    row = notes.add(account, ticket, {**values, "user_id": ticket["requester_id"]})
    tickets.touch(account, ticket)
    effects.conversation_added(account, ticket, row)
    conversations.reopen(account, ticket, row)
    note_id: int = row["id"]
    return note_id


def _add_inline_image(account: Account, change: Change) -> Row:
    data = base64.b64decode(change["data"])
    row = attachments.add_file(account, change["name"], change["content_type"], data)
    return {"id": row["id"], "url": attachments.inline_url(account, row)}


def archive(account: Account, days: int) -> None:
    """Archive the closed tickets that nobody touched for so many days."""
    limit = stamp(account.clock.now() - days * 86_400)
    mark = _mark_ticket(_archived=True)
    for row in list(account.tables["tickets"].values()):
        if row["status"] == 5 and row["updated_at"] < limit and not row["deleted"] and not row["spam"]:
            mark(account, {"id": row["id"]})


def _mark_ticket(**marks: Any) -> Callable[[Account, Change], None]:
    def mark(account: Account, change: Change) -> None:
        row = account.tables["tickets"][change["id"]]
        row.update(marks)
        if "_archived" in marks:
            account.tickets.drop(row["id"])
            account.tables["tickets"][row["id"]] = row
            account.note_search("tickets", row["id"], None)
            return
        tickets.touch(account, row)

    return mark


def _mark_contact(**marks: Any) -> Callable[[Account, Change], None]:
    def mark(account: Account, change: Change) -> None:
        row = account.tables["contacts"][change["id"]]
        row.update(marks)
        account.touch(row)
        contacts.register(account, row)

    return mark


def _settings(account: Account, change: Change) -> None:
    known = {field.name for field in dataclass_fields(Settings)} - {"plan"}
    wrong = set(change) - known - {"op"}
    if wrong:
        raise ConfigError(f"The Freshdesk simulator has no setting {', '.join(sorted(wrong))}.")
    for name in set(change) - {"op"}:
        setattr(account.settings, name, change[name])


def _identity(account: Account, change: Change) -> None:
    account.settings.account_id = change.get("id", account.settings.account_id)
    account.settings.domain = change.get("domain", account.settings.domain)
    account.settings.account_name = change.get("name", account.settings.account_name)


def _add_field(account: Account, change: Change) -> Row:
    given = {key: value for key, value in change.items() if key not in ("op", "table")}
    row = field_admin.add_field(account, change.get("table", "ticket_fields"), given)
    return {"id": row["id"], "name": row["name"]}


def _edit_field(account: Account, change: Change) -> None:
    rows = account.tables[change.get("table", "ticket_fields")].values()
    next(row for row in rows if row["name"] == change["name"]).update(change["fields"])


def _add_status(account: Account, change: Change) -> None:
    field = next(row for row in account.tables["ticket_fields"].values() if row["name"] == "status")
    field["choices"][str(change["id"])] = [change["label"], change.get("customer_label", change["label"])]


def _add_rating(account: Account, change: Change) -> int:
    ticket = account.tables["tickets"][change["ticket_id"]]
    row: Row = {"id": 0, "survey_id": 1, "user_id": ticket["requester_id"], "agent_id": ticket["responder_id"]}
    row |= {"feedback": change.get("feedback"), "group_id": ticket["group_id"], "ticket_id": ticket["id"]}
    row |= {"ratings": {"default_question": change["rating"]}}
    if "created_at" in change:
        row |= {"created_at": change["created_at"], "updated_at": change["created_at"]}
    rating_id: int = account.add("satisfaction_ratings", row)["id"]
    return rating_id


def _comment_rating(account: Account, change: Change) -> None:
    row = account.tables["satisfaction_ratings"][change["id"]]
    row["feedback"] = change["feedback"]
    account.touch(row)


OPERATIONS: dict[str, Callable[[Account, Change], Any]] = {
    "edit_ticket": _edit_ticket,
    "edit_conversation": _edit_conversation,
    "edit_contact": _edit_contact,
    "edit_company": _edit_company,
    "corrupt_attachment": _corrupt,
    "add_note": _add_note,
    "add_reply": _add_note,
    "customer_reply": _customer_reply,
    "add_inline_image": _add_inline_image,
    "insert": inserts.insert,
    "delete_ticket": _mark_ticket(deleted=True),
    "spam_ticket": _mark_ticket(spam=True),
    "archive_ticket": _mark_ticket(_archived=True, status=5),
    "archive": lambda account, change: archive(account, change["days"]),
    "purge_ticket": lambda account, change: account.forget_ticket(change["id"]),
    "block_contact": _mark_contact(_blocked=True),
    "unblock_contact": _mark_contact(_blocked=False),
    "delete_contact": _mark_contact(deleted=True),
    "settings": _settings,
    "feature": lambda account, change: account.settings.features.update({change["name"]: change["on"]}),
    "set_role": lambda account, change: provision.set_role(account, change["role"]),
    "revoke": lambda account, change: setattr(account.settings, "revoked", change.get("on", True)),
    "account": _identity,
    "add_agent": lambda account, change: provision.add_agent(account, change)["id"],
    "add_group": lambda account, change: provision.add_group(account, change["name"])["id"],
    "add_field": _add_field,
    "edit_field": _edit_field,
    "add_status": _add_status,
    "add_rating": _add_rating,
    "comment_rating": _comment_rating,
}


def snapshot(account: Account) -> dict[str, Any]:
    """Return every table as a list of records in order of id; files by their hash, no expiring links."""
    return {
        table: [_picture(account, row) for _, row in sorted(rows.items())]
        for table, rows in sorted(account.tables.items())
        if table not in ("jobs", "exports")
    }


def _picture(account: Account, row: Row) -> Row:
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    if "_sha256" in row:
        shown["sha256"] = row["_sha256"]
    if "_files" in row:
        files = [account.tables["attachments"][row_id] for row_id in row["_files"]]
        shown["attachments"] = [{"id": f["id"], "name": f["name"], "sha256": f["_sha256"]} for f in files]
    for private, public in (("_choices", "choices"), ("_levels", "dependent_fields"), ("_stats", "stats")):
        if private in row:
            shown[public] = row[private]
    for private in ("_associated", "_watchers", "_archived", "_translations", "_blocked"):
        if row.get(private):
            shown[private[1:]] = row[private]
    return shown
