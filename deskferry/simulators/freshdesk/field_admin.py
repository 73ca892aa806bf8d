"""Field definitions: reading them in their several shapes, and the administrator's changes."""

from __future__ import annotations

import re
from typing import Any

from deskferry.simulators.freshdesk import customs
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import FLAG, HASHES, TEXT, WHOLE, fields, one_of
from deskferry.simulators.freshdesk.errors import Row, denied, fault, invalid
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

TICKET_SPEC = fields(
    {
        FLAG: "customers_can_edit displayed_to_customers required_for_closure required_for_agents "
        "required_for_customers",
        TEXT: "label_for_customers label type",
        WHOLE: "position",
        HASHES: "choices dependent_fields section_mappings",
    },
)
PERSON_SPEC = fields(
    {
        TEXT: "label label_for_customers type",
        WHOLE: "position",
        FLAG: "editable_in_signup required_for_agents agents_can_edit displayed_for_agents quick_add_for_agent unique "
        "customers_can_edit required_for_customers displayed_for_customers",
        HASHES: "choices",
    },
)
NEEDED = {"contact_fields": ("label", "label_for_customers", "type")}
COMPANY_SPEC = {
    name: kind for name, kind in PERSON_SPEC.items() if "customers" not in name and name != "editable_in_signup"
}
SPECS = {"ticket_fields": TICKET_SPEC, "contact_fields": PERSON_SPEC, "company_fields": COMPANY_SPEC}
MOST_CHOICES = 100


def add_field(account: Account, table: str, given: Row) -> Row:
    """Store a custom field; its name comes from its label."""
    count = len(account.tables[table])
    row: Row = {"id": account.new_id(table), "name": given.get("name") or _name(account, table, given["label"])}
    row |= {"label": given["label"], "type": given["type"], "position": count + 1, "default": False}
    row |= {name: False for name, kind in SPECS[table].items() if kind is FLAG}
    if table != "company_fields":
        row["label_for_customers"] = given["label"]
    if table == "ticket_fields":
        row |= {"description": "", "archived": False, "customers_can_edit": True, "displayed_to_customers": True}
    else:
        row |= {"agents_can_edit": True, "displayed_for_agents": True}
    left_out = ("choices", "dependent_fields", "label", "name")
    row |= {key: value for key, value in given.items() if key not in left_out}
    if given["type"] in ("custom_dropdown", "nested_field"):
        row["_choices"] = _choices(account, given.get("choices") or [], row["id"])
    if given["type"] == "nested_field":
        row["_levels"] = [_level(account, table, level, row["id"]) for level in given.get("dependent_fields") or ()]
    account.blank_customs.pop(table, None)
    return account.add(table, row)


def _name(account: Account, table: str, label: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_") or "field"
    name = f"cf_{slug}" if table == "ticket_fields" else slug
    taken = {row["name"] for row in account.tables[table].values()}
    taken |= {level["name"] for row in account.tables[table].values() for level in row.get("_levels", ())}
    if name in taken and table != "ticket_fields":
        name = f"custom_{slug}"
    return f"{name}{account.new_id('name_suffix') + 297_456}" if name in taken else name


def _level(account: Account, table: str, given: Row, parent: int) -> Row:
    moment = account.now()
    row: Row = {"id": account.new_id(table), "name": _name(account, table, given["label"]), "label": given["label"]}
    row |= {"label_for_customers": given.get("label_for_customers") or given["label"], "level": given.get("level", 2)}
    return row | {"ticket_field_id": parent, "created_at": moment, "updated_at": moment}


def _choices(account: Account, given: list[Any], parent: int) -> list[Row]:
    rows = []
    for position, item in enumerate(given, 1):
        value = item if isinstance(item, str) else str(item["value"])
        row: Row = {"id": account.new_id("choices"), "position": position, "value": value, "parent_choice_id": parent}
        deeper = [] if isinstance(item, str) else item.get("choices") or []
        rows.append(row | {"choices": _choices(account, deeper, row["id"])})
    return rows


def plain_view(account: Account, row: Row) -> Row:
    """Return a ticket field as agents read it: the shape of `choices` goes by the type."""
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    people = {"default_group": "groups", "default_product": "products"}
    if row["type"] in people:
        shown["choices"] = {item["name"]: item["id"] for item in account.tables[people[row["type"]]].values()}
    elif row["type"] == "default_agent":
        shown["choices"] = {a["contact"]["name"]: a["id"] for a in account.tables["agents"].values()}
    elif row["type"] == "custom_dropdown":
        shown["choices"] = [choice["value"] for choice in row["_choices"]]
    elif row["type"] == "nested_field":
        shown["choices"] = [_nested(choice) for choice in row["_choices"]]
        shown["nested_ticket_fields"] = [
            {("label_in_portal" if key == "label_for_customers" else key): value for key, value in level.items()}
            for level in row["_levels"]
        ]
    return shown


def _nested(choice: Row) -> Any:
    deeper = choice["choices"]
    return {choice["value"]: [_nested(item) if item["choices"] else item["value"] for item in deeper]}


def admin_view(row: Row, *, in_list: bool = False) -> Row:
    """Return a ticket field as administrators read it: choices with ids, none in lists."""
    shown = {key: value for key, value in row.items() if key[0] != "_" and key != "choices"}
    if "_levels" in row:
        shown["dependent_fields"] = row["_levels"]
    if row.get("_sections"):
        shown["has_section"] = True
    if not in_list and "_choices" in row:
        shown["choices"] = row["_choices"]
    return shown


def person_view(row: Row) -> Row:
    """Return a contact or company field."""
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    if "_choices" in row:
        names = ("id", "value", "position")
        shown["choices"] = [{"label": c["value"], **{name: c[name] for name in names}} for c in row["_choices"]]
    return shown


def create(call: Call, table: str, path: str) -> SimResponse:
    """Create a custom field."""
    account = call.account
    values = call.values(SPECS[table], NEEDED.get(table, ("label", "type")))
    one_of("type", values["type"], tuple(customs.KINDS))
    if values["type"] in ("custom_dropdown", "nested_field") and not values.get("choices"):
        raise invalid(fault("choices", customs.BLANK, "missing_field"))
    if any(not isinstance(item.get("value"), str) for item in values.get("choices") or ()):
        raise invalid(fault("choices", "Each choice must have a value", "missing_field"))
    row = add_field(account, table, values)
    return created(call, path, admin_view(row) if table == "ticket_fields" else person_view(row))


def update(call: Call, table: str) -> SimResponse:
    """Change a field; choices with an id change, `deleted` go, those without an id come."""
    account = call.account
    row = account.get(table, call.id)
    values = call.values(SPECS[table])
    if "type" in values and values["type"] != row["type"]:
        raise invalid(fault("type", "It cannot be changed", "readonly_field"))
    if values.get("choices") is not None:
        if "_choices" not in row:
            raise invalid(fault("choices", "The field has no choices of its own", "invalid_field"))
        _change_choices(account, row, values.pop("choices"))
    if "dependent_fields" in values:
        raise invalid(fault("dependent_fields", "It cannot be changed", "readonly_field"))
    row.update({key: value for key, value in values.items() if value is not None})
    account.touch(row)
    return json_response(admin_view(row) if table == "ticket_fields" else person_view(row))


def _change_choices(account: Account, row: Row, given: list[Row]) -> None:
    known = {choice["id"]: choice for choice in row["_choices"]}
    for item in given:
        choice = known.get(item.get("id", 0))
        if "id" in item and choice is None:
            raise invalid(fault("choices", "There is no choice with this id"))
        if choice is None:
            row["_choices"] += _choices(account, [item], row["id"])
        elif item.get("deleted"):
            row["_choices"].remove(choice)
        else:
            choice["value"] = item.get("value", choice["value"])
    for position, choice in enumerate(row["_choices"], 1):
        choice["position"] = position
    if len(given) > MOST_CHOICES:
        row["field_update_in_progress"] = True
        account.later(account.settings.job_delay, lambda: row.pop("field_update_in_progress", None) and None)


def delete(call: Call, table: str) -> SimResponse:
    """Delete a custom field and its values, for good."""
    if call.account.get(table, call.id)["default"]:
        raise denied("access_denied", "A default field cannot be deleted.")
    del call.account.tables[table][call.id]
    call.account.blank_customs.pop(table, None)
    call.account.version += 1
    return empty()


def ticket_fields(call: Call) -> SimResponse:
    """Return all ticket fields, or those of a type."""
    kind = call.query("type").get("type")
    rows = [row for row in call.account.fields("ticket_fields") if kind in (None, row["type"])]
    return json_response([plain_view(call.account, row) for row in rows])


def admin_list(call: Call) -> SimResponse:
    """Return all ticket fields as administrators read them."""
    call.query("include")
    rows = list(call.account.fields("ticket_fields"))
    return json_response([_with_sections(call, admin_view(row, in_list=True), row) for row in rows])


def admin_one(call: Call) -> SimResponse:
    """Return one ticket field with its choices."""
    row = call.account.get("ticket_fields", call.id)
    return json_response(_with_sections(call, admin_view(row), row))


def _with_sections(call: Call, shown: Row, row: Row) -> Row:
    if call.request.param("include") == "section" and row.get("_sections"):
        shown["sections"] = list(row["_sections"].values())
    return shown


def _person_routes(plural: str) -> list[Route]:
    singular = plural.removesuffix("s")
    routes = [
        Route("GET", f"/{plural}", lambda call: paged(call, list(call.account.fields(plural)), person_view)),
        Route("POST", f"/{plural}", lambda call: create(call, plural, f"/{plural}"), admin=True),
    ]
    for name in (plural, singular):
        path = f"/{name}/{{id}}"
        routes += [
            Route("GET", path, lambda call: json_response(person_view(call.account.get(plural, call.id)))),
            Route("PUT", path, lambda call: update(call, plural), admin=True),
            Route("DELETE", path, lambda call: delete(call, plural), admin=True),
        ]
    return routes


ROUTES = (
    Route("GET", "/ticket_fields", ticket_fields),
    Route("GET", "/admin/ticket_fields", admin_list, admin=True),
    Route(
        "POST", "/admin/ticket_fields", lambda call: create(call, "ticket_fields", "/admin/ticket_fields"), admin=True
    ),
    Route("GET", "/admin/ticket_fields/{id}", admin_one, admin=True),
    Route("PUT", "/admin/ticket_fields/{id}", lambda call: update(call, "ticket_fields"), admin=True),
    Route("DELETE", "/admin/ticket_fields/{id}", lambda call: delete(call, "ticket_fields"), admin=True),
    *_person_routes("contact_fields"),
    *_person_routes("company_fields"),
)
