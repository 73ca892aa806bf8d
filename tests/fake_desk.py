"""A tiny vendor for the tests of the engine: a scripted source, its desk, and the maps of its objects."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import select

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.connectors.kit.capabilities import Both, Capabilities, same, vendor_cannot, yes
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import (
    Account,
    BlobRef,
    Child,
    Connector,
    Declared,
    DeclaredClass,
    Estimate,
    Measure,
    Mode,
    Page,
    PullRequest,
    RawRecord,
    Stream,
    Tombstone,
)
from deskferry.connectors.kit.converters import boolean, time
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Raw, RefTo, Table
from deskferry.connectors.kit.meter import Meter
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.pull import PullOptions, PullResult, pull
from deskferry.store import Store, machinery
from deskferry.store.raw_archive import RawArchive

_DATES = (Map("created_at", "created_at", time), Map("updated_at", "updated_at", time))
_MESSAGE = (
    Map("created_at", "created_at", time),
    Map("author_id", "author_id", RefTo("user")),
    Map("is_public", "public", boolean),
    Map("body_text", "body"),
)
_FILE = (
    Map("filename", "name"),
    Map("size", "size"),
    Map("url", "url"),
)


def _tags(kind: str, of: str) -> Table:
    rows = (Map("kind", via=Const(kind)), Map("record_id", "^id", RefTo(of)), Map("tag", "."))
    return Table("tagging", rows, each="tags", source_id=None, part="tag")


USER = ObjectMap(
    "user",
    (
        Table("person", (*_DATES, Map("name", "name"), Map("email", "email"), Map("role", "role"))),
        _tags("person", "user"),
        Table(
            "person_organization",
            (
                Map("person_id", "^id", RefTo("user")),
                Map("organization_id", "^organization_id", RefTo("organization")),
                Map("is_primary", via=Const(True)),
            ),
            each=lambda user: (user,) if user.get("organization_id") else (),
            source_id=None,
            part="organization",
            key="organization_id",
        ),
    ),
    volatile=("last_login_at",),
)
TICKET = ObjectMap(
    "ticket",
    (
        Table(
            "ticket",
            (
                *_DATES,
                Map("subject", "subject"),
                Map("status", "status"),
                Map("requester_id", "requester_id", RefTo("user")),
                Map("custom_fields", "custom_fields", lambda value: value or None),
            ),
        ),
        _tags("ticket", "ticket"),
        Table(
            "vendor_metric",
            (Map("ticket_id", "^id", RefTo("ticket")), Map("name", "name"), Map("value", "value")),
            each=lambda ticket: [
                {"name": name, "value": value} for name, value in (ticket.get("metrics") or {}).items()
            ],
            source_id=None,
            part="metric",
            key="name",
        ),
        Table(
            "message",
            (
                Map("ticket_id", "id", RefTo("ticket")),
                Map("created_at", "created_at", time),
                Map("author_id", "requester_id", RefTo("user")),
                Map("is_opening", via=Const(True)),
                Map("is_public", via=Const(True)),
                Map("body_text", "description"),
            ),
            source_id=None,
            part="opening",
            key=None,
            when=lambda ticket, _raw: bool(ticket.get("description")),
        ),
    ),
    volatile=("seen_at", "files[].url"),
)
COMMENT = ObjectMap(
    "comment",
    (
        Table("message", (Map("ticket_id", "ticket_id", RefTo("ticket")), *_MESSAGE)),
        Table(
            "attachment",
            (Map("ticket_id", "^ticket_id", RefTo("ticket")), Map("message_id", "^id", RefTo("comment")), *_FILE),
            each="files",
            of="file",
        ),
    ),
    volatile=("files[].url",),
)
UPDATE = ObjectMap(
    "update",
    (
        Table("message", (Map("ticket_id", "^ticket_id", RefTo("ticket")), *_MESSAGE), each="comments", of="comment"),
        Table(
            "ticket_event",
            (
                Map("ticket_id", "^ticket_id", RefTo("ticket")),
                Map("occurred_at", "^at", time),
                Map("field", "field"),
                Map("new_value", "value"),
                Map("old_value", "before"),
                Map("old_value_chained", "chained"),
            ),
            each="changes",
        ),
    ),
)
MAPS = {one.object: one for one in (USER, TICKET, COMMENT, UPDATE)}

STREAMS = (
    Stream("users", Mode.FULL, ("person", "tagging", "person_organization"), ("user",)),
    Stream("tickets", Mode.INCREMENTAL, ("ticket", "tagging", "vendor_metric", "message"), ("ticket",)),
    Stream("updates", Mode.INCREMENTAL, ("message", "ticket_event"), ("update",), optional=True),
    Stream("comments", Mode.CHILD, ("message", "attachment"), ("comment",)),
)


NO = vendor_cannot("a fake")
CAPABILITIES = Capabilities(
    vendor="fake",
    kinds=same(sorted({kind for stream in STREAMS for kind in stream.kinds}), yes(), NO),
    rest=Both(NO, NO),
    keeps_created_at=NO,
    keeps_author=NO,
    writes_silently=NO,
    appends_silently=NO,
    finds_by_origin=NO,
    keeps_threading=NO,
)


class Settings(BaseModel):
    """The fake needs none."""


CONNECTOR = Connector(
    name="fake",
    title="Fake",
    settings=Settings,
    capabilities=CAPABILITIES,
    maps=MAPS,
    streams=STREAMS,
    session=cast("Any", None),
    source=cast("Any", None),
)


@dataclass
class Desk:
    """An account as plain dictionaries, and a source that reads it."""

    page_size: int = 3
    users: dict[str, Raw] = field(default_factory=dict)
    tickets: dict[str, Raw] = field(default_factory=dict)
    comments: dict[str, list[Raw]] = field(default_factory=dict)
    updates: dict[str, Raw] = field(default_factory=dict)
    stamps: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    """Deleted tickets and when; they come as tombstones."""
    declared: dict[str, tuple[int, DeclaredClass]] = field(default_factory=dict)
    """By ticket: messages that the vendor says it has."""
    uploads: dict[str, bytes] = field(default_factory=dict)
    account_id: str = "acct-1"
    hidden_children: set[str] = field(default_factory=set)
    """Tickets of which the first read of comments drops the last one."""
    complete_children: bool = False
    log: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _call: None
    """Called before each call, with its name."""
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # ------------------------------------------------------------------------------------------------- the account

    def put_user(self, key: str, **fields: Any) -> None:
        """Create or change a user."""
        self.users[key] = {**self.users.get(key, {"id": key, "name": f"User {key}"}), **fields}

    def put_ticket(self, key: str, **fields: Any) -> None:
        """Create or change a ticket; it comes again."""
        held = self.tickets.get(key, {"id": key, "subject": f"Ticket {key}", "status": "open"})
        self.tickets[key] = {**held, **fields}
        self.stamps[f"ticket:{key}"] = next(self._counter)

    def put_comment(self, ticket: str, key: str, **fields: Any) -> None:
        """Add a comment to a ticket, or change it; its ticket comes again."""
        kept = [one for one in self.comments.get(ticket, []) if one["id"] != key]
        self.comments[ticket] = [
            *kept,
            {"id": key, "ticket_id": ticket, "public": True, "body": f"Text {key}", **fields},
        ]
        self.put_ticket(ticket)

    def put_update(self, key: str, ticket: str, **fields: Any) -> None:
        """Add an update to the export."""
        self.updates[key] = {"id": key, "ticket_id": ticket, **fields}
        self.stamps[f"update:{key}"] = next(self._counter)

    def delete_ticket(self, key: str, at: str) -> None:
        """Delete a ticket."""
        self.deleted[key] = at
        self.stamps[f"ticket:{key}"] = next(self._counter)

    # -------------------------------------------------------------------------------------------------- the source

    def call(self, name: str) -> None:
        """Note a call, and let a test interfere."""
        self.log.append(name)
        self.before(name)

    def account(self) -> Account:
        """Return who we are."""
        return Account(self.account_id, "Fake", "agent@fake.example", "admin")

    def streams(self) -> Sequence[Stream]:
        """Return the streams."""
        return STREAMS

    def estimate(self) -> Sequence[Estimate]:
        """Return nothing."""
        return ()

    def pages(self, stream: str, request: PullRequest) -> Iterator[Page]:
        """Yield pages: of users a whole scan, of the others what moved since the cursor."""
        if stream == "users":
            yield from self._scan(request)
            return
        kind = stream.removesuffix("s")
        after = (request.cursor or {"after": 0})["after"]
        moved = sorted(
            (stamp, key.partition(":")[2])
            for key, stamp in self.stamps.items()
            if key.startswith(f"{kind}:") and stamp > after
        )
        parts = list(_parts(moved, self.page_size)) or [[]]
        for n, part in enumerate(parts):
            self.call(f"{stream} {n}")
            last = n == len(parts) - 1
            cursor = {"after": part[-1][0] if part else after}
            yield self._page(kind, [key for _stamp, key in part], cursor, last=last)

    def _scan(self, request: PullRequest) -> Iterator[Page]:
        first = (request.cursor or {"page": 0})["page"]
        parts = list(_parts(sorted(self.users), self.page_size)) or [[]]
        for n in range(first, max(len(parts), first + 1)):
            self.call(f"users {n}")
            last = n >= len(parts) - 1
            part = parts[n] if n < len(parts) else []
            records = tuple(RawRecord("user", key, copy.deepcopy(self.users[key])) for key in part)
            yield Page(records, {"page": n + 1}, last=last, complete=last)

    def _page(self, kind: str, keys: Sequence[str], cursor: dict[str, Any], *, last: bool) -> Page:
        if kind == "update":
            return Page(tuple(RawRecord(kind, key, copy.deepcopy(self.updates[key])) for key in keys), cursor, last)
        records: list[RawRecord | Tombstone] = []
        children, declared = [], []
        for key in keys:
            if key in self.deleted:
                records.append(Tombstone("ticket", key, "vendor", self.deleted[key]))
                continue
            records.append(RawRecord("ticket", key, copy.deepcopy(self.tickets[key])))
            if key in self.comments:
                children.append(Child("comments", key))
            if key in self.declared:
                count, trust = self.declared[key]
                declared.append(Declared("comments", "ticket", key, Measure.MESSAGES, count, trust))
        return Page(tuple(records), cursor, last, declared=tuple(declared), children=tuple(children))

    def child(self, stream: str, child: Child) -> Page:
        """Return the comments of a ticket."""
        self.call(f"{stream} of {child.parent}{' again' if child.args.get('short') else ''}")
        found = copy.deepcopy(self.comments.get(child.parent, []))
        if child.parent in self.hidden_children:
            self.hidden_children.discard(child.parent)
            found = found[:-1]
        records = tuple(RawRecord("comment", one["id"], one, child.parent) for one in found)
        return Page(records, complete=self.complete_children)

    @contextmanager
    def blob(self, ref: BlobRef) -> Iterator[Iterator[bytes]]:
        """Stream a file."""
        self.call(f"blob {ref.url}")
        data = self.uploads[ref.url.partition("?")[0]]
        yield (data[n : n + 4] for n in range(0, len(data), 4))


def _parts(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


# ------------------------------------------------------------------------------------------------------------ using it


def connect(desk: Desk, name: str = "old", clock: VirtualClock | None = None, threads: int = 1) -> OpenConnection:
    """Return a connection to a desk."""
    session = cast("Any", SimpleNamespace(base_url="https://fake.example", meter=Meter()))
    return OpenConnection(
        name, CONNECTOR, session, desk, clock or VirtualClock(), "https://fake.example", threads=threads
    )


def pull_all(store: Store, desk: Desk, clock: VirtualClock | None = None, **options: Any) -> PullResult:
    """Pull a desk as the connection `old`."""
    return pull(store, connect(desk, clock=clock), "run", PullOptions(**options))


def small_account() -> Desk:
    """Return an account of a few people and tickets with everything that a pull has to do."""
    desk = Desk()
    desk.put_user("1", role="agent", tags=["vip"], organization_id="9", last_login_at="2026-01-01T00:00:00Z")
    for key in ("2", "3", "4"):
        desk.put_user(key, role="end_user", email=f"u{key}@x.example")
    for key in ("10", "11", "12", "13"):
        desk.put_ticket(key, requester_id="2", created_at="2026-01-01T08:00:00Z", tags=["a", key], metrics={"m": 1})
    desk.put_ticket("14", requester_id="3", description="Help!", created_at="2026-01-01T08:00:00Z")
    desk.put_comment("10", "100", author_id="2", created_at="2026-01-01T09:00:00Z")
    url = "https://fake.example/f/1"
    file = {"id": "f1", "name": "a.txt", "size": 5, "url": f"{url}?sig=1"}
    desk.put_comment("10", "101", author_id="1", created_at="2026-01-01T10:00:00Z", files=[file])
    desk.uploads[url] = b"hello"
    desk.put_comment("11", "110", author_id="3", created_at="2026-01-01T09:00:00Z")
    desk.put_comment("14", "140", author_id="1", created_at="2026-01-01T07:00:00Z", public=False)
    desk.declared = {"10": (2, DeclaredClass.EXACT), "12": (3, DeclaredClass.UNVERIFIED)}
    comment = {
        "id": "120",
        "author_id": "2",
        "public": True,
        "body": "from an update",
        "created_at": "2026-01-02T00:00:00Z",
    }
    desk.put_update("u1", "12", at="2026-01-02T00:00:00Z", comments=[comment],
                    changes=[{"id": "c1", "field": "status", "value": "open", "chained": True}])  # fmt: skip
    desk.put_update("u2", "12", at="2026-01-03T00:00:00Z",
                    changes=[{"id": "c2", "field": "status", "value": "solved", "chained": True}])  # fmt: skip
    desk.delete_ticket("13", "2026-01-04T00:00:00Z")
    return desk


_TIMES = frozenset({"synced_at", "fetched_at", "updated_at", "finished_at", "pinned_at", "at"})
_INCIDENTAL = frozenset({"run_id", "arrival", "payload", "dictionary_id", "tombstone"})


def content(store: Store, *, times: bool = False, log: bool = False) -> dict[str, Any]:
    """Return all that a store holds, run ids aside, and times of writing unless asked for."""
    out: dict[str, Any] = {}
    with store.read() as database:
        for kind in KINDS:
            table = sql_table(kind.value)
            ours = {"synced_at"} if not times else set()
            rows = database.execute(select(table).order_by(table.c.id)).mappings()
            out[kind.value] = [{name: value for name, value in row.items() if name not in ours} for row in rows]
        for table in machinery.metadata.sorted_tables:
            if table.name in {"run", "run_lock", "raw_dictionary"} or (table.name == "change_log" and not log):
                continue
            left_out = _INCIDENTAL | {"id"} if "id" in table.c and table.name == "change_log" else _INCIDENTAL
            left_out = left_out if times else left_out | _TIMES
            rows = database.execute(select(table)).mappings()
            plain = [{name: value for name, value in row.items() if name not in left_out} for row in rows]
            out[table.name] = sorted(plain, key=repr)
        archive = RawArchive("old")
        out["payloads"] = {
            one.id: (one.payload, one.tombstone) for batch in archive.in_order_of_arrival(database) for one in batch
        }
    return {name: rows for name, rows in out.items() if rows}
