"""Stored conversations: kept, shown, in order."""

from __future__ import annotations

from deskferry.simulators.freshdesk import attachments, clockwork, markup
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row

REPLY, NOTE, FORWARD = 0, 2, 8


def show(account: Account, row: Row) -> Row:
    """Return a conversation as lists show it."""
    shown = {key: value for key, value in row.items() if key[0] != "_" and key != "deleted"}
    shown["body_text"] = markup.plain(row["body"])
    shown["attachments"] = attachments.show(account, row["_files"])
    return shown


def add(account: Account, ticket: Row, values: Row) -> Row:
    """Store a conversation on a ticket; no effect follows from this alone."""
    row: Row = {"body": "", "id": 0, "incoming": False, "private": False, "user_id": None, "support_email": None}
    row |= {"source": NOTE, "category": 2, "ticket_id": ticket["id"], "structured_body": None}
    row |= {name: [] for name in ("to_emails", "cc_emails", "bcc_emails")}
    row |= dict.fromkeys(("from_email", "email_failure_count", "outgoing_failures", "thread_id", "thread_message_id"))
    row |= dict.fromkeys(("last_edited_at", "last_edited_user_id", "source_additional_info"))
    row |= {"_files": [], **values}
    account.add("conversations", row)
    account.notes_of[ticket["id"]].append(row["id"])
    clockwork.answered(ticket, row)
    return row


def of_ticket(account: Account, ticket_id: int) -> list[Row]:
    """Return the stored conversations of a ticket in order of creation."""
    table = account.tables["conversations"]
    return sorted((table[i] for i in account.notes_of.get(ticket_id, ())), key=lambda n: (n["created_at"], n["id"]))
