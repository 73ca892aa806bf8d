"""What failed in a run, once more: refused, not sent, quarantined. Nothing else moves.

A quarantined operation is looked for by its mark once more. Where several records bear it, a person says which is the
right one, or that it is to be sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deskferry.canonical_schema import split_id
from deskferry.connectors.kit.contract import Outcome
from deskferry.errors import ConfigError, Interrupted
from deskferry.migrate.compose import SILENT
from deskferry.migrate.consent import require_accepted
from deskferry.migrate.covered import RETRY
from deskferry.migrate.decide import Decided, Todo
from deskferry.migrate.failed import failed_operations
from deskferry.migrate.journal import Journal, pending_intent, pending_of
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.load import Load
from deskferry.migrate.migrate import MigrateOptions, Migration, running, settle_pending, verify_runs
from deskferry.migrate.settle_doubt import settle_doubt
from deskferry.migrate.tally import Tally
from deskferry.migrate.verify import Depth, VerifyResult
from deskferry.migrate.work import Work
from deskferry.store import machinery

_OF_TICKETS = frozenset({"message", "survey_response", "time_entry", "attachment"})
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """What to take up, and how."""

    load: LoadOptions = field(default_factory=LoadOptions)
    kind: str | None = None
    source_id: str | None = None
    """Of a record (a ticket with its messages; a person or organization with what waits for it), or of a message."""
    take: str | None = None
    """The id at the destination of the record that a quarantined operation made."""
    send_again: bool = False
    """Send a quarantined operation again: a person has looked, none of the records that bear its mark counts."""
    depth: Depth = Depth.FILES
    confirm: Callable[[int], bool] = lambda _operations: True


@dataclass(slots=True)
class RetryResult:
    """What was taken up."""

    run_id: str
    of: str
    failed: Counter[str] = field(default_factory=Counter)
    """State → operations of the run that had failed and were chosen."""
    settled: Counter[str] = field(default_factory=Counter)
    """What became of the quarantined ones: found, taken, absent, quarantined."""
    left_out: list[str] = field(default_factory=list)
    """Records that do not cross any more: left out by the mapping, deleted at the source."""
    load: Tally = field(default_factory=Tally)
    verify: VerifyResult | None = None

    @property
    def exit_code(self) -> int:
        """Return 1 where something failed again, is still quarantined, or differs."""
        differs = self.verify is not None and bool(self.verify.differences)
        return 1 if differs or not self.load.clean or self.settled["quarantined"] else 0

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON (`json/retry.schema.json`)."""
        return {
            "run_id": self.run_id,
            "exit_code": self.exit_code,
            "of": self.of,
            "failed": dict(sorted(self.failed.items())),
            "settled": dict(sorted(self.settled.items())),
            "left_out": self.left_out,
            "load": self.load.as_json(),
            "verify": None if self.verify is None else self.verify.as_json(),
        }


def retry(job: Migration, run_id: str, options: RetryOptions | None = None) -> RetryResult:
    """Take up what failed; raises ConfigError where nothing of what was named did."""
    wanted = options or RetryOptions()
    with running(job, RETRY) as (own, kept):
        job.refresh()
        journal = Journal(job.store, job.route, own, job.clock)
        settle_pending(job, journal)
        rows = _chosen(job, run_id, wanted)
        result = RetryResult(own, run_id, Counter(row.state for row in rows))
        if rows:
            _settle_quarantined(job, journal, rows, wanted, result)
            _send(job, journal, rows, wanted, result)
        kept["exit_code"], kept["counts"] = result.exit_code, result.as_json()
        return result


# -------------------------------------------------------------------------------------------------------- what failed


def _chosen(job: Migration, run_id: str, options: RetryOptions) -> list[Any]:
    rows = failed_operations(job.store, job.account.id, machinery.write_op.c.run_id == run_id)
    chosen = [row for row in rows if options.kind is None or options.kind in (row.kind, _record_kind(row))]
    if options.source_id is not None:
        named = {(row.record_id, row.part) for row in chosen if _is_named(row, options.source_id)}
        chosen = _with_dependents(rows if options.kind is None else chosen, named, options.source_id)
    if (options.source_id or options.kind) and not chosen:
        raise ConfigError(
            f"Nothing of {options.source_id or options.kind} failed in run {run_id}, or it crossed since.",
            "`deskferry runs RUN` shows what a run came to.",
        )
    return chosen


def _is_named(row: Any, name: str) -> bool:
    part = row.part.partition("#")[0]
    ids = [row.record_id, *([part] if ":" in part else [])]
    return name in ids or any(split_id(one).source_id == name for one in ids if one.count(":") >= 2)


def _with_dependents(rows: Iterable[Any], named: set[Key], name: str) -> list[Any]:
    """Return the named ones and what was not sent because one of them had not crossed, and so on."""
    rows = list(rows)
    found = [row for row in rows if (row.record_id, row.part) in named]
    waiting = {row.record_id for row in found} | {name}
    while True:
        more = [
            row for row in rows
            if row not in found and row.state == "not_sent"
            and (row.detail or "").removesuffix(" did not cross") in waiting
        ]  # fmt: skip
        if not more:
            return sorted(found, key=lambda row: row.id)
        found += more
        waiting |= {row.record_id for row in more}


def _record_kind(row: Any) -> str:
    return "ticket" if row.kind in _OF_TICKETS else str(row.kind)


# -------------------------------------------------------------------------------------------------------- quarantined


def _settle_quarantined(
    job: Migration, journal: Journal, rows: Sequence[Any], options: RetryOptions, result: RetryResult
) -> None:
    doubtful = [row for row in rows if row.state == "quarantined"]
    if (options.take or options.send_again) and len(doubtful) != 1:
        raise ConfigError(
            f"--take and --send-again are for one quarantined operation, and {len(doubtful)} are chosen.",
            "Name one with --kind and --id.",
        )
    if not doubtful:
        return
    load = Load(job.work(), journal, progress=job.progress, stop=job.stop)
    for row in doubtful:
        state, outcome = _verdict(job, load, row, options)
        result.settled[state] += 1
        if state in {"found", "taken"}:
            journal.commit([(pending_intent(pending_of(row)), outcome, "adopted")])
        elif state == "absent":
            journal.commit([(pending_intent(pending_of(row)), outcome, "absent")])


def _verdict(job: Migration, load: Load, row: Any, options: RetryOptions) -> tuple[str, Outcome]:
    intent = pending_intent(pending_of(row))
    if options.take is not None:
        hits = {one.remote_id: one for one in job.writer.find(intent.operation, load.resolve)}
        if options.take not in hits:
            listed = ", ".join(sorted(one or "" for one in hits)) or "none"
            raise ConfigError(
                f"{options.take} is not one of the records that bear the mark of {row.record_id}: {listed}.",
                "Name one of these, or --send-again.",
            )
        return "taken", replace(hits[options.take], state="done")
    if options.send_again:
        return "absent", Outcome("in_doubt", code="send_again", detail="a person said that it is to be sent again")
    verdict = settle_doubt(intent, job.writer, load.resolve, job.clock)
    outcome = verdict.outcome or Outcome("in_doubt", code=verdict.state, detail=verdict.detail)
    return verdict.state, outcome


# ------------------------------------------------------------------------------------------------------------ sending


def _send(job: Migration, journal: Journal, rows: Sequence[Any], options: RetryOptions, result: RetryResult) -> None:
    keys = {(row.record_id, row.part) for row in rows}
    work = job.work()
    records = _records(rows, work, result)
    work.quarantined = journal.quarantined()
    work.composer.destination.questions(work.composer.fields())

    def only(decided: Decided) -> Decided:
        return _only(decided, keys)

    effects, causes, count = _outlook(work, records, only)
    require_accepted("Writing there", sorted(effects), options.load.accept)
    if count and not options.confirm(count):
        raise Interrupted("Not confirmed, nothing was written.", "Run it again and say yes, or with --yes.")
    load = Load(work, journal, options.load, causes, job.progress, job.stop, result.load)
    try:
        load.run_some(records, only)
    finally:
        result.load.write_findings(job.store, result.run_id, job.destination)
    result.verify = verify_runs(job, MigrateOptions(depth=options.depth), [result.run_id])
    result.verify.write_findings(job.store, result.run_id, job.destination)


def _records(rows: Sequence[Any], work: Work, result: RetryResult) -> dict[str, list[str]]:
    """Return the records by kind that still are to cross."""
    found: dict[str, list[str]] = {}
    for row in rows:
        listed = found.setdefault(_record_kind(row), [])
        if row.record_id not in listed[-1:]:
            listed.append(row.record_id)
    for kind, ids in found.items():
        chosen = set(work.composer.crossings.selection.of(kind)) if kind in work.kinds() else set()
        result.left_out += [one for one in dict.fromkeys(ids) if one not in chosen]
        found[kind] = [one for one in dict.fromkeys(ids) if one in chosen]
    return found


def _only(decided: Decided, keys: set[Key]) -> Decided:
    """Return what failed of a record, and what must follow it: a final state after a message."""
    steps, sent = [], False
    for step in decided.steps:
        wanted = (step.operation.record_id, step.operation.part) in keys
        if wanted or (sent and step.todo is Todo.REPEAT):
            steps.append(step)
            sent = True
    return replace(decided, steps=tuple(steps), kept=())


def _outlook(
    work: Work, records: Mapping[str, Sequence[str]], only: Callable[[Decided], Decided]
) -> tuple[set[str], frozenset[str], int]:
    """Return the effects, the causes of loss and the number of operations: the plan of a retry."""
    effects: set[str] = set()
    causes: set[str] = set()
    count = 0
    for kind in work.kinds():
        for composed, decided in work.of(kind, records.get(kind, ())) if records.get(kind) else ():
            chosen = only(decided)
            count += len(chosen.sends)
            effects.update(name for step in chosen.sends for name in step.operation.effects)
            causes.update(loss.cause for loss in (*composed.losses, *decided.losses))
    return effects, frozenset(causes - {SILENT}), count
