"""The state of one account: tables of plain records, the indexes over them, clock, ids and pending work."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deskferry.simulators.blobs import Blobs
from deskferry.simulators.freshdesk.errors import Row, needs_feature, not_found
from deskferry.simulators.freshdesk.ordered import Ordered
from deskferry.simulators.freshdesk.plans import PLANS, Plan
from deskferry.simulators.freshdesk.ticket_index import TicketIndex
from deskferry.simulators.freshdesk.times import stamp
from deskferry.simulators.kernel import Mail, SimClock
from deskferry.simulators.search_index import SearchIndex

# Where the ids of each table begin, above the account's own thirteen-digit base; tickets count from 1.
FIRST_IDS = {
    "contacts": 40_306_000,
    "companies": 567_300,
    "groups": 347_900,
    "conversations": 90_120_000,
    "attachments": 60_840_000,
    "ticket_fields": 112_300,
    "contact_fields": 113_300,
    "company_fields": 114_300,
    "roles": 100_190,
    "products": 100_197,
    "email_configs": 112_341,
    "time_entries": 20_600,
    "satisfaction_ratings": 30_400,
    "solution_categories": 150_100,
    "solution_folders": 230_100,
    "solution_articles": 260_100,
    "canned_responses": 93_900,
    "canned_response_folders": 10_400,
}


# The tables that a snapshot always has, empty or not.
TABLES = (
    *("agents", "groups", "companies", "contacts", "tickets", "conversations", "attachments", "time_entries"),
    *("satisfaction_ratings", "solution_categories", "solution_folders", "solution_articles", "canned_responses"),
)


@dataclass(slots=True)
class Settings:
    """What an administrator, or a test, can switch."""

    domain: str = "acme"
    account_id: int = 1_840_509
    account_name: str = "Acme"
    plan: Plan = PLANS["pro"]
    features: dict[str, bool] = field(default_factory=dict)
    notifications: bool = True
    automations: bool = True
    surveys: bool = True
    role: str = "admin"
    search_lag: float = 120.0
    attachment_ttl: float = 300.0
    due_delay: float = 4.0
    recompute_due: bool = False
    job_delay: float = 2.0
    max_agents: int = 12
    max_attachment_bytes: int = 20 * 1024 * 1024
    channel_api: bool = False
    companies_since: bool = True
    email_configs: bool = True
    require_origin_field_rights: bool = True
    languages: tuple[str, ...] = ("en", "de", "es")
    time_zone: str = "Eastern Time (US & Canada)"
    storage_origin: str | None = None
    revoked: bool = False


class Account:
    """One account. Handlers read and write its tables; nothing here knows HTTP."""

    def __init__(self, clock: SimClock, settings: Settings, seed: int) -> None:
        self.clock = clock
        self.settings = settings
        self.seed = seed
        self.base = (1000 + seed % 100) * 1_000_000_000
        self.mailbox: list[Mail] = []
        self.tables: dict[str, dict[int, Row]] = defaultdict(dict)
        for table in TABLES:
            self.tables[table] = {}
        self.blobs = Blobs(seed)
        self.tickets = TicketIndex(self.tables["tickets"])
        self.search = SearchIndex()
        self.people_by: dict[str, dict[str, int]] = {key: {} for key in ("email", "unique_external_id", "twitter_id")}
        self.companies_by: dict[str, dict[str, int]] = {"name": {}, "domain": {}}
        self.blank_customs: dict[str, Row] = {}
        self.keys_of: dict[int, list[str]] = {}
        self.contact_order = Ordered()
        self.notes_of: dict[int, list[int]] = defaultdict(list)
        self.version = 0
        self._next: dict[str, int] = {}
        self._pending: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._cache: dict[tuple[Any, ...], tuple[int, list[int]]] = {}
        self._stamped: tuple[int, str] = (-1, "")

    def now(self) -> str:
        """Return the present time as the API writes it."""
        seconds = int(self.clock.now())
        if self._stamped[0] != seconds:
            self._stamped = (seconds, stamp(seconds))
        return self._stamped[1]

    def new_id(self, table: str) -> int:
        """Return the next id of a table. Agents and contacts share one sequence."""
        first = FIRST_IDS.get(table)
        value = self._next.get(table, 1 if first is None else self.base + first)
        self._next[table] = value + 1
        return value

    def keep_above(self, table: str, row_id: int) -> None:
        """Make the next id of a table greater than one that was given."""
        self._next[table] = max(self._next.get(table, 1), row_id + 1)

    def add(self, table: str, row: Row) -> Row:
        """Store a new record with an id and both times, and return it."""
        moment = self.now()
        row.setdefault("id", 0)
        row["id"] = row["id"] or self.new_id(table)
        row.setdefault("created_at", moment)
        row.setdefault("updated_at", moment)
        self.tables[table][row["id"]] = row
        self.version += 1
        return row

    def get(self, table: str, row_id: int) -> Row:
        """Return a record; raises the 404 when there is none."""
        row = self.tables[table].get(row_id)
        if row is None:
            raise not_found()
        return row

    def touch(self, row: Row) -> None:
        """Move `updated_at` to now."""
        row["updated_at"] = self.now()
        self.version += 1

    def has(self, feature: str) -> bool:
        """Say whether the account has a feature: the plan's, unless it was switched by hand."""
        return self.settings.features.get(feature, feature in self.settings.plan.features)

    def need(self, feature: str) -> None:
        """Refuse when a feature is missing."""
        if not self.has(feature):
            raise needs_feature(feature)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Have work done once the clock has moved on."""
        self._order += 1
        heapq.heappush(self._pending, (self.clock.now() + seconds, self._order, work))

    def catch_up(self) -> None:
        """Do the work whose time has come."""
        while self._pending and self._pending[0][0] <= self.clock.now():
            heapq.heappop(self._pending)[2]()

    def note_search(self, kind: str, row_id: int, doc: Row | None) -> None:
        """Tell the search index of a change; it shows after the account's lag."""
        now = self.clock.now()
        self.search.advance(now)
        self.search.note(now + self.settings.search_lag, kind, row_id, doc)

    def person(self, user_id: int | None) -> Row | None:
        """Return a contact, or the contact part of an agent with its id, whoever has the id."""
        if user_id is None:
            return None
        agent = self.tables["agents"].get(user_id)
        if agent is not None:
            return {**agent["contact"], "id": user_id}
        return self.tables["contacts"].get(user_id)

    def cached(self, key: tuple[Any, ...], find: Callable[[], list[int]]) -> list[int]:
        """Return the ids of a list, found anew only after a change."""
        known = self._cache.get(key)
        if known is None or known[0] != self.version:
            if len(self._cache) > 16:
                self._cache.clear()
            self._cache[key] = known = (self.version, find())
        return known[1]

    def forget_ticket(self, ticket_id: int) -> None:
        """Delete a ticket for good with all that hangs on it."""
        self.tickets.drop(ticket_id)
        for note_id in self.notes_of.pop(ticket_id, ()):
            self.tables["conversations"].pop(note_id, None)
        for table in ("time_entries", "satisfaction_ratings"):
            for row_id in [key for key, row in self.tables[table].items() if row["ticket_id"] == ticket_id]:
                del self.tables[table][row_id]
        self.note_search("tickets", ticket_id, None)
        self.version += 1

    def origin(self) -> str:
        """Return the origin of the account, as links name it."""
        return f"https://{self.settings.domain}.freshdesk.com"

    def fields(self, table: str, *, custom: bool | None = None) -> Iterator[Row]:
        """Return field definitions in order of position."""
        rows = sorted(self.tables[table].values(), key=lambda row: (row["position"], row["id"]))
        return (row for row in rows if custom is None or row["default"] is not custom)

    def log(self, ticket_id: int, activity: Row, performer: Any = None) -> None:
        """Remember what happened to a ticket, for the activity export."""
        row = {"ticket_id": ticket_id, "at": self.now(), "performer": performer, "activity": activity}
        self.tables["activities"][len(self.tables["activities"]) + 1] = row
