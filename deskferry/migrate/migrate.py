"""Plan, load, verify, and the proof: a migration from end to end, resumable wherever it stops."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.clock import Clock, wait_until
from deskferry.connectors.kit.contract import Account, Destination
from deskferry.connectors.kit.links import Addresses
from deskferry.errors import ConfigError, DeskferryError, Interrupted
from deskferry.migrate.compare_knowledge import WitnessedArticle
from deskferry.migrate.compare_witness import Fetch
from deskferry.migrate.covered import MIGRATE, uncovered, written_by
from deskferry.migrate.delta import Policy
from deskferry.migrate.journal import Journal, Route
from deskferry.migrate.load import Load, LoadOptions, outline
from deskferry.migrate.mapping_file import RouteMapping
from deskferry.migrate.plan import Plan, make_plan, prepare
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.ready import require_pulled
from deskferry.migrate.scope import Scope
from deskferry.migrate.tally import Tally
from deskferry.migrate.told import told_of
from deskferry.migrate.verify import Depth, Reread, Subset, Verify, VerifyResult, Witness
from deskferry.migrate.work import Work
from deskferry.store import Store
from deskferry.store.engine import now_text
from deskferry.store.state import begin_run, end_run, locked

_CANARIES = 8
_CANARY_SEARCH = 2_000


@dataclass
class Migration:
    """A route that is ready to be planned, loaded and verified.

    `refresh`, `reread` are called while the run holds the locks of both connections: give functions that take none.
    """

    store: Store
    source: str
    destination: str
    writer: Destination
    account: Account
    """The destination's account, met and pinned."""
    clock: Clock
    mapping: RouteMapping = field(default_factory=RouteMapping)
    scope: Scope = field(default_factory=Scope)
    refresh: Callable[[], None] = lambda: None
    """Pull what the destination has of people, organizations, teams and fields (incrementally)."""
    reread: Reread = lambda _ids: None
    witness: Witness | None = None
    fetch: Fetch | None = None
    witness_article: WitnessedArticle | None = None
    bury: Callable[[Sequence[tuple[str, str]]], None] = lambda _gone: None
    """Note that records of the destination, by (object, id), are gone: a rollback deleted them."""
    addresses: Addresses | None = None
    """Where records of the source are looked at: links to them are rewritten."""
    addresses_there: Addresses | None = None
    """Where records of the destination are looked at."""
    read_lag: float = 0.0
    """Seconds for which the destination withholds its newest changes from what is pulled."""
    wrote_at: float | None = None
    """When something was last written that may not be read yet."""
    share_of_limit: float = 0.7
    push_mapping_changes: bool = False
    policy: Policy = Policy.FOLLOW
    """How changes reach tickets that crossed before."""
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def route(self) -> Route:
        """Return the route's name, account and mapping."""
        return Route(self.source, self.destination, self.account.id, self.mapping.hash)

    def now(self) -> str:
        """Return the time as canonical text."""
        return now_text(self.clock.now())

    def read_again(self) -> None:
        """Refresh what is known of the destination, once it shows what was written."""
        if self.wrote_at is not None:
            wait_until(self.clock, self.wrote_at + self.read_lag)
            self.wrote_at = None
        self.refresh()

    def work(self, scope: Scope | None = None) -> Work:
        """Match and choose."""
        return prepare(
            self.store, self.route, self.writer, self.mapping, scope or self.scope,
            push_mapping_changes=self.push_mapping_changes, addresses=self.addresses, policy=self.policy,
        )  # fmt: skip

    def plan(self, work: Work) -> Plan:
        """Compose everything."""
        return make_plan(
            self.store, work, self.route, self.scope, self.account,
            share_of_limit=self.share_of_limit, progress=self.progress,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MigrateOptions:
    """How a migration is to go."""

    load: LoadOptions = field(default_factory=LoadOptions)
    dry_run: bool = False
    canary: bool = False
    prove: bool = False
    verify: bool = True
    depth: Depth = Depth.FILES
    confirm: Callable[[Plan], bool] = lambda _plan: True
    """Asked once before the first write, after questions and effects are settled."""
    confirm_canary: Callable[[VerifyResult], bool] = lambda _result: True
    """Asked when the canary tickets are verified; False stops there."""


@dataclass(slots=True)
class Proof:
    """What a second pass would have written: nothing, or the proof failed."""

    would_send: list[tuple[str, str, str]] = field(default_factory=list)
    """(record, part, call)."""
    in_doubt: int = 0

    @property
    def holds(self) -> bool:
        """Whether the second pass had nothing to write."""
        return not self.would_send and not self.in_doubt


@dataclass(slots=True)
class MigrationResult:
    """What a migration did."""

    run_id: str
    plan: Plan
    load: Tally | None = None
    verify: VerifyResult | None = None
    proof: Proof | None = None
    canary: VerifyResult | None = None
    dry_run: Tally | None = None
    stopped_at_canary: bool = False
    settled: Counter[str] = field(default_factory=Counter)
    """What became of operations that an earlier run left in doubt: found, absent, quarantined."""
    covers: list[str] = field(default_factory=list)
    """Earlier runs that ended early and whose records this one verified."""

    @property
    def exit_code(self) -> int:
        """Return 1 where a record was refused, lost unplanned or differs, or the proof failed; else 0."""
        wrong = (
            (self.load is not None and not self.load.clean)
            or (self.verify is not None and bool(self.verify.differences))
            or (self.canary is not None and bool(self.canary.differences))
            or (self.proof is not None and not self.proof.holds)
        )
        return 1 if wrong else 0

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON."""
        found: dict[str, Any] = {
            "run_id": self.run_id,
            "exit_code": self.exit_code,
            "planned": {kind: dict(counts) for kind, counts in sorted(self.plan.counts.items())},
            "load": None if self.load is None else self.load.as_json(),
            "verify": None if self.verify is None else self.verify.as_json(),
            "canary": None if self.canary is None else self.canary.as_json(),
            "stopped_at_canary": self.stopped_at_canary,
            "settled": dict(self.settled),
            "covers": self.covers,
        }
        if self.proof is not None:
            found["proof"] = {
                "holds": self.proof.holds,
                "would_send": [
                    {"record_id": record, "part": part, "call": call} for record, part, call in self.proof.would_send
                ],
                "in_doubt": self.proof.in_doubt,
            }
        if self.dry_run is not None:
            found["dry_run"] = {
                **self.dry_run.as_json(),
                "operations": [
                    {"record_id": record, "part": part, "call": call} for record, part, call in self.dry_run.would_send
                ],
            }
        return found


# --------------------------------------------------------------------------------------------------------------- runs


@contextmanager
def running(job: Migration, command: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Hold both connections and record the run; yields its id and what is to be kept of it (exit_code, counts)."""
    run_id = begin_run(job.store, command, job.route.name, job.now())
    kept: dict[str, Any] = {"exit_code": 5, "counts": None}
    try:
        with ExitStack() as held:
            for connection in sorted({job.source, job.destination}):
                held.enter_context(locked(job.store, connection, run_id, command, job.now()))
            yield run_id, kept
    except KeyboardInterrupt:
        kept["exit_code"] = Interrupted.exit_code
        raise Interrupted("Stopped.", "Run the same command again: it goes on where it stopped.") from None
    except DeskferryError as error:
        kept["exit_code"] = error.exit_code
        raise
    finally:
        end_run(job.store, run_id, kept["exit_code"], kept["counts"], [], job.now())


def plan(job: Migration) -> Plan:
    """Return what a migration would do; reads the destination, writes nothing. The source must have been pulled."""
    require_pulled(job.store, job.source)
    job.refresh()
    return job.plan(job.work())


def migrate(job: Migration, options: MigrateOptions | None = None) -> MigrationResult:
    """Plan, load and verify; with `prove` a second pass must find nothing to write.

    Raises OpenQuestions and ConfigError before the first write, Stopped when it ended early and can be resumed.
    """
    wanted = options or MigrateOptions()
    require_pulled(job.store, job.source)
    with running(job, MIGRATE) as (run_id, kept):
        job.refresh()
        journal = Journal(job.store, job.route, run_id, job.clock)
        settled = Counter() if wanted.dry_run else settle_pending(job, journal)
        work = job.work()
        result = MigrationResult(run_id, job.plan(work), settled=settled)
        with _keeping(kept, result, told_of(work, result.plan, _choices(job, wanted))):
            result.plan.require_answers()
            if wanted.dry_run:
                result.dry_run = outline(work, journal)
            else:
                result.plan.require_consent(wanted.load.accept, frozenset(one.name for one in job.writer.effects()))
                if not wanted.confirm(result.plan):
                    raise Interrupted("Not confirmed, nothing was written.", "Run it again and say yes, or with --yes.")
                _write(job, wanted, result, journal)
        return result


@contextmanager
def _keeping(kept: dict[str, Any], result: MigrationResult, told: Mapping[str, Any]) -> Iterator[None]:
    """Keep the result with the run, also that of one that stops: as far as it came, without an exit code."""
    try:
        yield
    except BaseException:
        kept["counts"] = {**result.as_json(), "exit_code": None, "told": told}
        raise
    kept["exit_code"] = result.exit_code
    kept["counts"] = {**result.as_json(), "told": told}


def _choices(job: Migration, options: MigrateOptions) -> dict[str, Any]:
    """Return what the command line and the connection chose, as a report of the run needs it."""
    return {
        "accepted": sorted(options.load.accept), "depth": str(options.depth) if options.verify else None,
        "dry_run": options.dry_run, "canary": options.canary, "prove": options.prove,
        "share_of_limit": job.share_of_limit,
    }  # fmt: skip


def settle_pending(job: Migration, journal: Journal) -> Counter[str]:
    """Find out what became of operations in doubt: what they made must not be matched as if it had been there."""
    if not journal.pending():
        return Counter()
    load = Load(job.work(), journal, progress=job.progress, stop=job.stop)
    load.settle()
    return load.tally.settled


def _write(job: Migration, options: MigrateOptions, result: MigrationResult, journal: Journal) -> None:
    if options.canary and not _canary(job, options, result, journal):
        return
    _load(job, options, result, journal, None)
    if options.verify:
        result.covers = [one for one in uncovered(job.store, job.route) if one != result.run_id]
        result.verify = verify_runs(job, options, [result.run_id, *result.covers])
        result.verify.write_findings(job.store, result.run_id, job.destination)
    if options.prove:
        result.proof = _prove(job, result, journal)


def _load(
    job: Migration, options: MigrateOptions, result: MigrationResult, journal: Journal, scope: Scope | None
) -> None:
    """Send what is to be sent; `result.load` counts, whatever happens."""
    tally = result.load = Tally()
    load = Load(job.work(scope), journal, options.load, result.plan.causes, job.progress, job.stop, tally)
    load.work.composer.destination.questions(load.work.composer.fields())
    try:
        load.run()
    finally:
        job.wrote_at = job.clock.now() if tally.sent else job.wrote_at
        tally.write_findings(job.store, result.run_id, job.destination)


def verify_runs(
    job: Migration, options: MigrateOptions, runs: Sequence[str], scope: Scope | None = None
) -> VerifyResult:
    """Look at what these runs wrote."""
    job.read_again()
    work = job.work(scope)
    return Verify(
        job.store, work, job.reread, job.witness, job.fetch, options.depth,
        addresses=job.addresses_there, progress=job.progress, stop=job.stop,
        witness_article=job.witness_article, only=written_by(job.store, job.account.id, runs),
    ).run()  # fmt: skip


def _canary(job: Migration, options: MigrateOptions, result: MigrationResult, journal: Journal) -> bool:
    """Migrate and verify a few tickets of different kinds; whether to go on with the rest."""
    ids = canaries(job.work())
    if not ids:
        return True
    scope = Scope(tickets=tuple(ids))
    _load(job, options, result, journal, scope)
    assert result.load is not None
    result.canary = verify_runs(job, options, [result.run_id], scope)
    result.canary.write_findings(job.store, result.run_id, job.destination)
    go_on = result.load.clean and not result.canary.differences and options.confirm_canary(result.canary)
    result.stopped_at_canary = not go_on
    return go_on


def canaries(work: Work) -> list[str]:
    """Return a few tickets that differ in what they have: files, notes, length, status, channel."""
    seen: set[str] = set()
    chosen: list[str] = []
    tickets = work.composer.crossings.selection.tickets
    step = max(len(tickets) // _CANARY_SEARCH, 1)
    for one in work.composer.of("ticket", tickets[::step][:_CANARY_SEARCH]):
        assert one.aggregate is not None
        ticket, messages = one.aggregate.ticket, one.aggregate.messages
        traits = {f"status {ticket['status']}", f"channel {ticket['channel']}"}
        traits |= {"files"} if one.aggregate.attachments else set()
        traits |= {"private"} if any(message["is_public"] is False for message in messages) else set()
        traits |= {"long"} if len(messages) > 10 else {"short"}
        traits |= {"fields"} if ticket["custom_fields"] else set()
        if traits - seen:
            seen |= traits
            chosen.append(one.record_id)
        if len(chosen) == _CANARIES:
            break
    return chosen


def _prove(job: Migration, result: MigrationResult, journal: Journal) -> Proof:
    """Read the destination again and compose everything anew: what crossed must have nothing left to send."""
    job.read_again()
    second = outline(job.work(), journal)
    failed = {one.record_id for one in result.load.problems} if result.load is not None else set()
    left = [one for one in second.would_send if one[0] not in failed and one[1] not in failed]
    return Proof(left, second.settled["open"])


def verify(job: Migration, depth: Depth = Depth.FIELDS, subset: Subset | None = None) -> VerifyResult:
    """Read back everything that this route ever wrote, and compare it with the source as it is in the store."""
    require_pulled(job.store, job.source)
    with running(job, "verify") as (run_id, kept):
        job.refresh()
        work = job.work()
        found = Verify(
            job.store, work, job.reread, job.witness, job.fetch, depth, subset or Subset(),
            addresses=job.addresses_there, progress=job.progress, stop=job.stop, witness_article=job.witness_article,
        ).run()  # fmt: skip
        if not sum(found.written.values()):
            raise ConfigError(
                f"Nothing of {job.source} was written to {job.destination} yet.",
                f"Run `deskferry migrate {job.source} {job.destination}` first.",
            )
        found.write_findings(job.store, run_id, job.destination)
        kept["exit_code"], kept["counts"] = found.exit_code, found.as_json()
        return found
