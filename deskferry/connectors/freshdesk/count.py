"""How many tickets, contacts and companies there are, and which: by the search, which lags by minutes.

It takes days, both ends included, and shows 300 rows at most: a longer span is halved until it fits. Archived tickets
are not found, nor are those in the trash and in spam (reference).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final

from deskferry.connectors.kit.count_seam import BeyondList, Countable, Counting, LeftOut, Listed, Span
from deskferry.connectors.kit.session import Session

_ROWS: Final = 30
_SHOWN: Final = 300
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2100, 1, 1)
_NOTE: Final = "by the search, which is minutes behind and counts the days of the account's time zone"
_TABLES: Final = MappingProxyType({"ticket": "tickets", "person": "contacts", "organization": "companies"})
_TRASH: Final[frozenset[LeftOut]] = frozenset({"archived", "deleted", "spam"})

COUNTING: Final = Counting(
    (
        Countable("ticket", "ticket", True, _TRASH, page=_ROWS, note=_NOTE),
        Countable("person", "user", True, frozenset({"deleted", "agents"}), page=_ROWS, note=_NOTE),
        Countable("organization", "company", True, frozenset({"deleted"}), page=_ROWS, note=_NOTE),
    ),
    MappingProxyType({
        "message": "Freshdesk counts no conversations; tickets that are read anew are compared whole.",
        "article": "Freshdesk counts no articles.",
    }),
)  # fmt: skip


def counts(session: Session, kind: str, spans: Sequence[Span]) -> list[int | None]:
    """Return how many records of a kind were created in each span, a call each."""
    return [_count(session, kind, *_days(span)) for span in spans]


def listed(session: Session, kind: str, span: Span) -> Iterator[list[Listed]]:
    """Yield what was created in a span, the latest first in each part of it."""
    yield from _halved(session, kind, *_days(span))


def _days(span: Span) -> tuple[date, date]:
    """Return the first and the last day of a span."""
    low = date.fromisoformat(span.low[:10]) if span.low else _FIRST
    high = date.fromisoformat(span.high[:10]) - timedelta(1) if span.high else _LAST
    return low, high


def _page(session: Session, kind: str, low: date, high: date, page: int) -> Any:
    query = f"\"created_at:>'{low}' AND created_at:<'{high}'\""
    answer = session.request_json(
        "GET", f"search/{_TABLES[kind]}", params={"query": query, "page": page}, allow=(400, 403, 404)
    )
    return answer.body if answer.status == 200 and isinstance(answer.body, dict) else None


def _count(session: Session, kind: str, low: date, high: date) -> int | None:
    found = (_page(session, kind, low, high, 1) or {}).get("total")
    return found if isinstance(found, int) else None


def _halved(session: Session, kind: str, low: date, high: date) -> Iterator[list[Listed]]:
    body = _page(session, kind, low, high, 1)
    if body is None:
        raise BeyondList(f"the search of {_TABLES[kind]} is refused")
    total = int(body["total"])
    if total > _SHOWN:
        if low >= high:
            raise BeyondList(f"{total} {_TABLES[kind]} were created on {low}, and the search shows {_SHOWN} of them")
        middle = low + (high - low) // 2
        yield from _halved(session, kind, low, middle)
        yield from _halved(session, kind, middle + timedelta(1), high)
        return
    page, seen = 1, 0
    while body is not None and body["results"]:
        yield [Listed(str(row["id"]), row.get("created_at"), row.get("updated_at")) for row in body["results"]]
        seen += len(body["results"])
        if seen >= total:
            return
        page += 1
        body = _page(session, kind, low, high, page)
