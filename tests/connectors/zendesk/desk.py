"""A desk of canned answers behind the client's own seam, and how to read from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import Page, PullRequest
from deskferry.connectors.zendesk import CONNECTOR
from deskferry.connectors.zendesk.api import ZendeskSource
from deskferry.redaction import Secret

NOW = 1_740_000_000
Serve = Callable[[httpx.Request], httpx.Response]


class Desk:
    """Answers GETs by path below /api/v2; what is not known is a 404. `calls` records them."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        path = parts.path.removeprefix("/api/v2/")
        asked = dict(parse_qsl(parts.query))
        self.calls.append((path, asked))
        self.requests.append(request)
        answer = self.answers.get(path, 404)
        if callable(answer):
            answer = answer(asked)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else 404
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, int):
            return httpx.Response(answer, json={"error": "RecordNotFound" if answer == 404 else "Forbidden"})
        return httpx.Response(200, json=answer, headers={"x-rate-limit": "700", "x-rate-limit-remaining": "699"})

    def count(self, path: str) -> int:
        return sum(one == path for one, _ in self.calls)


def connection(**settings: Any) -> ConnectionConfig:
    given = settings or {"subdomain": "acme", "oauth_token": Secret("token-123456")}
    common = {name: given.pop(name) for name in ("base_url", "page_size", "start_date") if name in given}
    return ConnectionConfig("old", "zendesk", settings=given, **common)


def source(desk: Serve, configured: ConnectionConfig | None = None) -> ZendeskSource:
    chosen = configured or connection()
    session = CONNECTOR.session(chosen, VirtualClock(NOW), httpx.MockTransport(desk))
    return ZendeskSource(session, chosen)


def pull(
    desk: Serve,
    stream: str,
    cursor: dict[str, Any] | None = None,
    since: str | None = None,
    configured: ConnectionConfig | None = None,
) -> list[Page]:
    found = list(source(desk, configured).pages(stream, PullRequest(cursor, since)))
    for page in found:
        json.dumps(page.cursor)
    assert [page.last for page in found] == [False] * (len(found) - 1) + [True]
    return found


def ids(pages: list[Page]) -> list[str]:
    return [record.source_id for page in pages for record in page.records]
