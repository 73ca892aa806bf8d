"""Bulk upserts of plain tuples that leave unchanged rows alone, on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection

from deskferry.canonical_schema import ENGINE_COLUMNS, column_names

WireRow = tuple[Any, ...]
T = TypeVar("T")

_CHUNK = 5_000
_UNSETTLED = ("message", "ticket_event")


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


def lookup(connection: Connection, table: str, columns: str, ids: Sequence[str], key: str = "id") -> list[Any]:
    """Return rows of `columns` whose key is among the ids, in one statement."""
    if not ids:
        return []
    if is_sqlite(connection):
        among, value = "SELECT value FROM json_each(?)", orjson.dumps(ids).decode()
        statement = f"SELECT {columns} FROM {table} WHERE {key} IN ({among})"
        return list(connection.exec_driver_sql(statement, (value,)))
    statement = f"SELECT {columns} FROM {table} WHERE {key} = ANY(%s)"
    return list(connection.exec_driver_sql(statement, (list(ids),)))


def delete_ids(connection: Connection, table: str, ids: Sequence[str], key: str = "id") -> int:
    """Delete rows by their key."""
    if not ids:
        return 0
    if is_sqlite(connection):
        statement = f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))"
        return connection.exec_driver_sql(statement, (orjson.dumps(ids).decode(),)).rowcount
    return connection.exec_driver_sql(f"DELETE FROM {table} WHERE {key} = ANY(%s)", (list(ids),)).rowcount


@dataclass(slots=True)
class Written:
    """The outcome of an upsert: counts, and the ids of updated rows."""

    counts: Counts
    updated_ids: list[str]


def upsert(connection: Connection, kind: str, rows: Iterable[WireRow]) -> Written:
    """Write canonical rows: insert new ones, update those whose content hash differs, leave the others alone.

    Of rows with the same id the last one wins. Columns that the store fills are kept on an update.
    """
    columns = column_names(kind)
    hash_at = columns.index("content_hash")
    by_id = {row[0]: row for row in rows}
    held = dict(map(tuple, lookup(connection, kind, "id, content_hash", list(by_id))))
    if not held:
        insert_rows(connection, kind, columns, list(by_id.values()))
        return Written(Counts(inserted=len(by_id)), [])
    new = [row for key, row in by_id.items() if key not in held]
    changed = [row for key, row in by_id.items() if key in held and held[key] != row[hash_at]]
    insert_rows(connection, kind, columns, new)
    _update_rows(connection, kind, columns, changed)
    unchanged = len(by_id) - len(new) - len(changed)
    return Written(Counts(len(new), len(changed), unchanged), [row[0] for row in changed])


def insert_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[WireRow]) -> None:
    """Insert tuples in column order: executemany on SQLite, COPY on PostgreSQL."""
    if not rows:
        return
    names = ", ".join(_quoted(column) for column in columns)
    if is_sqlite(connection):
        holes = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({holes})", list(rows))
        return
    copy_rows(connection, table, columns, rows)


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[WireRow]) -> None:
    """COPY tuples into a PostgreSQL table."""
    names = ", ".join(_quoted(column) for column in columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@cache
def _update_statement(kind: str, columns: tuple[str, ...], *, sqlite: bool) -> str:
    hole = "?" if sqlite else "%s"
    kept = ENGINE_COLUMNS[kind] - {"content_hash", "synced_at"}
    sets = [f"{column} = {hole}" for column in columns[1:] if column not in kept]
    if kind in _UNSETTLED:
        sets.append("seq = NULL")  # its place and what follows from it are settled anew
    if kind == "attachment":
        sets.append("fetch_state = 'pending'")
    return f"UPDATE {kind} SET {', '.join(sets)} WHERE id = {hole}"


def _update_rows(connection: Connection, kind: str, columns: tuple[str, ...], rows: Sequence[WireRow]) -> None:
    if not rows:
        return
    kept = ENGINE_COLUMNS[kind] - {"content_hash", "synced_at"}
    places = [n for n, column in enumerate(columns) if n and column not in kept]
    values = [(*(row[n] for n in places), row[0]) for row in rows]
    statement = _update_statement(kind, columns, sqlite=is_sqlite(connection))
    connection.exec_driver_sql(statement, values)


def _quoted(column: str) -> str:
    # Canonical names need no quotes (tested); of the machinery `class` and `cursor` are the reason.
    return f'"{column}"'


def chunks(items: Sequence[T], size: int = _CHUNK) -> Iterable[Sequence[T]]:
    """Yield slices of a sequence."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
