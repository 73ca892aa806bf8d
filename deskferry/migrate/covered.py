"""Which records a verification covers: those of its own run, and of runs that ended before they verified."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from deskferry.migrate.journal import Route
from deskferry.store import Store, machinery

MIGRATE, RETRY = "migrate", "retry"
"""The commands that write and then verify."""


def written_by(store: Store, account_id: str, runs: Sequence[str]) -> frozenset[str]:
    """Return the records that these runs wrote and that stand there as they wrote them last."""
    table = machinery.crossing
    with store.read() as database:
        rows = database.execute(
            select(table.c.record_id)
            .where(table.c.account_id == account_id, table.c.run_id.in_(list(runs)), table.c.state != "matched")
            .distinct()
        )
        return frozenset(rows.scalars())


def uncovered(store: Store, route: Route) -> list[str]:
    """Return earlier runs of a route that ended before they verified, and that none after them covered.

    Those of `retry` too, unless it wrote nothing: it ends well without looking then.
    """
    table, crossing = machinery.run, machinery.crossing
    wrote = select(crossing.c.run_id).where(crossing.c.account_id == route.account_id)
    with store.read() as database:
        rows = database.execute(
            select(table.c.id, table.c.exit_code, table.c.counts).where(
                (table.c.command == MIGRATE) | ((table.c.command == RETRY) & table.c.id.in_(wrote)),
                table.c.connection == route.name,
            )
        ).all()
    ended = [row for row in rows if row.exit_code in (0, 1)]
    covered = {one for row in ended for one in (row.counts or {}).get("covers", ())}
    done = {row.id for row in ended if (row.counts or {}).get("verify") or (row.counts or {}).get("dry_run")}
    return sorted(row.id for row in rows if row.id not in covered | done and row.exit_code != 2)
