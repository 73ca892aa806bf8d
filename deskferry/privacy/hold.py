"""What must be kept: people and organizations on hold are neither forgotten nor purged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.config import Hold
from deskferry.errors import ConfigError
from deskferry.privacy.people import Who, emails_of, find
from deskferry.store.upsert import chunks

_ADVICE = "Take it off [hold] in the configuration when the duty to keep it has ended. Nothing was changed."
_AMONG = 300


def refuse_held_person(database: Connection, hold: Hold, who: Who) -> None:
    """Raise ConfigError where a person, or an organization of theirs, is on hold."""
    for row in who.rows.values():
        if _is_held(hold, row):
            raise ConfigError(f"{row.id} is on hold and cannot be forgotten.", _ADVICE)
    if any(one in _lowered(hold.people) for one in who.emails):
        raise ConfigError("This person is on hold and cannot be forgotten.", _ADVICE)
    domains = {one.rpartition("@")[2] for one in who.emails} & _lowered(hold.organizations)
    if domains:
        raise ConfigError(f"{min(domains)} is on hold: its people cannot be forgotten.", _ADVICE)
    for one in _organizations(database, who):
        if _organization_held(hold, one):
            raise ConfigError(f"{one.id} is on hold: its people cannot be forgotten.", _ADVICE)


def refuse_held_connection(database: Connection, hold: Hold, connection: str) -> None:
    """Raise ConfigError where a connection has somebody, or something, on hold."""
    table = sql_table("organization")
    rows: Iterable[Any] = database.execute(select(table).where(table.c.connection == connection)).yield_per(1000)
    for row in rows if hold.organizations else ():
        if _organization_held(hold, row):
            raise ConfigError(f"{row.id} is on hold: {connection} cannot be purged.", _ADVICE)
    domains = {one for one in _lowered(hold.organizations) if "." in one and ":" not in one}
    table = sql_table("person")
    rows = database.execute(select(table).where(table.c.connection == connection)).yield_per(1000)
    for row in rows if domains or hold.people else ():
        if _is_held(hold, row) or {one.rpartition("@")[2] for one in emails_of(row)} & domains:
            raise ConfigError(f"{row.id} is on hold: {connection} cannot be purged.", _ADVICE)
    for one in hold.people:  # their records elsewhere have crossed to here, or are the same by address
        there = [row.id for row in find(database, one, None).rows.values() if row.connection == connection]
        if there:
            raise ConfigError(f"{min(there)} is on hold: {connection} cannot be purged.", _ADVICE)


def _is_held(hold: Hold, row: Any) -> bool:
    people = _lowered(hold.people)
    return row.id in hold.people or f"{row.connection} {row.source_id}" in hold.people or bool(emails_of(row) & people)


def _lowered(texts: Sequence[str]) -> set[str]:
    return {text.strip().lower() for text in texts}


def _organization_held(hold: Hold, row: Any) -> bool:
    held = _lowered(hold.organizations)
    names = {str(one).lower() for one in (row.name, *(row.domains or ())) if one}
    return (
        row.id in hold.organizations or f"{row.connection} {row.source_id}" in hold.organizations or bool(names & held)
    )


def _organizations(database: Connection, who: Who) -> list[Any]:
    member, table = sql_table("person_organization"), sql_table("organization")
    ids = {row.organization_id for row in who.rows.values() if row.organization_id}
    for part in chunks(who.ids, _AMONG):
        found = select(member.c.organization_id).where(member.c.person_id.in_(part))
        ids |= set(database.execute(found).scalars())
    rows: list[Any] = []
    for part in chunks(sorted(ids), _AMONG):
        rows += database.execute(select(table).where(table.c.id.in_(part)))
        known = {row.id for row in rows}
        rows += [_Unseen(one) for one in part if one not in known]
    return rows


class _Unseen:
    """An organization of which only the id is known."""

    name, domains = None, ()

    def __init__(self, record_id: str) -> None:
        self.id = record_id
        self.connection, _, rest = record_id.partition(":")
        self.source_id = rest.partition(":")[2]
