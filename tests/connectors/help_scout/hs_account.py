"""A hand-made Help Scout behind httpx's mock transport, and a hand on the simulated one while it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from deskferry.config import ConnectionConfig
from deskferry.connectors.help_scout import CONNECTOR
from deskferry.connectors.help_scout.api import HelpScoutSource
from deskferry.connectors.help_scout.settings import HelpScoutSession
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.redaction import Secret
from tests.connectors.conformance.subjects import SUBJECTS, Account

NOW = 1_760_000_000.0
CONNECTION = ConnectionConfig(
    "old", "help_scout", settings=MappingProxyType({"access_token": Secret("token-123456")}), requests_per_minute=1e6
)
SUBJECT = next(one for one in SUBJECTS if one.name == "help_scout")


@dataclass
class Desk:
    """Answers by path below /v2 or /v1, remembers every request."""

    routes: Mapping[str, Any] = field(default_factory=dict)
    config: ConnectionConfig = CONNECTION
    seen: list[httpx.Request] = field(default_factory=list)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.seen.append(request)
        path = request.url.path.partition("/v2/")[2] or request.url.path.partition("/v1/")[2] or request.url.path
        for wanted, answer in self.routes.items():
            if re.fullmatch(wanted, path):
                found = answer(request) if callable(answer) else answer
                return found if isinstance(found, httpx.Response) else answered(found)
        return httpx.Response(404, json={"message": "Not found"})

    def session(self) -> HelpScoutSession:
        session = CONNECTOR.session(self.config, self.clock, httpx.MockTransport(self))
        assert isinstance(session, HelpScoutSession)
        return session

    def source(self) -> HelpScoutSource:
        return HelpScoutSource(self.session(), self.config)

    def paths(self) -> list[str]:
        return [one.url.path for one in self.seen]


def answered(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=orjson.dumps(body), headers={"Content-Type": "application/json", **headers})


def query(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))


def envelope(key: str, rows: list[Any], number: int, total: int, size: int) -> dict[str, Any]:
    """Return a page as the vendor writes it: an empty one has no envelope."""
    pages = -(-total // size)
    body: dict[str, Any] = {"page": {"size": size, "totalElements": total, "totalPages": pages, "number": number}}
    if rows:
        body["_embedded"] = {key: rows}
    body["_links"] = (
        {"next": {"href": f"https://api.helpscout.net/v2/{key}?page={number + 1}"}} if number < pages else {}
    )
    return body


def paged(key: str, rows: list[Any], size: int = 50) -> Callable[[httpx.Request], httpx.Response]:
    """Answer a list in pages; rows may change between them."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(query(request).get("page", 1))
        return answered(envelope(key, rows[(number - 1) * size : number * size], number, len(rows), size))

    return answer


def during(account: Account, path: str, nth: int, act: Callable[[], object]) -> None:
    """Do something right after the n-th answer to a path."""
    original, count = account.desk.handle, 0

    def handle(request: Any) -> Any:
        nonlocal count
        response = original(request)
        if re.search(path, request.path):
            count += 1
            if count == nth:
                act()
        return response

    account.desk.handle = handle
