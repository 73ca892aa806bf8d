"""What rules read: the tables of a snapshot, as of one instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Desk:
    """Some connections of a snapshot. Times are naive and in UTC; ids are text, or keys (see `store.snapshot`)."""

    backend: Any
    connections: tuple[str, ...]
    as_of: datetime
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Of the rule that is asked."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What several rules start from, computed once: see `shared`."""

    def everywhere(self, table: str) -> ir.Table:
        """Return the rows of a table in all connections, those that are gone too."""
        if f"table {table}" not in self.kept:
            self.kept[f"table {table}"] = self.backend.table(table)
        found: ir.Table = self.kept[f"table {table}"]
        return found

    def every(self, table: str) -> ir.Table:
        """Return the rows of a table in these connections, those that are gone too."""
        found = self.everywhere(table)
        return found.filter(found.connection.isin(self.connections))

    def live(self, table: str) -> ir.Table:
        """Return the rows of a table in these connections that are not deleted."""
        found = self.every(table)
        return found.filter(found.deleted_at.isnull()) if "deleted_at" in found.columns else found

    def shared(self, build: Callable[[Desk], ir.Table]) -> ir.Table:
        """Return what a function makes of this desk; it is computed once, and kept as long as the desk."""
        name = f"{build.__module__}.{build.__qualname__}"
        if name not in self.kept:
            self.kept[name] = build(self).cache()
        found: ir.Table = self.kept[name]
        return found

    @property
    def now(self) -> Any:
        """`as_of` as an expression."""
        return ibis.timestamp(self.as_of.replace(tzinfo=None))

    def of(self, options: Mapping[str, Any]) -> Desk:
        """Return the same desk with the options of a rule."""
        return replace(self, options=options)
