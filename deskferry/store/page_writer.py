"""Writes what a connector yields: one transaction a page, one a child, with its cursor.

A raw record whose payload differs only in volatile paths is left alone, and so are the canonical rows that it yields.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from deskferry.canonical_schema import column_names
from deskferry.connectors.kit.contract import Child, Page, RawRecord, Tombstone
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.mapping import (
    Context,
    Coverage,
    Mapped,
    Mapper,
    ObjectMap,
    Rejected,
    Unreadable,
)
from deskferry.errors import Refused
from deskferry.store import machinery
from deskferry.store.raw_archive import RAW_COLUMNS, RawArchive, StoredRaw
from deskferry.store.upsert import Counts, chunks, delete_ids, insert_rows, is_sqlite, lookup, upsert

PART_KINDS = ("tagging", "ticket_follower", "ticket_link", "person_organization", "team_member", "attachment",
              "vendor_metric")  # fmt: skip
"""Kinds whose rows vanish when the raw record that yielded them does not yield them any more."""

_SCAN_LOSS = 0.2
_SCAN_FLOOR = 20
"""A complete scan in which more than this share, and at least this many, are suddenly absent is not believed."""


@dataclass(slots=True)
class Tally:
    """Counts of a run, by stream (raw) and by kind (canonical)."""

    raw: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    kinds: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    deleted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain JSON."""

        def plain(counts: Mapping[str, Counts]) -> dict[str, dict[str, int]]:
            return {
                name: {"inserted": one.inserted, "updated": one.updated, "unchanged": one.unchanged}
                for name, one in sorted(counts.items())
            }

        return {
            "raw": plain(self.raw), "kinds": plain(self.kinds),
            "deleted": dict(self.deleted), "rejected": dict(self.rejected),
        }  # fmt: skip


class PageWriter:
    """Writes the pages of one connection; used by one thread at a time."""

    def __init__(
        self, context: Context, maps: Mapping[str, ObjectMap], run_id: str, *, keep_versions: bool = False
    ) -> None:
        self.context = context
        self.connection = context.connection
        self.run_id = run_id
        self.maps = maps
        self.archive = RawArchive(context.connection)
        self.tally = Tally()
        self.coverage: dict[str, Coverage] = {name: Coverage(one) for name, one in maps.items()}
        self._mappers = {name: Mapper(one, context) for name, one in maps.items()}
        self._arrival: int | None = None
        self._keep_versions = keep_versions

    # ---------------------------------------------------------------------------------------------------------- pages

    def write_page(self, database: Connection, stream: str, page: Page, now: str, *, full: bool) -> None:
        """Write a page of a list stream with its cursor, its to-do entries and declared counts."""
        if full:
            self._remember_seen(database, stream, page)
        self._write_records(database, stream, page.records, now)
        self._add_todos(database, page.children)
        self._declare(database, page)
        if page.complete and full:
            self._bury_absent(database, stream, now)
        self._save_cursor(database, stream, page, now)
        self.tally.notes += [note for note in page.notes if note not in self.tally.notes]

    def write_child(self, database: Connection, child: Child, page: Page, now: str) -> None:
        """Write all that one child fetch brought, and strike it off the to-do list."""
        self._write_records(database, child.stream, page.records, now)
        self._declare(database, page)
        self._add_todos(database, page.children)
        todo = machinery.stream_todo
        database.execute(
            todo.delete().where(
                todo.c.connection == self.connection,
                todo.c.stream == child.stream,
                todo.c.parent_id == child.parent,
            )
        )
        self.tally.notes += [note for note in page.notes if note not in self.tally.notes]

    def _write_records(
        self, database: Connection, stream: str, records: Sequence[RawRecord | Tombstone], now: str
    ) -> None:
        live: dict[str, RawRecord] = {}
        gone: dict[str, Tombstone] = {}
        for record in records:
            key = f"{self.connection}:{record.object}:{record.source_id}"
            if isinstance(record, Tombstone):
                live.pop(key, None)
                gone[key] = record
            else:
                gone.pop(key, None)
                live[key] = record
        if live:
            self._write_live(database, stream, live, now)
        if gone:
            self._write_gone(database, stream, gone, now)

    def _write_live(self, database: Connection, stream: str, live: dict[str, RawRecord], now: str) -> None:
        held = {
            row[0]: (row[1], row[2])
            for row in lookup(database, "raw_record", "id, payload_hash, deleted_at", list(live))
        }
        counts = self.tally.raw[stream]
        fresh: list[tuple[str, RawRecord, str]] = []
        changed: list[tuple[str, RawRecord, str]] = []
        for key, record in live.items():
            mapper = self._mapper(record.object)
            hashed = mapper.raw_hash(record.payload)
            self.coverage[record.object].add(record.payload)
            if key not in held:
                fresh.append((key, record, hashed))
            elif held[key] != (hashed, None):
                changed.append((key, record, hashed))
            else:
                counts.unchanged += 1
        counts.inserted += len(fresh)
        counts.updated += len(changed)
        if not fresh and not changed:
            return
        self._store_raw(database, stream, fresh, changed, now)
        out: Mapped = {}
        rejected: dict[str, tuple[RawRecord, Rejected]] = {}
        for key, record, _hash in (*fresh, *changed):
            bad = self._mapper(record.object).apply(record.payload, record.source_id, now, out)
            if bad is not None:
                rejected[key] = (record, bad)
        self._write_rejects(database, stream, rejected, [key for key, _r, _h in changed])
        self._write_rows(database, out, [key for key, _r, _h in changed if key not in rejected], now)

    def _mapper(self, object_name: str) -> Mapper:
        if object_name not in self._mappers:
            self._mappers[object_name] = Mapper(ObjectMap(object_name, ()), self.context)
            self.coverage[object_name] = Coverage(ObjectMap(object_name, ()))
        return self._mappers[object_name]

    def _store_raw(
        self,
        database: Connection,
        stream: str,
        fresh: list[tuple[str, RawRecord, str]],
        changed: list[tuple[str, RawRecord, str]],
        now: str,
    ) -> None:
        payloads = [
            orjson.dumps(record.payload, option=orjson.OPT_NON_STR_KEYS) for _k, record, _h in (*fresh, *changed)
        ]
        dictionary_id, compressor = self.archive.compressor(database, stream, payloads)
        packed = [compressor.compress(payload) for payload in payloads]
        arrival = self._next_arrival(database, len(payloads))
        rows = [
            (key, self.connection, stream, record.object, record.source_id, record.parent_id, blob, dictionary_id,
             hashed, arrival + n, now, self.run_id, None, None, None)
            for n, ((key, record, hashed), blob) in enumerate(zip((*fresh, *changed), packed, strict=True))
        ]  # fmt: skip
        insert_rows(database, "raw_record", RAW_COLUMNS, rows[: len(fresh)])
        if changed:
            self._replace_raw(database, rows[len(fresh) :])

    def _replace_raw(self, database: Connection, rows: list[tuple[Any, ...]]) -> None:
        ids = [row[0] for row in rows]
        if self._keep_versions:
            old = lookup(database, "raw_record", "id, arrival, payload, dictionary_id, fetched_at", ids)
            names = tuple(column.name for column in machinery.raw_version.columns)
            insert_rows(database, "raw_version", names, [tuple(row) for row in old if row[2] is not None])
        delete_ids(database, "raw_record", ids)
        insert_rows(database, "raw_record", RAW_COLUMNS, rows)

    def _next_arrival(self, database: Connection, count: int) -> int:
        if self._arrival is None:
            table = machinery.raw_record
            highest = database.execute(
                select(func.max(table.c.arrival)).where(table.c.connection == self.connection)
            ).scalar()
            self._arrival = 0 if highest is None else highest + 1
        first = self._arrival
        self._arrival += count
        return first

    def rolled_back(self) -> None:
        """Forget what a rolled back transaction had taken: arrival numbers and dictionaries."""
        self._arrival = None
        self.archive.forget_dictionaries()

    # ----------------------------------------------------------------------------------------------------------- rows

    def _write_rows(self, database: Connection, out: Mapped, changed: list[str], now: str) -> None:
        stale = self._stale_parts(database, out, changed) if changed else {}
        log: list[tuple[Any, ...]] = []
        for kind, rows in out.items():
            written = upsert(database, kind, _pending(rows) if kind == "attachment" else rows)
            self.tally.kinds[kind].add(written.counts)
            log += [(self.run_id, kind, key, "updated", now) for key in written.updated_ids]
        for kind, ids in stale.items():
            delete_ids(database, kind, ids)
            self.tally.deleted[kind] += len(ids)
            log += [(self.run_id, kind, key, "vanished", now) for key in ids]
        insert_rows(database, "change_log", ("run_id", "kind", "record_id", "change", "at"), log)

    def _stale_parts(self, database: Connection, out: Mapped, changed: list[str]) -> dict[str, list[str]]:
        """Return the parts of changed raw records that these do not yield any more."""
        stale: dict[str, list[str]] = {}
        for kind in PART_KINDS:
            if not any(table.kind == kind for one in self.maps.values() for table in one.tables):
                continue
            kept = {row[0] for row in out.get(kind, ())}
            held = lookup(database, kind, "id", changed, key="raw_record_id")
            gone = [row[0] for row in held if row[0] not in kept]
            if gone:
                stale[kind] = gone
        return stale

    def _write_rejects(
        self,
        database: Connection,
        stream: str,
        rejected: dict[str, tuple[RawRecord, Rejected]],
        changed: list[str],
    ) -> None:
        delete_ids(database, "reject", [*changed, *rejected])
        for key, (record, bad) in rejected.items():
            self.tally.rejected[bad.code] += 1
            database.execute(
                machinery.reject.insert().values(
                    id=key,
                    run_id=self.run_id,
                    connection=self.connection,
                    stream=stream,
                    source_id=record.source_id,
                    code=bad.code,
                    detail=bad.detail,
                    raw=record.payload,
                )
            )

    # ----------------------------------------------------------------------------------------------------- tombstones

    def _write_gone(self, database: Connection, stream: str, gone: dict[str, Tombstone], now: str) -> None:
        table = machinery.raw_record
        held = {row.id: row for row in database.execute(select(table).where(table.c.id.in_(gone)))}
        counts = self.tally.raw[stream]
        for key, tombstone in gone.items():
            row = held.get(key)
            if row is not None and row.deleted_at is not None:
                counts.unchanged += 1
                continue
            at = _time_or(tombstone.at, now)
            values = {
                "deleted_at": at, "deletion_evidence": tombstone.evidence, "run_id": self.run_id, "fetched_at": now,
                "tombstone": None if tombstone.payload is None else self.archive.pack(tombstone.payload),
                "arrival": self._next_arrival(database, 1),
            }  # fmt: skip
            if row is None:
                counts.inserted += 1
                database.execute(
                    table.insert().values(
                        id=key,
                        connection=self.connection,
                        stream=stream,
                        object=tombstone.object,
                        source_id=tombstone.source_id,
                        **values,
                    )
                )
            else:
                counts.updated += 1
                database.execute(table.update().where(table.c.id == key).values(**values))
            stored = self.archive.one(database, key)
            if stored is not None:
                out: Mapped = {}
                self.map_stored(stored, out)
                self._write_rows(database, out, [key], now)
                self.tally.deleted[tombstone.object] += 1

    def write_stored(self, database: Connection, batch: Sequence[StoredRaw]) -> None:
        """Map stored raw records again and write their rows, as when they first arrived."""
        out: Mapped = {}
        for stored in batch:
            if stored.payload is not None:
                self._mapper(stored.object)
                self.coverage[stored.object].add(stored.payload)
            bad = self.map_stored(stored, out)
            if bad is not None:
                record = RawRecord(stored.object, stored.source_id, stored.payload or stored.tombstone or {})
                self._write_rejects(database, stored.stream, {stored.id: (record, bad)}, [])
        for kind, rows in out.items():
            written = upsert(database, kind, _pending(rows) if kind == "attachment" else rows)
            self.tally.kinds[kind].add(written.counts)

    def map_stored(self, stored: StoredRaw, out: Mapped) -> Rejected | None:
        """Append the canonical rows of a stored raw record, its deletion included."""
        payload = stored.payload if stored.payload is not None else stored.tombstone
        if payload is None:
            return None
        own: Mapped = {}
        bad = self._mapper(stored.object).apply(payload, stored.source_id, stored.fetched_at, own)
        if bad is not None:
            return bad
        if stored.deleted_at is not None:
            own = {kind: [_buried(kind, row, stored) for row in rows] for kind, rows in own.items()}
        for kind, rows in own.items():
            out.setdefault(kind, []).extend(rows)
        return None

    # ------------------------------------------------------------------------------------------------- scans, cursors

    def _remember_seen(self, database: Connection, stream: str, page: Page) -> None:
        ids = [f"{self.connection}:{one.object}:{one.source_id}" for one in page.records if isinstance(one, RawRecord)]
        if not ids:
            return
        if is_sqlite(database):
            statement = "INSERT OR IGNORE INTO stream_seen (connection, stream, raw_record_id) VALUES (?, ?, ?)"
        else:
            statement = "INSERT INTO stream_seen VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        database.exec_driver_sql(statement, [(self.connection, stream, key) for key in ids])

    def _bury_absent(self, database: Connection, stream: str, now: str) -> None:
        """Bury the live records of a stream that a complete scan did not see."""
        raw, seen = machinery.raw_record, machinery.stream_seen
        mine = (raw.c.connection == self.connection) & (raw.c.stream == stream) & raw.c.deleted_at.is_(None)
        was_seen = select(seen.c.raw_record_id).where(
            seen.c.connection == self.connection, seen.c.stream == stream, seen.c.raw_record_id == raw.c.id
        )
        absent = database.execute(select(raw.c.id, raw.c.object, raw.c.source_id).where(mine, ~was_seen.exists())).all()
        if absent:
            live = database.execute(select(func.count()).select_from(raw).where(mine)).scalar_one()
            if len(absent) >= _SCAN_FLOOR and len(absent) > _SCAN_LOSS * live:
                raise Refused(
                    f"{stream}: {len(absent)} of {live} records are suddenly absent; that looks like a revoked "
                    "permission, not like deletions.",
                    "Check the role and scopes of the credentials (`deskferry check`). Nothing was marked as deleted.",
                )
            gone = {row.id: Tombstone(row.object, row.source_id, "absent") for row in absent}
            self._write_gone(database, stream, gone, now)
        database.execute(seen.delete().where(seen.c.connection == self.connection, seen.c.stream == stream))

    def _save_cursor(self, database: Connection, stream: str, page: Page, now: str) -> None:
        table = machinery.stream_cursor
        values: dict[str, Any] = {"scanning": not page.last, "updated_at": now}
        if page.cursor is not None:
            values["cursor"] = page.cursor
        if page.last:
            values["finished_at"] = now
        mine = (table.c.connection == self.connection) & (table.c.stream == stream)
        if database.execute(table.update().where(mine).values(**values)).rowcount == 0:
            database.execute(table.insert().values(connection=self.connection, stream=stream, **values))

    def _add_todos(self, database: Connection, children: Sequence[Child]) -> None:
        if not children:
            return
        rows = [
            (
                self.connection,
                child.stream,
                child.parent,
                orjson.dumps(dict(child.args)).decode(),
                self.run_id,
            )
            for child in children
        ]
        if is_sqlite(database):
            statement = (
                "INSERT OR REPLACE INTO stream_todo (connection, stream, parent_id, args, run_id) VALUES (?,?,?,?,?)"
            )
        else:
            statement = (
                "INSERT INTO stream_todo (connection, stream, parent_id, args, run_id) VALUES (%s,%s,%s,%s,%s) "
                "ON CONFLICT (connection, stream, parent_id) DO UPDATE SET args = excluded.args"
            )
        database.exec_driver_sql(statement, rows)

    def _declare(self, database: Connection, page: Page) -> None:
        if not page.declared:
            return
        names = ("connection", "stream", "parent_id", "measure", "class", "declared", "reread", "run_id")
        by_key = {}
        for one in page.declared:
            parent = f"{self.connection}:{one.parent_object}:{one.parent}" if one.parent else one.parent_object
            row = (
                self.connection,
                one.stream,
                parent,
                one.measure.value,
                one.trust.value,
                one.count,
                False,
                self.run_id,
            )
            by_key[row[:4]] = row
        hole = "?" if is_sqlite(database) else "%s"
        columns = ", ".join(f'"{name}"' for name in names)
        differs = 'declared_count.declared <> excluded.declared OR declared_count."class" <> excluded."class"'
        statement = (
            f"INSERT INTO declared_count ({columns}) VALUES ({', '.join([hole] * len(names))}) "
            "ON CONFLICT (connection, stream, parent_id, measure) DO UPDATE SET "
            '"class" = excluded."class", declared = excluded.declared, fetched = NULL, reread = excluded.reread, '
            f"run_id = excluded.run_id WHERE {differs} OR declared_count.fetched < declared_count.declared"
        )
        for part in chunks(list(by_key.values())):
            database.exec_driver_sql(statement, list(part))


def _pending(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Mark new attachments as still to be downloaded."""
    at = column_names("attachment").index("fetch_state")
    return [(*row[:at], "pending", *row[at + 1 :]) for row in rows]


def _time_or(value: str | None, otherwise: str) -> str:
    try:
        return time_text(value) or otherwise
    except Unreadable:
        return otherwise


def _buried(kind: str, row: tuple[Any, ...], stored: StoredRaw) -> tuple[Any, ...]:
    """Return a row with its deletion, when it is the raw record's own row; parts stay as they are."""
    columns = column_names(kind)
    fields = dict(zip(columns, row, strict=True))
    if fields["id"] != stored.id:
        return row
    fields["deleted_at"], fields["deletion_evidence"] = stored.deleted_at, stored.deletion_evidence
    if kind == "ticket" and fields["status"] != "deleted":
        fields["status_before"], fields["status"] = fields["status"], "deleted"
    fields["content_hash"] = fields["content_hash"][:-2] + "--"  # differs from the live row's, and stays the same
    return tuple(fields[column] for column in columns)
