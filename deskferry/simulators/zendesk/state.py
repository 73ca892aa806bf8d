"""The account behind the API: what every handler reads and every change writes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deskferry.simulators.blobs import Blobs
from deskferry.simulators.kernel import Mail, SimClock
from deskferry.simulators.zendesk.agenda import Agenda
from deskferry.simulators.zendesk.facts import SEQUENCE_BITS, TICKET_BITS, Facts, packed
from deskferry.simulators.zendesk.ids import id_of, seconds
from deskferry.simulators.zendesk.metric_events import MetricEvents
from deskferry.simulators.zendesk.metrics import Metrics
from deskferry.simulators.zendesk.paging import Rows
from deskferry.simulators.zendesk.settings import Settings
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import ARCHIVE_AFTER, TicketFile

Record = dict[str, Any]
FIRST_NEW = 1 << 33  # the key above which new records are: beyond those of any account that is generated


class EventIndex:
    """All audits of all tickets in the order of their time."""

    def __init__(self, facts: Callable[[], Facts]) -> None:
        self._facts = facts

    def add(self, at: int, place: int, sequence: int) -> None:
        """Note a new audit of the ticket at a position."""
        insort(self._facts().events, packed(at, place, sequence))

    def since(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Go through (time, position of the ticket, sequence of the audit) from a time on."""
        order = self._facts().events
        for at in range(bisect_left(order, packed(max(start, 0), 0, 0)), len(order)):
            key = order[at]
            ticket = key >> SEQUENCE_BITS & (1 << TICKET_BITS) - 1
            yield key >> (TICKET_BITS + SEQUENCE_BITS), ticket, key & (1 << SEQUENCE_BITS) - 1


@dataclass(slots=True)
class Blob:
    """The bytes behind a URL. `health` is what a download meets: ok, flaky (503 once) or gone (404)."""

    key: str
    name: str
    content_type: str
    size: int
    content: Callable[[], bytes]
    health: str = "ok"


@dataclass(slots=True)
class Guide:
    """The help centre: its lists, and what hangs on their records."""

    lists: dict[str, list[Record]] = field(default_factory=dict)
    translations: Callable[[str, int], list[Record]] = lambda _kind, _identifier: []
    attachments: Callable[[int], list[Record]] = lambda _identifier: []
    written_translations: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    written_attachments: dict[int, list[Record]] = field(default_factory=dict)
    unassociated: dict[int, Record] = field(default_factory=dict)  # files of no article yet


@dataclass(slots=True)
class Written:
    """What there is only because somebody wrote: jobs, uploads and their bytes, mails, what comes later."""

    settings: Settings = field(default_factory=Settings)
    mailbox: list[Mail] = field(default_factory=list)
    agenda: Agenda = field(default_factory=Agenda)
    bytes: Blobs = field(default_factory=lambda: Blobs(0))
    blobs: dict[str, Blob] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    job_faults: list[tuple[str, int]] = field(default_factory=list)  # what, after how many rows
    uploads: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)  # by idempotency key
    memberships: dict[int, list[Record]] = field(default_factory=dict)  # of organizations, by user
    people: Any = None  # the index of e-mail addresses and external ids, once it is wanted
    externals: dict[str, list[int]] = field(default_factory=dict)  # tickets that were given an external id
    ratings: dict[int, Record] = field(default_factory=dict)  # by ticket
    counters: dict[str, int] = field(default_factory=dict)
    moment: float | None = None


@dataclass(slots=True)
class State:
    """A whole account. The short lists are in `lists` by the name of their envelope."""

    clock: SimClock
    subdomain: str
    account_id: int
    plan: str
    tickets: Store[TicketFile]
    users: Store[Record]
    organizations: Store[Record]
    events: EventIndex
    lists: dict[str, list[Record]]
    guide: Guide
    metrics: Callable[[TicketFile], Record]
    metric_events: Callable[[TicketFile], list[Record]]
    identities: Callable[[int], list[Record]]
    organization_memberships: Callable[[], list[Record]]
    facts: Callable[[], Facts]
    ratings: Callable[[], Rows]
    holidays: dict[int, list[Record]]
    blob: Callable[[str], Blob | None]
    renew_urls: Callable[[], None]
    missing_streams: list[str] = field(default_factory=list)
    new_identities: dict[int, list[Record]] = field(default_factory=dict)
    cache: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    written: Written = field(default_factory=Written)

    @property
    def host(self) -> str:
        """The account's own address."""
        return f"https://{self.subdomain}.zendesk.com"

    def now(self) -> int:
        """The time in whole seconds; while something is caught up with, the time at which it happens."""
        return int(self.clock.now() if self.written.moment is None else self.written.moment)

    def later(self, seconds_from_now: float, action: Callable[[], None]) -> None:
        """Do something after a while."""
        now = self.clock.now() if self.written.moment is None else self.written.moment
        self.written.agenda.add(now + seconds_from_now, action)

    def catch_up(self) -> None:
        """Do everything whose time has come."""
        while (due := self.written.agenda.next_before(self.clock.now())) is not None:
            self.written.moment, action = due
            try:
                action()
            finally:
                self.written.moment = None

    def new_id(self, kind: str) -> int:
        """Return an id that nothing has, above all those of its kind."""
        counters = self.written.counters
        counters[kind] = counters.get(kind, FIRST_NEW) + 1
        return id_of(kind, counters[kind])

    def remembered(self, name: str, version: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` makes, made once for a version."""
        known = self.cache.get(name)
        if known is None or known[0] != version:
            known = (version, make())
            self.cache[name] = known
        return known[1]

    def listed_tickets(self) -> list[int]:
        """Return the ids that lists show: what is neither deleted nor archived."""
        now = self.now()

        def listed(place: int) -> bool:
            changed = self.tickets.changed(place)
            if changed is not None:
                return not changed.is_deleted and not changed.is_archived(now)
            archived = place in facts.closed and facts.updated[place] < now - ARCHIVE_AFTER
            return not archived and place not in facts.deleted

        def make() -> list[int]:
            return [self.tickets.id_at(place) for place in range(len(self.tickets)) if listed(place)]

        facts = self.facts()
        found: list[int] = self.remembered("listed_tickets", (self.tickets.version, now // 86_400), make)
        return found

    def all_ratings(self) -> Rows:
        """Return the satisfaction ratings, those that were given since in the place of older ones."""
        rows, own = self.ratings(), self.written.ratings
        if not own:
            return rows
        new = {row["id"]: row for row in own.values()}
        ids = sorted({*rows.ids, *new})
        return Rows(ids, lambda one: new[one] if one in new else rows.row(one))

    def deleted_tickets(self) -> list[TicketFile]:
        """Return the tickets that were deleted, in the order of their ids."""
        places = sorted({*self.facts().deleted, *self.tickets.changed_places()})
        files = (self.tickets.at(place) for place in places)
        return [file for file in files if file.is_deleted]

    def tickets_by_creation(self) -> list[tuple[int, int]]:
        """Return (time of creation, position) of all tickets, in order."""

        def make() -> list[tuple[int, int]]:
            created = self.facts().created
            added = range(len(created), len(self.tickets))
            new = [(seconds(self.tickets.at(place).record["created_at"]), place) for place in added]
            return sorted([*zip(created, range(len(created)), strict=True), *new])

        found: list[tuple[int, int]] = self.remembered("tickets_by_creation", len(self.tickets), make)
        return found


def metrics_of(is_agent: Callable[[int], bool], hours: Any, host: str, policies: list[Record]) -> tuple[Any, Any]:
    """Return the functions that compute a ticket's metric set and its metric events."""
    metrics = Metrics(is_agent, hours, host)
    return metrics.metric_set, MetricEvents(metrics, policies, is_agent).of
