"""Writes what a connector yields: one transaction a page, one a child, with its cursor.

A raw record whose payload differs only in volatile paths is left alone, and so are the canonical rows that it yields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.collector import collector_paused
from deskferry.connectors.kit.contract import Child, Page, RawRecord, Tombstone
from deskferry.connectors.kit.converters import time as time_text
from deskferry.connectors.kit.coverage import Coverage
from deskferry.connectors.kit.mapping import Context, ObjectMap, Raw, Unreadable, tamed
from deskferry.errors import Refused
from deskferry.store import machinery
from deskferry.store.bulk_insert import insert_rows
from deskferry.store.clean_records import RecordCleaner
from deskferry.store.declared import declare
from deskferry.store.raw_archive import RAW_COLUMNS, RawArchive, StoredRaw, compressed, encode
from deskferry.store.row_writer import MERGED_INTO, RowWriter, Tally
from deskferry.store.state import add_todos, save_cursor, scan_from, strike_todo
from deskferry.store.suppression import load_suppression
from deskferry.store.upsert import Counts, chunks, delete_ids, is_sqlite, lookup

_SCAN_LOSS = 0.2
_SCAN_FLOOR = 20
"""A complete scan in which more than this share, and at least this many, are suddenly absent is not believed."""
_GONE_BATCH = 500


class PageWriter:
    """Writes the pages of one connection; used by one thread at a time."""

    def __init__(
        self, context: Context, maps: Mapping[str, ObjectMap], run_id: str, *, keep_versions: bool = False
    ) -> None:
        self.context = context
        self.connection = context.connection
        self.run_id = run_id
        self.archive = RawArchive(context.connection)
        self.rows = RowWriter(context, maps, run_id)
        self._arrival: int | None = None
        self._keep_versions = keep_versions
        self._cleaner: RecordCleaner | None = None
        self._looked = False

    @property
    def tally(self) -> Tally:
        """What was written so far."""
        return self.rows.tally

    @property
    def coverage(self) -> dict[str, Coverage]:
        """What became of the fields that came, by object."""
        return self.rows.coverage

    # ---------------------------------------------------------------------------------------------------------- pages

    def write_page(self, database: Connection, stream: str, page: Page, now: str, *, full: bool) -> Refused | None:
        """Write a page of a list stream with its cursor, its to-do entries and declared counts.

        Returns a refusal, to be raised once the page is committed, when a complete scan lacks implausibly much.
        """
        refusal = None
        cleaner = self._cleaning(database)
        page = page if cleaner is None else cleaner.page(page)
        begun = self._scan_begun(database, stream) if full or page.sweep else None
        unchanged = self._write_records(database, stream, page.records, now)
        self._bury_vanished_children(database, stream, page, now)
        add_todos(database, self.connection, self.run_id, page.children)
        declare(database, self.connection, self.run_id, page.declared)
        if begun is not None:
            self._remember_seen(database, stream, unchanged)
            if page.complete:
                refusal = self._bury_absent(database, stream, page.sweep, now, begun)
        # A scan that is not believed is no ground to say next time that nothing moved since.
        believed = page if refusal is None else replace(page, cursor=None)
        save_cursor(database, self.connection, stream, believed, now, begun=begun)
        self._note(page)
        return refusal

    def write_child(self, database: Connection, child: Child, page: Page, now: str) -> None:
        """Write all that one child fetch brought, and strike it off the to-do list.

        Of a page that says it is complete: what the store holds of that parent and the page lacks is gone.
        """
        cleaner = self._cleaning(database)
        page = page if cleaner is None else cleaner.page(page)
        self._write_records(database, child.stream, page.records, now)
        if page.complete:
            self._bury_absent_children(database, child, page, now)
        declare(database, self.connection, self.run_id, page.declared)
        strike_todo(database, self.connection, child)
        add_todos(database, self.connection, self.run_id, page.children)
        self._note(page)

    def _cleaning(self, database: Connection) -> RecordCleaner | None:
        """Return what keeps forgotten people out; None, after one look, where nobody was ever forgotten."""
        if not self._looked:
            suppression = load_suppression(database, self.connection)
            if suppression is not None:
                self._cleaner = RecordCleaner(self.connection, suppression, self.rows.mapper)
            self._looked = True
        return self._cleaner

    def _note(self, page: Page) -> None:
        self.tally.notes += [note for note in page.notes if note not in self.tally.notes]

    def _write_records(
        self, database: Connection, stream: str, records: Sequence[RawRecord | Tombstone], now: str
    ) -> list[str]:
        """Write records; return the ids of those that are as they were."""
        live, gone = self._by_key(records)
        unchanged: list[str] = []
        with collector_paused():
            if live:
                unchanged = self._write_live(database, stream, live, now)
            if gone:
                self._write_gone(database, stream, gone, now)
        return unchanged

    def _by_key(self, records: Sequence[RawRecord | Tombstone]) -> tuple[dict[str, RawRecord], dict[str, Tombstone]]:
        """Return what is there and what is gone, by key: of records with the same key the last one."""
        keys = [f"{self.connection}:{record.object}:{record.source_id}" for record in records]
        live: dict[str, RawRecord] = {}
        gone: dict[str, Tombstone] = {}
        if not _ordinary("".join(keys)):  # an id among them that no key takes
            records = [
                record if _ordinary(key) else replace(record, source_id=tamed(record.source_id))
                for key, record in zip(keys, records, strict=True)
            ]
            keys = [self._key(record) for record in records]
        for key, record in zip(keys, records, strict=True):
            if isinstance(record, Tombstone):
                live.pop(key, None)
                gone[key] = record
            else:
                gone.pop(key, None)
                live[key] = record
        return live, gone

    def _key(self, record: RawRecord | Tombstone) -> str:
        key = f"{self.connection}:{record.object}:{record.source_id}"
        return key if _ordinary(key) else f"{self.connection}:{record.object}:{tamed(record.source_id)}"

    def _write_live(self, database: Connection, stream: str, live: dict[str, RawRecord], now: str) -> list[str]:
        held = {
            row[0]: (row[1], row[2])
            for row in lookup(database, "raw_record", "id, payload_hash, deleted_at", list(live))
        }
        fresh: list[_Arrived] = []
        changed: list[_Arrived] = []
        unchanged: list[str] = []
        for (key, record), hashed in zip(live.items(), self.rows.seen(live.values()), strict=True):
            if key not in held:
                fresh.append((key, record, hashed))
            elif held[key] != (hashed, None):
                changed.append((key, record, hashed))
            else:
                unchanged.append(key)
        self.tally.raw[stream].add(Counts(len(fresh), len(changed), len(unchanged)))
        if not fresh and not changed:
            return unchanged
        before = self.archive.some(database, [key for key, _record, _hashed in changed])
        self._store_raw(database, stream, fresh, changed, now)
        items = [
            StoredRaw(key, stream, record.object, record.source_id, None, record.payload, now, 0, None, None, None)
            for key, record, _hashed in (*fresh, *changed)
        ]
        self.rows.write(database, items, before, now)
        return unchanged

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
        packed = compressed(compressor, payloads)
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
                    tombstone=_said(tombstone),
                )
            )  # fmt: skip
        self._store_tombstones(database, [one for one in buried if one.id not in held], buried)
        updated = [one for one in buried if one.id in held]
        self.tally.raw[stream].add(Counts(len(buried) - len(updated), len(updated), len(gone) - len(buried)))
        rejects = {row[0] for row in lookup(database, "reject", "id", list(gone))}
        for one in buried:
            if one.id not in rejects:
                self.tally.deleted[one.object] += 1
        self.rows.write(database, buried, {key: held[key] for key in (one.id for one in updated)}, now)

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

    def bury(self, database: Connection, gone: Sequence[Tombstone], now: str) -> None:
        """Mark records as deleted that the store holds; of others nothing is written."""
        by_key = {self._key(one): one for one in gone}
        held = {row[0] for row in lookup(database, "raw_record", "id", list(by_key))}
        self._write_gone(database, "", {key: one for key, one in by_key.items() if key in held}, now)

    def write_stored(self, database: Connection, batch: Sequence[StoredRaw]) -> None:
        """Map stored raw records again and write their rows, as when they first arrived."""
        cleaner = self._cleaning(database)
        batch = batch if cleaner is None else [cleaner.stored(one) for one in batch]
        self.rows.seen([stored for stored in batch if stored.payload is not None])
        self.rows.write(database, batch, {}, "")

    # ------------------------------------------------------------------------------------------------- scans, cursors

    def _scan_begun(self, database: Connection, stream: str) -> int:
        """Return the arrival with which the scan under way began: what comes with a later one was seen in it."""
        begun = scan_from(database, self.connection, stream)
        return self._next_arrival(database, 0) if begun is None else begun

    def _remember_seen(self, database: Connection, stream: str, unchanged: Sequence[str]) -> None:
        """Note the records of a page that were left as they are: nothing else tells that the scan saw them."""
        if not unchanged:
            return
        if is_sqlite(database):
            statement = "INSERT OR IGNORE INTO stream_seen (connection, stream, raw_record_id) VALUES (?, ?, ?)"
        else:
            statement = "INSERT INTO stream_seen VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        database.exec_driver_sql(statement, [(self.connection, stream, key) for key in unchanged])

    def _bury_absent(
        self, database: Connection, stream: str, objects: Sequence[str], now: str, begun: int
    ) -> Refused | None:
        """Bury the live records of a stream, or of these objects, that a complete scan did not see.

        Returns a refusal when they are too many.
        """
        raw, seen = machinery.raw_record, machinery.stream_seen
        which = raw.c.object.in_(objects) if objects else raw.c.stream == stream
        mine = (raw.c.connection == self.connection) & which & raw.c.deleted_at.is_(None)
        was_seen = select(seen.c.raw_record_id).where(
            seen.c.connection == self.connection, seen.c.stream == stream, seen.c.raw_record_id == raw.c.id
        )
        unseen = (raw.c.arrival < begun) & ~was_seen.exists()
        live, absent = database.execute(
            select(func.count(), func.count().filter(unseen)).select_from(raw).where(mine)
        ).one()
        refusal = None
        strange = absent
        if _too_many(strange, live):
            theirs = select(func.count()).select_from(raw).where(mine, unseen, or_(_of_somebody_gone(), _a_reject()))
            strange -= database.execute(theirs).scalar_one()
        if _too_many(strange, live):
            refusal = Refused(
                f"{stream}: {absent} of {live} records are suddenly absent; that looks like a revoked permission, "
                "not like deletions.",
                "Check the role and scopes of the credentials (`deskferry check`). Nothing was marked as deleted.",
            )
        elif absent:
            found = database.execute(select(raw.c.id, raw.c.object, raw.c.source_id).where(mine, unseen))
            gone = {row.id: Tombstone(row.object, row.source_id, "absent") for row in found}
            self._write_gone(database, stream, gone, now)
        database.execute(seen.delete().where(seen.c.connection == self.connection, seen.c.stream == stream))
        return refusal

    def _bury_vanished_children(self, database: Connection, stream: str, page: Page, now: str) -> None:
        """Bury what the store holds of parents of which a page of a list holds every child, and the page lacks."""
        if not page.whole:
            return
        raw = machinery.raw_record
        seen = {self._key(one) for one in page.records}
        parents: dict[str, list[str]] = {}
        for child, parent in page.whole:
            parents.setdefault(child, []).append(parent)
        for child, ids in parents.items():
            for part in chunks(ids, _GONE_BATCH):
                held = database.execute(
                    select(raw.c.id, raw.c.source_id).where(
                        raw.c.connection == self.connection,
                        raw.c.parent_id.in_(part),
                        raw.c.object == child,
                        raw.c.deleted_at.is_(None),
                    )
                )
                gone = {row.id: Tombstone(child, row.source_id, "absent") for row in held if row.id not in seen}
                self._write_gone(database, stream, gone, now)

    def _bury_absent_children(self, database: Connection, child: Child, page: Page, now: str) -> None:
        raw = machinery.raw_record
        seen = {self._key(one) for one in page.records}
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


_Arrived = tuple[str, RawRecord, str]
"""Id, record, and hash of its payload."""


def _ordinary(key: str) -> bool:
    """Whether a key is surely one that both databases take."""
    return key.isascii() and "\x00" not in key


def _said(tombstone: Tombstone) -> Raw | None:
    """Return what the vendor says of an end, the survivor of a merge included."""
    if tombstone.merged_into is None:
        return tombstone.payload
    return {**(tombstone.payload or {}), MERGED_INTO: tombstone.merged_into}


def _time_or(value: str | None, otherwise: str) -> str:
    try:
        return time_text(value) or otherwise
    except Unreadable:
        return otherwise


def _too_many(absent: int, live: int) -> bool:
    return absent >= _SCAN_FLOOR and absent > _SCAN_LOSS * live


def _a_reject() -> ColumnElement[bool]:
    """Return whether a raw record is a reject: that it goes is its mending, and no row goes with it."""
    return machinery.raw_record.c.id.in_(select(machinery.reject.c.id))


def _of_somebody_gone() -> ColumnElement[bool]:
    """Return whether a raw record is a membership of a person who is gone: it went with them, nothing is strange."""
    person = sql_table("person")
    gone = or_(person.c.deleted_at.is_not(None), person.c.is_active.is_(False))
    tables = (sql_table("person_organization"), sql_table("team_member"))
    theirs = [select(one.c.raw_record_id).join(person, person.c.id == one.c.person_id).where(gone) for one in tables]
    return or_(*(machinery.raw_record.c.id.in_(one) for one in theirs))
