"""Records that the canonical schema does not allow.

The database tells which rows could be wrong, column by column; only those are compared with the schema, and explained.
Texts, truth values and times are what their columns make of them: there is nothing to look for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from deskferry.canonical_schema import KINDS, json_columns, sql_table
from deskferry.canonical_schema.json_schema import load_schema
from deskferry.store.json_rows import as_json
from deskferry.store.records import rows
from deskferry.store.upsert import chunks

_NUMBERS = {"integer": ("integer",), "number": ("integer", "real")}
_KNOWN = 10_000
"""JSON texts that are remembered as right: most lists of addresses occur again and again."""


def forbidden(database: Connection, connection: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, id and what is wrong, for everything in a connection that the schema does not allow."""
    for kind in KINDS:
        broken = _broken(database, kind.value, connection)
        yield from ((kind.value, record_id, f"{column}: is no JSON") for record_id, column in sorted(broken.items()))
        suspects = _suspects(database, kind.value, connection) - broken.keys()
        for part in chunks(sorted(suspects)):
            ids = sql_table(kind.value).c.id.in_(part)
            for row in rows(database, kind.value, connection, ids, live=False):
                document = as_json(row)
                for error in _explaining(kind.value).iter_errors(document):
                    place = ".".join(str(step) for step in error.absolute_path)
                    yield kind.value, row["id"], f"{place}: {error.message[:200]}"


@cache
def _explaining(kind: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(load_schema(kind))


def _suspects(database: Connection, kind: str, connection: str) -> set[str]:
    """Return the ids of rows that can be wrong."""
    table, properties = sql_table(kind), load_schema(kind)["properties"]
    sqlite = database.dialect.name == "sqlite"
    plain = [_may_be_wrong(table.c[name], schema, sqlite=sqlite) for name, schema in properties.items()]
    statement = select(table.c.id).where(table.c.connection == connection, or_(false(), *_given(plain)))
    found = set(database.execute(statement).scalars())
    for name in json_columns(kind):
        if not _is_object(properties[name]):
            found |= _wrong_lists(database, connection, table.c[name], properties[name])
    return found


def _broken(database: Connection, kind: str, connection: str) -> dict[str, str]:
    """Return the ids of rows that cannot be read, and the column that is no JSON; PostgreSQL takes none."""
    if database.dialect.name != "sqlite":
        return {}
    table = sql_table(kind)
    texts = {name: type_coerce(table.c[name], Text) for name in sorted(json_columns(kind))}
    invalid = {name: and_(text.is_not(None), func.json_valid(text) == 0) for name, text in texts.items()}
    first = case(*((wrong, literal(name)) for name, wrong in invalid.items()))
    statement = select(table.c.id, first).where(table.c.connection == connection, or_(*invalid.values()))
    return {record_id: str(column) for record_id, column in database.execute(statement)}


def _given(conditions: list[ColumnElement[bool] | None]) -> list[ColumnElement[bool]]:
    return [one for one in conditions if one is not None]


def _may_be_wrong(column: Column[Any], schema: Mapping[str, Any], *, sqlite: bool) -> ColumnElement[bool] | None:
    """Return when a value can be wrong, as far as the database can tell; None: never."""
    if "enum" in schema:
        allowed = [one for one in schema["enum"] if one is not None]
        wrong: ColumnElement[bool] = column.not_in(allowed)
        return wrong if None in schema["enum"] else or_(wrong, column.is_(None))
    if _is_object(schema):
        return _json_type(column, sqlite=sqlite) != "object"
    types = schema.get("type", ["null"])
    types = [types] if isinstance(types, str) else types
    stored = next((kinds for name, kinds in _NUMBERS.items() if name in types), None)
    odd = func.typeof(type_coerce(column, Text)).not_in((*stored, "null")) if stored and sqlite else None
    empty = None if "null" in types else column.is_(None)
    found = _given([odd, empty])
    return or_(*found) if found else None


def _is_object(schema: Mapping[str, Any]) -> bool:
    return {"type": "object"} in schema.get("anyOf", ())


def _json_type(column: Column[Any], *, sqlite: bool) -> ColumnElement[Any]:
    if not sqlite:
        return func.jsonb_typeof(column, type_=Text())
    text = type_coerce(column, Text)
    # Not an OR: what is no JSON must not be asked for its type.
    return case((text.is_(None), None), (func.json_valid(text) == 1, func.json_type(text)), else_="none")


def _wrong_lists(database: Connection, connection: str, column: Column[Any], schema: Mapping[str, Any]) -> set[str]:
    """Return the ids of rows whose JSON in a column is not as the schema says."""
    text = (type_coerce if database.dialect.name == "sqlite" else cast)(column, Text)
    table = column.table
    statement = select(table.c.id, text).where(table.c.connection == connection, text.is_not(None), text != "[]")
    right: set[str] = set()
    wrong: set[str] = set()
    fits = jsonschema_rs.validator_for(dict(schema)).is_valid
    for record_id, held in database.execute(statement.execution_options(yield_per=10_000)):
        if held in right:
            continue
        if not fits(_parsed(held)):
            wrong.add(record_id)
        elif len(right) < _KNOWN:
            right.add(held)
    return wrong


def _parsed(text: str) -> Any:
    """Return what a text says; what is no JSON is itself, which no schema of a list allows."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
