"""Ratings by the happiness report, which names them by the conversation, the customer and the time.

The report is asked for each of the three by name. A row's own code goes before that: 1 great, 2 okay, 3 not good, as
the older reference numbers the filter (developer.helpscout.com/help-desk-api/reports/happiness/ratings). Filtered is by
when a rating was given; one that the customer changed later comes with `--full`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from deskferry.connectors.help_scout.scan import instant, moment
from deskferry.connectors.kit.contract import Cursor, Page, PullRequest, Raw, RawRecord
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.connectors.kit.session import Session

PATH = "reports/happiness/ratings"
LABELS = ("great", "ok", "not-good")
BEGINNING = "2010-01-01T00:00:00Z"
"""Before the vendor was: the report wants both ends."""
_CODES = {1: "great", 2: "ok", 3: "not-good"}
_OVERLAP = timedelta(days=1)


def pages(session: Session, request: PullRequest) -> Iterator[Page]:
    """Yield the ratings that were given since the cursor, in three passes."""
    state: Cursor = dict(request.cursor or {"since": request.since or BEGINNING})
    while True:
        now = datetime.fromtimestamp(session.clock.now(), UTC)
        state.setdefault("until", instant(now))
        state.setdefault("began", instant(now))
        at, number = int(state.get("at", 0)), int(state.get("page", 1))
        body = _page(session, state, LABELS[at], number)
        rows = [
            _record({**row, "rating": _CODES.get(row.get("ratingId"), LABELS[at])}) for row in body.get("results") or ()
        ]
        if rows and number < int(body.get("pages") or 0):
            state.update(page=number + 1)
        else:
            state.update(at=at + 1, page=1)
        if int(state.get("at", 0)) == len(LABELS):
            yield Page(tuple(rows), {"since": instant(moment(state["began"]) - _OVERLAP)}, last=True)
            return
        yield Page(tuple(rows), dict(state))


def _page(session: Session, state: Cursor, label: str, number: int) -> Raw:
    params = {
        "start": instant(moment(state["since"])), "end": state["until"], "rating": label, "page": number,
        "sortField": "number", "sortOrder": "ASC",  # one of number, modifiedAt, rating; this one does not move
    }  # fmt: skip
    body: Raw = session.get_page(PATH, params, alike=True).body
    told = body.get("page")
    if type(told) is int and told not in (0, number):
        raise PagingLoop(PATH, f"page {number} was asked for and page {told} came")
    return body


def _record(row: Raw) -> RawRecord:
    own = rating_id(row)
    return RawRecord("rating", own, {"key": own, **row})


def rating_id(row: Raw) -> str:
    """Return the id of a rating, which has none of its own."""
    given = "".join(filter(str.isdigit, str(row.get("ratingCreatedAt") or "")))
    return "-".join(str(part) for part in (row.get("id"), row.get("ratingCustomerId") or 0, given or 0))
