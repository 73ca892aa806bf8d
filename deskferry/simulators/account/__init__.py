"""A believable account of a help desk, the same for the same seed, in no vendor's words.

    account = generate(seed=7, tickets=1000)
    account.tickets[0].messages, account.people.by_key(3), account.side.groups

Nothing is kept: tickets, people and organizations are made when they are asked for, so an account of
100,000 tickets costs the memory of what is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from deskferry.simulators.account.life import ticket
from deskferry.simulators.account.model import (
    SYSTEM,
    Change,
    Csat,
    File,
    Lazy,
    Message,
    Organization,
    Person,
    Ticket,
    Update,
)
from deskferry.simulators.account.people import ODD, Population
from deskferry.simulators.account.side import Side

__all__ = [
    "SYSTEM",
    "Account",
    "Change",
    "Csat",
    "File",
    "Lazy",
    "Message",
    "Organization",
    "Person",
    "Side",
    "Ticket",
    "Update",
    "generate",
]

Profile = Literal["ugly", "plain"]
NOW: Final = int(datetime(2026, 6, 1, 9, 0, tzinfo=UTC).timestamp())
START: Final = int(datetime(2024, 6, 3, 6, 0, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Account:
    """A whole account. `now` is the moment at which it is as it is."""

    seed: int
    profile: Profile
    now: int
    tickets: Lazy[Ticket]
    people: Lazy[Person]
    organizations: Lazy[Organization]
    side: Side

    @property
    def agents(self) -> Sequence[Person]:
        """Those who work or worked at the desk; they come first among the people."""
        found: list[Person] = []
        for person in self.people:
            if not person.is_staff:
                break
            found.append(person)
        return found

    def odd_person(self, what: str) -> Person:
        """Return an odd customer of an ugly account: `no_email`, `suspended`, `deleted`, `erased`, ..."""
        place = next(place for place, name in ODD.items() if name == what)
        return self.people[len(self.agents) + place]


def generate(seed: int, tickets: int, profile: Profile = "ugly", comments_per_ticket: int | None = None) -> Account:
    """Return an account of so many tickets; `comments_per_ticket` fixes how many messages each has in all."""
    population = Population(seed, tickets, START, NOW, ugly=profile == "ugly")
    make_ticket = lru_cache(maxsize=4096)(lambda key: ticket(population, key, tickets, comments_per_ticket))
    make_organization = lru_cache(maxsize=4096)(population.organization)
    return Account(
        seed=seed,
        profile=profile,
        now=NOW,
        tickets=Lazy(tickets, make_ticket),
        people=Lazy(population.people, population.person),
        organizations=Lazy(population.organizations, make_organization),
        side=Side(),
    )
