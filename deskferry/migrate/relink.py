"""Links that were written with their old address because what they name crossed later: told anew where texts change."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import String, cast, select

from deskferry.connectors.kit.links import LINKS_LEFT
from deskferry.migrate.compose import Composed
from deskferry.migrate.decide import Decided, Step, Todo, as_update
from deskferry.migrate.journal import held_crossings
from deskferry.migrate.requests import links
from deskferry.migrate.work import Work
from deskferry.store import Store, machinery


@dataclass(frozen=True, slots=True)
class Relinked:
    """A record of which texts are to be written again."""

    composed: Composed
    decided: Decided
    runs: frozenset[str]
    """The runs that wrote them."""


def relinked(store: Store, work: Work) -> Iterator[Relinked]:
    """Yield the records with links that can be told anew by now; what the destination cannot update is left out."""
    waiting = _waiting(store, work.account_id)
    by_kind: dict[str, list[str]] = {}
    for record_id, kind in sorted({record_id: kind for (record_id, _part), (kind, _run) in waiting.items()}.items()):
        by_kind.setdefault(kind, []).append(record_id)
    for kind, ids in by_kind.items():
        chosen = set(work.composer.crossings.selection.of(kind))
        for composed, decided in work.of(kind, [one for one in ids if one in chosen]):
            crossed = _crossed(store, work.account_id, decided.steps)
            steps = tuple(_again(decided.steps, waiting, crossed, work))
            if steps:
                runs = {waiting[step.operation.record_id, step.operation.part][1] for step in steps}
                yield Relinked(composed, Decided(steps, (), ()), frozenset(runs))


def _again(
    steps: Iterable[Step], waiting: Container[tuple[str, str]], crossed: Container[str], work: Work
) -> Iterator[Step]:
    for step in steps:
        operation = step.operation
        if (operation.record_id, operation.part) not in waiting or step.todo is not Todo.UNCHANGED:
            continue
        if any(link.record_id in crossed for link in links(operation.body)):
            update = as_update(operation, work.composer.destination)
            if update is not None:
                yield Step(Todo.UPDATE, update, step.request_hash, operation)


def _crossed(store: Store, account_id: str, steps: Iterable[Step]) -> set[str]:
    """Return the records that the texts name and that are at the destination."""
    named = {link.record_id for step in steps for link in links(step.operation.body)}
    with store.read() as database:
        return {record_id for record_id, part in held_crossings(database, account_id, named) if not part}


def _waiting(store: Store, account_id: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (record, part) → kind of the record and run, of what was written with an old address."""
    table = machinery.crossing
    owner = table.alias()
    statement = (
        select(table.c.record_id, table.c.part, owner.c.kind, table.c.run_id)
        .join(owner, (owner.c.account_id == table.c.account_id) & (owner.c.record_id == table.c.record_id))
        .where(
            table.c.account_id == account_id,
            owner.c.part == "",
            cast(table.c.receipt, String).like(f'%"{LINKS_LEFT}"%'),
        )
    )
    with store.read() as database:
        rows = database.execute(statement)
        return {(row.record_id, row.part): (row.kind, row.run_id) for row in rows}
