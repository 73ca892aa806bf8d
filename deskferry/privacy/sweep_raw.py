"""The raw archive without a person: payloads, tombstones, versions, and the dictionaries that learned from them.

A record that is cleaned is mapped again, so that its rows are those that `normalize` would make of it. Dictionaries are
trained on payloads and hold pieces of them: those of every stream in which something was cleaned are made anew, and all
that was packed with them is packed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import zstandard
from sqlalchemy import select

from deskferry.connectors.kit.mapping import Mapped
from deskferry.privacy.sweep import Sweep, forget_hashes, pages
from deskferry.privacy.sweep_rows import replace_rows
from deskferry.store.clean_records import RecordCleaner
from deskferry.store.machinery import raw_dictionary, raw_record, raw_version
from deskferry.store.raw_archive import RawArchive, StoredRaw, encode
from deskferry.store.row_writer import RowWriter
from deskferry.text_flags import flagged

_RETIRED = "~retired"
_SAMPLES = 200
_BATCH = 200


class RawSweep:
    """Cleans the archive of one connection."""

    def __init__(self, sweep: Sweep, connection: str) -> None:
        self.sweep, self.connection = sweep, connection
        self.archive = RawArchive(connection)
        context, maps = sweep.maps_of(connection)
        self.writer = RowWriter(context, maps, sweep.run_id)
        self.cleaner = RecordCleaner(connection, sweep.suppression(connection), self.writer.mapper)

    def run(self) -> None:
        """Clean records and versions, then dictionaries."""
        self.sweep.progress.begin(f"{self.connection}: raw archive", None, "records")
        try:
            for batch in self._stored():
                self._clean(batch)
                self.sweep.progress.advance(len(batch))
            self._versions()
        finally:
            self.sweep.progress.end()
        self._dictionaries()

    def _stored(self) -> Iterator[list[StoredRaw]]:
        table, after = raw_record, -1
        while True:
            with self.sweep.store.read() as database:
                rows = database.execute(
                    select(table)
                    .where(table.c.connection == self.connection, table.c.arrival > after)
                    .order_by(table.c.arrival).limit(_BATCH)
                ).all()  # fmt: skip
                batch = [self.archive.stored(database, row) for row in rows]
            if not batch:
                return
            yield batch
            after = batch[-1].arrival

    def _clean(self, batch: list[StoredRaw]) -> None:
        pairs = [(one, self.cleaner.stored(one)) for one in batch]
        pairs = [(old, new) for old, new in pairs if new is not old]
        if not pairs:
            return
        with self.sweep.write() as database:
            for stream in {old.stream for old, _new in pairs}:
                self._retire(database, stream)
            for old, new in pairs:
                self._replace(database, old, new)
                self._map_again(database, old, new)
        self.sweep.changed["raw_record"] += len(pairs)

    def _replace(self, database: Any, old: StoredRaw, new: StoredRaw) -> None:
        table = raw_record
        if new.id != old.id:  # an id that is an address: whatever lies under the token already is the same record
            database.execute(table.delete().where(table.c.id == new.id))
        values: dict[str, Any] = {"id": new.id, "source_id": new.source_id, "parent_id": new.parent_id}
        if new.payload is not None:
            values |= {
                "payload": self.archive.pack(new.payload), "dictionary_id": None,
                "payload_hash": self.writer.mapper(new.object).raw_hash(new.payload),
            }  # fmt: skip
        if new.tombstone is not None:
            values["tombstone"] = self.archive.pack(new.tombstone)
        database.execute(table.update().where(table.c.id == old.id).values(**values))

    def _map_again(self, database: Any, old: StoredRaw, new: StoredRaw) -> None:
        before: Mapped = {}
        after: Mapped = {}
        if self.writer.map_stored(old, before) is not None or self.writer.map_stored(new, after) is not None:
            return  # a reject: its row is cleaned with all others
        after = {kind: flagged(kind, rows) for kind, rows in after.items()}
        changed = replace_rows(database, self.sweep, old.id, new.id, before, after)
        forget_hashes(database, changed, changed=True)

    def _versions(self) -> None:
        table = raw_version
        for rows in pages(
            self.sweep.store, table, table.c.raw_record_id.startswith(f"{self.connection}:", autoescape=True)
        ):
            found = []
            with self.sweep.store.read() as database:
                for row in rows:
                    payload = self.archive.unpack(database, row.payload, row.dictionary_id)
                    _connection, object_name, source_id = row.raw_record_id.split(":", 2)
                    cleaned = self.cleaner.payload(object_name, source_id, payload)
                    record_id = f"{self.connection}:{object_name}:{self.cleaner.scrubber.text(source_id)}"
                    if cleaned is not payload or record_id != row.raw_record_id:
                        found.append((row, record_id, cleaned))
            if not found:
                continue
            with self.sweep.write() as database:
                for row, record_id, cleaned in found:
                    database.execute(
                        table.update()
                        .where(table.c.raw_record_id == row.raw_record_id, table.c.arrival == row.arrival)
                        .values(raw_record_id=record_id, payload=self.archive.pack(cleaned), dictionary_id=None)
                    )
            self.sweep.changed["raw_version"] += len(found)

    # --------------------------------------------------------------------------------------------------- dictionaries

    def _retire(self, database: Any, stream: str) -> None:
        """Take a dictionary out of use; what it packed is still read with it."""
        table = raw_dictionary
        mine = (table.c.connection == self.connection) & (table.c.stream == stream)
        for row in database.execute(select(table.c.id).where(mine)).all():
            database.execute(table.update().where(table.c.id == row.id).values(stream=f"{stream}{_RETIRED}{row.id}"))

    def _dictionaries(self) -> None:
        table = raw_dictionary
        with self.sweep.store.read() as database:
            held = database.execute(select(table).where(table.c.connection == self.connection)).all()
        for row in held:
            text = bytes(row.dictionary).decode("utf-8", "replace")
            if _RETIRED not in row.stream and self.cleaner.scrubber.text(text) != text:
                with self.sweep.write() as database:
                    self._retire(database, row.stream)
        with self.sweep.store.read() as database:
            retired = database.execute(
                select(table.c.id, table.c.stream).where(
                    table.c.connection == self.connection, table.c.stream.contains(_RETIRED)
                )
            ).all()
        for row in retired:
            self._pack_again(row.id, row.stream.partition(_RETIRED)[0])

    def _pack_again(self, retired: int, stream: str) -> None:
        self.sweep.progress.begin(f"{self.connection}: {stream} is packed again", None, "records")
        self.archive.forget_dictionaries()
        try:
            for table, keys in ((raw_record, ("id",)), (raw_version, ("raw_record_id", "arrival"))):
                for rows in pages(self.sweep.store, table, table.c.dictionary_id == retired, size=_SAMPLES):
                    self._pack_rows(table, keys, rows, stream)
                    self.sweep.progress.advance(len(rows))
            with self.sweep.write() as database:
                database.execute(raw_dictionary.delete().where(raw_dictionary.c.id == retired))
        finally:
            self.sweep.progress.end()
        self.archive.forget_dictionaries()
        self.sweep.changed["raw_dictionary"] += 1

    def _pack_rows(self, table: Any, keys: tuple[str, ...], rows: Any, stream: str) -> None:
        with self.sweep.write() as database:
            payloads = [encode(self.archive.unpack(database, row.payload, row.dictionary_id)) for row in rows]
            number, packer = self._packer(database, stream, payloads)
            for row, payload in zip(rows, payloads, strict=True):
                mine = [table.c[key] == getattr(row, key) for key in keys]
                database.execute(
                    table.update().where(*mine).values(payload=packer.compress(payload), dictionary_id=number)
                )

    def _packer(self, database: Any, stream: str, samples: list[bytes]) -> tuple[int | None, zstandard.ZstdCompressor]:
        return self.archive.compressor(database, stream, samples)
