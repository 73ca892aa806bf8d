"""Raw archive → canonical rows, once more: no network, no clock, the same rows as the pull that brought them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, text

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.mapping import Context, explain
from deskferry.errors import ConfigError
from deskferry.migrate.progress import Progress, Silent
from deskferry.store import Store, machinery
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
        _keep_files(database, name)
        _drop(database, name)
        for batch in writer.archive.in_order_of_arrival(database):
            writer.write_stored(database, batch)
            raw += len(batch)
            progress.advance(len(batch))
        _restore_files(database)
        settle(database, name)
    progress.end()
    rows = {kind: counts.inserted for kind, counts in writer.tally.kinds.items()}
    coverage = {key: one.report() for key, one in writer.coverage.items() if one.seen}
    return NormalizeResult(raw, rows, dict(writer.tally.rejected), coverage)


def _drop(database: Connection, name: str) -> None:
    for kind in KINDS:
        table = sql_table(kind.value)
        database.execute(delete(table).where(table.c.connection == name))
    database.execute(delete(machinery.reject).where(machinery.reject.c.connection == name))


def _keep_files(database: Connection, name: str) -> None:
    """Put aside what is known of downloads: it is in no payload."""
    database.execute(text("DROP TABLE IF EXISTS kept_file"))
    database.execute(
        text(
            "CREATE TEMPORARY TABLE kept_file AS SELECT id, content_hash, fetch_state, sha256, error FROM attachment "
            "WHERE connection = :name AND fetch_state <> 'pending'"
        ),
        {"name": name},
    )


def _restore_files(database: Connection) -> None:
    database.execute(
        text(
            "UPDATE attachment SET fetch_state = k.fetch_state, sha256 = k.sha256, error = k.error "
            "FROM kept_file k WHERE k.id = attachment.id AND k.content_hash = attachment.content_hash"
        )
    )
    database.execute(text("DROP TABLE kept_file"))


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
    "message": ("seq", "is_opening", "author_kind", "direction"),
    "ticket_event": ("seq", "old_value"),
    "attachment": ("fetch_state", "sha256", "error"),
}


def _settled(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that no payload holds: they follow from several records, or from the download."""
    return {name: found[name] for name in _SETTLED.get(kind, ())}
