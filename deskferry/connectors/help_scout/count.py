"""How many conversations, customers and organizations there are, and which: by the totals of their lists.

A query's upper bound is not relied on (its users report it ignored): what was created before a moment is the
difference of two totals, and a list that begins at a moment is read until it has left the span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final

from deskferry.connectors.help_scout.hal import Beyond, fetch, walk
from deskferry.connectors.help_scout.streams import CONVERSATIONS, CUSTOMERS, ORGANIZATIONS
from deskferry.connectors.kit.count_seam import BeyondList, Countable, Counting, Listed, Span
from deskferry.connectors.kit.session import Session

_LISTS: Final = MappingProxyType({"ticket": CONVERSATIONS, "person": CUSTOMERS, "organization": ORGANIZATIONS})
_BASE: Final = MappingProxyType({"ticket": {"status": "all"}})
_INDEX: Final = "by the list's total, whose index is minutes behind"

COUNTING: Final = Counting(
    (
        Countable("ticket", "conversation", True, frozenset({"deleted", "merged"}), page=25, note=_INDEX),
        Countable("person", "customer", False, frozenset({"deleted"}), page=50, note=_INDEX),
        Countable("organization", "organization", False, frozenset({"deleted"}), page=50),
    ),
    MappingProxyType({
        "message": "Help Scout counts threads one conversation at a time only; conversations that are read anew are "
        "compared whole.",
        "article": "Help Scout counts articles one collection at a time only.",
    }),
)  # fmt: skip


def counts(session: Session, kind: str, spans: Sequence[Span]) -> list[int | None]:
    """Return how many records of a kind were created in each span, a call each: spans follow one another."""
    from_on = [_total(session, kind, span) for span in spans]
    after = [*from_on[1:], 0]
    return [None if one is None or two is None else one - two for one, two in zip(from_on, after, strict=True)]


def _params(kind: str, span: Span) -> dict[str, Any]:
    since = {} if span.low is None else {"query": f"(createdAt:[{span.low} TO *])"}
    return {**_BASE.get(kind, {}), **since}


def _total(session: Session, kind: str, span: Span) -> int | None:
    path = _LISTS[kind]
    return fetch(session, path, path, _params(kind, span), 1).total


def listed(session: Session, kind: str, span: Span) -> Iterator[list[Listed]]:
    """Yield what was created in a span, the oldest first where the list can be ordered."""
    path = _LISTS[kind]
    order = {"sortField": "createdAt", "sortOrder": "asc"} if kind == "ticket" else {}
    try:
        for page in walk(session, path, path, {**_params(kind, span), **order}):
            rows = [Listed(str(row["id"]), row.get("createdAt"), row.get("updatedAt")) for row in page.rows]
            within = [one for one in rows if span.high is None or (one.created_at or "") < span.high]
            yield within
            if order and len(within) < len(rows):
                return
    except Beyond as end:
        raise BeyondList(f"{path} is longer than the vendor shows") from end
