"""Writing custom fields of tickets, users and organizations, and the options of lists."""

from __future__ import annotations

import re
from typing import Any, Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import payloads
from deskferry.simulators.zendesk.config_routes import one_of
from deskferry.simulators.zendesk.custom_values import nothing_of
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import tags_of
from deskferry.simulators.zendesk.routing import Call, Handler, Route
from deskferry.simulators.zendesk.state import Record, State

_TICKET: Final = frozenset(
    [
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "partialcreditcard",
        "multiselect",
        "tagger",
        "lookup",
    ]
)
_KEYED: Final = frozenset(
    [
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "currency",
        "regexp",
        "dropdown",
        "multiselect",
        "lookup",
    ]
)
_LISTS: Final = ("tagger", "dropdown", "multiselect")
_KEY: Final = re.compile(r"^(?!\d+$)\w+$", re.ASCII)
_COMMON: Final = (
    *("title", "description", "position", "active", "regexp_for_validation", "tag", "relationship_target_type"),
    *("required", "collapsed_for_agents", "title_in_portal", "visible_in_portal", "editable_in_portal"),
    *("required_in_portal", "agent_description", "raw_title", "raw_description"),
)
_KNOWN: Final = frozenset({*_COMMON, "type", "key", "custom_field_options", "sub_type_id"})
MOST_OPTIONS: Final = 2000


def create(name: str) -> Handler:
    """Return the handler of `POST` on a list of fields."""

    def handler(call: Call) -> SimResponse:
        given = payloads.envelope(call, one_of(name))
        record = _new(call.state, name, given)
        call.state.lists.setdefault(name, []).append(record)
        removed = payloads.dropped(given, _KNOWN)
        return payloads.answered({one_of(name): record}, 201, removed, Location=record["url"])

    return handler


def _new(state: State, name: str, given: Record) -> Record:
    kinds = _TICKET if name == "ticket_fields" else _KEYED
    kind = str(given.get("type") or "text")
    if kind not in kinds:
        raise record_invalid(type=problem(f"Type: {kind} is not valid"))
    title = str(given.get("title") or "").strip()
    if not title:
        raise record_invalid(title=problem("Title: cannot be blank", "BlankValue"))
    identifier, now = state.new_id("field"), iso(state.now())
    record: Record = {
        "url": f"{state.host}/api/v2/{name}/{identifier}.json",
        "id": identifier,
        "created_at": now,
        "updated_at": now,
        "type": kind,
        "title": title,
        "raw_title": title,
        "description": str(given.get("description") or ""),
        "raw_description": str(given.get("description") or ""),
        "position": int(given.get("position") or 9999),
        "active": bool(given.get("active", True)),
        "regexp_for_validation": given.get("regexp_for_validation"),
        "tag": given.get("tag"),
    }
    record |= _ticket_part(given, title) if name == "ticket_fields" else _keyed_part(state, name, given)
    if kind in _LISTS:
        record["custom_field_options"] = _options(state, given.get("custom_field_options"), [])
    return record


def _ticket_part(given: Record, title: str) -> Record:
    flags = ("required", "collapsed_for_agents", "visible_in_portal", "editable_in_portal", "required_in_portal")
    return {
        **{one: bool(given.get(one, False)) for one in flags},
        "title_in_portal": str(given.get("title_in_portal") or title),
        "raw_title_in_portal": str(given.get("title_in_portal") or title),
        "agent_description": given.get("agent_description"),
        "sub_type_id": 0,
        "removable": True,
        "key": None,
    }


def _keyed_part(state: State, name: str, given: Record) -> Record:
    key = str(given.get("key") or "")
    if not _KEY.match(key):
        raise record_invalid(key=problem("Key: is invalid"))
    if any(one["key"] == key for one in state.lists.get(name, [])):
        raise record_invalid(key=problem("Key: has already been taken", "DuplicateValue"))
    return {"key": key, "system": False}


def _options(state: State, given: Any, before: list[Record]) -> list[Record]:
    """Return the options of a list: those that a request leaves out are gone."""
    rows = given if isinstance(given, list) else []
    if not rows:
        raise record_invalid(custom_field_options=problem("Custom field options: cannot be blank", "BlankValue"))
    if len(rows) > MOST_OPTIONS:
        raise record_invalid(custom_field_options=problem("Custom field options: are too many"))
    found = [_option(state, one, before) for one in rows]
    if len({one["value"] for one in found}) < len(found):
        raise record_invalid(custom_field_options=problem("Value: has already been taken", "DuplicateValue"))
    return found


def _option(state: State, given: Any, before: list[Record]) -> Record:
    row = given if isinstance(given, dict) else {}
    known = next((one for one in before if one["id"] == row.get("id") or one["value"] == row.get("value")), None)
    name = str(row.get("name") or (known or {}).get("name") or "").strip()
    value = "".join(tags_of(str(row.get("value") or (known or {}).get("value") or name).replace(" ", "_")))
    if not name or not value:
        raise record_invalid(custom_field_options=problem("Name: cannot be blank", "BlankValue"))
    identifier = known["id"] if known else state.new_id("option")
    return {"id": identifier, "name": name, "raw_name": name, "value": value, "default": bool(row.get("default"))}


def _found(call: Call, name: str) -> Record:
    record = next((one for one in call.state.lists.get(name, []) if one["id"] == call.ids[0]), None)
    if record is None:
        raise no_record()
    return record


def update(name: str) -> Handler:
    """Return the handler of `PUT`: the type stays, and a list of options replaces the one before."""

    def handler(call: Call) -> SimResponse:
        given, record = payloads.envelope(call, one_of(name)), _found(call, name)
        values: Record = {one: given[one] for one in _COMMON if one in given}
        if "title" in values:
            values["raw_title"] = values["title"]
        if "custom_field_options" in given:
            known = record.get("custom_field_options", [])
            values["custom_field_options"] = _options(call.state, given["custom_field_options"], known)
        record |= {**values, "updated_at": iso(call.state.now())}
        return payloads.answered({one_of(name): record}, 200, payloads.dropped(given, _KNOWN))

    return handler


def delete(name: str) -> Handler:
    """Return the handler of `DELETE`: not of a system field; the values of tickets go with it."""

    def handler(call: Call) -> SimResponse:
        record = _found(call, name)
        if not record.get("removable", True):
            raise record_invalid(base=problem("Ticket field: cannot be deleted"))
        call.state.lists[name].remove(record)
        return SimResponse(204)

    return handler


def put_option(name: str) -> Handler:
    """Return the handler of `POST .../options`: with an id it changes one, else it adds one."""

    def handler(call: Call) -> SimResponse:
        given, record = payloads.envelope(call, "custom_field_option"), _found(call, name)
        before = record.get("custom_field_options")
        if before is None:
            raise record_invalid(type=problem("Type: has no options"))
        known = next((one for one in before if one["id"] == given.get("id")), None)
        if known is None and any(one["value"] == given.get("value") for one in before):
            raise record_invalid(value=problem("Value: has already been taken", "DuplicateValue"))
        row = _option(call.state, given, [known] if known else [])
        record["custom_field_options"] = [row if one is known else one for one in before] + ([] if known else [row])
        headers = {"Location": f"/api/v2/{name}/{record['id']}/options"}
        return json_response({"custom_field_option": row}, 200 if known else 201, headers)

    return handler


def drop_option(name: str) -> Handler:
    """Return the handler of `DELETE .../options/{id}`."""

    def handler(call: Call) -> SimResponse:
        record = _found(call, name)
        rest = [one for one in record.get("custom_field_options", []) if one["id"] != call.ids[1]]
        if len(rest) == len(record.get("custom_field_options", [])):
            raise no_record()
        record["custom_field_options"] = rest
        return SimResponse(204)

    return handler


def with_new_fields(state: State, record: Record) -> None:
    """Give a ticket the fields that were added since it was written, and take those that are gone."""
    fields = [one for one in state.lists.get("ticket_fields", []) if one.get("removable") and one["active"]]
    rows = {one["id"]: one for one in record["custom_fields"]}
    record["custom_fields"] = [
        rows.get(one["id"]) or {"id": one["id"], "value": nothing_of(one["type"])} for one in fields
    ]
    record["fields"] = record["custom_fields"]


ROUTES: Final = [
    Route(method, f"/api/v2/{name}{tail}", handler(name), admin=True, feature=feature)
    for name, feature in (("ticket_fields", None), ("user_fields", "fields"), ("organization_fields", "fields"))
    for method, tail, handler in (
        ("POST", "", create),
        ("PUT", "/{id}", update),
        ("DELETE", "/{id}", delete),
        ("POST", "/{id}/options", put_option),
        ("DELETE", "/{id}/options/{id}", drop_option),
    )
]
