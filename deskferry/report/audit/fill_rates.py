"""How far each field of each kind is filled, and why one is empty: the vendor has none, or nobody filled it in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, case, cast, func, select
from sqlalchemy import text as sql

from deskferry.canonical_schema import ENGINE_COLUMNS, KINDS, column_names, json_columns, sql_table
from deskferry.connectors.kit.contract import Connector
from deskferry.report.audit.facts import Account, Facts
from deskferry.report.excerpt import plain
from deskferry.store.upsert import is_sqlite

_COMMON = frozenset({
    "id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at", "raw_record_id",
    "deleted_at", "deletion_evidence", "extra", "custom_fields", "text_flags",
})  # fmt: skip
"""Columns of every record, or of none: how far they are filled tells nothing."""
_EMPTY = ("[]", "{}", '""')
_WITH_CUSTOM_FIELDS = ("ticket", "person", "organization")
_SHOWN = 200


def fill_rates(facts: Facts) -> list[dict[str, Any]]:
    """Return by connection and kind how many live records there are, and of each field how many have a value."""
    found = []
    with facts.store.read() as database:
        for account in facts.accounts:
            for kind in (one.value for one in KINDS):
                counted = _counted(database, account.name, kind)
                if counted["records"]:
                    found.append({"connection": account.name, "kind": kind, **_told(account, kind, counted)})
    return found


def _fields(kind: str) -> list[str]:
    left_out = _COMMON | ENGINE_COLUMNS[kind]
    return [name for name in column_names(kind) if name not in left_out]


def _counted(database: Connection, connection: str, kind: str) -> dict[str, int]:
    """Return the number of live records, and of those that have a value in each column."""
    table, documents = sql_table(kind), json_columns(kind)
    counts = [
        func.count(_value(table.c[name]) if name in documents else table.c[name]).label(name) for name in _fields(kind)
    ]
    if "extra" in table.c:
        counts.append(func.count(_value(table.c.extra)).label("extra"))
    statement = select(func.count().label("records"), *counts).where(
        table.c.connection == connection, table.c.deleted_at.is_(None)
    )
    return dict(database.execute(statement).mappings().one())


def _value(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a JSON column, NULL where its list or object is empty."""
    shown = cast(column, Text)
    return case((shown.in_(_EMPTY), None), else_=shown)


def _told(account: Account, kind: str, counted: Mapping[str, int]) -> dict[str, Any]:
    mapped = _mapped(account.connector, kind)
    return {
        "records": counted["records"],
        "with_extra": counted.get("extra", 0),
        "fields": [
            {"field": name, "filled": counted[name], "mapped": None if mapped is None else name in mapped}
            for name in _fields(kind)
        ],
    }


def _mapped(connector: Connector | None, kind: str) -> frozenset[str] | None:
    """Return the columns that the mapping of a vendor can fill; None where it is the user's own layout that says so."""
    if connector is None or not connector.maps:
        return None
    own = [table for one in connector.maps.values() for table in one.tables if table.kind == kind]
    return frozenset(row.to for table in own for row in table.rows)


def custom_fields(facts: Facts) -> list[dict[str, Any]]:
    """Return the custom fields of each connection with how many live records have a value, the fullest first."""
    found: list[dict[str, Any]] = []
    with facts.store.read() as database:
        for account in facts.accounts:
            labels = _labels(database, account.name)
            for kind in _WITH_CUSTOM_FIELDS:
                rows = sorted(_custom(database, account.name, kind), key=lambda row: (-row[1], row[0]))
                for key, filled in rows[:_SHOWN]:
                    label, kind_of = labels.get((kind, key), (None, None))
                    found.append({
                        "connection": account.name, "kind": kind, "key": plain(key)[:100],
                        "label": None if label is None else plain(label)[:100], "type": kind_of, "filled": filled,
                    })  # fmt: skip
    return found


def _labels(database: Connection, connection: str) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    table = sql_table("custom_field")
    rows = database.execute(
        select(table.c.kind, table.c.key, table.c.label, table.c.type).where(table.c.connection == connection)
    )
    return {(row.kind, row.key): (row.label, row.type) for row in rows}


def _custom(database: Connection, connection: str, kind: str) -> Iterator[tuple[str, int]]:
    each = (
        f"SELECT f.key AS key, COUNT(*) FROM {kind} r, json_each(r.custom_fields) f "
        "WHERE r.connection = :connection AND r.deleted_at IS NULL AND f.type <> 'null' "
        "AND f.value NOT IN ('', '[]', '{}') GROUP BY f.key"
        if is_sqlite(database) else
        f"SELECT f.key AS key, COUNT(*) FROM {kind} r, jsonb_each_text(r.custom_fields) f "
        "WHERE r.connection = :connection AND r.deleted_at IS NULL AND f.value IS NOT NULL "
        "AND f.value NOT IN ('', '[]', '{}') AND jsonb_typeof(r.custom_fields) = 'object' GROUP BY f.key"
    )  # fmt: skip
    for key, count in database.execute(sql(each), {"connection": connection}):
        yield str(key), count
