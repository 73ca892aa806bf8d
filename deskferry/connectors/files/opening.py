"""Opening files as they come: compressed or not, in any encoding, with or without a byte-order mark."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import zstandard

from deskferry.errors import ConfigError

COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
_BUFFER = 1 << 20
_ZIP = b"PK\x03\x04"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _Misread(threading.local):
    count = 0


MISREAD = _Misread()
"""`count`: how many bytes this thread has met so far that were not of their file's encoding."""


def _remember(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not of the encoding as surrogates, and remember that it happened."""
    MISREAD.count += 1
    if isinstance(error, UnicodeDecodeError):  # in UTF-16 plain letters, too, may be what is wrong
        return "".join([chr(0xDC00 + byte) for byte in error.object[error.start : error.end]]), error.end
    return cast("tuple[str, int]", codecs.lookup_error("surrogateescape")(error))


codecs.register_error("deskferry.remember", _remember)


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked by its name's ending."""
    try:
        if path.suffix == ".gz":
            return cast("BinaryIO", gzip.open(path, "rb"))
        if path.suffix == ".bz2":
            return cast("BinaryIO", bz2.open(path, "rb"))
        if path.suffix == ".xz":
            return cast("BinaryIO", lzma.open(path, "rb"))
        if path.suffix == ".zst":
            return cast("BinaryIO", zstandard.open(path, "rb"))
        return path.open("rb", buffering=_BUFFER)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path and its rights."
        ) from None


def encoding_of(path: Path, configured: str | None) -> str:
    """Return the encoding of a file: a byte-order mark wins over the layout, UTF-8 where nothing says otherwise."""
    with open_bytes(path) as handle:
        start = handle.read(4)
    if start == _ZIP:
        raise ConfigError(f"{path} is a ZIP archive or an Excel workbook.", "Unpack it, or save it as CSV.")
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    return configured or "utf-8"


@contextmanager
def open_text(path: Path, configured: str | None) -> Iterator[TextIO]:
    """Open a file as text with its line ends as they are."""
    encoding = encoding_of(path, configured)
    with (
        open_bytes(path) as handle,
        io.TextIOWrapper(
            cast("io.BufferedReader", handle), encoding=encoding, errors="deskferry.remember", newline=""
        ) as text,
    ):
        yield text


def bare_suffix(path: Path) -> str:
    """Return the ending that tells the format, without that of the compression."""
    return Path(path.stem).suffix.lower() if path.suffix in COMPRESSED else path.suffix.lower()


def format_of(path: Path, configured: str | None) -> str:
    """Return csv, ndjson or parquet."""
    if configured:
        return configured
    suffix = bare_suffix(path)
    if suffix in {".ndjson", ".jsonl", ".json"}:
        return "ndjson"
    return "parquet" if suffix in {".parquet", ".pq"} else "csv"


def delimiter_of(line: str) -> str:
    """Return the delimiter that a first line most likely has."""
    outside, quoted = [], False
    for character in line:
        if character == '"':
            quoted = not quoted
        elif not quoted:
            outside.append(character)
    counts = {one: outside.count(one) for one in (",", ";", "\t", "|")}
    best = max(counts, key=lambda one: counts[one])
    return best if counts[best] else ","
