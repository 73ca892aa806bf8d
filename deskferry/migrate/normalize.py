"""Raw archive → canonical rows, once more: no network, no clock, the same rows as the pull that brought them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, FromClause, MetaData, Table, delete, select, text

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.explain import explain
from deskferry.connectors.kit.mapping import Context
from deskferry.errors import ConfigError
from deskferry.migrate.progress import Progress, Silent
from deskferry.store import Store, machinery
from deskferry.store.declared import compare_declared
from deskferry.store.engine import rebuilt
from deskferry.store.kept_files import keep_files, restore_files
from deskferry.store.page_writer import PageWriter
from deskferry.store.settle import settle
from deskferry.store.state import pinned


@dataclass(frozen=True, slots=True)
class NormalizeResult:
    """How many raw records became how many rows, and what was rejected."""

    raw: int
    rows: dict[str, int]
    rejected: dict[str, int]
    coverage: dict[str, list[tuple[str, str, str, int]]]


def normalize(
    store: Store, name: str, connector: Connector, run_id: str, progress: Progress | None = None
) -> NormalizeResult:
    """Drop the canonical rows of a connection and map them anew from the raw archive, in one transaction."""
    progress = progress or Silent()
    with store.read() as database:
        pin = pinned(database, name)
    if pin is None:
        raise ConfigError(f"{name} was never pulled.", f"Run `deskferry pull {name}` first.")
    writer = PageWriter(Context(name, connector.name, pin["site"] or ""), connector.maps, run_id)
    raw = 0
    progress.begin("normalize", None)
    with store.write() as database:
        keep_files(database, name)
        kept = _keep(database, name)
        _drop(database, name)
        for batch in writer.archive.in_order_of_arrival(database):
            writer.write_stored(database, batch)
            raw += len(batch)
            progress.advance(len(batch))
        restore_files(database, name)
        _restore(database, kept)
        settle(database, name)
        compare_declared(database, name, anew=True)
        rebuilt(database, name)
    progress.end()
    rows = {kind: counts.inserted for kind, counts in writer.tally.kinds.items()}
    coverage = {key: one.report() for key, one in writer.coverage.items() if one.seen}
    return NormalizeResult(raw, rows, dict(writer.tally.rejected), coverage)


def _drop(database: Connection, name: str) -> None:
    for kind in KINDS:
        table = sql_table(kind.value)
        database.execute(delete(table).where(table.c.connection == name))
    database.execute(delete(machinery.reject).where(machinery.reject.c.connection == name))


def _keep(database: Connection, name: str) -> list[str]:
    """Put aside when each row was written, and what authors were; returns the kinds that have rows."""
    held = [kind.value for kind in KINDS if _has_rows(database, kind.value, name)]
    for kind in held:
        table = sql_table(kind)
        columns = [table.c.id, table.c.content_hash, table.c.synced_at]
        found: FromClause = table
        if kind == "message":
            person = sql_table("person")
            columns += [table.c.author_kind, person.c.role]
            found = table.outerjoin(person, person.c.id == table.c.author_id)
        shape = [Column(column.name, column.type, primary_key=column.name == "id") for column in columns]
        kept = Table(f"kept_{kind}", MetaData(), *shape, prefixes=["TEMPORARY"])
        database.execute(text(f"DROP TABLE IF EXISTS {kept.name}"))
        kept.create(database)
        copied = select(*columns).select_from(found).where(table.c.connection == name)
        database.execute(kept.insert().from_select([column.name for column in columns], copied))
    return held


def _has_rows(database: Connection, kind: str, name: str) -> bool:
    table = sql_table(kind)
    return database.execute(select(table.c.id).where(table.c.connection == name).limit(1)).first() is not None


def _restore(database: Connection, kinds: Sequence[str]) -> None:
    """Give rows of the same content the time at which they were written, and messages what their author was then."""
    for kind in kinds:
        same = f"k.id = {kind}.id AND k.content_hash = {kind}.content_hash"
        database.execute(
            text(
                f"UPDATE {kind} SET synced_at = k.synced_at FROM kept_{kind} k "
                f"WHERE {same} AND k.synced_at <> {kind}.synced_at"
            )
        )
        if kind == "message":  # unless the mapping of the person was mended: then it is settled anew
            role = "(SELECT p.role FROM person p WHERE p.id = message.author_id)"
            database.execute(
                text(
                    "UPDATE message SET author_kind = k.author_kind FROM kept_message k "
                    f"WHERE {same} AND message.author_kind IS NULL AND k.author_kind <> 'unknown' "
                    f"AND COALESCE(k.role, '') = COALESCE({role}, '')"
                )
            )
        database.execute(text(f"DROP TABLE kept_{kind}"))


def explain_record(store: Store, name: str, connector: Connector, kind: str, source_id: str) -> dict[str, Any]:
    """Return each canonical field of one record with its source path, raw value, converter and result.

    `source_id` is the vendor's id, or a canonical id. Raises ConfigError when the store has no such record.
    """
    with store.read() as database:
        pin = pinned(database, name)
        found = _find(database, name, kind, source_id)
        if pin is None or found is None:
            raise ConfigError(f"{name} has no {kind} {source_id}.", "Give the vendor's id or the canonical id.")
        writer = PageWriter(Context(name, connector.name, pin["site"] or ""), connector.maps, "")
        stored = writer.archive.one(database, found["raw_record_id"])
    if stored is None:
        raise ConfigError(f"The raw record of {found['id']} is not in the store.")
    payload = stored.payload if stored.payload is not None else stored.tombstone
    object_map = connector.maps[stored.object]
    lines = explain(object_map, writer.context, payload or {}, kind, found["id"])
    return {
        "id": found["id"], "kind": kind, "raw_record_id": stored.id, "stream": stored.stream,
        "fields": [
            {"field": one.field, "path": one.path, "raw": one.raw, "converter": one.converter, "result": one.result}
            for one in lines
        ],
        "settled": _settled(kind, found),
    }  # fmt: skip


def _find(database: Connection, name: str, kind: str, source_id: str) -> dict[str, Any] | None:
    table = sql_table(kind)
    where = table.c.id == source_id if source_id.startswith(f"{name}:") else table.c.source_id == source_id
    row = database.execute(table.select().where(table.c.connection == name, where)).mappings().first()
    return None if row is None else dict(row)


_SETTLED = {
    "message": ("seq", "is_opening", "opening_by_order", "author_kind", "direction"),
    "ticket_event": ("seq", "old_value"),
    "attachment": ("fetch_state", "sha256", "error"),
}


def _settled(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that no payload holds: they follow from several records, or from the download."""
    return {name: found[name] for name in _SETTLED.get(kind, ())}
