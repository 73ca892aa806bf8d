"""What became of each rule in a run: table `rule_result`, which scores and trends are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, select

from deskferry.store import Store, machinery
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension

EXAMINED, OFF = "examined", "off"


@dataclass(slots=True)
class RuleResult:
    """A rule in one connection."""

    rule: str
    connection: str
    severity: Severity
    dimension: Dimension
    kind: str | None
    state: str = EXAMINED
    """`examined`, or `off` by the configuration."""
    checked: int | None = None
    """Records that it looked at; None: not counted."""
    offending: int | None = None
    """Different records that it objects to."""
    findings: int | None = None
    appeared: int | None = None
    """Findings that the run before lacked; None: there was no run before."""
    gone: int | None = None
    """Findings of the run before that are no more."""
    seconds: float | None = None


def results_of(store: Store, run_id: str) -> list[RuleResult]:
    """Return what became of each rule in a run, by rule and connection."""
    table = machinery.rule_result
    names = [field.name for field in fields(RuleResult)]
    statement = select(*(table.c[name] for name in names)).where(table.c.run_id == run_id)
    with store.read() as database:
        found = database.execute(statement.order_by(table.c.rule, table.c.connection)).mappings().all()
    typed = ({**row, "severity": Severity(row["severity"]), "dimension": Dimension(row["dimension"])} for row in found)
    return [RuleResult(**row) for row in typed]


def keep_results(database: Connection, run_id: str, results: Iterable[RuleResult]) -> None:
    """Store results under a run."""
    rows = [{**asdict(one), "run_id": run_id} for one in results]
    if rows:
        database.execute(machinery.rule_result.insert(), rows)
