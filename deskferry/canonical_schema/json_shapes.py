"""The shapes of the JSON columns: for each a JSON Schema of the value and one example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_FLAG_OR_NULL = {"type": ["boolean", "null"]}
_LOCAL_TIME = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_LOCAL_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a JSON column holds: its name in the documentation, the JSON Schema of a value, an example."""

    name: str
    schema: Mapping[str, Any]
    example: Any


def _list_of(name: str, required: tuple[str, ...], properties: dict[str, Any], example: list[Any]) -> Shape:
    item = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return Shape(name, MappingProxyType({"type": "array", "items": item}), example)


def _contact_points(name: str, example: str) -> Shape:
    return _list_of(
        name,
        ("value",),
        {"value": _TEXT, "type": _TEXT_OR_NULL, "primary": _FLAG_OR_NULL, "verified": _FLAG_OR_NULL},
        [{"value": example, "type": "work", "primary": True, "verified": None}],
    )


EMAILS = _contact_points("emails", "a@x.org")
PHONES = _contact_points("phones", "+34600000000")
IDENTITIES = _list_of(
    "identities",
    ("type", "value"),
    {"type": _TEXT, "value": _TEXT, "name": _TEXT_OR_NULL},
    [{"type": "twitter", "value": "@a", "name": None}],
)
ADDRESSES = _list_of(
    "addresses",
    ("address",),
    {"address": _TEXT, "name": _TEXT_OR_NULL},
    [{"address": "a@x.org", "name": "A"}],
)
INTERVALS = _list_of(
    "intervals",
    ("day", "start", "end"),
    {
        "day": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
        "start": _LOCAL_TIME,
        "end": _LOCAL_TIME,
    },
    [{"day": "mon", "start": "09:00", "end": "17:30"}],
)
HOLIDAYS = _list_of(
    "holidays",
    ("start", "end"),
    {"name": _TEXT_OR_NULL, "start": _LOCAL_DATE, "end": _LOCAL_DATE},
    [{"name": "Christmas", "start": "2026-12-25", "end": "2026-12-26"}],
)
TARGETS = _list_of(
    "targets",
    ("metric", "seconds"),
    {
        "metric": _TEXT,
        "priority": _TEXT_OR_NULL,
        "seconds": {"type": "number", "minimum": 0},
        "business_hours": _FLAG_OR_NULL,
    },
    [{"metric": "first_reply_time", "priority": "high", "seconds": 3600, "business_hours": True}],
)
OPTIONS = _list_of(
    "options",
    ("value",),
    {"value": _TEXT, "label": _TEXT_OR_NULL, "active": _FLAG_OR_NULL},
    [{"value": "a", "label": "A", "active": True}],
)
TEXTS = Shape("texts", MappingProxyType({"type": "array", "items": _TEXT}), ["x.org", "x.net"])
OBJECT = Shape("object", MappingProxyType({"type": "object"}), {"plan": "gold", "seats": 3})
ANY = Shape(
    "any",
    MappingProxyType({"type": ["object", "array", "string", "number", "boolean"]}),
    [{"field": "status"}],
)

SHAPES: tuple[Shape, ...] = (
    EMAILS, PHONES, IDENTITIES, ADDRESSES, INTERVALS, HOLIDAYS, TARGETS, OPTIONS, TEXTS, OBJECT, ANY,
)  # fmt: skip  # a list of names reads better as lines than as a column
