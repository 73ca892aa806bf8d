"""By what metrics can be split: a row's own column of that name, else its ticket's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from deskferry.errors import ConfigError
from deskferry.metrics.keys import TEXT_OF, text_column
from deskferry.store.json_texts import member, values
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
_TEXTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "agent": (("ticket", "assignee_id"), ("message", "author_id"), ("ticket_event", "actor_id"),
                  ("ticket_event", "new_value"), ("survey_response", "agent_id"), ("time_entry", "person_id"),
                  ("agent_state", "agent_id"), ("agent_shift", "agent_id"), ("interaction", "agent_id"),
                  ("review", "agent_id")),
        "team": (("ticket", "team_id"), ("ticket_event", "new_value")),
        "organization": (("ticket", "organization_id"),),
        "inbox": (("ticket", "inbox_id"),),
        "brand": (("ticket", "brand_id"),),
        "requester": (("ticket", "requester_id"),),
    }
)  # fmt: skip
"""Dimension → where the id of one stands that its own table lacks (deleted, or hidden from the role)."""
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
            found[str(DIMENSIONS[name][1])] = ("name", "text_of_id")
    return found


def add_texts(tables: Mapping[str, set[str]], names: Iterable[str]) -> None:
    """Add to the columns of tables that are read anyway the texts of ids that dimensions show."""
    for name in names:
        for table, column in _TEXTS.get(name, ()):
            if column in tables.get(table, ()):
                tables[table].add(f"{TEXT_OF}{column}")


def multiply(rows: ir.Table, names: Iterable[str]) -> bool:
    """Return whether `attach` may make several rows of one: by a tag, or by a field that takes several values."""
    return any(name not in rows.columns and (name == TAG or name.startswith(FIELD)) for name in names)


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
    found = tickets.select(_ticket=tickets.id, _text=member(tickets.custom_fields, key))
    found = found.filter(found["_text"].notnull())
    found = found.select("_ticket", **{name: values(found["_text"]).unnest()})
    found = found.filter(found[name].notnull()).distinct()
    return rows.left_join(found, rows.ticket_id == found["_ticket"]).drop("_ticket")


def names(desk: Desk, dimension: str, keys: Iterable[Any]) -> Mapping[Any, tuple[str, str | None]]:
    """Return the value of a dimension that each key stands for, and the name that people know it by, if it has one."""
    found = desk.named.setdefault(dimension, {})
    new = {key for key in keys if key is not None} - found.keys()
    if new and dimension.startswith(FIELD):
        options = _options(desk, dimension.removeprefix(FIELD))
        found |= {key: (key, options.get(key)) for key in new}
    elif new and (source := DIMENSIONS.get(dimension, ("", None))[1]):
        found |= _named(desk, source, new)
        for table, column in _TEXTS[dimension]:
            if lost := new - found.keys():
                found |= _told(desk, table, column, lost)
        found |= {key: (f"unknown:{key}", None) for key in new - found.keys()}
    else:
        found |= {key: (key, None) for key in new}
    return found


_FEW = 500


def _named(desk: Desk, table: str, keys: set[int]) -> dict[int, tuple[str, str | None]]:
    rows = desk.backend.table(table)
    key, text = text_column("id")
    if len(keys) <= _FEW:
        rows = rows.filter(rows[key].isin(sorted(keys)))
    found = rows.select(key, text, "name").to_pyarrow().to_pylist()
    return {one[key]: (one[text], one["name"]) for one in found if one[key] in keys}


def _told(desk: Desk, table: str, column: str, keys: set[int]) -> dict[int, tuple[str, str | None]]:
    """Return the texts of ids that stand in a column, where that table was read."""
    if not desk.has_text(table, column):
        return {}
    rows = desk.texts(table, column)
    if len(keys) <= _FEW:
        rows = rows.filter(rows.key.isin(sorted(keys)))
    return {one["key"]: (one["text"], None) for one in rows.to_pyarrow().to_pylist() if one["key"] in keys}


def _options(desk: Desk, key: str) -> dict[str, str]:
    fields = desk.table("custom_field")
    fields = fields.filter((fields.key == key) & (fields.kind == "ticket")).select("options").to_pyarrow().to_pylist()
    found: list[dict[str, Any]] = [option for one in fields for option in json.loads(one["options"] or "[]")]
    return {str(option["value"]): option["label"] for option in found if option.get("label")}
