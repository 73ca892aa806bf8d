"""Where a person looks at records: the number of their ticket, and the vendor's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from deskferry.canonical_schema import KINDS, column_names, sql_table
from deskferry.report.excerpt import link, plain
from deskferry.store.upsert import chunks

_KINDS = frozenset(one.value for one in KINDS)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is."""

    number: str | None = None
    """Of the ticket that it is, or belongs to."""
    url: str | None = None


def places(database: Connection, records: Iterable[tuple[str | None, str | None]]) -> dict[str, Place]:
    """Return the places of records, given as (kind, id); those of an unknown kind have none."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for kind, record_id in records:
        if kind in _KINDS and record_id:
            wanted[str(kind)].add(record_id)
    found: dict[str, Place] = {}
    for kind, ids in wanted.items():
        for part in chunks(sorted(ids), _AT_ONCE):
            found |= _of_kind(database, kind, part)
    return found


def _of_kind(database: Connection, kind: str, ids: Sequence[str]) -> dict[str, Place]:
    """Return the places of records of one kind: their own page, else that of their ticket."""
    table, ticket = sql_table(kind), sql_table("ticket").alias("t")
    if kind == "ticket":
        own = select(table.c.id, table.c.number, table.c.source_url, table.c.source_url)
    elif "ticket_id" in column_names(kind):
        joined = table.outerjoin(ticket, ticket.c.id == table.c.ticket_id)
        own = select(table.c.id, ticket.c.number, table.c.source_url, ticket.c.source_url).select_from(joined)
    else:
        own = select(table.c.id, table.c.id, table.c.source_url, table.c.source_url)
    numbered = kind == "ticket" or "ticket_id" in column_names(kind)
    return {
        row[0]: Place(plain(row[1]) if numbered and row[1] is not None else None, link(row[2]) or link(row[3]))
        for row in database.execute(own.where(table.c.id.in_(ids)))
    }
