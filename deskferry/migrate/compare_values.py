"""When two values are the same on both sides: texts without blanks, numbers as numbers, options by rule."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from deskferry.canonical_schema import time_text
from deskferry.connectors.kit.characters import without_refused
from deskferry.connectors.kit.contract import FieldRule, Row
from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.kit.converters import time as read_time
from deskferry.connectors.kit.mapping import Unreadable

Seen = Literal["read", "witness", "journal"]
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not at the destination as it should be."""

    kind: str
    record_id: str
    """The source record."""
    field: str
    """What of it: author, visibility, time, text, file, …"""
    expected: str | None
    found: str | None
    seen_by: Seen

    def sentence(self) -> str:
        """Return it as one line."""
        return f"{self.field}: expected {self.expected!r}, found {self.found!r} (seen by {self.seen_by})"


def shown(value: Any) -> str | None:
    """Return a value as a report shows it."""
    if value is None:
        return None
    text = time_text(value) if isinstance(value, datetime) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def squeezed(text: str | None) -> str:
    """Return a text as it is compared: composed characters, no blanks, nothing invisible."""
    composed = without_refused(unicodedata.normalize("NFC", text or "").translate(_INVISIBLE))
    return "".join(composed.split())


def message_text(row: Row) -> str:
    """Return the visible text of a message."""
    return (html_to_text(row.get("body_html")) if row.get("body_html") else row.get("body_text")) or ""


def first_difference(expected: str, found: str) -> tuple[str, str]:
    """Return both texts around the first place where they differ."""
    pairs = enumerate(zip(expected, found, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(expected), len(found)))
    start = max(at - 20, 0)
    return f"…{expected[start : at + 40]}…", f"…{found[start : at + 40]}…"


def moment(value: Any) -> str | None:
    """Return an instant of any form as canonical text, or None where it is none."""
    if isinstance(value, datetime):
        return time_text(value)
    try:
        return read_time(value)
    except Unreadable:
        return None


def custom_value(value: Any, rule: FieldRule) -> Any:
    """Return a custom value in the form in which both sides are compared."""
    several = value if isinstance(value, list) else [value]
    texts = [_plain(rule.values.get(str(one), one), rule.type) for one in several]
    return sorted(texts) if rule.type == "multi_select" else ", ".join(texts)


def there_value(value: Any, rule: FieldRule) -> Any:
    """Return the destination's custom value in the form in which both sides are compared."""
    several = value if isinstance(value, list) else [value]
    texts = [_plain(one, rule.type) for one in several if one is not None]
    return sorted(texts) if rule.type == "multi_select" else ", ".join(texts)


def _plain(value: Any, kind: str) -> str:
    if isinstance(value, bool) or kind == "boolean":
        return "true" if str(value).strip().lower() in {"true", "1", "yes"} else "false"
    if kind in {"number", "decimal", "currency"}:
        try:
            return repr(float(str(value)))
        except ValueError:
            return str(value)
    if kind == "date":
        return str(value)[:10]
    if kind == "datetime":
        return moment(value) or str(value)
    return " ".join(str(value).split())


def same_custom(value: Any, rule: FieldRule, there: Mapping[str, Any], type_there: str | None) -> bool:
    """Whether a custom value is at the destination: under its key, or as the ticket's type."""
    expected = custom_value(value, rule)
    if rule.key in there:
        found = there_value(there[rule.key], rule)
        if rule.type == "nested_select":
            return bool(found) and expected.startswith(found)
        return bool(found == expected)
    return bool(type_there is not None and type_there == expected)
