"""The seam by which a destination takes back what was written, and gives placeholders to the people they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    `done`: it is undone; `gone`: it was not there any more; `refused`: the vendor does not let it go.
    """

    state: Literal["done", "gone", "refused"]
    residue: str = ""
    """A stable code of what stays behind (`trashed_ticket`, `used_number`, `kept_field`); "" for nothing."""
    code: str = ""
    detail: str = ""


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

        A `create` is deleted, as far as the API goes for good; an `update` gets its before-image back.
        """
        ...


@runtime_checkable
class Reassigns(Protocol):
    """What a destination offers beside `Destination` when placeholders can become, or be merged into, real people."""

    def promote(self, remote_id: str) -> Outcome:
        """Make the placeholder an agent (it takes a seat); `refused` says why not."""
        ...

    def merge(self, remote_id: str, into: str) -> Outcome:
        """Merge the placeholder into another person's record; all that it wrote is that person's from then on."""
        ...
