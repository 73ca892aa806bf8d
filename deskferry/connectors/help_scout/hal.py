"""Lists of the Inbox API: HAL envelopes, pages by number whose size the vendor fixes, totals that are compared.

A list is evaluated anew for every page. Rows that come into it push the others back, so that some come twice; a row
that leaves it pulls them forward, and one would be skipped. Both lists that are long are therefore read in an order in
which rows come in at the front; when the total has shrunk, the walk goes back by as much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskferry.connectors.kit.contract import Raw
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.connectors.kit.session import Answer, Session
from deskferry.errors import Stopped

_ATTEMPTS = 3
_WINDOW = 10_000
"""Rows after which an index may show none; the vendor documents no such end, and none was seen."""
_PAUSE = 2.0
"""Seconds before a page that cannot be right is asked for once more."""


class Beyond(Exception):
    """The vendor shows no further pages of a list, although its total goes on."""


@dataclass(frozen=True, slots=True)
class HalPage:
    """One page of a list. `total` None: the vendor does not count this list."""

    rows: Sequence[Raw]
    number: int
    more: bool
    total: int | None
    answer: Answer
    short: bool = False
    """It holds fewer rows than it must."""
    steady: bool = True
    """Nothing was missing so far, and nothing left the list while it was read."""


def rows_of(body: Any, key: str) -> list[Raw]:
    """Return the rows of a body: of an envelope, which an empty list lacks, or of a bare array (saved replies).

    The envelope's name is not known of every list: where there is but one list inside, it is that.
    """
    if isinstance(body, list):
        return body
    embedded = body.get("_embedded") if isinstance(body, Mapping) else None
    if not isinstance(embedded, Mapping):
        return []
    found = embedded.get(key, next(iter(embedded.values())) if len(embedded) == 1 else None)
    return found if isinstance(found, list) else []


def _page(answer: Answer, key: str, number: int) -> HalPage:
    body = answer.body
    rows = rows_of(body, key)
    told = body.get("page") if isinstance(body, Mapping) else None
    if not isinstance(told, Mapping):
        return HalPage(rows, number, False, len(rows) if isinstance(body, list) else None, answer)
    total, size, pages = (_whole(told.get(name)) for name in ("totalElements", "size", "totalPages"))
    following = bool(((body.get("_links") or {}).get("next") or {}).get("href"))
    # Whichever says that there is more; a link that leads to no rows ends the list.
    more = bool(rows and following) or (pages is not None and number < pages)
    short = False
    if total is not None and size and pages is not None:
        due = size if number < pages else total - (pages - 1) * size if number == pages else 0
        short = len(rows) < due
    return HalPage(rows, number, more, total, answer, short)


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None


def fetch(session: Session, path: str, key: str, params: Mapping[str, Any], number: int) -> HalPage:
    """Return one page; one that is another's, or lacks rows that it must have, is asked for again.

    Raises PagingLoop for a list that gives another page than the one that is asked for, Beyond for one that ends there.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        if attempt > 1:
            session.clock.sleep(_PAUSE)
        allow = (400,) if number > 1 else ()
        answer = session.get_page(path, {**params, "page": number}, allow=allow, alike=True)
        if answer.status == 400:
            raise Beyond(path)
        if not isinstance(answer.body, Mapping | list):
            raise Stopped(f"help_scout: {path} answered no list.", "Run the same command again later.")
        page = _page(answer, key, number)
        about = (answer.body.get("page") or {}) if isinstance(answer.body, Mapping) else {}
        told = about.get("number")
        strange = type(told) is int and told not in (0, number)  # 0 has been seen in empty answers (tap-helpscout)
        if not strange and not (page.short and attempt == 1):
            if page.short and not page.rows and (number - 1) * int(about["size"]) >= _WINDOW:
                raise Beyond(path)
            return page
    raise PagingLoop(path, f"page {number} was asked for and another one came")


def walk(
    session: Session,
    path: str,
    key: str,
    params: Mapping[str, Any] | None = None,
    *,
    begin: int = 1,
    total: int | None = None,
) -> Iterator[HalPage]:
    """Yield the pages of a list from page `begin` on; `total` is what an interrupted walk was told last."""
    number, steady = begin, True
    before: list[Any] | None = None
    while True:
        page = fetch(session, path, key, params or {}, number)
        lost = 0 if total is None or page.total is None else total - page.total
        total = page.total
        steady = steady and lost <= 0 and not page.short
        if lost > 0 and number > 1:
            size = _whole(page.answer.body["page"].get("size")) or len(page.rows) or 1
            number, before = max(1, number - -(-lost // size)), None
            continue
        same = [row.get("id", row) for row in page.rows]
        if same and same == before:
            raise PagingLoop(path, "the same page came twice")
        yield replace(page, steady=steady)
        if not page.more:
            return
        number, before = number + 1, same


def every_row(session: Session, path: str, key: str, params: Mapping[str, Any] | None = None) -> list[Raw]:
    """Return all rows of a list that belongs to one parent, each once."""
    found: dict[Any, Raw] = {}
    for page in walk(session, path, key, params):
        found.update({_name(row): row for row in page.rows})
    return list(found.values())


def _name(row: Raw) -> Any:
    return row.get("id", row.get("slug", repr(row)))
