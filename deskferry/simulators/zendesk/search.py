"""Search: its own small query language, 1000 results in offset style, an export by cursor, and a lag behind changes."""

from __future__ import annotations

import base64
import binascii
import shlex
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from deskferry.simulators.zendesk.errors import bad_parameter, invalid
from deskferry.simulators.zendesk.ids import seconds
from deskferry.simulators.zendesk.paging import Rows, integer, link, paged, wants_cursor
from deskferry.simulators.zendesk.routing import Call, routes
from deskferry.simulators.zendesk.state import Record

LAG: Final = 120
MAX_RESULTS: Final = 1000
_EXPORT_CAP: Final = 1000
_CURSOR_LIFETIME: Final = 3600
_TYPES: Final = ("ticket", "user", "organization", "group")
_FIELDS: Final = {
    "requester": "requester_id",
    "assignee": "assignee_id",
    "group": "group_id",
    "organization": "organization_id",
}


def _records(call: Call, kind: str) -> Iterator[Record]:
    """Go through what the index knows: nothing that changed within the last minutes."""
    state, until = call.state, call.state.now() - LAG
    if kind == "ticket":
        for file in state.tickets:
            if not file.is_deleted and file.generated <= until:
                yield file.record
    elif kind == "group":
        yield from (one for one in state.lists["groups"] if not one["deleted"])
    else:
        store = state.users if kind == "user" else state.organizations
        yield from (one for one in store if one.get("active", True) and seconds(one["updated_at"]) <= until)


def _test(term: str) -> Callable[[Record], bool]:
    for operator in (">=", "<=", ":", ">", "<"):
        name, found, value = term.partition(operator)
        if found and name.replace("_", "").isalnum():
            return _field_test(_FIELDS.get(name, name), operator, value.strip('"'))
    words = term.lower()
    return lambda one: any(
        words in str(one.get(key) or "").lower() for key in ("subject", "description", "name", "email")
    )


def _field_test(name: str, operator: str, value: str) -> Callable[[Record], bool]:
    if name == "tags":
        return lambda one: value in one.get("tags", ())
    if name in ("created", "updated"):
        name = f"{name}_at"
    tests: dict[str, Callable[[str], bool]] = {
        ":": lambda text: text.startswith(value) if name.endswith("_at") else text.lower() == value.lower(),
        ">": lambda text: text > value,
        "<": lambda text: text < value,
        ">=": lambda text: text >= value,
        "<=": lambda text: text <= value or text.startswith(value),
    }
    return lambda one: one.get(name) is not None and tests[operator](str(one[name]))


def _found(call: Call, default: str | None) -> list[Record]:
    query = call.request.param("query")
    if query is None:
        raise bad_parameter("InvalidParameter", "query is required")
    try:
        terms = shlex.split(query)
    except ValueError:
        terms = query.split()
    kinds = [term.removeprefix("type:") for term in terms if term.startswith("type:")]
    kinds = kinds or ([default] if default else ["ticket", "user", "organization"])
    tests = [_test(term) for term in terms if not term.startswith("type:")]
    return [
        {**one, "result_type": kind}
        for kind in kinds
        if kind in _TYPES
        for one in _records(call, kind)
        if all(test(one) for test in tests)
    ]


def search(call: Call) -> Record:
    """Answer `GET /search`: offset style only, 422 beyond the first thousand, the true total as count."""
    if wants_cursor(call.request):
        raise bad_parameter("InvalidPaginationParameter", "Cursor pagination is not supported")
    per_page = min(max(integer(call.request, "per_page", 100), 1), 100)
    if integer(call.request, "page", 1) * per_page > MAX_RESULTS:
        raise invalid("Invalid search: the requested response size was greater than Search Response Limits", "invalid")
    found = _found(call, None)
    page = paged(call.request, call.state.host, "results", Rows(range(len(found)), found.__getitem__))
    if integer(call.request, "page", 1) * per_page >= MAX_RESULTS:
        page["next_page"] = None
    return {**page, "facets": None}


def search_count(call: Call) -> Record:
    """Answer `GET /search/count`."""
    return {"count": len(_found(call, None))}


def search_export(call: Call) -> Record:
    """Answer `GET /search/export`: in the order of creation, by a cursor that lives for an hour."""
    kind = call.request.param("filter[type]")
    if kind not in _TYPES:
        raise bad_parameter("InvalidParameter", f"filter[type] must be one of {', '.join(_TYPES)}")
    if "type:" in (call.request.param("query") or ""):
        raise bad_parameter("InvalidParameter", "use filter[type] instead of type:")
    size = integer(call.request, "page[size]", 100)
    if not 1 <= size <= _EXPORT_CAP:
        raise bad_parameter("InvalidPaginationParameter", "page[size] must be between 1 and 1000")
    after = _decoded(call, call.request.param("page[after]"))
    found = sorted(_found(call, kind), key=lambda one: (one["created_at"], one["id"]))
    rest = [one for one in found if (one["created_at"], one["id"]) > after]
    page = rest[:size]
    cursor = _encoded(call, page[-1]) if page else None
    more = len(rest) > size
    return {
        "results": page,
        "facets": None,
        "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": None},
        "links": {
            "prev": None,
            "next": link(call.request, call.state.host, **{"page[after]": cursor}) if more else None,
        },
    }


def _encoded(call: Call, record: Record) -> str:
    value = {"at": record["created_at"], "id": record["id"], "until": call.state.now() + _CURSOR_LIFETIME}
    return base64.b64encode(orjson.dumps(value)).decode()


def _decoded(call: Call, cursor: str | None) -> tuple[str, int]:
    if not cursor:
        return "", 0
    try:
        value: Any = orjson.loads(base64.b64decode(cursor, validate=True))
        if value["until"] < call.state.now():
            raise bad_parameter("InvalidPaginationParameter", "The cursor has expired")
        return str(value["at"]), int(value["id"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_parameter("InvalidPaginationParameter", "page[after] is not a valid cursor") from error


ROUTES: Final = routes(
    ("GET /api/v2/search", search),
    ("GET /api/v2/search/count", search_count),
    ("GET /api/v2/search/export", search_export),
)
