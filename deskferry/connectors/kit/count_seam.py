"""The seam by which a source counts and lists what it holds, without sending it: how a store is held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol, runtime_checkable

LeftOut = Literal["archived", "deleted", "spam", "merged", "agents", "inactive"]


@dataclass(frozen=True, slots=True)
class Span:
    """Times of creation from `low` on, before `high`, as `2026-01-01T00:00:00Z`; None: no end on that side."""

    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Countable:
    """A kind that a vendor counts."""

    kind: str
    object: str
    """Vendor's name of what is counted; rows of the store that are of another object are not held against it."""
    by_month: bool
    leaves_out: frozenset[LeftOut] = frozenset()
    """What the vendor's count leaves out, and the store may hold."""
    lists: bool = True
    """Whether what is counted can be listed as well."""
    page: int = 100
    """Rows a call when they are listed."""
    note: str = ""
    """How far the number can be relied on, for the report."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a vendor's list names."""

    source_id: str
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True, slots=True)
class Counting:
    """What a vendor counts, and why it does not count the rest."""

    kinds: tuple[Countable, ...]
    cannot: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Kind → why it is not counted; the kinds that neither names have no counter at all."""


@runtime_checkable
class Counts(Protocol):
    """A source that counts. What cannot be counted is None, never 0."""

    def counting(self) -> Counting:
        """Return what can be counted; costs no call."""
        ...

    def counts(self, kind: str, spans: Sequence[Span]) -> list[int | None]:
        """Return how many there are in each of these spans, which follow one another; a call each."""
        ...

    def listed(self, kind: str, span: Span) -> Iterator[Sequence[Listed]]:
        """Yield what was created in a span, a call a batch; raises BeyondList where the vendor does not show it all."""
        ...


class BeyondList(Exception):
    """A vendor shows no more of a list than it has shown."""
