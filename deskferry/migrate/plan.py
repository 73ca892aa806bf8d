"""Records and destination → what will be created, matched, changed and lost; effects, calls, hours; open questions.

Everything is really composed, by the same code that load uses: a plan and its load cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Account, Destination, Effect, Loss, Question
from deskferry.connectors.kit.links import LINK_LEFT, Addresses
from deskferry.errors import ConfigError, OpenQuestions
from deskferry.migrate.accounting import carried
from deskferry.migrate.compose import SILENT, Composed, Composer
from deskferry.migrate.crossings import PlannedCrossings, setup_answers
from deskferry.migrate.decide import Decided, Todo, as_update
from deskferry.migrate.delta import Policy
from deskferry.migrate.images import imaged
from deskferry.migrate.journal import UNDO, Route
from deskferry.migrate.mapping_file import RouteMapping
from deskferry.migrate.match import match
from deskferry.migrate.match_knowledge import match_knowledge
from deskferry.migrate.plan_calls import in_batches, reads, time_needed
from deskferry.migrate.plan_questions import open_questions
from deskferry.migrate.plan_tables import Line, tables
from deskferry.migrate.progress import Progress, Silent
from deskferry.migrate.relink import relinked
from deskferry.migrate.requests import counts, links
from deskferry.migrate.scope import KINDS, Scope, choose
from deskferry.migrate.scope_knowledge import leave_knowledge
from deskferry.migrate.work import Work
from deskferry.store import Store, machinery

_EXAMPLES = 3
_JOURNAL_BYTES = 4096
"""What an operation takes in the journal and, read back, in the archive: an estimate."""
BEFORE = "before"


@dataclass(slots=True)
class LossLine:
    """One cause of loss: how often, and a few examples (record, field, value)."""

    count: int = 0
    examples: list[tuple[str, str, str | None]] = field(default_factory=list)

    def add(self, loss: Loss) -> None:
        """Count a loss."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append((loss.record_id, loss.field, loss.value))


@dataclass(slots=True)
class Plan:
    """What a migration will do."""

    route: Route
    scope: Scope
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Kind → create, update, matched, unchanged, newer_mapping, not_updatable, quarantined, gone_at_source → number."""
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: dict[str, LossLine] = field(default_factory=dict)
    effects: list[tuple[Effect, int]] = field(default_factory=list)
    """Each effect with how many operations have it."""
    sends: Counter[str] = field(default_factory=Counter)
    """Operations by the connector's name of the call; several may go into one."""
    calls: Counter[str] = field(default_factory=Counter)
    """By the connector's name of the call; `verify` is what reading back costs, `before` what is read of records that
    are changed, so that a rollback can bring it back."""
    minutes: float | None = None
    limit: str = ""
    """The limit that binds."""
    fixed_links: int = 0
    """Links in texts that cannot be changed later: those between tickets that name each other keep an old address."""
    files: int = 0
    file_bytes: int = 0
    disk_bytes: int = 0
    in_doubt: int = 0
    questions: list[Question] = field(default_factory=list)
    carried: Counter[str] = field(default_factory=Counter)
    """Messages and files that operations carry, whether sent now or earlier; `lost_…`: that stay as a whole."""
    tables: dict[str, list[Line]] = field(default_factory=dict)
    mapping: RouteMapping = field(default_factory=RouteMapping)
    policy: Policy = Policy.FOLLOW

    @property
    def open_questions(self) -> list[Question]:
        """Return the questions without a default: the migration refuses while one is open."""
        return [one for one in self.questions if one.default is None]

    @property
    def causes(self) -> frozenset[str]:
        """Return the causes of loss that this plan names."""
        foreseen = {LINK_LEFT} if self.fixed_links else set()
        return frozenset(self.losses) - {SILENT} | foreseen

    @property
    def operations(self) -> int:
        """Return how many operations will be sent."""
        return self.sends.total()

    def require_answers(self) -> None:
        """Raise OpenQuestions while something is open that has no default."""
        if self.open_questions:
            first = self.open_questions[0]
            line = first.answer.replace("\n", " ")
            raise OpenQuestions(
                f"{len(self.open_questions)} questions are open, the first: {first.subject}: {first.says}",
                f"Answer in the mapping file: {line} (`deskferry plan --write-mapping FILE` lists all).",
            )

    def require_consent(self, accept: frozenset[str], known: frozenset[str]) -> None:
        """Raise ConfigError when an effect is not accepted, or one is accepted that does not exist."""
        if accept - known:
            raise ConfigError(
                f"There is no effect {', '.join(sorted(accept - known))} here.",
                f"--accept takes: {', '.join(sorted(known)) or 'nothing, all is silent'}.",
            )
        missing = [effect for effect, _count in self.effects if effect.name not in accept]
        if missing:
            names = ", ".join(effect.name for effect in missing)
            flags = " ".join(f"--accept {effect.name}" for effect in missing)
            raise ConfigError(
                f"Writing there has effects that its API cannot switch off and that were not accepted: {names}.",
                f"Read what they are in `deskferry plan`, switch them off there, then say yes to each: {flags}",
            )

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON (`json/plan.schema.json`)."""
        return {
            "source": self.route.source,
            "destination": self.route.destination,
            "account_id": self.route.account_id,
            "mapping_hash": self.route.mapping_hash,
            "kinds": {kind: dict(sorted(found.items())) for kind, found in sorted(self.counts.items())},
            "left_out": [
                {"kind": kind, "reason": reason, "count": count}
                for (kind, reason), count in sorted(self.left_out.items())
            ],
            "losses": [_loss_json(cause, line) for cause, line in sorted(self.losses.items())],
            "effects": [
                {"name": one.name, "says": one.says, "avoid": one.avoid, "operations": n} for one, n in self.effects
            ],
            "calls": {"total": sum(self.calls.values()), "by_call": dict(sorted(self.calls.items()))},
            "hours": None if self.minutes is None else round(self.minutes / 60, 2),
            "limit": self.limit or None,
            "files": {"count": self.files, "bytes": self.file_bytes},
            "disk_bytes": self.disk_bytes,
            "in_doubt": self.in_doubt,
            "delta": {"policy": str(self.policy), "says": self.policy.says},
            "questions": [_question_json(one) for one in self.questions],
            "tables": self.tables,
        }


def _loss_json(cause: str, line: LossLine) -> dict[str, Any]:
    examples = [{"record_id": record, "field": name, "value": value} for record, name, value in line.examples]
    return {"cause": cause, "count": line.count, "examples": examples}


def _question_json(one: Question) -> dict[str, Any]:
    return {
        "code": one.code, "subject": one.subject, "says": one.says, "answer": one.answer,
        "default": one.default, "count": one.count,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- making


def prepare(
    store: Store,
    route: Route,
    writer: Destination,
    mapping: RouteMapping,
    scope: Scope,
    *,
    push_mapping_changes: bool = False,
    addresses: Addresses | None = None,
    policy: Policy = Policy.FOLLOW,
) -> Work:
    """Match and choose: return the work of a route, ready to be composed.

    `addresses` are those of the source's account: links to its records are rewritten.
    """
    with store.read() as database:
        matches = match(database, route.source, route.destination, route.account_id, mapping)
        match_knowledge(database, route.source, route.destination, route.account_id, writer, matches)
        selection = choose(database, route.source, scope, mapping.leave_out, matches)
        leave_knowledge(selection, writer.written_kinds())
        settings = setup_answers(database, route.account_id)
        objects = {}
        for kind in KINDS:
            table = sql_table(kind)
            found = select(table.c.source_object).where(table.c.connection == route.destination).limit(1)
            objects[kind] = database.execute(found).scalar() or kind
    crossings = PlannedCrossings(store, route.source, mapping, matches, selection, objects, settings, addresses)
    composer = Composer(store, route.source, route.destination, writer, crossings, route.account_id)
    return Work(composer, route.account_id, push_mapping_changes=push_mapping_changes, policy=policy)


def make_plan(
    store: Store, work: Work, route: Route, scope: Scope, account: Account, *,
    share_of_limit: float = 0.7, progress: Progress | None = None,
) -> Plan:  # fmt: skip
    """Compose everything and return what it comes to; no call but those of `Destination.questions`."""
    shown = progress or Silent()
    composer = work.composer
    plan = Plan(route, scope, mapping=composer.mapping, policy=work.policy)
    table = machinery.write_op
    with store.read() as database:
        states = database.execute(
            select(table.c.state, table.c.record_id, table.c.part, table.c.detail).where(
                table.c.source == route.source,
                table.c.destination == route.destination,
                table.c.action != UNDO,
                table.c.state.in_(("intended", "in_doubt", "quarantined")),
            )
        ).all()
    work.quarantined = {(row.record_id, row.part): row.detail or "" for row in states if row.state == "quarantined"}
    plan.in_doubt = sum(1 for row in states if row.state != "quarantined")
    effects: Counter[str] = Counter()
    composer.destination.questions(composer.fields())
    _add(plan, effects, composer.destination, *work.setup())
    for kind in work.kinds():
        shown.begin(f"{kind}s planned", len(composer.crossings.selection.of(kind)), "records")
        for composed, decided in work.of(kind):
            _add(plan, effects, composer.destination, composed, decided)
            shown.advance()
        shown.end()
    for again in relinked(store, work):
        _add(plan, effects, composer.destination, again.composed, again.decided)
    plan.calls.update(in_batches(plan.sends, composer.destination))
    _matched(plan, composer)
    for kind, count in work.gone().items():
        plan.counts.setdefault(kind, Counter())["gone_at_source"] += count
    plan.left_out.update(composer.crossings.selection.left_out)
    plan.effects = [(one, effects[one.name]) for one in composer.destination.effects() if effects[one.name]]
    plan.questions = open_questions(composer)
    plan.tables = tables(composer)
    plan.disk_bytes = _JOURNAL_BYTES * plan.operations
    plan.minutes, plan.limit = time_needed(plan.calls, account.limits, share_of_limit)
    return plan


def _add(plan: Plan, effects: Counter[str], writer: Destination, composed: Composed, decided: Decided) -> None:
    for step in decided.steps:
        if counts(step.operation):
            found = plan.counts.setdefault(step.operation.kind, Counter())
            todo = decided.todo if step.operation.record_id == composed.record_id and not step.operation.part else None
            found[str(todo or step.todo)] += 1
            if composed.carried and not step.operation.part:
                plan.counts.setdefault("message", Counter())[str(step.todo)] += composed.carried
    plan.left_out.update(composed.left_out)
    plan.carried.update(carried(composed))
    if not decided.sends and not decided.losses:
        return
    for loss in (*composed.losses, *decided.losses):
        plan.losses.setdefault(loss.cause, LossLine()).add(loss)
    for step in decided.sends:
        effects.update(step.operation.effects)
        named = sum(1 for _link in links(step.operation.body))
        if named and as_update(step.operation, writer) is None:
            plan.fixed_links += named
        plan.files += len(step.operation.files)
        plan.file_bytes += sum(file.size for file in step.operation.files)
        plan.sends[step.operation.call] += 1
    images = len(imaged(decided.sends, writer))
    if images:
        plan.calls[BEFORE] += images
    if all(step.todo is Todo.CREATE for step in decided.steps):
        extra = writer.calls(composed.composition) - len(decided.sends)
        if extra:
            plan.calls[decided.sends[0].operation.call] += extra
    cost = reads(composed, decided) if decided.sends else 0
    if cost:
        plan.calls["verify"] += cost


def _matched(plan: Plan, composer: Composer) -> None:
    matches = composer.crossings.matches
    for found in matches.found.values():
        plan.counts.setdefault(found.kind, Counter())["matched"] += 1
    for record_id in matches.leads:
        kind = "organization" if record_id in matches.organization_twins else "person"
        plan.counts.setdefault(kind, Counter())["twin"] += 1
    for loss in composer.matched_losses():
        plan.losses.setdefault(loss.cause, LossLine()).add(loss)
