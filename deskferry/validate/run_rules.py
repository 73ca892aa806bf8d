"""Rules over a store: their findings, and how many records each looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis

from deskferry.store import Store
from deskferry.store.snapshot import Snapshot
from deskferry.validate.desk import Desk
from deskferry.validate.finding import Finding
from deskferry.validate.rule import Rule

_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of a rule in one connection."""

    rule: Rule
    connection: str
    checked: int
    """Records that it looked at."""
    offending: int


def opened(
    store: Store, rules: Iterable[Rule], connections: Iterable[str], as_of: datetime, *, engine: str = "duckdb"
) -> Desk:
    """Return what these rules read, from a snapshot of the store as it is now."""
    wanted: dict[str, set[str]] = {}
    for rule in rules:
        for table, columns in {rule.kind: (), **rule.reads}.items():
            wanted.setdefault(table, {"id"}).update(columns)
    return Desk(Snapshot.refresh(store, wanted).connect(engine), tuple(connections), as_of)


def findings(desk: Desk, rule: Rule, options: Mapping[str, Any] | None = None) -> Iterator[Finding]:
    """Yield what a rule objects to."""
    found = rule.offending(desk.of({**rule.options, **(options or {})}))
    for batch in found.to_pyarrow().to_batches(max_chunksize=_ROWS):
        for row in batch.to_pylist():
            yield Finding(
                rule.id, rule.severity, row["connection"], rule.kind, row["record_id"], rule.detail.format_map(row),
                rule.advice,
            )  # fmt: skip


def checked(desk: Desk, rules: Collection[Rule]) -> dict[tuple[str, str], int]:
    """Return by rule and connection how many records were looked at."""
    counts: dict[tuple[str, str], int] = {}
    by_kind: dict[str, dict[str, int]] = {}
    for rule in rules:
        if rule.checked is not None:
            held = _by_connection(rule.checked(desk.of(rule.options)))
        else:
            held = by_kind.setdefault(rule.kind, {}) or _by_connection(desk.live(rule.kind))
            by_kind[rule.kind] = held
        counts |= {(rule.id, connection): held.get(connection, 0) for connection in desk.connections}
    return counts


def _by_connection(rows: ibis.Table) -> dict[str, int]:
    found = rows.group_by("connection").aggregate(n=ibis._.count()).to_pyarrow().to_pylist()
    return {one["connection"]: one["n"] for one in found}
