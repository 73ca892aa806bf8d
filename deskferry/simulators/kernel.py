"""The seam of the simulators: what a fake desk receives, answers and is asked for by the control plane.

A desk is plain state behind one method, `handle`. It never sleeps, reads no machine clock, opens no socket:
`server.py` does the HTTP, the faults, the control plane and the log; `SimClock` tells the time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import orjson


@dataclass(frozen=True, slots=True)
class SimRequest:
    """One HTTP request as a desk sees it: header names are lower-case, the path carries no query."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""

    def param(self, name: str) -> str | None:
        """Return the last value of a query parameter, or None."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    def json(self) -> Any:
        """Return the decoded JSON body; raises ValueError when it is none."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class SimResponse:
    """One HTTP answer. `body` is the exact bytes that go out."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> SimResponse:
    """Return a JSON answer with its content type."""
    merged = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return SimResponse(status, orjson.dumps(value), merged)


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that a customer or agent would have received, or a side effect that would have fired.

    `kind` is the vendor's own trigger of it (`new_ticket_requester`, `public_note_requester`, ...).
    """

    kind: str
    to: str
    subject: str
    ticket_id: int | None
    at: float


class SimClock:
    """The simulator's clock: `virtual` moves only by `sleep` and `tick`; `real` follows the machine.

    Times are Unix seconds. Thread-safe.
    """

    def __init__(self, start: float | None = None, mode: Literal["real", "virtual"] = "virtual") -> None:
        self.mode = mode
        self._offset = 0.0 if start is None else start - time.time()
        self._virtual = time.time() if start is None else start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the simulated time in Unix seconds."""
        if self.mode == "real":
            return time.time() + self._offset
        with self._lock:
            return self._virtual

    def sleep(self, seconds: float) -> None:
        """Let time pass: at once on a virtual clock, truly on a real one."""
        if self.mode == "real":
            time.sleep(max(seconds, 0.0))
            return
        self.tick(seconds)

    def sleep_until(self, moment: float) -> None:
        """Let time pass until a moment: who waits for the same one on a virtual clock moves it once."""
        if self.mode == "real":
            self.sleep(moment - self.now())
            return
        with self._lock:
            self._virtual = max(moment, self._virtual)

    def tick(self, seconds: float) -> None:
        """Move a virtual clock on without anybody sleeping; a real one moves by itself."""
        with self._lock:
            self._virtual += max(seconds, 0.0)

    def set(self, moment: float) -> None:
        """Jump to a moment, backwards too."""
        with self._lock:
            self._virtual = moment
            self._offset = moment - time.time()


class Desk(Protocol):
    """One vendor's fake account."""

    vendor: str
    clock: SimClock
    mailbox: list[Mail]

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request. Called under the server's lock: a desk needs no locking of its own."""
        ...

    def credentials(self) -> dict[str, Any]:
        """Return working credentials by the names of the configuration (`api_key`, `oauth_token`, ...)."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Return the whole account as JSON: {collection: [records]}; for tests that compare end states."""
        ...

    def patch(self, change: Mapping[str, Any]) -> Any:
        """Change the account behind the API's back, as people at work do; each desk lists its operations."""
        ...


@runtime_checkable
class VendorErrors(Protocol):
    """A desk that words the errors of injected faults itself; without it they are worded in general terms."""

    def error(self, status: int) -> SimResponse:
        """Return the vendor's own answer for a status such as 429 or 503."""
        ...
