"""How many tickets, people and organizations there are, and which: by the search, which lags by minutes.

Archived tickets are found by it; deleted tickets and people are not (a deleted user is an inactive one).
`search/export` lists without the search's end at a thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from deskferry.connectors.kit.count_seam import Countable, Counting, Listed, Span
from deskferry.connectors.kit.session import Session

_LAG: Final = "by the search, which is minutes behind"
_TYPES: Final = MappingProxyType({"ticket": "ticket", "person": "user", "organization": "organization"})
_PAGE: Final = 100
"""Vendor: 100 rows a page are recommended (Search)."""

COUNTING: Final = Counting(
    (
        Countable("ticket", "ticket", True, frozenset({"deleted"}), page=_PAGE, note=_LAG),
        Countable("person", "user", True, frozenset({"deleted", "inactive"}), page=_PAGE, note=_LAG),
        Countable("organization", "organization", True, frozenset({"deleted"}), page=_PAGE, note=_LAG),
    ),
    MappingProxyType({
        "message": "Zendesk counts comments one ticket at a time only; tickets that are read anew are compared whole.",
        "article": "The help centre's search finds published articles only.",
    }),
)  # fmt: skip


def counts(session: Session, kind: str, spans: Sequence[Span]) -> list[int | None]:
    """Return how many records of a kind were created in each span, a call each."""
    return [_count(session, kind, span) for span in spans]


def _count(session: Session, kind: str, span: Span) -> int | None:
    query = " ".join([f"type:{_TYPES[kind]}", *_within(span)])
    answer = session.request_json("GET", "search/count", params={"query": query}, allow=(403, 404, 422))
    found = answer.body.get("count") if answer.status == 200 and isinstance(answer.body, dict) else None
    return found if isinstance(found, int) else None


def _within(span: Span) -> list[str]:
    return [
        f"created{sign}{moment}"
        for sign, moment in ((">=", span.low), ("<", span.high))
        if moment is not None
    ]  # fmt: skip


def listed(session: Session, kind: str, span: Span) -> Iterator[list[Listed]]:
    """Yield what was created in a span, in the order of creation."""
    params: dict[str, object] = {
        "query": " ".join(_within(span)), "filter[type]": _TYPES[kind], "page[size]": _PAGE,
    }  # fmt: skip
    while True:
        body = session.get_json("search/export", params)
        yield [Listed(str(row["id"]), row.get("created_at"), row.get("updated_at")) for row in body["results"]]
        meta = body.get("meta") or {}
        if not meta.get("has_more") or not meta.get("after_cursor"):
            return
        params["page[after]"] = meta["after_cursor"]
