"""The ways in which vendors page their lists: pure functions over a fetching callable, guarded against loops."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from deskferry.connectors.kit.contract import Raw
from deskferry.errors import Stopped

Params = Mapping[str, Any]
Fetch = Callable[[str, Params], Any]
"""URL or path, and parameters → the decoded body (`session.get_json`)."""
Items = Callable[[Any], Sequence[Raw]]
"""Body → its rows."""
MOST_PAGES = 1_000_000
TWICE = "the same page came twice"
_LISTS = 32
"""Lists that are read at the same time, at most."""


class PagingLoop(Stopped):
    """A list that does not end: a page came twice, a link led back, or there were more pages than can be."""

    def __init__(self, url: str, what: str) -> None:
        super().__init__(f"{url}: {what}.", "This is a fault of the vendor's list; run the same command again later.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page of a list. `next` is what the page after it is fetched by (cursor, link, number); None on the last."""

    items: Sequence[Raw]
    next: Any
    body: Any


def at(*path: str) -> Callable[[Any], Any]:
    """Return a function that follows keys into a body; None where one is missing."""

    def follow(body: Any) -> Any:
        for key in path:
            if not isinstance(body, Mapping):
                return None
            body = body.get(key)
        return body

    return follow


def rows(*path: str) -> Items:
    """Return a function that gives the rows below a path; none where it is missing or the body is empty."""
    follow = at(*path)

    def items(body: Any) -> Sequence[Raw]:
        found = body if not path else follow(body)
        return found if isinstance(found, list) else ()

    return items


@dataclass(frozen=True, slots=True)
class Numbered:
    """How a list is paged by number or by row: `step` 1 counts pages, `step` = size counts rows."""

    size: int
    number: str = "page"
    size_name: str | None = "per_page"
    """None where the vendor fixes the size."""
    begin: int = 1
    step: int = 1
    more: Callable[[Any, Sequence[Raw]], bool] | None = None
    """Body and rows → whether another page follows; by default, whether this one was full."""


@dataclass(frozen=True, slots=True)
class Cursored:
    """How a list is paged by cursor: the parameter, where the next cursor is, and what tells that there is more."""

    name: str = "page[after]"
    after: Callable[[Any], Any] = field(default_factory=lambda: at("meta", "after_cursor"))
    more: Callable[[Any], Any] = field(default_factory=lambda: at("meta", "has_more"))


_CURSORED = Cursored()
_NEXT_PAGE = at("next_page")


def offset(
    fetch: Fetch,
    url: str,
    params: Params,
    items: Items,
    by: Numbered,
    *,
    most: int = MOST_PAGES,
) -> Iterator[Fetched]:
    """Yield pages by number or row; ends on a short page, an empty one, or when `by.more` says so.

    `next` of a page is the number of the one after it, so that a scan can be taken up there.
    """
    guard = _Guard(url, most)
    place = by.begin
    while True:
        asked = {**params, by.number: place}
        if by.size_name is not None:
            asked[by.size_name] = by.size
        body = fetch(url, asked)
        found = guard.page(items(body))
        going_on = len(found) >= by.size if by.more is None else by.more(body, found)
        place += by.step
        follower = place if going_on and found else None
        yield Fetched(found, follower, body)
        if follower is None:
            return


def cursor(
    fetch: Fetch,
    url: str,
    params: Params,
    items: Items,
    by: Cursored = _CURSORED,
    *,
    start: str | None = None,
    most: int = MOST_PAGES,
) -> Iterator[Fetched]:
    """Yield pages by cursor; ends when the body says that there is no more, or gives no cursor."""
    guard = _Guard(url, most)
    place: Any = start
    while True:
        body = fetch(url, params if place is None else {**params, by.name: place})
        found = guard.page(items(body))
        place = guard.link(by.after(body) if by.more(body) else None)
        yield Fetched(found, place, body)
        if place is None:
            return


def links(
    fetch: Fetch,
    url: str,
    params: Params,
    items: Items,
    follow: Callable[[Any], Any] = _NEXT_PAGE,
    *,
    most: int = MOST_PAGES,
) -> Iterator[Fetched]:
    """Yield pages by the link to the next one in each body; parameters go only into the first call."""
    guard = _Guard(url, most)
    place: Any = url
    asked = params
    while True:
        body = fetch(place, asked)
        found = guard.page(items(body))
        place, asked = guard.link(follow(body)), {}
        yield Fetched(found, place, body)
        if place is None:
            return


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a capped list. `mark` is where a later scan goes on; `last` on the very last page."""

    items: Sequence[Raw]
    mark: Any
    last: bool
    body: Any
    note: str = ""
    """What could not be listed, as a sentence for the report."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """How a list is read around its cap: ordered by a mark (updated_at), ascending, from a mark on, inclusive."""

    marked: Callable[[Raw], Any]
    """Row → its mark; marks compare as they are ordered."""
    identity: Callable[[Raw], Any]
    pages: int
    """Pages after which the vendor stops answering."""
    beyond: Callable[[Any], Any] | None = None
    """Mark → the next possible one: the scan goes on there when one mark holds more rows than can be listed."""


def windows(scan: Callable[[Any], Iterable[Fetched]], start: Any, by: Ordered) -> Iterator[Window]:
    """Yield all rows of a capped list: `scan(mark)` gives the pages from a mark on; at the cap a new window begins.

    Rows seen at the boundary are dropped; a row that came again with another mark is kept. A mark that holds more rows
    than a window cannot be listed whole: the page says so in `note`, and the scan goes on beyond it where it can.
    """
    edge = _Edge(by, start)
    while True:
        edge.begin()
        for count, page in enumerate(scan(edge.start), start=1):
            fresh = edge.take(page.items)
            capped = count >= by.pages and page.next is not None
            stuck = capped and edge.latest == edge.start
            note = f"More rows than can be listed at {edge.start}: some of them are missing." if stuck else ""
            last = page.next is None or (stuck and by.beyond is None)
            if stuck and by.beyond is not None:
                edge.skip(by.beyond)
            yield Window(fresh, edge.latest, last, page.body, note)
            if last:
                return
            if capped:
                break
        else:  # a scan that ends without a last page has nothing more
            return


class _Edge:
    """The last mark that was seen, and the rows at it."""

    def __init__(self, by: Ordered, start: Any) -> None:
        self._by = by
        self.start = self.latest = start
        self._seen: set[Any] = set()
        self._known: frozenset[Any] = frozenset()

    def begin(self) -> None:
        """Begin a window at the last mark; the rows seen there are known."""
        self.start, self._known = self.latest, frozenset(self._seen)

    def take(self, found: Sequence[Raw]) -> list[Raw]:
        """Return the rows that are not known, and move the edge."""
        fresh = []
        for row in found:
            mark, identity = self._by.marked(row), self._by.identity(row)
            if mark != self.start or identity not in self._known:
                fresh.append(row)
            if mark is None:
                continue
            if self.latest is None or mark > self.latest:
                self.latest, self._seen = mark, set()
            if mark == self.latest:
                self._seen.add(identity)
        return fresh

    def skip(self, beyond: Callable[[Any], Any]) -> None:
        """Go on at the mark after this one."""
        self.latest, self._seen = beyond(self.latest), set()


class _Guard:
    """Stops a list that runs in a circle."""

    def __init__(self, url: str, most: int) -> None:
        self._url, self._most = url, most
        self._pages = 0
        self._links: set[str] = {url}
        self._before: Sequence[Raw] = ()

    def page(self, found: Sequence[Raw]) -> Sequence[Raw]:
        """Return the rows."""
        self._pages += 1
        if self._pages > self._most:
            raise PagingLoop(self._url, f"more than {self._most} pages")
        if found and found == self._before:
            raise PagingLoop(self._url, TWICE)
        self._before = found
        return found

    def link(self, follower: Any) -> Any:
        """Return what the next page is fetched by; None at the end."""
        if follower is None or follower == "":
            return None
        if str(follower) in self._links:
            raise PagingLoop(self._url, "the link to the next page leads back")
        self._links.add(str(follower))
        return follower


class LastPages:
    """The last page of each of the lists that are being read, so that one which comes again is noticed.

    A cache or a proxy on the way does that now and then: another page was asked for, and the one before is the answer.
    Taken for the next one, its rows come twice, and those of the next one never.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def is_again(self, url: str, body: Any) -> bool:
        """Whether this is the last page of its list, again, although another one was asked for."""
        rows = _rows_in(body)
        if not rows:  # pages without rows are all alike
            return False
        with self._lock:
            asked, told = self._held.get(_list_of(url), (url, b""))
        return asked != url and told == _digest(rows)

    def keep(self, url: str, body: Any) -> None:
        """Remember the answer to a call."""
        with self._lock:
            self._held[_list_of(url)] = (url, _digest(_rows_in(body)))
            self._held.move_to_end(_list_of(url))
            while len(self._held) > _LISTS:
                self._held.popitem(last=False)


def _list_of(url: str) -> str:
    return url.partition("?")[0]


def _rows_in(body: Any) -> list[Any]:
    """Return what stands in the lists of a body: links and cursors may be new although the rows are the same."""
    if isinstance(body, Mapping):
        return [found for value in body.values() if isinstance(value, Mapping | list) for found in _rows_in(value)]
    return body if isinstance(body, list) else []


def _digest(body: Any) -> bytes:
    try:
        packed = orjson.dumps(body)
    except orjson.JSONEncodeError:  # what is legal JSON, but rare
        packed = repr(body).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(packed, digest_size=16).digest()
