"""Zendesk's two ways to page a list, with their caps.

Cursor style is chosen by any `page[...]` parameter, 100 rows at most; offset style (`page`, `per_page`) reaches 10,000
rows deep and answers 400 `InvalidPaginationDepth` beyond. A last page still carries links and cursors, as real ones do.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from deskferry.simulators.kernel import SimRequest
from deskferry.simulators.zendesk.errors import bad_parameter

MAX_PAGE: Final = 100
MAX_DEPTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rows:
    """A list to page: ids in order, and how to get the row of one. `ascending` says that the ids are sorted."""

    ids: Sequence[int]
    row: Callable[[int], Any]
    ascending: bool = True

    def find(self, identifier: int, after: bool) -> int:
        """Return where an id is, or would be; with `after`, where the next one is."""
        if self.ascending:
            return (bisect_right if after else bisect_left)(self.ids, identifier)
        place = self.ids.index(identifier) if identifier in self.ids else len(self.ids)
        return place + int(after)


def rows_of(records: Sequence[dict[str, Any]]) -> Rows:
    """Return a small list of records as rows, in its own order."""
    by_id = {int(record["id"]): record for record in records}
    ids = list(by_id)
    return Rows(ids, by_id.__getitem__, ascending=ids == sorted(ids))


def wants_cursor(request: SimRequest) -> bool:
    """Whether a request chose cursor style."""
    return any(name.startswith("page[") for name, _ in request.query)


def paged(request: SimRequest, host: str, name: str, rows: Rows, default: int = MAX_PAGE) -> dict[str, Any]:
    """Return the page of a list that a request asks for, in its style."""
    if wants_cursor(request):
        return _cursor_page(request, host, name, rows, default)
    return _offset_page(request, host, name, rows, default)


def link(request: SimRequest, host: str, **changed: Any) -> str:
    """Return the vendor's own URL of a request with some parameters changed; None removes one."""
    parameters = {name: value for name, value in request.query if name not in changed}
    parameters |= {name: value for name, value in changed.items() if value is not None}
    path = request.path if request.path.endswith(".json") else f"{request.path}.json"
    return f"{host}{path}?{urlencode(parameters)}" if parameters else f"{host}{path}"


def integer(request: SimRequest, name: str, default: int) -> int:
    """Return a parameter as a number; 400 if it is none."""
    text = request.param(name)
    if text is None or text == "":
        return default
    try:
        return int(text)
    except ValueError as error:
        raise bad_parameter("InvalidPaginationParameter", f"{name} must be an integer") from error


def _offset_page(request: SimRequest, host: str, name: str, rows: Rows, default: int) -> dict[str, Any]:
    per_page = min(max(integer(request, "per_page", default), 1), MAX_PAGE)
    page = max(integer(request, "page", 1), 1)
    if page * per_page > MAX_DEPTH:
        raise bad_parameter(
            "InvalidPaginationDepth",
            "Number of records returned is too large. Use cursor pagination to go beyond 10000 records.",
        )
    start = (page - 1) * per_page
    more = start + per_page < len(rows.ids)
    return {
        name: [rows.row(one) for one in rows.ids[start : start + per_page]],
        "next_page": link(request, host, page=page + 1) if more else None,
        "previous_page": link(request, host, page=page - 1) if page > 1 else None,
        "count": len(rows.ids),
    }


def _cursor_page(request: SimRequest, host: str, name: str, rows: Rows, default: int) -> dict[str, Any]:
    size = integer(request, "page[size]", default)
    if not 1 <= size <= MAX_PAGE:
        raise bad_parameter("InvalidPaginationParameter", "page[size] must be between 1 and 100")
    after, before = request.param("page[after]"), request.param("page[before]")
    if before:
        end = rows.find(_decoded(before), after=False)
        start = max(end - size, 0)
        more = start > 0
    else:
        start = rows.find(_decoded(after), after=True) if after else 0
        end = start + size
        more = end < len(rows.ids)
    ids = rows.ids[start:end]
    first, last = (_encoded(ids[0]), _encoded(ids[-1])) if len(ids) else (None, None)
    changes = {"page[size]": size, "page[after]": None, "page[before]": None}
    return {
        name: [rows.row(one) for one in ids],
        "meta": {"has_more": more, "after_cursor": last, "before_cursor": first},
        "links": {
            "prev": link(request, host, **{**changes, "page[before]": first}) if first else None,
            "next": link(request, host, **{**changes, "page[after]": last}) if last else None,
        },
    }


def _encoded(identifier: int) -> str:
    return base64.b64encode(orjson.dumps({"o": "id", "v": str(identifier)})).decode()


def _decoded(cursor: str) -> int:
    try:
        return int(orjson.loads(base64.b64decode(cursor, validate=True))["v"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_parameter("InvalidPaginationParameter", "page[after] is not a valid cursor") from error
