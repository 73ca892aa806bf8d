"""What follows from several records at once, settled at the end of a pull in plain SQL, only where something moved.

- the place of a message among its ticket's messages, whether it opened the ticket, and what its author was;
- the place of an event in its ticket's history, and its old value where the vendor tells only the new one.

Rows without a place (`seq IS NULL`) are the ones to settle: a crash before the end leaves them so.
"""

from __future__ import annotations

from sqlalchemy import Connection

_MESSAGE_ORDER = "m.created_at, LENGTH(m.source_id), m.source_id"
_EVENT_ORDER = "e.occurred_at, LENGTH(e.source_id), e.source_id"


def settle(database: Connection, connection: str) -> None:
    """Number messages and events of the tickets that have unsettled ones, and fill what follows from the order."""
    _settle_messages(database, connection)
    _settle_events(database, connection)


def _dirty(database: Connection, kind: str, connection: str) -> bool:
    """Collect the tickets that have an unsettled row of a kind; whether there is any."""
    database.exec_driver_sql("DROP TABLE IF EXISTS dirty_ticket")
    hole = "?" if database.dialect.name == "sqlite" else "%s"
    database.exec_driver_sql("CREATE TEMPORARY TABLE dirty_ticket (ticket_id TEXT PRIMARY KEY)")
    database.exec_driver_sql(
        f"INSERT INTO dirty_ticket SELECT DISTINCT ticket_id FROM {kind} WHERE seq IS NULL AND connection = {hole}",
        (connection,),
    )
    return database.exec_driver_sql("SELECT 1 FROM dirty_ticket LIMIT 1").first() is not None


def _settle_messages(database: Connection, connection: str) -> None:
    if not _dirty(database, "message", connection):
        return
    database.exec_driver_sql(
        f"""
        UPDATE message SET
            seq = ranked.place,
            is_opening = COALESCE(message.is_opening, ranked.place = 1),
            author_kind = COALESCE(message.author_kind, ranked.author_kind),
            direction = COALESCE(
                message.direction,
                CASE WHEN message.is_public = FALSE THEN NULL
                     WHEN ranked.author_kind = 'end_user' THEN 'in'
                     WHEN ranked.author_kind IN ('agent', 'bot', 'system') THEN 'out' END)
        FROM (
            SELECT m.id,
                ROW_NUMBER() OVER (PARTITION BY m.ticket_id ORDER BY COALESCE(m.is_opening, FALSE) DESC, {_MESSAGE_ORDER})
                    AS place,
                COALESCE(m.author_kind,
                    CASE p.role WHEN 'end_user' THEN 'end_user' WHEN 'agent' THEN 'agent' WHEN 'light_agent' THEN 'agent'
                                WHEN 'admin' THEN 'agent' WHEN 'bot' THEN 'bot' WHEN 'system' THEN 'system'
                                ELSE 'unknown' END) AS author_kind
            FROM message m JOIN dirty_ticket d ON d.ticket_id = m.ticket_id
            LEFT JOIN person p ON p.id = m.author_id
            WHERE m.deleted_at IS NULL
        ) AS ranked
        WHERE message.id = ranked.id
        """
    )
    _number_deleted(database, "message")


def _settle_events(database: Connection, connection: str) -> None:
    if not _dirty(database, "ticket_event", connection):
        return
    database.exec_driver_sql(
        f"""
        UPDATE ticket_event SET
            seq = ranked.place,
            old_value = CASE WHEN ticket_event.old_value_chained THEN ranked.before ELSE ticket_event.old_value END
        FROM (
            SELECT e.id,
                ROW_NUMBER() OVER (PARTITION BY e.ticket_id ORDER BY {_EVENT_ORDER}) AS place,
                LAG(e.new_value) OVER (PARTITION BY e.ticket_id, e.field ORDER BY {_EVENT_ORDER}) AS before
            FROM ticket_event e JOIN dirty_ticket d ON d.ticket_id = e.ticket_id
            WHERE e.deleted_at IS NULL
        ) AS ranked
        WHERE ticket_event.id = ranked.id
        """
    )
    _number_deleted(database, "ticket_event")


def _number_deleted(database: Connection, kind: str) -> None:
    """Give deleted rows the place 0, so that they are not looked at again."""
    database.exec_driver_sql(f"UPDATE {kind} SET seq = 0 WHERE seq IS NULL AND deleted_at IS NOT NULL")
