"""Zendesk's request limits on the simulated clock: the account's, the help centre's, and those of endpoints."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from deskferry.simulators.kernel import SimClock, SimRequest, SimResponse
from deskferry.simulators.zendesk.errors import too_many
from deskferry.simulators.zendesk.plans import HIGH_VOLUME, PER_MINUTE

MINUTE: Final = 60.0


@dataclass(slots=True)
class Window:
    """How many requests a sliding span of time may hold."""

    limit: int
    span: float = MINUTE
    moments: deque[float] = field(default_factory=deque)

    def forget(self, now: float) -> None:
        """Drop what has left the window."""
        while self.moments and self.moments[0] <= now - self.span:
            self.moments.popleft()

    def wait(self, now: float) -> float:
        """Return how long until a request is allowed; 0 if it is now."""
        self.forget(now)
        return 0.0 if len(self.moments) < self.limit else self.moments[0] + self.span - now

    @property
    def remaining(self) -> int:
        """How many more are allowed now."""
        return self.limit - len(self.moments)

    def resets(self, now: float) -> int:
        """Return in how many seconds the oldest one leaves."""
        return max(1, round(self.moments[0] + self.span - now)) if self.moments else int(self.span)


@dataclass(frozen=True, slots=True)
class EndpointLimit:
    """A limit of its own: which requests it counts, and by which header it shows; `each` counts every path apart."""

    pattern: str
    limit: int
    header: str | None = None
    high_volume: int | None = None
    span: float = MINUTE
    from_page: int | None = None
    methods: tuple[str, ...] = ("GET",)
    each: bool = False


ENDPOINTS: Final = (
    EndpointLimit(r"^/api/v2/incremental/\w+/sample$", 10, "incremental-exports", span=20 * MINUTE),
    EndpointLimit(r"^/api/v2/incremental/", 10, "incremental-exports", high_volume=30),
    EndpointLimit(r"^/api/v2/search/export$", 100, "search-export"),
    EndpointLimit(r"^/api/v2/tickets$", 50, "tickets-index-deep-pagination", from_page=500),
    EndpointLimit(r"^/api/v2/deleted_tickets$", 5, from_page=101),
    EndpointLimit(r"^/api/v2/deleted_tickets$", 10),
    EndpointLimit(r"^/api/v2/tickets/\d+/audits$", 450),
    EndpointLimit(r"^/attachments/token/", 2500),
)
# Writes are under all that fit them.
WRITES: Final = (
    EndpointLimit(r"^/api/v2/tickets/\d+$", 30, span=10 * MINUTE, methods=("PUT",), each=True),
    EndpointLimit(r"^/api/v2/tickets/\d+$", 100, high_volume=300, methods=("PUT",)),
    EndpointLimit(r"^/api/v2/tickets/\d+$", 400, methods=("DELETE",)),
    EndpointLimit(r"^/api/v2/users/\d+$", 5, methods=("PUT",), each=True),
    EndpointLimit(r"^/api/v2/users/(\d+|create_or_update)$", 60, methods=("PUT", "POST")),
    EndpointLimit(r"^/api/v2/organizations/\d+$", 5, methods=("PUT",), each=True),
    EndpointLimit(r"^/api/v2/deleted_users/\d+$", 700, span=10 * MINUTE, methods=("DELETE",)),
    EndpointLimit(r"^/api/v2/ticket_fields/\d+/options$", 100, methods=("POST",)),
)


class Limits:
    """Counts requests; `enabled=False` counts and never refuses."""

    def __init__(self, clock: SimClock, plan: str, high_volume: bool = False, enabled: bool = True) -> None:
        per_minute = HIGH_VOLUME if high_volume else PER_MINUTE[plan]
        self._clock = clock
        self._high_volume = high_volume
        self._enabled = enabled
        self._support = Window(per_minute)
        self._guide = Window(per_minute)
        self._windows: dict[tuple[EndpointLimit, str], Window] = {}

    def _window(self, rule: EndpointLimit, path: str) -> Window:
        key = rule, path if rule.each else ""
        if key not in self._windows:
            limit = rule.high_volume if self._high_volume and rule.high_volume else rule.limit
            self._windows[key] = Window(limit, rule.span)
        return self._windows[key]

    def _rules(self, request: SimRequest, path: str) -> list[EndpointLimit]:
        """Return the limits that a request is under: a read is under the first that fits."""
        rules = ENDPOINTS if request.method == "GET" else WRITES
        fitting = (
            rule
            for rule in rules
            if request.method in rule.methods and re.search(rule.pattern, path) and _deep_enough(rule, request)
        )
        return list(islice(fitting, 1)) if request.method == "GET" else list(fitting)

    def check(self, request: SimRequest) -> tuple[SimResponse | None, dict[str, str]]:
        """Count a request; return the refusal, if any, and the headers of its answer."""
        now = self._clock.now()
        path = request.path.removesuffix(".json")
        account = self._guide if path.startswith("/api/v2/help_center/") else self._support
        counted = [] if path.startswith("/attachments/") else [account]
        header = ""
        for rule in self._rules(request, path):
            counted.append(self._window(rule, path))
            header = rule.header or ""
        waits = [window.wait(now) for window in counted]
        refused = self._enabled and any(wait > 0 for wait in waits)
        if not refused:
            for window in counted:
                window.moments.append(now)
        headers = _headers(account, counted, header, now)
        return (too_many(max(1, math.ceil(max(waits))), headers) if refused else None), headers


def _deep_enough(rule: EndpointLimit, request: SimRequest) -> bool:
    if rule.from_page is None:
        return True
    page = request.param("page") or "1"
    return page.isdigit() and int(page) >= rule.from_page


def _headers(account: Window, counted: list[Window], header: str, now: float) -> dict[str, str]:
    limit, remaining, resets = str(account.limit), str(max(account.remaining, 0)), str(account.resets(now))
    headers = {
        "X-Rate-Limit": limit,
        "X-Rate-Limit-Remaining": remaining,
        "ratelimit-limit": limit,
        "ratelimit-remaining": remaining,
        "ratelimit-reset": resets,
    }
    if header:
        window = counted[-1]
        value = f"total={window.limit}; remaining={max(window.remaining, 0)}; resets={window.resets(now)}"
        headers[f"Zendesk-RateLimit-{header}"] = value
    return headers
