"""What vendors declare about their own data, compared with what arrived, per parent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, select

from deskferry.connectors.kit.contract import Measure
from deskferry.store.machinery import declared_count
from deskferry.store.upsert import chunks, is_sqlite

_COUNTS = {
    Measure.MESSAGES: "SELECT ticket_id, COUNT(*) FROM message WHERE deleted_at IS NULL AND {among} GROUP BY ticket_id",
    Measure.OPENING: (
        "SELECT ticket_id, COUNT(*) FROM message WHERE deleted_at IS NULL AND is_opening = TRUE AND {among} "
        "GROUP BY ticket_id"
    ),
    Measure.AGENT_REPLIES: (
        "SELECT ticket_id, COUNT(*) FROM message WHERE deleted_at IS NULL AND is_public = TRUE "
        "AND author_kind = 'agent' AND is_opening = FALSE AND {among} GROUP BY ticket_id"
    ),
}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A parent of which less arrived than the vendor declares."""

    stream: str
    parent_id: str
    measure: str
    trust: str
    declared: int
    fetched: int
    reread: bool
    acknowledged: bool


def compare_declared(database: Connection, connection: str) -> None:
    """Count again what was declared and not yet found complete."""
    table = declared_count
    open_rows = database.execute(
        select(table.c.stream, table.c.parent_id, table.c.measure).where(
            table.c.connection == connection,
            table.c.fetched.is_(None) | (table.c.fetched < table.c.declared),
        )
    ).all()
    by_measure: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in open_rows:
        by_measure[row.measure].append((row.stream, row.parent_id))
    for measure, parents in by_measure.items():
        for part in chunks(parents):
            counted = _count(database, connection, Measure(measure), [parent for _stream, parent in part])
            hole = "?" if is_sqlite(database) else "%s"
            database.exec_driver_sql(
                f"UPDATE declared_count SET fetched = {hole} WHERE connection = {hole} AND stream = {hole} "
                f"AND parent_id = {hole} AND measure = {hole}",
                [(counted.get(parent, 0), connection, stream, parent, measure) for stream, parent in part],
            )


def _count(database: Connection, connection: str, measure: Measure, parents: Sequence[str]) -> dict[str, int]:
    if measure is Measure.RECORDS:
        return {parent: _count_records(database, connection, parent) for parent in parents}
    if is_sqlite(database):
        among, value = "ticket_id IN (SELECT value FROM json_each(?))", orjson.dumps(list(parents)).decode()
        rows = database.exec_driver_sql(_COUNTS[measure].format(among=among), (value,))
    else:
        rows = database.exec_driver_sql(_COUNTS[measure].format(among="ticket_id = ANY(%s)"), (list(parents),))
    return {row[0]: row[1] for row in rows}


def _count_records(database: Connection, connection: str, object_name: str) -> int:
    hole = "?" if is_sqlite(database) else "%s"
    total: int = database.exec_driver_sql(
        f"SELECT COUNT(*) FROM raw_record WHERE connection = {hole} AND object = {hole} AND deleted_at IS NULL",
        (connection, object_name),
    ).scalar_one()
    return total


def shortfalls(database: Connection, connection: str) -> list[Shortfall]:
    """Return what is short, exact ones first."""
    table = declared_count
    rows = database.execute(
        select(table)
        .where(table.c.connection == connection, table.c.fetched < table.c.declared)
        .order_by(table.c["class"].desc(), table.c.parent_id, table.c.measure)
    ).mappings()
    found = [
        Shortfall(
            row["stream"], row["parent_id"], row["measure"], row["class"], row["declared"], row["fetched"],
            row["reread"], row["acknowledged_at"] is not None,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: {"exact": 0, "bound": 1}.get(one.trust, 2))


def mark_reread(database: Connection, connection: str, parents: Sequence[tuple[str, str]]) -> None:
    """Remember (stream, parent id) as read once more."""
    hole = "?" if is_sqlite(database) else "%s"
    if parents:
        database.exec_driver_sql(
            f"UPDATE declared_count SET reread = TRUE WHERE connection = {hole} AND stream = {hole} AND parent_id = {hole}",
            [(connection, stream, parent) for stream, parent in parents],
        )
