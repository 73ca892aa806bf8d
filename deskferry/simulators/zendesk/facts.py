"""What is known of every ticket without rendering it: gathered in one pass, kept as plain numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

TICKET_BITS: Final = 20
SEQUENCE_BITS: Final = 13


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """One ticket: its times, and which lists it is on. `audits` are the times of its audits."""

    created_at: int
    updated_at: int
    touched_at: int
    closed: bool
    deleted: bool
    rated: bool
    audits: list[int]


@dataclass(slots=True)
class Facts:
    """All tickets by position; `events` are packed (time, position, sequence of the audit), in order."""

    created: array[int] = field(default_factory=lambda: array("q"))
    updated: array[int] = field(default_factory=lambda: array("q"))
    touched: array[int] = field(default_factory=lambda: array("q"))
    closed: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    rated: list[int] = field(default_factory=list)
    events: array[int] = field(default_factory=lambda: array("Q"))


def packed(at: int, place: int, sequence: int) -> int:
    """Return an audit as one number that sorts by time."""
    return at << (TICKET_BITS + SEQUENCE_BITS) | place << SEQUENCE_BITS | sequence


def gathered(tickets: Iterable[TicketFacts]) -> Facts:
    """Return the facts of tickets in the order of their positions."""
    facts = Facts()
    keys: list[int] = []
    for place, ticket in enumerate(tickets):
        facts.created.append(ticket.created_at)
        facts.updated.append(ticket.updated_at)
        facts.touched.append(ticket.touched_at)
        if ticket.closed:
            facts.closed.add(place)
        if ticket.deleted:
            facts.deleted.add(place)
        if ticket.rated:
            facts.rated.append(place)
        keys += [packed(at, place, sequence) for sequence, at in enumerate(ticket.audits)]
    keys.sort()
    facts.events = array("Q", keys)
    return facts
