"""Findings in the store, by run."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from deskferry.store import Store, machinery
from deskferry.validate.finding import Finding, Severity


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
    database.execute(
        machinery.finding.insert(),
        [
            {
                "run_id": run_id, "connection": one.connection, "rule": one.rule, "severity": one.severity.value,
                "kind": one.kind, "record_id": one.record_id, "detail": one.detail, "advice": one.advice,
            }
            for one in found
        ],
    )  # fmt: skip
