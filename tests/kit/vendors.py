"""Small fake vendors: callables behind httpx.MockTransport, and bodies that break off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.session import Session

Answering = Callable[[httpx.Request], httpx.Response]
BASE = "https://acme.example.com"


class Script:
    """Answers with one thing after the other (a response, an exception, a function), the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.bodies.append(request.read())
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        # A response can be read once: a fresh one each time.
        return answer if not answer.is_closed else _again(answer)

    @property
    def sent(self) -> list[str]:
        return [f"{request.method} {request.url}" for request in self.requests]


def _again(answer: httpx.Response) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


class Torn(httpx.SyncByteStream):
    """A body whose connection is lost after some bytes."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def session(answering: Answering, auth: Any = None, **options: Any) -> Session:
    """Return a session with a fake vendor, on a virtual clock."""
    options.setdefault("clock", VirtualClock())
    options.setdefault("vendor", "acme")
    return Session(options.pop("base_url", BASE), auth, transport=httpx.MockTransport(answering), **options)
