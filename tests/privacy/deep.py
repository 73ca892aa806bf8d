"""Looks for a person in all that a store has: each value of each table, inflated and decoded; files, raw bytes."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pyarrow.parquet as pq
import zstandard
from sqlalchemy import inspect, text

from deskferry.store import Store
from tests.journey.leaks import _layers

UNSEARCHED = frozenset({"store_version"})


def forms(secret: str) -> set[bytes]:
    """Return the byte sequences that give a value away."""
    raw = secret.encode()
    found = {
        raw, quote(secret, safe="").encode(), quote(secret).encode(), quote_plus(secret).encode(),
        json.dumps(secret)[1:-1].encode(), quopri.encodestring(raw).strip(), secret.encode("utf-16-le"),
        raw.hex().encode(),
    }  # fmt: skip
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\x00" * shift + raw + b"\x00" * (-(shift + len(raw)) % 3))
            found.add(whole[(0, 2, 3)[shift] : len(whole) - (0 if (shift + len(raw)) % 3 == 0 else 4)])
    return {one.lower() for one in found}


class Search:
    """Searches one store for some values."""

    def __init__(self, store: Store, secrets: Sequence[str]) -> None:
        self.store = store
        self.needles = {needle: secret for secret in secrets for needle in forms(secret)}
        assert all(len(one) >= 8 for one in self.needles)

    def tables(self) -> dict[str, set[str]]:
        """Return by table which of the values are in it."""
        inflating = self._inflating()
        found: dict[str, set[str]] = {}
        for table, column, value in self._values():
            for _place, layer in _layers(value, inflating):
                low = layer.lower()
                for needle, secret in self.needles.items():
                    if needle in low:
                        found.setdefault(table, set()).add(f"{secret} ({column})")
        return found

    def files(self, *directories: Path) -> dict[str, set[str]]:
        """Return by file which of the values are in its bytes or in its name."""
        inflating = self._inflating()
        found: dict[str, set[str]] = {}
        for directory in directories:
            for path in sorted(directory.rglob("*")):
                if not path.is_file():
                    continue
                content = path.read_bytes()
                if path.suffix == ".parquet":
                    content += str(pq.read_table(path).to_pylist()).encode()
                layers = [layer for _place, layer in _layers(content, inflating)]
                for layer in (*layers, path.name.encode()):
                    low = layer.lower()
                    hits = {secret for needle, secret in self.needles.items() if needle in low}
                    if hits:
                        found.setdefault(path.name, set()).update(hits)
        return found

    def _inflating(self) -> list[zstandard.ZstdDecompressor]:
        with self.store.read() as database:
            held = list(database.execute(text("SELECT dictionary FROM raw_dictionary")).scalars())
        return [
            zstandard.ZstdDecompressor(),
            *(zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(bytes(one))) for one in held),
        ]

    def _values(self) -> Iterator[tuple[str, str, bytes]]:
        with self.store.read() as database:
            for table in inspect(database).get_table_names():
                if table in UNSEARCHED:
                    continue
                for row in database.execute(text(f"SELECT * FROM {table}")).mappings():
                    for name, value in row.items():
                        for packed in _bytes(value):
                            yield table, name, packed


def _bytes(value: Any) -> Iterator[bytes]:
    if value is None or isinstance(value, (bool, float, datetime)):
        return
    if isinstance(value, (bytes, memoryview)):
        yield bytes(value)
    elif isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, int):
        yield str(value).encode()
    else:
        yield json.dumps(value, ensure_ascii=False).encode()
        yield json.dumps(value).encode()


def relations(store: Store, data: Path) -> list[Path]:
    """Return the files of PostgreSQL in which the tables of a database lie."""
    with store.read() as database:
        oid = database.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    return [data / "base" / str(oid)]
