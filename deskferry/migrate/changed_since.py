"""What people changed at the destination since it was verified: a record's hash as verify read it, and as it is now.

Only what people write is in it. Deadlines, first answers, times of the last change and the vendor's own extras move by
themselves, and a ticket's organization follows its requester.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row, TicketAggregate
from deskferry.migrate.compare_values import message_text, squeezed
from deskferry.migrate.requests import digest
from deskferry.store import Store, machinery
from deskferry.store.records import aggregates
from deskferry.store.upsert import chunks

_AMONG = 500
_COLUMNS: Mapping[str, Sequence[str]] = {
    "ticket": (
        "subject", "status", "status_label", "priority", "type", "requester_id", "assignee_id", "team_id", "inbox_id",
        "brand_id", "is_spam", "merged_into_id", "parent_id", "custom_fields",
    ),
    "message": ("id", "author_id", "is_public", "state", "kind"),
    "attachment": ("id", "filename", "size"),
    "ticket_follower": ("person_id", "email", "kind"),
    "person": (
        "name", "email", "emails", "phone", "phones", "role", "job_title", "address", "notes", "organization_id",
        "external_id", "language", "timezone", "suspended", "custom_fields",
    ),
    "organization": ("name", "domains", "details", "notes", "external_id", "address", "custom_fields"),
    "article_category": ("name", "description", "parent_id"),
    "article": ("title", "body_html", "status", "visibility", "category_id", "labels"),
    "macro": ("name", "body_html", "visibility"),
}  # fmt: skip
ROWS = ("organization", "person", "article_category", "article", "macro")
"""Kinds of which a record is one row."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items() if one not in (None, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _kept(kind: str, row: Row) -> list[Any]:
    return [_plain(row.get(name)) for name in _COLUMNS[kind]]


def row_hash(kind: str, row: Row) -> str:
    """Return the hash of a person or organization as it lies at the destination."""
    return digest(_kept(kind, row))


def ticket_hash(there: TicketAggregate) -> str:
    """Return the hash of a ticket with its messages, files, tags and copied people as it lies at the destination."""
    files = [one for rows in there.attachments.values() for one in rows]
    return digest(
        [
            _kept("ticket", there.ticket),
            [[*_kept("message", one), squeezed(message_text(one))] for one in there.messages],
            sorted((_kept("attachment", one) for one in files), key=str),
            list(there.tags),
            sorted((_kept("ticket_follower", one) for one in there.followers), key=str),
        ]
    )


def hashes_there(database: Connection, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the hashes of live records of a destination, by their canonical ids there."""
    if kind == "ticket":
        return {one.ticket["id"]: ticket_hash(one) for one in aggregates(database, list(ids))}
    if kind not in ROWS:
        return {}
    table = sql_table(kind)
    found: dict[str, str] = {}
    for part in chunks(list(ids), _AMONG):
        rows = database.execute(select(table).where(table.c.id.in_(part), table.c.deleted_at.is_(None))).mappings()
        found.update({row["id"]: row_hash(kind, dict(row)) for row in rows})
    return found


def keep_hashes(store: Store, account_id: str, hashes: Mapping[str, str], *, again: bool = False) -> None:
    """Keep what lies there of source records, by record; a hash that is held stays, unless it is taken `again`."""
    table = machinery.crossing
    with store.write() as database:
        for record_id, hashed in hashes.items():
            mine = (table.c.account_id == account_id) & (table.c.record_id == record_id) & (table.c.part == "")
            statement = table.update().where(mine).values(remote_hash=hashed)
            database.execute(statement if again else statement.where(table.c.remote_hash.is_(None)))


def kept_hashes(database: Connection, account_id: str, record_ids: Iterable[str]) -> dict[str, str | None]:
    """Return the hashes that verify kept, by source record."""
    table = machinery.crossing
    found: dict[str, str | None] = {}
    for part in chunks(sorted(set(record_ids)), _AMONG):
        rows = database.execute(
            select(table.c.record_id, table.c.remote_hash).where(
                table.c.account_id == account_id, table.c.record_id.in_(part), table.c.part == ""
            )
        )
        found.update({row.record_id: row.remote_hash for row in rows})
    return found
