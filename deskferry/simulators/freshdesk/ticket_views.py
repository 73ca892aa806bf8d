"""Tickets as the API shows them: in a list, alone, and with what `include` adds."""

from __future__ import annotations

from deskferry.simulators.freshdesk import attachments, customs
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.markup import plain

LISTED = (
    *("cc_emails", "fwd_emails", "reply_cc_emails", "ticket_cc_emails", "fr_escalated", "spam", "email_config_id"),
    *("group_id", "priority", "requester_id", "responder_id", "source", "company_id", "status", "subject"),
    *("association_type", "support_email", "to_emails", "product_id", "id", "type", "due_by", "fr_due_by"),
    *("is_escalated", "created_at", "updated_at", "tags", "internal_agent_id", "internal_group_id"),
    *("nr_due_by", "nr_escalated", "source_additional_info", "structured_description"),
)
STATS = (
    *("agent_responded_at", "requester_responded_at", "first_responded_at", "status_updated_at"),
    *("reopened_at", "resolved_at", "closed_at", "pending_since"),
)


def listed(account: Account, row: Row, include: list[str]) -> Row:
    """Return a ticket as lists show it: no description, no attachments."""
    shown = {key: row[key] for key in LISTED}
    shown["custom_fields"] = customs.shown_values(account, "ticket_fields", row["custom_fields"])
    shown["associated_tickets_count"] = len(row["_associated"]) or None
    if row["deleted"]:
        shown["deleted"] = True
    if "description" in include:
        shown["description"] = row["description"]
        shown["description_text"] = plain(row["description"])
    _embed(account, row, shown, include)
    return shown


def whole(account: Account, row: Row, include: list[str] | None = None) -> Row:
    """Return a ticket as a view of one shows it."""
    shown = listed(account, row, ["description", *(include or [])])
    shown["attachments"] = attachments.show(account, row["_files"])
    if row["association_type"]:
        shown["associated_tickets_list"] = list(row["_associated"])
    if row.get("_archived"):
        shown["archived"] = True
    return shown


def _embed(account: Account, row: Row, shown: Row, include: list[str]) -> None:
    if "stats" in include:
        shown["stats"] = {name: row["_stats"].get(name) for name in STATS}
    if "requester" in include:
        person = account.person(row["requester_id"]) or {}
        shown["requester"] = {name: person.get(name) for name in ("id", "name", "email", "mobile", "phone")}
    if "company" in include:
        company = account.tables["companies"].get(row["company_id"] or 0)
        shown["company"] = {"id": company["id"], "name": company["name"]} if company else {}


def associated(account: Account, ticket_id: int) -> Row:
    """Return the short form that association calls use."""
    row = account.get("tickets", ticket_id)
    names = ("id", "group_id", "priority", "requester_id", "responder_id", "source", "company_id", "status")
    more = ("subject", "product_id", "type", "due_by", "fr_due_by", "is_escalated", "created_at", "updated_at")
    return {name: row[name] for name in (*names, *more)}
