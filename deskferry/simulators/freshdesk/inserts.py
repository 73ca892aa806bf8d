"""Records put in as they are, with their own times and no effects: how a history comes to be."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from deskferry.simulators.freshdesk import attachments, clockwork, companies, contacts, customs, notes, tickets
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row


def insert(account: Account, change: Mapping[str, Any]) -> int:
    """Store one record of a kind; return its id."""
    values = dict(change["fields"])
    row_id: int = _KINDS[change["kind"]](account, values, _files(account, change))["id"]
    return row_id


def _files(account: Account, change: Mapping[str, Any]) -> list[int]:
    return [
        attachments.add_file(account, item["name"], item["content_type"], base64.b64decode(item["data"]))["id"]
        for item in change.get("files", ())
    ]


def _company(account: Account, values: Row, files: list[int]) -> Row:
    del files
    row: Row = {"id": 0, **dict.fromkeys(("name", "description", "note", *companies.CHOICES, "renewal_date"))}
    row |= {"domains": [], **values}
    row["custom_fields"] = {**customs.blank_values(account, "company_fields"), **values.get("custom_fields", {})}
    account.add("companies", row)
    companies.index(account, row)
    return row


def _contact(account: Account, values: Row, files: list[int]) -> Row:
    given = {**customs.blank_values(account, "contact_fields"), **values.get("custom_fields", {})}
    row = {**values, "custom_fields": given}
    return contacts.add(account, {**row, "_avatar": files[0]} if files else row)


def _ticket(account: Account, values: Row, files: list[int]) -> Row:
    row: Row = {"id": 0, **tickets.BLANK, "_watchers": [], "_associated": [], "_accesses": [], "_stats": {}}
    row |= {name: [] for name in ("cc_emails", "fwd_emails", "reply_cc_emails", "ticket_cc_emails", "tags")}
    row |= {"_files": files, "_due_given": "due_by" in values} | {k: v for k, v in values.items() if v is not None}
    row["custom_fields"] = {**customs.blank_values(account, "ticket_fields"), **values.get("custom_fields", {})}
    row["_stats"] = dict(row.pop("stats", {}))
    if "created_at" in row:
        row.setdefault("updated_at", row["created_at"])
    account.add("tickets", row)
    account.keep_above("tickets", row["id"])
    if row["company_id"] is None:
        row["company_id"] = (account.person(row["requester_id"]) or {}).get("company_id")
    if not row["_stats"]:
        clockwork.status_set(account, row, None)
    if not row["_due_given"]:
        clockwork.fill_due(account, row)
    tickets.put(account, row)
    return row


def _conversation(account: Account, values: Row, files: list[int]) -> Row:
    ticket = account.tables["tickets"][values["ticket_id"]]
    if "created_at" in values:
        values.setdefault("updated_at", values["created_at"])
    return notes.add(account, ticket, {"_files": files, **values})


_KINDS = {"company": _company, "contact": _contact, "ticket": _ticket, "conversation": _conversation}
