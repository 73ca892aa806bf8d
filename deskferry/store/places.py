"""The places of events that come new, with their tickets: found in memory, where `settle` would find the same in SQL.

A ticket of which the store holds no event yet is settled as it comes. When more of its events come later, these have no
place, and `settle` numbers the whole ticket anew: so this is never wrong for longer than the pull lasts.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from deskferry.canonical_schema import column_names
from deskferry.store.upsert import WireRow, lookup

_COLUMNS = column_names("ticket_event")
_ID, _TICKET, _SEQ, _AT, _SOURCE_ID, _FIELD, _OLD, _NEW, _CHAINED, _DELETED = (
    _COLUMNS.index(name)
    for name in ("id", "ticket_id", "seq", "occurred_at", "source_id", "field", "old_value", "new_value",
                 "old_value_chained", "deleted_at")
)  # fmt: skip


def placed_events(database: Connection, rows: list[WireRow]) -> list[WireRow]:
    """Return events that the store does not hold, with place and old value where their tickets have no others yet."""
    rows = list({row[_ID]: row for row in rows}.values())
    later = {row[0] for row in lookup(database, "ticket_event", "ticket_id", _tickets(rows), key="ticket_id")}
    later.update(row[_TICKET] for row in rows if row[_DELETED] is not None)
    keys = [_order(row) for row in rows]
    out: list[WireRow] = list(rows)
    ticket: str | None = None
    place, last = 0, dict[str, Any]()
    for n in sorted(range(len(rows)), key=keys.__getitem__):
        row = rows[n]
        if row[_TICKET] != ticket:
            ticket, place, last = row[_TICKET], 0, {}
        if ticket in later:
            continue
        place += 1
        settled = list(row)
        settled[_SEQ] = place
        if row[_CHAINED]:
            settled[_OLD] = last.get(row[_FIELD])
        last[row[_FIELD]] = row[_NEW]
        out[n] = tuple(settled)
    return out


def _tickets(rows: list[WireRow]) -> list[str]:
    return list({row[_TICKET]: None for row in rows if row[_TICKET] is not None})


def _order(row: WireRow) -> tuple[Any, ...]:
    """Return what `settle` orders by: ticket, time (none comes last), then ids, of numbers by their value."""
    at, key = row[_AT], row[_SOURCE_ID]
    return (row[_TICKET] or "", at is None, at or "", len(key), key)
