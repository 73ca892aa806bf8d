"""Findings in the store, by run."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from deskferry.store import Store, machinery
from deskferry.store.bulk_insert import insert_rows
from deskferry.validate.finding import Finding, Severity

_COLUMNS = ("run_id", "connection", "rule", "severity", "kind", "record_id", "detail", "advice")
_AT_ONCE = 500


def findings_of(store: Store, run_id: str) -> Iterator[Finding]:
    """Yield the findings of a run, in the order in which they were found."""
    table = machinery.finding
    with store.read() as database:
        for row in database.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.id)):
            yield Finding(
                row.rule, Severity(row.severity), row.connection, row.kind, row.record_id, row.detail, row.advice
            )


def keep(database: Connection, run_id: str, found: list[Finding]) -> None:
    """Store findings under a run."""
    rows = [
        (run_id, one.connection, one.rule, one.severity.value, one.kind, one.record_id, one.detail, one.advice)
        for one in found
    ]
    insert_rows(database, "finding", _COLUMNS, rows)


def forget_older(database: Connection, runs: int) -> None:
    """Remove the findings of all but the last runs that validated; the numbers of the others stay."""
    table, results, run = machinery.finding, machinery.rule_result, machinery.run
    of_rules = run.c.id.in_(select(results.c.run_id))
    latest = select(run.c.id).where(of_rules).order_by(run.c.started_at.desc(), run.c.id.desc()).limit(runs)
    keeping = set(database.execute(latest).scalars())
    held = database.execute(select(results.c.run_id).distinct()).scalars()
    older = [one for one in held if one not in keeping]
    for start in range(0, len(older), _AT_ONCE):
        database.execute(table.delete().where(table.c.run_id.in_(older[start : start + _AT_ONCE])))
