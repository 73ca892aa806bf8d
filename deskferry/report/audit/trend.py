"""How the findings and the score of all records went from run to run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.report.audit.facts import Facts, instant
from deskferry.report.audit.scores import shown
from deskferry.store import machinery
from deskferry.validate.finding import Severity
from deskferry.validate.kept_scores import kept_total
from deskferry.validate.rule_results import EXAMINED

_RUNS = 30
Examined = dict[tuple[str, str], int]
"""A rule that a run examined and the severity that it had there → its findings."""


def trend(facts: Facts) -> list[dict[str, Any]]:
    """Return the findings and the score of the last runs that looked at all these connections, the oldest first.

    Scores of two runs compare where both examined the same rules: `same_rules` says so of a run and the one before.
    A run that kept no scores (an older version, or it was stopped) has none: its findings may be forgotten, and are
    not asked.
    """
    with facts.store.read() as database:
        runs = _runs(database, facts)
        ids = [one["id"] for one in runs]
        examined = _examined(database, ids, facts.names)
    return [
        {
            "run_id": run["id"], "at": instant(run["started_at"]),
            "rules": len({rule for rule, _severity in examined[run["id"]]}),
            "same_rules": examined[run["id"]].keys() == examined[before].keys() if before else None,
            **_by_severity(examined[run["id"]]), **shown(kept_total(run["counts"], facts.names)),
        }
        for run, before in zip(runs, [None, *ids], strict=False)
    ]  # fmt: skip


def _runs(database: Connection, facts: Facts) -> list[dict[str, Any]]:
    """Return the last runs that looked at all these connections, the oldest first."""
    table, run = machinery.rule_result, machinery.run
    whole = (
        select(table.c.run_id)
        .join(run, run.c.id == table.c.run_id)
        .where(table.c.connection.in_(facts.names), run.c.started_at <= facts.run["started_at"])
        .group_by(table.c.run_id, run.c.started_at)
        .having(func.count(table.c.connection.distinct()) == len(facts.names))
        .order_by(run.c.started_at.desc(), table.c.run_id.desc())
        .limit(_RUNS)
    )
    ids = database.execute(whole).scalars().all()
    rows = database.execute(select(run.c.id, run.c.started_at, run.c.counts).where(run.c.id.in_(ids))).mappings()
    by_id = {row["id"]: dict(row) for row in rows}
    return [by_id[one] for one in reversed(ids)]


def _examined(database: Connection, ids: Collection[str], names: Collection[str]) -> Mapping[str, Examined]:
    """Return by run what it examined in these connections."""
    table = machinery.rule_result
    found: dict[str, Examined] = defaultdict(dict)
    for run_id, rule, severity, findings in database.execute(
        select(table.c.run_id, table.c.rule, table.c.severity, func.sum(table.c.findings))
        .where(table.c.run_id.in_(ids), table.c.connection.in_(names), table.c.state == EXAMINED)
        .group_by(table.c.run_id, table.c.rule, table.c.severity)
    ):
        found[run_id][rule, severity] = int(findings or 0)
    return found


def _by_severity(examined: Examined) -> dict[str, int]:
    return {one.value: sum(n for (_rule, severity), n in examined.items() if severity == one.value) for one in Severity}
