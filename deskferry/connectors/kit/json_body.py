"""Reading a vendor's JSON: fast, and where that will not do, as JSON allows."""

from __future__ import annotations

import json
from typing import Any

import orjson


def read_json(body: bytes) -> Any:
    """Return the value of a JSON body; raises ValueError for what is none.

    A vendor that cuts a text off in the middle of an emoji sends half a surrogate pair. That is legal JSON and no
    Unicode: the fast decoder refuses it, and the account could never be read past that record.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"\\u" not in body:
            raise
        try:
            return json.loads(body, parse_constant=_no_json)
        except ValueError:
            raise error from None


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
