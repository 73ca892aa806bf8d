"""Exceptions of the configuration, taken out of what rules found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table, time_text
from deskferry.store import Store
from deskferry.store.upsert import chunks
from deskferry.validate.finding import Finding
from deskferry.validate.settings import Exceptions


def without_excused(store: Store, found: list[Finding], exceptions: Exceptions) -> list[Finding]:
    """Return findings of one rule without those that the configuration allows."""
    left = [one for one in found if one.record_id not in exceptions.records]
    if not exceptions.values:
        return left
    with store.read() as database:
        excused = _with_values(database, left, exceptions.values)
    return [one for one in left if one.record_id not in excused]


def _with_values(
    database: Connection, found: Iterable[Finding], values: Sequence[tuple[str, str]]
) -> frozenset[str | None]:
    """Return the ids of the records that have one of these values."""
    by_kind: dict[str, list[str]] = {}
    for one in found:
        if one.kind is not None and one.record_id is not None:
            by_kind.setdefault(one.kind, []).append(one.record_id)
    excused: set[str | None] = set()
    for kind, ids in by_kind.items():
        table = sql_table(kind)
        asked = select(table.c.id, *(table.c[name] for name, _value in values))
        for part in chunks(ids):
            for row in database.execute(asked.where(table.c.id.in_(part))):
                if any(_text(held) == value for held, (_name, value) in zip(row[1:], values, strict=True)):
                    excused.add(row.id)
    return frozenset(excused)


def _text(held: Any) -> str | None:
    if isinstance(held, bool):
        return "true" if held else "false"
    if isinstance(held, datetime):
        return time_text(held)
    return None if held is None else str(held)
