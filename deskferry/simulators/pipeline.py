"""What happens to a request on its way to a desk and back: the control plane, the faults, the log.

`server.py` puts it behind a socket, or behind an httpx transport; both see the same behaviour.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from deskferry.simulators.control import CONTROL_PREFIX, control
from deskferry.simulators.faults import Rule, dropped, striking
from deskferry.simulators.kernel import Desk, SimRequest, SimResponse, VendorErrors, json_response

HTML_PAGE: Final = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
_SECRET_PARAMETERS: Final = (
    "token",
    "secret",
    "code",
    "password",
    "api_key",
    "access_token",
    "refresh_token",
)
_REASONS: Final = {
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
}

Ending = Literal["send", "reset", "truncate", "hold"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request that reached the desk or a fault; credentials are never in it."""

    method: str
    path: str
    query: str
    status: int
    at: float
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the control plane shows it."""
        return {name: getattr(self, name) for name in ("method", "path", "query", "status", "at", "fault")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and how the connection ends: sent, reset, cut in the middle, or held for `seconds`."""

    response: SimResponse
    ending: Ending = "send"
    seconds: float = 0.0


class Pipeline:
    """A desk with its faults, log and control plane. Thread-safe: one request at a time reaches the desk.

    `latency` is how many virtual seconds each request takes.
    """

    def __init__(self, desk: Desk, latency: float = 0.0) -> None:
        self.desk = desk
        self.rules: list[Rule] = []
        self.log: list[LogEntry] = []
        self.lock = threading.RLock()
        self._latency = latency
        self._pages: dict[str, SimResponse] = {}
        self._before_write: dict[tuple[str, str], SimResponse] = {}
        self._since_write: dict[tuple[str, str], SimResponse] = {}

    def handle(self, request: SimRequest) -> Outcome:
        """Answer one request, faults included."""
        if request.path.startswith(CONTROL_PREFIX):
            return Outcome(control(self, request))
        with self.lock:
            rule = striking(self.rules, request)
            outcome = self._through_desk(request) if rule is None else self._faulty(rule, request)
            # A connection that died before it answered has no status: the log says 0.
            status = 0 if outcome.ending in ("reset", "hold") else outcome.response.status
            self.log.append(
                LogEntry(
                    request.method,
                    request.path,
                    redacted(request.query),
                    status,
                    self.desk.clock.now(),
                    rule.do if rule else None,
                )
            )
            return outcome

    def _through_desk(self, request: SimRequest) -> Outcome:
        if self._latency:
            self.desk.clock.tick(self._latency)
        response = self.desk.handle(request)
        self._remember(request, response)
        return Outcome(response)

    def _remember(self, request: SimRequest, response: SimResponse) -> None:
        """Keep what the faults `repeat` and `stale` will want, only while such a rule is there."""
        wanted = {rule.do for rule in self.rules}
        if request.method == "GET" and response.status == 200:
            if "repeat" in wanted:
                self._pages[request.path] = response
            if "stale" in wanted:
                self._since_write[_identity(request)] = response
        elif request.method != "GET" and "stale" in wanted:
            self._before_write.update(self._since_write)
            self._since_write.clear()

    def _faulty(self, rule: Rule, request: SimRequest) -> Outcome:
        if rule.do == "status" and rule.after:
            self._through_desk(request)
        if rule.do == "repeat":
            page = self._pages.get(request.path)
            return Outcome(page) if page else self._through_desk(request)
        if rule.do == "stale":
            old = self._before_write.get(_identity(request))
            return Outcome(old) if old else self._through_desk(request)
        before = _WITHOUT_THE_DESK.get(rule.do)
        if before is not None:
            return before(self.desk, rule)
        outcome = self._through_desk(request)
        if rule.do == "drop":
            return Outcome(dropped(outcome.response, rule.at, rule.index))
        ending: dict[str, Ending] = {"reset_after": "reset", "truncate": "truncate", "timeout_after": "hold"}
        return Outcome(outcome.response, ending[rule.do], rule.seconds)


def _status(desk: Desk, rule: Rule) -> Outcome:
    kind = rule.body or ("html" if rule.status >= 500 else "json")
    response = _worded(desk, rule.status) if kind == "json" else SimResponse(rule.status)
    if kind == "html":
        response = _html(rule.status)
    if rule.retry_after is not None:
        response.headers["Retry-After"] = f"{rule.retry_after:g}"
    else:
        response.headers.pop("Retry-After", None)
    return Outcome(response)


def _worded(desk: Desk, status: int) -> SimResponse:
    if isinstance(desk, VendorErrors):
        return desk.error(status)
    return json_response({"error": _REASONS.get(status, "Error")}, status)


def _html(status: int) -> SimResponse:
    title = f"{status} {_REASONS.get(status, 'Service Unavailable')}".encode()
    return SimResponse(status, HTML_PAGE % (title, title), {"Content-Type": "text/html; charset=utf-8"})


_WITHOUT_THE_DESK: Final[Mapping[str, Callable[[Desk, Rule], Outcome]]] = {
    "status": _status,
    "reset": lambda _desk, _rule: Outcome(SimResponse(), "reset"),
    "timeout": lambda _desk, rule: Outcome(SimResponse(), "hold", rule.seconds),
    "html": lambda _desk, _rule: Outcome(
        SimResponse(200, HTML_PAGE % (b"Sign in", b"Sign in"), {"Content-Type": "text/html; charset=utf-8"})
    ),
    "revoke": lambda desk, _rule: Outcome(_worded(desk, 403)),
}


def _identity(request: SimRequest) -> tuple[str, str]:
    return request.path, "&".join(f"{key}={value}" for key, value in sorted(request.query))


def redacted(query: tuple[tuple[str, str], ...]) -> str:
    """Return a query as text with the values of secret parameters masked."""
    return "&".join(f"{key}={'***' if key in _SECRET_PARAMETERS else value}" for key, value in query)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by lower-case name."""
    return {name.lower(): value for name, value in headers.items()}
