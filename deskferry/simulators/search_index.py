"""The search index, which learns of a change only some minutes later."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

Doc = dict[str, Any]


class SearchIndex:
    """What search knows: documents of each kind as they were a while ago."""

    def __init__(self) -> None:
        self.docs: defaultdict[str, dict[int, Doc]] = defaultdict(dict)
        self._queue: deque[tuple[float, str, int, Doc | None]] = deque()

    def note(self, visible_at: float, kind: str, row_id: int, doc: Doc | None) -> None:
        """Take in a change (None: gone) that will show at a time."""
        self._queue.append((visible_at, kind, row_id, doc))

    def advance(self, now: float) -> None:
        """Apply the changes whose time has come."""
        while self._queue and self._queue[0][0] <= now:
            _, kind, row_id, doc = self._queue.popleft()
            if doc is None:
                self.docs[kind].pop(row_id, None)
            else:
                self.docs[kind][row_id] = doc
