"""The store as files for analysis: every kind that has rows, and the facts and dimensions that are made of them.

Parquet and CSV: a file a table; DuckDB: one database with all of them. In CSV a text that a spreadsheet would run as a
formula has an apostrophe before it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import func, select

from deskferry.canonical_schema import KINDS, column_names, sql_table
from deskferry.errors import ConfigError
from deskferry.metrics import joint_history
from deskferry.metrics.calendars import TABLES as CALENDAR_TABLES
from deskferry.metrics.desk import Desk
from deskferry.metrics.keys import wanted
from deskferry.metrics.options import Question
from deskferry.metrics.star import STAR, star_table, star_tables
from deskferry.migrate.progress import Progress
from deskferry.store import Store
from deskferry.store.engine import storage_errors
from deskferry.store.export_processes import export_in_processes
from deskferry.store.snapshot import column_types, needed

FORMATS = ("parquet", "csv", "duckdb")
DATABASE = "deskferry.duckdb"
_FORMULA = "^[=+@\\t\\r-]"
"""How a text begins that a spreadsheet takes for a formula."""


def export_tables(
    store: Store, directory: Path, form: str, question: Question, as_of: datetime, progress: Progress
) -> dict[str, int]:
    """Write all tables in a format; returns the rows of each. Raises ConfigError for a folder that is not empty."""
    _check_empty(directory)
    with storage_errors():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=directory) as name:
            drafts = Path(name)
            files = [*_kinds(store, drafts), *_star(store, drafts, question, as_of, progress)]
            return _FORMS[form](files, directory)


def export_facts_ndjson(
    store: Store, directory: Path, question: Question, as_of: datetime, progress: Progress
) -> dict[str, int]:
    """Write facts and dimensions as NDJSON into a folder of their own; returns how many rows each has."""
    with storage_errors():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=directory) as name:
            return _ndjson(list(_star(store, Path(name), question, as_of, progress)), directory)


def _check_empty(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        raise ConfigError(f"{directory} is not empty.", "Name a new directory.")


def _kinds(store: Store, folder: Path) -> Iterator[Path]:
    """Write the canonical tables that have rows; yield their files."""
    with store.read() as database:
        held = [kind.value for kind in KINDS
                if database.execute(select(func.count()).select_from(sql_table(kind.value))).scalar_one()]  # fmt: skip
    files = {kind: folder / f"{kind}.parquet" for kind in held}
    orders = [(kind, column_types(kind, column_names(kind)), str(file)) for kind, file in files.items()]
    if store.path is not None:
        export_in_processes(store, orders, 0)
    else:
        (arrow_export,) = needed("deskferry.store.arrow_export", extra="metrics")
        with store.read() as database:
            arrow_export.export_postgresql(database.connection.driver_connection, orders, 0)
    yield from files.values()


def _star(store: Store, folder: Path, question: Question, as_of: datetime, progress: Progress) -> Iterator[Path]:
    """Write facts and dimensions; yield their files."""
    tables = star_tables()
    for name, columns in CALENDAR_TABLES.items():
        tables.setdefault(name, set()).update(columns)
    asked = {name: wanted({"id", *columns}) for name, columns in tables.items()}
    opened = joint_history.opened(store, asked, "duckdb", question)
    desk = Desk(opened.backend, question, as_of, opened.held, opened.shelf)
    for name in STAR:
        progress.begin(name)
        file = folder / f"{name}.parquet"
        opened.backend.to_parquet(star_table(desk, name), str(file))
        progress.end()
        yield file


def _parquet(files: Sequence[Path], directory: Path) -> dict[str, int]:
    counts = {file.stem: _count(file) for file in files}
    for file in files:
        file.replace(directory / file.name)
    return counts


def _csv(files: Sequence[Path], directory: Path) -> dict[str, int]:
    return _copied(files, directory, "csv", "(FORMAT csv, HEADER)", _without_formulas)


def _ndjson(files: Sequence[Path], directory: Path) -> dict[str, int]:
    return _copied(files, directory, "ndjson", "(FORMAT json)", lambda _column, name: name)


def _copied(
    files: Sequence[Path], directory: Path, ending: str, options: str, shown: Callable[[str, str], str]
) -> dict[str, int]:
    with duckdb.connect(":memory:") as database:
        for file in files:
            columns = database.sql(f"DESCRIBE SELECT * FROM {_quoted(file)}").fetchall()
            chosen = ", ".join(shown(column[1], f'"{column[0]}"') for column in columns)
            target = _quoted(directory / f"{file.stem}.{ending}")
            database.execute(f"COPY (SELECT {chosen} FROM {_quoted(file)}) TO {target} {options}")
    return {file.stem: _count(file) for file in files}


def _without_formulas(held: str, column: str) -> str:
    if held != "VARCHAR":
        return column
    return f"CASE WHEN regexp_matches({column}, '{_FORMULA}') THEN '''' || {column} ELSE {column} END AS {column}"


def _database(files: Sequence[Path], directory: Path) -> dict[str, int]:
    with duckdb.connect(str(directory / DATABASE)) as database:
        for file in files:
            database.execute(f"CREATE TABLE {file.stem} AS SELECT * FROM {_quoted(file)}")
    (directory / DATABASE).chmod(0o600)
    return {file.stem: _count(file) for file in files}


def _count(file: Path) -> int:
    with duckdb.connect(":memory:") as database:
        ((rows,),) = database.sql(f"SELECT count(*) FROM {_quoted(file)}").fetchall()
    return int(rows)


def _quoted(file: Path) -> str:
    path = str(file).replace("'", "''")
    return f"'{path}'"


_FORMS: dict[str, Callable[[Sequence[Path], Path], dict[str, int]]] = {
    "parquet": _parquet, "csv": _csv, "duckdb": _database,
}  # fmt: skip
