"""How lists are read that grow while they are read: tickets, contacts, ratings.

Tickets come in the order of `updated_at`. Each page begins a new window at the last `updated_at` of the one before:
nothing moves under our feet as it does with page numbers, and the end of the list at page 300 is never reached, unless
more than 30,000 tickets were changed in one second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from deskferry.connectors.freshdesk.children import named
from deskferry.connectors.freshdesk.streams import LAST_PAGE
from deskferry.connectors.freshdesk.whole_contacts import listed_contact
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Cursor, Page, PullRequest, RawRecord
from deskferry.connectors.kit.session import Answer

BEGINNING = "2000-01-01T00:00:00Z"
"""Without `updated_since` only tickets created in the last 30 days come (airbytehq/airbyte#6133)."""
_OVERLAP = timedelta(seconds=60)
"""What came late or was written while we read is looked for once more; the same state is not fetched twice."""
_SECOND = timedelta(seconds=1)
_SETTLED = timedelta(seconds=2)
"""A second may still gain changes until it is over."""
_REMEMBERED = 500
"""Tickets of the overlap that a cursor remembers; with more of them the overlap is shorter. Contacts likewise, of whom
more are read twice."""

Row = dict[str, Any]


class List(Protocol):
    """One page of a list."""

    def __call__(self, path: str, params: Mapping[str, Any], allow: Sequence[int] = ()) -> Answer: ...


_TICKET_PASSES: tuple[tuple[str, dict[str, str]], ...] = (
    ("live", {"include": "stats"}),
    ("deleted", {"filter": "deleted", "include": "description,stats"}),
    ("spam", {"filter": "spam", "include": "description,stats"}),
)
"""Deleted and spam tickets are not in the default list; what it says of them is kept in case they are purged."""


def _moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _more(answer: Answer) -> bool:
    return 'rel="next"' in answer.headers.get("link", "")


# ------------------------------------------------------------------------------------------------------------ tickets


class _Window:
    """Where one pass of the tickets stands: the time from which it reads on, and what it has from there."""

    def __init__(self, mark: Mapping[str, Any] | None, since: str | None) -> None:
        self.since: str = (mark or {}).get("since") or since or BEGINNING
        self.seen: dict[str, str] = dict((mark or {}).get("seen", {}))
        """Ids that were read in the state of this `updated_at`, from `since` on."""

    def take(self, rows: Sequence[Row], now: datetime) -> list[Row]:
        """Return the rows that are new or changed, and remember those that can no longer change unnoticed."""
        fresh = []
        for row in rows:
            key, stamp = str(row["id"]), str(row["updated_at"])
            if self.seen.get(key) != stamp:
                fresh.append(row)
            if _moment(stamp) + _SETTLED <= now:
                self.seen[key] = stamp
        return fresh

    def move(self, last: str) -> bool:
        """Begin the next window at the last row's time; whether that is further than now."""
        if _moment(last) <= _moment(self.since):
            return False
        self.since = last
        return True

    def mark(self, *, ended: bool) -> Cursor:
        """Return the cursor of this pass: where it stands, and at its end a little back from there."""
        back = _OVERLAP if ended else _SECOND
        oldest = max(_moment(self.since) - _OVERLAP, _moment(BEGINNING))
        self.seen = {key: stamp for key, stamp in self.seen.items() if _moment(stamp) >= oldest}
        begin = max(_moment(self.since) - back, _moment(BEGINNING))
        kept = {key: stamp for key, stamp in self.seen.items() if _moment(stamp) >= begin}
        if len(kept) > _REMEMBERED:
            newest = sorted(kept.items(), key=lambda item: item[1])[-_REMEMBERED:]
            begin, kept = min(_moment(newest[0][1]), _moment(self.since)), dict(newest)
        return {"since": _text(begin if ended else _moment(self.since)), "seen": kept}


def tickets(read: List, request: PullRequest, clock: Clock) -> Iterator[Page]:
    """Yield the pages of the three passes: each names the tickets that are still to be read whole.

    The list leaves out files. A cursor holds the mark of each pass and which one is under way.
    """
    cursor: Cursor = dict(request.cursor or {})
    marks: dict[str, Any] = dict(cursor.get("marks", {}))
    begin = int(cursor.get("at", 0))
    for number in range(begin, len(_TICKET_PASSES)):
        name, params = _TICKET_PASSES[number]
        window = _Window(marks.get(name), request.since)
        for rows, last, notes in _ticket_pages(read, window, params, clock):
            marks[name] = window.mark(ended=last)
            ended = last and number == len(_TICKET_PASSES) - 1
            at = 0 if ended else number + 1 if last else number
            wanted = tuple(named(row) for row in rows)
            yield Page((), {"at": at, "marks": dict(marks)}, ended, children=wanted, notes=notes)


def _ticket_pages(
    read: List, window: _Window, params: Mapping[str, str], clock: Clock
) -> Iterator[tuple[list[Row], bool, tuple[str, ...]]]:
    """Yield (new rows, whether this was the last page, notes)."""
    page = 1
    while True:
        now = datetime.fromtimestamp(clock.now(), UTC)
        answer = read(
            "tickets",
            {
                **params,
                # Whether the vendor means "since" or "after" is not written down: a second more costs little.
                "updated_since": _text(max(_moment(window.since) - _SECOND, _moment(BEGINNING))),
                "order_by": "updated_at",
                "order_type": "asc",
                "page": page,
            },
        )
        rows: list[Row] = answer.body or []
        fresh = window.take(rows, now)
        if not rows or not _more(answer):
            if rows:
                window.move(str(rows[-1]["updated_at"]))
            yield fresh, True, ()
            return
        notes: tuple[str, ...] = ()
        if window.move(str(rows[-1]["updated_at"])):
            page = 1
        elif page < LAST_PAGE:
            page += 1
        else:
            many = LAST_PAGE * len(rows)
            notes = (f"More than {many} tickets were changed at {window.since}: the vendor hides the rest of them.",)
            window.since, page = _text(_moment(window.since) + _SECOND), 1
        yield fresh, False, notes


# ----------------------------------------------------------------------------------------------------------- contacts

_BLOCKED = {"state": "blocked"}
_CONTACT_PASSES: tuple[dict[str, str], ...] = ({}, {"state": "deleted"}, _BLOCKED)
"""The default list hides blocked and deleted contacts."""
_SINCE_NAMES = ("_updated_since", "updated_since")
"""Accounts differ in which one they know: on a 400 the other is tried."""


def contacts(read: List, request: PullRequest, clock: Clock, *, whole: bool = True) -> Iterator[Page]:
    """Yield the contacts of three passes; `whole`: each that is new or changed is still to be read by itself.

    The list leaves out tags and further addresses. It is alphabetical: who is changed while we read comes again,
    because the next pull begins before this one did; who is deleted moves the others to earlier pages, so that the live
    ones are then read once more.
    """
    cursor: Cursor = dict(request.cursor or {})
    state: Cursor = {"since": cursor.get("since") or request.since, "at": 0, "page": 1, **cursor}
    passes = [*_CONTACT_PASSES]
    if state.get("moved"):
        passes.append({})
    while state["at"] < len(passes):
        chosen = passes[state["at"]]
        answer = _contact_page(read, chosen, state)
        began = state.setdefault("began", _text(_server_time(answer, clock.now()) - _OVERLAP))
        rows: list[Row] = answer.body or []
        told = [_told(row, chosen) for row in rows]
        records = () if whole else tuple(RawRecord("user", str(row["id"]), row) for row in told)
        children = tuple(listed_contact(row) for row in _unread(told, state, clock.now())) if whole else ()
        if 0 < state["at"] < len(_CONTACT_PASSES) and state.get("paged") and not state.get("moved"):
            # Deleted or blocked since we began: somebody else may have slipped past us.
            state["moved"] = any(
                _moment(str(row["updated_at"])) > _moment(began) + _OVERLAP for row in rows if row.get("updated_at")
            )
            passes += [{}] if state["moved"] else []
        if rows and _more(answer):
            state["paged"] = state.get("paged") or state["at"] == 0
            state["page"] += 1
        else:
            state["at"], state["page"] = state["at"] + 1, 1
        last = state["at"] >= len(passes)
        ended = {"since": began, "seen": state.get("seen", {})}
        yield Page(records, ended if last else dict(state), last, children=children)


def _told(row: Row, chosen: Mapping[str, str]) -> Row:
    """Return a contact with what only the list that it is in tells."""
    return {"blocked": True, **row} if chosen is _BLOCKED else row


def _unread(rows: Sequence[Row], state: Cursor, now: float) -> list[Row]:
    """Return the contacts that were not named as they are now; those that come again are remembered."""
    seen: dict[str, str] = dict(state.get("seen", {}))
    fresh, moment = [], datetime.fromtimestamp(now, UTC)
    for row in rows:
        told = row.get("updated_at") or row.get("created_at")
        key, stamp = str(row["id"]), f"{told}{' blocked' if row.get('blocked') else ''}"
        if not told or seen.get(key) != stamp:
            fresh.append(row)
        changed = _moment(str(told)) if told else None
        if changed is not None and changed >= _moment(state["began"]) and changed + _SETTLED <= moment:
            seen[key] = stamp
    state["seen"] = dict(sorted(seen.items(), key=lambda item: item[1])[-_REMEMBERED:])
    return fresh


def _contact_page(read: List, params: Mapping[str, str], state: Cursor) -> Answer:
    """Return a page; the name of the filter that this account knows is remembered."""
    asked: dict[str, Any] = {**params, "page": state["page"]}
    if not state["since"]:
        return read("contacts", asked)
    name = state.setdefault("filter", _SINCE_NAMES[0])
    answer = read("contacts", {**asked, name: state["since"]}, (400,) if name == _SINCE_NAMES[0] else ())
    if answer.status != 400:
        return answer
    state["filter"] = _SINCE_NAMES[1]
    return read("contacts", {**asked, _SINCE_NAMES[1]: state["since"]})


def _server_time(answer: Answer, now: float) -> datetime:
    """Return the earlier of the vendor's clock and ours: a clock that is ahead would lose changes."""
    ours = datetime.fromtimestamp(now, UTC)
    try:
        return min(ours, parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC))
    except (ValueError, TypeError):
        return ours


# ------------------------------------------------------------------------------------------------------------ ratings


_COMMENTED_LATER = timedelta(days=30)
"""How long an answer may still change: customers click first and comment later (the reference's own sample has an
`updated_at` after its `created_at`), and the list is filtered by creation alone."""


def ratings(read: List, request: PullRequest, clock: Clock) -> Iterator[Page]:
    """Yield satisfaction ratings by `created_since`: those that are new, and those that may have changed since."""
    cursor: Cursor = dict(request.cursor or {})
    since = cursor.get("since") or request.since
    began, page = cursor.get("began"), int(cursor.get("page", 1))
    while True:
        now = clock.now()
        answer = read("surveys/satisfaction_ratings", {"created_since": since, "page": page})
        began = began or _text(_server_time(answer, now) - _OVERLAP)
        records = tuple(RawRecord("satisfaction_rating", str(row["id"]), row) for row in answer.body or ())
        if not records or not _more(answer):
            yield Page(records, {"since": _text(_moment(began) - _COMMENTED_LATER)}, last=True)
            return
        page += 1
        yield Page(records, {"since": since, "began": began, "page": page})
