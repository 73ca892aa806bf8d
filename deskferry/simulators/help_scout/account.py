"""The state of one account: tables of plain records, the indexes over them, clock, ids and pending work."""

from __future__ import annotations

import hashlib
import heapq
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from deskferry.simulators.blobs import Blobs
from deskferry.simulators.help_scout.errors import Row, not_found
from deskferry.simulators.help_scout.oauth import Auth
from deskferry.simulators.help_scout.settings import Settings
from deskferry.simulators.help_scout.times import stamp
from deskferry.simulators.kernel import Mail, SimClock
from deskferry.simulators.search_index import SearchIndex

# Where the ids of each table begin. Conversations and threads are beyond 32 bits; users and teams share a sequence.
FIRST_IDS = {
    "conversations": 2_391_938_111,
    "threads": 7_012_004_213,
    "attachments": 1_183_400_271,
    "customers": 501_294_180,
    "organizations": 30_114_002,
    "users": 600_141,
    "mailboxes": 215_085,
    "folders": 3_340_801,
    "fields": 8_531,
    "options": 33_077,
    "tags": 10_915_011,
    "workflows": 41_202,
    "saved_replies": 9_171_421,
    "ratings": 52_100_301,
    "webhooks": 90_011,
    "entries": 640_200_101,
    "properties": 1_201,
}
TABLES = (
    *("conversations", "attachments", "customers", "organizations", "users", "teams", "mailboxes", "fields"),
    *("tags", "workflows", "saved_replies", "ratings", "webhooks", "customer_properties", "organization_properties"),
)
DOCS_TABLES = ("sites", "collections", "categories", "articles", "revisions", "redirects", "assets")
_CACHED = 16


class Account:
    """One account. Handlers read and write its tables; nothing here knows HTTP."""

    def __init__(self, clock: SimClock, settings: Settings, seed: int) -> None:
        self.clock = clock
        self.settings = settings
        self.seed = seed
        self.auth = Auth(clock)
        self.mailbox: list[Mail] = []
        self.tables: dict[str, dict[int, Row]] = {table: {} for table in TABLES}
        self.docs: dict[str, dict[str, Row]] = {table: {} for table in DOCS_TABLES}
        self.gone_users: dict[int, Row] = {}
        self.blobs = Blobs(seed)
        self.search, self.lists = SearchIndex(), SearchIndex()
        self.emails: dict[str, int] = {}
        self.thread_at: dict[int, int] = {}
        self.of_customer: dict[int, set[int]] = defaultdict(set)
        self.role = "owner"
        self.dropped_pages: set[tuple[str, int]] = set()
        self.version = 0
        self._next: dict[str, int] = {}
        self._pending: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._cache: dict[Any, tuple[int, list[int]]] = {}

    def now(self) -> str:
        """Return the present time as the API writes it."""
        return stamp(self.clock.now())

    def new_id(self, table: str) -> int:
        """Return the next id of a table."""
        value = self._next.get(table, FIRST_IDS.get(table, 1))
        # Ids have gaps: other accounts use the same sequence.
        self._next[table] = value + 1 + (value * 7919 + self.seed) % 3
        return value

    def docs_id(self, table: str) -> str:
        """Return the next id of a table of the Docs API: 24 hexadecimal digits."""
        number = self._next.get(table, 1)
        self._next[table] = number + 1
        return hashlib.sha256(f"{self.seed}/{table}/{number}".encode()).hexdigest()[:24]

    def next_number(self, table: str) -> int:
        """Return the next number that people read, from 1 on."""
        value = self._next.get(f"{table} number", 1)
        self._next[f"{table} number"] = value + 1
        return value

    def add(self, table: str, row: Row) -> Row:
        """Store a new record with an id and both times, and return it."""
        if not row.get("id"):
            row["id"] = self.new_id("users" if table == "teams" else table)
        row.setdefault("createdAt", self.now())
        row.setdefault("updatedAt", row["createdAt"])
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
        """Move `updatedAt` to now."""
        row["updatedAt"] = self.now()
        self.version += 1

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Have work done once the clock has moved on."""
        self._order += 1
        heapq.heappush(self._pending, (self.clock.now() + seconds, self._order, work))

    def catch_up(self) -> None:
        """Do the work whose time has come; the version moves when an index learnt something."""
        now = self.clock.now()
        while self._pending and self._pending[0][0] <= now:
            heapq.heappop(self._pending)[2]()
            self.version += 1
        self.search.advance(now)
        self.lists.advance(now)

    def index(self, kind: str, row_id: int, doc: Row | None) -> None:
        """Tell the lists and the search of a change (None: gone); each shows it after its lag."""
        now = self.clock.now()
        for index, lag in ((self.lists, self.settings.list_lag), (self.search, self.settings.search_lag)):
            index.advance(now)
            index.note(now + lag, kind, row_id, doc)
            if lag:
                self.later(lag, lambda: None)
            else:
                index.advance(now)
        self.version += 1

    def settle(self) -> None:
        """Let lists and search know all that happened so far."""
        for index in (self.lists, self.search):
            index.advance(math.inf)
        self.version += 1

    def cached(self, key: Any, find: Callable[[], list[int]]) -> list[int]:
        """Return the ids of a list, found anew only after a change."""
        known = self._cache.get(key)
        if known is None or known[0] != self.version:
            if len(self._cache) > _CACHED:
                self._cache.clear()
            self._cache[key] = known = (self.version, find())
        return known[1]

    def user(self, user_id: int | None) -> Row | None:
        """Return a user or team, somebody who left too; None for nobody."""
        if user_id is None:
            return None
        return self.tables["users"].get(user_id) or self.tables["teams"].get(user_id) or self.gone_users.get(user_id)

    def assignable(self, user_id: int) -> bool:
        """Say whether conversations can be given to a user or team."""
        return user_id in self.tables["users"] or user_id in self.tables["teams"]

    def owner(self) -> int:
        """Return the user whose token it is."""
        return next(iter(self.tables["users"]))

    def mail(self, kind: str, to: str, subject: str, conversation: int | None) -> None:
        """Note a message that somebody would have received."""
        if self.settings.notifications:
            self.mailbox.append(Mail(kind, to, subject, conversation, self.clock.now()))
