"""Sending: the operations of one record in order, independent records side by side, intents journalled before.

All database writes happen in the caller's thread; HTTP happens in workers (or in place, with one thread).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from deskferry.connectors.kit.contract import Destination, Loss, OpenFile, Operation, Outcome, Ref, Resolve
from deskferry.connectors.kit.faults import InDoubt
from deskferry.connectors.kit.links import LINK_LEFT, LINKS_LEFT
from deskferry.errors import ConfigError, Exhausted, Interrupted
from deskferry.migrate.decide import Step, Todo, as_update
from deskferry.migrate.images import Images, ask_images, imaged
from deskferry.migrate.journal import Intent, Journal
from deskferry.migrate.requests import links, message_of, refs, with_links
from deskferry.migrate.settle_doubt import Verdict, settle_doubt
from deskferry.migrate.tally import Tally

_ATTEMPTS = 3
ADOPTED = "adopted"
"""Key of the receipt of a twin that was there before us: a rollback never deletes it."""
TWIN_ADOPTED = "existing_twin_adopted"
DROPPED = "dropped_by_destination"
_OWN = frozenset({"organization", "person"})
_COUNTED = {Todo.CREATE: "created", Todo.UPDATE: "updated", Todo.REPEAT: "repeated", Todo.REIMPORT: "reimported"}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to send."""

    accept: frozenset[str] = frozenset()
    """Effects that the user said yes to."""
    threads: int = 1
    max_errors: int | None = None
    max_error_share: float | None = None


@dataclass(slots=True)
class Lane:
    """What is left to send of one record."""

    kind: str
    record_id: str
    steps: deque[Step]
    losses: tuple[tuple[Loss, bool], ...] | None
    placeholder: bool = False
    carried: int = 0
    """How many messages the record's own operation carries."""
    intent: Intent | None = None
    """The operation in flight or in doubt."""
    todo: Todo = Todo.CREATE
    deferred: bool = False
    images: Images | None = None
    """What the records that it changes held before its first operation; None: not asked yet."""


@dataclass(slots=True)
class _Job:
    """One call under way: a batch that is sent, one operation in doubt that is looked for, or before-images read."""

    lanes: list[Lane]
    settles: bool = False
    reads: bool = False


class _InPlace(Executor):
    """Does the work where it is submitted: one thread, deterministic, Ctrl-C where it belongs."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again where the result is taken
            future.set_exception(error)
        return future


@dataclass
class Lanes:
    """Runs lanes to their end."""

    journal: Journal
    destination: Destination
    resolve: Resolve
    open_file: OpenFile
    options: LoadOptions
    tally: Tally
    stop: threading.Event
    done: Callable[[Lane], None] = lambda _lane: None
    dead: set[str] = field(default_factory=set)
    """Records that did not cross in this run: what depends on them is not sent."""
    doubted: set[tuple[str, str]] = field(default_factory=set)
    """(record, part) of what an earlier run sent and nobody found: a twin that answers is our own."""
    images: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """Before-images of what an earlier run may have changed already."""
    expected: Callable[[str], bool] = lambda _record_id: False
    """Whether a record is to cross, now or before: a text that cannot be changed waits for what it links to."""
    planned: frozenset[str] = frozenset()
    """Causes of loss that the plan named."""
    _ready: deque[Lane] = field(default_factory=deque)
    _deferred: list[Lane] = field(default_factory=list)
    _jobs: dict[Future[Any], _Job] = field(default_factory=dict)
    _failure: BaseException | None = None

    def run(self, lanes: Iterator[Lane]) -> None:
        """Send everything; raises what stops the run, after what was in flight is recorded."""
        self._failure = None
        with ExitStack() as stack:
            pool: Executor = _InPlace()
            if self.options.threads > 1:
                pool = stack.enter_context(ThreadPoolExecutor(self.options.threads, thread_name_prefix="send"))
            self._round(lanes, pool)
            while self._deferred:
                waiting, self._deferred = self._deferred, []
                before = self.tally.sent
                self._round(iter(waiting), pool)
                if self.tally.sent == before:
                    for lane in self._deferred:
                        lane.deferred = True
                    last, self._deferred = self._deferred, []
                    self._round(iter(last), pool)

    def _round(self, lanes: Iterator[Lane], pool: Executor) -> None:
        settled: list[tuple[Intent, Outcome, str]] = []
        while True:
            jobs = [] if self._halted() else self._next_jobs(lanes)
            sent = [job for job in jobs if not job.settles and not job.reads]
            intents = [lane.intent for job in sent for lane in job.lanes if lane.intent is not None]
            if settled or intents:
                self.journal.commit(settled, intents)
            for job in jobs:
                self._jobs[self._submit(pool, job)] = job
            if not self._jobs:
                break
            settled = self._collect()
        if self._failure is not None:
            raise self._failure
        if self.stop.is_set():
            raise Interrupted("Stopped.", "Run the same command again: it goes on where it stopped.")

    def _halted(self) -> bool:
        if self._failure is None:
            try:
                self.tally.mind_errors(self.options.max_errors, self.options.max_error_share)
            except Exception as error:  # noqa: BLE001 - raised at the end of the round
                self._failure = error
        return self._failure is not None or self.stop.is_set()

    # ------------------------------------------------------------------------------------------------------- dispatch

    def _next_jobs(self, lanes: Iterator[Lane]) -> list[_Job]:
        """Return calls to begin now; batches are filled from independent records."""
        jobs: list[_Job] = []
        room = max(self.options.threads, 1) - len(self._jobs)
        while room > 0:
            batch = self._next_batch(lanes)
            if not batch:
                break
            jobs.append(batch)
            room -= 1
        return jobs

    def _next_batch(self, lanes: Iterator[Lane]) -> _Job | None:
        first = self._next_lane(lanes, None)
        if first is None:
            return None
        if first.intent is not None and first.intent.attempts < 0:
            first.intent.attempts = -first.intent.attempts
            return _Job([first], settles=True)
        if self._wants_images(first):
            return _Job([first], reads=True)
        call = self._operation(first).call
        batch: list[Lane] = [first]
        skipped: list[Lane] = []
        while len(batch) < self.destination.batch_size(call):
            other = self._next_lane(lanes, call)
            if other is None:
                break
            same = other.intent is None and self._operation(other).call == call and not self._wants_images(other)
            (batch if same else skipped).append(other)
            if len(skipped) > len(batch):
                break
        self._ready.extendleft(reversed(skipped))
        for lane in batch:
            self._intend(lane)
        return _Job(batch)

    def _next_lane(self, lanes: Iterator[Lane], call: str | None) -> Lane | None:
        """Return the next lane whose next operation can be sent; what cannot is noted on the way."""
        while True:
            if self._ready and (call is None or self._operation(self._ready[0]).call == call):
                lane = self._ready.popleft()
            else:
                fresh = next(lanes, None)
                if fresh is None:
                    return self._ready.popleft() if self._ready and call is None else None
                lane = fresh
            if lane.intent is not None or self._sendable(lane):
                return lane

    def _wants_images(self, lane: Lane) -> bool:
        """Whether what the lane is about to change must be read first, so that it can be taken back."""
        if lane.images is None and (lane.intent is not None or not imaged(lane.steps, self.destination)):
            lane.images = {}
        return lane.images is None

    def _operation(self, lane: Lane) -> Operation:
        return lane.intent.operation if lane.intent is not None else lane.steps[0].operation

    def _sendable(self, lane: Lane) -> bool:
        """Whether the lane's next operation has all its ids; drops what never will, defers what may later."""
        while lane.steps:
            operation = lane.steps[0].operation
            missing = self._missing(operation)
            if missing is None and not self._waits_for_links(lane, operation):
                return True
            if missing is None:
                self._deferred.append(lane)
                return False
            if missing.record_id not in self.dead and missing.record_id != lane.record_id and not lane.deferred:
                self._deferred.append(lane)
                return False
            self._not_sent(lane, operation, missing)
        self.done(lane)
        return False

    def _missing(self, operation: Operation) -> Ref | None:
        for ref in refs(operation):
            try:
                self.resolve(ref)
            except LookupError:
                return ref
        return None

    def _waits_for_links(self, lane: Lane, operation: Operation) -> bool:
        """Whether a text that can never be changed links to what crosses later in this run."""
        if lane.deferred:
            return False
        named = {link.record_id for link in links(operation.body)} - self.dead - {lane.record_id}
        if not named or as_update(operation, self.destination) is not None:
            return False
        return any(self.expected(one) and self._missing_record(one) for one in named)

    def _missing_record(self, record_id: str) -> bool:
        try:
            self.resolve(Ref(record_id))
        except LookupError:
            return True
        return False

    def _not_sent(self, lane: Lane, operation: Operation, missing: Ref) -> None:
        lane.steps.popleft()
        detail = f"{missing.record_id} did not cross"
        self.journal.not_sent(operation, "depends_on", detail)
        self.tally.count(operation, "not_sent", carried=lane.carried)
        self.tally.problem("not_sent", operation.kind, operation.record_id, detail)
        if not operation.part:
            self.dead.add(operation.record_id)

    def _intend(self, lane: Lane) -> None:
        if lane.intent is not None:
            return
        step = lane.steps[0]
        refused = set(step.operation.effects) - self.options.accept
        if refused:
            raise ConfigError(
                f"{step.operation.call} has effects that were not accepted: {', '.join(sorted(refused))}.",
                "Say yes to each with --accept NAME, after reading the plan.",
            )
        repeats = tuple((one.operation.record_id, one.operation.part) for one in lane.steps if one.todo is Todo.REPEAT)
        lane.intent = Intent(
            step.operation,
            step.request_hash,
            lane.placeholder and not step.operation.part,
            lane.losses,
            repeats,
            before=(lane.images or {}).get((step.operation.record_id, step.operation.part)),
        )
        lane.todo, lane.losses = step.todo, None

    def _submit(self, pool: Executor, job: _Job) -> Future[Any]:
        if job.reads:
            steps = imaged(job.lanes[0].steps, self.destination)
            return pool.submit(ask_images, steps, self.destination, self.resolve, self.images)
        intents = [lane.intent for lane in job.lanes if lane.intent is not None]
        if job.settles:
            return pool.submit(settle_doubt, intents[0], self.destination, self.resolve, self.journal.clock)
        return pool.submit(self._send, [intent.operation for intent in intents])

    def _send(self, operations: Sequence[Operation]) -> list[Outcome]:
        try:
            outcomes = list(self.destination.send(operations, self.resolve, self.open_file))
        except InDoubt as doubt:
            return [Outcome("in_doubt", code="in_doubt", detail=str(doubt))] * len(operations)
        if len(outcomes) != len(operations):
            raise AssertionError(f"{len(outcomes)} outcomes for {len(operations)} operations")
        return outcomes

    # -------------------------------------------------------------------------------------------------------- outcome

    def _collect(self) -> list[tuple[Intent, Outcome, str]]:
        """Wait for calls to end and return their outcomes for the journal."""
        finished, _rest = wait(self._jobs, return_when=FIRST_COMPLETED)
        settled: list[tuple[Intent, Outcome, str]] = []
        for future in finished:
            job = self._jobs.pop(future)
            failure = future.exception()
            if failure is not None:
                self._failure = self._failure or failure
            elif job.reads:
                job.lanes[0].images = future.result()
                self._ready.appendleft(job.lanes[0])
            elif job.settles:
                settled += self._verdict(job.lanes[0], future.result())
            else:
                for lane, outcome in zip(job.lanes, future.result(), strict=True):
                    settled += self._outcome(lane, outcome)
        return settled

    def _verdict(self, lane: Lane, verdict: Verdict) -> list[tuple[Intent, Outcome, str]]:
        intent = lane.intent
        assert intent is not None
        self.tally.settled[verdict.state] += 1
        if verdict.state == "found" and verdict.outcome is not None:
            return self._finish(lane, intent, verdict.outcome, "adopted")
        if verdict.state == "quarantined":
            outcome = Outcome("in_doubt", code="several_found", detail=verdict.detail)
            return self._finish(lane, intent, outcome, "quarantined")
        if intent.attempts >= _ATTEMPTS:
            self._failure = self._failure or Exhausted(
                f"{intent.operation.record_id}: {intent.operation.call} stayed in doubt {_ATTEMPTS} times.",
                "Check the network and the vendor's status page, then run the same command again.",
            )
            return []
        self._ready.appendleft(lane)  # sent again; the intent is journalled anew, with its new time
        return []

    def _outcome(self, lane: Lane, outcome: Outcome) -> list[tuple[Intent, Outcome, str]]:
        intent = lane.intent
        assert intent is not None
        self.tally.tried += 1
        if outcome.state == "in_doubt":
            intent.attempts = -(intent.attempts + 1)  # negative: to be looked for before anything else
            self._ready.appendleft(lane)
            return [(intent, outcome, "in_doubt")]
        return self._finish(lane, intent, outcome, outcome.state)

    def _finish(self, lane: Lane, intent: Intent, outcome: Outcome, state: str) -> list[tuple[Intent, Outcome, str]]:
        operation = intent.operation
        resent = intent.attempts > 0 or (operation.record_id, operation.part) in self.doubted
        if state in {"done", "adopted"}:
            outcome = self._known(operation, outcome)
            self.tally.sent += 1
            for loss, planned in intent.losses or ():
                self.tally.lose(loss, planned=planned)
            outcome = with_links(operation, outcome, found=state == "adopted")
            self._answered_losses(operation, outcome)
            if outcome.state == "adopted" and not resent and operation.kind in _OWN:
                outcome = replace(outcome, receipt={**outcome.receipt, ADOPTED: True})
                self.tally.count(operation, "adopted")
                self._lose(Loss(operation.record_id, operation.kind, None, TWIN_ADOPTED))
            else:
                if outcome.state == "adopted" and resent:
                    outcome = replace(outcome, receipt=_own(outcome.receipt))
                outcome = replace(outcome, state="done")
                self.tally.count(operation, _COUNTED.get(lane.todo, ""), carried=_carried(lane, operation))
        else:
            self.tally.count(operation, state, carried=lane.carried)
            self.tally.problem(state, operation.kind, operation.record_id, f"{outcome.code}: {outcome.detail}")
            if not operation.part:
                self.dead.add(operation.record_id)
        lane.steps.popleft()
        lane.intent = None
        if lane.steps:
            self._ready.append(lane)
        else:
            self.done(lane)
        return [(intent, outcome, state)]

    def _known(self, operation: Operation, outcome: Outcome) -> Outcome:
        """Return an outcome with its remote id; an update answers none, it has that of its target."""
        if outcome.remote_id is None and operation.target is not None:
            outcome = replace(outcome, remote_id=self.resolve(operation.target))
        if outcome.remote_id is not None:
            self.journal.remember(Ref(operation.record_id, operation.part), outcome.remote_id)
        return outcome

    def _answered_losses(self, operation: Operation, outcome: Outcome) -> None:
        """Note what only the answer tells: keys that were not taken, links that keep their old address for good."""
        record_id = message_of(operation) or operation.record_id
        for name in outcome.receipt.get("dropped") or ():
            self._lose(Loss(record_id, str(name), None, DROPPED))
        left = outcome.receipt.get(LINKS_LEFT) or ()
        if left and as_update(operation, self.destination) is None:
            for name in filter(self.expected, left):
                self._lose(Loss(record_id, "link", name, LINK_LEFT))

    def _lose(self, loss: Loss) -> None:
        """Note a loss that only the destination's answer told; few can have been foreseen by the plan."""
        planned = loss.cause in self.planned
        self.tally.lose(loss, planned=planned)
        self.journal.add_losses([(loss, planned)], replace=False)


def _carried(lane: Lane, operation: Operation) -> int:
    """Return how many messages this operation carries: an update of a ticket brings its opening one at most."""
    return lane.carried if operation.carries or lane.carried <= 1 else 0


def _own(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt of a twin that is what we sent before: it was created by us after all."""
    return {key: value for key, value in receipt.items() if key != ADOPTED}
