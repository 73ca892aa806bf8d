"""How conversations and customers are read: everything once, then what changed, while both move under our feet.

A first scan and `--full` read everything, and what such a sweep does not see is gone. Afterwards only what changed is
asked for: `modifiedSince` filters a time that no object tells, so that the mark is when a pass began, by the vendor's
clock where it is behind ours, less an overlap for what the vendor's index shows late. The latest changes come first:
what changes while we read comes in at the front, never where a row would be skipped. A pass of several pages is
followed by another one from its beginning on, which brings what moved to the front behind our back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any

from deskferry.connectors.help_scout.conversation import bare, embedded_threads, unfolded
from deskferry.connectors.help_scout.hal import Beyond, HalPage, fetch, walk
from deskferry.connectors.help_scout.lists import counted, record
from deskferry.connectors.help_scout.people import Unlisted
from deskferry.connectors.help_scout.streams import WHOLE
from deskferry.connectors.kit.contract import Child, Cursor, Declared, Page, PullRequest, Raw, RawRecord, Tombstone
from deskferry.connectors.kit.session import Session
from deskferry.errors import Stopped

_OVERLAP = timedelta(minutes=15)
_BRIEF_OVERLAP = timedelta(minutes=1)
_FOLLOWING = 3
"""Passes that follow one of several pages at most; what they miss, the next pull brings."""
_TOO_MANY = "{}: more changed while they were read than the vendor shows; the next pull reads everything."
SWEEP_ROWS = 10_000
"""Rows of a list that is read again because some of it is gone; of longer ones the user is told."""
_CHANGED: Mapping[str, Any] = MappingProxyType({"sortField": "modifiedAt", "sortOrder": "desc"})


@dataclass(frozen=True, slots=True)
class Long:
    """A list that is too long to be read whole each time."""

    name: str
    object: str
    base: Mapping[str, Any]
    """What is asked in any case: the list of conversations shows active ones only, unless it is told otherwise."""
    embedding: Mapping[str, Any]
    order: Mapping[str, Any]
    """Of a sweep: new rows come in at the front."""
    rising: Mapping[str, Any]
    """The oldest first, by a mark that each row tells."""
    mark: Callable[[Raw], Any]
    since: Callable[[Any], Mapping[str, Any]]
    """Mark → the filter of the rows from it on."""
    made: Callable[[HalPage], Page]


def _customers(page: HalPage) -> Page:
    return Page(tuple(record("customer", row) for row in page.rows))


def _conversations(page: HalPage) -> Page:
    """Return conversations with their threads; where not all of them came along, they are asked for one by one."""
    records: list[RawRecord | Tombstone] = []
    declared: list[Declared] = []
    children, whole = [], []
    for row in page.rows:
        threads = embedded_threads(row)
        found = unfolded(row, threads or ())
        records += found.records
        # One that counts no threads may hold some all the same: the counter leaves drafts and hidden ones out.
        if threads is None or not found.complete:
            children.append(Child(WHOLE, str(row["id"])))
        else:
            whole.append(("thread", str(row["id"])))
        declared += found.declared
    return Page(tuple(records), declared=tuple(declared), children=tuple(children), whole=tuple(whole))


CUSTOMERS = Long(
    "customers", "customer", MappingProxyType({}), MappingProxyType({}), _CHANGED,
    MappingProxyType({"sortField": "modifiedAt", "sortOrder": "asc"}),
    lambda row: row.get("updatedAt") or row.get("createdAt"),
    lambda mark: {"modifiedSince": instant(moment(mark))},
    _customers,
)  # fmt: skip
CONVERSATIONS = Long(
    "conversations", "conversation", MappingProxyType({"status": "all"}), MappingProxyType({"embed": "threads"}),
    MappingProxyType({"sortField": "number", "sortOrder": "desc"}),
    MappingProxyType({"sortField": "number", "sortOrder": "asc"}),
    lambda row: row.get("number"),
    lambda mark: {"query": f"(number:[{mark} TO *])"},
    _conversations,
)  # fmt: skip


def pages(
    session: Session, long: Long, request: PullRequest, named: Callable[[Raw], Raw] | None = None
) -> Iterator[Page]:
    """Yield everything that changed since the cursor; without one, everything. `named` is done to each row first."""
    state: Cursor = dict(request.cursor or _beginning(request.since))
    reader = _Reader(session, long, request, named, partial="partial" in state)
    if state["at"] == "sweep":
        yield from reader.sweep(state, long.embedding)
    yield from reader.changes(state)


def _beginning(since: str | None) -> Cursor:
    """Return where a first pull begins; one that leaves out what is older knows nothing of the whole."""
    return {"at": "sweep"} if since is None else {"at": "changes", "since": instant(moment(since)), "partial": True}


class _Reader:
    """One pull of one long list; `state` is the cursor, kept with every page."""

    def __init__(
        self,
        session: Session,
        long: Long,
        request: PullRequest,
        named: Callable[[Raw], Raw] | None,
        *,
        partial: bool,
    ) -> None:
        self._session, self._long, self._request, self._named = session, long, request, named
        self._kept = {"partial": True} if partial else {}
        self._fresh: set[str] = set()
        """What came and was not known."""
        self._unlisted = Unlisted(request.holds)

    # --------------------------------------------------------------------------------------------------- everything

    def sweep(self, state: Cursor, embedding: Mapping[str, Any]) -> Iterator[Page]:
        """Yield everything; afterwards the state is that of a pass over what changed meanwhile.

        Where the vendor shows the newest rows only, the rest is read from the oldest on, until both meet.
        """
        try:
            if "ceiling" not in state:
                yield from self._down(state, embedding)
                return
        except Beyond:
            state.update(ceiling=state.get("lowest"), page=1)
        yield from self._up(state, embedding)

    def _down(self, state: Cursor, embedding: Mapping[str, Any]) -> Iterator[Page]:
        long = self._long
        begin, steady = int(state.get("page", 1)), state.get("steady", True)
        params = {**long.base, **embedding, **long.order}
        for page in walk(self._session, long.name, long.name, params, begin=begin, total=state.get("total")):
            state.setdefault("began", instant(_server_time(page, self._session.clock.now())))
            steady = steady and page.steady
            if page.more:
                marks = [mark for row in page.rows if (mark := long.mark(row)) is not None]
                state.update(page=page.number + 1, total=page.total, steady=steady)
                state["lowest"] = min([*marks, *([state["lowest"]] if "lowest" in state else [])], default=None)
            else:
                self._rest(state, _OVERLAP)
            yield self._swept(page, state, embedding, complete=steady and not page.more)

    def _up(self, state: Cursor, embedding: Mapping[str, Any]) -> Iterator[Page]:
        """Yield pages from the oldest row on, each of a list that begins at the last mark: nothing moves before it."""
        long, ceiling, steady = self._long, state["ceiling"], state.get("steady", True)
        over = False
        while not over:
            low, number = state.get("low"), int(state.get("page", 1))
            params = {**long.base, **embedding, **long.rising, **({} if low is None else long.since(low))}
            try:
                page = fetch(self._session, long.name, long.name, params, number)
            except Beyond as end:
                raise Stopped(
                    f"help_scout: {long.name} holds more rows at {low} than the vendor shows.",
                    "This cannot be read around; ask the vendor's support.",
                ) from end
            marks = [mark for row in page.rows if (mark := long.mark(row)) is not None]
            highest = max(marks, default=low)
            over = not page.more or (ceiling is not None and highest is not None and highest >= ceiling)
            steady = steady and not page.short
            moved = highest is not None and (low is None or highest > low)
            state.update(low=highest if moved else low, page=1 if moved else number + 1, steady=steady)
            if over:
                self._rest(state, _OVERLAP)
            yield self._swept(page, state, embedding, complete=steady and over)

    def _swept(self, page: HalPage, state: Cursor, embedding: Mapping[str, Any], *, complete: bool) -> Page:
        long = self._long
        page = self._with_names(page)
        found = self._unlisted.asked_for(long.made(page) if embedding == long.embedding else _bare(long, page))
        return replace(found, cursor=dict(state), complete=complete, sweep=(long.object,))

    # ------------------------------------------------------------------------------------------------- what changed

    def changes(self, state: Cursor) -> Iterator[Page]:
        """Yield what changed since the mark, in as many passes as it takes; then compare what there is in all."""
        live, swept = self._request.live(), False
        while True:
            total = None if self._kept else self._total()
            several, followed = int(state.get("page", 1)) > 1, int(state.get("followed", 0))
            last = Page(())
            try:
                for page in self._pass(state):
                    several = several or page.more
                    last = self._made(page)
                    if page.more:
                        state.update(page=page.number + 1, total=page.total)
                        yield replace(last, cursor=dict(state))
            except Beyond:  # more changes than the vendor shows
                if swept:
                    yield Page((), {"at": "sweep", **self._kept}, last=True, notes=(_TOO_MANY.format(self._long.name),))
                    return
                state.clear()
                state.update(self._kept)
                yield from self.sweep(state, self._long.embedding)
                swept = True
                continue
            if not several or followed >= _FOLLOWING:
                self._rest(state, _OVERLAP)
                yield from self._compared(replace(last, cursor=dict(state), last=True), live, total)
                return
            self._rest(state, _BRIEF_OVERLAP)
            state["followed"] = followed + 1
            yield replace(last, cursor=dict(state))

    def _pass(self, state: Cursor) -> Iterator[HalPage]:
        long = self._long
        params = {**long.base, **long.embedding, **_CHANGED, "modifiedSince": state["since"]}
        begin = int(state.get("page", 1))
        for page in walk(self._session, long.name, long.name, params, begin=begin, total=state.get("total")):
            state.setdefault("began", instant(_server_time(page, self._session.clock.now())))
            yield page

    def _made(self, page: HalPage) -> Page:
        known = self._request.known
        if not self._kept:  # of a part of the account nothing is compared
            self._fresh.update(own for row in page.rows if not known(own := str(row["id"])))
        return self._unlisted.asked_for(self._long.made(self._with_names(page)))

    def _with_names(self, page: HalPage) -> HalPage:
        return page if self._named is None else replace(page, rows=[self._named(row) for row in page.rows])

    def _rest(self, state: Cursor, overlap: timedelta) -> None:
        """Make the cursor one that begins a little before the pass that it is of."""
        began = moment(state["began"])
        state.clear()
        state.update(at="changes", since=instant(began - overlap), **self._kept)

    # --------------------------------------------------------------------------------------------------- comparison

    def _compared(self, last: Page, live: int, total: int | None) -> Iterator[Page]:
        """Yield the last page with the total of the vendor; what is gone without a word is looked for.

        The total was asked for before the pass: what came into being since then is no shortfall.
        """
        if total is None:
            yield last
            return
        long, held = self._long, live + len(self._fresh)
        latest = total if held <= total else self._total() or total
        ended = replace(last, declared=(*last.declared, counted(long.object, min(total, latest))))
        surplus = held - latest
        if surplus <= 0:
            yield ended
        elif total > SWEEP_ROWS:
            note = f"{long.name}: {surplus} are gone at the vendor, which does not tell which: pull with --full."
            yield replace(ended, notes=(note,))
        else:
            yield replace(last, cursor=None, last=False)
            for page in self.sweep({}, {}):
                yield replace(page, cursor=None)
            yield Page((), last.cursor, last=True, declared=ended.declared)

    def _total(self) -> int | None:
        long = self._long
        return fetch(self._session, long.name, long.name, {**long.base, **long.order}, 1).total


def _bare(long: Long, page: HalPage) -> Page:
    """Return the rows of a list without what else may come with them."""
    return Page(tuple(record(long.object, bare(row)) for row in page.rows))


def moment(text: str) -> datetime:
    """Return a time as the vendor writes it; without an offset it is UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def instant(at: datetime) -> str:
    """Return a time as the vendor takes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _server_time(page: HalPage, now: float) -> datetime:
    """Return the earlier of the vendor's clock and ours: a clock that is ahead would lose changes."""
    ours = datetime.fromtimestamp(now, UTC)
    try:
        return min(ours, parsedate_to_datetime(page.answer.headers.get("date", "")).astimezone(UTC))
    except (ValueError, TypeError):
        return ours
