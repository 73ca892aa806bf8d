"""Rules over a store: how many records each looked at and objects to, and its findings.

What a row tells by itself is counted for all rules of a kind in one scan; only rules that object to something are
asked for their rows, and a rule that has nothing to look at is not asked at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from deskferry.canonical_schema import KINDS
from deskferry.store import Store
from deskferry.store.snapshot import Snapshot, sql_table_of
from deskferry.validate.desk import Desk
from deskferry.validate.finding import Finding
from deskferry.validate.rule import Rule

_ROWS = 10_000
_AT_ONCE = 24
"""Rules of one query: more make it slower to build than to run."""
MEMORY = "2GB"
"""Of the engine, which spills what is more; the process has Arrow and findings beside it."""
_KINDS = frozenset(kind.value for kind in KINDS)
Counts = dict[str, dict[str, int]]
"""Rule → connection → number."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What rules looked at, and how many rows those with a predicate object to."""

    checked: Counts
    offending: Counts

    def worth_asking(self, rule: Rule) -> bool:
        """Whether a rule can have findings."""
        if rule.where is not None:
            return any(self.offending[rule.id].values())
        return rule.checked is not None or any(self.checked[rule.id].values())


def opened(
    store: Store, rules: Iterable[Rule], connections: Iterable[str], as_of: datetime, *, engine: str = "duckdb"
) -> Desk:
    """Return what these rules read, from a snapshot of the store as it is now."""
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        own: dict[str, Collection[str]] = {rule.kind: ()} if rule.kind in _KINDS else {}
        for table, columns in {**own, **rule.reads}.items():
            identity = {"id"} if "id" in sql_table_of(table).columns else set()
            wanted.setdefault(table, identity).update(columns)
    return Desk(Snapshot.refresh(store, wanted).connect(engine, memory=MEMORY), tuple(connections), as_of)


def looked_at(desk: Desk, rules: Collection[Rule]) -> Looked:
    """Count what rules look at and, where a predicate tells, object to, in each connection."""
    found = Looked({}, {})
    by_kind: dict[str, list[Rule]] = {}
    for rule in rules:
        zeros = dict.fromkeys(desk.connections, 0)
        found.checked[rule.id], found.offending[rule.id] = zeros, dict(zeros)
        if rule.checked is not None:
            zeros |= _by_connection(rule.checked(desk.of(rule.options)))
        else:
            by_kind.setdefault(rule.kind, []).append(rule)
    for kind, of_kind in by_kind.items():
        for start in range(0, len(of_kind), _AT_ONCE):
            _scan(desk, kind, of_kind[start : start + _AT_ONCE], found)
    return found


def _scan(desk: Desk, kind: str, rules: list[Rule], found: Looked) -> None:
    rows = desk.live(kind)
    counts: dict[str, Any] = {"all_of_them": rows.count()}
    for place, rule in enumerate(rules):
        asked = desk.of(rule.options)
        if rule.among is not None:
            counts[f"among_{place}"] = rule.among(rows, asked).sum()
        if rule.where is not None:
            counts[f"where_{place}"] = _objected(rule, rows, asked).sum()
    for row in rows.group_by("connection").aggregate(**counts).to_pyarrow().to_pylist():
        for place, rule in enumerate(rules):
            found.checked[rule.id][row["connection"]] = row.get(f"among_{place}", row["all_of_them"]) or 0
            found.offending[rule.id][row["connection"]] = row.get(f"where_{place}") or 0


def _objected(rule: Rule, rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    assert rule.where is not None
    objected = rule.where(rows, desk)
    return objected if rule.among is None else objected & rule.among(rows, desk)


def checked(desk: Desk, rules: Collection[Rule]) -> dict[tuple[str, str], int]:
    """Return by rule and connection how many records were looked at."""
    found = looked_at(desk, rules).checked
    return {(rule, connection): n for rule, numbers in found.items() for connection, n in numbers.items()}


def findings(desk: Desk, rule: Rule) -> Iterator[Finding]:
    """Yield what a rule objects to."""
    for batch in batches(rule, objections(desk, rule)):
        yield from batch


def objections(desk: Desk, rule: Rule) -> pa.Table:
    """Return what a rule objects to: a row a finding, with the columns that its detail names."""
    asked = desk.of(rule.options)
    if rule.offending is not None:
        found = rule.offending(asked)
    else:
        rows = desk.live(rule.kind)
        found = rows.filter(_objected(rule, rows, asked))
    if "record_id" not in found.columns or rule.offending is None:
        found = found.mutate(record_id=found.id)
    own_kinds = () if rule.kind in _KINDS or "kind" not in found.columns else ("kind",)
    return found.select(*dict.fromkeys(("connection", "record_id", *own_kinds, *rule.named))).to_pyarrow()


def batches(rule: Rule, rows: pa.Table) -> Iterator[list[Finding]]:
    """Yield what a rule objects to as findings, some thousands at a time.

    Rows of a rule on records of several kinds tell the `kind` of each.
    """
    of_one_kind = rule.kind in _KINDS
    for batch in rows.to_batches(max_chunksize=_ROWS):
        yield [
            Finding(
                rule.id, rule.severity, row["connection"], rule.kind if of_one_kind else row.get("kind"),
                row["record_id"], rule.detail.format_map(row), rule.advice,
            )
            for row in batch.to_pylist()
        ]  # fmt: skip


def records_of(rows: pa.Table) -> dict[str, int]:
    """Return by connection how many different records there are among objections; those without one count together."""
    groups = rows.group_by("connection").aggregate([("record_id", "count_distinct", pc.CountOptions(mode="all"))])
    return {one["connection"]: one["record_id_count_distinct"] for one in groups.to_pylist()}


def _by_connection(rows: ibis.Table) -> dict[str, int]:
    found = rows.group_by("connection").aggregate(n=ibis._.count()).to_pyarrow().to_pylist()
    return {one["connection"]: one["n"] for one in found}
