"""Inserting many plain tuples with the least work a row: statements of many rows on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from itertools import chain
from types import NoneType
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = tuple[Any, ...]

_VARIABLES = 999
"""Parameters of a statement: so many every build of SQLite takes. A statement of one row takes a quarter more time.

A column that is the same in all rows (a page has many: NULLs, connection, time) is one parameter of each statement:
to bind it row by row took as long as to write the row."""
_COPIED = 100
"""Rows that are written out at once: long texts are in memory thrice meanwhile."""


def insert_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert tuples in column order."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        _insert(connection, table, tuple(columns), rows)
    else:
        _copy(connection, table, tuple(columns), rows)


def insert_resolved(
    connection: Connection, table: str, types: Mapping[str, str], rest: str, rows: Sequence[Any]
) -> None:
    """Insert rows with an ON CONFLICT clause; `types` are PostgreSQL's, by column.

    On PostgreSQL in one statement, of one JSON text: psycopg's executemany takes some 100 µs a row.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"{_insert_statement(table, tuple(types), (), 1)} {rest}", list(rows))
        return
    values = ", ".join(f"(r ->> {n})::{kind}" for n, kind in enumerate(types.values()))
    statement = f"INSERT INTO {table} ({_names(types)}) SELECT {values} FROM json_array_elements(%s::json) AS r {rest}"
    connection.exec_driver_sql(statement, (orjson.dumps(rows).decode(),))


def _insert(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    constants, varying = _told_apart(rows)
    at_once = max(1, (_VARIABLES - len(constants)) // max(1, len(varying)))
    whole = len(rows) - len(rows) % at_once
    same = tuple(constants.values())
    values = list(zip(*varying.values(), strict=True)) if varying else [()] * len(rows)
    with _driver(connection, table) as driver:
        statement = _insert_statement(table, columns, tuple(constants), at_once) if whole else ""
        for start in range(0, whole, at_once):
            driver.execute(statement, (*same, *chain.from_iterable(values[start : start + at_once])))
        if whole < len(rows):
            single = _insert_statement(table, columns, tuple(constants), 1)
            driver.executemany(single, [(*same, *row) for row in values[whole:]])


def _told_apart(rows: Sequence[Values]) -> tuple[dict[int, Any], dict[int, Values]]:
    """Return columns of one value (position → value), which are bound once, and the others (position → values)."""
    constants: dict[int, Any] = {}
    varying: dict[int, Values] = {}
    for n, column in enumerate(zip(*rows, strict=True)):
        first = column[0]
        if (first is None or type(first) is str) and column.count(first) == len(column):
            constants[n] = first
        else:
            varying[n] = column
    return constants, varying


@lru_cache(maxsize=256)  # which columns are constant is another matter with every page
def _insert_statement(table: str, columns: tuple[str, ...], constants: tuple[int, ...], rows: int) -> str:
    """Return the statement whose first parameters are those of the constant columns, whatever the number of rows."""
    varying = [n for n in range(len(columns)) if n not in constants]
    place = {column: n for n, column in enumerate((*constants, *varying), start=1)}
    lines = []
    for row in range(rows):
        further = row * len(varying)
        holes = (f"?{place[n] + (0 if n in constants else further)}" for n in range(len(columns)))
        lines.append(f"({', '.join(holes)})")
    return f"INSERT INTO {table} ({_names(columns)}) VALUES {', '.join(lines)}"


def _names(columns: Iterable[str]) -> str:
    # Canonical names need no quotes (tested); of the machinery `class` and `cursor` are the reason.
    return ", ".join(f'"{column}"' for column in columns)


@contextmanager
def _driver(connection: Connection, table: str) -> Iterator[Any]:
    """Give the driver's own connection; its errors are raised as SQLAlchemy would have, had it run the statement."""
    errors: Any = connection.dialect.loaded_dbapi.Error
    try:
        yield connection.connection.driver_connection
    except errors as error:
        statement = f"INSERT INTO {table}"
        raise DBAPIError.instance(statement, None, error, errors, dialect=connection.dialect) from error


# ----------------------------------------------------------------------------------------------------------------- COPY

_CELL, _LINE = "\x01", "\x02"
"""Stand between values and rows until what has a meaning to COPY is escaped; texts that hold one are escaped alone."""
_NULL = "\x03" + secrets.token_urlsafe(6)
"""Stands for NULL; no text can be made to equal it."""
_AS_TEXT: dict[type, Callable[[Any], str]] = {
    int: str,
    float: str,
    bool: str,
    bytes: lambda value: f"\\x{value.hex()}",
    datetime: datetime.isoformat,
}
_OPTIONS = f"(DELIMITER E'{_CELL}', NULL E'{_NULL}')"


def _copy(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Write rows by COPY, without the columns that are NULL in all of them: a page has many; none has a default."""
    values = list(zip(*rows, strict=True))
    empty = {n for n, column in enumerate(values) if column.count(None) == len(column)}
    filled = [n for n in range(len(columns)) if n not in empty] or [0]
    statement = f"COPY {table} ({_names(columns[n] for n in filled)}) FROM STDIN {_OPTIONS}"
    with _driver(connection, table) as driver, driver.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(rows), _COPIED):
            try:
                lines = _copy_text([values[n][start : start + _COPIED] for n in filled])
            except TypeError as unknown:  # as the driver would have told it
                raise connection.dialect.loaded_dbapi.ProgrammingError(str(unknown)) from None
            copy.write(lines)


def _copy_text(columns: Sequence[Values]) -> str:
    """Return columns as COPY reads them with our options; psycopg's `write_row` takes longer, value by value.

    Raises TypeError for a value that no column takes.
    """
    rows = list(zip(*map(_as_texts, columns), strict=True))
    text = _LINE.join(map(_CELL.join, rows))
    if text.count(_CELL) != len(rows) * (len(columns) - 1) or text.count(_LINE) != len(rows) - 1:
        return "".join(f"{_escaped_line(row)}\n" for row in rows)
    return _escaped(text).replace(_LINE, "\n") + "\n"


def _as_texts(column: Values) -> Sequence[str]:
    kinds = set(map(type, column))
    if kinds == {str}:
        return column
    try:
        as_text = {kind: _AS_TEXT[kind] for kind in kinds - {str, NoneType}}
    except KeyError as unknown:
        raise TypeError(f"cannot dump {unknown}") from None
    return [v if type(v) is str else _NULL if v is None else as_text[type(v)](v) for v in column]


def _escaped_line(row: Sequence[str]) -> str:
    return _CELL.join(_escaped(text).replace(_CELL, f"\\{_CELL}") for text in row)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
