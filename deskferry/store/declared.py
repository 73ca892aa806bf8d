"""What vendors declare about their own data, compared with what arrived, per parent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from deskferry.connectors.kit.contract import Declared, Measure
from deskferry.store.bulk_insert import insert_resolved
from deskferry.store.machinery import declared_count, raw_record
from deskferry.store.upsert import chunks, is_sqlite

_LIVE = "SELECT COUNT(*) FROM message m WHERE m.ticket_id = declared_count.parent_id AND m.deleted_at IS NULL"
_COUNTS = {
    Measure.MESSAGES: _LIVE,
    Measure.OPENING: f"{_LIVE} AND m.is_opening = TRUE",
    Measure.AGENT_REPLIES: f"{_LIVE} AND m.is_public = TRUE AND m.author_kind = 'agent' AND m.is_opening = FALSE",
    Measure.RECORDS: (
        "SELECT COUNT(*) FROM raw_record r WHERE r.connection = declared_count.connection "
        "AND r.object = declared_count.parent_id AND r.deleted_at IS NULL"
    ),
}

_DECLARED = {
    "connection": "text", "stream": "text", "parent_id": "text", "measure": "text", "class": "text",
    "declared": "bigint", "reread": "boolean", "run_id": "text",
}  # fmt: skip
"""What is declared, with PostgreSQL's types."""


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


def declare(database: Connection, connection: str, run_id: str, declared: Sequence[Declared]) -> None:
    """Keep what a vendor declares; what was found short, or is declared otherwise, is to be compared again."""
    if not declared:
        return
    by_key = {}
    for one in declared:
        parent = f"{connection}:{one.parent_object}:{one.parent}" if one.parent else one.parent_object
        row = (
            connection,
            one.stream,
            parent,
            one.measure.value,
            one.trust.value,
            one.count,
            False,
            run_id,
        )
        by_key[row[:4]] = row
    differs = 'declared_count.declared <> excluded.declared OR declared_count."class" <> excluded."class"'
    acknowledged = ", ".join(
        f"acknowledged_{what} = CASE WHEN {differs} THEN NULL ELSE declared_count.acknowledged_{what} END"
        for what in ("by", "at", "cause")
    )
    resolved = (
        "ON CONFLICT (connection, stream, parent_id, measure) DO UPDATE SET "
        '"class" = excluded."class", declared = excluded.declared, fetched = NULL, reread = excluded.reread, '
        f"run_id = excluded.run_id, {acknowledged} "
        f"WHERE {differs} OR declared_count.fetched < declared_count.declared"
    )
    for part in chunks(list(by_key.values())):
        insert_resolved(database, "declared_count", _DECLARED, resolved, part)


def compare_declared(database: Connection, connection: str, *, anew: bool = False) -> None:
    """Count what was declared and not yet found complete; with `anew` all that was declared."""
    hole = "?" if is_sqlite(database) else "%s"
    for measure, count in _COUNTS.items():
        which = "" if anew or measure is Measure.RECORDS else "AND (fetched IS NULL OR fetched < declared)"
        database.exec_driver_sql(
            f"UPDATE declared_count SET fetched = ({count}) WHERE connection = {hole} AND measure = {hole} {which}",
            (connection, measure.value),
        )


def shortfalls(database: Connection, connection: str) -> list[Shortfall]:
    """Return what is short, exact ones first. What of a parent that is gone can no longer be fetched is not."""
    table = declared_count
    gone = select(raw_record.c.id).where(raw_record.c.id == table.c.parent_id, raw_record.c.deleted_at.is_not(None))
    rows = database.execute(
        select(table)
        .where(table.c.connection == connection, table.c.fetched < table.c.declared, ~gone.exists())
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
            "UPDATE declared_count SET reread = TRUE "
            f"WHERE connection = {hole} AND stream = {hole} AND parent_id = {hole}",
            [(connection, stream, parent) for stream, parent in parents],
        )
