"""Placeholders become agents, or are merged into the real people whom they stand for, as a file says.

The file is CSV with the columns `placeholder` (the person's record id at the source, e-mail or name) and `to` (the
e-mail of a person of the destination, or `agent`). All of it is checked before the first call.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import split_id, sql_table
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Destination, Outcome, ReassignEffects, Reassigns
from deskferry.connectors.kit.faults import InDoubt
from deskferry.errors import CapabilityError, ConfigError, Exhausted, Interrupted
from deskferry.migrate.consent import require_accepted
from deskferry.migrate.progress import Progress, Silent
from deskferry.store import Store, machinery
from deskferry.store.engine import now_text
from deskferry.store.upsert import inserted_id

COLUMNS = ("placeholder", "to")
AGENT = "agent"
REASSIGNED = "reassigned"
"""Key of the receipt of a crossing whose placeholder became a real person: matched from then on."""
_TRIES = 3
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file."""

    number: int
    placeholder: str
    to: str


@dataclass(frozen=True, slots=True)
class Step:
    """One placeholder and what becomes of it."""

    line: int
    record_id: str
    object: str
    remote_id: str
    email: str | None
    into: str | None
    """Id of the real person there; None: it becomes an agent."""

    @property
    def how(self) -> str:
        """Return `promote` or `merge`."""
        return "promote" if self.into is None else "merge"


@dataclass(slots=True)
class ReassignResult:
    """What became of the placeholders."""

    run_id: str
    dry_run: bool = False
    done: Counter[str] = field(default_factory=Counter)
    """promote, merge → how many; of a dry run: how many would be."""
    refused: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(line, record, code, detail)."""

    @property
    def exit_code(self) -> int:
        """Return 1 where the vendor refused one."""
        return 1 if self.refused else 0

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain JSON (`json/reassign.schema.json`)."""
        return {
            "run_id": self.run_id,
            "exit_code": self.exit_code,
            "dry_run": self.dry_run,
            "done": dict(sorted(self.done.items())),
            "refused": [
                {"line": line, "record_id": record, "code": code, "detail": detail}
                for line, record, code, detail in self.refused
            ],
        }


@dataclass(frozen=True, slots=True)
class ReassignOptions:
    """How to do it."""

    accept: frozenset[str] = frozenset()
    dry_run: bool = False
    confirm: Callable[[int], bool] = lambda _people: True


@dataclass
class Reassignment:
    """A destination whose placeholders are to be reassigned; its people were just pulled."""

    store: Store
    destination: str
    account_id: str
    writer: Destination
    clock: Clock
    run_id: str
    progress: Progress = field(default_factory=Silent)


def require_reassigns(writer: Destination, name: str) -> None:
    """Raise CapabilityError where a vendor can neither promote nor merge; costs no call."""
    if not isinstance(writer, Reassigns):
        raise CapabilityError(
            f"{name} cannot make real people of placeholders: its vendor's API neither promotes nor merges them.",
            "Merge them by hand there; `deskferry connectors` shows which vendors can.",
        )


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a file; raises ConfigError with the numbers of those that are wrong."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{path}: line 1 lacks the column {missing[0]}.", f"It needs: {','.join(COLUMNS)}.")
        lines = [Line(reader.line_num, (row["placeholder"] or "").strip(), (row["to"] or "").strip()) for row in reader]
    empty = [f"line {one.number}: an empty column" for one in lines if not one.placeholder or not one.to]
    _refuse(path, empty)
    return lines


def _refuse(path: Path, wrong: Sequence[str]) -> None:
    if wrong:
        told = "; ".join(wrong[:_NAMED]) + (f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else "")
        raise ConfigError(f"{path}: {told}.", "Nothing was done; mend these lines and run it again.")


def reassign(job: Reassignment, path: Path, options: ReassignOptions | None = None) -> ReassignResult:
    """Check the whole file, then promote or merge line by line; raises ConfigError before the first call."""
    wanted = options or ReassignOptions()
    require_reassigns(job.writer, job.destination)
    steps = _steps(job, path)
    result = ReassignResult(job.run_id, wanted.dry_run)
    if wanted.dry_run:
        result.done = Counter(step.how for step in steps)
        return result
    require_accepted("Reassigning", _effects(job.writer, steps), wanted.accept)
    if steps and not wanted.confirm(len(steps)):
        raise Interrupted("Not confirmed, nothing was changed.", "Run it again and say yes, or with --yes.")
    job.progress.begin("placeholders reassigned", len(steps), "people")
    try:
        for step in steps:
            _do(job, step, result)
            job.progress.advance()
    finally:
        job.progress.end()
    return result


def _effects(writer: Destination, steps: Sequence[Step]) -> list[str]:
    effects = writer.reassign_effects if isinstance(writer, ReassignEffects) else {}
    return sorted({name for step in steps for name in effects.get(step.how, ())})


# ------------------------------------------------------------------------------------------------------------ checking


def _steps(job: Reassignment, path: Path) -> list[Step]:
    lines = read_lines(path)
    known = _placeholders(job)
    people = _people(job, {one.to.lower() for one in lines})
    wrong: list[str] = []
    steps: dict[str, Step] = {}
    for line in lines:
        found = known.get(line.placeholder) or known.get(line.placeholder.casefold()) or []
        reals = {} if line.to == AGENT else people.get(line.to.lower(), {})
        says = _wrong(line, found, reals, steps)
        if says is not None:
            wrong.append(f"line {line.number}: {says}")
            continue
        (row,) = found
        into = next(iter(reals), None)
        steps[row.record_id] = Step(line.number, row.record_id, row.remote_object, row.remote_id, row.email, into)
    _refuse(path, wrong)
    return list(steps.values())


def _wrong(line: Line, found: Sequence[Any], reals: Mapping[str, Any], steps: Mapping[str, Step]) -> str | None:
    """Return what is wrong with a line, without the personal data in it."""
    if len(found) != 1:
        return (
            "no placeholder has this id, e-mail or name" if not found else f"{len(found)} placeholders have this name"
        )
    if found[0].record_id in steps:
        return f"the same placeholder as in line {steps[found[0].record_id].line}"
    if line.to == AGENT:
        return None
    if len(reals) != 1:
        return "nobody at the destination has this e-mail" if not reals else "several people there have this e-mail"
    return "the placeholder itself" if found[0].remote_id in reals else None


def _placeholders(job: Reassignment) -> dict[str, list[Any]]:
    """Return the placeholders by record id, source id, and folded e-mail and name of the person at the source."""
    crossing, person = machinery.crossing, sql_table("person")
    statement = (
        select(crossing.c.record_id, crossing.c.remote_object, crossing.c.remote_id, person.c.email, person.c.name)
        .join(person, person.c.id == crossing.c.record_id, isouter=True)
        .where(
            crossing.c.account_id == job.account_id, crossing.c.kind == "person", crossing.c.part == "",
            crossing.c.placeholder.is_(True), crossing.c.state != "matched",
        )
    )  # fmt: skip
    found: dict[str, list[Any]] = defaultdict(list)
    with job.store.read() as database:
        for row in database.execute(statement):
            for key in {row.record_id, *(one.casefold() for one in (row.email, row.name) if one)}:
                found[key].append(row)
    return found


def _people(job: Reassignment, addresses: set[str]) -> dict[str, dict[str, Any]]:
    """Return the destination's people by address, of those that are named."""
    person = sql_table("person")
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    statement = select(person.c.source_id, person.c.email, person.c.emails).where(
        person.c.connection == job.destination, person.c.deleted_at.is_(None)
    )
    with job.store.read() as database:
        for row in database.execute(statement.execution_options(yield_per=1000)):
            listed = [one.get("value") for one in row.emails or () if isinstance(one, dict)]
            for address in {str(one).lower() for one in (row.email, *listed) if one} & addresses:
                found[address][row.source_id] = row
    return found


# --------------------------------------------------------------------------------------------------------------- doing


def _do(job: Reassignment, step: Step, result: ReassignResult) -> None:
    op_id = _intend(job, step)
    outcome = _call(job.writer, step)
    _settle(job, step, op_id, outcome)
    if outcome.state == "done":
        result.done[step.how] += 1
    else:
        result.refused.append((step.line, step.record_id, outcome.code, outcome.detail))


def _call(writer: Destination, step: Step) -> Outcome:
    assert isinstance(writer, Reassigns)
    for _try in range(_TRIES):
        try:
            if step.into is None:
                return writer.promote(step.remote_id, step.email)
            return writer.merge(step.remote_id, step.into)
        except InDoubt as doubt:
            last = doubt
    raise Exhausted(f"line {step.line} had no answer {_TRIES} times: {last.message}", "Run the same command again.")


def _intend(job: Reassignment, step: Step) -> int:
    """Write the intent; of a run that died at this very step the same one."""
    table, call = machinery.write_op, f"person.{step.how}"
    stamp = now_text(job.clock.now())
    with job.store.journal() as database:
        dead = database.execute(
            select(table.c.id).where(
                table.c.account_id == job.account_id, table.c.record_id == step.record_id, table.c.call == call,
                table.c.state == "intended",
            )
        ).scalar()  # fmt: skip
        if dead is not None:
            database.execute(table.update().where(table.c.id == dead).values(run_id=job.run_id, intended_at=stamp))
            return int(dead)
        made = database.execute(
            table.insert().values(
                run_id=job.run_id, source=split_id(step.record_id).connection, destination=job.destination,
                account_id=job.account_id, record_id=step.record_id, part="", kind="person", call=call,
                action="update", state="intended", request_hash="", source_hash="", intended_at=stamp,
                request={"object": step.object, "body": {}, "into": step.into},
            )
        )  # fmt: skip
        return inserted_id(made)


def _settle(job: Reassignment, step: Step, op_id: int, outcome: Outcome) -> None:
    table, crossing = machinery.write_op, machinery.crossing
    done = outcome.state == "done"
    stamp = now_text(job.clock.now())
    with job.store.journal() as database:
        database.execute(
            table.update()
            .where(table.c.id == op_id)
            .values(
                state="done" if done else "refused", remote_id=step.into or step.remote_id, settled_at=stamp,
                code=outcome.code or None, detail=outcome.detail or None,
            )
        )  # fmt: skip
        if done:  # and those who crossed as the same person (n:1)
            database.execute(
                crossing.update()
                .where(
                    crossing.c.account_id == job.account_id, crossing.c.remote_object == step.object,
                    crossing.c.remote_id == step.remote_id,
                )
                .values(
                    remote_id=step.into or step.remote_id, placeholder=False, state="matched", remote_hash=None,
                    receipt={REASSIGNED: True}, run_id=job.run_id, written_at=stamp,
                )
            )  # fmt: skip
