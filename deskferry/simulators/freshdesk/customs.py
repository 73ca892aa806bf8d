"""Values of custom fields: their names, types, choices, and which of them a form demands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import DAY, FLAG, NUMBER, TEXT, WHOLE, Kind, mismatch
from deskferry.simulators.freshdesk.errors import Row, fault, invalid

INTEGER = Kind("Integer", lambda value: isinstance(value, int) and not isinstance(value, bool), WHOLE.of_text)
KINDS: Mapping[str, Kind] = {
    "custom_text": TEXT,
    "custom_paragraph": TEXT,
    "custom_checkbox": FLAG,
    "custom_number": INTEGER,
    "custom_decimal": NUMBER,
    "custom_dropdown": TEXT,
    "custom_date": DAY,
    "custom_url": TEXT,
    "custom_phone_number": TEXT,
    "nested_field": TEXT,
}
BLANK = "It should not be blank as this is a mandatory field"

# The ticket key that each default ticket field governs.
TICKET_KEYS = {
    "requester": "requester_id",
    "subject": "subject",
    "ticket_type": "type",
    "source": "source",
    "status": "status",
    "priority": "priority",
    "group": "group_id",
    "agent": "responder_id",
    "product": "product_id",
    "company": "company_id",
    "description": "description",
}


def blank_values(account: Account, table: str) -> Row:
    """Return the values of a record for which nothing was given."""
    known = account.blank_customs.get(table)
    if known is None:
        known = account.blank_customs[table] = _blank(account, table)
    return dict(known)


def _blank(account: Account, table: str) -> Row:
    values: Row = {}
    for row in account.fields(table, custom=True):
        values[row["name"]] = False if row["type"] == "custom_checkbox" else None
        values.update((level["name"], None) for level in row.get("_levels", ()))
    return values


def shown_values(account: Account, table: str, stored: Row) -> Row:
    """Return stored values with the fields that came later, without those that went."""
    blank = account.blank_customs.get(table) or blank_values(account, table)
    return {name: stored.get(name, value) for name, value in blank.items()}


def read_values(account: Account, table: str, given: Row, old: Row, *, is_form: bool = False) -> Row:
    """Return the new values of a record; raises for unknown names, wrong types and unknown choices."""
    definitions = _by_name(account, table)
    faults: list[Row] = []
    values = dict(old)
    for name, raw in given.items():
        path = f"custom_fields.{name}"
        field = definitions.get(name)
        if field is None:
            faults.append(fault(path, "Unexpected/invalid field in request", "invalid_field"))
            continue
        kind = KINDS[field["type"]]
        value = kind.of_text(raw) if is_form else raw
        if value is not None and not kind.fits(value):
            faults.append(mismatch(path, value, kind))
            continue
        faults.extend(_value_faults(field, path, value))
        values[name] = value
    faults.extend(_nested_faults(account, table, values, given))
    if faults:
        raise invalid(*faults)
    return values


def _value_faults(field: Row, path: str, value: Any) -> list[Row]:
    if value is None:
        return []
    if field["type"] == "custom_dropdown":
        allowed = [choice["value"] for choice in field["_choices"]]
        if value not in allowed:
            return [fault(path, f"It should be one of these values: '{','.join(allowed)}'")]
    if field["type"] in ("custom_text", "custom_url", "custom_phone_number") and len(value) > 255:
        return [fault(path, f"Has {len(value)} characters, it can have maximum of 255 characters")]
    return []


def _nested_faults(account: Account, table: str, values: Row, given: Row) -> list[Row]:
    faults: list[Row] = []
    for field in account.fields(table, custom=True):
        if field["type"] != "nested_field":
            continue
        names = [field["name"], *(level["name"] for level in field["_levels"])]
        if not any(name in given for name in names):
            continue
        choices = field["_choices"]
        for depth, name in enumerate(names):
            value = values.get(name)
            if value is None:
                if any(values.get(deeper) is not None for deeper in names[depth + 1 :]):
                    faults.append(fault(f"custom_fields.{name}", "It should not be blank when a deeper level is set"))
                break
            found = next((choice for choice in choices if choice["value"] == value), None)
            if found is None:
                allowed = ",".join(choice["value"] for choice in choices)
                faults.append(fault(f"custom_fields.{name}", f"It should be one of these values: '{allowed}'"))
                break
            choices = found["choices"]
    return faults


def demand_ticket_fields(account: Account, ticket: Row, *, closing: bool, given: Row | None = None) -> None:
    """Refuse a ticket that lacks what the form demands of agents, and, when closing, for closure.

    `given` are the values of an update, which need not repeat the default fields.
    """
    faults = []
    for field in account.fields("ticket_fields"):
        needed = field["required_for_agents"] or (closing and field["required_for_closure"])
        if not needed or field.get("section_mappings"):
            continue
        key = TICKET_KEYS.get(field["name"]) if field["default"] else None
        if key and given is not None and key not in given and not (closing and field["required_for_closure"]):
            continue
        value = ticket.get(key) if key else ticket["custom_fields"].get(field["name"])
        if value in (None, "", False) and (key or not field["default"]):
            faults.append(_demand(field, key or f"custom_fields.{field['name']}"))
    if faults:
        raise invalid(*faults)


def demand_custom(account: Account, table: str, values: Row) -> None:
    """Refuse a contact or company that lacks a custom field that is mandatory for agents."""
    faults = [
        _demand(field, f"custom_fields.{field['name']}")
        for field in account.fields(table, custom=True)
        if field["required_for_agents"] and values.get(field["name"]) in (None, "", False)
    ]
    if faults:
        raise invalid(*faults)


def _demand(field: Row, path: str) -> Row:
    if field["type"] == "custom_dropdown":
        allowed = ",".join(choice["value"] for choice in field["_choices"])
        return fault(path, f"It should be one of these values: '{allowed}'")
    return fault(path, BLANK, "missing_field")


def _by_name(account: Account, table: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in account.fields(table, custom=True):
        found[row["name"]] = row
        for level in row.get("_levels", ()):
            found[level["name"]] = {**level, "type": "nested_field", "_choices": []}
    return found
