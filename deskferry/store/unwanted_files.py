"""Files that are not to be fetched: what a forgotten person sent."""

from __future__ import annotations

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.store.suppression import load_suppression
from deskferry.store.upsert import chunks

WHY = "forgotten"
_AMONG = 300


def skip_unwanted(database: Connection, connection: str) -> int:
    """Mark what is still to be fetched and was sent by somebody forgotten as skipped; returns how many."""
    suppression = load_suppression(database, connection)
    if suppression is None:
        return 0
    table, message = sql_table("attachment"), sql_table("message")
    rows = database.execute(
        select(table.c.id, message.c.author_id)
        .join(message, message.c.id == table.c.message_id)
        .where(table.c.connection == connection, table.c.fetch_state == "pending", message.c.author_id.is_not(None))
    )
    unwanted = [row.id for row in rows if suppression.person(row.author_id) is not None]
    for part in chunks(unwanted, _AMONG):
        database.execute(table.update().where(table.c.id.in_(part)).values(fetch_state="skipped", error=WHY))
    return len(unwanted)
