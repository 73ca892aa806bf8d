"""Calls a minute: one window for the account, one for each endpoint that has a limit of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from deskferry.simulators.freshdesk.plans import Plan

WINDOW = 60.0


@dataclass(slots=True)
class Window:
    """A minute that begins with its first call."""

    limit: int
    start: float = -math.inf
    used: int = 0

    def left(self, now: float) -> int:
        """Return the calls that are left in the minute that `now` is in."""
        if now - self.start >= WINDOW:
            self.start, self.used = now, 0
        return self.limit - self.used

    def wait(self, now: float) -> int:
        """Return the whole seconds until the next minute."""
        return max(1, math.ceil(self.start + WINDOW - now))


@dataclass(slots=True)
class Meter:
    """Counts calls and says when to come back."""

    plan: Plan
    calls: int = 0
    refused: int = 0
    _total: Window = field(init=False)
    _ends: dict[str, Window] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._total = Window(self.plan.total)

    def change(self, plan: Plan) -> None:
        """Take on another plan: new windows."""
        self.plan, self._total = plan, Window(plan.total)
        self._ends.clear()

    def admit(self, now: float, endpoint: str | None, cost: int) -> int | None:
        """Count one call; return None when it may go on, else the seconds to wait."""
        self.calls += 1
        windows = [self._total]
        limit = self.plan.limit(endpoint) if endpoint else None
        if endpoint and limit is not None:
            windows.append(self._ends.setdefault(endpoint, Window(limit)))
        for window in windows:
            if window.left(now) <= 0:
                self.refused += 1
                return window.wait(now)
        self._total.used += cost
        if len(windows) > 1:
            windows[1].used += 1
        return None

    def headers(self, now: float, cost: int) -> dict[str, str]:
        """Return the limit headers; now and then the numbers are written as floats."""
        left = max(self._total.left(now), 0)
        tail = ".0" if self.calls % 7 == 0 else ""
        name = "X-RateLimit" if self.calls % 2 else "X-Ratelimit"
        return {
            f"{name}-Total": f"{self._total.limit}{tail}",
            f"{name}-Remaining": f"{left}{tail}",
            f"{name}-Used-CurrentRequest": f"{cost}{tail}",
            "X-Freshdesk-API-Version": "latest=v2; requested=v2",
        }
