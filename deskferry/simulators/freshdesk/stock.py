"""A Freshdesk that holds what an account has: agents, groups, contacts, companies, custom fields, under its ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskferry.simulators.freshdesk import agents, companies, contacts, field_admin, groups
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.desk import FreshdeskDesk
from deskferry.simulators.kernel import SimClock

if TYPE_CHECKING:
    from deskferry.simulators.stock import Row, Stock

TABLES = {"ticket": "ticket_fields", "person": "contact_fields", "organization": "company_fields"}
TYPES = {
    "text": "custom_text",
    "textarea": "custom_paragraph",
    "number": "custom_number",
    "decimal": "custom_decimal",
    "boolean": "custom_checkbox",
    "date": "custom_date",
    "select": "custom_dropdown",
}


def filled(stock: Stock, clock: SimClock) -> FreshdeskDesk:
    """Return the desk, with notifications and rules on; what it cannot take (custom statuses, products) is left out."""
    desk = FreshdeskDesk(clock, setup="source")
    account = desk.account
    for row in stock.companies:
        _company(account, row)
    for row in stock.agents:
        _agent(account, row)
    for row in stock.contacts:
        _contact(account, row)
    members = list(account.tables["agents"])
    for row in stock.groups:
        account.keep_above("groups", int(row["id"]))
        groups.add(account, {"id": int(row["id"]), "name": row.get("name"), "agent_ids": members})
    for row in stock.fields:
        _field(account, row)
    return desk


def _agent(account: Account, row: Row) -> None:
    """Store an agent; the owner of the key is there already."""
    if not row.get("email") or int(row["id"]) in account.tables["agents"]:
        return
    account.keep_above("contacts", int(row["id"]))
    person = {"name": row.get("name"), "email": row["email"], "active": True}
    agents.add(account, {}, person, user_id=int(row["id"]))


def _company(account: Account, row: Row) -> None:
    account.keep_above("companies", int(row["id"]))
    made: dict[str, Any] = {"id": int(row["id"]), "name": row.get("name") or str(row["id"]), "custom_fields": {}}
    made |= dict.fromkeys(("description", "note", *companies.CHOICES, "renewal_date"))
    made["domains"] = [str(one).lower() for one in row.get("domains") or ()]
    account.add("companies", made)
    companies.index(account, made)


def _contact(account: Account, row: Row) -> None:
    if int(row["id"]) in account.tables["agents"]:
        return
    account.keep_above("contacts", int(row["id"]))
    company = row.get("company_id")
    known = company is not None and int(company) in account.tables["companies"]
    values = {
        "name": row.get("name"),
        "email": row.get("email"),
        "phone": row.get("phone"),
        "unique_external_id": row.get("external_id"),
        "company_id": int(str(company)) if known else None,
    }
    contacts.add(account, values, contact_id=int(row["id"]))


def _field(account: Account, row: Row) -> None:
    table = TABLES.get(str(row.get("of")))
    kind = TYPES.get(str(row.get("type")))
    if table is None or kind is None or any(one["name"] == row["key"] for one in account.tables[table].values()):
        return
    given = {"name": row["key"], "label": row.get("label") or row["key"], "type": kind}
    if kind == "custom_dropdown":
        given["choices"] = [str(one) for one in row.get("options") or ()]
    field_admin.add_field(account, table, given)
