"""How the findings went from run to run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from deskferry.report.audit.facts import Facts, instant
from deskferry.store import machinery
from deskferry.validate.finding import Severity
from deskferry.validate.rule_results import EXAMINED

_RUNS = 30


def trend(facts: Facts) -> list[dict[str, Any]]:
    """Return the findings by severity of the last runs that looked at all these connections, the oldest first."""
    table, run = machinery.rule_result, machinery.run
    with facts.store.read() as database:
        whole = (
            select(table.c.run_id, run.c.started_at)
            .join(run, run.c.id == table.c.run_id)
            .where(table.c.connection.in_(facts.names), run.c.started_at <= facts.run["started_at"])
            .group_by(table.c.run_id, run.c.started_at)
            .having(func.count(table.c.connection.distinct()) == len(facts.names))
            .order_by(run.c.started_at.desc(), table.c.run_id.desc())
            .limit(_RUNS)
        )
        started = {row.run_id: row.started_at for row in database.execute(whole)}
        rows = database.execute(
            select(table.c.run_id, table.c.severity, func.sum(table.c.findings), func.count(table.c.rule.distinct()))
            .where(table.c.run_id.in_(started), table.c.connection.in_(facts.names), table.c.state == EXAMINED)
            .group_by(table.c.run_id, table.c.severity)
        ).all()
    counts = {(run_id, severity): int(n or 0) for run_id, severity, n, _rules in rows}
    rules = {run_id: sum(one[3] for one in rows if one[0] == run_id) for run_id in started}
    return [
        {"run_id": run_id, "at": instant(started[run_id]), "rules": rules[run_id],
         **{one.value: counts.get((run_id, one.value), 0) for one in Severity}}
        for run_id in reversed(started)
    ]  # fmt: skip
