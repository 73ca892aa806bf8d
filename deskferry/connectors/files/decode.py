"""Files as rows: each with its line, as a mapping of its columns, or as what is wrong with it. In constant memory."""

from __future__ import annotations

import base64
import csv
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from lzma import LZMAError
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import orjson
import zstandard

from deskferry.connectors.files.opening import MISREAD, bare_suffix, delimiter_of, format_of, open_text
from deskferry.errors import ConfigError, Stopped

MORE = "@more"
"""Key of cells beyond the header, where ragged rows are filled."""
LONGEST_FIELD = 1 << 26
"""Characters of one cell; what is longer is most likely a quote that was never closed."""
_EXACT = 2**53
"""Below it a float tells all whole numbers apart: integers with gaps come as floats, 5.0 for 5."""
_DIGITS = 15
_DAMAGED = (EOFError, zlib.error, zstandard.ZstdError, LZMAError, OSError)


class Bad(NamedTuple):
    """What is wrong with a row, and its text."""

    code: str
    detail: str
    text: str


Decoded = tuple[int, dict[str, Any] | None, Bad | None]
"""Line, row, complaint: one of the two last is None."""


Header = Callable[[Path, Sequence[str]], Sequence[str]]
"""Looks at the names of a file's columns, and returns how they are to be called."""


def as_found(_path: Path, names: Sequence[str]) -> Sequence[str]:
    """Take a header as it is."""
    return names


def rows(path: Path, options: Mapping[str, Any], header: Header = as_found) -> Iterator[Decoded]:
    """Yield the rows of a file. Raises ConfigError for a file that is none of its kind, Stopped for a damaged one."""
    form = format_of(path, options.get("format"))
    with whole(path):
        if form == "parquet":
            yield from _parquet(path, header)
            return
        with open_text(path, options.get("encoding")) as handle:
            yield from _ndjson(handle, path) if form == "ndjson" else _csv(handle, path, options, header)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Raise Stopped where a file turns out to be damaged."""
    try:
        yield
    except _DAMAGED as error:
        raise Stopped(
            f"{path} cannot be read to its end: {str(error) or type(error).__name__}.",
            "It is damaged or was cut short; bring it anew and run the same command again.",
        ) from error


# ----------------------------------------------------------------------------------------------------------------- csv


def dialect_of(first_line: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of csv.reader."""
    quote = options.get("quote", '"')
    found: dict[str, Any] = {
        "delimiter": options.get("delimiter") or delimiter_of(first_line),
        "quotechar": quote or None,
        "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        "strict": True,  # a stray quote is told, where it would swallow the rows up to the next one
    }
    if options.get("escape"):
        found |= {"escapechar": options["escape"], "doublequote": False}
    return found


def header_names(cells: Sequence[str]) -> list[str]:
    """Return the names of columns: those without one are numbered, a repeated one is told apart."""
    names: list[str] = []
    for n, cell in enumerate(cells, start=1):
        name = cell.strip().lstrip("\ufeff") or f"column {n}"
        times = 1
        bare = name
        while name in names:
            times += 1
            name = f"{bare} ({times})"
        names.append(name)
    return names


def _csv(handle: TextIO, path: Path, options: Mapping[str, Any], header: Header) -> Iterator[Decoded]:
    csv.field_size_limit(LONGEST_FIELD)
    misreads = MISREAD.count
    skipped = options.get("skip_lines", 0)
    for _line in islice(handle, skipped):
        pass
    first = handle.readline()
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # a hint that spreadsheets leave
        options = {"delimiter": first.strip()[4], **options}
        skipped, first = skipped + 1, handle.readline()
    while first and not first.strip():
        skipped, first = skipped + 1, handle.readline()
    if not first:
        return
    lines = _Lines(chain([first], handle), skipped, dialect_of(first, options))
    names = options.get("columns")
    if names is None or options.get("header"):
        try:
            found = header_names(next(lines.reader))
        except csv.Error as error:
            raise ConfigError(f"{path}: the header cannot be read: {error}.", "Check delimiter and quote.") from None
        if _odd(found):
            raise ConfigError(
                f"{path}: the header has bytes that are not {options.get('encoding') or 'UTF-8'}.",
                'Name the encoding in the layout, such as encoding = "cp1252".',
            )
        names = names or found
    yield from _cells(lines, header(path, names), misreads, fill=options.get("ragged") == "fill")


class _Lines:
    """The lines of a file under a CSV reader; those of the row under way are kept, to be read once more."""

    def __init__(self, lines: Iterator[str], before: int, dialect: Mapping[str, Any]) -> None:
        self._lines, self._dialect = lines, dialect
        self.before = before
        """Lines before the first one of this reader."""
        self.kept: list[str] = []
        self.reader = csv.reader(self._keeping(), **dialect)

    def _keeping(self) -> Iterator[str]:
        keep = self.kept.append
        for line in self._lines:
            keep(line)
            yield line

    def resume(self, line: int) -> list[str]:
        """Go on with the line after a row's first one; return the lines that the row had taken."""
        taken = self.kept
        self.kept, self.before = [], line
        self._lines = chain(taken[1:], self._lines)
        self.reader = csv.reader(self._keeping(), **self._dialect)
        return taken


def _cells(lines: _Lines, names: Sequence[str], misreads: int, *, fill: bool) -> Iterator[Decoded]:
    width = len(names)
    while True:
        reader, kept, begun = lines.reader, lines.kept, lines.before
        before = reader.line_num
        kept.clear()
        try:
            for row in reader:
                line, before = begun + before + 1, reader.line_num
                kept.clear()
                if len(row) == width:
                    if MISREAD.count != misreads and _odd(row):
                        yield line, None, _misread(row)
                    elif any(row) and not "".join(row).isspace():
                        yield line, dict(zip(names, row, strict=True)), None
                elif any(cell.strip() for cell in row):
                    yield _ragged(line, row, names, fill=fill)
        except csv.Error as error:
            line = begun + before + 1
            taken = lines.resume(line)
            yield line, None, _unread(line, taken, error)
            continue
        return


def _unread(line: int, taken: Sequence[str], error: csv.Error) -> Bad:
    """Return the complaint about a row whose quotes are odd: the lines after its first are read as rows."""
    upto = f" (lines {line} to {line + len(taken) - 1} were taken for one row)" if len(taken) > 1 else ""
    return Bad("bad_row", f"a quote is stray or never closed: {error}{upto}", _text(taken[:1]))


def _ragged(line: int, row: list[str], names: Sequence[str], *, fill: bool) -> Decoded:
    if not fill:
        few = "few" if len(row) < len(names) else "many"
        return line, None, Bad(f"too_{few}_cells", f"{len(row)} cells under {len(names)} columns", _text(row))
    payload: dict[str, Any] = dict(zip(names, row, strict=False))
    if len(row) > len(names):
        payload[MORE] = row[len(names) :]
    return line, payload, None


def _odd(cells: Sequence[str]) -> bool:
    return any("\ud800" <= character <= "\udfff" for cell in cells for character in cell)


def _misread(cells: Sequence[str]) -> Bad:
    return Bad("bad_encoding", "bytes that are not of the file's encoding: name it in the layout", _text(cells))


def _text(cells: Sequence[str]) -> str:
    joined = " | ".join(cells)[:2000]
    return joined.encode("utf-8", "backslashreplace").decode()


# -------------------------------------------------------------------------------------------------------------- ndjson


def _ndjson(handle: TextIO, path: Path) -> Iterator[Decoded]:
    misreads, first = MISREAD.count, True
    for line, text in enumerate(handle, start=1):
        bare = text.strip()
        if not bare or bare in {"[", "]"}:
            continue
        if first and _is_document(bare):
            raise ConfigError(
                f"{path} is one JSON document, and not an object a line.",
                f"Write it as NDJSON: jq -c '.[]' {path.name}",
            )
        first = False
        if misreads != MISREAD.count and _odd((bare,)):
            yield line, None, _misread((bare,))
            continue
        try:
            found = orjson.loads(bare.removesuffix(","))  # also one array, an element a line
        except orjson.JSONDecodeError as error:
            yield line, None, Bad("bad_json", str(error), bare[:2000])
            continue
        if isinstance(found, dict):
            yield line, found, None
        else:
            yield line, None, Bad("bad_json", "not an object", bare[:2000])


def _is_document(text: str) -> bool:
    """Return whether a first line begins a document that spans lines, or is an array of all rows."""
    return text in {"{", "[{"} or (text.startswith("[{") and text.endswith("}]"))


# ------------------------------------------------------------------------------------------------------------- parquet


def _parquet(path: Path, header: Header) -> Iterator[Decoded]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an optional dependency
        from pyarrow import parquet  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise ConfigError(
            f"{path.name} is Parquet, which needs pyarrow.", "Install it: pip install 'deskferry[files]'"
        ) from None
    if bare_suffix(path) != path.suffix.lower():
        raise ConfigError(f"{path.name}: Parquet is compressed inside; unpack the file.")
    try:
        with parquet.ParquetFile(path) as file:
            line = 0
            found = file.schema_arrow.names
            called = dict(zip(found, header(path, found), strict=True))
            for batch in file.iter_batches(batch_size=2_000):
                for row in _python(batch):
                    line += 1
                    if isinstance(row, Bad):
                        yield line, None, row
                    else:
                        yield line, {called[name]: _json_value(value) for name, value in row.items()}, None
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path} is no Parquet file: {str(error).splitlines()[0]}.") from None


def _python(batch: Any) -> list[Any]:
    """Return the rows of a batch; where Python has no value for a cell, what is wrong with the row."""
    try:
        return list(batch.to_pylist())
    except (ValueError, OverflowError) as error:
        if batch.num_rows == 1:
            return [Bad("bad_row", f"a value cannot be read: {str(error)[:150]}", "")]
        half = batch.num_rows // 2
        return [*_python(batch.slice(0, half)), *_python(batch.slice(half))]


def _json_value(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is float:
        return None if isnan(value) else int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(name): _json_value(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_json_value(one) for one in value]
    return str(value)


def _decimal(value: Decimal) -> Any:
    """Return a number as the number that it is; one that no JSON number holds exactly as text."""
    if value == value.to_integral_value():
        return int(value) if abs(value) < _EXACT else str(value)
    return float(value) if len(value.as_tuple().digits) <= _DIGITS else str(value)
