"""What became of the fields that a vendor sent, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from deskferry.connectors.kit.mapping import ObjectMap, Raw

_SHAPES = 1_000
"""Shapes of payloads that are counted apart at most, so that keys which are ids do not fill the memory."""


class Coverage:
    """Counts, by path, what became of the fields that a vendor sent: mapped, kept, ignored with a reason, unknown."""

    def __init__(self, object_map: ObjectMap) -> None:
        self.object_map = object_map
        self._shapes: Counter[tuple[str, ...]] = Counter()
        self._seen: Counter[str] = Counter()

    @cached_property
    def _mapped(self) -> frozenset[str]:
        keys: set[str] = set(self.object_map.volatile) | {self.object_map.id_path}
        for table in self.object_map.tables:
            keys.update(table.takes)
            if isinstance(table.each, str):
                keys.add(table.each.split(".", maxsplit=1)[0])
            for row in table.rows:
                if table.each is None or row.path.startswith("^"):
                    keys.add(row.path.removeprefix("^").split(".", maxsplit=1)[0])
        return frozenset(keys)

    def add(self, payloads: Iterable[Raw]) -> None:
        """Count the top-level keys of payloads."""
        self._shapes.update(map(tuple, payloads))  # there are few shapes: counted as a whole, key by key later
        if len(self._shapes) > _SHAPES:
            self._unfold()

    @property
    def seen(self) -> Counter[str]:
        """How often each key came."""
        self._unfold()
        return self._seen

    def _unfold(self) -> None:
        for shape, count in self._shapes.items():
            self._seen.update(dict.fromkeys(shape, count))
        self._shapes.clear()

    def report(self) -> list[tuple[str, str, str, int]]:
        """Return (path, `mapped|kept|ignored|unknown`, reason, count) for every key that was seen."""
        lines = []
        for key, count in sorted(self.seen.items()):
            if key in self.object_map.ignored:
                lines.append((key, "ignored", self.object_map.ignored[key], count))
            elif key in self._mapped:
                lines.append((key, "mapped", "", count))
            elif key in self.object_map.kept:
                lines.append((key, "kept", self.object_map.kept[key], count))
            else:
                lines.append((key, "unknown", "kept in extra; the mapping does not know it yet", count))
        return lines
