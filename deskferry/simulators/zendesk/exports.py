"""The incremental exports: by cursor for tickets and users, by time for everything.

They compare the internal generated timestamp, hold the newest minute back, answer 1000 rows a page at most and keep
deleted tickets as tombstones. A time export whose page is full of one second names itself as its next page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import islice
from typing import Any, Final

from deskferry.simulators.zendesk.errors import bad_parameter, invalid
from deskferry.simulators.zendesk.ids import seconds
from deskferry.simulators.zendesk.paging import integer, link, wants_cursor
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.sideloads import beside, embedded
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import TicketFile, event_row

CAP: Final = 1000
WITHHELD: Final = 60
_SCOPES: Final = ("agent", "ai_agent", "all")
_SAMPLED: Final = 50
_METRIC_PAGE: Final = 100
Timed = Iterator[tuple[int, Any]]


def start_time(call: Call) -> int:
    """Return the start of an export; it must be there, and at least a minute old."""
    text = call.request.param("start_time")
    if text is None:
        raise invalid("start_time is a required parameter", "StartTimeMissing", 400)
    try:
        start = int(float(text))
    except ValueError as error:
        raise invalid("Invalid start_time", "InvalidStartTime", 400) from error
    if start > call.state.now() - WITHHELD:
        raise invalid("Too recent start_time. Use a start_time older than 60 seconds")
    return start


def ticket_scope(call: Call) -> Callable[[Record], bool]:
    """Return which tickets `support_type_scope` and `exclude_deleted` let through: by default no AI agents' ones."""
    scope = call.request.param("support_type_scope") or "agent"
    if scope not in _SCOPES:
        raise bad_parameter("InvalidParameter", f"support_type_scope must be one of {', '.join(_SCOPES)}")
    without_deleted = call.flag("exclude_deleted")

    def lets(record: Record) -> bool:
        if without_deleted and record["status"] == "deleted":
            return False
        return scope == "all" or record.get("support_type", "agent") == scope

    return lets


def tickets_by_cursor(call: Call) -> Record:
    """Answer `/incremental/tickets/cursor`."""
    lets = ticket_scope(call)
    page = _cursor_page(call, "tickets", call.state.tickets, lambda file: file.record, lets)
    files: list[TicketFile] = page["tickets"]
    page["tickets"] = [embedded(call, file) for file in files]
    return {**page, **beside(call, page["tickets"])}


def users_by_cursor(call: Call) -> Record:
    """Answer `/incremental/users/cursor`."""
    return _cursor_page(call, "users", call.state.users, lambda user: user, lambda _: True)


def _cursor_page(
    call: Call, name: str, store: Store[Any], record: Callable[[Any], Record], lets: Callable[[Record], bool]
) -> Record:
    cursor = call.request.param("cursor")
    stamp, identifier = _decoded(cursor) if cursor else (start_time(call), 0)
    place = store.place(identifier) if identifier else None
    size = min(max(integer(call.request, "per_page", CAP), 1), CAP)
    until = call.state.now() - WITHHELD
    rows: list[tuple[int, Any]] = []
    more = False
    for at, found in store.after(stamp, -1 if place is None else place):
        if at > until:
            break
        one = store.at(found)
        if not lets(record(one)):
            continue
        if len(rows) == size:
            more = True
            break
        rows.append((at, one))
    last = _encoded(rows[-1][0], record(rows[-1][1])["id"]) if rows else cursor or _encoded(stamp, 0)
    changes = {"start_time": None, "cursor": last}
    return {
        name: [one for _, one in rows],
        "after_url": link(call.request, call.state.host, **changes),
        "after_cursor": last,
        "before_url": link(call.request, call.state.host, start_time=None, cursor=cursor) if cursor else None,
        "before_cursor": cursor,
        "end_of_stream": not more,
    }


def _encoded(stamp: int, identifier: int) -> str:
    return base64.b64encode(f"{stamp}.0||{identifier}|".encode()).decode()


def _decoded(cursor: str) -> tuple[int, int]:
    try:
        stamp, _, identifier = base64.b64decode(cursor, validate=True).decode().partition("||")
        return int(float(stamp)), int(identifier.rstrip("|"))
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid cursor", "InvalidCursor", 400) from error


def tickets_by_time(call: Call) -> Record:
    """Answer `/incremental/tickets`."""
    lets = ticket_scope(call)
    files = (one for one in _stored(call.state.tickets, start_time(call)) if lets(one[1].record))
    page = time_page(call, "tickets", files, per_page=True)
    page["tickets"] = [embedded(call, file) for file in page["tickets"]]
    return {**page, **beside(call, page["tickets"])}


def users_by_time(call: Call) -> Record:
    """Answer `/incremental/users`."""
    return time_page(call, "users", _stored(call.state.users, start_time(call)), per_page=True)


def organizations_by_time(call: Call) -> Record:
    """Answer `/incremental/organizations`."""
    return time_page(call, "organizations", _stored(call.state.organizations, start_time(call)), per_page=True)


def _stored(store: Store[Any], start: int) -> Timed:
    return ((at, store.at(place)) for at, place in store.after(start))


def ticket_events(call: Call) -> Record:
    """Answer `/incremental/ticket_events`: a row an audit, with whole comments if `include=comment_events`."""
    with_comments = "comment_events" in call.includes
    lets, tickets = ticket_scope(call), call.state.tickets

    def rows() -> Timed:
        for at, place, sequence in call.state.events.since(start_time(call)):
            file = tickets.at(place)
            if not file.is_deleted and lets(file.record):
                yield at, event_row(file, file.audits[sequence], with_comments)

    return time_page(call, "ticket_events", rows())


def metric_events(call: Call) -> Record:
    """Answer `/incremental/ticket_metric_events`: by cursor with `page[...]`, else by time."""
    start = start_time(call)
    if not wants_cursor(call.request):
        rows = ((at, row) for at, _, row in _metric_rows(call, start))
        return time_page(call, "ticket_metric_events", rows)
    size = integer(call.request, "page[size]", _METRIC_PAGE)
    if not 1 <= size <= _METRIC_PAGE:
        raise bad_parameter("InvalidPaginationParameter", "page[size] must be between 1 and 100")
    cursor = call.request.param("page[after]")
    after = _decoded(cursor) if cursor else (start, 0)
    until = call.state.now() - WITHHELD
    later = (one for one in _metric_rows(call, after[0]) if one[:2] > after)
    taken = [one for one in islice(later, size + 1) if one[0] <= until]
    more, taken = len(taken) > size, taken[:size]
    last = _encoded(*taken[-1][:2]) if taken else cursor
    following = link(call.request, call.state.host, **{"page[after]": last}) if more else None
    return {
        "ticket_metric_events": [row for _, _, row in taken],
        "meta": {"has_more": more, "after_cursor": last, "before_cursor": None},
        "links": {"prev": None, "next": following},
    }


def _metric_rows(call: Call, start: int) -> Iterator[tuple[int, int, Record]]:
    """Go through (time, id, metric event) from a time on; only tickets that live at that time are looked at."""
    state = call.state
    waiting: list[tuple[int, int, Record]] = []
    for created, place in state.tickets_by_creation():
        while waiting and waiting[0][0] < created:
            yield heappop(waiting)
        if state.tickets.stamp(place) < start:
            continue
        file = state.tickets.at(place)
        for row in [] if file.is_deleted else state.metric_events(file):
            at = seconds(row["time"])
            if at >= start:
                heappush(waiting, (at, row["id"], row))
    while waiting:
        yield heappop(waiting)


def time_page(call: Call, name: str, rows: Timed, per_page: bool = False) -> Record:
    """Return a page of a time-based export; it ends with the second of its last row, which the next one repeats."""
    size = min(max(integer(call.request, "per_page", CAP), 1), CAP) if per_page else CAP
    until = call.state.now() - WITHHELD
    taken = list(islice(_until(rows, until), size + 1))
    more, taken = len(taken) > size, taken[:size]
    end = taken[-1][0] if taken else None
    return {
        name: [row for _, row in taken],
        "count": len(taken),
        "end_of_stream": not more,
        "end_time": end,
        "next_page": None if end is None else link(call.request, call.state.host, start_time=end),
    }


def _until(rows: Iterable[tuple[int, Any]], until: int) -> Timed:
    for at, row in rows:
        if at > until:
            return
        yield at, row


def sample(call: Call) -> Record:
    """Answer `/incremental/{resource}/sample`: at most 50 rows."""
    exports = {"tickets": tickets_by_time, "users": users_by_time, "organizations": organizations_by_time}
    exports["ticket_events"] = ticket_events
    name = call.words[0]
    if name not in exports:
        raise invalid("Unknown resource", "InvalidValue", 400)
    page = exports[name](call)
    rows = page[name][:_SAMPLED]
    return {**page, name: rows, "count": len(rows)}


ROUTES: Final = [
    Route("GET", f"/api/v2/incremental/{path}", handler, admin=True)
    for path, handler in (
        ("tickets/cursor", tickets_by_cursor),
        ("tickets", tickets_by_time),
        ("users/cursor", users_by_cursor),
        ("users", users_by_time),
        ("organizations", organizations_by_time),
        ("ticket_events", ticket_events),
        ("ticket_metric_events", metric_events),
        ("{word}/sample", sample),
    )
]
