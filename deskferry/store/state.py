"""Runs, locks, pins, cursors and to-do lists: what makes a command resumable and keeps two from colliding."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import psutil
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError, IntegrityError

from deskferry import __version__
from deskferry.canonical_schema import parse_time_text
from deskferry.connectors.kit.clock import SystemClock
from deskferry.connectors.kit.contract import Account, Child, Cursor, Page
from deskferry.connectors.kit.contract import Row as Record
from deskferry.errors import DeskferryError, LockHeld, Refused
from deskferry.store import machinery
from deskferry.store.bulk_insert import insert_resolved
from deskferry.store.engine import Store, now_text
from deskferry.store.raw_archive import time_of
from deskferry.store.upsert import insert_into

_BEAT = 60.0
"""Seconds between two signs of life of the holder of a lock."""
_STALE_AFTER = 900.0
"""Seconds without a sign of life after which a lock of another host is taken to be abandoned."""


# ------------------------------------------------------------------------------------------------------------- runs


def begin_run(store: Store, command: str, connection: str | None, now: str) -> str:
    """Record the beginning of a command; returns the run's id (sortable by time)."""
    stamp = now[:19].replace("-", "").replace(":", "").replace("T", "-")
    run_id = f"{stamp}-{secrets.token_hex(3)}"
    with store.write() as database:
        database.execute(
            machinery.run.insert().values(
                id=run_id, command=command, connection=connection, started_at=now, version=__version__
            )
        )
    return run_id


def end_run(store: Store, run_id: str, exit_code: int, counts: Any, notes: Sequence[str], now: str) -> None:
    """Record the end of a run; counts of None leave those that a step has kept already (`keep_counts`)."""
    table = machinery.run
    counted = {} if counts is None else {"counts": counts}
    with store.write() as database:
        database.execute(
            table.update()
            .where(table.c.id == run_id)
            .values(ended_at=now, exit_code=exit_code, notes=list(notes), **counted)
        )


def keep_counts(database: Connection, run_id: str, counts: Any) -> None:
    """Keep what a step of a run counted before the run ends: they are there, too, when what follows fails."""
    table = machinery.run
    database.execute(table.update().where(table.c.id == run_id).values(counts=counts))


def runs(database: Connection, limit: int = 50, run_id: str | None = None) -> list[Record]:
    """Return the latest runs, newest first; or the one with an id."""
    table = machinery.run
    statement = select(table).order_by(table.c.started_at.desc(), table.c.id.desc()).limit(limit)
    if run_id is not None:
        statement = statement.where(table.c.id == run_id)
    return [dict(row) for row in database.execute(statement).mappings()]


def last_run(database: Connection, command: str, connection: str | None) -> Record | None:
    """Return the latest run of a command on a connection (None: on all of them), or None."""
    table = machinery.run
    row = (
        database.execute(
            select(table)
            .where(table.c.command == command, table.c.connection == connection)
            .order_by(table.c.started_at.desc(), table.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


# ------------------------------------------------------------------------------------------------------------- lock


@contextmanager
def locked(store: Store, connection: str, run_id: str, command: str, now: str) -> Iterator[None]:
    """Hold the run lock of a connection; a second process is told who holds it and since when."""
    _take_lock(store, connection, run_id, command, now)
    try:
        with _signs_of_life(store, connection, run_id):
            yield
    finally:
        # A lock that cannot be given back (the disk is full) is recognised as ours by the next process: we are dead.
        with suppress(DeskferryError, DatabaseError), store.write() as database:
            table = machinery.run_lock
            database.execute(table.delete().where(table.c.connection == connection, table.c.run_id == run_id))


def _take_lock(store: Store, connection: str, run_id: str, command: str, now: str) -> None:
    me = psutil.Process()
    table = machinery.run_lock
    values = {
        "connection": connection, "run_id": run_id, "command": command, "host": socket.gethostname(), "pid": me.pid,
        "process_started": me.create_time(), "since": now, "beat_at": _machine_time(),
    }  # fmt: skip
    try:
        with store.write() as database:
            held = database.execute(select(table).where(table.c.connection == connection)).first()
            if held is not None:
                if _alive(held):
                    raise _held_by(connection, held)
                # Only that very lock: another process may be taking it over at this moment.
                database.execute(table.delete().where(table.c.connection == connection, table.c.run_id == held.run_id))
            database.execute(table.insert().values(values))
    except IntegrityError as error:  # PostgreSQL: another process was faster by a hair
        with store.read() as database:
            held = database.execute(select(table).where(table.c.connection == connection)).first()
        raise _held_by(connection, held) from error


def _held_by(connection: str, held: Any | None) -> LockHeld:
    advice = "Wait until it ends, or stop it; then run the same command again."
    if held is None:
        return LockHeld(f"{connection} was being worked on a moment ago.", advice)
    return LockHeld(
        f"{connection} is being worked on by `{held.command}` (process {held.pid} on {held.host}, "
        f"since {time_of(held.since)[:19]}Z).",
        advice,
    )


@contextmanager
def _signs_of_life(store: Store, connection: str, run_id: str) -> Iterator[None]:
    """Beat from a thread: a run that waits out an hour of rate limit is alive, also to another host."""
    over = threading.Event()
    table = machinery.run_lock

    def work() -> None:
        while not over.wait(_BEAT):
            with suppress(DeskferryError, DatabaseError), store.write() as database:
                database.execute(
                    table.update()
                    .where(table.c.connection == connection, table.c.run_id == run_id)
                    .values(beat_at=_machine_time())
                )

    thread = threading.Thread(target=work, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5.0)  # it may wait for another process that writes


def beat(database: Connection, connection: str) -> None:
    """Show a sign of life for the lock's holder, with a write that is made anyway, by the clock of this machine."""
    table = machinery.run_lock
    database.execute(table.update().where(table.c.connection == connection).values(beat_at=_machine_time()))


def _alive(held: Any) -> bool:
    if held.host == socket.gethostname():
        try:
            process = psutil.Process(held.pid)
            started: float = process.create_time()
            return bool(abs(started - held.process_started) < 2.0) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
    beat_at, now = parse_time_text(time_of(held.beat_at)), parse_time_text(_machine_time())
    return (now - beat_at).total_seconds() < _STALE_AFTER


def _machine_time() -> str:
    # Of the machine, whatever clock a connection has: another process compares it with its own.
    return now_text(SystemClock().now())


# -------------------------------------------------------------------------------------------------------------- pin


def pin_account(store: Store, connection: str, vendor: str, account: Account, origin: str, site: str, now: str) -> None:
    """Pin a connection to the account that it first met; raises Refused when it meets another one."""
    values = {
        "connection": connection, "vendor": vendor, "account_id": account.id, "account_name": account.name,
        "origin": origin, "site": site, "pinned_at": now,
    }  # fmt: skip
    with store.read() as database:
        held = pinned(database, connection)
    if held is None:
        with store.write() as database:
            database.execute(insert_into(database, machinery.account_pin).values(values).on_conflict_do_nothing())
            held = pinned(database, connection)
    if held is None or (held["vendor"], held["account_id"]) != (vendor, account.id):
        was = held or values
        raise Refused(
            f"{connection} was pulled from {was['vendor']} account {was['account_id']} and now points to "
            f"{vendor} account {account.id}.",
            "Give the other account a connection of its own; names are never reused.",
        )


def pinned(database: Connection, connection: str) -> Record | None:
    """Return the pin of a connection, or None when it was never contacted."""
    table = machinery.account_pin
    row = database.execute(select(table).where(table.c.connection == connection)).mappings().first()
    return None if row is None else dict(row)


# ---------------------------------------------------------------------------------------------------- cursors, to-do


@dataclass(frozen=True, slots=True)
class StreamState:
    """Where a stream stands."""

    cursor: Cursor | None
    scanning: bool
    """A scan was begun and not finished."""
    finished_at: str | None


def stream_state(database: Connection, connection: str, stream: str) -> StreamState:
    """Return where a stream stands; of one never read, the beginning."""
    table = machinery.stream_cursor
    row = database.execute(select(table).where(table.c.connection == connection, table.c.stream == stream)).first()
    if row is None:
        return StreamState(None, scanning=False, finished_at=None)
    return StreamState(row.cursor, row.scanning, None if row.finished_at is None else time_of(row.finished_at))


def reset_streams(database: Connection, connection: str, streams: Sequence[str]) -> None:
    """Forget cursors, so that the streams are read from the beginning."""
    for table in (machinery.stream_cursor, machinery.stream_seen):
        database.execute(table.delete().where(table.c.connection == connection, table.c.stream.in_(streams)))


def scan_from(database: Connection, connection: str, stream: str) -> int | None:
    """Return the arrival from which on the scan under way has written; None where none is under way."""
    table = machinery.stream_cursor
    begun: int | None = database.execute(
        select(table.c.scan_from).where(
            table.c.connection == connection, table.c.stream == stream, table.c.scanning.is_(True)
        )
    ).scalar()
    return begun


def save_cursor(
    database: Connection, connection: str, stream: str, page: Page, now: str, *, begun: int | None = None
) -> None:
    """Keep where a stream goes on after this page, and the arrival with which its scan began."""
    table = machinery.stream_cursor
    values: dict[str, Any] = {
        "scanning": not page.last, "scan_from": None if page.last else begun, "updated_at": now
    }  # fmt: skip
    if page.cursor is not None:
        values["cursor"] = page.cursor
    if page.last:
        values["finished_at"] = now
    mine = (table.c.connection == connection) & (table.c.stream == stream)
    if database.execute(table.update().where(mine).values(**values)).rowcount == 0:
        database.execute(table.insert().values(connection=connection, stream=stream, **values))


def add_todos(database: Connection, connection: str, run_id: str, children: Sequence[Child]) -> None:
    """Put children on the to-do list; one that is there gets the newer arguments."""
    if not children:
        return
    rows = [
        (
            connection,
            child.stream,
            child.parent,
            orjson.dumps(dict(child.args)).decode(),
            run_id,
        )
        for child in children
    ]
    types = {"connection": "text", "stream": "text", "parent_id": "text", "args": "jsonb", "run_id": "text"}
    newer = "ON CONFLICT (connection, stream, parent_id) DO UPDATE SET args = excluded.args, run_id = excluded.run_id"
    insert_resolved(database, "stream_todo", types, newer, list({row[:3]: row for row in rows}.values()))


def strike_todo(database: Connection, connection: str, child: Child) -> None:
    """Take one child off the to-do list."""
    table = machinery.stream_todo
    database.execute(
        table.delete().where(
            table.c.connection == connection, table.c.stream == child.stream, table.c.parent_id == child.parent
        )
    )


def todos(database: Connection, connection: str, limit: int = 1000) -> list[Child]:
    """Return the next entries of the to-do list."""
    table = machinery.stream_todo
    rows = database.execute(
        select(table).where(table.c.connection == connection).order_by(table.c.stream, table.c.parent_id).limit(limit)
    )
    return [Child(row.stream, row.parent_id, row.args or {}) for row in rows]


def count_todos(database: Connection, connection: str) -> int:
    """Return how many children are still to be fetched."""
    table = machinery.stream_todo
    total: int = database.execute(
        select(func.count()).select_from(table).where(table.c.connection == connection)
    ).scalar_one()
    return total


def count_live(database: Connection, connection: str, object_name: str) -> int:
    """Return how many records of an object the archive holds that are not deleted."""
    table = machinery.raw_record
    count: int = database.execute(
        select(func.count()).where(
            table.c.connection == connection, table.c.object == object_name, table.c.deleted_at.is_(None)
        )
    ).scalar_one()
    return count


def raw_is_known(database: Connection, raw_record_id: str) -> bool:
    """Whether the archive has heard of a record, live or deleted."""
    table = machinery.raw_record
    return database.execute(select(table.c.id).where(table.c.id == raw_record_id)).first() is not None


def raw_is_live(database: Connection, raw_record_id: str) -> bool:
    """Whether the archive holds a record that is not deleted."""
    table = machinery.raw_record
    row = database.execute(select(table.c.deleted_at).where(table.c.id == raw_record_id)).first()
    return row is not None and row.deleted_at is None
