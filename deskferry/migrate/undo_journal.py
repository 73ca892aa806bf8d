"""What a run wrote and what of it was taken back: each undoing is journalled as its own operation, intent first.

An operation that was taken back is `undone`; the one that took it back has the action `undo` and names it. Crossings of
what was deleted go, those of what was changed back say again what the operation before had written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Undone, Written
from deskferry.migrate.journal import EFFECTIVE, UNDO, Route
from deskferry.migrate.lanes import ADOPTED
from deskferry.store import Store, machinery
from deskferry.store.engine import now_text
from deskferry.store.state import beat
from deskferry.store.upsert import chunks

SETUP = "custom_field"
"""Kind of set-up operations: what they made is kept, other runs may need it."""
ALREADY = "undone"
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


def is_twin(op: Any) -> bool:
    """Whether an operation found a record that was there before, and took it."""
    return bool((op.receipt or {}).get(ADOPTED))


@dataclass(slots=True)
class UndoJournal:
    """The journal of taking one run back."""

    store: Store
    route: Route
    undone_run: str
    """The run that is taken back."""
    run_id: str
    clock: Clock
    undone: Counter[str] = field(default_factory=Counter)
    """Kind → operations that were taken back now."""

    # -------------------------------------------------------------------------------------------------------- reading

    def _effective(self, *where: Any) -> Select[Any]:
        return select(_OP).where(
            _OP.c.account_id == self.route.account_id, _OP.c.state.in_(EFFECTIVE), _OP.c.action != UNDO, *where
        )

    def _of_run(self, *where: Any) -> Select[Any]:
        return self._effective(_OP.c.run_id == self.undone_run, _OP.c.kind != SETUP, *where)

    def count(self) -> int:
        """Return how many operations of the run stand."""
        with self.store.read() as database:
            total: int = database.execute(select(func.count()).select_from(self._of_run().subquery())).scalar_one()
        return total

    def page(self, kinds: Sequence[str], inside: bool, before: int | None, limit: int) -> list[Any]:
        """Return the next operations that stand, newest first, of these kinds (or of all others)."""
        chosen = _OP.c.kind.in_(kinds) if inside else _OP.c.kind.not_in(kinds)
        statement = self._of_run(chosen).order_by(_OP.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(_OP.c.id < before)
        with self.store.read() as database:
            return list(database.execute(statement))

    def creations(self, record_ids: Iterable[str]) -> dict[str, Any]:
        """Return the operations by which the run created records (or took twins), by record."""
        found: dict[str, Any] = {}
        with self.store.read() as database:
            for part in chunks(sorted(set(record_ids)), _AMONG):
                statement = self._of_run(_OP.c.record_id.in_(part), _OP.c.part == "", _OP.c.action == "create")
                found.update({row.record_id: row for row in database.execute(statement)})
        return found

    def kinds(self, rows: Iterable[Any]) -> dict[str, str]:
        """Return record → its kind: a message or rating that was added to a ticket is of the ticket."""
        found = {row.record_id: row.kind for row in rows}
        with self.store.read() as database:
            for part in chunks(sorted(found), _AMONG):
                held = database.execute(
                    select(_CROSSING.c.record_id, _CROSSING.c.kind).where(
                        _CROSSING.c.account_id == self.route.account_id,
                        _CROSSING.c.record_id.in_(part), _CROSSING.c.part == "",
                    )
                )  # fmt: skip
                found.update({row.record_id: row.kind for row in held})
        return found

    def begun(self, record_ids: Iterable[str]) -> set[str]:
        """Return the records of which an earlier rollback of this run took something back, or was about to."""
        found: set[str] = set()
        forward = select(_OP.c.id).where(_OP.c.run_id == self.undone_run, _OP.c.action != UNDO)
        with self.store.read() as database:
            for part in chunks(sorted(set(record_ids)), _AMONG):
                rows = database.execute(
                    select(_OP.c.record_id).where(
                        _OP.c.record_id.in_(part), _OP.c.action == UNDO, _OP.c.undoes.in_(forward),
                        _OP.c.state.in_(("intended", "done")),
                    )
                )  # fmt: skip
                found |= set(rows.scalars())
        return found

    def built_on(self) -> str | None:
        """Return the latest run that changed tickets of this one after it, or None."""
        mine, later = _OP.alias("mine"), _OP.alias("later")
        statement = (
            select(later.c.run_id)
            .join(mine, (mine.c.record_id == later.c.record_id) & (later.c.id > mine.c.id))
            .where(
                mine.c.run_id == self.undone_run, mine.c.state.in_(EFFECTIVE), mine.c.action != UNDO,
                mine.c.account_id == self.route.account_id, mine.c.kind.in_(("ticket", "message")),
                later.c.account_id == self.route.account_id, later.c.run_id != self.undone_run,
                later.c.state.in_(EFFECTIVE), later.c.action != UNDO,
            )
            .order_by(later.c.id.desc())
            .limit(1)
        )  # fmt: skip
        with self.store.read() as database:
            found: str | None = database.execute(statement).scalar()
        return found

    def later_ops(self, record_ids: Iterable[str]) -> dict[str, str]:
        """Return record → run, of records that another run changed after this one created them."""
        found: dict[str, str] = {}
        created = self.creations(record_ids)
        with self.store.read() as database:
            for part in chunks(sorted(created), _AMONG):
                for row in database.execute(self._effective(_OP.c.record_id.in_(part))):
                    if row.run_id != self.undone_run and row.id > created[row.record_id].id:
                        found[row.record_id] = row.run_id
        return found

    def first(self) -> int:
        """Return the number of the run's first operation."""
        with self.store.read() as database:
            found = database.execute(select(func.min(_OP.c.id)).where(_OP.c.run_id == self.undone_run)).scalar()
        return int(found or 0)

    def users(self, but: Sequence[str], after: int) -> Iterable[Any]:
        """Yield operations of any run that stand and were intended after one, but those of these kinds."""
        chosen = _OP.c.kind.not_in((*but, SETUP))
        last = after
        while True:
            with self.store.read() as database:
                rows = list(database.execute(self._effective(chosen, _OP.c.id > last).order_by(_OP.c.id).limit(500)))
            yield from rows
            if len(rows) < 500:
                return
            last = rows[-1].id

    def remote_ids(self, record_ids: Iterable[str]) -> dict[str, str]:
        """Return record → id at the destination, matched ones too."""
        found: dict[str, str] = {}
        with self.store.read() as database:
            for part in chunks(sorted(set(record_ids)), _AMONG):
                rows = database.execute(
                    select(_CROSSING.c.record_id, _CROSSING.c.remote_id).where(
                        _CROSSING.c.account_id == self.route.account_id,
                        _CROSSING.c.record_id.in_(part), _CROSSING.c.part == "",
                    )
                )  # fmt: skip
                found.update({row.record_id: row.remote_id for row in rows})
        return found

    def reassigned(self, record_ids: Iterable[str]) -> set[str]:
        """Return the placeholders that became, or were merged into, real people."""
        with self.store.read() as database:
            found: set[str] = set()
            for part in chunks(sorted(set(record_ids)), _AMONG):
                rows = database.execute(
                    select(_CROSSING.c.record_id, _CROSSING.c.receipt).where(
                        _CROSSING.c.account_id == self.route.account_id,
                        _CROSSING.c.record_id.in_(part), _CROSSING.c.part == "", _CROSSING.c.state == "matched",
                    )
                )  # fmt: skip
                found |= {row.record_id for row in rows if (row.receipt or {}).get("reassigned")}
        return found

    def trashed_by_us(self, remote_ids: Sequence[str]) -> set[str]:
        """Return which of these tickets of the destination a rollback has taken back."""
        found: set[str] = set()
        with self.store.read() as database:
            for part in chunks(list(remote_ids), _AMONG):
                rows = database.execute(
                    select(_OP.c.remote_id).where(
                        _OP.c.account_id == self.route.account_id, _OP.c.action == UNDO, _OP.c.kind == "ticket",
                        _OP.c.state == "done", _OP.c.remote_id.in_(part),
                    )
                )  # fmt: skip
                found |= set(rows.scalars())
        return found

    def effect_calls(self) -> set[str]:
        """Return the calls of the run whose changes are changed back."""
        statement = self._of_run(_OP.c.action == "update").with_only_columns(_OP.c.call, _OP.c.record_id).distinct()
        with self.store.read() as database:
            rows = list(database.execute(statement))
        found: set[str] = set()
        for part in chunks(rows, _AMONG):
            created = self.creations(row.record_id for row in part)
            found |= {row.call for row in part if row.record_id not in created or is_twin(created[row.record_id])}
        return found

    def had_effects(self) -> dict[str, int]:
        """Return name → operations of the run that had the effect: mails that went out are not taken back."""
        json = "json_extract(request, '$.effects')" if self.store.is_sqlite else "request ->> 'effects'"
        mark = "?" if self.store.is_sqlite else "%s"
        found: Counter[str] = Counter()
        statement = (
            f"SELECT {json} AS effects, count(*) FROM write_op WHERE run_id = {mark} AND action <> 'undo' "
            "AND state IN ('done', 'adopted', 'undone') GROUP BY 1"
        )
        with self.store.read() as database:
            for text, count in database.exec_driver_sql(statement, (self.undone_run,)):
                for name in str(text or "").strip("[]").replace('"', "").split(","):
                    if name.strip():
                        found[name.strip()] += count
        return dict(sorted(found.items()))

    def residues(self) -> dict[str, int]:
        """Return what stays behind, by code, of all that was ever taken back of this run."""
        forward = select(_OP.c.id).where(_OP.c.run_id == self.undone_run, _OP.c.action != UNDO)
        statement = (
            select(_OP.c.code, func.count())
            .where(_OP.c.action == UNDO, _OP.c.state == "done", _OP.c.code.is_not(None), _OP.c.undoes.in_(forward))
            .group_by(_OP.c.code)
        )
        kept = self._effective(_OP.c.run_id == self.undone_run, _OP.c.kind == SETUP)
        with self.store.read() as database:
            found = {row[0]: row[1] for row in database.execute(statement)}
            fields: int = database.execute(select(func.count()).select_from(kept.subquery())).scalar_one()
        return dict(sorted({**found, **({"kept_field": fields} if fields else {})}.items()))

    def taken_back(self, *, deleted: bool, after: int, limit: int = 500) -> list[Any]:
        """Return operations of this run that were taken back and are gone (or changed back), from an id on."""
        undo = _OP.alias("undo")
        statement = (
            select(_OP.c.id, _OP.c.record_id, _OP.c.kind, _OP.c.remote_id, _OP.c.request, undo.c.receipt)
            .join(undo, undo.c.undoes == _OP.c.id)
            .where(
                _OP.c.run_id == self.undone_run, _OP.c.state == ALREADY, undo.c.action == UNDO, undo.c.state == "done",
                _OP.c.action == "create" if deleted else or_(_OP.c.action == "update", _OP.c.part != ""),
                _OP.c.id > after,
            )
            .order_by(_OP.c.id)
            .limit(limit)
        )  # fmt: skip
        with self.store.read() as database:
            return list(database.execute(statement))

    # -------------------------------------------------------------------------------------------------------- writing

    def intend(self, units: Sequence[Unit]) -> None:
        """Write that these are about to be taken back: on the disk when it returns; a dead run's intent is taken up."""
        stamp = now_text(self.clock.now())
        with self.store.journal() as database:
            for unit in units:
                self._intend(database, unit, stamp)
            self._beat(database, stamp)

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
        unit.undo_id = int(result.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one

    def settle(self, outcomes: Sequence[tuple[Unit, Undone]]) -> None:
        """Write what became of them."""
        stamp = now_text(self.clock.now())
        with self.store.journal() as database:
            for unit, undone in outcomes:
                self._settle(database, unit, undone, stamp)
            self._beat(database, stamp)
        for unit, undone in outcomes:
            if undone.state != "refused":
                self.undone[unit.op.kind] += 1

    def _beat(self, database: Connection, stamp: str) -> None:
        for connection in (self.route.source, self.route.destination):
            beat(database, connection, stamp)

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
                        _OP.c.account_id == self.route.account_id, _OP.c.action == UNDO, _OP.c.kind == "ticket",
                        _OP.c.code == "trashed_ticket", _OP.c.remote_id.in_(part),
                    )
                    .values(code="used_number")
                )  # fmt: skip

    def _deleted(self, database: Connection, unit: Unit) -> None:
        """Forget a record that is gone, with all that any run wrote of it, and those who crossed as it (n:1)."""
        op, account = unit.op, self.route.account_id
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
        standing = self._effective(_OP.c.record_id == op.record_id, _OP.c.part == op.part).order_by(_OP.c.id.desc())
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
        mine = (_CROSSING.c.account_id == self.route.account_id) & (_CROSSING.c.record_id == op.record_id)
        database.execute(_CROSSING.update().where(mine, _CROSSING.c.part == "").values(remote_hash=None))

    def _own(self, statement: Any, op: Any) -> Any:
        return statement.where(
            _CROSSING.c.account_id == self.route.account_id,
            _CROSSING.c.record_id == op.record_id, _CROSSING.c.part == op.part,
        )  # fmt: skip

    def _drop_losses(self, database: Connection, record_ids: set[str]) -> None:
        loss, run = machinery.loss, machinery.run
        of_route = select(run.c.id).where(run.c.connection == self.route.name)
        for part in chunks(sorted(record_ids), _AMONG):
            database.execute(loss.delete().where(loss.c.record_id.in_(part), loss.c.run_id.in_(of_route)))

    def mark(self, *, complete: bool) -> None:
        """Write into the row of the run that it was taken back, by which run, and whether all of it."""
        table = machinery.run
        told: Mapping[str, Any] = {
            "run_id": self.run_id, "at": now_text(self.clock.now()), "complete": complete,
        }  # fmt: skip
        with self.store.write() as database:
            counts = database.execute(select(table.c.counts).where(table.c.id == self.undone_run)).scalar()
            database.execute(
                table.update()
                .where(table.c.id == self.undone_run)
                .values(counts={**(counts or {}), "rolled_back": told})
            )


def _object(op: Any) -> str:
    return str((op.request or {}).get("object", op.kind))
