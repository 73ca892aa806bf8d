"""Looks for secrets in everything below a directory: plain, base64, URL-encoded, hexadecimal, in compressed data."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import zstandard

_ZSTD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b\x08"
_ZLIB = (b"\x78\x01", b"\x78\x9c", b"\x78\xda")
_MOST = 1 << 24
_DEEP = 3


def forms(secret: str) -> dict[bytes, str]:
    """Return the byte sequences that give a secret away, and how each is called."""
    raw = secret.encode()
    found = {
        raw: "plain", quote(secret, safe="").encode(): "URL-encoded", quote_plus(secret).encode(): "URL-encoded",
        raw.hex().encode(): "hexadecimal", raw.decode().encode("utf-16-le"): "UTF-16",
        raw.replace(b"/", b"\\/"): "JSON", secret[::-1].encode(): "backwards",
    }  # fmt: skip
    for shift in range(3):  # whatever stands before it in the text that was encoded
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\x00" * shift + raw + b"\x00" * (-(shift + len(raw)) % 3))
            # The letters at both ends depend on the neighbours; those between do not.
            found[text[(0, 2, 3)[shift] : len(text) - (0 if (shift + len(raw)) % 3 == 0 else 4)]] = "base64"
    return found


def leaks(directory: Path, secrets: Mapping[str, str], *, but: frozenset[str] = frozenset()) -> list[str]:
    """Return in words which secret is in which file, and how; files named in `but` may hold them."""
    needles = {form: (name, how) for name, secret in secrets.items() for form, how in forms(secret).items()}
    assert all(len(form) >= 8 for form in needles), "a form too short to mean anything"
    said = []
    for path in sorted(directory.rglob("*")):
        if not path.is_file() or path.name in but:
            continue
        data, dictionaries = path.read_bytes(), _dictionaries(path)
        for place, layer in _layers(data, dictionaries):
            said += [f"{path.name}: {name}, {how}{place}" for form, (name, how) in needles.items() if form in layer]
        if data.startswith(b"SQLite format 3"):
            for table, column, value in _values(path):
                for place, layer in _layers(value, dictionaries):
                    said += [
                        f"{path.name}, {table}.{column}: {name}, {how}{place}"
                        for form, (name, how) in needles.items() if form in layer
                    ]  # fmt: skip
        said += [
            f"{path.name}: {name}, in its name" for form, (name, _how) in needles.items() if form in path.name.encode()
        ]
    return sorted(set(said))


def _values(path: Path) -> Iterator[tuple[str, str, bytes]]:
    connection = sqlite3.connect(path)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [one[0] for one in rows.description]
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, bytes):
                        yield table, name, value
                    elif isinstance(value, str):
                        yield table, name, value.encode()
    finally:
        connection.close()


def _dictionaries(path: Path) -> list[zstandard.ZstdDecompressor]:
    """Return what inflates payloads of the store beside a file: without dictionary, and with each that it holds."""
    found = [zstandard.ZstdDecompressor()]
    if path.read_bytes()[:15] == b"SQLite format 3":
        connection = sqlite3.connect(path)
        try:
            held = connection.execute("SELECT name FROM sqlite_master WHERE name = 'raw_dictionary'").fetchall()
            rows = connection.execute("SELECT dictionary FROM raw_dictionary").fetchall() if held else []
        finally:
            connection.close()
        found += [zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(row[0])) for row in rows]
    return found


def _layers(data: bytes, inflating: list[zstandard.ZstdDecompressor], depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes themselves, and what any compressed stretch of them holds."""
    yield ", compressed" if depth else "", data
    if depth == _DEEP:
        return
    for inner in _inflated(data, inflating):
        yield from _layers(inner, inflating, depth + 1)


def _inflated(data: bytes, inflating: list[zstandard.ZstdDecompressor]) -> Iterator[bytes]:
    for place in _places(data, _ZSTD):
        for one in inflating:
            try:
                yield one.decompressobj().decompress(data[place:])
            except zstandard.ZstdError:
                continue
    for place in _places(data, _GZIP):
        inner = _unpacked(data[place:], 31)
        if inner:
            yield inner
    for magic in _ZLIB:
        for place in _places(data, magic):
            inner = _unpacked(data[place:], 15)
            if len(inner) > 16:
                yield inner


def _unpacked(data: bytes, window: int) -> bytes:
    try:
        return zlib.decompressobj(window).decompress(data, _MOST)
    except zlib.error:
        return b""


def _places(data: bytes, magic: bytes) -> Iterator[int]:
    place = data.find(magic)
    while place >= 0:
        yield place
        place = data.find(magic, place + 1)


def plant(directory: Path, secret: str) -> list[str]:
    """Hide a secret in many ways; returns the names of the files, each of which must be found."""
    directory.mkdir(parents=True)
    raw = secret.encode()
    dictionary = zstandard.train_dictionary(
        2048, [f"a ticket {n} of {n * 7} words and {n % 5} tags".encode() for n in range(900)]
    )
    packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(b'{"subject": "' + raw + b'"}')
    hidden = {
        "plain.log": b"Authorization: Bearer " + raw,
        "base64-0.log": base64.b64encode(raw),
        "base64-1.log": base64.b64encode(b"u:::" + raw + b"x"),
        "base64-2.log": base64.urlsafe_b64encode(b"us:::" + raw),
        "url.log": quote(secret, safe="").encode(),
        "deep.gz": gzip.compress(b"words " * 50 + raw),
        "deep.zst": b"header" + zstandard.ZstdCompressor().compress(b"words " * 50 + base64.b64encode(b"name:" + raw)),
        "zlib.bin": b"\x00\x01" + zlib.compress(b"{}" * 20 + raw),
    }
    for name, data in hidden.items():
        (directory / name).write_bytes(data)
    connection = sqlite3.connect(directory / "store.db")
    connection.execute("CREATE TABLE raw_dictionary (dictionary BLOB)")
    connection.execute("CREATE TABLE raw_record (payload BLOB)")
    connection.execute("INSERT INTO raw_dictionary VALUES (?)", [dictionary.as_bytes()])
    connection.execute("INSERT INTO raw_record VALUES (?)", [packed])
    connection.commit()
    connection.close()
    return [*hidden, "store.db"]
