"""What a run wrote that still stands, what stands on it, and what stays behind of it, as the journal tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from deskferry.migrate.journal import EFFECTIVE, UNDO, Route
from deskferry.migrate.lanes import ADOPTED
from deskferry.store import Store, machinery
from deskferry.store.upsert import chunks

SETUP = "custom_field"
"""Kind of set-up operations: what they made is kept, other runs may need it."""
ALREADY = "undone"
_AMONG = 500
_OP = machinery.write_op
_CROSSING = machinery.crossing


def is_twin(op: Any) -> bool:
    """Whether an operation found a record that was there before, and took it."""
    return bool((op.receipt or {}).get(ADOPTED))


def stayed_as_it_was(receipt: Mapping[str, Any] | None) -> bool:
    """Whether an operation found a record and changed nothing of it: not even the trash was left."""
    told = receipt or {}
    return bool(told.get(ADOPTED)) and not told.get("restored")


@dataclass(slots=True)
class WrittenRun:
    """One run as the journal holds it."""

    store: Store
    route: Route
    undone_run: str
    """The run that is taken back."""

    def effective(self, *where: Any) -> Select[Any]:
        """Return the query of the account's operations that took effect and stand."""
        return select(_OP).where(
            _OP.c.account_id == self.route.account_id, _OP.c.state.in_(EFFECTIVE), _OP.c.action != UNDO, *where
        )

    def _of_run(self, *where: Any) -> Select[Any]:
        return self.effective(_OP.c.run_id == self.undone_run, _OP.c.kind != SETUP, *where)

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
                for row in database.execute(self.effective(_OP.c.record_id.in_(part))):
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
                rows = list(database.execute(self.effective(chosen, _OP.c.id > last).order_by(_OP.c.id).limit(500)))
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
        kept = self.effective(_OP.c.run_id == self.undone_run, _OP.c.kind == SETUP)
        with self.store.read() as database:
            found = {row[0]: row[1] for row in database.execute(statement)}
            fields: int = database.execute(select(func.count()).select_from(kept.subquery())).scalar_one()
        return dict(sorted({**found, **({"kept_field": fields} if fields else {})}.items()))

    def taken_back(self, *, deleted: bool, after: int, limit: int = 500) -> list[Any]:
        """Return operations of this run that were taken back and are gone (or changed back), from an id on."""
        undo = _OP.alias("undo")
        statement = (
            select(
                _OP.c.id, _OP.c.record_id, _OP.c.kind, _OP.c.remote_id, _OP.c.request, undo.c.receipt,
                _OP.c.receipt.label("made"),
            )
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
