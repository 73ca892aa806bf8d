"""What a rollback must not touch: what people changed since, what is in use, and what is not ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Ref
from deskferry.migrate.changed_since import hashes_there, kept_hashes
from deskferry.migrate.compare_values import Difference
from deskferry.migrate.decide import Todo
from deskferry.migrate.journal import held_crossings
from deskferry.migrate.requests import unplain
from deskferry.migrate.verify import Depth, Verify
from deskferry.migrate.work import Work
from deskferry.migrate.written_run import WrittenRun, is_twin

if TYPE_CHECKING:
    from deskferry.migrate.migrate import Migration

CHANGED, IN_USE, LATER_RUN, REASSIGNED = "changed_since", "in_use", "used_by_later_run", "reassigned"
NOT_OURS, NO_IMAGE, NOT_COMPARABLE = "older_than_its_intent", "no_before_image", "not_comparable"
PEOPLE = ("organization", "person")
_SKEW = 300.0
"""Seconds by which the vendor's clock and ours may differ."""
_NEVER = frozenset({REASSIGNED, NOT_OURS, NO_IMAGE})
"""What --force does not change: there is nothing of this run to take back, or nothing known to put back."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a record is left alone."""

    code: str
    detail: str

    def yields_to(self, *, force: bool) -> bool:
        """Whether it is taken back all the same."""
        return force and self.code not in _NEVER


@dataclass
class LeftAlone:
    """Looks at records of the destination before they are touched."""

    job: Migration
    wrote: WrittenRun
    force: bool
    _work: Work | None = None
    _used: dict[str, set[str]] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------ what was changed

    def changed(self, kind: str, record_ids: Sequence[str]) -> Iterator[tuple[str, Why]]:
        """Yield the records that people changed since they were verified; reads them at the destination."""
        if self.force:
            return
        with self.job.store.read() as database:
            held = held_crossings(database, self.job.account.id, record_ids)
            kept = kept_hashes(database, self.job.account.id, record_ids)
        name = self.job.destination
        places = {
            one: f"{name}:{held[one, ''].remote_object}:{held[one, ''].remote_id}"
            for one in record_ids if (one, "") in held
        }  # fmt: skip
        known = {one: place for one, place in places.items() if kept.get(one) is not None}
        if kind == "ticket" and known:
            self.job.reread([held[one, ""].remote_id for one in known])
        with self.job.store.read() as database:
            there = hashes_there(database, kind, list(known.values()))
        for one, place in known.items():
            if place in there and there[place] != kept[one]:  # what is not there any more is gone, not changed
                yield one, Why(CHANGED, f"{place} is not as it was when it was verified")
        yield from self._never_verified(kind, [one for one in places if one not in known])

    def _never_verified(self, kind: str, ids: Sequence[str]) -> Iterator[tuple[str, Why]]:
        """Compare field by field what no verify ever saw, minus what was not sent any more."""
        if not ids or kind not in ("ticket", *PEOPLE):
            return
        work = self._composing()
        behind, partial = set(), set()
        for composed, decided in work.of(kind, ids):
            if any(step.todo is Todo.UPDATE for step in decided.steps):
                behind.add(composed.record_id)
            elif decided.sends:
                partial.add(composed.record_id)
        for one in sorted(behind):
            yield one, Why(NOT_COMPARABLE, "it was never verified, and the source has changed since")
        look = Verify(self.job.store, work, self.job.reread, depth=Depth.FIELDS, progress=self.job.progress)
        for one, differences in look.look(kind, [one for one in ids if one not in behind]):
            told = [each for each in differences if not _gone(each) and not (one in partial and _unsent(each))]
            if told:
                yield one, Why(CHANGED, told[0].sentence())

    def _composing(self) -> Work:
        if self._work is None:
            self._work = self.job.work()
            composer = self._work.composer
            composer.destination.questions(composer.fields())
            composer.setup()
        return self._work

    # ------------------------------------------------------------------------------------------------------ in use

    def people(self, kind: str, ops: Sequence[Any]) -> Iterator[tuple[str, Why]]:
        """Yield the people or organizations that something else needs: other operations that stand, other records."""
        record_ids = [op.record_id for op in ops]
        reassigned = self.wrote.reassigned(record_ids)
        later = self.wrote.later_ops(record_ids)
        used = self._users(kind)
        rows = self._rows(kind, ops)
        for op in ops:
            row = rows.get(op.remote_id)
            if op.record_id in reassigned:
                yield op.record_id, Why(REASSIGNED, "it stands for a real person by now")
            elif _found_older(op, row):
                yield op.record_id, Why(NOT_OURS, "it was there before we wrote: found, not created")
            elif op.record_id in later:
                yield op.record_id, Why(LATER_RUN, f"run {later[op.record_id]} changed it")
            elif op.remote_id in used:
                yield op.record_id, Why(IN_USE, "what this or another run wrote and what stands names it")
            elif kind == "organization" and row is not None and self._members(row["id"]):
                yield op.record_id, Why(IN_USE, "it has people who are not of this run")

    def _users(self, kind: str) -> set[str]:
        """Return the ids at the destination that operations name which stand: tickets name people, people companies."""
        if kind not in self._used:
            below = ("organization",) if kind == "organization" else ("person", "organization")
            found: set[str] = set()
            batch: set[str] = set()
            for op in self.wrote.users(below, self.wrote.first()):
                batch |= set(_named(op))
                if len(batch) > 2000:
                    found |= set(self.wrote.remote_ids(batch).values())
                    batch.clear()
            self._used[kind] = found | set(self.wrote.remote_ids(batch).values())
        return self._used[kind]

    def _rows(self, kind: str, ops: Sequence[Any]) -> dict[str, Any]:
        table = sql_table(kind)
        with self.job.store.read() as database:
            rows = database.execute(
                select(table.c.id, table.c.source_id, table.c.created_at).where(
                    table.c.connection == self.job.destination,
                    table.c.source_id.in_([op.remote_id for op in ops]), table.c.deleted_at.is_(None),
                )
            ).mappings()  # fmt: skip
            return {row["source_id"]: dict(row) for row in rows}

    def _members(self, organization: str) -> bool:
        table = sql_table("person")
        with self.job.store.read() as database:
            found = database.execute(
                select(table.c.id)
                .where(table.c.connection == self.job.destination, table.c.organization_id == organization,
                       table.c.deleted_at.is_(None))
                .limit(1)
            )  # fmt: skip
            return found.first() is not None


def _found_older(op: Any, row: Any) -> bool:
    """Whether a record that was found after a crash was there before its intent: somebody else's."""
    if op.state != "adopted" or is_twin(op) or row is None or row["created_at"] is None:
        return False
    return bool(row["created_at"].timestamp() < op.intended_at.timestamp() - _SKEW)


def _named(op: Any) -> Iterable[str]:
    request = op.request or {}
    yield from _refs(unplain(request.get("body") or {}))


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, Ref):
        yield value.record_id
    elif isinstance(value, dict):
        for one in value.values():
            yield from _refs(one)
    elif isinstance(value, list):
        for one in value:
            yield from _refs(one)


def _gone(one: Difference) -> bool:
    """Whether the whole record is not there any more: there is nothing of people's to lose."""
    return one.field == one.kind and one.found is None and one.kind != "message"


def _unsent(one: Difference) -> bool:
    """Whether a difference may be that the run stopped before it sent the rest."""
    return one.field == "status" or (one.field in {"message", "file"} and one.found is None) or one.field == "messages"
