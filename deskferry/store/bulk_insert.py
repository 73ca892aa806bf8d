"""Inserting many plain tuples with the least work a row: statements of many rows on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from types import NoneType
from typing import Any

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = tuple[Any, ...]

_VARIABLES = 4_000
"""Parameters of a statement, where the build of SQLite takes so many: some hundred rows. Python's lock is free while it
runs, so another thread prepares the next page meanwhile; a statement of one row takes a quarter more time, besides.

A column that is the same in all rows (a page has many: connection, time) is one parameter of each statement, and one
that is NULL in all of them none: to bind it row by row took as long as to write the row."""
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
        connection.exec_driver_sql(f"{_insert_statement(table, tuple(types), 0, 1)} {rest}", list(rows))
        return
    values = ", ".join(f"(r ->> {n})::{kind}" for n, kind in enumerate(types.values()))
    statement = f"INSERT INTO {table} ({_names(types)}) SELECT {values} FROM json_array_elements(%s::json) AS r {rest}"
    connection.exec_driver_sql(statement, (orjson.dumps(rows).decode(),))


def _insert(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    same = _same_in_all(rows)
    constants = {columns[n]: rows[0][n] for n in same if rows[0][n] is not None}
    varying = [n for n in range(len(columns)) if n not in same]
    # Those of one value come first: the first parameters are theirs, whatever the number of rows.
    names = (*constants, *(columns[n] for n in varying))
    values = itemgetter(*varying) if len(varying) > 1 else itemgetter(slice(varying[0], varying[0] + 1))
    with _driver(connection, table) as driver:
        most = min(_VARIABLES, driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER))
        start, at_once = 0, max(1, (most - len(constants)) // len(varying))
        while start < len(rows):
            # What is left is written by ever smaller statements of sizes that come again: each is compiled once.
            while at_once > len(rows) - start:
                at_once = max(1, at_once // 4)
            statement = _insert_statement(table, names, len(constants), at_once)
            flat = chain.from_iterable(map(values, rows[start : start + at_once]))
            driver.execute(statement, (*constants.values(), *flat))
            start += at_once


def _same_in_all(rows: Sequence[Values]) -> frozenset[int]:
    """Return the positions of columns that hold one text, or NULL, in all rows; never the first, which is the key."""
    first, last = rows[0], rows[-1]
    alike = [n for n in range(1, len(first)) if first[n] == last[n] and (first[n] is None or type(first[n]) is str)]
    if not alike or len(rows) < 3:
        return frozenset(alike)
    try:
        if len(set(map(itemgetter(*alike), rows))) == 1:  # all of them at one go: a row is looked at once
            return frozenset(alike)
    except TypeError:  # a value that no column takes: the driver will tell
        return frozenset()
    return frozenset(n for n in alike if len(set(map(itemgetter(n), rows))) == 1)


@lru_cache(maxsize=256)  # which columns are constant is another matter with every page
def _insert_statement(table: str, columns: tuple[str, ...], constants: int, rows: int) -> str:
    """Return the statement whose first parameters are those of the first columns, in each of the rows."""
    holes = [f"?{n}" for n in range(1, constants + 1)] + ["?"] * (len(columns) - constants)
    line = f"({', '.join(holes)})"
    return f"INSERT INTO {table} ({_names(columns)}) VALUES {', '.join([line] * rows)}"


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
