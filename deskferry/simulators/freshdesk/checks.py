"""Strict validation of request bodies: unknown names, wrong types, missing fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.simulators.freshdesk.errors import Row, fault, invalid, unknown_fields
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.times import is_date, read_time


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of value: its name in messages, its test, and how a form field of text becomes it."""

    title: str
    fits: Callable[[Any], bool]
    of_text: Callable[[Any], Any] = lambda text: text
    code: str = "datatype_mismatch"


def _whole(text: Any) -> Any:
    return int(text) if isinstance(text, str) and text.lstrip("-").isdigit() else text


def _decimal(text: Any) -> Any:
    try:
        return _whole(text) if isinstance(_whole(text), int) else float(text)
    except (TypeError, ValueError):
        return text


def _flag(text: Any) -> Any:
    return {"true": True, "false": False}.get(text, text) if isinstance(text, str) else text


def is_whole(value: Any) -> bool:
    """Say whether it is an integer and not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def _list_of(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(test(item) for item in value)


def _each_whole(value: Any) -> Any:
    return [_whole(item) for item in value] if isinstance(value, list) else value


TEXT = Kind("String", lambda value: isinstance(value, str))
WHOLE = Kind("Positive Integer", lambda value: is_whole(value) and value >= 0, _whole)
NUMBER = Kind("Number", lambda value: isinstance(value, int | float) and not isinstance(value, bool), _decimal)
FLAG = Kind("Boolean", lambda value: isinstance(value, bool), _flag)
TEXTS = Kind("Array", _list_of(lambda item: isinstance(item, str)))
WHOLES = Kind("Array", _list_of(is_whole), _each_whole)
HASH = Kind("key/value pair", lambda value: isinstance(value, dict))
HASHES = Kind("Array", _list_of(lambda item: isinstance(item, dict)))
ANY = Kind("Any", lambda _: True)
TIME = Kind("combined date and time ISO8601", lambda value: read_time(value) is not None, code="invalid_value")
DAY = Kind("yyyy-mm-dd", is_date, code="invalid_value")

Spec = Mapping[str, Kind]


def fields(kinds: Mapping[Kind, str]) -> dict[str, Kind]:
    """Return a spec from names: `fields({TEXT: "name subject", WHOLE: "id"})`."""
    return {name: kind for kind, names in kinds.items() for name in names.split()}


def read(payload: Payload, spec: Spec, required: Iterable[str] = (), prefix: str = "") -> Row:
    """Return the accepted values of a body; raises ApiError naming every field that is wrong."""
    files = {upload.field for upload in payload.files}
    unknown = [prefix + name for name in (*payload.values, *sorted(files)) if name not in spec]
    if unknown:
        raise unknown_fields(unknown)
    values: Row = {}
    faults = [
        fault(prefix + name, "It should not be blank as this is a mandatory field", "missing_field")
        for name in required
        if payload.values.get(name) in (None, "") and name not in files
    ]
    for name, given in payload.values.items():
        kind = spec[name]
        value = kind.of_text(given) if payload.is_form else given
        if value is not None and not kind.fits(value):
            faults.append(mismatch(prefix + name, value, kind))
        values[name] = value
    if faults:
        raise invalid(*faults)
    return values


def mismatch(name: str, value: Any, kind: Kind) -> Row:
    """Return the entry for a value of the wrong type."""
    if kind.code != "datatype_mismatch":
        return fault(name, f"It should be in the '{kind.title}' format", kind.code)
    text = f"Value set is of type {type_name(value)}.It should be a/an {kind.title}"
    return fault(name, text, kind.code)


def type_name(value: Any) -> str:
    """Return the vendor's word for the type of a JSON value."""
    names = {
        str: "String",
        bool: "Boolean",
        int: "Integer",
        float: "Float",
        list: "Array",
        dict: "key/value pair",
    }
    return names.get(type(value), "Null")


def one_of(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Refuse a value that is not in a closed list."""
    if value is not None and value not in allowed:
        text = f"It should be one of these values: '{','.join(str(item) for item in allowed)}'"
        raise invalid(fault(name, text))


def tags_ok(tags: list[str] | None) -> None:
    """Refuse tags that are too long or hold a comma."""
    if any(len(tag) > 32 for tag in tags or ()):
        raise invalid(fault("tags", "It should only contain elements that have maximum of 32 characters"))
    if any("," in tag for tag in tags or ()):
        raise invalid(fault("tags", "It should only contain elements that do not contain ','"))


def length_ok(name: str, value: str | None, most: int = 255) -> None:
    """Refuse a text that is too long."""
    if value is not None and len(value) > most:
        raise invalid(fault(name, f"Has {len(value)} characters, it can have maximum of {most} characters"))
