"""From the cell of a file to a canonical value: one closure a field, made once from the layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import orjson

from deskferry.canonical_schema.json_schema import load_schema
from deskferry.connectors.files.keys import escaped, spelled
from deskferry.connectors.files.layout import Field
from deskferry.connectors.kit.converters import lower, unix_time
from deskferry.connectors.kit.converters import time as iso_time
from deskferry.connectors.kit.mapping import Unreadable, as_text

Convert = Callable[[Any], Any]
_REPEATED = frozenset({"ref", "time", "date", "enum", "boolean"})
"""Converters whose cells are plain and come again and again: within a row, within a case."""
_LONGEST_INTEGER = 1_000
_TRUE = ("true", "yes", "y", "1", "t", "on")
_FALSE = ("false", "no", "n", "0", "f", "off")


def converter(field: Field, connection: str) -> Convert:
    """Return the function of a field; it raises Unreadable for a cell that it cannot read."""
    options = field.options
    make = {
        "text": _text, "integer": _integer, "number": _number, "boolean": _boolean, "time": _time, "date": _time,
        "list": _list, "json": _json, "enum": _enum, "pairs": _pairs,
    }  # fmt: skip
    if field.kind == "const":
        value = options["value"]
        return lambda _cell: value
    nulls = frozenset(options.get("null", ()))
    read = _ref(options, connection, nulls) if field.kind == "ref" else make[field.kind](options)
    if field.kind == "ref" and len(field.columns) > 1:
        return _named(read, f"ref({options['ref']})")
    if read is iso_time and not nulls:
        return read  # it knows empty cells itself, and a time that comes again takes no longer to read than to look up

    def filled(cell: Any) -> Any:
        if cell is None or cell == "" or (nulls and type(cell) is str and cell.strip() in nulls):
            return None
        return read(cell)

    convert: Convert = _shaped(filled, *options["shape"]) if "shape" in options else filled
    if field.kind in _REPEATED:
        convert = lru_cache(maxsize=4096, typed=True)(convert)
    return _named(convert, f"ref({options['ref']})" if field.kind == "ref" else field.kind)


def _shaped(read: Convert, kind: str, column: str) -> Convert:
    """Return a reader that refuses JSON of another form than the canonical schema gives the column."""
    valid = _shape(kind, column)

    def shaped(cell: Any) -> Any:
        value = read(cell)
        if value is not None and not valid.is_valid(value):
            first = next(iter(valid.iter_errors(value)))
            raise Unreadable("bad_json", f"{column} has another form: {first.message[:150]}")
        return value

    return shaped


@cache
def _shape(kind: str, column: str) -> Any:
    return jsonschema_rs.validator_for(load_schema(kind)["properties"][column])


def _named(function: Convert, name: str) -> Convert:
    function.__name__ = name
    return function


def _text(options: Mapping[str, Any]) -> Convert:
    if options.get("lower"):
        return lower
    return lambda cell: orjson.dumps(cell).decode() if isinstance(cell, dict | list) else as_text(cell)


def _number_form(decimal: str, group: str) -> re.Pattern[str]:
    """Return the form of a number as text: groups are separated before exactly three digits, and alike."""
    point = re.escape(decimal)
    whole = rf"\d{{1,3}}(?:(?P<group>[{re.escape(group)}'\u2019 \u00a0\u202f])\d{{3}})(?:(?P=group)\d{{3}})*|\d+"
    return re.compile(rf"\s*(?P<whole>[+-]?(?:{whole})?)(?:{point}(?P<part>\d*))?(?P<power>[eE][+-]?\d+)?\s*", re.ASCII)


_FORMS = {".": _number_form(".", ","), ",": _number_form(",", ".")}
_GROUPS = str.maketrans("", "", ".,'\u2019 \u00a0\u202f")


def _digits(cell: Any, decimal: str) -> str:
    """Return a number as Python writes it, from a text with a decimal sign."""
    text = str(cell).strip()
    found = _FORMS[decimal].fullmatch(text)
    if found is None:
        other = "," if decimal == "." else "."
        meant = _FORMS[other].fullmatch(text)
        advice = f": is its decimal sign {other!r}? The layout says {decimal!r}" if meant else ""
        raise Unreadable("bad_number", f"{text[:40]!r} is not a number{advice}")
    whole, part, power = found["whole"].translate(_GROUPS), found["part"], found["power"]
    return f"{whole}{'' if part is None else f'.{part}'}{power or ''}"


def _number(options: Mapping[str, Any]) -> Convert:
    decimal = options.get("decimal", ".")

    def read(cell: Any) -> float:
        try:
            value = float(cell if type(cell) in (int, float) else _digits(cell, decimal))
        except (ValueError, OverflowError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable("bad_number", f"{str(cell)[:40]!r} is not a number") from None
        if value - value != 0:  # NaN and the infinities are no numbers to a database
            raise Unreadable("bad_number", f"{str(cell)[:40]!r} is not a number")
        return value

    return read


def _integer(options: Mapping[str, Any]) -> Convert:
    number, decimal = _number(options), options.get("decimal", ".")

    def read(cell: Any) -> int:
        if type(cell) is int:
            return cell
        if type(cell) is not float:
            text = _digits(cell, decimal)
            if text.lstrip("+-").isdecimal() and len(text) < _LONGEST_INTEGER:
                return int(text)
        value = number(cell)
        if not value.is_integer():
            raise Unreadable("bad_number", f"{str(cell)[:40]!r} is not a whole number")
        return int(value)

    return read


def _boolean(options: Mapping[str, Any]) -> Convert:
    true = {str(word).strip().lower() for word in options.get("true", _TRUE)}
    false = {str(word).strip().lower() for word in options.get("false", _FALSE)}

    def read(cell: Any) -> bool:
        if type(cell) is bool:
            return cell
        word = str(cell).strip().lower()
        if word in true:
            return True
        if word in false:
            return False
        raise Unreadable("bad_boolean", f"{str(cell)[:40]!r} is neither true nor false")

    return read


def _list(options: Mapping[str, Any]) -> Convert:
    separator = options.get("separator", ",")

    def read(cell: Any) -> list[Any] | None:
        if isinstance(cell, list):
            return [str(one) if type(one) in (int, float) else one for one in cell] or None
        return [part.strip() for part in str(cell).split(separator) if part.strip()] or None

    return read


def _json(_options: Mapping[str, Any]) -> Convert:
    def read(cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        try:
            return orjson.loads(cell)
        except orjson.JSONDecodeError:
            raise Unreadable("bad_json", f"{cell[:40]!r} is no JSON") from None

    return read


def _pairs(_options: Mapping[str, Any]) -> Convert:
    """Return the reader of a list of `{"id", "value"}`, the way several vendors write custom fields."""

    def read(cell: Any) -> dict[str, Any] | None:
        if not isinstance(cell, list):
            raise Unreadable("bad_json", "a list of id and value is expected")
        if not all(isinstance(one, dict) and "id" in one for one in cell):
            raise Unreadable("bad_json", "every element of the list needs an id")
        return {str(one["id"]): one.get("value") for one in cell} or None

    return read


def _enum(options: Mapping[str, Any]) -> Convert:
    table: Mapping[str, str] = options.get("table", {})
    folded = {key.strip().casefold(): value for key, value in table.items()}
    other: str | None = options.get("other")
    exact = dict(table)

    def read(cell: Any) -> str | None:
        found = exact.get(cell) if type(cell) is str else None
        if found is not None:
            return found
        word = str(cell).strip()  # True reads as "true", which the folded table knows
        found = folded.get(word.casefold(), other)
        if found is None:
            known = ", ".join(list(table)[:12])
            raise Unreadable("unknown_word", f"{word[:40]!r} is not in the table of the layout ({known})")
        return found

    return read


def _ref(options: Mapping[str, Any], connection: str, nulls: frozenset[str]) -> Convert:
    prefix = f"{connection}:{options['ref']}:"
    folded = options.get("lower", False)

    def read(cell: Any) -> str | None:
        if type(cell) is str:
            text = cell.strip()
            key = escaped(text)
            return None if not text or text in nulls else prefix + (key.lower() if folded else key)
        several = isinstance(cell, tuple)
        parts = cell if several else (cell,)
        texts = [spelled(part) for part in parts if part is not None]
        if len(texts) < len(parts) or any(not text or text in nulls for text in texts):
            return None
        key = ":".join(escaped(text, several=several) for text in texts)
        return prefix + (key.lower() if folded else key)

    return read


# --------------------------------------------------------------------------------------------------------------- times

_DIRECTIVES = {
    "Y": r"(?P<year>\d{4})", "m": r"(?P<month>\d{1,2})", "d": r"(?P<day>\d{1,2})", "H": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{1,2})", "S": r"(?P<second>\d{1,2})",
}  # fmt: skip


def _time(options: Mapping[str, Any]) -> Convert:
    zone_name = options.get("zone", options.get("timezone", "UTC"))
    zone = None if zone_name == "UTC" else ZoneInfo(zone_name)
    written = options.get("format", options.get("time_format", "iso"))
    readers = [_time_reader(one, zone) for one in ([written] if isinstance(written, str) else written)]
    if len(readers) == 1:
        return readers[0]

    def read(cell: Any) -> str | None:
        for reader in readers:
            try:
                return reader(cell)
            except Unreadable:
                continue
        raise Unreadable("bad_time", f"{str(cell)[:40]!r} has none of the formats of the layout")

    return read


def _time_reader(form: str, zone: ZoneInfo | None) -> Callable[[Any], str | None]:
    if form in {"unix", "unix_ms"}:
        return _unix(1000.0 if form == "unix_ms" else 1.0)
    if form == "iso":
        return iso_time if zone is None else _iso_in(zone)
    return _by_format(form, zone)


def _unix(scale: float) -> Callable[[Any], str | None]:
    def read(cell: Any) -> str | None:
        try:
            return unix_time(float(cell) / scale)
        except (TypeError, ValueError):
            raise Unreadable("bad_time", f"{str(cell)[:40]!r} is no Unix time") from None

    return read


def _iso_in(zone: ZoneInfo) -> Callable[[Any], str | None]:
    def read(cell: Any) -> str | None:
        try:
            found = datetime.fromisoformat(str(cell).strip())
        except ValueError:
            raise Unreadable("bad_time", f"{str(cell)[:40]!r} is not a time") from None
        return _canonical(found, zone, cell)

    return read


def _canonical(found: datetime, zone: ZoneInfo | None, cell: Any) -> str:
    if found.tzinfo is None and zone is not None:
        found = found.replace(tzinfo=zone)
    try:
        moved = found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise Unreadable("bad_time", f"{str(cell)[:40]!r} is beyond the calendar") from None
    return moved.isoformat(timespec="microseconds") + "Z"


def _by_format(form: str, zone: ZoneInfo | None) -> Callable[[Any], str | None]:
    pattern = _pattern(form)

    def read(cell: Any) -> str | None:
        text = str(cell).strip()
        try:
            if pattern is None:
                found: datetime | None = datetime.strptime(text, form)  # noqa: DTZ007 - the zone of the layout follows
            else:
                match = pattern(text)
                found = None if match is None else _of_numbers(match.groupdict())
        except ValueError:
            found = None
        if found is None:
            raise Unreadable("bad_time", f"{text[:40]!r} is not a time of the form {form!r}")
        return _canonical(found, zone, cell)

    return read


def _of_numbers(parts: dict[str, str]) -> datetime:
    day = (int(parts["year"]), int(parts["month"]), int(parts["day"]))
    clock = (int(parts.get("hour", 0)), int(parts.get("minute", 0)), int(parts.get("second", 0)))
    return datetime(*day, *clock)  # noqa: DTZ001 - the zone of the layout follows


def _pattern(form: str) -> Callable[[str], re.Match[str] | None] | None:
    """Return a matcher for a format of plain numbers, which is read five times faster than by strptime."""
    pieces = re.split(r"(%.)", form)
    out = []
    for piece in pieces:
        if piece.startswith("%"):
            if piece[1] not in _DIRECTIVES or _DIRECTIVES[piece[1]] in out:
                return None
            out.append(_DIRECTIVES[piece[1]])
        else:
            out.append(re.escape(piece))
    text = "".join(out)
    needed = all(f"<{name}>" in text for name in ("year", "month", "day"))
    return re.compile(text, re.ASCII).fullmatch if needed else None
