"""The vendor's two kinds of export, as pages with cursors that survive a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from deskferry.connectors.kit.clock import Clock, utc
from deskferry.connectors.kit.contract import Cursor, PullRequest, Raw
from deskferry.connectors.kit.paging import TWICE, PagingLoop

WITHHELD = 61
"""Seconds: the newest minute is withheld, and a later start is refused (Incremental exports)."""
EXPORT_SIZE = 1000

_MOST_ALIKE = 3
"""Pages in a row that may hold the same rows: the vendor shows some of them more than once."""

Fetch = Callable[[str, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Exported:
    """One page of an export: the body, where to go on, whether it is the last, and what could not be had."""

    body: Raw
    cursor: Cursor
    last: bool
    note: str = ""


def begin_at(request: PullRequest, clock: Clock) -> int:
    """Return the Unix second at which a first pull begins: 0, or what the user asked for; never the newest minute."""
    start = 0
    if request.since is not None:
        text = request.since if "T" in request.since else f"{request.since}T00:00:00"
        moment = datetime.fromisoformat(text)
        start = int((moment if moment.tzinfo else datetime.fromisoformat(text + "+00:00")).timestamp())
    return allowed(start, clock)


def allowed(start: float, clock: Clock) -> int:
    """Return a start time that the vendor accepts: at least a minute ago."""
    return max(0, min(int(start), int(clock.now()) - WITHHELD))


def by_cursor(
    fetch: Fetch, path: str, params: Mapping[str, Any], rows: str, request: PullRequest, clock: Clock
) -> Iterator[Exported]:
    """Yield the pages of a cursor export. The last cursor stays good: the next pull goes on from it.

    A cursor that leads back is the end where no row came with it; where one did, pages would be left out.
    """
    place: Cursor = dict(request.cursor or {"start": begin_at(request, clock)})
    before, times = None, 0
    while True:
        asked = {"cursor": place["cursor"]} if "cursor" in place else {"start_time": allowed(place["start"], clock)}
        body = fetch(path, {**params, **asked})
        after = body.get("after_cursor")
        last = bool(body.get("end_of_stream")) or after is None
        found = body.get(rows) or ()
        times = times + 1 if found and found == before else 0
        before = found
        if not last and (times == _MOST_ALIKE or (found and after == place.get("cursor"))):
            raise PagingLoop(path, TWICE)
        last = last or after == place.get("cursor")
        place = {"cursor": after} if after is not None else place
        yield Exported(body, place, last)
        if last:
            return


def by_time(
    fetch: Fetch, path: str, params: Mapping[str, Any], rows: str, request: PullRequest, clock: Clock
) -> Iterator[Exported]:
    """Yield the pages of a time export; a second that holds more rows than a page is left behind with a note.

    Six clients of this API ran in circles there: `next_page` equals the current one (`end_time` = `start_time`).
    """
    start = int(request.cursor["start"]) if request.cursor else begin_at(request, clock)
    usual = size = int(params.get("per_page", EXPORT_SIZE))
    while True:
        asked = allowed(start, clock)
        body = fetch(path, {**params, "per_page": size, "start_time": asked})
        found, end, note = body.get(rows) or (), body.get("end_time"), ""
        # Without a word of an end, a page that is not full is the last one.
        last = bool(body.get("end_of_stream", len(found) < size)) or end is None or not found
        stuck = not last and end <= asked
        if stuck and size < EXPORT_SIZE:
            size = EXPORT_SIZE  # the second may fit the largest page
            continue
        if stuck:
            end = asked + 1
            if len(found) >= size:
                second = utc(asked).strftime("%Y-%m-%dT%H:%M:%SZ")
                note = (
                    f"{rows}: the vendor's export shows the first {len(found)} of the rows of the second {second}; "
                    "the others are missing from it, and what tickets lack of them is read one ticket at a time."
                )
        size = usual
        start = max(int(end), asked) if end is not None else asked
        last = last or allowed(start, clock) <= asked  # the newest minute: the next call would be this one again
        yield Exported(body, {"start": start}, last, note)
        if last:
            return


def by_link(
    fetch: Fetch, path: str, params: Mapping[str, Any], rows: str, request: PullRequest, clock: Clock
) -> Iterator[Exported]:
    """Yield the pages of the article export, which says no end: it is over when no link leads on (airbyte#33680).

    A link that leads back, or a page that comes again, is the end as well.
    """
    place: Cursor = dict(request.cursor or {"start": begin_at(request, clock)})
    high = int(place.get("start", 0))
    begun, before = {str(place.get("next", ""))}, None
    while True:
        if "next" in place:
            body = fetch(place["next"], {})
        else:
            body = fetch(path, {**params, "start_time": allowed(place["start"], clock)})
        found = body.get(rows) or ()
        ids = [row.get("id") for row in found]
        repeated = bool(ids) and ids == before
        before = ids
        for row in found:
            high = max(high, seconds(row.get("updated_at")))
        link = local(body.get("next_page"))
        last = link is None or link in begun or not found or repeated
        place = {"start": high} if last else {"next": link, "start": high}
        yield Exported({**body, rows: () if repeated else found}, place, last)
        if last:
            return
        begun.add(str(link))


def local(link: str | None) -> str | None:
    """Return path and query of a link: it is followed on the connection's own origin."""
    if not link:
        return None
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def seconds(text: str | None) -> int:
    """Return a time of the vendor's as Unix seconds; 0 where there is none."""
    return int(datetime.fromisoformat(text).timestamp()) if text else 0
