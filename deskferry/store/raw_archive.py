"""The raw archive: a vendor's JSON verbatim, zstd with a dictionary a stream; tombstones keep the last real payload."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, select

from deskferry.store.machinery import raw_dictionary, raw_record
from deskferry.store.upsert import lookup

_LEVEL = 3
_DICTIONARY_SIZE = 16_384
_SAMPLES = 64
"""Payloads that a dictionary needs at least; fewer are stored without one."""
_MOST_SAMPLES = 200
"""Payloads that a dictionary learns from at most: more cost time and teach little."""
_SEGMENT, _MATCH = 1_000, 8
"""Parameters k and d of the training. To let zstd look for them takes four times as long; what is packed is some 5 %
smaller with some streams, and larger with others."""
_AT_ONCE = 100
"""Payloads from which on they are compressed by one call; to begin it takes as long as some tens of them."""
_BATCH_BYTES = 8_000_000
"""Compressed payloads that a batch of stored records holds at most, so that long texts do not fill the memory."""

RAW_COLUMNS = tuple(column.name for column in raw_record.columns)
_READ = (
    "id, stream, object, source_id, parent_id, payload, dictionary_id, fetched_at, arrival, deleted_at, "
    "deletion_evidence, tombstone"
)
_ODD = b"\n"
"""Begins a payload that the fast decoder would not give back as it was: huge integers, lone surrogates."""


def encode(value: Any) -> bytes:
    """Return a JSON value as bytes that `decode` gives back as it was."""
    try:
        return orjson.dumps(value)  # a third faster than with the option for other keys than texts
    except orjson.JSONEncodeError:
        return _oddly_encoded(value)


def _oddly_encoded(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:
        return _ODD + json.dumps(value, separators=(",", ":")).encode()


def compressed(compressor: zstandard.ZstdCompressor, payloads: Sequence[bytes]) -> list[bytes]:
    """Return payloads compressed, each for itself.

    Many are given at once: Python's lock is then free for milliseconds, and not thousands of times for none.
    """
    if len(payloads) < _AT_ONCE or not hasattr(compressor, "multi_compress_to_buffer"):
        return [compressor.compress(payload) for payload in payloads]
    made = compressor.multi_compress_to_buffer(list(payloads))
    return [made[n].tobytes() for n in range(len(made))]


def decode(data: bytes) -> Any:
    """Return the JSON value of encoded bytes."""
    return json.loads(data) if data.startswith(_ODD) else orjson.loads(data)


@dataclass(slots=True)  # frozen ones take thrice as long to make, and there is one for each record that comes
class StoredRaw:
    """A raw record as the archive holds it. Never changed: `replace` makes another one."""

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
        self._without: set[str] = set()
        """Streams that are known to have no dictionary yet."""
        self._plain = zstandard.ZstdCompressor(level=_LEVEL)
        self._decompressors: dict[int | None, zstandard.ZstdDecompressor] = {None: zstandard.ZstdDecompressor()}

    def compressor(
        self, database: Connection, stream: str, samples: Sequence[bytes]
    ) -> tuple[int | None, zstandard.ZstdCompressor]:
        """Return (dictionary id, compressor) of a stream; trains a dictionary when there are samples enough."""
        if stream not in self._compressors and stream not in self._without:
            held = database.execute(
                select(raw_dictionary.c.id, raw_dictionary.c.dictionary).where(
                    raw_dictionary.c.connection == self.connection, raw_dictionary.c.stream == stream
                )
            ).first()
            if held is not None:
                self._remember(stream, held.id, held.dictionary)
            else:
                self._without.add(stream)
        if stream in self._without and len(samples) >= _SAMPLES:
            self._train(database, stream, samples)
        return self._compressors.get(stream, (None, self._plain))

    def forget_dictionaries(self) -> None:
        """Forget what a rolled back transaction may have trained: its id may be given to another one."""
        self._compressors.clear()
        self._without.clear()
        self._decompressors = {None: self._decompressors[None]}

    def pack(self, value: Any) -> bytes:
        """Compress a JSON value without dictionary."""
        return self._plain.compress(encode(value))

    def _train(self, database: Connection, stream: str, samples: Sequence[bytes]) -> None:
        try:
            learned = zstandard.train_dictionary(_DICTIONARY_SIZE, list(samples[:_MOST_SAMPLES]), k=_SEGMENT, d=_MATCH)
        except zstandard.ZstdError:  # too little, or too uniform to learn from
            return
        dictionary = learned.as_bytes()
        key = database.execute(
            raw_dictionary.insert()
            .values(connection=self.connection, stream=stream, dictionary=dictionary)
            .returning(raw_dictionary.c.id)
        ).scalar_one()
        self._without.discard(stream)
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
        return decode(self._decompressors[dictionary_id].decompress(packed))

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
        return self.some(database, [raw_record_id]).get(raw_record_id)

    def some(self, database: Connection, ids: Sequence[str]) -> dict[str, StoredRaw]:
        """Return the raw records with these ids that the archive holds."""
        return {row.id: self.stored(database, row) for row in lookup(database, "raw_record", _READ, ids)}

    def of_stream(self, database: Connection, stream: str) -> Iterator[StoredRaw]:
        """Yield what a stream brought and what is not gone since, in the order of the ids."""
        table = raw_record
        rows = database.execute(
            select(table)
            .where(
                table.c.connection == self.connection,
                table.c.stream == stream,
                table.c.deleted_at.is_(None),
                table.c.payload.is_not(None),
            )
            .order_by(table.c.id)
            .execution_options(yield_per=100)
        )
        for row in rows:
            yield self.stored(database, row)

    def in_order_of_arrival(self, database: Connection, batch: int = 1000) -> Iterator[list[StoredRaw]]:
        """Yield all raw records of the connection in the order of arrival, a batch at a time."""
        table, after = raw_record, -1
        while True:
            rows = database.execute(
                select(table)
                .where(table.c.connection == self.connection, table.c.arrival > after)
                .order_by(table.c.arrival)
                .limit(batch)
                .execution_options(yield_per=100)
            )
            found, size = [], 0
            for row in rows:
                found.append(self.stored(database, row))
                size += len(row.payload or b"")
                if size > _BATCH_BYTES:
                    break
            rows.close()
            if not found:
                return
            yield found
            after = found[-1].arrival


def time_of(value: Any) -> str:
    """Return a time from the database as canonical text."""
    if isinstance(value, str):
        return value
    text: str = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{text}Z"
