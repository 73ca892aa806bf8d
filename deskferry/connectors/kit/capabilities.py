"""What a connector can do, by kind and direction, each with its cause; what it cannot is refused before any call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from deskferry.canonical_schema.enums import Kind
from deskferry.errors import CapabilityError

Direction = Literal["read", "write"]


class Support(StrEnum):
    """How far something is supported."""

    YES = "yes"
    PARTLY = "partly"
    VENDOR_CANNOT = "vendor cannot"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Ability:
    """Whether something can be done, and why not, or how far. True where it is done at all."""

    support: Support
    note: str = ""

    def __post_init__(self) -> None:
        if self.support is not Support.YES and not self.note:
            raise ValueError(f"{self.support} needs its cause")

    def __bool__(self) -> bool:
        return self.support in {Support.YES, Support.PARTLY}

    def __str__(self) -> str:
        return f"{self.support}: {self.note}" if self.note else str(self.support)


def yes(note: str = "") -> Ability:
    """It can."""
    return Ability(Support.YES, note)


def partly(note: str) -> Ability:
    """It can, as far as the note says."""
    return Ability(Support.PARTLY, note)


def vendor_cannot(why: str) -> Ability:
    """The vendor's API offers no way."""
    return Ability(Support.VENDOR_CANNOT, why)


def not_yet(note: str) -> Ability:
    """The vendor could; the connector does not."""
    return Ability(Support.NOT_YET, note)


@dataclass(frozen=True, slots=True)
class Both:
    """What can be done with one kind."""

    read: Ability
    write: Ability


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a vendor's connector can do. Every canonical kind is named in `kinds` or falls under `rest`."""

    vendor: str
    kinds: Mapping[str, Both]
    rest: Both
    """What holds of the kinds that are not named."""
    keeps_created_at: Ability
    """A written record keeps the time at which it came into being."""
    keeps_author: Ability
    writes_silently: Ability
    """Creating a ticket with its history sends no mail and fires nothing."""
    appends_silently: Ability
    """Adding a message to an existing ticket sends no mail and fires nothing."""
    finds_by_origin: Ability
    """A written record is found again by its origin mark."""
    keeps_threading: Ability
    """A customer's reply to a mail of the old desk arrives on the migrated ticket."""
    search_lag: float = 0.0
    """Seconds after which it is surely found."""
    read_lag: float = 0.0
    """Seconds for which the newest changes are withheld from what is pulled."""
    list_caps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Stream → rows after which the vendor stops answering."""
    plan_gated: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Stream or path → the plan or setting that it needs."""
    rollback_leaves: Sequence[str] = ()
    """What a rollback cannot take away, in words."""

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - {kind.value for kind in Kind}
        if unknown:
            raise ValueError(f"{self.vendor}: no such kinds: {', '.join(sorted(unknown))}")

    def ability(self, kind: str, direction: Direction) -> Ability:
        """Return what can be done with a kind."""
        both = self.kinds.get(kind, self.rest)
        return both.read if direction == "read" else both.write

    def refuse_before_http(self, kind: str, direction: Direction) -> None:
        """Raise CapabilityError where the kind cannot be read or written; costs no call."""
        if kind not in {member.value for member in Kind}:
            raise CapabilityError(
                f"There is no kind {kind!r}.", f"Kinds: {', '.join(member.value for member in Kind)}."
            )
        ability = self.ability(kind, direction)
        if ability:
            return
        who = self.vendor if ability.support is Support.VENDOR_CANNOT else f"the connector of {self.vendor}"
        raise CapabilityError(
            f"{kind} cannot be {'read from' if direction == 'read' else 'written to'} {who} ({ability}).",
            f"Leave {kind} out with --only; `deskferry connectors {self.vendor}` shows what is possible.",
        )

    def kinds_of(self, direction: Direction) -> tuple[str, ...]:
        """Return the kinds that can be read or written, in canonical order."""
        return tuple(kind.value for kind in Kind if self.ability(kind.value, direction))

    def traits(self) -> dict[str, Ability]:
        """Return what holds of the vendor as a whole."""
        names = (
            "keeps_created_at",
            "keeps_author",
            "writes_silently",
            "appends_silently",
            "finds_by_origin",
            "keeps_threading",
        )
        return {name: getattr(self, name) for name in names}

    def to_rows(self) -> list[dict[str, str]]:
        """Return a row for each kind: vendor, kind, and support and note in both directions."""
        return [_row(self.vendor, kind.value, self.kinds.get(kind.value, self.rest)) for kind in Kind]

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values, for `deskferry connectors --format json` and the docs."""
        return {
            "vendor": self.vendor,
            "kinds": self.to_rows(),
            "traits": {name: {"support": str(one.support), "note": one.note} for name, one in self.traits().items()},
            "search_lag": self.search_lag,
            "read_lag": self.read_lag,
            "list_caps": dict(self.list_caps),
            "plan_gated": dict(self.plan_gated),
            "rollback_leaves": list(self.rollback_leaves),
        }


def _row(vendor: str, kind: str, both: Both) -> dict[str, str]:
    return {
        "vendor": vendor,
        "kind": kind,
        "read": str(both.read.support),
        "read_note": both.read.note,
        "write": str(both.write.support),
        "write_note": both.write.note,
    }


def same(kinds: Iterable[str], read: Ability, write: Ability) -> dict[str, Both]:
    """Return one entry for each of several kinds of which the same holds."""
    return {str(kind): Both(read, write) for kind in kinds}
