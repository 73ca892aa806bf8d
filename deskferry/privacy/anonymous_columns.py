"""What becomes of each column of text in a copy without persons. A column that no row names is filled in: see `FILLED`.

Dates, counts, flags, enumerations and the vocabularies of `KEPT` stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from deskferry.canonical_schema import sql_table
from deskferry.canonical_schema.enums import Channel, Priority, Status
from deskferry.privacy.pseudonyms import Pseudonyms, filler

Row = Mapping[str, Any]
Options = Mapping[tuple[str, str, str], frozenset[str]]
"""Connection, kind and key of a custom field → the values that can be chosen in it."""


@dataclass(frozen=True, slots=True)
class Veil:
    """What a treatment can ask."""

    names: Pseudonyms
    options: Options = field(default_factory=lambda: MappingProxyType({}))


Treatment = Callable[[Veil, Any, Row], Any]
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_WORDS = frozenset(one.value for kind in (Status, Priority, Channel) for one in kind)


def _kept(_veil: Veil, value: Any, _row: Row) -> Any:
    return value


def _gone(_veil: Veil, _value: Any, _row: Row) -> None:
    return None


def _filled(_veil: Veil, value: Any, _row: Row) -> Any:
    return filler(value) if isinstance(value, str) else None


def _identifier(veil: Veil, value: str, _row: Row) -> str:
    return veil.names.identifier(value)


def _source_id(veil: Veil, _value: str, row: Row) -> str:
    return veil.names.identifier(row["id"]).split(":", 2)[-1]


def _coded(veil: Veil, value: str, _row: Row) -> str:
    return veil.names.code(value)


def _email(veil: Veil, value: str, _row: Row) -> str:
    return veil.names.email(value)


def _emails(veil: Veil, value: list[dict[str, Any]], _row: Row) -> list[dict[str, Any]]:
    return [{**one, "type": None, "value": veil.names.email(one["value"])} for one in value]


def _phone(veil: Veil, value: str, _row: Row) -> str:
    return veil.names.phone(value)


def _phones(veil: Veil, value: list[dict[str, Any]], _row: Row) -> list[dict[str, Any]]:
    return [{**one, "type": None, "value": veil.names.phone(one["value"])} for one in value]


def _addresses(veil: Veil, value: list[dict[str, Any]], _row: Row) -> list[dict[str, Any]]:
    return [
        {**one, "address": veil.names.email(one["address"]),
         "name": veil.names.person(one["address"]) if one.get("name") else None}
        for one in value
    ]  # fmt: skip


def _identities(veil: Veil, value: list[dict[str, Any]], row: Row) -> list[dict[str, Any]]:
    return [
        {"type": one["type"], "name": veil.names.person(_key(row)) if one.get("name") else None,
         "value": (veil.names.email(one["value"]) if "@" in one["value"][1:]
                   else veil.names.word(one["value"], "identity"))}
        for one in value
    ]  # fmt: skip


def _domains(veil: Veil, value: list[str], _row: Row) -> list[str]:
    return [veil.names.domain(one) for one in value]


def _key(row: Row) -> str:
    """Return by what a person is told: the address under which others write to him, else his id."""
    more = [one.get("value") for one in row.get("emails") or ()]
    return str(next((one for one in (row.get("email"), *more) if one), row["id"]))


def _person(veil: Veil, _value: str, row: Row) -> str:
    return veil.names.person(_key(row))


def _first_name(_veil: Veil, _value: str, _row: Row) -> str:
    return "Person"


def _last_name(veil: Veil, _value: str, row: Row) -> str:
    return veil.names.surname(_key(row))


def _named(what: str) -> Treatment:
    """Return a treatment that calls records after what they are: `Team 12ab…`."""

    def named(veil: Veil, _value: str, row: Row) -> str:
        return f"{what.replace('_', ' ').capitalize()} {veil.names.code(row['id'], what)}"

    return named


def _word(what: str) -> Treatment:
    """Return a treatment that gives equal words equal codes."""

    def word(veil: Veil, value: str, _row: Row) -> str:
        return veil.names.word(value, what)

    return word


def _media_type(_veil: Veil, value: str, _row: Row) -> str | None:
    found = _MEDIA_TYPE.match(value)
    return found.group() if found else None


def _options(veil: Veil, value: list[dict[str, Any]], _row: Row) -> list[dict[str, Any]]:
    return [
        {**one, "value": veil.names.word(one["value"], "value"),
         "label": veil.names.word(one["label"], "label") if one.get("label") else None}
        for one in value
    ]  # fmt: skip


def _nameless(_veil: Veil, value: list[dict[str, Any]], _row: Row) -> list[dict[str, Any]]:
    return [{**one, "name": None} for one in value]


def _fields_of(kind: str) -> Treatment:
    """Return a treatment of the values of custom fields: texts only; numbers, flags and dates stay."""

    def fields(veil: Veil, value: dict[str, Any], row: Row) -> dict[str, Any]:
        return {
            key: _value(veil, one, veil.options.get((row["connection"], kind, key), frozenset()))
            for key, one in value.items()
        }

    return fields


def _value(veil: Veil, value: Any, options: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_value(veil, one, options) for one in value]
    if isinstance(value, dict):
        return None
    if not isinstance(value, str) or _TIME.fullmatch(value):
        return value
    return veil.names.word(value, "value") if value in options else filler(value)


def _event_value(veil: Veil, value: str, row: Row) -> str:
    name = str(row["field"])
    if name.endswith("_id"):
        return veil.names.identifier(value)
    if (name in {"status", "priority", "channel"} and value in _WORDS) or _TIME.fullmatch(value):
        return value
    if name == "tags":
        return _tags(veil, value)
    options = veil.options.get((row["connection"], "ticket", name.removeprefix("custom_field:")), frozenset())
    return str(_value(veil, value, options))


def _tags(veil: Veil, value: str) -> str:
    try:
        tags = json.loads(value)
    except ValueError:
        return filler(value)
    if not isinstance(tags, list):
        return filler(value)
    return json.dumps([veil.names.word(str(one), "tag") for one in tags])


_BY_NAME: Mapping[str, Treatment] = MappingProxyType(
    {
        "id": _identifier, "source_id": _source_id, "content_hash": _coded, "external_id": _identifier,
        "raw_record_id": _gone, "source_url": _gone, "extra": _gone, "url": _gone, "recording_url": _gone,
        "error": _gone, "actions": _gone, "definition": _gone, "filter": _gone, "applies_to": _gone, "sha256": _gone,
        "participants": _addresses, "to_addresses": _addresses, "cc_addresses": _addresses, "bcc_addresses": _addresses,
        "email": _email, "emails": _emails, "sender": _email, "phone": _phone, "phones": _phones,
        "identities": _identities, "domains": _domains, "holidays": _nameless, "options": _options,
        "rfc_message_id": _coded, "in_reply_to": _coded, "number": _coded, "category_ids": _gone, "labels": _gone,
        "old_value": _event_value, "new_value": _event_value, "tag": _word("tag"), "author": _word("author"),
        "type": _word("type"), "status_label": _word("status"), "priority_label": _word("priority"),
        "channel_label": _word("channel"), "content_type": _media_type,
    }
)  # fmt: skip
_OF_KIND: Mapping[tuple[str, str], Treatment] = MappingProxyType(
    {
        ("person", "name"): _person, ("person", "first_name"): _first_name, ("person", "last_name"): _last_name,
        **{(kind, "custom_fields"): _fields_of(kind) for kind in ("ticket", "person", "organization")},
        **{(kind, "name"): _named(kind)
           for kind in ("organization", "team", "inbox", "schedule", "sla_policy", "macro", "config_item",
                        "article_category")},
        ("custom_field", "type"): _kept, ("custom_field", "label"): _word("field"),
        ("status_definition", "label"): _word("status"), ("survey_response", "label"): _word("label"),
        ("sentiment", "label"): _kept,
    }
)  # fmt: skip
KEPT: Mapping[str, str] = MappingProxyType(
    {
        "connection": "what the user calls the account", "vendor": "one of six", "source_object": "a vendor's word",
        "language": "a language tag", "locale": "a language tag", "timezone": "a zone of the IANA",
        "intervals": "opening hours", "targets": "names of clocks, priorities and seconds", "metric": "a vendor's word",
        "key": "what a custom field is called in programs", "field": "a column, or the key of a custom field",
        "via": "a vendor's word", "unit": "a unit", "currency": "ISO 4217", "network": "a social network",
        "state": "a vendor's word", "other_object": "a vendor's word", "model": "of machine scores",
        "model_version": "of machine scores", "vendor_metric.name": "a vendor's word",
    }
)  # fmt: skip
"""Column, or `kind.column`, that stays → what stands in it."""


def treatments(kind: str) -> Mapping[str, Treatment]:
    """Return what becomes of the columns of a kind that change."""
    found = {}
    for column in sql_table(kind).columns:
        name = column.name
        held = type(column.type).__name__
        if held not in {"Text", "Json"} or "enumeration" in column.info:
            continue
        if name in KEPT or f"{kind}.{name}" in KEPT:
            continue
        by_id = _identifier if name.endswith("_id") else _filled
        found[name] = _OF_KIND.get((kind, name)) or _BY_NAME.get(name) or by_id
    return found
