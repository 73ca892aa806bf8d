"""Gives back the room of what was removed, so that nothing of it lies in free pages or in the write-ahead log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from deskferry.canonical_schema import metadata as canonical
from deskferry.errors import Stopped
from deskferry.store import Store, machinery
from deskferry.store.engine import storage_errors
from deskferry.store.snapshot import discard

_BUSY = Stopped(
    "The database is open in another program, so what was removed still lies in its log.",
    "Close what holds it and run the same command again: it goes on where it stopped.",
)


def compact(store: Store, tables: Iterable[str] = ()) -> None:
    """Rewrite the database without what was removed; of PostgreSQL the named tables, all where none is named.

    The analysis snapshot goes too: the next report makes another.
    """
    discard(store)
    with storage_errors():
        if store.path is not None:
            _compact_file(store, store.path)
        else:
            _compact_server(store, set(tables))


def _compact_file(store: Store, path: Path) -> None:
    store.engine.dispose()
    store.journal_engine.dispose()
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
        database.execute("PRAGMA busy_timeout = 30000")
        database.execute("PRAGMA secure_delete = ON")
        _empty_log(database)
        database.execute("VACUUM")
        _empty_log(database)


def _empty_log(database: sqlite3.Connection) -> None:
    busy, _pages, _moved = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise _BUSY


def _compact_server(store: Store, tables: set[str]) -> None:
    ours = {*canonical.tables, *machinery.metadata.tables}
    with store.engine.connect() as opened:
        database = opened.execution_options(isolation_level="AUTOCOMMIT")
        database.execute(text("SET lock_timeout = '60s'"))
        # FULL writes the table anew: a plain VACUUM leaves the bytes where they were until something is written there.
        for name in sorted(ours & tables if tables else ours):
            database.execute(text(f"VACUUM (FULL, ANALYZE) {name}"))
        _compact_statistics(database)
        database.execute(text("SET lock_timeout = 0"))


def _compact_statistics(database: Connection) -> None:
    """Rewrite the planner's statistics: what ANALYZE replaced (the commonest addresses, say) lies there as dead rows.

    It needs the owner of the database. A server warns another role and goes on; autovacuum takes the rows in time.
    """
    database.execute(text("VACUUM FULL pg_catalog.pg_statistic"))
