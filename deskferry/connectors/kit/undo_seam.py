"""The seam by which a destination takes back what was written, and gives placeholders to the people they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from deskferry.connectors.kit.write_seam import Operation, Outcome, Resolve


@dataclass(frozen=True, slots=True)
class Written:
    """One operation of an earlier run that took effect, as the journal holds it."""

    record_id: str
    part: str
    kind: str
    call: str
    action: Literal["create", "update"]
    object: str
    remote_id: str
    target: str | None = None
    """Remote id of the record that the call addressed (the ticket of a note)."""
    before: Mapping[str, Any] | None = None
    """What `before` returned when an existing record was changed."""
    receipt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of taking one operation back.

    `done`: it is undone; `gone`: it was not there any more; `refused`: the vendor does not let it go. Refused with a
    residue means that its API never lets such a thing go (a macro, a rating): declared, and no failure.
    """

    state: Literal["done", "gone", "refused"]
    residue: str = ""
    """A stable code of what stays behind (`trashed_ticket`, `used_number`, `kept_field`); "" for nothing. Told with
    `gone` too: an answer that a crash swallowed is asked for again, and the residues must come out the same."""
    code: str = ""
    detail: str = ""
    purged: bool = False
    """True where the record is gone for good and took its trashed tickets along (a contact that is deleted hard)."""


@runtime_checkable
class Undoes(Protocol):
    """What a destination offers beside `Destination` when a run can be rolled back.

    Taking back is idempotent: what is undone already answers `gone`. It causes no effect that was not consented to.
    """

    undo_effects: Mapping[str, tuple[str, ...]]
    """Call → names of the effects (`Destination.effects`) that taking it back has; absent: none."""

    def before(self, operation: Operation, resolve: Resolve) -> Mapping[str, Any] | None:
        """Return what the keys of an update's body hold now at the destination: plain JSON, by the body's own keys.

        Asked once before an existing record is changed, at the price of a call. None where the record is gone.
        """
        ...

    def undo_batch(self, call: str) -> int:
        """Return how many rows of this call are taken back in one request."""
        ...

    def undo(self, written: Sequence[Written]) -> Sequence[Undone]:
        """Take back one batch of one call, an answer per row in order; raises Refused or Stopped to end the run.

        A `create` is deleted, as far as the API goes for good; an `update` gets its before-image back. A `create` whose
        receipt says `adopted` comes here only where it says `restored` too: an existing twin that was taken out of the
        trash goes back there. What lies in the trash afterwards must neither be found by `find` nor be matched.

        The engine asks newest first: tickets, then people, then organizations. A deleted ticket takes its messages
        along: those of a ticket that the same run created are not named.
        """
        ...


@runtime_checkable
class ShowsTickets(Protocol):
    """What a destination offers beside `Undoes` where deleting people or organizations touches other tickets."""

    def tickets_of(self, written: Written) -> Iterator[str]:
        """Yield the ids of the tickets that hang on a person or organization, those in the trash and in spam too.

        Asked before it is deleted: with a ticket that this migration did not trash, it is left alone.
        """
        ...


@runtime_checkable
class Reassigns(Protocol):
    """What a destination offers beside `Destination` when placeholders can become, or be merged into, real people."""

    def promote(self, remote_id: str, email: str | None = None) -> Outcome:
        """Make the placeholder an agent (it takes a seat); `refused` says why not. `done` where it is one already.

        `email` is the person's address at the source, which the placeholder was written without.
        """
        ...

    def merge(self, remote_id: str, into: str) -> Outcome:
        """Merge the placeholder into another person's record; all that it wrote is that person's from then on.

        `done` where it was merged before.
        """
        ...


@runtime_checkable
class ReassignEffects(Protocol):
    """What a destination offers beside `Reassigns` where that causes something that its API cannot switch off."""

    reassign_effects: Mapping[str, tuple[str, ...]]
    """`promote` and `merge` → names of the effects (`Destination.effects`) that it has; absent: none."""
