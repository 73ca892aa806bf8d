"""Writes what a connector yields: one transaction a page, one a child, with its cursor.

A raw record whose payload differs only in volatile paths is left alone, and so are the canonical rows that it yields.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError

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
    Table,
    Unreadable,
    tamed,
)
from deskferry.errors import Refused
from deskferry.store import machinery
from deskferry.store.raw_archive import RAW_COLUMNS, RawArchive, StoredRaw, encode
from deskferry.store.upsert import (
    NUMBERED,
    Counts,
    Written,
    chunks,
    delete_ids,
    insert_rows,
    is_sqlite,
    lookup,
    unsettle_left,
    upsert,
)

INDEXED_PARTS = ("tagging", "ticket_follower", "ticket_link", "person_organization", "team_member", "attachment",
                 "vendor_metric")  # fmt: skip
"""Kinds with an index by raw record: rows vanish when the raw record that brought them does not yield them any more.

Of the other kinds what a changed raw record yielded before is found by mapping its earlier payload again.
"""

_SCAN_LOSS = 0.2
_SCAN_FLOOR = 20
"""A complete scan in which more than this share, and at least this many, are suddenly absent is not believed."""
_UNWRITABLE = (DatabaseError, InterfaceError, OverflowError, UnicodeError)
"""What databases and drivers raise, among other reasons, over a value that a column does not take."""
_GONE_BATCH = 500


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

    def write_page(self, database: Connection, stream: str, page: Page, now: str, *, full: bool) -> Refused | None:
        """Write a page of a list stream with its cursor, its to-do entries and declared counts.

        Returns a refusal, to be raised once the page is committed, when a complete scan lacks implausibly much.
        """
        refusal = None
        if full:
            self._remember_seen(database, stream, page)
        self._write_records(database, stream, page.records, now)
        self._add_todos(database, page.children)
        self._declare(database, page)
        if page.complete and full:
            refusal = self._bury_absent(database, stream, now)
        # A scan that is not believed is no ground to say next time that nothing moved since.
        self._save_cursor(database, stream, page if refusal is None else replace(page, cursor=None), now)
        self._note(page)
        return refusal

    def write_child(self, database: Connection, child: Child, page: Page, now: str) -> None:
        """Write all that one child fetch brought, and strike it off the to-do list.

        Of a page that says it is complete: what the store holds of that parent and the page lacks is gone.
        """
        self._write_records(database, child.stream, page.records, now)
        if page.complete:
            self._bury_absent_children(database, child, page, now)
        self._declare(database, page)
        todo = machinery.stream_todo
        database.execute(
            todo.delete().where(
                todo.c.connection == self.connection,
                todo.c.stream == child.stream,
                todo.c.parent_id == child.parent,
            )
        )
        self._add_todos(database, page.children)
        self._note(page)

    def _note(self, page: Page) -> None:
        self.tally.notes += [note for note in page.notes if note not in self.tally.notes]

    def _write_records(
        self, database: Connection, stream: str, records: Sequence[RawRecord | Tombstone], now: str
    ) -> None:
        live: dict[str, RawRecord] = {}
        gone: dict[str, Tombstone] = {}
        for record in records:
            key = f"{self.connection}:{record.object}:{record.source_id}"
            if not key.isascii() or "\x00" in key:
                record = replace(record, source_id=tamed(record.source_id))  # noqa: PLW2901 - an id that no key takes
                key = f"{self.connection}:{record.object}:{record.source_id}"
            if isinstance(record, Tombstone):
                live.pop(key, None)
                gone[key] = record
            else:
                gone.pop(key, None)
                live[key] = record
        with _collector_paused():
            if live:
                self._write_live(database, stream, live, now)
            if gone:
                self._write_gone(database, stream, gone, now)

    def _write_live(self, database: Connection, stream: str, live: dict[str, RawRecord], now: str) -> None:
        held = {
            row[0]: (row[1], row[2])
            for row in lookup(database, "raw_record", "id, payload_hash, deleted_at", list(live))
        }
        fresh: list[_Arrived] = []
        changed: list[_Arrived] = []
        unchanged = 0
        for key, record in live.items():
            hashed = self._mapper(record.object).raw_hash(record.payload)
            self.coverage[record.object].add(record.payload)
            if key not in held:
                fresh.append((key, record, hashed))
            elif held[key] != (hashed, None):
                changed.append((key, record, hashed))
            else:
                unchanged += 1
        self.tally.raw[stream].add(Counts(len(fresh), len(changed), unchanged))
        if not fresh and not changed:
            return
        before = self.archive.some(database, [key for key, _record, _hashed in changed])
        self._store_raw(database, stream, fresh, changed, now)
        items = [
            StoredRaw(key, stream, record.object, record.source_id, None, record.payload, now, 0, None, None, None)
            for key, record, _hashed in (*fresh, *changed)
        ]
        self._write_mapped(database, items, before, now)

    def _mapper(self, object_name: str) -> Mapper:
        if object_name not in self._mappers:
            self._mappers[object_name] = Mapper(ObjectMap(object_name, ()), self.context)
            self.coverage[object_name] = Coverage(ObjectMap(object_name, ()))
        return self._mappers[object_name]

    def _store_raw(
        self,
        database: Connection,
        stream: str,
        fresh: list[_Arrived],
        changed: list[_Arrived],
        now: str,
    ) -> None:
        payloads = [encode(record.payload) for _key, record, _hashed in (*fresh, *changed)]
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

    def _write_mapped(
        self, database: Connection, items: Sequence[StoredRaw], before: Mapping[str, StoredRaw], now: str
    ) -> None:
        """Map raw records and write their rows; `before` are earlier versions of those that changed.

        A record of which a database does not take a value becomes a reject; the others of its page are written.
        """
        try:
            self._try_mapped(database, items, before, now)
        except _UNWRITABLE as first:
            if not _over_a_value(first):
                raise
            for item in items:
                own = {item.id: before[item.id]} if item.id in before else {}
                try:
                    self._try_mapped(database, [item], own, now)
                except _UNWRITABLE as error:
                    if not _over_a_value(error):
                        raise
                    self._write_rejects(database, {item.id: (item, _unwritable(error))}, own)

    def _try_mapped(
        self, database: Connection, items: Sequence[StoredRaw], before: Mapping[str, StoredRaw], now: str
    ) -> None:
        out: Mapped = {}
        rejected: dict[str, tuple[StoredRaw, Rejected]] = {}
        for item in items:
            bad = self.map_stored(item, out)
            # The deletion of what was never seen loses nothing; what a complete scan lacks needs no mending any more.
            if bad is not None and item.payload is not None and item.deletion_evidence != "absent":
                rejected[item.id] = (item, bad)
        with _savepoint(database):
            vanished = self._vanished(database, out, before, rejected) if before else {}
            written = self._write_rows(database, out, vanished, now)
            self._write_rejects(database, rejected, before)
        for kind, counts in written.items():
            self.tally.kinds[kind].add(counts)
        for kind, ids in vanished.items():
            self.tally.deleted[kind] += len(ids)

    def _write_rows(
        self, database: Connection, out: Mapped, vanished: Mapping[str, Sequence[str]], now: str
    ) -> dict[str, Counts]:
        counts: dict[str, Counts] = {}
        log: list[tuple[Any, ...]] = []
        for kind, rows in out.items():
            written: Written = upsert(database, kind, _pending(rows) if kind == "attachment" else rows)
            counts[kind] = written.counts
            log += [(self.run_id, kind, key, "updated", now) for key in written.updated_ids]
        for kind, ids in vanished.items():
            if kind in NUMBERED:
                unsettle_left(database, kind, dict.fromkeys(ids))
            delete_ids(database, kind, ids)
            log += [(self.run_id, kind, key, "vanished", now) for key in ids]
        insert_rows(database, "change_log", ("run_id", "kind", "record_id", "change", "at"), log)
        return counts

    def _vanished(
        self, database: Connection, out: Mapped, before: Mapping[str, StoredRaw], rejected: Mapping[str, Any]
    ) -> dict[str, list[str]]:
        """Return the rows that changed raw records brought and do not yield any more."""
        kept = {kind: {row[0] for row in rows} for kind, rows in out.items()}
        vanished: dict[str, list[str]] = {}
        yielded = {table.kind for stored in before.values() for table in self._tables(stored.object)}
        for kind in INDEXED_PARTS:
            if kind in yielded:
                held = lookup(database, kind, "id", list(before), key="raw_record_id")
                vanished[kind] = [row[0] for row in held if row[0] not in kept.get(kind, ())]
        earlier: Mapped = {}
        for stored in before.values():
            if stored.id in rejected or any(_may_vanish(table) for table in self._tables(stored.object)):
                self.map_stored(stored, earlier)
        for kind, rows in earlier.items():
            gone = [row[0] for row in rows if row[0] not in kept.get(kind, ())]
            if gone and kind not in INDEXED_PARTS:
                held = lookup(database, kind, "id, raw_record_id", gone)
                vanished[kind] = [row[0] for row in held if row[1] in before]
        return {kind: ids for kind, ids in vanished.items() if ids}

    def _tables(self, object_name: str) -> Sequence[Table]:
        return self._mapper(object_name).object_map.tables

    def _write_rejects(
        self,
        database: Connection,
        rejected: Mapping[str, tuple[StoredRaw, Rejected]],
        changed: Iterable[str],
    ) -> None:
        delete_ids(database, "reject", [*changed, *rejected])
        rows = []
        for key, (item, bad) in rejected.items():
            self.tally.rejected[bad.code] += 1
            values = tamed([item.source_id, bad.code, bad.detail, item.payload])
            names = ("source_id", "code", "detail", "raw")
            rows.append({"id": key, "run_id": self.run_id, "connection": self.connection, "stream": item.stream,
                         **dict(zip(names, values, strict=True))})  # fmt: skip
        if rows:
            database.execute(machinery.reject.insert(), rows)

    # ----------------------------------------------------------------------------------------------------- tombstones

    def _write_gone(self, database: Connection, stream: str, gone: Mapping[str, Tombstone], now: str) -> None:
        for keys in chunks(list(gone), _GONE_BATCH):
            self._bury(database, stream, {key: gone[key] for key in keys}, now)

    def _bury(self, database: Connection, stream: str, gone: Mapping[str, Tombstone], now: str) -> None:
        held = self.archive.some(database, list(gone))
        buried = []
        for key, tombstone in gone.items():
            stored = held.get(key)
            if stored is not None and stored.deleted_at is not None:
                continue
            if stored is None:
                stored = StoredRaw(
                    key, stream, tombstone.object, tombstone.source_id, None, None, now, 0, None, None, None
                )
            buried.append(
                replace(
                    stored, fetched_at=now, arrival=self._next_arrival(database, 1),
                    deleted_at=_time_or(tombstone.at, now), deletion_evidence=tombstone.evidence,
                    tombstone=tombstone.payload,
                )
            )  # fmt: skip
        self._store_tombstones(database, [one for one in buried if one.id not in held], buried)
        updated = [one for one in buried if one.id in held]
        self.tally.raw[stream].add(Counts(len(buried) - len(updated), len(updated), len(gone) - len(buried)))
        for one in buried:
            self.tally.deleted[one.object] += 1
        self._write_mapped(database, buried, {key: held[key] for key in (one.id for one in updated)}, now)

    def _store_tombstones(self, database: Connection, new: Sequence[StoredRaw], buried: Sequence[StoredRaw]) -> None:
        rows = [(one.id, self.connection, one.stream, one.object, one.source_id, one.arrival, one.fetched_at,
                 self.run_id) for one in new]  # fmt: skip
        names = ("id", "connection", "stream", "object", "source_id", "arrival", "fetched_at", "run_id")
        insert_rows(database, "raw_record", names, rows)
        hole = "?" if is_sqlite(database) else "%s"
        sets = ("deleted_at", "deletion_evidence", "tombstone", "arrival", "fetched_at", "run_id")
        values = [
            (one.deleted_at, one.deletion_evidence, None if one.tombstone is None else self.archive.pack(one.tombstone),
             one.arrival, one.fetched_at, self.run_id, one.id)
            for one in buried
        ]  # fmt: skip
        if values:
            statement = f"UPDATE raw_record SET {', '.join(f'{name} = {hole}' for name in sets)} WHERE id = {hole}"
            database.exec_driver_sql(statement, values)

    def write_stored(self, database: Connection, batch: Sequence[StoredRaw]) -> None:
        """Map stored raw records again and write their rows, as when they first arrived."""
        for stored in batch:
            if stored.payload is not None:
                self._mapper(stored.object)
                self.coverage[stored.object].add(stored.payload)
        self._write_mapped(database, batch, {}, "")

    def map_stored(self, stored: StoredRaw, out: Mapped) -> Rejected | None:
        """Append the canonical rows of a raw record, its deletion included."""
        payload = stored.payload if stored.payload is not None else stored.tombstone
        if payload is None:
            return None
        mapper = self._mapper(stored.object)
        if stored.deleted_at is None:
            return mapper.apply(payload, stored.source_id, stored.fetched_at, out)
        own: Mapped = {}
        bad = mapper.apply(payload, stored.source_id, stored.fetched_at, own)
        whole = mapper.object_map.own_kinds
        for kind, rows in own.items():
            out.setdefault(kind, []).extend(_buried(kind, row, stored, whole=kind in whole) for row in rows)
        return bad

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

    def _bury_absent(self, database: Connection, stream: str, now: str) -> Refused | None:
        """Bury the live records of a stream that a complete scan did not see; a refusal when they are too many."""
        raw, seen = machinery.raw_record, machinery.stream_seen
        mine = (raw.c.connection == self.connection) & (raw.c.stream == stream) & raw.c.deleted_at.is_(None)
        was_seen = select(seen.c.raw_record_id).where(
            seen.c.connection == self.connection, seen.c.stream == stream, seen.c.raw_record_id == raw.c.id
        )
        live, absent = database.execute(
            select(func.count(), func.count().filter(~was_seen.exists())).select_from(raw).where(mine)
        ).one()
        refusal = None
        if absent >= _SCAN_FLOOR and absent > _SCAN_LOSS * live:
            refusal = Refused(
                f"{stream}: {absent} of {live} records are suddenly absent; that looks like a revoked permission, "
                "not like deletions.",
                "Check the role and scopes of the credentials (`deskferry check`). Nothing was marked as deleted.",
            )
        elif absent:
            found = database.execute(select(raw.c.id, raw.c.object, raw.c.source_id).where(mine, ~was_seen.exists()))
            gone = {row.id: Tombstone(row.object, row.source_id, "absent") for row in found}
            self._write_gone(database, stream, gone, now)
        database.execute(seen.delete().where(seen.c.connection == self.connection, seen.c.stream == stream))
        return refusal

    def _bury_absent_children(self, database: Connection, child: Child, page: Page, now: str) -> None:
        raw = machinery.raw_record
        seen = {f"{self.connection}:{one.object}:{one.source_id}" for one in page.records}
        held = database.execute(
            select(raw.c.id, raw.c.object, raw.c.source_id).where(
                raw.c.connection == self.connection,
                raw.c.parent_id == child.parent,
                raw.c.stream == child.stream,
                raw.c.deleted_at.is_(None),
            )
        )
        gone = {row.id: Tombstone(row.object, row.source_id, "absent") for row in held if row.id not in seen}
        self._write_gone(database, child.stream, gone, now)

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
        holes = ", ".join(("?" if is_sqlite(database) else "%s",) * 5)
        statement = (
            f"INSERT INTO stream_todo (connection, stream, parent_id, args, run_id) VALUES ({holes}) "
            "ON CONFLICT (connection, stream, parent_id) DO UPDATE SET args = excluded.args, run_id = excluded.run_id"
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
        acknowledged = ", ".join(
            f"acknowledged_{what} = CASE WHEN {differs} THEN NULL ELSE declared_count.acknowledged_{what} END"
            for what in ("by", "at", "cause")
        )
        statement = (
            f"INSERT INTO declared_count ({columns}) VALUES ({', '.join([hole] * len(names))}) "
            "ON CONFLICT (connection, stream, parent_id, measure) DO UPDATE SET "
            '"class" = excluded."class", declared = excluded.declared, fetched = NULL, reread = excluded.reread, '
            f"run_id = excluded.run_id, {acknowledged} "
            f"WHERE {differs} OR declared_count.fetched < declared_count.declared"
        )
        for part in chunks(list(by_key.values())):
            database.exec_driver_sql(statement, list(part))


_Arrived = tuple[str, RawRecord, str]
"""Id, record, and hash of its payload."""


def _may_vanish(table: Table) -> bool:
    """Whether a raw record may cease to yield rows of a table; kinds with an index are looked up by it."""
    depends = table.each is not None or table.when is not None
    return depends and table.kind not in INDEXED_PARTS


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A page is thousands of tuples and not one cycle: to look for cycles among them takes an eighth of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def _savepoint(database: Connection) -> Iterator[None]:
    """Undo what was written inside when it fails; the failure is told, not that SQLite had undone it all itself."""
    savepoint = database.begin_nested()
    try:
        yield
    except BaseException:
        with suppress(DatabaseError):  # SQLite gives up the whole transaction where the disk is full
            savepoint.rollback()
        raise
    savepoint.commit()


def _over_a_value(error: Exception) -> bool:
    """Whether a failure lies in a value: wrong type, out of range, missing, or too long for an index."""
    if isinstance(error, (DataError, IntegrityError, OverflowError, UnicodeError)):
        return True
    cause = getattr(error, "orig", None)
    too_much = str(getattr(cause, "sqlstate", None) or "").startswith("54")
    return too_much or any(words in str(cause) for words in ("binding parameter", "cannot adapt", "cannot dump"))


def _unwritable(error: Exception) -> Rejected:
    words = str(getattr(error, "orig", None) or error).strip().splitlines()
    return Rejected("unwritable", (words[0] if words else type(error).__name__)[:200])


def _pending(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Mark new attachments as still to be downloaded."""
    at = column_names("attachment").index("fetch_state")
    return [(*row[:at], "pending", *row[at + 1 :]) for row in rows]


def _time_or(value: str | None, otherwise: str) -> str:
    try:
        return time_text(value) or otherwise
    except Unreadable:
        return otherwise


def _buried(kind: str, row: tuple[Any, ...], stored: StoredRaw, *, whole: bool) -> tuple[Any, ...]:
    """Return a row with its deletion, when it is the raw record's own row; parts stay as they are."""
    columns = column_names(kind)
    fields = dict(zip(columns, row, strict=True))
    if fields["id"] != stored.id and not whole:
        return row
    fields["deleted_at"], fields["deletion_evidence"] = stored.deleted_at, stored.deletion_evidence
    if kind == "ticket" and fields["status"] != "deleted":
        fields["status_before"], fields["status"] = fields["status"], "deleted"
    fields["content_hash"] = fields["content_hash"][:-2] + "--"  # differs from the live row's, and stays the same
    return tuple(fields[column] for column in columns)
