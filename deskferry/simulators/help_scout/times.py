"""Times as the vendor writes and reads them: UTC to the second."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_INPUT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def stamp(seconds: float) -> str:
    """Return Unix seconds as the API's text."""
    return _stamp(int(seconds))


@lru_cache(maxsize=4096)
def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_FORMAT)


def read_time(text: object) -> str | None:
    """Return a time that the API accepts, or None; milliseconds and offsets are refused, as clients found out."""
    if not isinstance(text, str) or not _INPUT.match(text):
        return None
    try:
        datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return text


def seconds_of(text: str) -> float:
    """Return the Unix seconds of a text that `stamp` wrote."""
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp()


def friendly(seconds: float) -> str:
    """Return a waiting time as the vendor words it: `20 hours ago`."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "moments ago"
