"""Records of one kind, made when they are wanted, with what was changed since, in the order of their last change."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")
_BITS = 24


class Store(Generic[T]):
    """The records of a kind by id.

    `make` makes the record at a position, `stamp` tells when it last changed; a record that `put` gave back is kept.
    """

    def __init__(
        self, ids: Sequence[int], make: Callable[[int], T], stamp: Callable[[int], int], cache: int = 1024
    ) -> None:
        self._base = ids
        self._make = lru_cache(maxsize=cache)(make)
        self._stamp = stamp
        self._added: list[int] = []
        self._place = {} if isinstance(ids, range) else {value: place for place, value in enumerate(ids)}
        self._changed: dict[int, T] = {}
        self._stamps: dict[int, int] = {}
        self._order: array[int] | None = None
        self._gone: set[int] = set()
        self.version = 0

    def __len__(self) -> int:
        """Return how many there are, or were."""
        return len(self._base) + len(self._added)

    def __iter__(self) -> Iterator[T]:
        """Go through all of them in the order of their ids."""
        return (self.at(place) for place in range(len(self)) if place not in self._gone)

    def ids(self) -> Sequence[int]:
        """Return the ids, ascending."""
        if self._gone:
            return [self.id_at(place) for place in range(len(self)) if place not in self._gone]
        return [*self._base, *self._added] if self._added else self._base

    def remove(self, identifier: int) -> None:
        """Forget a record: nothing finds it any more."""
        place = self.place(identifier)
        if place is not None:
            self._gone.add(place)
            self.version += 1

    def id_at(self, place: int) -> int:
        """Return the id at a position."""
        return self._base[place] if place < len(self._base) else self._added[place - len(self._base)]

    def place(self, identifier: int) -> int | None:
        """Return the position of an id, or None."""
        if isinstance(self._base, range) and identifier in self._base:
            return self._base.index(identifier)
        return self._place.get(identifier)

    def at(self, place: int) -> T:
        """Return the record at a position."""
        changed = self._changed.get(place)
        return self._make(place) if changed is None else changed

    def get(self, identifier: int) -> T | None:
        """Return the record of an id, or None."""
        place = self.place(identifier)
        return None if place is None or place in self._gone else self.at(place)

    def put(self, identifier: int, record: T, stamp: int) -> None:
        """Keep a new or changed record, which last changed at `stamp`."""
        place = self.place(identifier)
        if place is None:
            place = len(self)
            self._place[identifier] = place
            self._added.append(identifier)
        elif self._order is not None:
            del self._order[bisect_left(self._order, self.stamp(place) << _BITS | place)]
        self._changed[place] = record
        self._stamps[place] = stamp
        if self._order is not None:
            insort(self._order, stamp << _BITS | place)
        self.version += 1

    def forget(self) -> None:
        """Make every record anew that nobody changed."""
        self._make.cache_clear()
        self.version += 1

    def changed(self, place: int) -> T | None:
        """Return the record at a position if it was changed or added, else None."""
        return self._changed.get(place)

    def changed_places(self) -> list[int]:
        """Return the positions of what was changed or added."""
        return list(self._changed)

    def stamp(self, place: int) -> int:
        """Return when the record at a position last changed."""
        known = self._stamps.get(place)
        return self._stamp(place) if known is None else known

    def after(self, stamp: int, place: int = -1) -> Iterator[tuple[int, int]]:
        """Go through (stamp, position) of all that changed later, or at `stamp` on a later position."""
        if self._order is None:
            self._order = array("Q", sorted(self.stamp(n) << _BITS | n for n in range(len(self))))
        start = bisect_left(self._order, (max(stamp, 0) << _BITS) + place + 1)
        mask = (1 << _BITS) - 1
        keys = ((key >> _BITS, key & mask) for key in self._order[start:])
        return (found for found in keys if found[1] not in self._gone)
