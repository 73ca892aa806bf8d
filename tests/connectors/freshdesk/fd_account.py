"""A hand-made Freshdesk account behind httpx's mock transport, and the crossings of an imagined plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from deskferry.config import ConnectionConfig
from deskferry.connectors.freshdesk import CONNECTOR
from deskferry.connectors.freshdesk.api import FreshdeskSource
from deskferry.connectors.freshdesk.write import FreshdeskDestination
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import (
    FieldRule,
    FilePart,
    FileSettings,
    HeaderSettings,
    Ref,
    Row,
    Target,
    TicketAggregate,
)
from deskferry.connectors.kit.links import Addresses, LinkedText, Text, linked
from deskferry.connectors.kit.session import Session
from deskferry.connectors.zendesk.settings import ADDRESSES as ZENDESK
from deskferry.redaction import Secret

ORIGIN = "https://acme.freshdesk.com"
NOW = 1_760_000_000.0
AT = datetime(2025, 3, 1, 9, 0, tzinfo=UTC)

CONNECTION = ConnectionConfig(
    "new", "freshdesk", settings=MappingProxyType({"domain": "acme", "api_key": Secret("0123456789abcdef")})
)

Route = Callable[[httpx.Request], httpx.Response]


@dataclass
class Desk:
    """Answers by `METHOD path`, remembers every request."""

    routes: dict[str, Any] = field(default_factory=dict)
    seen: list[httpx.Request] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        path = request.url.path.removeprefix("/api/v2/")
        for pattern, answer in self.routes.items():
            method, _, wanted = pattern.partition(" ")
            if method == request.method and re.fullmatch(wanted, path):
                found = answer(request) if callable(answer) else answer
                return found if isinstance(found, httpx.Response) else answered(found)
        return httpx.Response(404)

    def session(self) -> Session:
        return CONNECTOR.session(CONNECTION, self.clock, httpx.MockTransport(self))

    def source(self) -> FreshdeskSource:
        return FreshdeskSource(self.session(), CONNECTION)

    def destination(self) -> FreshdeskDestination:
        return FreshdeskDestination(self.session(), CONNECTION)

    def calls(self) -> list[str]:
        return [f"{one.method} {one.url.path.removeprefix('/api/v2/')}" for one in self.seen]


def answered(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body), headers={"Content-Type": "application/json", **headers})


def created(body: Any) -> httpx.Response:
    return answered(body, 201)


def refused(code: str, field: str = "", status: int = 400, **more: Any) -> httpx.Response:
    error = {"field": field, "code": code, "message": "No.", **more}
    return answered({"description": "Validation failed", "errors": [error]}, status)


def query(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))


def body_of(request: httpx.Request) -> Any:
    return orjson.loads(request.content)


def paged(rows: list[Any], size: int = 100, keep: Callable[[Any, dict[str, str]], bool] | None = None) -> Route:
    """Answer a list in pages, with a Link header where there is more."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked = query(request)
        found = [row for row in rows if keep is None or keep(row, asked)]
        per_page = min(int(asked.get("per_page", size)), size)
        page = int(asked.get("page", 1))
        part = found[(page - 1) * per_page : page * per_page]
        more = {"Link": f'<{ORIGIN}/next>; rel="next"'} if page * per_page < len(found) else {}
        return answered(part, **more)

    return answer


# ------------------------------------------------------------------------------------------------------------- the plan


@dataclass
class Plan:
    """Crossings by hand: everybody named crosses, ids are kept."""

    targets: dict[str, Target] = field(default_factory=dict)
    people: dict[str, Row] = field(default_factory=dict)
    rules: dict[tuple[str, str], FieldRule] = field(default_factory=dict)
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    header: HeaderSettings = field(default_factory=HeaderSettings)
    files: FileSettings = field(default_factory=FileSettings)
    migrated_tag: str | None = None
    site: str = "https://old.zendesk.com"

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        return f"{sha256[-8:]}/{offset}/{size}"

    def linked(self, text: str) -> tuple[Text, Sequence[str]]:
        made = linked(text, "old", Addresses(self.site, ZENDESK))
        links = made.links() if isinstance(made, LinkedText) else ()
        return made, [link.old for link in links if self.target(link.record_id) is None]

    def address(self, record_id: str) -> str | None:
        _connection, what, source_id = record_id.split(":")
        return Addresses(self.site, ZENDESK).old(what, source_id)

    def target(self, record_id: str | None) -> Target | None:
        return self.targets.get(record_id or "")

    def field_rule(self, kind: str, key: str) -> FieldRule | None:
        return self.rules.get((kind, key))

    def value(self, what: str, value: str) -> str | None:
        return self.values.get((what, value))

    def person(self, record_id: str | None) -> Row | None:
        return self.people.get(record_id or "")

    def setting(self, name: str) -> str | None:
        return self.settings.get(name)


def plan(**more: Any) -> Plan:
    return Plan(
        targets={
            "old:user:1": Target(None, "user", "end_user", "Zoë"),
            "old:user:9": Target("900", "user", "agent", "Ann"),
            "old:user:8": Target(None, "user", "end_user", "Bob", placeholder=True),
            "old:group:5": Target("50", "group"),
            "old:brand:3": Target("30", "product"),
            "old:organization:7": Target(None, "company"),
        },
        people={
            "old:user:1": {"id": "old:user:1", "name": "Zoë Müller", "email": "zoe@x.org", "role": "end_user"},
            "old:user:9": {"id": "old:user:9", "name": "Ann Agent", "email": "ann@desk.org", "role": "agent"},
            "old:user:8": {"id": "old:user:8", "name": "Bob Gone", "email": "bob@desk.org", "role": "agent"},
        },
        **more,
    )


def message(number: int, **more: Any) -> Row:
    return {
        "id": f"old:comment:{number}", "ticket_id": "old:ticket:42", "seq": number, "author_id": "old:user:1",
        "author_kind": "end_user", "kind": "public_reply", "state": "sent", "direction": "in", "is_public": True,
        "body_html": f"<p>Message {number}</p>", "body_text": f"Message {number}", "created_at": AT, **more,
    }  # fmt: skip


def reply(number: int, **more: Any) -> Row:
    return message(number, **{"author_id": "old:user:9", "author_kind": "agent", "direction": "out", **more})


def note(number: int, **more: Any) -> Row:
    return reply(number, **{"kind": "private_note", "is_public": False, "direction": None, **more})


def file(number: int, **more: Any) -> Row:
    return {
        "id": f"old:attachment:{number}", "filename": f"f{number}.txt", "content_type": "text/plain", "size": 10,
        "sha256": f"{number:064x}", "fetch_state": "done", "is_inline": False, **more,
    }  # fmt: skip


def aggregate(*messages: Row, files: Mapping[str, tuple[Row, ...]] | None = None, **more: Any) -> TicketAggregate:
    parts = {name: more.pop(name, ()) for name in ("tags", "followers", "links", "events", "ratings", "time_entries")}
    ticket = {
        "id": "old:ticket:42", "number": "42", "subject": "Hello", "status": "open", "priority": "high",
        "channel": "email", "requester_id": "old:user:1", "created_at": AT, **more,
    }  # fmt: skip
    return TicketAggregate(ticket, messages, files or {}, **parts)


def resolve(ref: Ref) -> str:
    known = {
        "old:user:1": "100", "old:user:9": "900", "old:user:8": "800", "old:group:5": "50", "old:brand:3": "30",
        "old:ticket:42": "4242", "old:organization:7": "70",
    }  # fmt: skip
    return known[ref.record_id]


def blob(folder: Path) -> Callable[[FilePart], Path]:
    def opened(part: FilePart) -> Path:
        path = folder / part.sha256
        path.write_bytes(b"0123456789")
        return path

    return opened
