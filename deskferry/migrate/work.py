"""What is to be done: every record composed and compared with what was sent before. Plan, load and proof read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from deskferry.connectors.kit.contract import Amends, Appends
from deskferry.migrate.compose import Composed, Composer
from deskferry.migrate.decide import APPENDED, Decided, Todo, amended, appended, decide
from deskferry.migrate.delta import Policy
from deskferry.migrate.earlier import earlier_of
from deskferry.migrate.journal import Held, held_crossings
from deskferry.migrate.scope import KINDS

_BATCH = 100


@dataclass(slots=True)
class Work:
    """The work of one route."""

    composer: Composer
    account_id: str
    quarantined: Mapping[tuple[str, str], str] = field(default_factory=dict)
    push_mapping_changes: bool = False
    policy: Policy = Policy.FOLLOW
    """How changes reach tickets that crossed before."""

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that are written for themselves, in the order in which they must be."""
        offered = self.composer.destination.written_kinds()
        return tuple(kind for kind in KINDS if kind in offered)

    def of(self, kind: str, ids: Sequence[str] | None = None) -> Iterator[tuple[Composed, Decided]]:
        """Yield the records of a kind with what is to be done; `ids`: these only."""
        stream = self.composer.of(kind, ids)
        while batch := list(islice(stream, _BATCH)):
            yield from zip(batch, self.decided(batch), strict=True)

    def setup(self) -> tuple[Composed, Decided]:
        """Return what has to be made before anything else."""
        composed = Composed("custom_field", "", self.composer.setup())
        return composed, next(iter(self.decided([composed])))

    def gone(self) -> dict[str, int]:
        """Return, by kind, how many records crossed once and are deleted, merged or spam at the source by now.

        Deletions never cross: nothing is sent for them.
        """
        found: dict[str, int] = {}
        for kind, ids in self.composer.crossings.selection.gone.items():
            with self.composer.store.read() as database:
                held = held_crossings(database, self.account_id, ids)
            count = sum(1 for one in held.values() if not one.part and one.state != "matched")
            if count:
                found[kind] = count
        return found

    def decided(self, batch: Iterable[Composed]) -> Iterator[Decided]:
        """Yield what is to be done with each of a few records."""
        listed = list(batch)
        held: dict[str, dict[tuple[str, str], Held]] = {}
        with self.composer.store.read() as database:
            ids = {operation.record_id for one in listed for operation in one.operations}
            for key, crossing in held_crossings(database, self.account_id, ids).items():
                held.setdefault(key[0], {})[key] = crossing
        found = []
        for one in listed:
            own = {key: crossing for each in {operation.record_id for operation in one.operations}
                   for key, crossing in held.get(each, {}).items()}  # fmt: skip
            found.append(
                decide(
                    one.operations, own, self.quarantined, self.composer.destination,
                    push_mapping_changes=self.push_mapping_changes, policy=self.policy,
                )
            )  # fmt: skip
        yield from self._amended(self._appended(found, held))

    def _appended(
        self, found: Sequence[Decided], held: Mapping[str, Mapping[tuple[str, str], Held]]
    ) -> Sequence[Decided]:
        """Return what is to be done, with what is to be added to tickets that changed, where the policy says so."""
        destination = self.composer.destination
        if self.policy is not Policy.APPEND or not isinstance(destination, Appends):
            return found
        changed = {step.operation.record_id for one in found for step in one.steps if step.todo is Todo.NOT_UPDATABLE}
        with self.composer.store.read() as database:
            earlier = earlier_of(database, self.account_id, changed)
        return [
            appended(one, earlier, self._added(one, held), destination)
            if any(step.operation.record_id in changed for step in one.steps) else one
            for one in found
        ]  # fmt: skip

    def _added(self, one: Decided, held: Mapping[str, Mapping[tuple[str, str], Held]]) -> set[str]:
        """Return the messages that were added to a ticket after it had crossed."""
        records = {step.operation.record_id for step in one.steps}
        return {part for record in records for (_record, part), crossing in held.get(record, {}).items()
                if crossing.receipt.get(APPENDED)}  # fmt: skip

    def _amended(self, found: Sequence[Decided]) -> Iterator[Decided]:
        """Yield what is to be done, with what is to be emptied; the journal is read of what changed, alone."""
        destination = self.composer.destination
        moved = {
            step.operation.record_id
            for one in found if isinstance(destination, Amends) and one.sends
            for step in one.steps if step.draft is not None
        }  # fmt: skip
        with self.composer.store.read() as database:
            earlier = earlier_of(database, self.account_id, moved)
        for one in found:
            moves = one.sends and any(step.operation.record_id in moved for step in one.steps)
            yield amended(one, earlier, destination) if moves else one
