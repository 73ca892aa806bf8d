"""What is to be done with each operation of a record: compared with what an earlier run sent."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from deskferry.connectors.kit.contract import (
    Amends,
    Appends,
    Destination,
    Earlier,
    Loss,
    Operation,
    Ref,
    Reimports,
    Updates,
)
from deskferry.migrate.delta import CHANGED, Policy, changed_loss
from deskferry.migrate.journal import Held
from deskferry.migrate.requests import request_hash
from deskferry.store.suppression import FORGOTTEN


class Todo(StrEnum):
    """What becomes of one operation."""

    CREATE = "create"
    UPDATE = "update"
    REPEAT = "repeat"
    """Unchanged, and sent again, because a part before it is sent: a final state after new messages."""
    UNCHANGED = "unchanged"
    NEWER_MAPPING = "newer_mapping"
    """Changed by the mapping (or by what it matches) and not by the source: pushed only when asked."""
    NOT_UPDATABLE = "not_updatable"
    REMOVE = "remove"
    """The earlier copy of a ticket makes way."""
    REIMPORT = "reimport"
    """Created anew in place of the earlier copy."""
    QUARANTINED = "quarantined"


SENT = frozenset({Todo.CREATE, Todo.UPDATE, Todo.REPEAT, Todo.REMOVE, Todo.REIMPORT})
CANNOT_UPDATE = "update_not_possible"
APPENDED = "appended"
"""Key of the receipt of a message that was added to a ticket after it had crossed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation and what is to be done with it."""

    todo: Todo
    operation: Operation
    """As it is sent."""
    request_hash: str
    """Of the operation as it was composed."""
    draft: Operation | None = None
    """The operation as it was composed, where it crossed before."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The steps of one record."""

    steps: tuple[Step, ...]
    losses: tuple[Loss, ...] = ()
    """What is lost because the destination cannot change what it has."""
    kept: tuple[tuple[str, str], ...] = ()
    """Parts that were sent once and are not at the source any more: they stay, deletions never cross."""
    sends: tuple[Step, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sends", tuple(step for step in self.steps if step.todo in SENT))

    @property
    def todo(self) -> Todo:
        """Return what becomes of the record as a whole."""
        found = {step.todo for step in self.steps}
        first = self.steps[0].todo if self.steps else Todo.UNCHANGED
        if first in {Todo.CREATE, Todo.QUARANTINED}:
            return first
        if Todo.REIMPORT in found:
            return Todo.REIMPORT
        if found & SENT:
            return Todo.UPDATE
        return next((one for one in (Todo.NOT_UPDATABLE, Todo.NEWER_MAPPING) if one in found), Todo.UNCHANGED)


def decide(
    operations: Sequence[Operation],
    held: Mapping[tuple[str, str], Held],
    quarantined: Container[tuple[str, str]],
    destination: Destination,
    *,
    push_mapping_changes: bool = False,
    policy: Policy = Policy.FOLLOW,
) -> Decided:
    """Return what to send of a record's operations; `held` are the crossings of its records."""
    wanted = [one for one in operations if not one.only_again or (one.record_id, one.part) in held]
    steps = [_step(one, held, quarantined, destination, push=push_mapping_changes) for one in wanted]
    steps = _repeated(steps)
    if policy is Policy.REIMPORT and isinstance(destination, Reimports):
        steps = [each for step in steps for each in _reimported(step, destination)]
    losses = tuple(_not_updated(step.operation, policy) for step in steps if step.todo is Todo.NOT_UPDATABLE)
    composed = {(one.record_id, part) for one in operations for part in (one.part, *one.carries)}
    composed |= {(step.operation.record_id, step.operation.part) for step in steps}
    kept = tuple(key for key, one in held.items() if key not in composed and one.state != "matched")
    # A text that became shorter (a redaction, say) leaves its further pieces behind: they keep the old words there.
    pieces = tuple(Loss(record, part, None, CANNOT_UPDATE) for record, part in sorted(kept) if "#" in part)
    return Decided(tuple(steps), losses + pieces, kept)


def _not_updated(operation: Operation, policy: Policy) -> Loss:
    if policy is not Policy.FOLLOW and operation.kind == "ticket" and not operation.part:
        return changed_loss(operation.record_id)
    return Loss(operation.record_id, operation.part or operation.kind, None, CANNOT_UPDATE)


def _reimported(step: Step, destination: Reimports) -> Iterator[Step]:
    """Yield what imports a changed ticket anew, its earlier copy away first; any other step as it is."""
    operation = step.operation
    if step.todo is not Todo.NOT_UPDATABLE or operation.kind != "ticket" or operation.part:
        yield step
        return
    removal = destination.removal(operation)
    yield Step(Todo.REMOVE, removal, request_hash(removal))
    yield Step(Todo.REIMPORT, operation, step.request_hash)


def appended(decided: Decided, earlier: Mapping[tuple[str, str], Earlier], added: Collection[str],
             destination: Appends) -> Decided:  # fmt: skip
    """Return what to send of a ticket to which new messages and values are added; `added` are those added before."""
    steps: list[Step] = []
    losses = [loss for loss in decided.losses if loss.cause != CHANGED]
    for step in decided.steps:
        known = earlier.get((step.operation.record_id, step.operation.part))
        if step.todo is not Todo.NOT_UPDATABLE or known is None or step.operation.part:
            steps.append(step)
            continue
        operations, lost = destination.appended(step.operation, known, added)
        losses += lost
        if not operations:
            steps.append(step)
            continue
        *messages, values = operations
        steps += [Step(Todo.CREATE, one, request_hash(one)) for one in messages]
        steps.append(Step(Todo.UPDATE, values, step.request_hash, step.operation))
    return Decided(tuple(steps), tuple(losses), decided.kept)


def amended(decided: Decided, earlier: Mapping[tuple[str, str], Earlier], destination: Destination) -> Decided:
    """Return what to send, with what is to be emptied, and every loss of a record of which something is sent again.

    `earlier` is what was written of each (record, part). The parts that are left alone are looked at too: their losses
    stand as long as what lies there differs.
    """
    if not isinstance(destination, Amends) or not isinstance(destination, Updates):
        return decided
    steps, losses = [], list(decided.losses)
    for step in decided.steps:
        known = earlier.get((step.operation.record_id, step.operation.part))
        if known is None or step.draft is None or step.draft.action == "update" or step.todo is Todo.NOT_UPDATABLE:
            steps.append(step)
            continue
        update = step.operation if step.todo is Todo.UPDATE else as_update(step.draft, destination)
        if update is None:
            steps.append(step)
            continue
        operation, lost = destination.amend(update, step.draft, known)
        losses += lost
        steps.append(replace(step, operation=operation) if step.todo is Todo.UPDATE else step)
    return Decided(tuple(steps), tuple(losses), decided.kept)


def _step(
    operation: Operation,
    held: Mapping[tuple[str, str], Held],
    quarantined: Container[tuple[str, str]],
    destination: Destination,
    *,
    push: bool,
) -> Step:
    hashed, key = request_hash(operation), (operation.record_id, operation.part)
    if key in quarantined:
        return Step(Todo.QUARANTINED, operation, hashed)
    crossing = held.get(key)
    if crossing is None or crossing.state == "matched":
        return Step(Todo.CREATE, operation, hashed)
    if operation.action == "update" and crossing.request_hash is None:
        return Step(Todo.REPEAT, operation, hashed)
    same = crossing.source_hash in {operation.source_hash, FORGOTTEN}  # what was forgotten did not change
    if crossing.request_hash == hashed or (same and not push):
        todo = Todo.UNCHANGED if crossing.request_hash == hashed else Todo.NEWER_MAPPING
        return Step(todo, operation, hashed, operation)
    update = operation if operation.action == "update" else as_update(operation, destination)
    if update is None:
        return Step(Todo.NOT_UPDATABLE, operation, hashed, operation)
    return Step(Todo.UPDATE, update, hashed, operation)


def as_update(operation: Operation, destination: Destination) -> Operation | None:
    """Return the operation that brings an existing record to what was composed now; None where the API cannot."""
    if not isinstance(destination, Updates):
        return None
    update = destination.as_update(operation)
    if update is None:
        return None
    target = update.target or Ref(operation.record_id, operation.part)
    return replace(update, action="update", target=target, source_hash=operation.source_hash)


def _repeated(steps: list[Step]) -> list[Step]:
    """Mark updates that follow something new as to be sent again."""
    new = False
    result = []
    for step in steps:
        if new and step.todo is Todo.UNCHANGED and step.operation.action == "update":
            step = Step(Todo.REPEAT, step.operation, step.request_hash)  # noqa: PLW2901
        new = new or step.todo in SENT
        result.append(step)
    return result
