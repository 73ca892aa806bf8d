"""Raw records into canonical rows: mapped, compared, written; what a database does not take becomes a reject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError

from deskferry.canonical_schema import column_names
from deskferry.connectors.kit.contract import RawRecord
from deskferry.connectors.kit.coverage import Coverage
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context, Mapped, ObjectMap, Rejected, Table, tamed
from deskferry.store import machinery
from deskferry.store.bulk_insert import insert_rows
from deskferry.store.places import placed_events
from deskferry.store.raw_archive import StoredRaw
from deskferry.store.upsert import (
    NUMBERED,
    Counts,
    WireRow,
    Written,
    delete_ids,
    lookup,
    unsettle_left,
    upsert,
)
from deskferry.text_flags import FLAGGED_KINDS, flagged

INDEXED_PARTS = ("tagging", "ticket_follower", "ticket_link", "person_organization", "team_member", "attachment",
                 "vendor_metric")  # fmt: skip
"""Kinds with an index by raw record: rows vanish when the raw record that brought them does not yield them any more.

Of the other kinds what a changed raw record yielded before is found by mapping its earlier payload again.
"""

_UNWRITABLE = (DatabaseError, InterfaceError, OverflowError, UnicodeError)
"""What databases and drivers raise, among other reasons, over a value that a column does not take."""


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


MERGED_INTO = "_merged_into"
"""Key by which a tombstone tells the source id of the record that its own was merged into."""


class RowWriter:
    """Maps raw records of one connection and writes what they yield; used by one thread at a time."""

    def __init__(self, context: Context, maps: Mapping[str, ObjectMap], run_id: str) -> None:
        self.context = context
        self.run_id = run_id
        self.tally = Tally()
        self.coverage: dict[str, Coverage] = {}
        self._maps = maps
        self._mappers: dict[str, Mapper] = {}
        self._shared: set[str] = set()
        """Kinds of which a new raw record was seen to bring a row that another one had brought before."""

    def seen(self, records: Collection[RawRecord | StoredRaw]) -> list[str]:
        """Count the fields of the payloads that came; return their hashes without volatile paths."""
        hashes: list[str] = []
        for object_name, group in groupby(records, attrgetter("object")):
            payloads = [record.payload for record in group if record.payload is not None]
            hashes += self.mapper(object_name).raw_hashes(payloads)
            self.coverage[object_name].add(payloads)
        return hashes

    def mapper(self, object_name: str) -> Mapper:
        """Return the tables of an object, compiled when first asked for; an object that nobody knows has none."""
        found = self._mappers.get(object_name)
        if found is None:
            object_map = self._maps.get(object_name) or ObjectMap(object_name, ())
            found = self._mappers[object_name] = Mapper(object_map, self.context)
            self.coverage[object_name] = Coverage(object_map)
        return found

    def write(
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
        object_name, apply = None, None
        for item in items:
            if item.payload is None or item.deleted_at is not None:
                bad = self.map_stored(item, out)
            else:
                if apply is None or item.object != object_name:
                    object_name = item.object
                    apply = self.mapper(object_name).apply
                bad = apply(item.payload, item.source_id, item.fetched_at, out)
            # The deletion of what was never seen loses nothing; what a complete scan lacks needs no mending any more.
            if bad is not None and item.payload is not None and item.deletion_evidence != "absent":
                rejected[item.id] = (item, bad)
        for kind in out.keys() & FLAGGED_KINDS:
            out[kind] = flagged(kind, out[kind])
        while not self._written(database, out, before, rejected, now):
            pass

    def _written(
        self,
        database: Connection,
        out: Mapped,
        before: Mapping[str, StoredRaw],
        rejected: Mapping[str, tuple[StoredRaw, Rejected]],
        now: str,
    ) -> bool:
        """Write rows and rejects; False, and nothing, when a kind turned out to be shared: then it is done again."""
        try:
            with _savepoint(database):
                vanished = self._vanished(database, out, before, rejected) if before else {}
                written = self._write_rows(database, out, vanished, now, new=not before)
                self._write_rejects(database, rejected, before)
        except _Shared as found:
            self._shared.add(found.kind)
            return False
        for kind, counts in written.items():
            self.tally.kinds[kind].add(counts)
        for kind, ids in vanished.items():
            self.tally.deleted[kind] += len(ids)
        return True

    def _write_rows(
        self, database: Connection, out: Mapped, vanished: Mapping[str, Sequence[str]], now: str, *, new: bool
    ) -> dict[str, Counts]:
        counts: dict[str, Counts] = {}
        log: list[tuple[Any, ...]] = []
        for kind, rows in out.items():
            mapped = _pending(rows) if kind == "attachment" else rows
            written = self._write_new(database, kind, mapped) if new else upsert(database, kind, mapped)
            counts[kind] = written.counts
            log += [(self.run_id, kind, key, "updated", now) for key in written.updated_ids]
        for kind, ids in vanished.items():
            if kind in NUMBERED:
                unsettle_left(database, kind, dict.fromkeys(ids))
            delete_ids(database, kind, ids)
            log += [(self.run_id, kind, key, "vanished", now) for key in ids]
        insert_rows(database, "change_log", ("run_id", "kind", "record_id", "change", "at"), log)
        return counts

    def _write_new(self, database: Connection, kind: str, rows: list[WireRow]) -> Written:
        """Write rows of raw records that are new: so are theirs, but for those that several raw records bring."""
        if kind in self._shared:
            return upsert(database, kind, rows)
        try:
            return upsert(database, kind, placed_events(database, rows) if kind == "ticket_event" else rows, new=True)
        except IntegrityError:
            raise _Shared(kind) from None

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
        return self.mapper(object_name).object_map.tables

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
            rows.append({"id": key, "run_id": self.run_id, "connection": self.context.connection, "stream": item.stream,
                         **dict(zip(names, values, strict=True))})  # fmt: skip
        if rows:
            database.execute(machinery.reject.insert(), rows)

    def map_stored(self, stored: StoredRaw, out: Mapped) -> Rejected | None:
        """Append the canonical rows of a raw record, its deletion included."""
        payload = stored.payload if stored.payload is not None else stored.tombstone
        if payload is None:
            return None
        mapper = self.mapper(stored.object)
        if stored.deleted_at is None:
            return mapper.apply(payload, stored.source_id, stored.fetched_at, out)
        own: Mapped = {}
        bad = mapper.apply(payload, stored.source_id, stored.fetched_at, own)
        whole = mapper.object_map.own_kinds
        for kind, rows in own.items():
            out.setdefault(kind, []).extend(_buried(kind, row, stored, whole=kind in whole) for row in rows)
        return bad


class _Shared(Exception):
    """Rows of a kind that were taken to be new are not, or the database does not take one: to be looked at first."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _may_vanish(table: Table) -> bool:
    """Whether a raw record may cease to yield rows of a table; kinds with an index are looked up by it."""
    depends = table.each is not None or table.when is not None
    return depends and table.kind not in INDEXED_PARTS


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


def _buried(kind: str, row: tuple[Any, ...], stored: StoredRaw, *, whole: bool) -> tuple[Any, ...]:
    """Return a row with its deletion, when it is the raw record's own row; parts stay as they are."""
    columns = column_names(kind)
    fields = dict(zip(columns, row, strict=True))
    if fields["id"] != stored.id and not whole:
        return row
    survivor = (stored.tombstone or {}).get(MERGED_INTO) if kind == "ticket" else None
    if survivor is None:
        fields["deleted_at"], fields["deletion_evidence"] = stored.deleted_at, stored.deletion_evidence
    else:
        prefix = stored.id.removesuffix(stored.source_id)
        fields["merged_into_id"] = f"{prefix}{survivor}"
    if kind == "ticket" and fields["status"] != "deleted":
        fields["status_before"], fields["status"] = fields["status"], "merged" if survivor else "deleted"
    fields["content_hash"] = fields["content_hash"][:-2] + "--"  # differs from the live row's, and stays the same
    return tuple(fields[column] for column in columns)
