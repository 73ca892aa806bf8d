"""Pairs in the store: found anew they keep what a person decided of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from deskferry.store import Store
from deskferry.store.machinery import duplicate_pair
from deskferry.validate.duplicates.verdict import Agreement, Decision, Pair, Verdict

_BATCH = 2_000


def keep_pairs(
    store: Store, kind: str, connections: Collection[str], pairs: Iterable[Pair], run_id: str
) -> Counter[Verdict]:
    """Put the pairs of a kind in the place of those found earlier; return how many are open by verdict."""
    with store.read() as database:
        decided = {
            (one.record_id, one.other_id): one.decision for one in pairs_of(database, kind, connections) if one.decision
        }
    counted: Counter[Verdict] = Counter()
    found = iter(pairs)
    first = list(islice(found, 1))  # the search itself is over before the store is locked for writing
    remaining = chain(first, found)
    with store.write() as database:
        database.execute(
            delete(duplicate_pair).where(
                duplicate_pair.c.kind == kind, _within(connections), duplicate_pair.c.decision.is_(None)
            )
        )
        while batch := list(islice(remaining, _BATCH)):
            _write(database, [one for one in batch if (one.record_id, one.other_id) not in decided], run_id)
            _refresh(database, [one for one in batch if (one.record_id, one.other_id) in decided], run_id)
            counted.update(one.verdict for one in batch if (one.record_id, one.other_id) not in decided)
    return counted


def pairs_of(database: Connection, kind: str, connections: Collection[str]) -> Iterator[Pair]:
    """Yield the pairs of a kind that are kept, the surest first."""
    table = duplicate_pair
    statement = select(table).where(table.c.kind == kind, _within(connections))
    rows = database.execute(statement.order_by(table.c.score.desc(), table.c.record_id, table.c.other_id))
    ranked: dict[Verdict, list[Pair]] = {one: [] for one in Verdict}
    for row in rows:
        found = _pair(row)
        ranked[found.verdict].append(found)
    for verdict in Verdict:
        yield from ranked[verdict]


def _pair(row: Any) -> Pair:
    agreed = tuple(Agreement(one["field"], one["how"]) for one in row.agreed or ())
    return Pair(
        row.kind, row.record_id, row.other_id, row.score or 0.0, Verdict(row.verdict or Verdict.POSSIBLE), agreed,
        row.decision,
    )  # fmt: skip


def decide(database: Connection, kind: str, one: str, other: str, decision: Decision | None, run_id: str) -> None:
    """Keep what a person decided of two records, whether or not they were found to be alike; None takes it back."""
    table = duplicate_pair
    this = (table.c.kind == kind) & (table.c.record_id == one) & (table.c.other_id == other)
    if database.execute(update(table).where(this).values(decision=decision)).rowcount == 0 and decision is not None:
        database.execute(
            insert(table).values(
                kind=kind, record_id=one, other_id=other, score=None, verdict=None, agreed=None, decision=decision,
                run_id=run_id,
            )
        )  # fmt: skip


def decisions_of(database: Connection, kind: str, connection: str) -> dict[tuple[str, str], Decision]:
    """Return what people decided of pairs within a connection."""
    table = duplicate_pair
    rows = database.execute(
        select(table.c.record_id, table.c.other_id, table.c.decision).where(
            table.c.kind == kind, table.c.decision.is_not(None),
            _of(table.c.record_id, [connection]), _of(table.c.other_id, [connection]),
        )
    )  # fmt: skip
    return {(row.record_id, row.other_id): Decision(row.decision) for row in rows}


def _within(connections: Collection[str]) -> ColumnElement[bool]:
    return _of(duplicate_pair.c.record_id, connections) & _of(duplicate_pair.c.other_id, connections)


def _of(column: ColumnElement[Any], connections: Collection[str]) -> ColumnElement[bool]:
    # Ids begin with the connection, whose name has no character that LIKE takes for another but `_`.
    return or_(*(column.startswith(f"{name}:", autoescape=True) for name in sorted(connections)))


def _write(database: Connection, pairs: list[Pair], run_id: str) -> None:
    if pairs:
        database.execute(insert(duplicate_pair), [_row(one, run_id) for one in pairs])


def _row(one: Pair, run_id: str) -> dict[str, Any]:
    agreed = [{"field": each.field, "how": each.how} for each in one.agreed]
    return {
        "kind": one.kind, "record_id": one.record_id, "other_id": one.other_id, "score": one.score,
        "verdict": one.verdict.value, "agreed": agreed, "decision": None, "run_id": run_id,
    }  # fmt: skip


def _refresh(database: Connection, pairs: list[Pair], run_id: str) -> None:
    table = duplicate_pair
    for one in pairs:
        values = {
            name: value
            for name, value in _row(one, run_id).items()
            if name not in ("kind", "record_id", "other_id", "decision")
        }
        database.execute(
            update(table)
            .where(table.c.kind == one.kind, table.c.record_id == one.record_id, table.c.other_id == one.other_id)
            .values(**values)
        )
