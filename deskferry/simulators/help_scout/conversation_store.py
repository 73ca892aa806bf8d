"""How conversations and their threads are kept: counts, previews, folders, what the indexes know, what moves when."""

from __future__ import annotations

import html
import re
from typing import Any

from deskferry.simulators.help_scout import people
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row

PREVIEW = 185
_TAGS = re.compile(r"<[^>]+>")
_SPACE = re.compile(r"\s+")
BLANK: Row = {
    "type": "email",
    "status": "active",
    "state": "published",
    "subject": "",
    "closedBy": 0,
    "closedAt": None,
    "_assignee": None,
    "_creator": None,
    "_customer": None,
    "_merged_into": None,
    "_merged_at": None,
    "_snooze": None,
    "_waiting": None,
    "_preview": "",
}
BLANK_THREAD: Row = {
    "type": "customer",
    "status": "nochange",
    "state": "published",
    "action": None,
    "body": "",
    "savedReplyId": None,
    "openedAt": None,
    "linkedConversationId": None,
    "scheduled": None,
    "_customer": None,
    "_creator": None,
    "_assigned": None,
    "_rating": None,
    "_original": None,
    "_dropped": False,
}


def add(account: Account, values: Row) -> Row:
    """Store a conversation without threads; its number is the account's next one unless it is given."""
    moment = values.get("createdAt") or account.now()
    row: Row = {**BLANK, "cc": [], "bcc": [], "_tags": [], "_fields": {}, "_threads": []}
    row |= {"source": {"type": "api", "via": "user"}, "createdAt": moment, "userUpdatedAt": moment, **values}
    row["id"] = row.get("id") or account.new_id("conversations")
    row["number"] = row.get("number") or account.next_number("conversations")
    row.setdefault("_modified", moment)
    account.tables["conversations"][row["id"]] = row
    if row["_customer"] is not None:
        account.of_customer[row["_customer"]].add(row["id"])
    return row


def add_thread(account: Account, row: Row, values: Row) -> Row:
    """Append a thread; nothing else moves."""
    thread: Row = {**BLANK_THREAD, "to": [], "cc": [], "bcc": [], "_files": []}
    thread |= {"source": {"type": "api", "via": "user"}, "createdAt": account.now(), **values}
    thread["id"] = thread.get("id") or account.new_id("threads")
    row["_threads"].append(thread)
    account.thread_at[thread["id"]] = row["id"]
    if counts(thread):
        row["_preview"] = plain(thread["body"])[:PREVIEW]
    return thread


def keep(account: Account, row: Row, *, moved: bool = True, at: str | None = None) -> None:
    """Note a change: the indexes learn of it, and the internal time of change moves unless `moved` is false."""
    if moved:
        row["_modified"] = at or account.now()
    row["folderId"] = folder_of(account, row)
    shown = row["state"] != "deleted" and row["_merged_into"] is None
    account.index("conversations", row["id"], document(account, row) if shown else None)


def by_user(account: Account, row: Row, at: str | None = None) -> None:
    """Note that a user did something, which moves the only time of change that the API shows."""
    row["userUpdatedAt"] = at or account.now()
    keep(account, row, at=at)


def counts(thread: Row) -> bool:
    """Say whether a thread is in the declared count.

    "It does not include line items, drafts or threads held for review": so the vendor of `threadCount`, the count of
    its webhooks and first API. That hidden ones are left out too is our reading of "published".
    """
    return bool(thread["type"] != "lineitem" and thread["state"] == "published")


def declared(row: Row) -> int:
    """Return the count of threads that a conversation declares, dropped ones included."""
    return sum(1 for thread in row["_threads"] if counts(thread))


def newest_first(row: Row) -> list[Row]:
    """Return the threads of a conversation as the vendor lists them, those that are dropped too."""
    return sorted(row["_threads"], key=lambda thread: (thread["createdAt"], thread["id"]), reverse=True)


def plain(body: str | None) -> str:
    """Return a text without its markup, in one line."""
    return _SPACE.sub(" ", html.unescape(_TAGS.sub(" ", body or ""))).strip()


def preview(row: Row) -> str:
    """Return the beginning of the newest published thread."""
    text: str = row["_preview"]
    return text


def folder_of(account: Account, row: Row) -> int:
    """Return the folder in which a conversation lies: derived, never chosen."""
    kind = "unassigned" if row["_assignee"] is None else "assigned"
    if row["status"] in ("closed", "spam"):
        kind = row["status"]
    if row["state"] == "draft":
        kind = "drafts"
    folders: dict[str, int] = account.tables["mailboxes"].get(row["mailboxId"], {}).get("_folders", {})
    return folders.get(kind, 0)


def field_values(account: Account, row: Row) -> list[Row]:
    """Return the custom values: of a dropdown the value is the option's id as text, and the text its label."""
    found: list[Row] = []
    for field_id, value in row["_fields"].items():
        field = account.tables["fields"].get(field_id)
        if field is None or field["_mailbox"] != row["mailboxId"]:
            continue
        labels = {str(option["id"]): option["label"] for option in field["options"]}
        found.append({"id": field_id, "name": field["name"], "value": value, "text": labels.get(value, value)})
    return found


def document(account: Account, row: Row) -> Row:
    """Return what lists and search know of a conversation."""
    customer = account.tables["customers"].get(row["_customer"]) if row["_customer"] is not None else None
    tags = account.tables["tags"]
    found: dict[str, Any] = {name: row[name] for name in ("id", "number", "status", "state", "mailboxId", "folderId")}
    found |= {"subject": row["subject"] or "", "createdAt": row["createdAt"], "modifiedAt": row["_modified"]}
    found |= {"assigned": row["_assignee"], "customerIds": row["_customer"], "fields": dict(row["_fields"])}
    found["tag"] = [tags[tag_id]["name"] for tag_id in row["_tags"] if tag_id in tags]
    found["email"] = (people.first_email(customer) if customer else None) or ""
    found["customerName"] = f"{customer['lastName']} {customer['firstName']}" if customer else ""
    found |= {"waitingSince": row["_waiting"][0] if row["_waiting"] else "", "score": row["number"]}
    return found
