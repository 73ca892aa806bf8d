"""A copy of one connection's records in another store: what is tried there leaves no trace here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.store import machinery
from deskferry.store.blobs import BlobStore
from deskferry.store.engine import Store
from deskferry.store.upsert import chunks

_ROWS = 1000
_STATE = (machinery.account_pin, machinery.stream_cursor, machinery.stream_todo, machinery.declared_count)
_COPIED = ("organization", "person")
"""Kinds whose crossings are copied: what they crossed as is there under the same id."""


def copy_connection(store: Store, target: Store, connection: str) -> None:
    """Copy the records of a connection, where its pull stands, and its latest pull."""
    for kind in KINDS:
        _copy(store, target, sql_table(kind.value), connection)
    for table in _STATE:
        _copy(store, target, table, connection)
    table = machinery.run
    latest = (
        select(table)
        .where(table.c.connection == connection, table.c.command == "pull")
        .order_by(table.c.started_at.desc(), table.c.id.desc())
        .limit(1)
    )
    _insert(target, table, _rows(store, latest))


def _copy(store: Store, target: Store, table: Table, connection: str) -> None:
    _insert(target, table, _rows(store, select(table).where(table.c.connection == connection)))


def _rows(store: Store, statement: Any) -> Iterator[list[dict[str, Any]]]:
    with store.read() as database:
        found = database.execute(statement.execution_options(yield_per=_ROWS)).mappings()
        for part in found.partitions(_ROWS):
            yield [dict(row) for row in part]


def _insert(target: Store, table: Table, parts: Iterator[list[dict[str, Any]]]) -> None:
    for rows in parts:
        with target.write() as database:
            database.execute(table.insert(), rows)


def link_files(store: Store, target: Store, connection: str) -> None:
    """Give a store the files of a connection's attachments, without copying them where the disk can link."""
    table = sql_table("attachment")
    here, there = BlobStore(store.blobs), BlobStore(target.blobs)
    wanted = select(table.c.sha256).where(table.c.connection == connection, table.c.sha256.is_not(None)).distinct()
    for rows in _rows(store, wanted):
        for row in rows:
            source, place = here.path(row["sha256"]), there.path(row["sha256"])
            if source.exists() and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                _link(source, place)


def _link(source: Path, place: Path) -> None:
    try:
        place.hardlink_to(source)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, place)


def copy_crossings(store: Store, target: Store, connection: str, account: str, account_there: str) -> dict[str, int]:
    """Copy where people and organizations crossed, and take out what else crossed; returns how many by kind.

    What crossed before is not there to be changed: only what is still to cross is tried.
    """
    table = machinery.crossing
    own = table.c.record_id.startswith(f"{connection}:", autoescape=True)
    mine = (table.c.account_id == account) & (table.c.part == "") & own
    for rows in _rows(store, select(table).where(mine, table.c.kind.in_(_COPIED))):
        _insert(target, table, iter([[{**row, "account_id": account_there} for row in rows]]))
    taken: dict[str, int] = {}
    others = select(table.c.record_id, table.c.kind).where(
        mine, table.c.kind.not_in(_COPIED), table.c.state != "matched", table.c.kind != "custom_field"
    )
    for rows in _rows(store, others):
        for kind in sorted({row["kind"] for row in rows}):
            ids = [row["record_id"] for row in rows if row["kind"] == kind]
            taken[kind] = taken.get(kind, 0) + _remove(target, kind, ids)
    return {kind: count for kind, count in taken.items() if count}


def _remove(target: Store, kind: str, ids: Sequence[str]) -> int:
    table = sql_table(kind)
    count = 0
    with target.write() as database:
        for part in chunks(list(ids), 500):
            count += database.execute(table.delete().where(table.c.id.in_(part))).rowcount
    return count
