"""Ids kept in order of a key, so that a page of a list is a slice."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

Key = str | int


class Ordered:
    """A sorted set of (key, id) in which an id may move."""

    __slots__ = ("_key_of", "_pairs")

    def __init__(self) -> None:
        self._pairs: list[tuple[Key, int]] = []
        self._key_of: dict[int, Key] = {}

    def put(self, row_id: int, key: Key) -> None:
        """Add an id, or move it to a new key."""
        old = self._key_of.get(row_id)
        if old == key:
            return
        if old is not None:
            self.drop(row_id)
        self._key_of[row_id] = key
        pair = (key, row_id)
        if not self._pairs or pair > self._pairs[-1]:
            self._pairs.append(pair)
        else:
            insort(self._pairs, pair)

    def drop(self, row_id: int) -> None:
        """Remove an id, if it is there."""
        key = self._key_of.pop(row_id, None)
        if key is not None:
            del self._pairs[bisect_left(self._pairs, (key, row_id))]

    def __len__(self) -> int:
        return len(self._pairs)

    def since(self, key: Key | None) -> int:
        """Return the position of the first id whose key is at least this."""
        return 0 if key is None else bisect_left(self._pairs, (key, -1))

    def ids(self, low: int = 0) -> list[int]:
        """Return all ids from a position on, in ascending order."""
        return [row_id for _, row_id in self._pairs[low:]]

    def page(self, low: int, start: int, size: int, *, descending: bool) -> Sequence[int]:
        """Return `size` ids after skipping `start`, of those from position `low` on."""
        if descending:
            top = len(self._pairs) - start
            pairs = self._pairs[max(top - size, low) : max(top, low)][::-1]
        else:
            pairs = self._pairs[low + start : low + start + size]
        return [row_id for _, row_id in pairs]
