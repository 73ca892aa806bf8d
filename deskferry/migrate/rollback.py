"""One migrate run taken back, newest first: tickets, then people, then organizations; what people changed since stays.

Each undoing is journalled before its call. Kill it anywhere and run it again: it goes on, and ends the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from deskferry.connectors.kit.contract import Ref, ShowsTickets, Undoes, Undone, Written
from deskferry.connectors.kit.faults import InDoubt
from deskferry.errors import CapabilityError, ConfigError, Exhausted, Interrupted, TooManyErrors
from deskferry.migrate.changed_since import hashes_there, keep_hashes, kept_hashes
from deskferry.migrate.consent import require_accepted
from deskferry.migrate.journal import Journal, held_crossings
from deskferry.migrate.left_alone import IN_USE, NO_IMAGE, PEOPLE, LeftAlone, Why
from deskferry.migrate.migrate import Migration, running, settle_pending
from deskferry.migrate.requests import unplain
from deskferry.migrate.rollback_result import RollbackOptions, RollbackResult, route_of
from deskferry.migrate.undo_journal import FORCED, UndoJournal, Unit
from deskferry.migrate.written_run import WrittenRun, is_twin, stayed_as_it_was
from deskferry.store import machinery
from deskferry.store.upsert import chunks

_PAGE = 200
_TRIES = 3
_PASSES: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("article_translation", "person", "organization"), False),
    (("article_translation",), True), (("person",), True), (("organization",), True),
)  # fmt: skip
"""Everything else first: a contact that is deleted takes its tickets along, a company is unlinked from its people, a
translation goes with its article."""
_ALIKE = frozenset({"ticket", "message", "person", "organization", "survey_response", "time_entry"})
"""Kinds of which records go side by side; others may lie inside one another."""


def rollback(job: Migration, run_id: str, options: RollbackOptions | None = None) -> RollbackResult:
    """Take a run back; raises Stopped when it ended early and can be resumed by the same command."""
    wanted = options or RollbackOptions()
    if not isinstance(job.writer, Undoes):
        raise CapabilityError(
            f"What is written to {job.destination} cannot be taken back: its connector has no way to delete.",
            "See `deskferry connectors` for those that have.",
        )
    route_of(job.store, run_id)
    with running(job, "rollback") as (own, kept):
        job.refresh()
        settle_pending(job, Journal(job.store, job.route, own, job.clock))
        wrote = WrittenRun(job.store, job.route, run_id)
        journal = UndoJournal(wrote, own, job.clock)
        _refuse(job.writer, wrote, wanted)
        count = wrote.count()
        if count and not wanted.confirm(count):
            raise Interrupted("Not confirmed, nothing was taken back.", "Run it again and say yes, or with --yes.")
        result = RollbackResult(own, run_id, undone=journal.undone)
        back = _Rollback(job, job.writer, wrote, journal, wanted, result, LeftAlone(job, wrote, wanted.force))
        try:
            back.run(count)
        finally:
            result.residues, result.effects_had = wrote.residues(), wrote.had_effects()
            kept["counts"] = result.as_json()
        journal.mark(complete=not result.left_by_code)
        kept["exit_code"] = result.exit_code
        return result


def _refuse(writer: Undoes, wrote: WrittenRun, options: RollbackOptions) -> None:
    """Raise ConfigError where a later run stands on this one, or an effect of undoing was not accepted."""
    later = wrote.built_on()
    if later is not None and not options.force:
        raise ConfigError(
            f"Run {later} changed tickets of run {wrote.undone_run} after it.",
            f"Roll that one back first (deskferry rollback {later}), or take both together with --force.",
        )
    effects = {name for call in wrote.effect_calls() for name in writer.undo_effects.get(call, ())}
    require_accepted("Changing back", sorted(effects), options.accept)


@dataclass
class _Rollback:
    job: Migration
    writer: Undoes
    wrote: WrittenRun
    journal: UndoJournal
    options: RollbackOptions
    result: RollbackResult
    alone: LeftAlone
    left: set[str] = field(default_factory=set)
    """Records that were left alone in this run."""

    def run(self, count: int) -> None:
        """Take back pass by pass, a page of operations at a time."""
        # One that was killed may have died before it noted who is gone: an organization would seem to have people.
        self._bury_all()
        self.job.progress.begin("operations taken back", count, "operations")
        try:
            for kinds, inside in _PASSES:
                self._pass(kinds, inside)
        finally:
            self.job.progress.end()
            self._bury_all()
        self._keep_hashes()

    def _pass(self, kinds: Sequence[str], inside: bool) -> None:
        before: int | None = None
        while rows := self.wrote.page(kinds, inside, before, _PAGE):
            before = rows[-1].id
            rounds = self._rounds(rows)
            while any(rounds):
                self._round([chain.pop(0) for chain in rounds if chain])
            self.job.progress.advance(len(rows))
            self._mind_stop()

    def _mind_stop(self) -> None:
        if self.job.stop.is_set():
            raise Interrupted("Stopped.", "Run the same command again: it goes on where it stopped.")
        refused = sum(1 for code, *_rest in self.result.left if code == "refused")
        if self.options.max_errors is not None and refused > self.options.max_errors:
            raise TooManyErrors(
                f"{refused} operations could not be taken back, more than --max-errors {self.options.max_errors}.",
                "Look at them with `deskferry runs`, then run the same command again with a higher bound.",
            )

    # ----------------------------------------------------------------------------------------------- what is to be done

    def _rounds(self, rows: Sequence[Any]) -> list[list[Unit]]:
        """Return the chains of units, one a record: deletions of whole records, or its changes newest first."""
        rows = [row for row in rows if row.record_id not in self.left]
        records = {row.record_id: row for row in rows}
        created = self.wrote.creations(records)
        begun = self.wrote.begun(records)
        kinds = self.wrote.kinds(rows)
        why = dict(self._why([one for one in records if one not in begun], created, kinds))
        chains: dict[str, list[Unit]] = {}
        for row in rows:
            one = row.record_id
            if one in why and not why[one].yields_to(force=self.options.force):
                if one not in self.left:
                    self.left.add(one)
                    self._leave(why[one], kinds[one], one)
                continue
            forced = self.options.force or one in why
            own = created.get(one)
            if own is not None and (own.id == row.id or not is_twin(own)):
                if one not in chains:
                    chains[one] = [self._deletion(own, forced=forced)]
            else:
                chains.setdefault(one, []).append(self._change(row, forced=forced))
        return [self._sendable(chain) for chain in chains.values()]

    def _why(self, ids: Sequence[str], created: dict[str, Any], kinds: dict[str, str]) -> Iterator[tuple[str, Why]]:
        """Yield the records that are to be left alone, each with the first reason."""
        told: set[str] = set()
        for kind, group in groupby(sorted(ids, key=lambda one: kinds[one]), key=lambda one: kinds[one]):
            own = list(group)
            makes = [created[one] for one in own if one in created and not _is_silent(created[one])]
            reasons = [self.alone.people(kind, makes)] if kind in PEOPLE and makes else []
            for found in (*reasons, self.alone.changed(kind, own)):
                for one, why in found:
                    if one not in told:
                        told.add(one)
                        yield one, why

    def _leave(self, why: Why, kind: str, record_id: str) -> None:
        self.result.leave(why, kind, record_id)
        finding = {
            "run_id": self.journal.run_id, "connection": self.job.destination, "rule": f"rollback.{why.code}",
            "severity": "warning", "kind": kind, "record_id": record_id, "detail": why.detail,
            "advice": "Look at it there; `deskferry rollback RUN --force` takes back what people changed too.",
        }  # fmt: skip
        with self.job.store.write() as database:
            database.execute(machinery.finding.insert(), [finding])

    def _deletion(self, op: Any, *, forced: bool) -> Unit:
        return Unit(op, deletes=True, written=None if _is_silent(op) else self._written(op), forced=forced)

    def _change(self, op: Any, *, forced: bool) -> Unit:
        return Unit(op, deletes=False, written=self._written(op), forced=forced)

    def _sendable(self, chain: list[Unit]) -> list[Unit]:
        """Return what can be taken back of a record; an update of which nothing is known from before cannot."""
        found = []
        for unit in chain:
            if not unit.deletes and unit.op.action == "update" and unit.op.before is None:
                self.left.add(unit.op.record_id)
                why = Why(NO_IMAGE, f"what {unit.op.call} changed was not read before")
                self._leave(why, unit.op.kind, unit.op.record_id)
            else:
                found.append(unit)
        return found

    def _written(self, op: Any) -> Written:
        request = op.request or {}
        target = unplain(request.get("target"))
        place = self._place(target) if isinstance(target, Ref) else None
        return Written(
            op.record_id, op.part, op.kind, op.call, op.action, str(request.get("object", op.kind)),
            str(op.remote_id), place, op.before, op.receipt or {},
        )  # fmt: skip

    def _place(self, ref: Ref) -> str | None:
        with self.job.store.read() as database:
            held = held_crossings(database, self.job.account.id, [ref.record_id])
        found = held.get((ref.record_id, ref.part)) or held.get((ref.record_id, ""))
        return None if found is None else found.remote_id

    # ------------------------------------------------------------------------------------------------------ doing it

    def _round(self, units: Sequence[Unit]) -> None:
        """Take back independent units: intents, calls side by side, outcomes."""
        units = [unit for unit in units if unit.op.kind not in PEOPLE or self._free(unit)]
        if not units:
            return
        self.journal.intend(units)
        silent = [(unit, Undone("done")) for unit in units if unit.written is None]
        batches = list(self._batches([unit for unit in units if unit.written is not None]))
        outcomes: list[tuple[Unit, Undone]] = [*silent]
        with ThreadPoolExecutor(max(self.options.threads, 1), thread_name_prefix="undo") as pool:
            alike = self.options.threads > 1 and all(unit.op.kind in _ALIKE for unit in units)
            futures = [pool.submit(self._undo, batch) for batch in batches] if alike else []
            try:
                for number, batch in enumerate(batches):
                    answers = futures[number].result() if futures else self._undo(batch)
                    outcomes += zip(batch, answers, strict=True)
            finally:
                self.journal.settle(outcomes)
        for unit, undone in outcomes:
            if undone.state == "refused" and not undone.residue:
                self.left.add(unit.op.record_id)
                self._leave(Why("refused", f"{undone.code}: {undone.detail}"), unit.op.kind, unit.op.record_id)
        self._bury(unit.op for unit, undone in outcomes if unit.deletes and unit.written and undone.state != "refused")

    def _free(self, unit: Unit) -> bool:
        """Whether no ticket but what we trashed hangs on a person or organization; notes what lies in the trash."""
        if not unit.deletes or unit.written is None or is_twin(unit.op) or not isinstance(self.writer, ShowsTickets):
            return True
        tickets = list(dict.fromkeys(self.writer.tickets_of(unit.written)))
        ours = self.wrote.trashed_by_us(tickets)
        others = [one for one in tickets if one not in ours]
        if others and not self.options.force:
            self.left.add(unit.op.record_id)
            why = Why(IN_USE, f"{len(others)} other tickets hang on it, the first is {others[0]}")
            self._leave(why, unit.op.kind, unit.op.record_id)
            return False
        unit.tickets = tuple(tickets)
        return True

    def _batches(self, units: Sequence[Unit]) -> Iterator[list[Unit]]:
        """Yield what goes into one request each, newest first."""
        for (call, _action), group in groupby(sorted(units, key=lambda unit: -unit.op.id), key=_call):
            for part in chunks(list(group), max(self.writer.undo_batch(call), 1)):
                yield list(part)

    def _undo(self, batch: Sequence[Unit]) -> Sequence[Undone]:
        written = [unit.written for unit in batch if unit.written is not None]
        for _try in range(_TRIES):
            try:
                found = list(self.writer.undo(written))
            except InDoubt as doubt:
                last = doubt
                continue
            if len(found) != len(written):
                raise AssertionError(f"{len(found)} answers for {len(written)} operations")
            return found
        raise Exhausted(f"{batch[0].op.call} was taken back {_TRIES} times without an answer: {last.message}",
                        "Check the network, then run the same command again.")  # fmt: skip

    # ---------------------------------------------------------------------------------------------------- afterwards

    def _bury(self, ops: Iterable[Any]) -> None:
        gone = [(str((op.request or {}).get("object", op.kind)), str(op.remote_id)) for op in ops]
        if gone:
            self.job.bury(gone)

    def _bury_all(self) -> None:
        """Note once more what is gone: a round that was stopped, or killed, may have ended before it did."""
        after = 0
        while rows := self.wrote.taken_back(deleted=True, after=after):
            self._bury(row for row in rows if row.remote_id and not stayed_as_it_was(row.made))
            after = rows[-1].id

    def _keep_hashes(self) -> None:
        """Keep what lies there of records that were changed back: the run before can be taken back next."""
        after = 0
        while rows := self.wrote.taken_back(deleted=False, after=after):
            after = rows[-1].id
            forced = {row.record_id for row in rows if (row.receipt or {}).get(FORCED)}
            kinds = self.wrote.kinds(rows)
            for kind in sorted(set(kinds.values())):
                ids = [one for one, own in kinds.items() if own == kind and one not in forced | self.left]
                self._keep_hash(kind, ids)

    def _keep_hash(self, kind: str, ids: Sequence[str]) -> None:
        account, name = self.job.account.id, self.job.destination
        with self.job.store.read() as database:
            kept = kept_hashes(database, account, ids)
            held = held_crossings(database, account, [one for one, hashed in kept.items() if hashed is None])
        own = {one: crossing for (one, part), crossing in held.items() if not part}
        if not own:
            return
        if kind == "ticket":
            self.job.reread([crossing.remote_id for crossing in own.values()])
        else:
            self.job.refresh()
        places = {one: f"{name}:{crossing.remote_object}:{crossing.remote_id}" for one, crossing in own.items()}
        with self.job.store.read() as database:
            there = hashes_there(database, kind, list(places.values()))
        keep_hashes(self.job.store, account, {one: there[place] for one, place in places.items() if place in there})


def _call(unit: Unit) -> tuple[str, str]:
    return unit.op.call, unit.op.action


def _is_silent(op: Any) -> bool:
    """Whether nothing is to be called: a twin that was there, and not in the trash, stays as it is."""
    return stayed_as_it_was(op.receipt)
