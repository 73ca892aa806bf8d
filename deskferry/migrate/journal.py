"""What was intended, what became of it, and where every record went: on the disk before a call leaves.

Written by one thread. An intent is committed with `synchronous=FULL`; the outcome, the crossing and the next intent
share one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Loss, Operation, Outcome, Ref
from deskferry.migrate.requests import operation_from, operation_json, shortened
from deskferry.store import Store, machinery
from deskferry.store.engine import now_text
from deskferry.store.state import beat
from deskferry.store.suppression import FORGOTTEN
from deskferry.store.upsert import chunks, insert_into, inserted_id

PENDING = ("intended", "in_doubt")
EFFECTIVE = ("done", "adopted")
"""States of an operation that took effect and was not taken back since (then it is `undone`)."""
UNDO = "undo"
"""The action of an operation that takes another one back; `undoes` names that one."""
_AMONG = 500


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where: connections by name, and the destination's account by its id."""

    source: str
    destination: str
    account_id: str
    mapping_hash: str = ""

    @property
    def name(self) -> str:
        """How runs name the route."""
        return f"{self.source}>{self.destination}"


@dataclass(frozen=True, slots=True)
class Held:
    """A crossing as the store holds it."""

    record_id: str
    part: str
    kind: str
    state: str
    remote_object: str
    remote_id: str
    request_hash: str | None
    source_hash: str | None
    placeholder: bool
    receipt: dict[str, Any]


@dataclass(slots=True)
class Intent:
    """An operation that is about to be sent."""

    operation: Operation
    request_hash: str
    """Of the operation as it was composed: what the next run compares with."""
    placeholder: bool = False
    losses: tuple[tuple[Loss, bool], ...] | None = None
    """(loss, planned) of the whole record, replaced together with its first intent; None: written already."""
    repeats: tuple[tuple[str, str], ...] = ()
    """Parts that must be sent again after this one, also when a crash comes between."""
    before: dict[str, Any] | None = None
    attempts: int = 0
    op_id: int = 0
    intended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation of an earlier run of which the outcome is unknown."""

    op_id: int
    intended_at: float
    request_hash: str
    operation: Operation
    placeholder: bool


@dataclass(slots=True)
class Journal:
    """The journal of one route in one run."""

    store: Store
    route: Route
    run_id: str
    clock: Clock
    _known: dict[Ref, str] = field(default_factory=dict)
    _any_forgotten: bool | None = None

    # -------------------------------------------------------------------------------------------------------- reading

    def pending(self) -> list[Pending]:
        """Return what earlier runs left without an outcome, in the order in which it was intended."""
        return [pending_of(row) for row in self._ops(PENDING)]

    def quarantined(self) -> dict[tuple[str, str], str]:
        """Return (record, part) → why, of what must never be sent again blindly."""
        return {(row.record_id, row.part): row.detail or "" for row in self._ops(("quarantined",))}

    def doubted(self) -> set[tuple[str, str]]:
        """Return (record, part) of what was sent once and was not found: a duplicate answer may be our own."""
        return {(row.record_id, row.part) for row in self._ops(("absent",))}

    def _ops(self, states: Sequence[str]) -> list[Any]:
        table = machinery.write_op
        with self.store.read() as database:
            return list(
                database.execute(
                    select(table)
                    .where(
                        table.c.source == self.route.source,
                        table.c.destination == self.route.destination,
                        table.c.state.in_(states),
                        table.c.action != UNDO,
                    )
                    .order_by(table.c.id)
                )
            )

    def images(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return before-images of updates that may have taken effect unseen, by (record, part): they are sent again,
        and what lay there before the first try is what a rollback must bring back."""
        found = {(row.record_id, row.part): row for row in self._ops(("absent",)) if row.before is not None}
        table = machinery.write_op
        with self.store.read() as database:
            for part in chunks(sorted({record for record, _part in found}), _AMONG):
                later = select(table.c.record_id, table.c.part, table.c.id).where(
                    table.c.account_id == self.route.account_id, table.c.record_id.in_(part), table.c.action != UNDO,
                    table.c.state.in_(EFFECTIVE),
                )  # fmt: skip
                for row in database.execute(later):
                    held = found.get((row.record_id, row.part))
                    if held is not None and row.id > held.id:
                        del found[row.record_id, row.part]
        return {key: row.before for key, row in found.items()}

    def held(self, record_ids: Iterable[str]) -> dict[tuple[str, str], Held]:
        """Return the crossings of records with all their parts."""
        with self.store.read() as database:
            return held_crossings(database, self.route.account_id, record_ids)

    def remote_id(self, ref: Ref) -> str | None:
        """Return the destination's id of a source record or part, or None when it has not crossed."""
        known = self._known.get(ref)
        if known is None:
            known = self._look_up(ref)
            if known is not None:
                self.remember(ref, known)
        return known

    def _look_up(self, ref: Ref) -> str | None:
        table = machinery.crossing
        with self.store.read() as database:
            found: str | None = database.execute(
                select(table.c.remote_id).where(
                    table.c.account_id == self.route.account_id,
                    table.c.record_id == ref.record_id,
                    table.c.part == ref.part,
                )
            ).scalar()
        return found

    def remember(self, ref: Ref, remote_id: str) -> None:
        """Know an id before its outcome is committed: the next intent may need it."""
        if len(self._known) > 50_000:
            self._known.clear()
        self._known[ref] = remote_id

    # -------------------------------------------------------------------------------------------------------- writing

    def commit(self, settled: Sequence[tuple[Intent, Outcome, str]] = (), intents: Sequence[Intent] = ()) -> None:
        """Write outcomes as (intent, outcome, operation's state) and the next intents: on the disk when it returns."""
        now = self.clock.now()
        stamp = now_text(now)
        with self.store.journal() as database:
            for intent, outcome, state in settled:
                self._settle(database, intent, outcome, state, stamp)
            for intent in intents:
                self._intend(database, intent, now)
            for connection in (self.route.source, self.route.destination):
                beat(database, connection)

    def _intend(self, database: Connection, intent: Intent, now: float) -> None:
        table, operation = machinery.write_op, intent.operation
        intent.intended_at = now
        if intent.op_id:
            database.execute(
                table.update()
                .where(table.c.id == intent.op_id)
                .values(state="intended", intended_at=now_text(now), run_id=self.run_id)
            )
            return
        if intent.losses is not None:
            self._replace_losses(database, intent)
        for record_id, part in intent.repeats:
            _forget_hash(database, self.route.account_id, record_id, part)
        values = self._row(operation, intent, "intended", now_text(now))
        request = {**operation_json(operation), "placeholder": intent.placeholder}
        result = database.execute(table.insert().values(**values, request=request))
        intent.op_id = inserted_id(result)

    def _row(self, operation: Operation, intent: Intent, state: str, stamp: str) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "source": self.route.source,
            "destination": self.route.destination,
            "account_id": self.route.account_id,
            "record_id": operation.record_id,
            "part": operation.part,
            "kind": operation.kind,
            "call": operation.call,
            "action": operation.action,
            "state": state,
            "request_hash": intent.request_hash,
            "source_hash": operation.source_hash,
            "mark": operation.mark,
            "before": intent.before,
            "intended_at": stamp,
        }

    def _settle(self, database: Connection, intent: Intent, outcome: Outcome, state: str, stamp: str) -> None:
        table = machinery.write_op
        values: dict[str, Any] = {
            "state": state,
            "receipt": dict(outcome.receipt) or None,
            "remote_id": outcome.remote_id,
            "code": outcome.code or None,
            "detail": outcome.detail or None,
            "settled_at": None if state == "in_doubt" else stamp,
        }
        if state not in PENDING and state != "quarantined":
            values["request"] = shortened(operation_json(intent.operation))
        database.execute(table.update().where(table.c.id == intent.op_id).values(**values))
        if state in {"done", "adopted"} and outcome.remote_id is not None:
            made = "created" if state == "done" or outcome.state != "adopted" else "adopted"
            self._cross(database, intent, outcome, made, stamp)
        elif state == "refused" and not intent.operation.part:
            self._drop_losses(database, _lossy(intent))

    def _cross(self, database: Connection, intent: Intent, outcome: Outcome, state: str, stamp: str) -> None:
        operation = intent.operation
        write_crossings(
            database,
            [
                {
                    "account_id": self.route.account_id,
                    "record_id": operation.record_id,
                    "part": operation.part,
                    "kind": operation.kind,
                    "state": state,
                    "remote_object": operation.object,
                    "remote_id": outcome.remote_id,
                    "request_hash": intent.request_hash,
                    "source_hash": operation.source_hash,
                    "mapping_hash": self.route.mapping_hash,
                    "placeholder": intent.placeholder,
                    "receipt": dict(outcome.receipt) or None,
                    "run_id": self.run_id,
                    "written_at": stamp,
                    "remote_hash": None,
                }
            ],
        )
        if operation.part:
            # What lies there is not what verify saw any more.
            table = machinery.crossing
            database.execute(
                table.update()
                .where(
                    table.c.account_id == self.route.account_id, table.c.record_id == operation.record_id,
                    table.c.part == "", table.c.remote_hash.is_not(None),
                )
                .values(remote_hash=None)
            )  # fmt: skip

    def take_for_sent(self, unsent: Sequence[tuple[Operation, str]]) -> None:
        """Take what records are now for what was sent, where a person was forgotten and nobody knows any more."""
        table = machinery.crossing
        mine = (table.c.account_id == self.route.account_id) & (table.c.source_hash == FORGOTTEN)
        if unsent and self._any_forgotten is None:
            with self.store.read() as database:
                self._any_forgotten = (
                    database.execute(select(table.c.record_id).where(mine).limit(1)).first() is not None
                )
        if not unsent or not self._any_forgotten:
            return
        with self.store.write() as database:
            for one, hashed in unsent:
                here = (table.c.record_id == one.record_id) & (table.c.part == one.part)
                values = {"source_hash": one.source_hash, "request_hash": hashed}
                database.execute(table.update().where(mine, here).values(**values))

    def not_sent(self, operation: Operation, code: str, detail: str) -> None:
        """Keep a row of what was not sent, and why."""
        stamp = now_text(self.clock.now())
        values = self._row(operation, Intent(operation, ""), "not_sent", stamp)
        with self.store.write() as database:
            database.execute(machinery.write_op.insert().values(**values, code=code, detail=detail, settled_at=stamp))

    def add_losses(self, losses: Sequence[tuple[Loss, bool]], *, replace: bool = True) -> None:
        """Write (loss, planned) rows of records of which nothing is sent; those of the same records are replaced."""
        with self.store.write() as database:
            for part in chunks(losses):
                if replace:
                    self._drop_losses(database, {loss.record_id for loss, _planned in part})
                self._insert_losses(database, part)

    def _replace_losses(self, database: Connection, intent: Intent) -> None:
        self._drop_losses(database, _lossy(intent))
        self._insert_losses(database, intent.losses or ())

    def _insert_losses(self, database: Connection, losses: Sequence[tuple[Loss, bool]]) -> None:
        if losses:
            database.execute(
                machinery.loss.insert(),
                [
                    {
                        "run_id": self.run_id, "record_id": loss.record_id, "field": loss.field,
                        "value": loss.value, "cause": loss.cause, "planned": planned,
                    }
                    for loss, planned in losses
                ],
            )  # fmt: skip

    def _drop_losses(self, database: Connection, record_ids: set[str]) -> None:
        loss, run = machinery.loss, machinery.run
        of_route = select(run.c.id).where(run.c.connection == self.route.name)
        for part in chunks(sorted(record_ids), _AMONG):
            database.execute(loss.delete().where(loss.c.record_id.in_(part), loss.c.run_id.in_(of_route)))

    def match(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write crossings of records that were matched: record_id, kind, remote_object, remote_id."""
        stamp = now_text(self.clock.now())
        common = {
            "account_id": self.route.account_id, "part": "", "state": "matched", "request_hash": None,
            "source_hash": None, "mapping_hash": self.route.mapping_hash, "receipt": None, "run_id": self.run_id,
            "written_at": stamp, "placeholder": False,
        }  # fmt: skip
        with self.store.write() as database:
            for part in chunks(rows, _AMONG):
                held = held_crossings(database, self.route.account_id, [row["record_id"] for row in part])
                new = [{**common, **row} for row in part if not _same(held.get((row["record_id"], "")), row)]
                write_crossings(database, new)


def pending_of(row: Any) -> Pending:
    stand_in = bool((row.request or {}).get("placeholder"))
    return Pending(row.id, row.intended_at.timestamp(), row.request_hash, operation_from(row), stand_in)


def _lossy(intent: Intent) -> set[str]:
    return {intent.operation.record_id, *(loss.record_id for loss, _planned in intent.losses or ())}


def _same(held: Held | None, row: dict[str, Any]) -> bool:
    """Whether a crossing says it already; one that a run created stays: rollback and later runs need to know."""
    if held is None:
        return False
    there = (held.remote_object, held.remote_id) == (row["remote_object"], row["remote_id"])
    return there or held.state == "created"


def write_crossings(database: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write crossings over what the store holds of them."""
    if not rows:
        return
    statement = insert_into(database, machinery.crossing)
    keys = ("account_id", "record_id", "part")
    statement = statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in rows[0] if name not in keys}
    )
    for row in rows:
        database.execute(statement, row)


def held_crossings(database: Connection, account_id: str, record_ids: Iterable[str]) -> dict[tuple[str, str], Held]:
    """Return the crossings of records at one account, by (record, part)."""
    table = machinery.crossing
    found: dict[tuple[str, str], Held] = {}
    for part in chunks(sorted(set(record_ids)), _AMONG):
        rows = database.execute(select(table).where(table.c.account_id == account_id, table.c.record_id.in_(part)))
        found.update({(row.record_id, row.part): _held(row) for row in rows})
    return found


def _held(row: Any) -> Held:
    return Held(
        row.record_id, row.part, row.kind, row.state, row.remote_object, row.remote_id,
        row.request_hash, row.source_hash, row.placeholder, row.receipt or {},
    )  # fmt: skip


def _forget_hash(database: Connection, account_id: str, record_id: str, part: str) -> None:
    table = machinery.crossing
    database.execute(
        table.update()
        .where(table.c.account_id == account_id, table.c.record_id == record_id, table.c.part == part)
        .values(request_hash=None)
    )


def pending_intent(pending: Pending) -> Intent:
    """Return what an earlier run left open as an intent of this one."""
    return Intent(
        pending.operation, pending.request_hash, pending.placeholder,
        op_id=pending.op_id, intended_at=pending.intended_at,
    )  # fmt: skip
