"""Created people and organizations, read back, against the source minus declared losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row
from deskferry.connectors.kit.names import folded
from deskferry.migrate.compare import Places
from deskferry.migrate.compare_values import Difference, same_custom, shown, squeezed
from deskferry.migrate.compose import Composed
from deskferry.migrate.journal import Held, held_crossings
from deskferry.migrate.work import Work
from deskferry.store import Store
from deskferry.store.upsert import chunks

_BATCH = 200
_COLUMNS: Mapping[str, Sequence[str]] = {
    "person": ("name", "email", "job_title", "address", "notes", "external_id"),
    "organization": ("name", "details", "notes", "external_id"),
}


def compare_records(
    store: Store, work: Work, kind: str, destination: str, ids: Sequence[str]
) -> Iterator[tuple[str, list[Difference]]]:
    """Yield (source record, what differs) of each record of a kind that was created."""
    table = sql_table(kind)
    for part in chunks(ids, _BATCH):
        with store.read() as database:
            held = held_crossings(database, work.account_id, part)
            made = [one for one in part if held.get((one, "")) and held[one, ""].state == "created"]
            remote = {one: _remote(destination, held[one, ""]) for one in made}
            rows = database.execute(select(table).where(table.c.id.in_(set(remote.values())))).mappings()
            there = {row["id"]: dict(row) for row in rows}
            composed = list(work.composer.of(kind, made))
            organizations = {one.row["organization_id"] for one in composed if one.row and kind == "person"}
            also = held_crossings(database, work.account_id, [one for one in organizations if one])
        places = Places(destination, work.composer.crossings, {**held, **also})
        for one in composed:
            yield one.record_id, list(_record(kind, one, there.get(remote[one.record_id]), places))


def _remote(destination: str, held: Held) -> str:
    return f"{destination}:{held.remote_object}:{held.remote_id}"


def _record(kind: str, composed: Composed, there: Row | None, places: Places) -> Iterator[Difference]:
    row = composed.row or {}
    record_id = composed.record_id
    if there is None or there["deleted_at"] is not None:
        yield Difference(kind, record_id, kind, "there", None, "read")
        return
    lost = {(one.record_id, one.field) for one in composed.losses}
    for name in _COLUMNS[kind]:
        value = row.get(name)
        if value in (None, "") or lost & {(record_id, name), (record_id, f"{name}s")}:
            continue
        if not _same(name, value, there[name]):
            yield Difference(kind, record_id, name, shown(value), shown(there[name]), "read")
    if kind == "person" and row.get("organization_id") and (record_id, "organization_id") not in lost:
        wanted = places.of(row["organization_id"])
        if wanted is not None and wanted != there["organization_id"]:
            yield Difference(kind, record_id, "organization_id", wanted, shown(there["organization_id"]), "read")
    yield from _custom_fields(kind, row, there, places, lost)


def _same(name: str, value: Any, there: Any) -> bool:
    if name == "email":
        return folded(value) == folded(there)
    return squeezed(str(value)) == squeezed(None if there is None else str(there))


def _custom_fields(kind: str, row: Row, there: Row, places: Places, lost: set[tuple[str, str]]) -> Iterator[Difference]:
    for key, value in (row.get("custom_fields") or {}).items():
        if value in (None, "", [], {}) or lost & {(row["id"], f"custom_fields.{key}"), (row["id"], "custom_fields")}:
            continue
        rule = places.crossings.field_rule(kind, key)
        if rule is None or not same_custom(value, rule, there["custom_fields"] or {}, None):
            yield Difference(kind, row["id"], f"custom_fields.{key}", shown(value), None, "read")
