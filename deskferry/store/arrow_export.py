"""Tables of a store into Parquet, batch by batch: the same schema from SQLite and from PostgreSQL.

A column can be asked for as it is or as a key: a whole number that stands for its text, see `snapshot`.

For SQLite this file runs as a program of its own. It says `ready` on stdout when its read transaction has begun, then
takes the order on stdin. It imports nothing of ours.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import adbc_driver_sqlite.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

Columns = Mapping[str, str]
"""What each column holds: time, flag, whole, real, text, or key."""
Order = tuple[str, Columns, str]
"""A table, its columns, the file to write."""

KEY_OF = "key_of_"
_BATCH_ROWS = 65_536
_EPOCH = "1970-01-01T00:00:00.000000Z"
_BLOCK_BYTES = 1 << 22
_TIME = pa.timestamp("us")
"""An instant in UTC, without saying so: engines reckon many times as fast without a zone."""
_TYPES = {"time": _TIME, "flag": pa.bool_(), "whole": pa.int64(), "real": pa.float64(), "text": pa.string()}


def _source(columns: Columns) -> pa.Schema:
    """Return what is read: a column once, though its key is asked for as well."""
    found = {name.removeprefix(KEY_OF): "text" if held == "key" else held for name, held in columns.items()}
    return pa.schema([pa.field(name, _TYPES[held]) for name, held in found.items()])


def export_sqlite(connection: Any, orders: Iterable[Order], salt: int) -> None:
    """Write tables of a SQLite store as the transaction of this connection sees them."""
    for table, columns, file in orders:
        _write(Path(file), columns, salt, _from_sqlite(connection, table, _source(columns)))


def export_postgresql(driver: Any, orders: Iterable[Order], salt: int) -> None:
    """Write tables of a PostgreSQL store, all as the transaction of this psycopg connection sees them."""
    for table, columns, file in orders:
        _write(Path(file), columns, salt, _from_postgresql(driver, table, _source(columns)))


def _write(file: Path, columns: Columns, salt: int, batches: Iterable[pa.RecordBatch]) -> None:
    draft = file.with_name(file.name + ".new")
    reader = pa.RecordBatchReader.from_batches(_source(columns), iter(batches))
    chosen = ", ".join(_chosen(name, held, salt) for name, held in columns.items())
    with duckdb.connect(":memory:", config={"threads": 1}) as database:
        database.register("source", reader)
        where = str(draft).replace("'", "''")
        database.execute(f"COPY (SELECT {chosen} FROM source) TO '{where}' (FORMAT parquet, COMPRESSION lz4_raw)")
    draft.replace(file)


def _chosen(name: str, held: str, salt: int) -> str:
    if held != "key":
        return name
    column = name.removeprefix(KEY_OF)
    # DuckDB hashes eight bytes at a time, and two texts that differ in the last byte of each of two neighbours (ids of
    # one form do) are often alike to it, whatever is mixed in afterwards. Moved on by a byte they are not.
    mixed = f"hash(hash({column}), hash('{salt}~' || {column}))"
    return f"CASE WHEN {column} IS NOT NULL THEN CAST({mixed} >> 1 AS BIGINT) END AS {name}"


_STAND_INS = {pa.bool_(): "0", pa.int64(): "0", pa.float64(): "0.5"}


def _from_sqlite(connection: Any, table: str, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    # The driver takes a column's type from the first values; a first row of our own settles it, and is left out again.
    first = ", ".join(f"{_STAND_INS.get(field.type, repr(_EPOCH))} AS {field.name}" for field in wanted)
    statement = f"SELECT {first} UNION ALL SELECT {', '.join(wanted.names)} FROM {table}"
    with closing(connection.cursor()) as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": _BATCH_ROWS})
        cursor.execute(statement)
        skip = 1
        for batch in cursor.fetch_record_batch():
            arrays = [_typed(batch.column(n), field.type) for n, field in enumerate(wanted)]
            yield pa.record_batch(arrays, schema=wanted).slice(skip)
            skip = 0


def _typed(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    return pc.cast(array, pa.timestamp("us", "UTC")).view(_TIME) if wanted == _TIME else pc.cast(array, wanted)


def _from_postgresql(driver: Any, table: str, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    statement = f"COPY (SELECT {', '.join(map(_as_csv, wanted))} FROM {table}) TO STDOUT (FORMAT csv)"
    read_types = {field.name: pa.int64() if field.type == _TIME else field.type for field in wanted}
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        source = pa.PythonFile(io.BufferedReader(_CopyStream(iter(copy)), _BLOCK_BYTES), "r")
        try:
            found = pa_csv.open_csv(
                source,
                read_options=pa_csv.ReadOptions(column_names=wanted.names, block_size=_BLOCK_BYTES, use_threads=False),
                parse_options=pa_csv.ParseOptions(newlines_in_values=True),
                convert_options=pa_csv.ConvertOptions(
                    column_types=read_types, null_values=[""], strings_can_be_null=True,
                    quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"],
                ),
            )  # fmt: skip
        except pa.ArrowInvalid as error:
            if "Empty CSV file" not in str(error):
                raise
            return
        for batch in found:
            arrays = [batch.column(n).cast(field.type) for n, field in enumerate(wanted)]
            yield pa.record_batch(arrays, schema=wanted)


def _as_csv(field: pa.Field) -> str:
    if field.type == _TIME:
        return f"(EXTRACT(EPOCH FROM {field.name}) * 1000000)::bigint"
    return f"{field.name}::text" if field.type == pa.string() else str(field.name)


class _CopyStream(io.RawIOBase):
    """The blocks of a COPY as a file."""

    def __init__(self, blocks: Iterator[bytes | memoryview]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 at the end."""
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(self._rest), len(buffer))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _main() -> None:
    path, salt = sys.argv[1], int(sys.argv[2])
    with closing(adbc.connect(path)) as connection:  # not in autocommit: one read transaction
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT COUNT(*) FROM sqlite_master")
            cursor.fetchall()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        export_sqlite(connection, json.load(sys.stdin), salt)


if __name__ == "__main__":
    _main()
