"""The canonical rows of a raw record that was cleaned, written in place of what they were."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from deskferry.canonical_schema import ENGINE_COLUMNS, column_names
from deskferry.connectors.kit.mapping import Mapped
from deskferry.privacy.sweep import Sweep
from deskferry.store.bulk_insert import insert_rows
from deskferry.store.upsert import delete_ids, is_sqlite, lookup

SETTLED = {
    "message": frozenset({"is_opening", "author_kind", "direction", "opening_by_order", "seq"}),
    "ticket_event": frozenset({"old_value", "seq"}),
    "attachment": frozenset({"fetch_state", "sha256", "error"}),
}
"""Columns that follow from several records, or from a download: they stay as they were settled."""


def replace_rows(
    database: Connection, sweep: Sweep, old_id: str, new_id: str, before: Mapped, after: Mapped
) -> list[str]:
    """Write the rows that a cleaned record yields over those that it yielded; returns the ids of what changed.

    Rows that a later record brought again belong to that one, and are left alone.
    """
    touched: list[str] = []
    log: list[tuple[Any, ...]] = []
    for kind in {**before, **after}:
        old_rows, new_rows = before.get(kind, []), after.get(kind, [])
        held = _held(database, kind, [row[0] for row in (*old_rows, *new_rows)], {old_id, new_id})
        pairs = _paired(old_rows, new_rows)
        for old_key, row in pairs:
            if old_key in held and _write(database, kind, held[old_key], row, sweep.now):
                touched += [old_key, row[0], *_ticket(kind, row)]
                log.append((sweep.run_id, kind, row[0], "updated", sweep.now))
                sweep.changed[kind] += 1
        kept = {old for old, _row in pairs} | {row[0] for row in new_rows}
        gone = [row[0] for row in old_rows if row[0] in held and row[0] not in kept]
        delete_ids(database, kind, gone)
        log += [(sweep.run_id, kind, key, "vanished", sweep.now) for key in gone]
    insert_rows(database, "change_log", ("run_id", "kind", "record_id", "change", "at"), log)
    return touched


def _held(database: Connection, kind: str, ids: list[str], owners: set[str]) -> dict[str, tuple[Any, ...]]:
    columns = ", ".join(column_names(kind))
    at = column_names(kind).index("raw_record_id")
    rows = lookup(database, kind, columns, sorted(set(ids)))
    return {row[0]: tuple(row) for row in rows if row[at] in owners}


def _paired(old: list[tuple[Any, ...]], new: list[tuple[Any, ...]]) -> list[tuple[str, tuple[Any, ...]]]:
    """Return (id as it was, row): in their order where the number is the same, for an id may hold an address."""
    if len(old) == len(new):
        return [(one[0], row) for one, row in zip(old, new, strict=True)]
    known = {row[0] for row in old}
    return [(row[0], row) for row in new if row[0] in known]


def _ticket(kind: str, row: tuple[Any, ...]) -> list[str]:
    columns = column_names(kind)
    found = row[columns.index("ticket_id")] if "ticket_id" in columns else None
    return [found] if found else []


def _write(database: Connection, kind: str, held: tuple[Any, ...], row: tuple[Any, ...], now: str) -> bool:
    columns = column_names(kind)
    at = columns.index("content_hash")
    left = ENGINE_COLUMNS[kind] - {"content_hash", "text_flags"} | SETTLED.get(kind, frozenset()) | {"id"}
    changed = held[0] != row[0] or held[at] != row[at]
    # Where the content is the same, only what it never counted may differ.
    names = {name for name in columns if changed or name in {"url", "raw_record_id"}} - left
    values: dict[str, Any] = {name: row[columns.index(name)] for name in columns if name in names}
    if changed:
        values["synced_at"] = now
    if held[0] != row[0]:
        delete_ids(database, kind, [row[0]])
        values["id"] = row[0]
    hole = "?" if is_sqlite(database) else "%s"
    sets = ", ".join(f"{name} = {hole}" for name in values)
    database.exec_driver_sql(f"UPDATE {kind} SET {sets} WHERE id = {hole}", (*values.values(), held[0]))
    return bool(changed)
