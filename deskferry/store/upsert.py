"""Bulk upserts of plain tuples that leave unchanged rows alone, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite

from deskferry.canonical_schema import ENGINE_COLUMNS, VOLATILE_COLUMNS, column_names
from deskferry.store.bulk_insert import insert_rows

WireRow = tuple[Any, ...]
T = TypeVar("T")

_CHUNK = 5_000
NUMBERED = ("message", "ticket_event")
"""Kinds whose rows have a place in their ticket; no place (`seq` NULL): their ticket is still to be settled."""
_TEXTS = "ARRAY(SELECT json_array_elements_text(%s::json))"
"""A list of texts as one parameter: psycopg takes longer to write an array than PostgreSQL to look it up."""


@dataclass(slots=True)
class Counts:
    """How many rows a write inserted, updated and left alone."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, other: Counts) -> None:
        """Add another count to this one."""
        self.inserted += other.inserted
        self.updated += other.updated
        self.unchanged += other.unchanged


def is_sqlite(connection: Connection) -> bool:
    """Whether a connection speaks to SQLite (else PostgreSQL)."""
    return connection.dialect.name == "sqlite"


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can be told what to do on a conflict: both databases know it, plain SQL does not."""
    return sqlite.insert(table) if is_sqlite(connection) else postgresql.insert(table)


def inserted_id(result: CursorResult[Any]) -> int:
    """Return the number that the database gave the row of an insert of one row."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def lookup(connection: Connection, table: str, columns: str, ids: Sequence[str], key: str = "id") -> list[Any]:
    """Return rows of `columns` whose key is among the ids, in one statement."""
    if not ids:
        return []
    if is_sqlite(connection):
        among, value = "SELECT value FROM json_each(?)", orjson.dumps(ids).decode()
        statement = f"SELECT {columns} FROM {table} WHERE {key} IN ({among})"
        return list(connection.exec_driver_sql(statement, (value,)))
    statement = f"SELECT {columns} FROM {table} WHERE {key} = ANY({_TEXTS})"
    return list(connection.exec_driver_sql(statement, (orjson.dumps(ids).decode(),)))


def delete_ids(connection: Connection, table: str, ids: Sequence[str], key: str = "id") -> int:
    """Delete rows by their key."""
    if not ids:
        return 0
    if is_sqlite(connection):
        statement = f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))"
        return connection.exec_driver_sql(statement, (orjson.dumps(ids).decode(),)).rowcount
    statement = f"DELETE FROM {table} WHERE {key} = ANY({_TEXTS})"
    return connection.exec_driver_sql(statement, (orjson.dumps(ids).decode(),)).rowcount


@dataclass(slots=True)
class Written:
    """The outcome of an upsert: counts, and the ids of updated rows."""

    counts: Counts
    updated_ids: list[str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the upserts of a kind need to know of its columns."""

    columns: tuple[str, ...]
    hash_at: int
    told: str
    """Columns that are compared: id, hash, then those that follow their raw record without being a change."""
    followers: tuple[int, ...]
    update: str
    update_at: tuple[int, ...]
    refresh: str


@cache
def _plan(kind: str, *, sqlite: bool) -> _Plan:
    columns, hole = column_names(kind), "?" if sqlite else "%s"
    kept = ENGINE_COLUMNS[kind] - {"content_hash", "synced_at", "text_flags"}
    volatile = tuple(column for column in columns if column in VOLATILE_COLUMNS[kind])
    followers = ("raw_record_id", *volatile)
    written = tuple(column for column in columns[1:] if column not in kept)
    sets = [f"{column} = {hole}" for column in written]
    # What the store found out for itself is found out anew.
    sets += [f"{column} = {'NULL' if column != 'fetch_state' else repr('pending')}" for column in sorted(kept)]
    return _Plan(
        columns,
        columns.index("content_hash"),
        ", ".join(("id", "content_hash", *followers)),
        tuple(columns.index(column) for column in followers),
        f"UPDATE {kind} SET {', '.join(sets)} WHERE id = {hole}",
        (*(columns.index(column) for column in written), 0),
        f"UPDATE {kind} SET {', '.join(f'{column} = {hole}' for column in followers)} WHERE id = {hole}",
    )


def upsert(connection: Connection, kind: str, rows: Iterable[WireRow], *, new: bool = False) -> Written:
    """Write canonical rows: insert new ones, update those whose content hash differs, leave the others alone.

    Of rows with the same id the last one wins. A row whose content is the same and that another raw record brings now,
    or with another volatile value, follows it and counts as unchanged. With `new` all are taken to be new, unseen:
    IntegrityError when one is not.
    """
    plan = _plan(kind, sqlite=is_sqlite(connection))
    by_id = {row[0]: row for row in rows}
    found = [] if new else lookup(connection, kind, plan.told, list(by_id))
    held = {row[0]: tuple(row)[1:] for row in found}
    if not held:
        insert_rows(connection, kind, plan.columns, list(by_id.values()))
        return Written(Counts(inserted=len(by_id)), [])
    absent: list[WireRow] = []
    changed: list[WireRow] = []
    moved: list[WireRow] = []
    for key, row in by_id.items():
        before = held.get(key)
        if before is None:
            absent.append(row)
        elif before[0] != row[plan.hash_at]:
            changed.append(row)
        elif before[1:] != tuple(row[n] for n in plan.followers):
            moved.append(row)
    insert_rows(connection, kind, plan.columns, absent)
    if changed and kind in NUMBERED:
        at = plan.columns.index("ticket_id")
        unsettle_left(connection, kind, {row[0]: row[at] for row in changed})
    _execute_many(connection, plan.update, [tuple(row[n] for n in plan.update_at) for row in changed])
    _execute_many(connection, plan.refresh, [(*(row[n] for n in plan.followers), row[0]) for row in moved])
    unchanged = len(by_id) - len(absent) - len(changed)
    return Written(Counts(len(absent), len(changed), unchanged), [row[0] for row in changed])


def unsettle_left(connection: Connection, kind: str, places: Mapping[str, str | None]) -> None:
    """Have the tickets numbered anew that these rows (id → their ticket from now on, if any) leave."""
    held = lookup(connection, kind, "id, ticket_id", list(places))
    left = sorted({ticket for key, ticket in held if places[key] != ticket})
    if is_sqlite(connection):
        statement = f"UPDATE {kind} SET seq = NULL WHERE ticket_id IN (SELECT value FROM json_each(?))"
        value: Any = orjson.dumps(left).decode()
    else:
        statement, value = f"UPDATE {kind} SET seq = NULL WHERE ticket_id = ANY(%s)", left
    if left:
        connection.exec_driver_sql(statement, (value,))


def _execute_many(connection: Connection, statement: str, values: list[WireRow]) -> None:
    if values:
        connection.exec_driver_sql(statement, values)


def chunks(items: Sequence[T], size: int = _CHUNK) -> Iterable[Sequence[T]]:
    """Yield slices of a sequence."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
