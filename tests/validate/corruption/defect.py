"""What a defect is: one fault, named like the rule that must see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.validate.corruption.damage import Damage

Hit = tuple[str, str | None]
"""Connection and record that a rule must name; None: no single record is to blame."""


@dataclass(frozen=True)
class Seen:
    """What a rule must name: these records, no others."""

    records: frozenset[str | None]
    connection: str | None = None
    """Another one than that which is damaged."""
    instead: frozenset[str | None] = frozenset()
    """Records that may be named in place of those: where a fault lies between two, either is to blame."""


@dataclass(frozen=True)
class Defect:
    """A fault, and how it comes into a store."""

    rule: str
    make: Callable[[Damage], Seen]
    vendors: frozenset[str] = frozenset()
    """Only these have what it takes; empty: all."""
    raw: bool = False
    """It is made in what the vendor sent, and comes to the rows by `normalize`."""

    by_itself: bool = False
    """It is made in a desk of its own that no vendor has a part in."""

    @property
    def name(self) -> str:
        return self.make.__name__


def seen(*records: str | None, connection: str | None = None, instead: Iterable[str | None] = ()) -> Seen:
    """Return what must be named."""
    return Seen(frozenset(records), connection, frozenset(instead))


DEFECTS: dict[str, Defect] = {}
Make = TypeVar("Make", bound=Callable[[Damage], Seen])


def defect(rule: str, *vendors: str, raw: bool = False, by_itself: bool = False) -> Callable[[Make], Make]:
    """Register the defect of a rule."""

    def register(make: Make) -> Make:
        assert rule not in DEFECTS, rule
        DEFECTS[rule] = Defect(rule, make, frozenset(vendors), raw, by_itself)
        return make

    return register
