"""What came of holding a store against its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deskferry.validate.finding import Finding, Severity

KEPT = 1000
"""Departures of a state and kind that are named one by one; `found` counts all."""


class State(StrEnum):
    """How a record of the source and its copy depart from each other."""

    MISSING_HERE = "missing_here"
    """There before the last pull began, and not in the store."""
    NEW_THERE = "new_there"
    """Created since the last pull began."""
    GONE_THERE = "gone_there"
    """Live in the store, and no longer there."""
    CHANGED_THERE = "changed_there"
    """Changed there later than here."""
    DIFFERS = "differs"
    """Other content, though nothing says that it changed."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A kind, counted on both sides."""

    kind: str
    month: str | None
    """`2026-01`, or `before 2024-11`; None: the whole account."""
    here: int
    there: int

    @property
    def missing(self) -> int:
        """How many more there are there."""
        return self.there - self.here


@dataclass(frozen=True, slots=True)
class FieldDeparture:
    """A column of a record that is not what it is there; values only where they are no personal data."""

    field: str
    here: str | None
    there: str | None


@dataclass(frozen=True, slots=True)
class Departure:
    """A record that is not what it is there."""

    state: State
    kind: str
    record_id: str
    source_url: str | None = None
    fields: tuple[FieldDeparture, ...] = ()
    here_at: str | None = None
    """Last change that the store knows of."""
    there_at: str | None = None
    """Last change there (of what is missing: its creation)."""
    missed: bool = False
    """It was so before the last pull began, which should have brought it."""


_WORDS = {
    State.MISSING_HERE: (
        "it was there before the last pull began, and is not in the store",
        "Pull again with --full; what stays missing was hidden from the pull.",
    ),
    State.NEW_THERE: ("it was created since the last pull", "The next pull brings it."),
    State.GONE_THERE: ("it is no longer there", "The next pull with --full marks what is gone."),
    State.CHANGED_THERE: ("it changed there later than here", "The next pull brings the change."),
    State.DIFFERS: (
        "its content is not what it is there, and nothing says that it changed",
        "Pull again with --full; `deskferry explain` shows how the fields are read.",
    ),
}


def _severity(one: Departure) -> Severity:
    if one.state in {State.MISSING_HERE, State.DIFFERS} or one.missed:
        return Severity.ERROR
    return Severity.WARNING if one.state is State.GONE_THERE else Severity.INFO


@dataclass(slots=True)
class Comparison:
    """What came of it; what could not be compared is said, never 0."""

    connection: str
    vendor: str
    as_of: str
    pulled_at: str | None
    """When the last pull that ended began; None: never."""
    complete_until: str | None = None
    """What was there before, the last pull should have brought: earlier than it began by what the vendor withholds."""
    subset: str | None = None
    counted: list[Counted] = field(default_factory=list)
    not_countable: dict[str, str] = field(default_factory=dict)
    """Kind → why."""
    departures: list[Departure] = field(default_factory=list)
    found: Counter[tuple[State, str]] = field(default_factory=Counter)
    """(State, kind) → all departures."""
    read: Counter[str] = field(default_factory=Counter)
    """Kind → records that were read anew and compared field by field."""
    files: Counter[str] = field(default_factory=Counter)
    """`same`, `differ`, `not_here`, `refused` → files that were fetched anew and compared by hash."""
    lists: list[str] = field(default_factory=list)
    """Streams that were read whole."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Stream or kind → why."""
    calls_planned: int = 0
    calls: int = 0
    notes: list[str] = field(default_factory=list)
    errors: int = 0
    hidden: int = 0
    """Tickets that were to be read anew, and that the vendor does not show."""

    def is_new(self, moment: str | None) -> bool:
        """Whether a moment is one that the last pull need not have seen."""
        return moment is not None and (self.complete_until is None or moment > self.complete_until)

    def add(self, one: Departure) -> None:
        """Count a departure, and keep the first of each state and kind."""
        self.found[one.state, one.kind] += 1
        self.errors += _severity(one) is Severity.ERROR
        if self.found[one.state, one.kind] <= KEPT:
            self.departures.append(one)

    @property
    def exit_code(self) -> int:
        """Return 1 where something is missing or other than it is there."""
        return 1 if self.errors else 0

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each departure that is kept."""
        for one in self.departures:
            detail, advice = _WORDS[one.state]
            fields = f" ({', '.join(part.field for part in one.fields)})" if one.fields else ""
            yield Finding(
                f"source.{one.state}", _severity(one), self.connection, one.kind, one.record_id, detail + fields, advice
            )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON (`validate/json/comparison.schema.json`)."""
        return {
            "connection": self.connection,
            "vendor": self.vendor,
            "as_of": self.as_of,
            "pulled_at": self.pulled_at,
            "subset": self.subset,
            "exit_code": self.exit_code,
            "counted": [
                {"kind": one.kind, "month": one.month, "here": one.here, "there": one.there} for one in self.counted
            ],
            "not_countable": dict(sorted(self.not_countable.items())),
            "found": [
                {"state": state.value, "kind": kind, "count": count}
                for (state, kind), count in sorted(self.found.items())
            ],
            "departures": [_departure(one) for one in self.departures],
            "read": dict(sorted(self.read.items())),
            "files": dict(sorted(self.files.items())),
            "lists": list(self.lists),
            "not_compared": dict(sorted(self.not_compared.items())),
            "calls_planned": self.calls_planned,
            "calls": self.calls,
            "notes": list(self.notes),
        }


def _departure(one: Departure) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "severity": _severity(one).value,
        "kind": one.kind,
        "record_id": one.record_id,
        "source_url": one.source_url,
        "fields": [{"field": part.field, "here": part.here, "there": part.there} for part in one.fields],
        "here_at": one.here_at,
        "there_at": one.there_at,
        "missed": one.missed,
    }
