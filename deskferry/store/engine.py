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

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from deskferry.canonical_schema import KINDS, column_names, sql_table
from deskferry.canonical_schema import metadata as canonical_metadata
from deskferry.errors import ConfigError, DiskFull, Stopped, StoreTooNew
from deskferry.store import machinery
from deskferry.store.versions import upgrade_machinery

CANONICAL_VERSION = 1
"""Rises with every change of a canonical table: an older store is rebuilt from raw."""

_WRITE = "deskferry_write"


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

    @property
    def blobs(self) -> Path:
        """The directory of attachments, beside the database file."""
        if self.path is not None:
            return self.path.with_name(self.path.name + ".files")
        configured = os.environ.get("DESKFERRY_FILES")
        name = make_url(self.url).database or "deskferry"
        return Path(configured) if configured else Path.cwd() / f"{name}.files"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading a consistent state."""
        with storage_errors(), self.engine.connect() as connection:
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "The disk is full.",
                "Free some room and run the same command again: it goes on where it stopped.",
            ) from error
        raise


def _translated(error: Exception) -> Exception:
    words = str(getattr(error, "orig", error)).lower()
    if "disk is full" in words or "no space left" in words:
        return DiskFull(
            "The database or its disk is full.",
            "Free some room and run the same command again: it goes on where it stopped.",
        )
    if "database is locked" in words:
        return Stopped(
            "The database is busy with another program.",
            "Close what holds it and run the same command again.",
        )
    if "unable to open database" in words or "readonly database" in words:
        return ConfigError("The database cannot be opened for writing.", "Check the path and its rights.")
    if "file is not a database" in words:
        return ConfigError("The store's file is not a SQLite database.", "Check [store] url.")
    if isinstance(error, OperationalError) and "connect" in words:
        return ConfigError("The database server cannot be reached.", "Check [store] url and that it is running.")
    return error


def open_store(url: str, *, create: bool = True) -> Store:
    """Open a store by its URL and bring its tables up to date.

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
    if not path.exists():
        if not create:
            raise ConfigError(f"There is no store at {path}.", "Run `deskferry pull` first, or check [store] url.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with storage_errors():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    url = f"sqlite:///{path}"
    return Store(url, _sqlite_engine(url, "NORMAL"), _sqlite_engine(url, "FULL"), path)


def _sqlite_engine(url: str, synchronous: str) -> Engine:
    # Transactions are begun by hand: a writer takes the lock at once (BEGIN IMMEDIATE) instead of failing half-way.
    engine = create_engine(url, connect_args={"timeout": 30, "isolation_level": None, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "busy_timeout=30000",
            "cache_size=-65536",
            "temp_store=MEMORY",
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
        engine = create_engine(parsed, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ConfigError("PostgreSQL needs psycopg.", "Install it: pip install 'deskferry[postgres]'") from None
    return Store(url, engine, engine, None)


def canonical_shape() -> str:
    """Return a hash over all canonical tables and columns: a test demands that CANONICAL_VERSION rises with it."""
    shape = [(kind.value, column_names(kind.value)) for kind in KINDS]
    return hashlib.blake2b(repr(shape).encode(), digest_size=8).hexdigest()


def _bring_up_to_date(store: Store) -> None:
    with store.engine.connect() as opened:
        connection = opened.execution_options(**{_WRITE: True})
        with connection.begin():
            upgrade_machinery(connection)
            held = _meta(connection, "canonical_version")
            if held is not None and int(held) > CANONICAL_VERSION:
                raise StoreTooNew(
                    "This store was written by a newer version of deskferry.",
                    "Upgrade deskferry (pipx upgrade deskferry), or name another store.",
                )
            if held is not None and int(held) < CANONICAL_VERSION:
                _drop_canonical(connection)
                found = select(machinery.raw_record.c.connection).distinct()
                store.needs_normalize = sorted(connection.execute(found).scalars())
            if held is None or int(held) < CANONICAL_VERSION:
                canonical_metadata.create_all(connection)
                _unsettled_indexes(connection)
                _set_meta(connection, "canonical_version", str(CANONICAL_VERSION))


def _drop_canonical(connection: Connection) -> None:
    held = set(inspect(connection).get_table_names())
    for kind in KINDS:
        if kind.value in held:
            sql_table(kind.value).drop(connection)


def _unsettled_indexes(connection: Connection) -> None:
    # Small by nature: they hold only rows that the settling at the end of a pull still has to number.
    for kind in ("message", "ticket_event"):
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS ix_{kind}_unsettled ON {kind} (ticket_id) WHERE seq IS NULL")
        )


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
