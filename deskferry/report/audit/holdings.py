"""What the store holds: records by kind, what could not be mapped, files, and what the vendor declares of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, func, select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.report.audit.facts import Facts
from deskferry.report.excerpt import excerpt
from deskferry.store import machinery
from deskferry.store.declared import shortfalls

_SHOWN = 50
_REJECTS = 20


def records(facts: Facts) -> list[dict[str, Any]]:
    """Return by connection and kind how many records are live and how many are gone."""
    found = []
    with facts.store.read() as database:
        for name in facts.names:
            for kind in (one.value for one in KINDS):
                table = sql_table(kind)
                gone = func.count(table.c.deleted_at)
                total, deleted = database.execute(
                    select(func.count(), gone).select_from(table).where(table.c.connection == name)
                ).one()
                if total:
                    found.append({"connection": name, "kind": kind, "live": total - deleted, "deleted": deleted})
    return found


def rejects(facts: Facts) -> dict[str, Any]:
    """Return the raw records that no mapping could read, by their code: nothing else of this report counts them."""
    table = machinery.reject
    with facts.store.read() as database:
        rows = database.execute(
            select(table.c.connection, table.c.stream, table.c.code, func.count().label("n"),
                   func.min(table.c.source_id).label("example"))
            .where(table.c.connection.in_(facts.names))
            .group_by(table.c.connection, table.c.stream, table.c.code)
            .order_by(func.count().desc(), table.c.connection, table.c.stream, table.c.code)
        ).all()  # fmt: skip
    return {
        "total": sum(row.n for row in rows),
        "groups": [
            {"connection": row.connection, "stream": row.stream, "code": row.code, "count": row.n,
             "example": excerpt(row.example, 80)}
            for row in rows[:_REJECTS]
        ],
    }  # fmt: skip


def files(facts: Facts) -> list[dict[str, Any]]:
    """Return the attachments by connection and by what became of them, with their bytes as the vendor tells them."""
    table = sql_table("attachment")
    with facts.store.read() as database:
        rows = database.execute(
            select(table.c.connection, table.c.fetch_state, func.count().label("n"),
                   func.sum(table.c.size).label("size"), func.count(table.c.sha256).label("hashed"))
            .where(table.c.connection.in_(facts.names), table.c.deleted_at.is_(None))
            .group_by(table.c.connection, table.c.fetch_state)
            .order_by(table.c.connection, table.c.fetch_state)
        ).all()  # fmt: skip
    return [
        {"connection": row.connection, "state": row.fetch_state, "count": row.n, "bytes": int(row.size or 0),
         "hashed": row.hashed}
        for row in rows
    ]  # fmt: skip


def declared(facts: Facts) -> dict[str, Any]:
    """Return what vendors declare about their own data against what was fetched, and the parents that are short."""
    with facts.store.read() as database:
        lines = [line for name in facts.names for line in _lines(database, name)]
        short = [(name, one) for name in facts.names for one in shortfalls(database, name)]
        who = _acknowledged(database, facts.names)
    weight = {"exact": 0, "bound": 1}
    short.sort(
        key=lambda pair: (pair[1].acknowledged, weight.get(pair[1].trust, 2), pair[1].fetched - pair[1].declared)
    )
    return {
        "lines": lines,
        "short": {
            "total": len(short),
            "open": sum(not one.acknowledged for _name, one in short),
            "shown": [
                {"connection": name, "record_id": one.parent_id, "stream": one.stream, "measure": one.measure,
                 "class": one.trust, "declared": one.declared, "fetched": one.fetched, "reread": one.reread,
                 "acknowledged": who.get((name, one.stream, one.parent_id, one.measure))}
                for name, one in short[:_SHOWN]
            ],
        },
    }  # fmt: skip


def _lines(database: Connection, connection: str) -> list[dict[str, Any]]:
    table = machinery.declared_count
    less = case((table.c.fetched < table.c.declared, 1), else_=0)
    rows = database.execute(
        select(table.c.stream, table.c.measure, table.c["class"].label("trust"), func.count().label("parents"),
               func.count(table.c.fetched).label("compared"),
               func.sum(case((table.c.fetched.is_not(None), table.c.declared))).label("declared"),
               func.sum(table.c.fetched).label("fetched"), func.sum(less).label("short"))
        .where(table.c.connection == connection)
        .group_by(table.c.stream, table.c.measure, table.c["class"])
        .order_by(table.c.stream, table.c.measure, table.c["class"])
    )  # fmt: skip
    return [
        {"connection": connection, "stream": row.stream, "measure": row.measure, "class": row.trust,
         "parents": row.parents, "compared": row.compared, "declared": _whole(row.declared),
         "fetched": _whole(row.fetched), "short": int(row.short or 0)}
        for row in rows
    ]  # fmt: skip


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _acknowledged(database: Connection, names: tuple[str, ...]) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    table = machinery.declared_count
    rows = database.execute(
        select(table.c.connection, table.c.stream, table.c.parent_id, table.c.measure, table.c.acknowledged_by,
               table.c.acknowledged_cause)
        .where(table.c.connection.in_(names), table.c.acknowledged_at.is_not(None),
               table.c.fetched < table.c.declared)
    )  # fmt: skip
    return {
        (row.connection, row.stream, row.parent_id, row.measure):
            {"by": excerpt(row.acknowledged_by, 80), "cause": excerpt(row.acknowledged_cause, 200)}
        for row in rows
    }  # fmt: skip


def unmapped_values(facts: Facts) -> list[dict[str, Any]]:
    """Return the vendor's own words for a status, priority or channel that have no canonical value, counted."""
    table = sql_table("ticket")
    found = []
    with facts.store.read() as database:
        for name, label, nothing in (
            ("status", "status_label", (None, "unknown")), ("priority", "priority_label", (None,)),
            ("channel", "channel_label", (None, "other")),
        ):  # fmt: skip
            column, said = table.c[name], table.c[label]
            named = [value for value in nothing if value is not None]
            rows = database.execute(
                select(table.c.connection, said, func.count().label("n"))
                .where(table.c.connection.in_(facts.names), table.c.deleted_at.is_(None), said.is_not(None),
                       column.is_(None) | column.in_(named))
                .group_by(table.c.connection, said)
                .order_by(func.count().desc(), table.c.connection, said)
                .limit(_SHOWN)
            )  # fmt: skip
            found += [
                {"connection": row.connection, "field": name, "label": excerpt(row[1], 80), "count": row.n}
                for row in rows
            ]  # fmt: skip
    return found
