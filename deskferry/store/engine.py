"""Opening a store: its engine, its versions, and the translation of its failures into errors that tell what to do."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from deskferry.canonical_schema import KINDS, column_names
from deskferry.canonical_schema import metadata as canonical_metadata
from deskferry.errors import ConfigError, DeskferryError, DiskFull, Stopped
from deskferry.store import machinery
from deskferry.store.kept_files import keep_files
from deskferry.store.versions import VERSION_TABLE, is_current, too_new, upgrade_machinery

CANONICAL_VERSION = 2
"""Rises with every change of a canonical table: an older store is rebuilt from raw."""

_WRITE = "deskferry_write"
_WAITING = "to_normalize"


@dataclass
class Store:
    """An open store. `read()` and `write()` give connections; SQLite has one writer at a time."""

    url: str
    engine: Engine
    journal_engine: Engine
    path: Path | None
    needs_normalize: list[str] = field(default_factory=list)
    """Connections whose canonical rows were dropped by an upgrade and are to be rebuilt from raw."""

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (else PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    files: Path | None = None
    """Where attachments lie, when the configuration names a place or the database is a server."""

    @property
    def blobs(self) -> Path:
        """The directory of attachments: the configured one, else beside the database file."""
        if self.files is not None:
            return self.files
        if self.path is not None:
            return self.path.with_name(self.path.name + ".files")
        configured = os.environ.get("DESKFERRY_FILES")
        name = make_url(self.url).database or "deskferry"
        return Path(configured) if configured else Path.cwd() / f"{name}.files"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading one consistent state, whatever is written meanwhile."""
        with storage_errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside one write transaction: committed at the end, rolled back on an error."""
        with storage_errors(), self.engine.connect() as opened:
            connection = opened.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    @contextmanager
    def journal(self) -> Iterator[Connection]:
        """Give a write transaction that is on the disk when it is left (`synchronous=FULL`)."""
        with storage_errors(), self.journal_engine.connect() as opened:
            connection = opened.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.journal_engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a full disk, a missing right or a lost database into an error that says what to do."""
    try:
        yield
    except DatabaseError as error:
        raise _translated(error) from error
    except sqlite3.DatabaseError as error:
        raise _translated(error) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise DiskFull(
                "The disk is full.",
                "Free some room and run the same command again: it goes on where it stopped.",
            ) from error
        raise


def _translated(error: Exception) -> Exception:
    words = str(getattr(error, "orig", error)).lower()
    for marks, kind, message, advice in _FAILURES:
        if any(mark in words for mark in marks):
            return kind(message, advice)
    if isinstance(error, OperationalError) and "connect" in words:
        return ConfigError("The database server cannot be reached.", "Check [store] url and that it is running.")
    return error


_AGAIN = "run the same command again: it goes on where it stopped."
_FAILURES: tuple[tuple[tuple[str, ...], type[DeskferryError], str, str], ...] = (
    (
        ("disk is full", "no space left", "disk quota exceeded"), DiskFull,
        "The database or its disk is full.", f"Free some room and {_AGAIN}",
    ),
    (
        ("database is locked", "database table is locked"), Stopped,
        "The database is busy with another program.", f"Close what holds it and {_AGAIN}",
    ),
    (
        ("unable to open database", "readonly database"), ConfigError,
        "The database cannot be opened for writing.", "Check the path and its rights.",
    ),
    (
        ("file is not a database",), ConfigError,
        "The store's file is not a SQLite database.", "Check [store] url.",
    ),
    (
        ("disk image is malformed",), ConfigError,
        "The store's file is damaged.", "Restore it from a backup, or name another file and pull again.",
    ),
    (
        ("disk i/o error",), Stopped,
        "The disk does not read or write as it should.", f"Check the disk, then {_AGAIN}",
    ),
    (
        ("server closed the connection", "terminating connection", "connection is lost"), Stopped,
        "The database server hung up.", f"See that it is running, then {_AGAIN}",
    ),
)  # fmt: skip
"""What a driver says, and what a person can do about it."""


def open_store(url: str, *, create: bool = True, files: Path | None = None) -> Store:
    """Open a store by its URL and bring its tables up to date; `files` is where attachments are kept.

    Raises ConfigError for a URL that is none, StoreTooNew for a store that a newer version wrote.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "The store's URL is not one.",
            "Write it as sqlite:///deskferry.db or postgresql://user@host/name.",
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        store = _sqlite(url, create=create)
    elif backend == "postgresql":
        store = _postgresql(url)
    else:
        raise ConfigError(f"A store is SQLite or PostgreSQL, not {backend}.", "Change [store] url.")
    store.files = files
    try:
        with storage_errors():
            _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def _sqlite(url: str, *, create: bool) -> Store:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise ConfigError("A store in memory would be lost at the end.", "Name a file: sqlite:///deskferry.db")
    path = Path(database).absolute()
    try:
        if not path.exists():
            if not create:
                raise ConfigError(f"There is no store at {path}.", "Run `deskferry pull` first, or check [store] url.")
            with storage_errors():
                path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(
            f"There can be no store at {path}: {error.strerror or error}.",
            "Check [store] url and the rights of its directory.",
        ) from error
    absolute = URL.create("sqlite", database=str(path))
    return Store(str(absolute), _sqlite_engine(absolute, "NORMAL"), _sqlite_engine(absolute, "FULL"), path)


def _sqlite_engine(url: URL, synchronous: str) -> Engine:
    # Transactions are begun by hand: a writer takes the lock at once (BEGIN IMMEDIATE) instead of failing half-way.
    engine = create_engine(url, connect_args={"timeout": 30, "isolation_level": None, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "busy_timeout=30000",
            "cache_size=-32768",  # more than that is spilled, so that memory does not grow with the account
            "wal_autocheckpoint=4000",  # 16 MiB: each checkpoint waits for the disk twice
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _postgresql(url: str) -> Store:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(parsed, connect_args={"options": "-c timezone=UTC"})
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ConfigError("PostgreSQL needs psycopg.", "Install it: pip install 'deskferry[postgres]'") from None
    return Store(url, engine, engine, None)


def canonical_shape() -> str:
    """Return a hash over all canonical tables and columns: a test demands that CANONICAL_VERSION rises with it."""
    shape = [(kind.value, column_names(kind.value)) for kind in KINDS]
    return hashlib.blake2b(repr(shape).encode(), digest_size=8).hexdigest()


def _bring_up_to_date(store: Store) -> None:
    # Looking needs no lock: a store that is up to date opens while another process is in a long transaction.
    with store.engine.connect() as connection:
        if is_current(connection) and _canonical_version(connection) == CANONICAL_VERSION:
            store.needs_normalize = _unfinished(connection)
            return
    with store.write() as connection:
        if not store.is_sqlite:  # SQLite's writers are one at a time; here two may come to create the same tables
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('deskferry'))"))
        _refuse_foreign_tables(connection)
        upgrade_machinery(connection)
        _upgrade_canonical(connection)
        store.needs_normalize = _unfinished(connection)


def _refuse_foreign_tables(connection: Connection) -> None:
    held = set(inspect(connection).get_table_names())
    ours = {*machinery.metadata.tables, *canonical_metadata.tables}
    if VERSION_TABLE not in held and held & ours:
        raise ConfigError(
            f"This database holds tables of another program that bear our names: {', '.join(sorted(held & ours)[:5])}.",
            "Give the store a database of its own ([store] url).",
        )


def _upgrade_canonical(connection: Connection) -> None:
    held = _canonical_version(connection)
    if held is not None and held > CANONICAL_VERSION:
        raise too_new()
    if held == CANONICAL_VERSION:
        return
    if held is not None:
        keep_files(connection)
        _drop_canonical(connection)
        found = select(machinery.raw_record.c.connection).distinct()
        waiting = sorted({*connection.execute(found).scalars(), *_unfinished(connection)})
        _set_meta(connection, _WAITING, "\n".join(waiting))
    canonical_metadata.create_all(connection)
    _work_indexes(connection)
    _set_meta(connection, "canonical_version", str(CANONICAL_VERSION))


def _drop_canonical(connection: Connection) -> None:
    held = set(inspect(connection).get_table_names())
    for kind in KINDS:
        if kind.value in held:
            connection.execute(text(f"DROP TABLE {kind.value}"))


def _work_indexes(connection: Connection) -> None:
    # Small by nature: they hold only rows that are still to be numbered at the end of a pull, or to be downloaded.
    for kind in ("message", "ticket_event"):
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS ix_{kind}_unsettled ON {kind} (ticket_id) WHERE seq IS NULL")
        )
    connection.execute(
        text("CREATE INDEX IF NOT EXISTS ix_message_unknown ON message (author_id) WHERE author_kind = 'unknown'")
    )
    connection.execute(
        text(
            "CREATE INDEX IF NOT EXISTS ix_attachment_pending ON attachment (connection, id) "
            "WHERE fetch_state = 'pending'"
        )
    )


def _unfinished(connection: Connection) -> list[str]:
    """Return the connections whose canonical rows an upgrade dropped and nobody has rebuilt yet."""
    return (_meta(connection, _WAITING) or "").split()


def rebuilt(connection: Connection, name: str) -> None:
    """Strike a connection off the list of those whose canonical rows an upgrade dropped."""
    waiting = _unfinished(connection)
    left = [one for one in waiting if one != name]
    if left:
        _set_meta(connection, _WAITING, "\n".join(left))
    elif waiting:
        connection.execute(machinery.store_meta.delete().where(machinery.store_meta.c.name == _WAITING))


def _canonical_version(connection: Connection) -> int | None:
    held = _meta(connection, "canonical_version")
    return None if held is None else int(held)


def _meta(connection: Connection, name: str) -> str | None:
    table = machinery.store_meta
    value: str | None = connection.execute(select(table.c.value).where(table.c.name == name)).scalar()
    return value


def _set_meta(connection: Connection, name: str, value: str) -> None:
    table = machinery.store_meta
    if connection.execute(table.update().where(table.c.name == name).values(value=value)).rowcount == 0:
        connection.execute(table.insert().values(name=name, value=value))


def now_text(seconds: float) -> str:
    """Return Unix seconds as canonical time text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
