"""What is known of downloads is in no payload: it is put aside while the rows of attachments are made anew.

The id is enough to find it again: a pull that brings another file under the same id sets its row back to `pending`.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.store.machinery import kept_file

_KEPT = ("id", "connection", "fetch_state", "sha256", "error")


def keep_files(database: Connection, connection: str | None = None) -> None:
    """Put aside the state of all downloads (of one connection)."""
    table = sql_table("attachment")
    fresh = table.c.id.not_in(select(kept_file.c.id))
    found = select(*(table.c[name] for name in _KEPT)).where(table.c.fetch_state != "pending", fresh)
    if connection is not None:
        found = found.where(table.c.connection == connection)
    database.execute(kept_file.insert().from_select(list(_KEPT), found))


def restore_files(database: Connection, connection: str) -> None:
    """Give the attachments of a connection back what was put aside."""
    table = sql_table("attachment")
    database.execute(
        table.update()
        .where(table.c.id == kept_file.c.id, kept_file.c.connection == connection)
        .values({name: kept_file.c[name] for name in ("fetch_state", "sha256", "error")})
    )
    database.execute(kept_file.delete().where(kept_file.c.connection == connection))
