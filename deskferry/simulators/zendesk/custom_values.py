"""Custom fields of tickets, users and organizations: what a value must look like, and the tags of options."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.state import Record, State

_LONGEST: Final = 65_535
_YES: Final = (True, "true", "1", 1, "yes")


def class_of(kind: str) -> str:
    """Return the name that errors give to a type of field."""
    return f"Field{kind.capitalize()}"


def read_custom(state: State, given: Record, record: Record, values: Record) -> None:
    """Set the custom fields of a ticket; an option brings its tag, and a tag that goes takes its option with it."""
    fields = {one["id"]: one for one in state.lists.get("ticket_fields", []) if one.get("removable")}
    wanted = _pairs(given)
    rows = {one["id"]: one["value"] for one in record["custom_fields"]}
    changes: dict[int, Any] = {}
    for identifier, value in wanted.items():
        # A field that does not exist, or that was switched off, is left alone in silence.
        if identifier in fields and identifier in rows:
            changes[identifier] = checked(fields[identifier], value)
    before: list[str] = values["tags"] if "tags" in values else record["tags"]
    tags = set(before)
    if "tags" in values:
        for identifier, value in rows.items():
            chosen = set(_options(fields.get(identifier), value))
            if identifier not in changes and chosen - tags:
                left = [one for one in value if one in tags] if isinstance(value, list) else None
                changes[identifier] = left
    for identifier, value in changes.items():
        tags -= set(_options(fields[identifier], rows[identifier]))
        tags |= set(_options(fields[identifier], value))
    if changes:
        values["custom_fields"] = [{"id": identifier, "value": value} for identifier, value in changes.items()]
    if sorted(tags) != sorted(before):
        values["tags"] = sorted(tags)


def _pairs(given: Record) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for source in (given.get("fields"), given.get("custom_fields")):
        if isinstance(source, dict):
            found |= {int(key): value for key, value in source.items() if str(key).isdigit()}
        elif isinstance(source, list):
            rows = [one for one in source if isinstance(one, dict)]
            found |= {number: one.get("value") for one in rows if (number := whole(one.get("id"), "id")) is not None}
    return found


def _options(field: Record | None, value: Any) -> list[str]:
    if field is None or field["type"] not in ("tagger", "multiselect") or not value:
        return []
    return list(value) if isinstance(value, list) else [str(value)]


def checked(field: Record, value: Any) -> Any:
    """Return a value in the form of its field; 422 if it cannot be one."""
    check: Callable[[Record, Any], Any] = _CHECKS.get(field["type"], _text)
    if value in (None, ""):
        return nothing_of(field["type"])
    try:
        return check(field, value)
    except (ValueError, TypeError) as error:
        raise record_invalid(
            base=problem(
                f"{field['title']}: is invalid",
                "InvalidFormat" if field["type"] == "regexp" else "InvalidValue",
                ticket_field_id=field["id"],
                ticket_field_type=class_of(field["type"]),
            )
        ) from error


def nothing_of(kind: str) -> Any:
    """Return what a field of a type holds when it is empty."""
    return {"checkbox": False, "multiselect": []}.get(kind)


def _text(_field: Record, value: Any) -> str:
    text = str(value)
    if len(text) > _LONGEST:
        raise ValueError
    return text


def _day(_field: Record, value: Any) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _number(_field: Record, value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError
    return str(int(str(value)))


def _decimal(_field: Record, value: Any) -> str:
    if isinstance(value, bool):
        raise TypeError
    float(str(value))
    return str(value)


def _pattern(field: Record, value: Any) -> str:
    # Ruby's \A and \z.
    pattern = str(field.get("regexp_for_validation") or "").replace(r"\z", r"\Z")
    if not re.search(pattern, str(value)):
        raise ValueError
    return str(value)


def _known(field: Record, value: str) -> str:
    if value.lower() not in {one["value"] for one in field.get("custom_field_options", [])}:
        raise ValueError
    return value.lower()


def _option(field: Record, value: Any) -> str:
    return _known(field, str(value))


def _several(field: Record, value: Any) -> list[str]:
    return [_known(field, str(one)) for one in (value if isinstance(value, list) else [value])]


_CHECKS: Final[dict[str, Callable[[Record, Any], Any]]] = {
    "checkbox": lambda _field, value: value in _YES,
    "date": _day,
    "integer": _number,
    "decimal": _decimal,
    "regexp": _pattern,
    "tagger": _option,
    "dropdown": _option,
    "multiselect": _several,
}


def keyed(fields: list[Record], given: Any, before: Record) -> Record:
    """Return the custom fields of a user or an organization with what a request sets; unknown keys are dropped."""
    known = {one["key"]: one for one in fields}
    values = dict(before)
    for key, value in given.items() if isinstance(given, dict) else ():
        if key in known and known[key]["active"]:
            text = checked(known[key], value)
            numeric = known[key]["type"] in ("integer", "decimal") and text is not None
            values[key] = (int(text) if known[key]["type"] == "integer" else float(text)) if numeric else text
    return values
