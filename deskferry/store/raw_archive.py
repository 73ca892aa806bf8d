"""The raw archive: a vendor's JSON verbatim, zstd with a dictionary a stream; tombstones keep the last real payload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, select

from deskferry.store.machinery import raw_dictionary, raw_record

_LEVEL = 3
_DICTIONARY_SIZE = 16_384
_SAMPLES = 64
"""Payloads that a dictionary needs at least; fewer are stored without one."""

RAW_COLUMNS = tuple(column.name for column in raw_record.columns)


@dataclass(frozen=True, slots=True)
class StoredRaw:
    """A raw record as the archive holds it."""

    id: str
    stream: str
    object: str
    source_id: str
    parent_id: str | None
    payload: dict[str, Any] | None
    fetched_at: str
    arrival: int
    deleted_at: str | None
    deletion_evidence: str | None
    tombstone: dict[str, Any] | None


class RawArchive:
    """Compresses and reads the payloads of one connection. Dictionaries are trained once a stream and then kept."""

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self._compressors: dict[str, tuple[int | None, zstandard.ZstdCompressor]] = {}
        self._decompressors: dict[int | None, zstandard.ZstdDecompressor] = {None: zstandard.ZstdDecompressor()}
        self._plain = zstandard.ZstdCompressor(level=_LEVEL)

    def compressor(
        self, database: Connection, stream: str, samples: Sequence[bytes]
    ) -> tuple[int | None, zstandard.ZstdCompressor]:
        """Return (dictionary id, compressor) of a stream; trains a dictionary when there are samples enough."""
        if stream not in self._compressors:
            held = database.execute(
                select(raw_dictionary.c.id, raw_dictionary.c.dictionary).where(
                    raw_dictionary.c.connection == self.connection, raw_dictionary.c.stream == stream
                )
            ).first()
            if held is not None:
                self._remember(stream, held.id, held.dictionary)
            elif len(samples) >= _SAMPLES:
                self._train(database, stream, samples)
        return self._compressors.get(stream, (None, self._plain))

    def forget_dictionaries(self) -> None:
        """Forget what a rolled back transaction may have trained."""
        self._compressors.clear()

    def pack(self, value: Any) -> bytes:
        """Compress a JSON value without dictionary."""
        return self._plain.compress(orjson.dumps(value))

    def _train(self, database: Connection, stream: str, samples: Sequence[bytes]) -> None:
        try:
            dictionary = zstandard.train_dictionary(_DICTIONARY_SIZE, list(samples)).as_bytes()
        except zstandard.ZstdError:  # too little, or too uniform to learn from
            return
        key = database.execute(
            raw_dictionary.insert()
            .values(connection=self.connection, stream=stream, dictionary=dictionary)
            .returning(raw_dictionary.c.id)
        ).scalar_one()
        self._remember(stream, key, dictionary)

    def _remember(self, stream: str, key: int, dictionary: bytes) -> None:
        data = zstandard.ZstdCompressionDict(dictionary)
        self._compressors[stream] = (key, zstandard.ZstdCompressor(level=_LEVEL, dict_data=data))

    def unpack(self, database: Connection, packed: bytes | None, dictionary_id: int | None) -> Any:
        """Return the JSON value of a compressed payload."""
        if packed is None:
            return None
        if dictionary_id not in self._decompressors:
            table = raw_dictionary
            data = database.execute(select(table.c.dictionary).where(table.c.id == dictionary_id)).scalar_one()
            compiled = zstandard.ZstdCompressionDict(data)
            self._decompressors[dictionary_id] = zstandard.ZstdDecompressor(dict_data=compiled)
        return orjson.loads(self._decompressors[dictionary_id].decompress(packed))

    def stored(self, database: Connection, row: Any) -> StoredRaw:
        """Return a raw_record row with its payloads inflated."""
        return StoredRaw(
            row.id, row.stream, row.object, row.source_id, row.parent_id,
            self.unpack(database, row.payload, row.dictionary_id),
            time_of(row.fetched_at), row.arrival,
            None if row.deleted_at is None else time_of(row.deleted_at), row.deletion_evidence,
            self.unpack(database, row.tombstone, None),
        )  # fmt: skip

    def one(self, database: Connection, raw_record_id: str) -> StoredRaw | None:
        """Return one raw record, or None."""
        row = database.execute(select(raw_record).where(raw_record.c.id == raw_record_id)).first()
        return None if row is None else self.stored(database, row)

    def in_order_of_arrival(self, database: Connection, batch: int = 1000) -> Iterator[list[StoredRaw]]:
        """Yield all raw records of the connection in the order of arrival, a batch at a time."""
        table, after = raw_record, -1
        while True:
            rows = database.execute(
                select(table)
                .where(table.c.connection == self.connection, table.c.arrival > after)
                .order_by(table.c.arrival)
                .limit(batch)
            ).all()
            if not rows:
                return
            yield [self.stored(database, row) for row in rows]
            after = rows[-1].arrival


def time_of(value: Any) -> str:
    """Return a time from the database as canonical text."""
    return value if isinstance(value, str) else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
