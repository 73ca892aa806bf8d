"""What a row says only beside the rows before it: how often it was there, what its case's last values were."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from deskferry.connectors.files.keys import content_key
from deskferry.connectors.files.maps import AGAIN, BEFORE, CONTENT, tracked
from deskferry.connectors.kit.contract import Raw

CASES = 100_000
"""Cases of which is known what their row before said."""
REPEATS = 50_000
"""Rows without a key among which a repeated one is noticed."""
KEYS = 200_000
"""Rows with a key among which one that has the same is noticed."""
_LINE_BITS = 48

Note = Callable[[Raw], None]
Track = tuple[tuple[str, ...], tuple[str, ...]]
"""Columns that tell the case, and those whose values before are noted."""
_NONE = object()


def looking_back(track: Track | None, *, keyless: bool, nested: bool = False) -> Note | None:
    """Return what adds to each row of a feed, in their order, what those before it say; None: nothing is asked."""
    notes = [_repeats()] if keyless else []
    if track is not None:
        by, columns = track
        alone = len(by) == len(columns) == 1 and not nested
        notes.append(_last_value(by[0], columns[0]) if alone else _last_values(by, columns, nested=nested))
    if len(notes) < 2:
        return notes[0] if notes else None
    first, second = notes

    def both(row: Raw) -> None:
        first(row)
        second(row)

    return both


def _repeats() -> Note:
    seen: OrderedDict[str, int] = OrderedDict()

    def note(row: Raw) -> None:
        content = row[CONTENT] = content_key(row)
        times = seen.pop(content, 0)
        seen[content] = times + 1
        if len(seen) > REPEATS:
            seen.popitem(last=False)
        if times:
            row[AGAIN] = times + 1

    return note


def _last_value(by: str, column: str) -> Note:
    """Return what `_last_values` would for one column and cases by one: the way of most logs, in half the time."""
    cases: OrderedDict[Any, Any] = OrderedDict()

    def note(row: Raw) -> None:
        case = row.get(by)
        before = cases.pop(case, _NONE)
        if before is _NONE:
            cases[case] = row.get(column) or None
            if len(cases) > CASES:
                cases.popitem(last=False)
        else:
            cases[case] = row.get(column) or before
            row[BEFORE] = {column: before}

    return note


def _last_values(by: tuple[str, ...], columns: tuple[str, ...], *, nested: bool) -> Note:
    cases: OrderedDict[Any, tuple[Any, ...]] = OrderedDict()
    case_of = [tracked(name, nested=nested) for name in by]
    gets = [tracked(name, nested=nested) for name in columns]

    def note(row: Raw) -> None:
        case = tuple([get(row) for get in case_of])
        before = cases.pop(case, None)
        if before is None:
            cases[case] = tuple([get(row) or None for get in gets])
        else:
            cases[case] = tuple([get(row) or last for get, last in zip(gets, before, strict=True)])
            row[BEFORE] = dict(zip(columns, before, strict=True))
        if len(cases) > CASES:
            cases.popitem(last=False)

    return note


class KnownKeys:
    """The keys of rows with what they said and where they stood: of the last ones, so that memory does not grow."""

    def __init__(self) -> None:
        self._files: list[str] = []
        # Two generations of hashes: the older one goes when the newer one is full.
        self._new: dict[int, tuple[int, int]] = {}
        self._old: dict[int, tuple[int, int]] = {}

    def met(self, key: str, said: int, name: str, line: int, *, supersede: bool = False) -> tuple[bool, str] | None:
        """Return of the row that had the key first whether it said the same, and its place; None where none had it.

        `supersede`: rows of earlier files are forgotten for this one.
        """
        hashed = hash(key)
        first = self._new.get(hashed) or self._old.get(hashed)
        if first is not None:
            before, place = first
            file = self._files[place >> _LINE_BITS]
            if not supersede or file == name:
                return before == said, f"{file}:{place & (1 << _LINE_BITS) - 1}"
        if len(self._new) >= KEYS:
            self._old, self._new = self._new, {}
        self._new[hashed] = (said, self._number(name) << _LINE_BITS | line)
        return None

    def _number(self, name: str) -> int:
        if not self._files or self._files[-1] != name:
            self._files.append(name)
        return len(self._files) - 1


def said_by(row: Raw) -> int:
    """Return a hash of what a row says, for this process alone: in half the time of one of its JSON."""
    try:
        return hash(frozenset(row.items()))
    except TypeError:  # nested values
        return hash(content_key(row))
