"""Source ids from the columns of a row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

SEPARATOR = ":"
"""Between the columns of a key of several."""
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
_HASH = hashlib.blake2b(digest_size=10)
"""Copied for each row: half the time of a new one."""
_TOLD = "@"
"""Begins the keys that the reader adds to a row: where it stood, what stood before it."""


def escaped(value: str, *, several: bool = False) -> str:
    """Return a key as part of an id: a slash would begin a derived part, so it is written `%2F`."""
    if "%" in value:
        value = value.replace("%", "%25")
    if "/" in value:
        value = value.replace("/", "%2F")
    if several and SEPARATOR in value:
        value = value.replace(SEPARATOR, "%3A")
    return value


def spelled(value: Any) -> str:
    """Return a cell as part of a key: 5.0 is 5, for integers with gaps often come as floats."""
    return str(int(value)) if type(value) is float and value.is_integer() else str(value).strip()


def content_key(payload: Mapping[str, Any]) -> str:
    """Return a key that follows from the content of a row alone."""
    kept = payload
    if _TOLD in "".join(payload):
        kept = {name: value for name, value in payload.items() if not name.startswith(_TOLD)}
    try:
        packed = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)  # a third faster than with OPT_NON_STR_KEYS
    except orjson.JSONEncodeError:
        packed = orjson.dumps(kept, option=_SORTED, default=str)
    hashed = _HASH.copy()
    hashed.update(packed)
    return hashed.hexdigest()
