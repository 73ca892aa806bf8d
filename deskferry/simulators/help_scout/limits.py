"""Calls: so many a minute for the account, writes twice; the Docs API has ten minutes of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

PLANS = {"standard": 200, "plus": 400, "pro": 800}
"""Calls a minute of each plan."""
DOCS_CALLS = 2000
READ = frozenset(("GET", "HEAD"))


@dataclass(slots=True)
class Window:
    """A span of time that begins with its first call."""

    limit: int
    length: float = 60.0
    start: float = -math.inf
    used: int = 0

    def left(self, now: float) -> int:
        """Return what is left in the span that `now` is in."""
        if now - self.start >= self.length:
            self.start, self.used = now, 0
        return self.limit - self.used

    def wait(self, now: float) -> int:
        """Return the whole seconds until the next span."""
        return max(1, math.ceil(self.start + self.length - now))


@dataclass(slots=True)
class Meter:
    """Counts the calls of an account. `burst`, if any, is how many writes fit into five seconds."""

    limit: int
    burst: int | None = None
    docs_limit: int = DOCS_CALLS
    calls: int = 0
    refused: int = 0
    _minute: Window = field(init=False)
    _burst: Window | None = field(init=False)
    _docs: Window = field(init=False)

    def __post_init__(self) -> None:
        self._minute = Window(self.limit)
        self._burst = Window(self.burst, 5.0) if self.burst else None
        self._docs = Window(self.docs_limit, 600.0)

    def admit(self, now: float, method: str) -> int | None:
        """Count one call of the Inbox API; return None when it may go on, else the seconds to wait."""
        self.calls += 1
        cost = 1 if method in READ else 2
        if self._minute.left(now) < cost:
            return self._turn_away(self._minute, now)
        if cost > 1 and self._burst is not None:
            if self._burst.left(now) < 1:
                return self._turn_away(self._burst, now)
            self._burst.used += 1
        self._minute.used += cost
        return None

    def headers(self, now: float, wait: int | None = None) -> dict[str, str]:
        """Return the headers of the Inbox API. There is no plain Retry-After."""
        left = max(self._minute.left(now), 0) if wait is None else 0
        found = {"X-RateLimit-Limit-Minute": str(self.limit), "X-RateLimit-Remaining-Minute": str(left)}
        return found if wait is None else {**found, "X-RateLimit-Retry-After": str(wait)}

    def admit_docs(self, now: float) -> int | None:
        """Count one call of the Docs API; return None when it may go on, else the seconds to wait."""
        self.calls += 1
        if self._docs.left(now) < 1:
            return self._turn_away(self._docs, now)
        self._docs.used += 1
        return None

    def docs_headers(self, now: float) -> dict[str, str]:
        """Return the headers of the Docs API. No source says what a reset is: seconds from now here."""
        left = max(self._docs.left(now), 0)
        reset = str(self._docs.wait(now))
        return {
            "X-RateLimit-Limit": str(self.docs_limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": reset,
        }

    def _turn_away(self, window: Window, now: float) -> int:
        self.refused += 1
        return window.wait(now)
