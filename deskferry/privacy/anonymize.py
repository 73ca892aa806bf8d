"""A copy of a store that names nobody: what is exported of it cannot hold what it does not have.

It has the canonical records, and of what the tool keeps only where tickets crossed (so that a ticket of two desks is
still one). Raw records, findings, journals and the files of attachments stay behind. It lies in a folder of its own for
as long as it is needed, rows go through in pages, and the secret of its pseudonyms is gone with the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.canonical_schema.enums import FetchState
from deskferry.migrate.progress import Progress
from deskferry.privacy.anonymous_columns import Options, Row, Treatment, Veil, treatments
from deskferry.privacy.pseudonyms import Pseudonyms
from deskferry.store import Store, machinery, open_store
from deskferry.store.engine import storage_errors

_ROWS = 1000


@contextmanager
def anonymous_copy(store: Store, progress: Progress, beside: Path) -> Iterator[Store]:
    """Give a store without persons, in a folder beside a path; it is deleted at the end."""
    with storage_errors():
        beside.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".anonymous-", dir=beside.parent) as folder,
            open_store(f"sqlite:///{Path(folder) / 'copy.db'}") as copy,
        ):
            _fill(store, copy, progress)
            yield copy


def _fill(store: Store, copy: Store, progress: Progress) -> None:
    veil = Veil(Pseudonyms(_connections(store)), _field_options(store))
    for kind in KINDS:
        progress.begin(kind.value)
        changes = treatments(kind.value)
        for rows in _pages(store, sql_table(kind.value)):
            _insert(copy, sql_table(kind.value), [_veiled(veil, changes, row) for row in rows])
            progress.advance(len(rows))
        progress.end()
    _copy_crossings(store, copy, veil)


def _veiled(veil: Veil, changes: Mapping[str, Treatment], row: Row) -> dict[str, Any]:
    changed = {name: change(veil, row[name], row) for name, change in changes.items() if row[name] is not None}
    if row.get("fetch_state") == FetchState.DONE:  # its file stays behind
        changed["fetch_state"] = FetchState.SKIPPED.value
    return {**row, **changed}


def _connections(store: Store) -> set[str]:
    found: set[str] = set()
    with store.read() as database:
        for kind in KINDS:
            found.update(database.execute(select(sql_table(kind.value).c.connection).distinct()).scalars())
    return found


def _field_options(store: Store) -> Options:
    table = sql_table("custom_field")
    columns = (table.c.connection, table.c.kind, table.c.key, table.c.options)
    with store.read() as database:
        rows = database.execute(select(*columns).where(table.c.options.is_not(None))).all()
    return MappingProxyType(
        {(connection, kind, key): frozenset(one["value"] for one in options) for connection, kind, key, options in rows}
    )


def _pages(store: Store, table: Table) -> Iterator[list[dict[str, Any]]]:
    with store.read() as database:
        found = database.execute(select(table).execution_options(yield_per=_ROWS)).mappings()
        for part in found.partitions(_ROWS):
            yield [dict(row) for row in part]


def _insert(copy: Store, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        with copy.write() as database:
            database.execute(table.insert(), rows)


def _copy_crossings(store: Store, copy: Store, veil: Veil) -> None:
    """Copy what crossed where and when, under the names that both sides have now."""
    code = veil.names.code
    desks: dict[str, str] = {}
    for rows in _pages(store, machinery.account_pin):
        desks |= {row["account_id"]: row["connection"] for row in rows}
        _insert(copy, machinery.account_pin, [
            {"connection": row["connection"], "vendor": row["vendor"], "account_id": code(row["account_id"], "account"),
             "pinned_at": row["pinned_at"]}
            for row in rows
        ])  # fmt: skip
    told = ("kind", "state", "remote_object", "placeholder", "run_id", "written_at")
    for rows in _pages(store, machinery.run):
        names = ("id", "command", "connection", "started_at", "ended_at", "exit_code", "version")
        _insert(copy, machinery.run, [{name: row[name] for name in names} for row in rows])
    for rows in _pages(store, machinery.crossing):
        _insert(copy, machinery.crossing, [
            {**{name: row[name] for name in told}, "account_id": code(row["account_id"], "account"),
             "record_id": veil.names.identifier(row["record_id"]), "part": row["part"] and code(row["part"], "part"),
             "remote_id": _remote_id(veil, desks.get(row["account_id"], ""), row)}
            for row in rows
        ])  # fmt: skip


def _remote_id(veil: Veil, desk: str, row: Row) -> str:
    there = f"{desk}:{row['remote_object']}:{row['remote_id']}"
    return veil.names.identifier(there).removeprefix(f"{desk}:{row['remote_object']}:")
