"""A small account, a desk that it moves into, and the migration between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deskferry.migrate.load import LoadOptions
from deskferry.migrate.mapping_file import parse_mapping
from deskferry.migrate.migrate import MigrateOptions, Migration, MigrationResult, migrate
from deskferry.store import Store
from tests.migrate.builder import Builder
from tests.migrate.desk import MAIL, RULES, Desk, FakeWriter, pull_desk

SOURCE = {"person": "user", "team": "group", "message": "comment", "custom_field": "ticket_field"}
THERE = {"person": "user", "team": "group", "message": "conversation", "custom_field": "ticket_field",
         "organization": "company"}  # fmt: skip


class Killed(BaseException):
    """Stands for the process dying."""


class World:
    """Both sides and the store between them."""

    def __init__(self, store: Store, lag: float = 0.0) -> None:
        self.store = store
        self.desk = Desk(lag=lag)
        self.desk.people["7"] = {"name": "Ana Agent", "email": "ana@desk.org", "role": "agent", "mark": None}
        self.desk.groups["70"] = "support"
        self.desk.fields["cf_plan"] = {"label": "Plan", "type": "select", "options": ["Gold", "Silver"]}
        self.source = Builder(store, "old", "fake", SOURCE)
        self.there = Builder(store, "new", "fake", THERE)
        self.mapping = ""

    def fill(self) -> World:
        """Put a small, ugly account into the source."""
        one = self.source
        one.organization("1", "Acme", details="Makers")
        one.person("1", "Cora Customer", "cora@acme.org", organization_id=one.id("organization", "1"))
        one.person("2", "Cora C.", "c2@acme.org", others=["cora@acme.org"], notes="same as Cora")
        one.person("3", "Agent Ana", "ana@desk.org", role="agent")
        one.person("4", "Bob Gone", "bob@desk.org", role="agent")
        one.person("5", "Sus Pended", "sus@x.org", suspended=True)
        one.team("1", "Support ")
        one.custom_field("plan", "Plan", "select", ["Gold", "Copper"])
        sha = one.blob(b"the file")
        one.ticket("1", "First", requester_id=one.id("user", "1"), assignee_id=one.id("user", "3"),
                   team_id=one.id("group", "1"), tags=["vip"], custom_fields={"plan": "Gold"},
                   created_at="2026-03-01T09:00:00.000000Z")  # fmt: skip
        one.message("1", "11", "Hello, it is broken.", author_id=one.id("user", "1"))
        one.message("1", "12", "We look into it.", author_id=one.id("user", "3"), seq=2)
        one.attachment("1", "a1", "photo.png", sha, message="12", size=len(b"the file"))
        one.ticket("2", "Second", requester_id=one.id("user", "2"), team_id=one.id("group", "404"), status="closed",
                   created_at="2026-03-01T10:00:00.000000Z", custom_fields={"plan": "Copper", "gone": "x"})  # fmt: skip
        one.message("2", "21", "Twin writes.", author_id=one.id("user", "2"))
        one.message("2", "22", "Internal: éè 🎉", author_id=one.id("user", "4"), public=False, seq=2)
        one.message("2", "23", "Done.", author_id=one.id("user", "4"), seq=3)
        one.message("2", "24", "Never sent", author_id=one.id("user", "3"), seq=4, state="draft")
        one.ticket("3", "Third", requester_id=one.id("user", "99"), created_at="2026-03-01T11:00:00.000000Z")
        one.message("3", "31", "From nobody.", author_id=one.id("user", "99"))
        one.ticket("4", "Spam", requester_id=one.id("user", "5"), status="spam")
        one.message("4", "41", "Buy!", author_id=one.id("user", "5"))
        one.mark_pulled()
        return self

    def job(self, **changes: Any) -> Migration:
        writer = changes.pop("writer", None) or FakeWriter(self.desk)
        mapping = parse_mapping(changes.pop("mapping", self.mapping))
        values: dict[str, Any] = {
            "refresh": self.pull, "reread": lambda _ids: self.pull(),
            "witness": lambda remote: writer.witness(None, remote), "fetch": _fetch, **changes,
        }  # fmt: skip
        account = values.pop("account", None) or writer.account()
        return Migration(self.store, "old", "new", writer, account, self.desk.clock, mapping, **values)

    def pull(self) -> None:
        """Bring the destination's tables up to date."""
        pull_desk(self.desk, self.there)

    def migrate(self, **changes: Any) -> MigrationResult:
        load = LoadOptions(frozenset({MAIL, RULES}), threads=changes.pop("threads", 1),
                           max_errors=changes.pop("max_errors", None))  # fmt: skip
        names = ("dry_run", "canary", "prove", "verify", "depth", "confirm", "confirm_canary")
        options = {name: changes.pop(name) for name in names if name in changes}
        load = changes.pop("load", load)
        return migrate(self.job(**changes), MigrateOptions(load, **options))

    def ticket(self, number: str) -> dict[str, Any]:
        return next(one for one in self.desk.tickets.values() if one["mark"] == f"old:ticket:{number}")


@contextmanager
def _fetch(url: str) -> Iterator[Iterator[bytes]]:
    yield iter([b"the file"] if url.startswith("sim:") else [])
