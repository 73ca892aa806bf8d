"""The destination read back, twice: through its own read mapping and by a witness; each difference is a row."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Loss, TicketAggregate, WitnessTicket
from deskferry.connectors.kit.links import Addresses
from deskferry.errors import ConfigError, Interrupted
from deskferry.migrate.changed_since import hashes_there, keep_hashes, ticket_hash
from deskferry.migrate.compare import (
    Expected,
    Places,
    compare_fields,
    compare_files,
    compare_messages,
    expected_of,
)
from deskferry.migrate.compare_knowledge import Looks, WitnessedArticle, compare_knowledge
from deskferry.migrate.compare_links import SeenLinks
from deskferry.migrate.compare_people import compare_records
from deskferry.migrate.compare_values import Difference
from deskferry.migrate.compare_witness import Fetch, compare_witness
from deskferry.migrate.compose import Composed
from deskferry.migrate.decide import CANNOT_UPDATE, Todo
from deskferry.migrate.delta import CHANGED
from deskferry.migrate.failed import failed_operations
from deskferry.migrate.journal import Held, held_crossings
from deskferry.migrate.placed import place_messages
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.scope_knowledge import KNOWLEDGE
from deskferry.migrate.work import Work
from deskferry.store import Store, machinery
from deskferry.store.records import aggregates
from deskferry.store.upsert import chunks

_BATCH = 50
Reread = Callable[[Sequence[str]], None]
"""Pull these tickets of the destination again, with messages and files, by their source ids."""
Witness = Callable[[str], WitnessTicket | None]
"""Return a ticket of the destination as its raw JSON says, by its source id; None when it is gone."""


class Depth(StrEnum):
    """How deep to look; each includes those before it."""

    COUNTS = "counts"
    """Every ticket is there, with as many messages."""
    HASHES = "hashes"
    """Order, author, visibility, time and text of each message, by both ways."""
    FIELDS = "fields"
    """Fields of tickets, people and organizations, and the names and sizes of files."""
    FILES = "files"
    """The bytes of files, by both ways."""

    def reaches(self, other: Depth) -> bool:
        """Whether this depth includes another."""
        order = list(Depth)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Subset:
    """A part of the records, chosen by their ids: the same ones every time."""

    low: float = 0.0
    high: float = 1.0
    name: str = "1/1"
    """As the user wrote it."""

    def __str__(self) -> str:
        return self.name

    def has(self, record_id: str) -> bool:
        """Whether a record is in it."""
        hashed = int.from_bytes(hashlib.blake2b(record_id.encode(), digest_size=6).digest(), "big")
        return self.low <= hashed / 2**48 < self.high


def parse_subset(text: str) -> Subset:
    """Return the subset of `N/T` (the N-th of T parts) or `P%`; raises ConfigError."""
    part = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if part and 1 <= int(part[1]) <= int(part[2]):
        return Subset((int(part[1]) - 1) / int(part[2]), int(part[1]) / int(part[2]), text.strip())
    share = re.fullmatch(r"(\d+(?:\.\d+)?)%", text.strip())
    if share and 0 < float(share[1]) <= 100:
        return Subset(0.0, float(share[1]) / 100, text.strip())
    raise ConfigError(f"{text!r} is no subset.", "Write it as 2/10 (the second of ten parts) or 5%.")


@dataclass(slots=True)
class VerifyResult:
    """What was looked at, and every difference."""

    depth: Depth
    declared: Counter[str] = field(default_factory=Counter)
    """Kind → records that were to cross."""
    written: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    """Of the checked ones, those without a difference."""
    differences: list[Difference] = field(default_factory=list)
    newer_mapping: int = 0
    """Tickets that were written by an older mapping and are not compared: `migrate` did not push the newer one."""

    standing: list[Loss] = field(default_factory=list)
    """What changed at the source after its crossing and could not be changed there: declared, and named here."""

    @property
    def exit_code(self) -> int:
        """Return 1 where anything differs."""
        return 1 if self.differences else 0

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        kinds = sorted(self.declared | self.written | self.checked)
        return {
            "depth": str(self.depth),
            "newer_mapping": self.newer_mapping,
            "not_updated": [
                {"record_id": one.record_id, "field": one.field, "value": one.value} for one in self.standing
            ],
            "kinds": {
                kind: {
                    "declared": self.declared[kind], "written": self.written[kind],
                    "checked": self.checked[kind], "verified": self.verified[kind],
                }
                for kind in kinds
            },
            "differences": [
                {
                    "kind": one.kind, "record_id": one.record_id, "field": one.field,
                    "expected": one.expected, "found": one.found, "seen_by": one.seen_by,
                }
                for one in self.differences
            ],
        }  # fmt: skip

    def write_findings(self, store: Store, run_id: str, connection: str) -> None:
        """Write a finding for each difference."""
        advice = "Compare both desks by hand; `deskferry verify` looks again."
        rows = [
            {"run_id": run_id, "connection": connection, "rule": f"verify.{one.field}", "severity": "error",
             "kind": one.kind, "record_id": one.record_id, "detail": one.sentence(), "advice": advice}
            for one in self.differences
        ]  # fmt: skip
        if rows:
            with store.write() as database:
                database.execute(machinery.finding.insert(), rows)


@dataclass
class Verify:
    """One verification of one route."""

    store: Store
    work: Work
    reread: Reread
    witness: Witness | None = None
    fetch: Fetch | None = None
    """Streams the bytes of a file by the witness's address."""
    depth: Depth = Depth.FILES
    subset: Subset = field(default_factory=Subset)
    addresses: Addresses | None = None
    """Where records of the destination are looked at; None: links in texts are compared as they were."""
    only: frozenset[str] | None = None
    """These records and no others; None: all that were written."""
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)
    witness_article: WitnessedArticle | None = None
    """Returns an article of the destination as its raw JSON says, by its source id."""
    _stuck: dict[str, list[Loss]] = field(default_factory=dict)
    """Losses of what could not be updated, by record."""
    _expected: list[Expected] = field(default_factory=list)
    """Of the batch in hand."""

    def run(self) -> VerifyResult:
        """Look at everything that was written of what was chosen."""
        result = VerifyResult(self.depth)
        composer = self.work.composer
        composer.destination.questions(composer.fields())
        composer.setup()
        self._read_stuck()
        if self.depth.reaches(Depth.FIELDS):
            for kind in ("organization", "person"):
                self._records(kind, result)
        self._tickets(result)
        for kind in KNOWLEDGE:
            self._knowledge(kind, result)
        if self.only is None:
            result.differences += self._missing()
        return result

    def _missing(self) -> list[Difference]:
        """Return records that were to arrive and did not: refused, in doubt, or waiting for one of these.

        What is missing of a record that arrived is seen where it is read back.
        """
        whole = machinery.write_op.c.part == ""
        last = {row.record_id: row for row in failed_operations(self.store, self.work.account_id, whole)}
        selection = self.work.composer.crossings.selection
        kinds = ("organization", "person", "ticket", *KNOWLEDGE)
        waiting = [one for kind in kinds for one in selection.of(kind) if one in last and self._wanted(one)]
        there = {one for part in chunks(waiting, 500) for one, _crossing in self._crossed(part)}
        return [
            Difference(last[one].kind, one, "missing", "created", f"{last[one].state}: {last[one].code}", "journal")
            for one in waiting
            if one not in there
        ]

    def _records(self, kind: str, result: VerifyResult) -> None:
        chosen = self.work.composer.crossings.selection.of(kind)
        result.declared[kind] = len(chosen)
        ids = [one for one in chosen if self._wanted(one)]
        destination = self.work.composer.destination_name
        same: list[str] = []
        for record_id, found in compare_records(self.store, self.work, kind, destination, ids):
            self._mind_stop()
            same += [] if found else [record_id]
            result.written[kind] += 1
            result.checked[kind] += 1
            result.verified[kind] += not found
            result.differences += found
        self._keep_rows(kind, same)

    def _keep_rows(self, kind: str, ids: Sequence[str]) -> None:
        """Keep what lies there of records that are as they should be: a rollback sees what people changed since."""
        account, destination = self.work.account_id, self.work.composer.destination_name
        for part in chunks(ids, 500):
            with self.store.read() as database:
                held = {one: crossing for (one, what), crossing in held_crossings(database, account, part).items()
                        if not what}  # fmt: skip
                places = {one: f"{destination}:{own.remote_object}:{own.remote_id}" for one, own in held.items()}
                there = hashes_there(database, kind, list(places.values()))
            keep_hashes(self.store, account, {one: there[place] for one, place in places.items() if place in there})

    def look(self, kind: str, ids: Sequence[str]) -> Iterator[tuple[str, list[Difference]]]:
        """Yield (record, what differs there) of written records; those that an older mapping wrote have nothing."""
        destination = self.work.composer.destination_name
        if kind != "ticket":
            yield from compare_records(self.store, self.work, kind, destination, ids)
            return
        for part in chunks(ids, _BATCH):
            for composed, found in self._batch(part, VerifyResult(self.depth)):
                yield composed.record_id, found or []

    def _knowledge(self, kind: str, result: VerifyResult) -> None:
        chosen = self.work.composer.crossings.selection.of(kind)
        if not chosen:
            return
        result.declared[kind] = len(chosen)
        fetch = self.fetch if self.depth.reaches(Depth.FILES) else None
        looks = Looks(self.depth.reaches(Depth.HASHES), self.witness_article, fetch)
        ids = [one for one in chosen if self._wanted(one)]
        for composed, found in compare_knowledge(self.store, self.work, kind, ids, self._stuck, looks):
            self._mind_stop()
            (decided,) = self.work.decided([composed])
            result.written[kind] += 1
            if {step.todo for step in decided.steps} & {Todo.NEWER_MAPPING, Todo.NOT_UPDATABLE}:
                result.newer_mapping += 1
                continue
            result.standing += self._stuck.get(composed.record_id, ())
            result.checked[kind] += 1
            result.verified[kind] += not found
            result.differences += found
            if not found:
                self._keep_rows(kind, [composed.record_id])

    def _wanted(self, record_id: str) -> bool:
        return self.subset.has(record_id) and (self.only is None or record_id in self.only)

    def _tickets(self, result: VerifyResult) -> None:
        chosen = self.work.composer.crossings.selection.tickets
        result.declared["ticket"] = len(chosen)
        written = [one for part in chunks(chosen, 500) for one in self._written(part)]
        result.written["ticket"] = len(written)
        ids = [one for one in written if self._wanted(one)]
        self.progress.begin("tickets verified", len(ids), "tickets")
        try:
            for part in chunks(ids, _BATCH):
                for composed, found in self._batch(part, result):
                    if found is None:
                        result.newer_mapping += 1
                    else:
                        self._count(result, composed, found)
                    self.progress.advance()
                self._mind_stop()
        finally:
            self.progress.end()

    def _mind_stop(self) -> None:
        if self.stop.is_set():
            raise Interrupted("Stopped.", "Run the same command again.")

    def _count(self, result: VerifyResult, composed: Composed, found: list[Difference]) -> None:
        wrong = {one.record_id for one in found if one.kind == "message"}
        result.checked["ticket"] += 1
        result.verified["ticket"] += not found
        result.declared["message"] += composed.messages
        result.written["message"] += composed.messages
        result.checked["message"] += composed.messages
        result.verified["message"] += composed.messages - len(wrong)
        result.differences += found

    def _written(self, ids: Sequence[str]) -> list[str]:
        return [one for one, crossing in self._crossed(ids) if crossing.state != "matched"]

    def _crossed(self, ids: Sequence[str]) -> list[tuple[str, Held]]:
        with self.store.read() as database:
            held = held_crossings(database, self.work.account_id, ids)
        return [(one, held[one, ""]) for one in ids if (one, "") in held]

    def _batch(self, ids: Sequence[str], result: VerifyResult) -> Iterator[tuple[Composed, list[Difference] | None]]:
        with self.store.read() as database:
            held = held_crossings(database, self.work.account_id, ids)
        self.reread([held[one, ""].remote_id for one in ids])
        composed = list(self.work.composer.of("ticket", ids))
        name = self.work.composer.destination_name
        remote = {one: f"{name}:{held[one, ''].remote_object}:{held[one, ''].remote_id}" for one in ids}
        with self.store.read() as database:
            there = {one.ticket["id"]: one for one in aggregates(database, list(remote.values()))}
            people = held_crossings(database, self.work.account_id, _referred(composed, self.work))
            statuses = self._statuses(database)
            emails = _addresses(database, there.values())
        places = Places(name, self.work.composer.crossings, people, statuses, self._links(), emails=emails)
        same: dict[str, str] = {}
        for one, decided in zip(composed, self.work.decided(composed), strict=True):
            todo = {step.todo for step in decided.steps}
            if todo & {Todo.UPDATE, Todo.REIMPORT}:
                was = "as it was when it was migrated"
                yield one, [Difference("ticket", one.record_id, "behind", "as the source is now", was, "read")]
            elif todo & {Todo.NEWER_MAPPING, Todo.NOT_UPDATABLE}:
                result.standing += [loss for loss in decided.losses if loss.cause == CHANGED]
                yield one, None
            else:
                stuck = self._standing(one)
                result.standing += stuck
                lies = there.get(remote[one.record_id])
                differences = self._ticket(one, lies, held, places, stuck)
                if lies is not None and not differences and self.depth.reaches(Depth.FIELDS):
                    same[one.record_id] = ticket_hash(lies)
                yield one, differences
        keep_hashes(self.store, self.work.account_id, same)
        place_messages(self.store, self.work.account_id, self._expected)
        self._expected.clear()

    def _links(self) -> SeenLinks | None:
        crossings = self.work.composer.crossings
        if self.addresses is None or crossings.addresses is None:
            return None
        return SeenLinks(self.store, self.work.account_id, crossings, self.addresses)

    def _standing(self, composed: Composed) -> list[Loss]:
        """Return what of a ticket changed at the source after the crossing and could not be changed there."""
        if not self._stuck:
            return []
        ids = {composed.record_id, *(one.part.partition("#")[0] for one in composed.operations)}
        ids |= {one["id"] for one in composed.aggregate.messages} if composed.aggregate is not None else set()
        return [loss for one in sorted(ids) for loss in self._stuck.get(one, ())]

    def _read_stuck(self) -> None:
        table, run = machinery.loss, machinery.run
        composer = self.work.composer
        route = f"{composer.source}>{composer.destination_name}"
        statement = select(table.c.record_id, table.c.field, table.c.value, table.c.cause).where(
            table.c.cause == CANNOT_UPDATE,
            table.c.run_id.in_(select(run.c.id).where(run.c.connection == route)),
        )
        with self.store.read() as database:
            for row in database.execute(statement.distinct()):
                self._stuck.setdefault(row.record_id, []).append(Loss(row.record_id, row.field, row.value, row.cause))

    def _statuses(self, database: Any) -> dict[str, str]:
        table = sql_table("status_definition")
        rows = database.execute(
            select(table.c.id, table.c.label).where(table.c.connection == self.work.composer.destination_name)
        )
        return {row.id.replace("/", ":").rpartition(":")[2]: row.label or "" for row in rows}

    def _ticket(
        self, composed: Composed, there: TicketAggregate | None, held: dict[tuple[str, str], Held], places: Places,
        standing: Sequence[Loss],
    ) -> list[Difference]:  # fmt: skip
        if there is None:
            remote = held[composed.record_id, ""].remote_id
            return [Difference("ticket", composed.record_id, "ticket", remote, None, "read")]
        own = {key: one for key, one in held.items() if key[0] == composed.record_id}
        if places.links is not None:
            writer = self.work.composer.destination
            places = replace(places, links=places.links.leaving(composed.operations, own, writer))
        expected = expected_of(composed, own, there, places.name, standing)
        self._expected.append(expected)
        return _unique(self._differences(expected, there, places))

    def _differences(self, expected: Expected, there: TicketAggregate, places: Places) -> Iterator[Difference]:
        writer = self.work.composer.destination
        if not self.depth.reaches(Depth.HASHES):
            ticket = expected.composed.record_id
            if len(there.messages) != len(expected.order):
                wanted, found = str(len(expected.order)), str(len(there.messages))
                yield Difference("ticket", ticket, "messages", wanted, found, "read")
            return
        yield from compare_messages(expected, there, places, writer)
        if self.depth.reaches(Depth.FIELDS):
            yield from compare_fields(expected, there, places, writer)
            yield from compare_files(expected, there, hashes=self.depth.reaches(Depth.FILES))
        if self.witness is not None:
            fetch = self.fetch if self.depth.reaches(Depth.FILES) else None
            seen = self.witness(expected.ticket.remote_id)
            yield from compare_witness(expected, seen, places, writer, fetch)


def _unique(found: Iterator[Difference]) -> list[Difference]:
    """Return each difference of a field once a way of seeing."""
    return list({(one.record_id, one.field, one.seen_by, one.expected): one for one in found}.values())


def _referred(composed: Sequence[Composed], work: Work) -> set[str]:
    """Return the people, teams, organizations and inboxes that tickets name, as the records that cross for them."""
    lead = work.composer.crossings.matches.lead
    found: set[str] = set()
    for one in composed:
        if one.aggregate is None:
            continue
        ticket = one.aggregate.ticket
        names = ("requester_id", "assignee_id", "team_id", "organization_id", "brand_id", "inbox_id")
        found.update(lead(ticket[name]) for name in names if ticket[name])
        found.update(lead(message["author_id"]) for message in one.aggregate.messages if message["author_id"])
        found.update(lead(follower["person_id"]) for follower in one.aggregate.followers if follower["person_id"])
    return found


def _addresses(database: Connection, there: Iterable[TicketAggregate]) -> dict[str, str | None]:
    """Return the addresses of the people who are copied on tickets of the destination."""
    table = sql_table("person")
    people = {follower["person_id"] for one in there for follower in one.followers if follower["person_id"]}
    rows = database.execute(select(table.c.id, table.c.email).where(table.c.id.in_(people)))
    return {row.id: row.email for row in rows}
