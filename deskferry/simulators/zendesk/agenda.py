"""What will happen later: background jobs and everything else that the account does on its own time."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Agenda:
    """Things to do at a time; each is done at its own moment, however late somebody looks."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def add(self, at: float, action: Callable[[], None]) -> None:
        """Do something at a time, after whatever was there for that time before."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, action))

    def next_before(self, now: float) -> tuple[float, Callable[[], None]] | None:
        """Take the next thing whose time has come, or None."""
        if not self._heap or self._heap[0][0] > now:
            return None
        at, _, action = heapq.heappop(self._heap)
        return at, action
