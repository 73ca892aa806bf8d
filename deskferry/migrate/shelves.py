"""The categories of a knowledge base as a tree: what is in what, who may read it, what stands there already.

There are hundreds of them where there are many: they are held in memory, articles are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import CategoryAggregate, Row
from deskferry.migrate.mapping_file import fold
from deskferry.migrate.matches import Matches
from deskferry.store import machinery

ORDER = ("public", "signed_in", "agents", "restricted")
"""Who may read, the widest first."""
KIND = "article_category"


@dataclass(slots=True)
class Shelves:
    """The tree of one connection."""

    connection: str
    rows: dict[str, Row] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)
    """Category → who may read the articles right in it."""

    def ancestors(self, record_id: str) -> tuple[Row, ...]:
        """Return the categories that one is in, the topmost first; a circle ends where it begins again."""
        found: list[Row] = []
        parent = self.rows[record_id]["parent_id"]
        while parent in self.rows and all(parent != one["id"] for one in found) and parent != record_id:
            found.insert(0, self.rows[parent])
            parent = self.rows[parent]["parent_id"]
        return tuple(found)

    def path(self, record_id: str) -> tuple[str, ...]:
        """Return the names from the top to a category, folded."""
        return tuple(fold(one["name"]) for one in (*self.ancestors(record_id), self.rows[record_id]))

    def visibilities(self, record_id: str) -> tuple[str, ...]:
        """Return who may read the articles right in a category, the widest first; what is unknown is `restricted`."""
        return tuple(sorted(self.seen.get(record_id, ()), key=ORDER.index))

    def in_order(self) -> list[str]:
        """Return all categories, each after the one that it is in."""
        depth = {one: len(self.ancestors(one)) for one in self.rows}
        return sorted(self.rows, key=lambda one: (depth[one], self.rows[one]["position"] or 0, len(one), one))


def shelves(database: Connection, connection: str) -> Shelves:
    """Return the live categories of a connection with the readers of their articles."""
    found = Shelves(connection)
    table, article = sql_table(KIND), sql_table("article")
    live = select(table).where(table.c.connection == connection, table.c.deleted_at.is_(None))
    found.rows = {row["id"]: dict(row) for row in database.execute(live).mappings()}
    seen = (
        select(article.c.category_id, article.c.visibility)
        .where(article.c.connection == connection, article.c.deleted_at.is_(None))
        .distinct()
    )
    for row in database.execute(seen):
        known = row.visibility if row.visibility in ORDER else "restricted"
        found.seen.setdefault(row.category_id, set()).add(known)
    return found


@dataclass(slots=True)
class Places:
    """Where the categories of a source go: the tree here, the tree there, and what earlier runs wrote."""

    here: Shelves
    there: Shelves
    matches: Matches
    earlier: Mapping[str, Mapping[str, Any]]
    """Category → what was written of it."""
    made: frozenset[str]
    """Categories of the destination, as canonical ids, that a run made."""

    def aggregate(self, record_id: str) -> CategoryAggregate:
        """Return a category with what its place and its readers follow from."""
        return CategoryAggregate(
            self.here.rows[record_id],
            self.here.ancestors(record_id),
            self.here.visibilities(record_id),
            self.earlier.get(record_id, {}),
            self._taken(record_id),
        )

    def _taken(self, record_id: str) -> dict[str, Row]:
        """Return what stands in the matched category that this one will be in."""
        above = [self.matches.found.get(one["id"]) for one in self.here.ancestors(record_id)]
        place = next((one for one in reversed(above) if one is not None), None)
        if place is None:
            return {}
        parent = f"{self.there.connection}:{place.object}:{place.remote_id}"
        rows = (row for row in self.there.rows.values() if row["parent_id"] == parent and row["id"] not in self.made)
        return {fold(row["name"]): row for row in rows}


def places(database: Connection, source: str, destination: str, account_id: str, matches: Matches) -> Places:
    """Return where the categories of a source go."""
    return Places(
        shelves(database, source), shelves(database, destination), matches,
        _earlier(database, account_id, source), frozenset(made_there(database, account_id, destination, KIND)),
    )  # fmt: skip


def made_there(database: Connection, account_id: str, destination: str, kind: str) -> set[str]:
    """Return the records of a kind at a destination, as canonical ids, that a migration made and that still stand."""
    table = machinery.crossing
    rows = database.execute(
        select(table.c.remote_object, table.c.remote_id).where(
            table.c.account_id == account_id, table.c.kind == kind, table.c.state == "created"
        )
    )
    return {f"{destination}:{row.remote_object}:{row.remote_id}" for row in rows}


def _earlier(database: Connection, account_id: str, source: str) -> dict[str, dict[str, Any]]:
    """Return what was first written of each category itself that stands at the destination, or may."""
    table, crossing = machinery.write_op, machinery.crossing
    stands = exists().where(
        crossing.c.account_id == account_id, crossing.c.record_id == table.c.record_id, crossing.c.part == ""
    )
    rows = database.execute(
        select(table.c.record_id, table.c.request)
        .where(
            table.c.account_id == account_id, table.c.source == source, table.c.kind == KIND, table.c.part == "",
            table.c.action == "create",
            or_(table.c.state.in_(("intended", "in_doubt")), and_(table.c.state.in_(("done", "adopted")), stands)),
        )
        .order_by(table.c.id)
    )  # fmt: skip
    return {row.record_id: (row.request or {}).get("body") or {} for row in rows}
