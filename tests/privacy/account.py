"""An account in which one person occurs in every table."""

from __future__ import annotations

import base64
import json
import quopri
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Boolean, LargeBinary, Table, insert
from sqlalchemy.types import TypeEngine

from deskferry.canonical_schema import KINDS, Json, UtcTime, sql_table
from deskferry.config import Hold
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.converters import whole
from deskferry.connectors.kit.mapping import Context, Map
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.pull import PullOptions, PullResult, pull
from deskferry.privacy.forget import Forget, ForgetResult, Mode, connections_of
from deskferry.privacy.sweep import Sweep
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore
from deskferry.store.raw_archive import RawArchive
from tests.fake_desk import CONNECTOR as FAKE
from tests.fake_desk import MAPS, Desk, connect

NAME, ADDRESS, OTHER, NUMBER = "Zoë Quillfeather", "zoe.q@acme.example", "zoe@private.example", "+34 600 123 987"
SECRETS = (NAME, ADDRESS, OTHER, NUMBER)
NOW = "2026-05-01T08:00:00.000000Z"
_WHOLE = f"{NAME} <{ADDRESS}> {NUMBER}"
_WAYS = (
    f"Ask {_WHOLE} or {OTHER}",
    f"https://x.example/?q={quote(_WHOLE, safe='')}",
    "part " + base64.b64encode(_WHOLE.encode()).decode(),
    quopri.encodestring(f"Dear {_WHOLE}, a very long line that is folded, surely".encode()).decode(),
    json.dumps({"from": _WHOLE}),
    f"<p>Zo&euml; Quillfeather, mailto:{ADDRESS}</p>",
)
"""A text may tell of the person in any of these forms."""
_BARE = frozenset(
    {
        "run_lock", "suppression", "store_meta", "stream_seen", "raw_record", "raw_dictionary", "raw_version",
        "account_pin",
    }
)  # fmt: skip
_PEOPLE = ("requester_id", "submitter_id", "author_id", "person_id", "agent_id", "actor_id", "customer_id")


_PERSON = MAPS["user"].tables[0]
_USER = replace(
    MAPS["user"],
    tables=(
        replace(_PERSON, rows=(*_PERSON.rows, Map("phone", "phone"), Map("emails", "emails", whole),
                               Map("identities", "identities", whole))),
        *MAPS["user"].tables[1:],
    ),
)  # fmt: skip
CONNECTOR = replace(FAKE, maps={**MAPS, "user": _USER})


@dataclass
class Account:
    """A store, the desk that it was pulled from, and what is asked of both."""

    store: Store
    directory: Path
    desk: Desk = field(default_factory=lambda: Desk(page_size=150))
    clock: VirtualClock = field(default_factory=VirtualClock)
    hold: Hold = field(default_factory=Hold)
    sent: str = ""
    """The hash of the file that the person sent."""
    shared: str = ""
    """Of one that others sent too."""

    def pull(self, **options: Any) -> PullResult:
        """Pull the desk."""
        connection = replace(connect(self.desk, clock=self.clock), connector=CONNECTOR)
        return pull(self.store, connection, "run", PullOptions(keep_versions=True, **options))

    def work(self, person: str = ADDRESS, mode: Mode = "erase", connection: str | None = None) -> Forget:
        """Return what forgets the person."""
        return Forget(self.store, self.hold, person, mode, self.directory / "pseudonym.key", connection)

    def forget(self, person: str = ADDRESS, mode: Mode = "erase", connection: str | None = None,
               progress: Progress | None = None) -> ForgetResult:  # fmt: skip
        """Forget the person."""
        work = self.work(person, mode, connection)
        sweep = Sweep(self.store, connection or "", "forget", NOW, maps_of, progress or Silent())
        return work.run(sweep, connections_of(self.store))


def maps_of(name: str) -> tuple[Context, Any]:
    """Return the maps of the fake vendor."""
    return Context(name, "fake", "https://fake.example"), CONNECTOR.maps


def account(store: Store, directory: Path) -> Account:
    """Return an account of which every table names the person."""
    made = Account(store, directory)
    _fill(made.desk)
    made.pull()
    _edit(made.desk)
    made.pull()
    for kind in KINDS:
        _row(store, sql_table(kind.value), f"old:{kind.value}:7000")
    for table in machinery.metadata.sorted_tables:
        if table.name not in _BARE:
            _row(store, table, "old:user:77")
    pin = machinery.account_pin
    with store.write() as database:
        database.execute(pin.update().values(account_name=_WHOLE))
    _files(made)
    return made


def _fill(desk: Desk) -> None:
    desk.put_user("7", name=NAME, email=ADDRESS, role="end_user", notes=f"calls from {NUMBER}",
                  tags=["zoë_quillfeather"], phone=NUMBER, organization_id="9",
                  identities=[{"type": "twitter", "value": "@zoequill", "name": None}],
                  emails=[{"value": one, "type": None, "primary": one == ADDRESS, "verified": None}
                          for one in (ADDRESS, OTHER)])  # fmt: skip
    for n in range(20):
        desk.put_user(f"1{n}", name=f"Somebody Else{n}", email=f"u{n}@x.example", role="agent")
    for n in range(120):
        way = _WAYS[n % len(_WAYS)] if n % 5 == 0 else "nothing about anybody"
        desk.put_ticket(f"1{n:03}", requester_id="7" if n % 7 == 0 else f"1{n % 20}", description=f"Hello {n}",
                        created_at="2026-01-01T08:00:00Z", subject=f"Ticket {n}: {way}",
                        custom_fields={"phone": NUMBER, "n": n} if n % 11 == 0 else None)  # fmt: skip
        desk.put_comment(f"1{n:03}", f"c{n}", author_id="7" if n % 7 == 0 else "11", body=f"{way} {n}",
                         created_at="2026-01-02T08:00:00Z", files=[_file(n)] if n in {7, 8} else [])  # fmt: skip
    desk.put_update("u1", "1001", at="2026-01-03T00:00:00Z",
                    changes=[{"id": "e1", "field": "requester", "value": NAME, "chained": True},
                             {"id": "e2", "field": "requester", "value": "Bo", "chained": True}])  # fmt: skip
    desk.put_ticket("1999", subject=f"gone: {_WHOLE}", requester_id="11", status=["bad", NAME])  # a reject
    desk.put_ticket("1998", subject=f"gone: {_WHOLE}", requester_id="11")
    desk.uploads = {"https://f.example/7": b"\x89PNG her picture " + bytes(range(256)),
                    "https://f.example/8": f"Notes of a call with {NAME}".encode()}  # fmt: skip


def _file(n: int) -> dict[str, Any]:
    suffix = "txt" if n == 8 else "png"
    return {"id": f"f{n}", "name": f"{NAME} {n}.{suffix}", "url": f"https://f.example/{n}"}


def _edit(desk: Desk) -> None:
    """Change what named the person, so that only an earlier version does; delete a ticket that does."""
    desk.put_ticket("1000", subject="now without a name")
    desk.put_comment("1002", "c2", author_id="11", body=f"again {_WHOLE}", created_at="2026-01-02T08:00:00Z")
    desk.delete_ticket("1998", "2026-01-04T00:00:00Z")


def _row(store: Store, table: Table, key: str) -> None:
    """Put a row into a table of which every text tells of the person."""
    values: dict[str, Any] = {}
    for column in table.columns:
        values[column.name] = _value(column.name, column.type, column.info, key, nullable=bool(column.nullable))
        if column.autoincrement is True or (column.primary_key and column.type.python_type is int):
            del values[column.name]
    with store.write() as database:
        database.execute(insert(table).values(**values))


def _value(name: str, kind: TypeEngine[Any], info: dict[str, Any], key: str, *, nullable: bool) -> Any:
    fixed = {"id": key, "connection": "old", "vendor": "fake", "source_id": "7000", "record_id": "old:user:7",
             "content_hash": "hash", "ticket_id": "old:ticket:1001", "raw_record_id": None, "message_id": None,
             "sha256": None, "fetch_state": "done", "state": "done", "account_id": "there", "source": "old",
             "destination": "new"}  # fmt: skip
    if name in fixed:
        return fixed[name]
    if isinstance(kind, UtcTime):
        return None if nullable else NOW
    if isinstance(kind, Json):
        return {"by": _WHOLE, "also": [OTHER, {"name": NAME}]}
    if isinstance(kind, LargeBinary) or "enumeration" in info:
        return None if nullable else next(iter(info["enumeration"])).value
    if isinstance(kind, Boolean) or kind.python_type in (int, float):
        return None if nullable else kind.python_type(0)
    if name in {"stream", "command", "rule", "severity", "version", "class", "measure"}:
        return "ours"
    if name in _PEOPLE:
        return "old:user:7"
    if name.endswith(("_hash", "_id", "_object")):
        return None if nullable else "x"
    return f"{name} {_WHOLE} {OTHER}"


def _files(made: Account) -> None:
    """Add a second copy of one file, sent by somebody else."""
    blobs = BlobStore(made.store.blobs)
    made.sent = blobs.put([made.desk.uploads["https://f.example/7"]]).sha256
    made.shared = blobs.put([b"a form that many send"]).sha256
    table = sql_table("attachment")
    with made.store.write() as database:
        for key, message in (("hers", "old:comment:c14"), ("theirs", "old:comment:c8")):
            common = {"connection": "old", "vendor": "fake", "source_object": "file", "source_id": key,
                      "content_hash": key, "synced_at": NOW}  # fmt: skip
            database.execute(
                insert(table).values(id=f"old:file:{key}", message_id=message, filename="form.pdf", sha256=made.shared,
                                     fetch_state="done", **common)
            )  # fmt: skip


def everything(store: Store) -> dict[str, dict[str, str]]:
    """Return each row of each table as text, payloads inflated, by table and key."""
    found: dict[str, dict[str, str]] = {}
    archive = RawArchive("old")
    with store.read() as database:
        for table in (*(sql_table(kind.value) for kind in KINDS), *machinery.metadata.sorted_tables):
            rows = found[table.name] = {}
            if table.name in {"raw_dictionary", "suppression", "store_meta", "run", "change_log"}:
                continue
            for row in database.execute(table.select()).mappings():
                plain = {name: value for name, value in row.items() if name not in {"dictionary_id", "synced_at"}}
                if "payload" in plain:
                    plain["payload"] = archive.unpack(database, row["payload"], row["dictionary_id"])
                if "tombstone" in plain:
                    plain["tombstone"] = archive.unpack(database, row["tombstone"], None)
                rows[repr(tuple(row[column.name] for column in table.primary_key.columns))] = repr(plain)
    return found
