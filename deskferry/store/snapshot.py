"""The analysis snapshot: Parquet beside the store, one file a table, only the columns that were asked for.

A table is written anew when anything was written to the store since, or when a column is asked for that it lacks; all
tables that are written together show one state of the store. Files are replaced, never changed, so that a reader of the
previous state is not disturbed. Both databases yield the same schema: times are TIMESTAMP in UTC with microseconds and
without a zone, flags are booleans, whole numbers 64-bit, JSON stays text.

Texts that are only compared (ids above all) can be asked for as keys: `key_of_ticket_id` is a whole number, the same
for the same text in every column and table of a snapshot. Joins and windows over keys take half the time of those over
texts. Keys are hashes: a refresh sees to it that no two records of a table share one, else it hashes with another salt.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from filelock import FileLock
from sqlalchemy import Boolean, Connection, Float, Integer, Table, text
from sqlalchemy.types import TypeEngine

from deskferry.canonical_schema import metadata as canonical_metadata
from deskferry.canonical_schema.columns import UtcTime
from deskferry.errors import ConfigError
from deskferry.store import machinery
from deskferry.store.engine import CANONICAL_VERSION, Store, storage_errors
from deskferry.store.export_processes import KEY_OF, export_in_processes

ALWAYS = ("connection", "deleted_at")
"""Columns that every canonical table of a snapshot has, asked for or not."""

_FORMAT = 5
_SALTS = 9
_META = "snapshot.json"
_KEEP_SECONDS = 3600.0
"""How long files of an earlier state stay for whoever still reads them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of some tables of a store, as Parquet files."""

    folder: Path
    token: str
    """Equal tokens: nothing was written to the store in between."""
    files: Mapping[str, Path]
    columns: Mapping[str, tuple[str, ...]]
    salt: int = 0
    """Of the hashes that keys are."""
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Of each table a text that is another one whenever its rows may be others."""

    @classmethod
    def refresh(cls, store: Store, tables: Mapping[str, Collection[str]]) -> Snapshot:
        """Return a snapshot of the store as it is now that has at least these columns of these tables."""
        needed("pyarrow", "adbc_driver_sqlite")
        folder = folder_of(store)
        with storage_errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(folder / "lock"):
                return _refreshed(store, folder, {name: _asked(name, columns) for name, columns in tables.items()})

    def connect(self, engine: str = "duckdb", *, memory: str = "4GB") -> Any:
        """Return an Ibis backend of this engine (`duckdb`, `spark`) that has every table under its name."""
        if engine == "duckdb":
            (engines,) = needed("deskferry.store.analysis_engines")
            backend: Any = engines.duckdb_engine(self.folder / "spill", memory)
        elif engine == "spark":
            (engines,) = needed("deskferry.store.spark_engine", extra="spark")
            backend = engines.spark_engine()
        else:
            raise ConfigError(f"There is no engine {engine!r}.", "Choose duckdb or spark.")
        for name, file in self.files.items():
            backend.read_parquet(str(file), table_name=name)
        return backend


def folder_of(store: Store) -> Path:
    """Return where the snapshot of a store lies: beside its files."""
    return store.blobs.with_name(store.blobs.name.removesuffix(".files") + ".analysis")


def discard(store: Store) -> None:
    """Remove the snapshot: what was removed from the store is not to lie there."""
    folder = folder_of(store)
    if folder.exists():
        with storage_errors(), FileLock(folder / "lock"):
            (folder / _META).unlink(missing_ok=True)
            for path in folder.iterdir():
                if path.name != "lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def needed(*modules: str, extra: str = "analysis") -> list[ModuleType]:
    """Return optional modules; raises ConfigError with what to install where one is missing."""
    try:
        return [importlib.import_module(name) for name in modules]
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"This needs the Python package {error.name}.", f"Install it: pip install 'deskferry[{extra}]'"
        ) from None


def state_token(store: Store) -> str:
    """Return a text that differs whenever something was written to the store in between."""
    if store.path is not None:
        files = (store.path, store.path.with_name(store.path.name + "-wal"))
        return " ".join(f"{one.st_mtime_ns}:{one.st_size}" if one else "-" for one in map(_stat, files))
    with store.read() as database:
        return str(database.execute(text("SELECT pg_current_snapshot()")).scalar_one())


def _stat(path: Path) -> os.stat_result | None:
    found = path.stat() if path.exists() else None
    return found if found and found.st_size else None


def _asked(name: str, columns: Collection[str]) -> tuple[str, ...]:
    table = sql_table_of(name)
    known = [one for column in table.columns for one in (column.name, KEY_OF + column.name)]
    unknown = set(columns) - set(known)
    if unknown:
        raise ValueError(f"{name} has no column {', '.join(sorted(unknown))}")
    return tuple(one for one in known if one in columns or (one in ALWAYS and one in table.columns))


def sql_table_of(name: str) -> Table:
    """Return a canonical or machinery table by its name."""
    found = canonical_metadata.tables.get(name, machinery.metadata.tables.get(name))
    if found is None:
        raise ValueError(f"there is no table {name!r}")
    return found


def _refreshed(store: Store, folder: Path, asked: Mapping[str, tuple[str, ...]]) -> Snapshot:
    token = state_token(store)  # before reading: what is written meanwhile makes the next token differ
    before = _before(folder)
    salt, earlier = before.salt, before.tables
    held = dict(earlier) if before.token == token else {}
    while missing := {
        name: _asked(name, {*columns, *(held[name].columns if name in held else ())})
        for name, columns in asked.items()
        if name not in held or not set(columns) <= set(held[name].columns)
    }:
        written = _written(store, folder, missing, salt, earlier)
        if any(_has_twins(folder / one.file) for one in written.values()):
            if salt >= _SALTS:
                raise RuntimeError(f"keys of {', '.join(written)} are not unique with any of {_SALTS} salts")
            salt, held, earlier = salt + 1, {}, {}
            continue
        held |= written
        _save(folder, _State(token, salt, held))
    return Snapshot(
        folder,
        token,
        MappingProxyType({name: folder / held[name].file for name in asked}),
        MappingProxyType({name: held[name].columns for name in asked}),
        salt,
        MappingProxyType({name: held[name].mark or token for name in asked}),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """A table that was written."""

    file: str
    columns: tuple[str, ...]
    mark: str
    """Of its rows, see `_mark`; empty where only the whole store has a token."""


@dataclass(frozen=True, slots=True)
class _State:
    """What an earlier refresh left."""

    token: str
    salt: int
    tables: Mapping[str, _Held]


def _before(folder: Path) -> _State:
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        if meta["format"] != _format():
            return _State("", 0, {})
        held = {name: _Held(one["file"], tuple(one["columns"]), one["mark"]) for name, one in meta["tables"].items()}
        there = {name: one for name, one in held.items() if (folder / one.file).exists()}
        return _State(str(meta["token"]), int(meta["salt"]), there)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return _State("", 0, {})


def _format() -> str:
    """Return what must be equal for files of several refreshes to go together; keys are hashes of this DuckDB."""
    (duckdb,) = needed("duckdb")
    return f"{_FORMAT}/{CANONICAL_VERSION}/{duckdb.__version__}"


def _has_twins(file: Path) -> bool:
    """Whether two records of a table share a key. The order of parts of a ticket is all that theirs is used for."""
    (duckdb,) = needed("duckdb")
    key = f"{KEY_OF}id"
    with duckdb.connect(":memory:") as database:
        table = database.read_parquet(str(file))
        if key not in table.columns or f"{KEY_OF}ticket_id" in table.columns:
            return False
        ((rows, different),) = table.aggregate(f"COUNT(*), COUNT(DISTINCT {key})").fetchall()
    return bool(rows != different)


def _save(folder: Path, state: _State) -> None:
    tables = {name: asdict(one) for name, one in sorted(state.tables.items())}
    meta = {"format": _format(), "token": state.token, "salt": state.salt, "tables": tables}
    draft = folder / f"{_META}.new"
    draft.write_text(json.dumps(meta, indent=1), encoding="utf-8")
    draft.replace(folder / _META)
    current = {one.file for one in state.tables.values()}
    for file in folder.glob("*.parquet*"):
        if file.name not in current and time.time() - file.stat().st_mtime > _KEEP_SECONDS:
            file.unlink()


def _written(
    store: Store, folder: Path, tables: Mapping[str, tuple[str, ...]], salt: int, earlier: Mapping[str, _Held]
) -> dict[str, _Held]:
    if store.path is not None:
        new = {name: _Held(_new_file(name), columns, "") for name, columns in tables.items()}
        export_in_processes(store, _orders(folder, new), salt)
        return new
    (arrow_export,) = needed("deskferry.store.arrow_export")
    with store.read() as database:
        marks = {name: _mark(database, name) for name in tables}
        valid = {name: one for name, one in earlier.items() if name in tables and one.mark == marks[name]}
        same = {name: one for name, one in valid.items() if set(tables[name]) <= set(one.columns)}
        new = {
            name: _Held(
                _new_file(name), _asked(name, {*columns, *(valid[name].columns if name in valid else ())}), marks[name]
            )
            for name, columns in tables.items()
            if name not in same
        }
        arrow_export.export_postgresql(database.connection.driver_connection, _orders(folder, new), salt)
    return same | new


def _new_file(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:12]}.parquet"


def _orders(folder: Path, tables: Mapping[str, _Held]) -> list[tuple[str, dict[str, str], str]]:
    return [(name, column_types(name, one.columns), str(folder / one.file)) for name, one in tables.items()]


def _mark(database: Connection, name: str) -> str:
    """Return a text that differs whenever rows of a table of PostgreSQL were added, changed or removed in between.

    The token of a PostgreSQL store differs as well when anything is written to another database of the same server.
    Each version of a row bears the number of the transaction that wrote it
    (https://www.postgresql.org/docs/current/ddl-system-columns.html): these together tell whether rows are the same.
    """
    return str(database.execute(text(f"SELECT COUNT(*) || ':' || SUM(HASHTEXT(xmin::text)) FROM {name}")).scalar())


def column_types(table: str, columns: Collection[str]) -> dict[str, str]:
    """Return what the columns of a table hold: `time`, `flag`, `whole`, `real`, `text` or `key`."""
    found = sql_table_of(table).columns
    return {name: "key" if name.startswith(KEY_OF) else _held_by(found[name].type) for name in columns}


def _held_by(found: TypeEngine[Any]) -> str:
    named = ((UtcTime, "time"), (Boolean, "flag"), (Integer, "whole"), (Float, "real"))
    return next((name for one, name in named if isinstance(found, one)), "text")
