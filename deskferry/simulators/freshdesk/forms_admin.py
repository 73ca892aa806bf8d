"""Sections of ticket fields, and ticket forms."""

from __future__ import annotations

import re

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, HASHES, TEXT, WHOLES, fields
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, denied, fault, invalid, no_match, not_found
from deskferry.simulators.freshdesk.field_admin import plain_view
from deskferry.simulators.freshdesk.routing import Call, Route, empty
from deskferry.simulators.kernel import SimResponse, json_response

SECTION = fields({TEXT: "label", WHOLES: "choice_ids"})
FORM = fields({TEXT: "title description", HASHES: "fields", ANY: "portals"})
FIELD_KEYS = (
    *("label_for_customers", "customers_can_edit", "required_for_customers", "hint_for_customers"),
    *("placeholder_for_customers", "displayed_to_customers", "position"),
)


def sections(call: Call) -> SimResponse:
    """Read or add to the sections of a field."""
    account = call.account
    field = account.get("ticket_fields", call.id)
    known: dict[int, Row] = field.setdefault("_sections", {})
    if call.request.method == "POST":
        values = call.values(SECTION, ("label", "choice_ids"))
        if set(values["choice_ids"]) - {choice["id"] for choice in field.get("_choices", ())}:
            raise no_match("choice_ids", "choice")
        row: Row = {"id": account.new_id("sections"), **values, "parent_ticket_field_id": field["id"]}
        known[row["id"]] = {**row, "ticket_field_ids": [], "is_fsm": False}
    return json_response({"sections": _listed(account, known)}, 201 if call.request.method == "POST" else 200)


def _listed(account: Account, known: dict[int, Row]) -> list[Row]:
    for row in known.values():
        row["ticket_field_ids"] = [
            field["id"]
            for field in account.fields("ticket_fields")
            if any(item.get("section_id") == row["id"] for item in field.get("section_mappings") or ())
        ]
    return list(known.values())


def section(call: Call) -> SimResponse:
    """Read, change or delete one section."""
    known: dict[int, Row] = call.account.get("ticket_fields", call.id).get("_sections", {})
    row = known.get(int(call.args[1]))
    if row is None:
        raise not_found()
    if call.request.method == "DELETE":
        del known[row["id"]]
        return empty()
    if call.request.method == "PUT":
        row.update(call.values(SECTION))
    _listed(call.account, known)
    return json_response({"section": row})


def _forms(account: Account) -> dict[int, Row]:
    table = account.tables["ticket_forms"]
    if not table:
        shown = [row for row in account.fields("ticket_fields") if row["displayed_to_customers"]]
        row: Row = {"id": 0, "name": "default_form", "title": "Default form", "default": True, "description": None}
        row |= {"last_updated_by": next(iter(account.tables["agents"])), "portals": []}
        made = next(account.fields("ticket_fields"))["created_at"]
        row |= {"created_at": made, "updated_at": made}
        account.add("ticket_forms", {**row, "_fields": [{"id": field["id"]} for field in shown]})
    return table


def _view(account: Account, row: Row) -> Row:
    listed = []
    for position, given in enumerate(row["_fields"], 1):
        field = account.tables["ticket_fields"].get(given["id"])
        if field is None:
            continue
        shown = {**plain_view(account, field), "position": position, "hint_for_customers": None, **given}
        for name in ("created_at", "updated_at"):
            shown[name] = field[name].replace("T", " ").removesuffix("Z")
        listed.append(shown)
    return {key: value for key, value in row.items() if key[0] != "_"} | {"fields": listed}


def forms(call: Call) -> SimResponse:
    """Return all forms, without their fields."""
    rows = _forms(call.account).values()
    return json_response([{key: value for key, value in row.items() if key[0] != "_"} for row in rows])


def write_form(call: Call) -> SimResponse:
    """Create or replace a form; requester and company belong to each."""
    account = call.account
    values = call.values(FORM, ("title", "fields"))
    table = account.tables["ticket_fields"]
    names = {table[item["id"]]["name"] for item in values["fields"] if item.get("id") in table}
    if not {"requester", "company"} <= names:
        raise invalid(fault("fields", "The fields requester and company are mandatory", "missing_field"))
    if any(set(item) - {"id", *FIELD_KEYS} for item in values["fields"]):
        raise invalid(fault("fields", "Unexpected/invalid field in request", "invalid_field"))
    if any("label_for_customers" not in item for item in values["fields"]):
        raise invalid(fault("fields[label_for_customers]", BLANK, "missing_field"))
    content = {"title": values["title"], "description": values.get("description"), "_fields": values["fields"]}
    content["last_updated_by"] = call.caller["id"]
    if call.request.method == "POST":
        name = re.sub(r"[^a-z0-9]+", "_", values["title"].lower()).strip("_")
        _forms(account)
        row = account.add("ticket_forms", {"id": 0, "name": name, "default": False, "portals": [], **content})
        return json_response(_view(account, row), 201)
    row = _form(call)
    row.update(content)
    account.touch(row)
    return json_response(_view(account, row))


def _form(call: Call) -> Row:
    row = _forms(call.account).get(call.id)
    if row is None:
        raise not_found()
    return row


def form(call: Call) -> SimResponse:
    """Read or delete a form; the default one stays."""
    row = _form(call)
    if call.request.method == "DELETE":
        if row["default"]:
            raise denied("access_denied", "The default form cannot be deleted.")
        del call.account.tables["ticket_forms"][row["id"]]
        return empty()
    return json_response(_view(call.account, row))


ROUTES = (
    *(Route(method, "/admin/ticket_fields/{id}/sections", sections, admin=True) for method in ("GET", "POST")),
    *(
        Route(method, "/admin/ticket_fields/{id}/sections/{id}", section, admin=True)
        for method in ("GET", "PUT", "DELETE")
    ),
    Route("GET", "/ticket-forms", forms, admin=True),
    Route("POST", "/ticket-forms", write_form, admin=True),
    Route("PUT", "/ticket-forms/{id}", write_form, admin=True),
    *(Route(method, "/ticket-forms/{id}", form, admin=True) for method in ("GET", "DELETE")),
)
