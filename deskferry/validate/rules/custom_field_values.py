"""The values of custom fields, read out of the JSON of their records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.store.json_texts import member
from deskferry.validate.desk import Desk

FIELDS = ("kind", "key", "label", "type", "options", "applies_to", "is_required", "is_active", "created_at")
_MOST_VALUES = 10_000
"""Different values of a field that are looked at, the most frequent first."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field of one connection."""

    id: str
    connection: str
    kind: str
    key: str
    label: str | None
    type: str | None
    options: tuple[str, ...]
    """Values and labels that can be chosen, those that are no more included."""
    applies_to: dict[str, list[Any]]
    is_required: bool
    is_active: bool
    created_at: Any

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.key


def custom_fields(desk: Desk, kind: str) -> list[CustomField]:
    """Return the custom fields of a kind."""
    rows = desk.live("custom_field")
    rows = rows.filter(rows.kind == kind).select("id", "connection", *FIELDS)
    return [_field(one) for one in rows.order_by("id").to_pyarrow().to_pylist()]


def _field(row: dict[str, Any]) -> CustomField:
    options = json.loads(row["options"] or "[]")
    names = dict.fromkeys(str(one[name]) for one in options for name in ("value", "label") if one.get(name) is not None)
    return CustomField(
        id=row["id"],
        connection=row["connection"],
        kind=row["kind"],
        key=row["key"],
        label=row["label"],
        type=row["type"],
        options=tuple(names),
        applies_to=json.loads(row["applies_to"] or "{}"),
        is_required=bool(row["is_required"]),
        is_active=row["is_active"] is not False,
        created_at=row["created_at"],
    )


def with_value(desk: Desk, field: CustomField) -> ir.Table:
    """Return the live records that a field can be on, with its value as JSON text; NULL: none."""
    rows = desk.live(field.kind)
    rows = rows.filter(rows.connection == field.connection)
    text = member(rows.custom_fields, field.key)
    return rows.mutate(value=text.nullif("null").nullif('""').nullif("[]").nullif(""))


def frequencies(rows: ir.Table) -> dict[str, int]:
    """Return the values of `with_value` and how often each occurs, as far as they are not too many."""
    counted = rows.filter(rows.value.notnull()).group_by("value").aggregate(n=ibis._.count())
    counted = counted.order_by(ibis.desc("n"), "value").limit(_MOST_VALUES)
    return {one["value"]: one["n"] for one in counted.to_pyarrow().to_pylist()}


def parts(value: str) -> list[str]:
    """Return what a JSON text says, each member of a list by itself."""
    try:
        found = json.loads(value)
    except ValueError:  # an engine that gives texts without their quotes
        found = value
    return list(_texts(found))


def _texts(found: Any) -> Iterator[str]:
    members: Iterable[Any] = found if isinstance(found, list) else [found]
    for one in members:
        if isinstance(one, dict):
            yield from (str(each) for each in one.values() if each is not None)
        elif isinstance(one, bool):
            yield "true" if one else "false"
        elif one is not None:
            yield str(one)
