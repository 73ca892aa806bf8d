"""What a run wrote and what of it was taken back: each undoing is journalled as its own operation, intent first.

An operation that was taken back is `undone`; the one that took it back has the action `undo` and names it. Crossings of
what was deleted go, those of what was changed back say again what the operation before had written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Undone, Written
from deskferry.migrate.journal import EFFECTIVE, UNDO
from deskferry.migrate.written_run import ALREADY, WrittenRun, is_twin
from deskferry.store import machinery
from deskferry.store.engine import now_text
from deskferry.store.state import beat
from deskferry.store.upsert import chunks, inserted_id

FORCED = "forced"
_AMONG = 500
_OP = machinery.write_op
_CROSSING = machinery.crossing


@dataclass(slots=True)
class Unit:
    """One thing to take back."""

    op: Any
    """The journal's row of the operation that is taken back; of a record that goes, the one that created it."""
    deletes: bool
    """The whole record goes, with all that was written of it."""
    written: Written | None
    """None: no call, a twin that was there before stays as it is."""
    tickets: tuple[str, ...] = ()
    """Tickets that hang on it and lie in the trash by us."""
    forced: bool = False
    undo_id: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Return (record, part)."""
        return self.op.record_id, self.op.part


@dataclass(slots=True)
class UndoJournal:
    """The journal of taking one run back."""

    written: WrittenRun
    run_id: str
    clock: Clock
    undone: Counter[str] = field(default_factory=Counter)
    """Kind → operations that were taken back now."""

    # -------------------------------------------------------------------------------------------------------- writing

    def intend(self, units: Sequence[Unit]) -> None:
        """Write that these are about to be taken back: on the disk when it returns; a dead run's intent is taken up."""
        stamp = now_text(self.clock.now())
        with self.written.store.journal() as database:
            for unit in units:
                self._intend(database, unit, stamp)
            self._beat(database)

    def _intend(self, database: Connection, unit: Unit, stamp: str) -> None:
        dead = database.execute(
            select(_OP.c.id, _OP.c.request).where(_OP.c.undoes == unit.op.id, _OP.c.action == UNDO)
        ).first()
        if dead is not None:
            unit.undo_id = dead.id
            unit.tickets = tuple((dead.request or {}).get("tickets") or unit.tickets)
            database.execute(
                _OP.update()
                .where(_OP.c.id == dead.id)
                .values(run_id=self.run_id, state="intended", intended_at=stamp)
            )  # fmt: skip
            return
        op = unit.op
        result = database.execute(
            _OP.insert().values(
                run_id=self.run_id, source=op.source, destination=op.destination, account_id=op.account_id,
                record_id=op.record_id, part=op.part, kind=op.kind, call=op.call, action=UNDO, state="intended",
                request_hash="", source_hash="", remote_id=op.remote_id, undoes=op.id, intended_at=stamp,
                request={"tickets": list(unit.tickets)} if unit.tickets else None,
            )
        )  # fmt: skip
        unit.undo_id = inserted_id(result)

    def settle(self, outcomes: Sequence[tuple[Unit, Undone]]) -> None:
        """Write what became of them."""
        stamp = now_text(self.clock.now())
        with self.written.store.journal() as database:
            for unit, undone in outcomes:
                self._settle(database, unit, undone, stamp)
            self._beat(database)
        for unit, undone in outcomes:
            if undone.state != "refused":
                self.undone[unit.op.kind] += 1

    def _beat(self, database: Connection) -> None:
        for connection in (self.written.route.source, self.written.route.destination):
            beat(database, connection)

    def _settle(self, database: Connection, unit: Unit, undone: Undone, stamp: str) -> None:
        refused = undone.state == "refused"
        kept = refused and bool(undone.residue)
        receipt = {**({FORCED: True} if unit.forced else {}), **({"gone": True} if undone.state == "gone" else {})}
        database.execute(
            _OP.update()
            .where(_OP.c.id == unit.undo_id)
            .values(
                state="refused" if refused and not kept else "done",
                code=(undone.code if refused and not kept else undone.residue) or None,
                detail=undone.detail or None, settled_at=stamp, receipt=receipt or None,
            )
        )  # fmt: skip
        if refused:
            return
        if unit.deletes:
            self._deleted(database, unit)
        elif unit.op.action == "update":
            self._changed_back(database, unit)
        else:
            self._part_deleted(database, unit)
        if undone.purged and unit.tickets:
            for part in chunks(list(unit.tickets), _AMONG):
                database.execute(
                    _OP.update()
                    .where(
                        _OP.c.account_id == self.written.route.account_id, _OP.c.action == UNDO, _OP.c.kind == "ticket",
                        _OP.c.code == "trashed_ticket", _OP.c.remote_id.in_(part),
                    )
                    .values(code="used_number")
                )  # fmt: skip

    def _deleted(self, database: Connection, unit: Unit) -> None:
        """Forget a record that is gone, with all that any run wrote of it, and those who crossed as it (n:1)."""
        op, account = unit.op, self.written.route.account_id
        standing = (*EFFECTIVE, "absent")
        mine = (_OP.c.account_id == account) & (_OP.c.record_id == op.record_id) & (_OP.c.action != UNDO)
        database.execute(_OP.update().where(mine, _OP.c.state.in_(standing)).values(state=ALREADY))
        crossings = (_CROSSING.c.account_id == account) & (_CROSSING.c.record_id == op.record_id)
        parts = list(database.execute(select(_CROSSING.c.part).where(crossings)).scalars())
        database.execute(_CROSSING.delete().where(crossings))
        if not is_twin(op):
            same = (_CROSSING.c.remote_object == _object(op)) & (_CROSSING.c.remote_id == op.remote_id)
            database.execute(_CROSSING.delete().where(_CROSSING.c.account_id == account, same))
        message = sql_table("message")
        of_ticket = select(message.c.id).where(message.c.ticket_id == op.record_id)
        told = {op.record_id, *(part.partition("#")[0] for part in parts if ":" in part)}
        self._drop_losses(database, {*told, *database.execute(of_ticket).scalars()})

    def _part_deleted(self, database: Connection, unit: Unit) -> None:
        op = unit.op
        database.execute(_OP.update().where(_OP.c.id == op.id).values(state=ALREADY))
        database.execute(self._own(_CROSSING.delete(), op))
        self._forget_hash(database, op)
        self._drop_losses(database, {op.part.partition("#")[0]})

    def _changed_back(self, database: Connection, unit: Unit) -> None:
        """Let the crossing say again what the operation before this one had written."""
        op = unit.op
        database.execute(_OP.update().where(_OP.c.id == op.id).values(state=ALREADY))
        standing = self.written.effective(_OP.c.record_id == op.record_id, _OP.c.part == op.part).order_by(
            _OP.c.id.desc()
        )
        last = database.execute(standing.limit(1)).first()
        if last is None:
            database.execute(self._own(_CROSSING.delete(), op))
            return
        # A later run changed it too, and stands: what lies there is neither's, and is to be written again.
        mixed = last.id > op.id
        values = {
            "request_hash": None if mixed else last.request_hash, "source_hash": None if mixed else last.source_hash,
            "receipt": last.receipt, "run_id": last.run_id, "remote_hash": None,
            "state": "adopted" if is_twin(last) else "created",
        }  # fmt: skip
        database.execute(self._own(_CROSSING.update(), op).values(**values))
        self._forget_hash(database, op)

    def _forget_hash(self, database: Connection, op: Any) -> None:
        """What verify saw of the record lies there no more; what lies there now is looked at in the end."""
        mine = (_CROSSING.c.account_id == self.written.route.account_id) & (_CROSSING.c.record_id == op.record_id)
        database.execute(_CROSSING.update().where(mine, _CROSSING.c.part == "").values(remote_hash=None))

    def _own(self, statement: Any, op: Any) -> Any:
        return statement.where(
            _CROSSING.c.account_id == self.written.route.account_id,
            _CROSSING.c.record_id == op.record_id, _CROSSING.c.part == op.part,
        )  # fmt: skip

    def _drop_losses(self, database: Connection, record_ids: set[str]) -> None:
        loss, run = machinery.loss, machinery.run
        of_route = select(run.c.id).where(run.c.connection == self.written.route.name)
        for part in chunks(sorted(record_ids), _AMONG):
            database.execute(loss.delete().where(loss.c.record_id.in_(part), loss.c.run_id.in_(of_route)))

    def mark(self, *, complete: bool) -> None:
        """Write into the row of the run that it was taken back, by which run, and whether all of it."""
        table = machinery.run
        told: Mapping[str, Any] = {
            "run_id": self.run_id, "at": now_text(self.clock.now()), "complete": complete,
        }  # fmt: skip
        with self.written.store.write() as database:
            counts = database.execute(select(table.c.counts).where(table.c.id == self.written.undone_run)).scalar()
            database.execute(
                table.update()
                .where(table.c.id == self.written.undone_run)
                .values(counts={**(counts or {}), "rolled_back": told})
            )


def _object(op: Any) -> str:
    return str((op.request or {}).get("object", op.kind))
