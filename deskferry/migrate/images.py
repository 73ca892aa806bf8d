"""Before-images: what a record holds before a run changes it, read once, so that a rollback can restore it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deskferry.connectors.kit.contract import Destination, Resolve, Undoes
from deskferry.migrate.decide import Step, Todo

Images = dict[tuple[str, str], dict[str, Any]]
"""(Record, part) → what the keys that are to be changed held."""


def imaged(steps: Iterable[Step], destination: Destination) -> Sequence[Step]:
    """Return the steps of a record whose before-image is asked: updates, unless the same run creates the record."""
    if not isinstance(destination, Undoes):
        return ()
    listed = list(steps)
    if any(step.todo is Todo.CREATE and not step.operation.part for step in listed):
        return ()
    return [step for step in listed if step.operation.action == "update"]


def ask_images(
    steps: Sequence[Step], destination: Destination, resolve: Resolve,
    known: Mapping[tuple[str, str], Mapping[str, Any]],
) -> Images:  # fmt: skip
    """Return what is there before the first of these is sent: a note on a finished ticket may reopen it.

    `known` are images that an earlier try took, which may have taken effect without an answer.
    """
    assert isinstance(destination, Undoes)
    found: Images = {}
    for step in steps:
        key = (step.operation.record_id, step.operation.part)
        image = known.get(key)
        if image is None:
            try:
                image = destination.before(step.operation, resolve)
            except LookupError:  # what it would change has no id there: it is not sent either
                continue
        if image is not None:
            found[key] = dict(image)
    return found
