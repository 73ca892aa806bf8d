"""Times as the vendor writes and reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_INPUT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?\Z",
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")


def stamp(seconds: float) -> str:
    """Return Unix seconds as the API's UTC text."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """Return the Unix seconds of a text that `stamp` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def read_time(text: object) -> str | None:
    """Return any accepted input form as the API's UTC text, or None when it is none."""
    found = _INPUT.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found.group(7)))
    except ValueError:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_date(text: object) -> bool:
    """Say whether a custom date field would accept it: `YYYY-MM-DD` and a real day."""
    return isinstance(text, str) and bool(_DATE.match(text)) and read_time(text) is not None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
