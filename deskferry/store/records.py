"""Reading canonical rows back: one by one, by kind, and as ticket aggregates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row, TicketAggregate

_BATCH = 200


def rows(database: Connection, kind: str, connection: str, *where: Any, live: bool = True) -> Iterator[Row]:
    """Yield the rows of a kind of one connection in the order of their ids; deleted ones only when asked."""
    table = sql_table(kind)
    statement = select(table).where(table.c.connection == connection, *where).order_by(table.c.id)
    if live:
        statement = statement.where(table.c.deleted_at.is_(None))
    for found in database.execute(statement.execution_options(yield_per=1000)).mappings():
        yield dict(found)


def row(database: Connection, kind: str, record_id: str) -> Row | None:
    """Return one row, or None."""
    table = sql_table(kind)
    found = database.execute(select(table).where(table.c.id == record_id)).mappings().first()
    return None if found is None else dict(found)


def count(database: Connection, kind: str, connection: str, *where: Any) -> int:
    """Return how many live rows a kind has."""
    table = sql_table(kind)
    statement: Select[Any] = (
        select(func.count()).select_from(table).where(table.c.connection == connection, table.c.deleted_at.is_(None))
    )
    total: int = database.execute(statement.where(*where)).scalar_one()
    return total


def ticket_ids(database: Connection, connection: str, *where: Any) -> list[str]:
    """Return the ids of the live tickets of a connection, oldest first."""
    table = sql_table("ticket")
    statement = (
        select(table.c.id)
        .where(table.c.connection == connection, table.c.deleted_at.is_(None), *where)
        .order_by(table.c.created_at, func.length(table.c.source_id), table.c.source_id)
    )
    return list(database.execute(statement).scalars())


def aggregates(database: Connection, ids: Sequence[str]) -> Iterator[TicketAggregate]:
    """Yield tickets with all that travels with them, in the order of the ids, a batch at a time in memory."""
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        tickets = _by_key(database, "ticket", "id", part)
        children = {
            kind: _by_key(database, kind, key, part)
            for kind, key in (
                ("message", "ticket_id"), ("attachment", "ticket_id"), ("tagging", "record_id"),
                ("ticket_follower", "ticket_id"), ("ticket_link", "ticket_id"), ("ticket_event", "ticket_id"),
                ("survey_response", "ticket_id"), ("time_entry", "ticket_id"),
            )
        }  # fmt: skip
        for key in part:
            if tickets[key]:
                yield _aggregate(tickets[key][0], {kind: found[key] for kind, found in children.items()})


def _aggregate(ticket: Row, parts: dict[str, list[Row]]) -> TicketAggregate:
    messages = sorted(parts["message"], key=lambda one: (one["seq"] or 0, one["id"]))
    known = {one["id"] for one in messages}
    attachments: dict[str, list[Row]] = defaultdict(list)
    for one in parts["attachment"]:
        attachments[one["message_id"] if one["message_id"] in known else ""].append(one)
    return TicketAggregate(
        ticket=ticket,
        messages=tuple(messages),
        attachments={key: tuple(found) for key, found in attachments.items()},
        tags=tuple(sorted(one["tag"] for one in parts["tagging"])),
        followers=tuple(parts["ticket_follower"]),
        links=tuple(parts["ticket_link"]),
        events=tuple(sorted(parts["ticket_event"], key=lambda one: (one["seq"] or 0, one["id"]))),
        ratings=tuple(parts["survey_response"]),
        time_entries=tuple(parts["time_entry"]),
    )


def _by_key(database: Connection, kind: str, key: str, ids: Sequence[str]) -> dict[str, list[Row]]:
    table = sql_table(kind)
    found: dict[str, list[Row]] = {one: [] for one in ids}
    statement = (
        select(table)
        .where(table.c[key].in_(ids), table.c.deleted_at.is_(None))
        .order_by(func.length(table.c.id), table.c.id)
    )
    for one in database.execute(statement).mappings():
        found[one[key]].append(dict(one))
    return found
