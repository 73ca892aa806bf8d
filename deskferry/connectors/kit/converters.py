"""Named pure functions between a vendor's value and a canonical one; each may raise `Unreadable`.

None stays None, and "" is None: unknown is NULL. Times come out as canonical text (UTC, microseconds, `Z`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from deskferry.connectors.kit.mapping import Unreadable, as_text, plain

_SECONDS = re.compile(
    r"[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ?", re.ASCII
).fullmatch
"""The form that vendors send most, and that of files, of days that every month has: it needs no reading."""


def time(value: Any) -> str | None:
    """Return an ISO 8601 time as canonical text; a time without offset is taken as UTC."""
    if value is None or value == "":
        return None
    if type(value) is str:
        if _SECONDS(value):
            return f"{value[:10]}T{value[11:19]}.000000Z"
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            raise Unreadable("bad_time", f"{value[:40]!r} is not a time") from None
        aware = read if read.tzinfo else read.replace(tzinfo=UTC)
        try:
            return f"{aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        except OverflowError:
            raise Unreadable("bad_time", f"{value[:40]!r} is beyond the calendar") from None
    raise Unreadable("bad_time", f"{type(value).__name__} where a time is expected")


def unix_time(value: Any) -> str | None:
    """Return Unix seconds as canonical text."""
    if value is None or value == "":
        return None
    if type(value) in (int, float):
        try:
            return f"{datetime.fromtimestamp(value, UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        except (OverflowError, ValueError, OSError):
            raise Unreadable("bad_time", f"{value!r} is beyond the calendar") from None
    raise Unreadable("bad_time", f"{type(value).__name__} where Unix seconds are expected")


def text(value: Any) -> str | None:
    """Return text; numbers are written out."""
    result: str | None = as_text(value)
    return result


def lower(value: Any) -> str | None:
    """Return an e-mail address or code in lower case, without blanks around it."""
    kept = as_text(value)
    return kept.strip().lower() or None if kept is not None else None


def boolean(value: Any) -> bool | None:
    """Return true or false; None stays None."""
    if value is None or type(value) is bool:
        return value
    if value in (0, 1):
        return bool(value)
    raise Unreadable("bad_boolean", f"{value!r} is neither true nor false")


def negated(value: Any) -> bool | None:
    """Return the opposite of a boolean."""
    kept = boolean(value)
    return None if kept is None else not kept


def integer(value: Any) -> int | None:
    """Return a whole number; a numeric text is read."""
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Unreadable("bad_number", f"{str(value)[:40]!r} is not a whole number") from None


def number(value: Any) -> float | None:
    """Return a number; a numeric text is read."""
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Unreadable("bad_number", f"{str(value)[:40]!r} is not a number") from None


def whole(value: Any) -> Any:
    """Take an object or list as it is, for a JSON column; empty ones are None."""
    return value if value not in (None, "", [], {}) else None


def choice(
    table: Mapping[Any, str | None], *, unknown: str | None = None, what: str = "value"
) -> Callable[[Any], str | None]:
    """Return a converter by a table; a value that the table lacks becomes `unknown`."""

    def chosen(value: Any) -> str | None:
        if value is None or value == "":
            return None
        return table.get(value, unknown)

    chosen.__name__ = f"choice({what})"
    return chosen


def alone(object_name: str) -> Callable[[Any], list[tuple[str, Any]] | None]:
    """Return what makes a list of one reference of a bare id, for `RefsBy`."""

    def chosen(value: Any) -> list[tuple[str, Any]] | None:
        return None if value in (None, "") else [(object_name, value)]

    chosen.__name__ = object_name
    return chosen


def addresses(value: Any) -> list[dict[str, str | None]] | None:
    """Return mail addresses as `[{"address", "name"}]` from a header text or a list of them (vendors send both)."""
    if not value:
        return None
    texts = [value] if isinstance(value, str) else [_quoted(part) for part in value if isinstance(part, str)]
    found: list[dict[str, str | None]] = [
        {"address": address.lower(), "name": name or None} for name, address in getaddresses(texts) if address
    ]
    return found or None


_NAMED_ADDRESS = re.compile(r'([^<>"\\]+)<([^<>\s@]+@[^<>\s@]+)>')
_SYNTAX = re.compile(r"[,;:()\[\]@]")
_TWO = re.compile(r"@.*[,;]")


def _quoted(item: str) -> str:
    """Return an item of a list with the name in quotes: `Smith, John <john@x.org>` is one address."""
    found = _NAMED_ADDRESS.fullmatch(item.strip())
    if found is None or not _SYNTAX.search(found[1]) or _TWO.search(found[1]):
        return item
    return f'"{found[1].strip()}" <{found[2]}>'


def html_to_text(value: Any) -> str | None:
    """Return the visible text of HTML, blocks on lines of their own; scripts and styles are left out."""
    kept = plain(value)
    if kept is None:
        return None
    if "<" not in kept and "&" not in kept:
        return str(kept)
    tree = LexborHTMLParser(kept)
    for node in tree.css("script, style, head"):
        node.decompose()
    for node in tree.css("br, p, div, li, tr, blockquote, h1, h2, h3, h4, pre"):
        node.insert_before("\n")
    body = tree.body
    lines = (body.text() if body is not None else "").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip()) or None
