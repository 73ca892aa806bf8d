"""By what metrics can be split: a row's own column of that name, else its ticket's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.toml_table import did_you_mean

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

UNKNOWN = "unknown"

DIMENSIONS: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "channel": ("channel", None),
        "agent": ("assignee_id", "person"),
        "team": ("team_id", "team"),
        "organization": ("organization_id", "organization"),
        "inbox": ("inbox_id", "inbox"),
        "brand": ("brand_id", "inbox"),
        "priority": ("priority", None),
        "status": ("status", None),
        "type": ("type", None),
        "requester": ("requester_id", "person"),
        "language": ("language", None),
        "origin": ("origin", None),
        "connection": ("connection", None),
    }
)
"""Dimension → the column of the fact `ticket`, and the table that has the names of its ids."""
TAG = "tag"
FIELD = "field:"


def check(names: Iterable[str]) -> None:
    """Refuse dimensions that there are not."""
    for name in names:
        if name not in DIMENSIONS and name != TAG and not (name.startswith(FIELD) and name != FIELD):
            advice = did_you_mean(name, (*DIMENSIONS, TAG)) or f"There are: {', '.join((*DIMENSIONS, TAG))}, field:KEY."
            raise ConfigError(f"There is no dimension {name!r}.", advice)


def tables(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the tables and columns that dimensions read."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        if name == TAG:
            found["tagging"] = ("kind", "record_id", "tag")
        elif name.startswith(FIELD):
            found["ticket"] = ("custom_fields",)
            found["custom_field"] = ("kind", "key", "label", "type", "options")
        elif DIMENSIONS[name][1]:
            found[str(DIMENSIONS[name][1])] = ("name",)
    return found


def attach(desk: Desk, rows: ir.Table, names: Iterable[str]) -> tuple[ir.Table, tuple[str, ...]]:
    """Return rows with a column for each dimension, and those that rows of this grain do not have.

    A tag or a field of several values makes a row of each: over them a total counts more than there are tickets.
    """
    lacking: list[str] = []
    for name in names:
        if name in rows.columns:
            continue
        if "ticket_id" not in rows.columns:
            lacking.append(name)
        elif name == TAG:
            rows = _with_tags(desk, rows)
        elif name.startswith(FIELD):
            rows = _with_field(desk, rows, name)
        else:
            column = DIMENSIONS[name][0]
            tickets = desk.fact("ticket")
            tickets = tickets.select(_ticket=tickets.ticket_id, **{name: tickets[column]})
            rows = rows.left_join(tickets, rows.ticket_id == tickets["_ticket"]).drop("_ticket")
    return rows, tuple(lacking)


def _with_tags(desk: Desk, rows: ir.Table) -> ir.Table:
    tags = desk.table("tagging")
    tags = tags.filter(tags.kind == "ticket").select(_ticket="record_id", tag="tag").distinct()
    return rows.left_join(tags, rows.ticket_id == tags["_ticket"]).drop("_ticket")


def _with_field(desk: Desk, rows: ir.Table, name: str) -> ir.Table:
    """Join the value of a custom field; a list makes a row of each of its values."""
    key = name.removeprefix(FIELD)
    tickets = desk.table("ticket", deleted=True)
    found = tickets.custom_fields.cast("json")[key]
    one = tickets.select(_ticket=tickets.id, _value=found).filter(lambda table: table["_value"].notnull())
    text = one["_value"].cast("string")
    many = one.filter(text.startswith("["))
    many = many.mutate(_value=many["_value"].cast("array<string>").unnest())
    single = one.filter(~text.startswith("[") & (text != "null"))
    single = single.mutate(_value=_unquoted(single["_value"].cast("string")))
    values = single.union(many).rename({name: "_value"}).distinct()
    return rows.left_join(values, rows.ticket_id == values["_ticket"]).drop("_ticket")


def _unquoted(text: ir.StringValue) -> ir.StringValue:
    """Return a JSON text without its quotes; numbers and truth values as they stand."""
    quoted = text.startswith('"')
    return quoted.ifelse(text.substr(1, text.length() - 2), text)


def labels(desk: Desk, name: str, keys: Iterable[str | None]) -> dict[str, str]:
    """Return the names that people know these keys of a dimension by."""
    wanted = sorted({key for key in keys if key is not None})
    if name.startswith(FIELD):
        return {key: label for key, label in _options(desk, name.removeprefix(FIELD)).items() if key in set(wanted)}
    source = DIMENSIONS.get(name, ("", None))[1]
    if source is None or not wanted:
        return {}
    named = desk.table(source, deleted=True)
    found = named.filter(named.id.isin(wanted) & named.name.notnull()).select("id", "name").to_pyarrow().to_pylist()
    return {one["id"]: one["name"] for one in found}


def _options(desk: Desk, key: str) -> dict[str, str]:
    import json  # noqa: PLC0415

    fields = desk.table("custom_field")
    fields = fields.filter((fields.key == key) & (fields.kind == "ticket")).select("options").to_pyarrow().to_pylist()
    found: list[dict[str, Any]] = [option for one in fields for option in json.loads(one["options"] or "[]")]
    return {str(option["value"]): option["label"] for option in found if option.get("label")}
