"""What rules read: the tables of a snapshot, as of one instant."""

from __future__ import annotations

from collections.abc import Mapping
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

    def every(self, table: str) -> ir.Table:
        """Return the rows of a table in these connections, those that are gone too."""
        found = self.backend.table(table)
        return found.filter(found.connection.isin(self.connections))

    def live(self, table: str) -> ir.Table:
        """Return the rows of a table in these connections that are not deleted."""
        found = self.every(table)
        return found.filter(found.deleted_at.isnull())

    @property
    def now(self) -> Any:
        """`as_of` as an expression."""
        return ibis.timestamp(self.as_of.replace(tzinfo=None))

    def of(self, options: Mapping[str, Any]) -> Desk:
        """Return the same desk with the options of a rule."""
        return replace(self, options=options)
