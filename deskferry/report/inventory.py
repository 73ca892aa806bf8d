"""The set-up of a desk that no API can move, and how two desks differ in it, matched by name."""

from __future__ import annotations

import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.registry import connectors
from deskferry.errors import ConfigError
from deskferry.migrate.requests import digest
from deskferry.report.excerpt import link, plain
from deskferry.store import Store
from deskferry.store.state import pinned

_GROUPS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "trigger": ("config_item", "name", ("definition", "is_active")),
    "automation": ("config_item", "name", ("definition", "is_active")),
    "workflow": ("config_item", "name", ("definition", "is_active")),
    "view": ("config_item", "name", ("definition", "is_active")),
    "form": ("config_item", "name", ("definition", "is_active")),
    "macro": ("macro", "name", ("body_text", "actions", "visibility", "is_active")),
    "sla_policy": ("sla_policy", "name", ("targets", "filter")),
    "schedule": ("schedule", "name", ("timezone", "intervals", "holidays")),
    "status_definition": ("status_definition", "label", ("category", "position")),
    "custom_field": ("custom_field", "label", ("type", "options", "is_required", "is_active")),
    "inbox": ("inbox", "name", ("kind", "email")),
    "team": ("team", "name", ("description",)),
    "article_category": ("article_category", "name", ("description", "locale")),
}
"""Group → the kind that holds it, the column of its name, and the columns that are compared."""
_OF_CONFIG_ITEM = frozenset({"trigger", "automation", "workflow", "view", "form"})
_ROLES = "role"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of the set-up."""

    group: str
    id: str
    source_id: str
    name: str
    active: bool | None
    url: str | None
    values: Mapping[str, Any]
    """The columns that are compared."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON; what it does is in the store."""
        return {
            "id": self.id, "source_id": self.source_id, "name": self.name, "active": self.active, "url": self.url,
        }  # fmt: skip


@dataclass(slots=True)
class Inventory:
    """The set-up of one desk, by group; groups without an item are left out."""

    connection: str
    vendor: str
    groups: dict[str, list[Item]] = field(default_factory=dict)
    unread: list[dict[str, str]] = field(default_factory=list)
    """Groups that the connector cannot read, and why: their absence says nothing."""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON (`json/inventory.schema.json`)."""
        return {
            "connection": self.connection, "vendor": self.vendor,
            "groups": [
                {
                    "group": name, "count": len(items),
                    "active": sum(one.active is not False for one in items),
                    "items": [one.as_json() for one in items],
                }
                for name, items in self.groups.items()
            ],
            "unread": self.unread,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items of one name that are not the same."""

    here: Item
    there: Item
    fields: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """How one group differs."""

    only_here: list[Item] = field(default_factory=list)
    only_there: list[Item] = field(default_factory=list)
    different: list[Pair] = field(default_factory=list)
    equal: int = 0


@dataclass(slots=True)
class Compared:
    """How two desks differ."""

    here: str
    there: str
    groups: dict[str, Group]
    unread: list[dict[str, str]]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON (`json/inventory.schema.json`)."""
        return {
            "here": self.here, "there": self.there,
            "groups": [
                {
                    "group": name,
                    "only_here": [item.as_json() for item in one.only_here],
                    "only_there": [item.as_json() for item in one.only_there],
                    "different": [
                        {"here": pair.here.as_json(), "there": pair.there.as_json(), "fields": list(pair.fields)}
                        for pair in one.different
                    ],
                    "equal": one.equal,
                }
                for name, one in self.groups.items()
            ],
            "unread": self.unread,
        }  # fmt: skip


def inventory_of(store: Store, connection: str) -> Inventory:
    """Return the set-up of a connection as it was pulled; raises ConfigError when it never was."""
    with store.read() as database:
        pin = pinned(database, connection)
        if pin is None:
            raise ConfigError(
                f"{connection} was never pulled: the store knows nothing of it.", f"Run `deskferry pull {connection}`."
            )
        found = Inventory(connection, pin["vendor"])
        for name in _GROUPS:
            items = list(_items(database, connection, name))
            if items:
                found.groups[name] = items
        roles = list(_roles(database, connection))
        if roles:
            found.groups[_ROLES] = roles
    found.unread = list(_unread(found))
    return found


def _items(database: Connection, connection: str, group: str) -> Iterator[Item]:
    kind, name, compared = _GROUPS[group]
    table = sql_table(kind)
    statement: Select[Any] = select(table).where(table.c.connection == connection, table.c.deleted_at.is_(None))
    if group in _OF_CONFIG_ITEM:
        statement = statement.where(table.c.kind == group)
    for row in database.execute(statement.order_by(table.c[name], table.c.id)).mappings():
        yield Item(
            group, row["id"], row["source_id"], plain(row[name] or ""), row.get("is_active"), link(row["source_url"]),
            {column: row[column] for column in compared},
        )  # fmt: skip


def _roles(database: Connection, connection: str) -> Iterator[Item]:
    """Yield a line for each role of the staff, with how many hold it."""
    table = sql_table("person")
    rows = database.execute(
        select(table.c.role, func.count().label("n"))
        .where(table.c.connection == connection, table.c.deleted_at.is_(None), table.c.role.is_not(None),
               table.c.role != "end_user")
        .group_by(table.c.role)
        .order_by(table.c.role)
    )  # fmt: skip
    for row in rows:
        yield Item(_ROLES, f"{connection}:role:{row.role}", row.role, row.role, None, None, {"people": row.n})


def _unread(found: Inventory) -> Iterator[dict[str, str]]:
    """Yield groups that are empty because the connector cannot read them."""
    known = next((one for one in connectors() if one.name == found.vendor), None)
    if known is None:
        return
    for name, (kind, _name, _compared) in _GROUPS.items():
        ability = known.capabilities.ability(kind, "read")
        if not ability and name not in found.groups:
            yield {"group": name, "why": str(ability)}


def compare(here: Inventory, there: Inventory) -> Compared:
    """Return what only one of two desks has, and what both have under one name but not alike.

    Names are compared without case and surplus blanks, in their compatible form; several of one name in order.
    """
    groups = {
        name: _compare(here.groups.get(name, ()), there.groups.get(name, ()))
        for name in (*_GROUPS, _ROLES)
        if name in here.groups or name in there.groups
    }
    unread = [{"connection": side.connection, **one} for side in (here, there) for one in side.unread]
    return Compared(here.connection, there.connection, groups, unread)


def _compare(here: Sequence[Item], there: Sequence[Item]) -> Group:
    found, named = Group(), defaultdict[str, deque[Item]](deque)
    for item in there:
        named[_folded(item.name)].append(item)
    for item in here:
        same = named[_folded(item.name)]
        if not same:
            found.only_here.append(item)
            continue
        other = same.popleft()
        fields = tuple(name for name, value in item.values.items() if digest(value) != digest(other.values[name]))
        if fields:
            found.different.append(Pair(item, other, fields))
        else:
            found.equal += 1
    found.only_there = [item for item in there if item in named[_folded(item.name)]]
    return found


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
