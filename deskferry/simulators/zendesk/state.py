"""The account behind the API: what every handler reads and every change writes."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.simulators.kernel import SimClock
from deskferry.simulators.zendesk.metric_events import MetricEvents
from deskferry.simulators.zendesk.metrics import Metrics
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import TicketFile

Record = dict[str, Any]
_TICKET_BITS: Final = 20
_SEQUENCE_BITS: Final = 13


class EventIndex:
    """All audits of all tickets in the order of their time, each a single number."""

    def __init__(self, tickets: int, times: Callable[[int], list[int]]) -> None:
        self._tickets = tickets
        self._times = times
        self._order: array[int] | None = None

    def _built(self) -> array[int]:
        if self._order is None:
            keys = [
                _packed(at, place, sequence)
                for place in range(self._tickets)
                for sequence, at in enumerate(self._times(place))
            ]
            self._order = array("Q", sorted(keys))
        return self._order

    def add(self, at: int, place: int, sequence: int) -> None:
        """Note a new audit of the ticket at a position."""
        insort(self._built(), _packed(at, place, sequence))

    def since(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Go through (time, position of the ticket, sequence of the audit) from a time on."""
        order = self._built()
        for at in range(bisect_left(order, max(start, 0) << (_TICKET_BITS + _SEQUENCE_BITS)), len(order)):
            key = order[at]
            ticket = key >> _SEQUENCE_BITS & (1 << _TICKET_BITS) - 1
            yield key >> (_TICKET_BITS + _SEQUENCE_BITS), ticket, key & (1 << _SEQUENCE_BITS) - 1


def _packed(at: int, place: int, sequence: int) -> int:
    return at << (_TICKET_BITS + _SEQUENCE_BITS) | place << _SEQUENCE_BITS | sequence


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
    satisfaction_ratings: Callable[[], list[Record]]
    holidays: dict[int, list[Record]]
    blob: Callable[[str], Blob | None]
    renew_urls: Callable[[], None]
    missing_streams: list[str] = field(default_factory=list)
    new_identities: dict[int, list[Record]] = field(default_factory=dict)
    cache: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The account's own address."""
        return f"https://{self.subdomain}.zendesk.com"

    def now(self) -> int:
        """The time in whole seconds."""
        return int(self.clock.now())

    def remembered(self, name: str, version: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` makes, made once for a version."""
        known = self.cache.get(name)
        if known is None or known[0] != version:
            known = (version, make())
            self.cache[name] = known
        return known[1]

    def listed_tickets(self) -> list[int]:
        """Return the ids that lists show: what is neither deleted nor archived."""
        day = self.now() // 86_400

        def make() -> list[int]:
            now = self.now()
            return [file.record["id"] for file in self.tickets if not file.is_deleted and not file.is_archived(now)]

        found: list[int] = self.remembered("listed_tickets", (self.tickets.version, day), make)
        return found


def metrics_of(is_agent: Callable[[int], bool], hours: Any, host: str, policies: list[Record]) -> tuple[Any, Any]:
    """Return the functions that compute a ticket's metric set and its metric events."""
    metrics = Metrics(is_agent, hours, host)
    return metrics.metric_set, MetricEvents(metrics, policies, is_agent).of
