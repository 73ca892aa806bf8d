"""Records → destination: what is open is settled, then set-up, organizations, people, tickets, each journalled.

Kill it anywhere and run it again: the end state is the same, nothing twice, nothing missing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deskferry.connectors.kit.contract import FilePart, Loss, Outcome, Ref
from deskferry.errors import Interrupted, Stopped
from deskferry.migrate.compose import SILENT, Composed
from deskferry.migrate.crossings import setup_answers
from deskferry.migrate.decide import Decided, Todo
from deskferry.migrate.journal import Journal, pending_intent
from deskferry.migrate.lanes import Lane, Lanes, LoadOptions
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.relink import relinked
from deskferry.migrate.requests import with_links
from deskferry.migrate.settle_doubt import settle_doubt
from deskferry.migrate.tally import Tally
from deskferry.migrate.work import Work
from deskferry.store.blobs import BlobStore

__all__ = ["Load", "LoadOptions", "outline"]

Wanted = Callable[[Decided], Decided]
"""Returns what is to be done of a record minus what is not wanted."""
_MATCHES_AT_ONCE = 500
_UNSENT = {
    Todo.UNCHANGED: "unchanged",
    Todo.NEWER_MAPPING: "newer_mapping",
    Todo.NOT_UPDATABLE: "not_updatable",
    Todo.QUARANTINED: "quarantined",
}


_SENT = {Todo.CREATE: "created", Todo.UPDATE: "updated", Todo.REIMPORT: "reimported"}


@dataclass
class Load:
    """One load of one route."""

    work: Work
    journal: Journal
    options: LoadOptions = field(default_factory=LoadOptions)
    planned: frozenset[str] = frozenset()
    """Causes of loss that the plan named."""
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
    dead: set[str] = field(default_factory=set)
    doubted: set[tuple[str, str]] = field(default_factory=set)
    images: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def run(self) -> Tally:
        """Send what is to be sent; raises Stopped when it ended early and can be resumed."""
        self._begin()
        for kind in self.work.kinds():
            self._kind(kind)
        self._relink()
        self._write_twins()
        self._matched_losses()
        self.tally.gone(self.work.gone())
        return self.tally

    def run_some(self, records: Mapping[str, Sequence[str]], wanted: Wanted) -> Tally:
        """Send what is wanted of some records, by kind, and nothing else; raises Stopped as `run` does."""
        self._begin()
        for kind in self.work.kinds():
            if records.get(kind):
                self._run_lanes(self._some_lanes(kind, records[kind], wanted))
        self._write_twins()
        return self.tally

    def _some_lanes(self, kind: str, ids: Sequence[str], wanted: Wanted) -> Iterator[Lane]:
        for composed, decided in self.work.of(kind, ids):
            yield from self._lane(composed, wanted(decided))

    def _begin(self) -> None:
        """Settle what is open, and learn what is matched, in doubt and set up."""
        self.settle()
        self.work.quarantined = self.journal.quarantined()
        self.dead |= {record for record, part in self.work.quarantined if not part}
        self.doubted = self.journal.doubted()
        self.images = self.journal.images()
        self._write_matches()
        self._run_lanes(iter(self._lane(*self.work.setup())))
        self._learn_settings()

    def resolve(self, ref: Ref) -> str:
        """Return the destination's id of a source record; raises LookupError when it has none."""
        matches = self.work.composer.crossings.matches
        lead = matches.lead(ref.record_id)
        found = None if ref.part else matches.found.get(lead)
        if found is not None:
            return found.remote_id
        remote_id = self.journal.remote_id(Ref(lead, ref.part))
        if remote_id is None:
            raise LookupError(f"{ref.record_id} has not crossed")
        return remote_id

    def settle(self) -> None:
        """Find out what became of the operations that an earlier run left open, before anything is matched or sent."""
        pending = self.journal.pending()
        if not pending:
            return
        self.progress.begin("operations in doubt", len(pending), "operations")
        try:
            for one in pending:
                self._mind_stop()
                intent = pending_intent(one)
                verdict = settle_doubt(intent, self.work.composer.destination, self.resolve, self.journal.clock)
                self.tally.settled[verdict.state] += 1
                if verdict.outcome is not None:
                    if verdict.outcome.remote_id is not None:
                        operation = intent.operation
                        self.journal.remember(Ref(operation.record_id, operation.part), verdict.outcome.remote_id)
                    outcome = with_links(intent.operation, verdict.outcome, found=True)
                    self.journal.commit([(intent, outcome, "adopted")])
                else:
                    self.journal.commit(
                        [(intent, Outcome("in_doubt", code=verdict.state, detail=verdict.detail), verdict.state)]
                    )
                self.progress.advance()
        finally:
            self.progress.end()

    def _mind_stop(self) -> None:
        if self.stop.is_set():
            raise Interrupted("Stopped.", "Run the same command again: it goes on where it stopped.")

    # --------------------------------------------------------------------------------------------------------- sending

    def _kind(self, kind: str) -> None:
        total = len(self.work.composer.crossings.selection.of(kind))
        self.progress.begin(f"{kind}s written", total, "records")
        try:
            self._run_lanes(self._lanes(kind))
        finally:
            self.progress.end()

    def _lanes(self, kind: str) -> Iterator[Lane]:
        for composed, decided in self.work.of(kind):
            yield from self._lane(composed, decided)
            if not decided.sends:
                self.progress.advance()

    def _relink(self) -> None:
        """Tell the new addresses in texts that were written before what they name."""
        self._run_lanes(self._relinking_lanes())

    def _relinking_lanes(self) -> Iterator[Lane]:
        for one in relinked(self.journal.store, self.work):
            for lane in self._lane(one.composed, one.decided):
                if self.journal.run_id in one.runs:
                    lane.losses = None  # they were told when it was written
                    lane.images = {}  # a rollback of this run deletes it
                yield lane

    def _lane(self, composed: Composed, decided: Decided) -> Sequence[Lane]:
        """Return the lane of a record, or nothing where nothing is to be sent; counts what is not."""
        for step in decided.steps:
            if step.todo in _UNSENT:
                self.tally.count(step.operation, _UNSENT[step.todo], carried=composed.carried)
            if step.todo is Todo.QUARANTINED:
                why = self.work.quarantined.get((step.operation.record_id, step.operation.part), "")
                self.tally.problem("quarantined", step.operation.kind, step.operation.record_id, why)
        self.journal.take_for_sent(
            [(step.operation, step.request_hash) for step in decided.steps if step.todo is Todo.NEWER_MAPPING]
        )
        self.tally.keep(decided.kept)
        losses = tuple((loss, self._planned(loss)) for loss in (*composed.losses, *decided.losses))
        if not decided.sends:
            if decided.losses:
                self.journal.add_losses(losses)
                for loss, planned in losses:
                    self.tally.lose(loss, planned=planned)
            return ()
        crossings = self.work.composer.crossings
        record_id = composed.record_id
        placeholder = record_id in crossings.matches.placeholders or record_id in crossings.selection.missing_people
        return (Lane(composed.kind, record_id, deque(decided.sends), losses, placeholder, composed.carried),)

    def _planned(self, loss: Loss) -> bool:
        return loss.cause in self.planned and loss.cause != SILENT

    def _run_lanes(self, lanes: Iterator[Lane]) -> None:
        blobs = BlobStore(self.journal.store.blobs)

        def open_file(part: FilePart) -> Path:
            path = blobs.path(part.of or part.sha256)
            if not path.exists():
                raise Stopped(
                    f"The file of {part.attachment_id} is not in {blobs.root}.",
                    "Pull the source again (`deskferry pull`): it fetches what is missing.",
                )
            return blobs.cut(part.of, part.offset, part.size) if part.of else path

        lanes_of_run = Lanes(
            self.journal, self.work.composer.destination, self.resolve, open_file,
            self.options, self.tally, self.stop, lambda _lane: self.progress.advance(), self.dead, self.doubted,
            self.images, self.work.composer.crossings.crosses, self.planned,
        )  # fmt: skip
        try:
            lanes_of_run.run(lanes)
        finally:
            blobs.drop_cuts()

    def _learn_settings(self) -> None:
        with self.journal.store.read() as database:
            self.work.composer.crossings.settings = setup_answers(database, self.journal.route.account_id)

    # --------------------------------------------------------------------------------------------------------- matches

    def _write_matches(self) -> None:
        """Keep where matched records go: verify, reports and later runs read it."""
        crossings = self.work.composer.crossings
        rows = [
            {"record_id": record_id, "kind": found.kind, "remote_object": found.object, "remote_id": found.remote_id,
             "placeholder": record_id in crossings.matches.placeholders}
            for record_id, found in sorted(crossings.matches.found.items())
        ]  # fmt: skip
        self.journal.match(rows)

    def _write_twins(self) -> None:
        """Keep where the twins of created records went: the same place (n:1)."""
        matches = self.work.composer.crossings.matches
        twins = sorted(matches.leads)
        for start in range(0, len(twins), _MATCHES_AT_ONCE):
            part = twins[start : start + _MATCHES_AT_ONCE]
            held = self.journal.held({matches.lead(one) for one in part})
            rows = []
            for one in part:
                lead = held.get((matches.lead(one), ""))
                if lead is not None:
                    kind = "organization" if one in matches.organization_twins else "person"
                    rows.append({"record_id": one, "kind": kind, "remote_object": lead.remote_object,
                                 "remote_id": lead.remote_id, "placeholder": lead.placeholder})  # fmt: skip
            self.journal.match(rows)

    def _matched_losses(self) -> None:
        losses = [(loss, self._planned(loss)) for loss in self.work.composer.matched_losses()]
        self.journal.add_losses(losses)
        for loss, planned in losses:
            self.tally.lose(loss, planned=planned)


def outline(work: Work, journal: Journal) -> Tally:
    """Return what a load would do, without a call and without a write: a dry run, and the proof's second pass."""
    tally = Tally()
    work.quarantined = journal.quarantined()
    tally.settled["open"] = len(journal.pending())
    _outline(tally, *work.setup())
    for kind in work.kinds():
        for composed, decided in work.of(kind):
            _outline(tally, composed, decided)
    for again in relinked(journal.store, work):
        _outline(tally, again.composed, again.decided)
    tally.gone(work.gone())
    return tally


def _outline(tally: Tally, composed: Composed, decided: Decided) -> None:
    for step in decided.steps:
        name = _UNSENT.get(step.todo) or _SENT.get(step.todo, "repeated")
        tally.count(step.operation, name, carried=composed.carried)
    tally.keep(decided.kept)
    for step in decided.sends:
        tally.would_send.append((step.operation.record_id, step.operation.part, step.operation.call))
    if decided.sends:
        for loss in (*composed.losses, *decided.losses):
            tally.losses[loss.cause] += 1
