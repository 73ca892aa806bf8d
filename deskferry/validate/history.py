"""What is new and what is gone since the run before, connection by connection.

A finding is the same when rule and record are; without a record, when rule and detail are. The run before is the last
one that examined that connection. What a rule found that was not asked this time is not gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Subquery, and_, func, or_, select

from deskferry.store import Store, machinery
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.rule_results import EXAMINED

_FINDING, _RESULT, _RUN = machinery.finding, machinery.rule_result, machinery.run
_KEY = func.coalesce(_FINDING.c.record_id, _FINDING.c.detail)
State = Literal["new", "known"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A finding, and whether the run before had it; without a run before everything is new."""

    finding: Finding
    state: State


def compared(store: Store, run_id: str) -> Iterator[Compared]:
    """Yield the findings of a run in the order in which they were found, connection by connection."""
    with store.read() as database:
        for connection, before in runs_before(database, run_id).items():
            earlier = _keys(before, connection)
            same = and_(earlier.c.rule == _FINDING.c.rule, earlier.c.key == _KEY)
            statement = select(_FINDING, earlier.c.rule.is_not(None).label("known")).outerjoin(earlier, same)
            for row in database.execute(_ordered(statement, run_id, connection)):
                yield Compared(_finding(row), "known" if row.known else "new")


def gone(store: Store, run_id: str) -> Iterator[Finding]:
    """Yield the findings of the run before that this one has no more."""
    with store.read() as database:
        for connection, before in runs_before(database, run_id).items():
            if before is not None:
                statement = _no_more(select(_FINDING), run_id, connection)
                for row in database.execute(_ordered(statement, before, connection)):
                    yield _finding(row)


def changes(database: Connection, run_id: str, connection: str, before: str) -> dict[str, tuple[int, int]]:
    """Return by rule how many findings are new, and how many are gone."""
    earlier = _keys(before, connection)
    same = and_(earlier.c.rule == _FINDING.c.rule, earlier.c.key == _KEY)
    new = select(_FINDING.c.rule, func.count()).outerjoin(earlier, same).where(earlier.c.rule.is_(None))
    lost = _no_more(select(_FINDING.c.rule, func.count()), run_id, connection)
    counts: dict[str, tuple[int, int]] = {}
    for rule, count in database.execute(_of(new, run_id, connection).group_by(_FINDING.c.rule)):
        counts[rule] = (count, 0)
    for rule, count in database.execute(_of(lost, before, connection).group_by(_FINDING.c.rule)):
        counts[rule] = (counts.get(rule, (0, 0))[0], count)
    return counts


def run_before(database: Connection, run_id: str, connection: str) -> str | None:
    """Return the run that examined a connection before this one, or None."""
    me = select(_RUN.c.started_at).where(_RUN.c.id == run_id).scalar_subquery()
    statement = (
        select(_RUN.c.id)
        .where(
            _RUN.c.id.in_(select(_RESULT.c.run_id).where(_RESULT.c.connection == connection)),
            _RUN.c.id != run_id,
            or_(_RUN.c.started_at < me, and_(_RUN.c.started_at == me, _RUN.c.id < run_id)),
        )
        .order_by(_RUN.c.started_at.desc(), _RUN.c.id.desc())
        .limit(1)
    )
    found: str | None = database.execute(statement).scalar()
    return found


def runs_before(database: Connection, run_id: str) -> Mapping[str, str | None]:
    """Return by connection that a run examined the run before it, or None."""
    names = select(_RESULT.c.connection).where(_RESULT.c.run_id == run_id).distinct().order_by(_RESULT.c.connection)
    return {name: run_before(database, run_id, name) for name in database.execute(names).scalars().all()}


def _keys(run_id: str | None, connection: str) -> Subquery:
    return (
        select(_FINDING.c.rule, _KEY.label("key"))
        .where(_FINDING.c.run_id == (run_id or ""), _FINDING.c.connection == connection)
        .distinct()
        .subquery()
    )


def _no_more(statement: Any, run_id: str, connection: str) -> Any:
    now = _keys(run_id, connection)
    examined = select(_RESULT.c.rule).where(
        _RESULT.c.run_id == run_id, _RESULT.c.connection == connection, _RESULT.c.state == EXAMINED
    )
    same = and_(now.c.rule == _FINDING.c.rule, now.c.key == _KEY)
    return statement.outerjoin(now, same).where(now.c.rule.is_(None), _FINDING.c.rule.in_(examined))


def _of(statement: Any, run_id: str, connection: str) -> Any:
    return statement.where(_FINDING.c.run_id == run_id, _FINDING.c.connection == connection)


def _ordered(statement: Any, run_id: str, connection: str) -> Any:
    return _of(statement, run_id, connection).order_by(_FINDING.c.id).execution_options(yield_per=1000)


def _finding(row: Any) -> Finding:
    return Finding(row.rule, Severity(row.severity), row.connection, row.kind, row.record_id, row.detail, row.advice)
