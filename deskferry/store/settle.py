"""What follows from several records at once, settled at the end of a pull in plain SQL, only where something moved.

- the place of a message among its ticket's messages, whether it opened the ticket, and what its author was;
- the place of an event in its ticket's history, and its old value where the vendor tells only the new one.

Rows without a place (`seq IS NULL`) are the ones to settle: a crash before the end leaves them so. Their tickets are
numbered anew as a whole, some thousand at a time, so that memory does not grow with the account.

What the author was is what the author is when the message is first settled: a later change of role does not rewrite
history. Only a person who was unknown then is looked up again.
"""

from __future__ import annotations

from sqlalchemy import Connection

from deskferry.store.upsert import is_sqlite

_TICKETS = 4_000
"""Tickets that are settled at a time."""

_AUTHOR = (
    "CASE p.role WHEN 'end_user' THEN 'end_user' WHEN 'agent' THEN 'agent' WHEN 'light_agent' THEN 'agent' "
    "WHEN 'admin' THEN 'agent' WHEN 'bot' THEN 'bot' WHEN 'system' THEN 'system' END"
)

_MESSAGES = """
    UPDATE message SET
        seq = settled.place,
        is_opening = COALESCE(settled.told, settled.place = 1),
        opening_by_order = CASE WHEN settled.told IS NULL THEN TRUE END,
        author_kind = settled.author_kind,
        direction = COALESCE(
            message.direction,
            CASE WHEN message.is_public = FALSE THEN NULL
                 WHEN settled.author_kind = 'end_user' THEN 'in'
                 WHEN settled.author_kind IN ('agent', 'bot', 'system') THEN 'out' END)
    FROM (
        SELECT ranked.id, ranked.told, ranked.author_kind,
            ROW_NUMBER() OVER (
                PARTITION BY ranked.ticket_id
                ORDER BY COALESCE(ranked.told, FALSE) DESC, ranked.created_at NULLS LAST,
                         LENGTH(ranked.source_id), ranked.source_id {binary}) AS place
        FROM (
            SELECT m.id, m.ticket_id, m.created_at, m.source_id,
                CASE WHEN m.opening_by_order THEN NULL ELSE m.is_opening END AS told,
                COALESCE(NULLIF(m.author_kind, 'unknown'), {author}, 'unknown') AS author_kind
            FROM dirty_ticket d JOIN message m ON m.ticket_id = d.ticket_id
            LEFT JOIN person p ON p.id = m.author_id
            WHERE m.deleted_at IS NULL
        ) AS ranked
    ) AS settled
    WHERE message.id = settled.id AND (
        message.seq {differs} settled.place
        OR message.is_opening {differs} COALESCE(settled.told, settled.place = 1))
"""

_EVENTS = """
    UPDATE ticket_event SET
        seq = settled.place,
        old_value = settled.before
    FROM (
        SELECT ranked.id,
            ROW_NUMBER() OVER (PARTITION BY ranked.ticket_id ORDER BY {order}) AS place,
            CASE WHEN ranked.old_value_chained
                 THEN LAG(ranked.new_value) OVER (PARTITION BY ranked.ticket_id, ranked.field ORDER BY {order})
                 ELSE ranked.old_value END AS before
        FROM (
            SELECT e.id, e.ticket_id, e.occurred_at, e.source_id, e.field, e.new_value, e.old_value, e.old_value_chained
            FROM dirty_ticket d JOIN ticket_event e ON e.ticket_id = d.ticket_id
            WHERE e.deleted_at IS NULL
        ) AS ranked
    ) AS settled
    WHERE ticket_event.id = settled.id AND (
        ticket_event.seq {differs} settled.place OR ticket_event.old_value {differs} settled.before)
"""
_EVENT_ORDER = "ranked.occurred_at NULLS LAST, LENGTH(ranked.source_id), ranked.source_id {binary}"


def settle(database: Connection, connection: str) -> None:
    """Number messages and events of the tickets that have unsettled ones, and fill what follows from the order."""
    sqlite = is_sqlite(database)
    binary = "" if sqlite else 'COLLATE "C"'  # ties are broken alike on both databases
    words = {"binary": binary, "differs": "IS NOT" if sqlite else "IS DISTINCT FROM", "author": _AUTHOR,
             "order": _EVENT_ORDER.format(binary=binary)}  # fmt: skip
    _unsettle_unknown_authors(database, connection)
    database.exec_driver_sql("CREATE TEMPORARY TABLE IF NOT EXISTS dirty_ticket (ticket_id TEXT PRIMARY KEY)")
    for kind, statement in (("message", _MESSAGES), ("ticket_event", _EVENTS)):
        while _dirty(database, kind, connection):
            database.exec_driver_sql(statement.format(**words))
            _number_deleted(database, kind)
            if kind == "message":
                _recount(database)
    database.exec_driver_sql("DELETE FROM dirty_ticket")


def _unsettle_unknown_authors(database: Connection, connection: str) -> None:
    hole = "?" if is_sqlite(database) else "%s"
    database.exec_driver_sql(
        f"UPDATE message SET seq = NULL WHERE author_kind = 'unknown' AND connection = {hole} AND seq > 0 "
        f"AND EXISTS (SELECT 1 FROM person p WHERE p.id = message.author_id AND {_AUTHOR} IS NOT NULL)",
        (connection,),
    )


def _dirty(database: Connection, kind: str, connection: str) -> bool:
    """Collect tickets that have an unsettled row of a kind; whether there is any."""
    hole = "?" if is_sqlite(database) else "%s"
    database.exec_driver_sql("DELETE FROM dirty_ticket")
    found = database.exec_driver_sql(
        f"INSERT INTO dirty_ticket SELECT DISTINCT ticket_id FROM {kind} WHERE seq IS NULL AND connection = {hole} "
        f"ORDER BY ticket_id LIMIT {_TICKETS}",
        (connection,),
    )
    return found.rowcount > 0


def _number_deleted(database: Connection, kind: str) -> None:
    """Give deleted rows the place 0, so that they are not looked at again."""
    database.exec_driver_sql(
        f"UPDATE {kind} SET seq = 0 WHERE seq IS NULL AND deleted_at IS NOT NULL "
        "AND ticket_id IN (SELECT ticket_id FROM dirty_ticket)"
    )


def _recount(database: Connection) -> None:
    """Have what is declared of these tickets compared again: their messages are others now."""
    database.exec_driver_sql(
        "UPDATE declared_count SET fetched = NULL WHERE fetched IS NOT NULL "
        "AND parent_id IN (SELECT ticket_id FROM dirty_ticket)"
    )
