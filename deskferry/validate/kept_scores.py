"""The scores of a run, kept in its counts: findings are forgotten one day, and scores cannot be made without them.

    {"ticket.no_requester": 3, "scores": {
        "all": {"checked": 9, "with_error": 3, "with_warning": 0},
        "dimensions": {"completeness": {…}}, "kinds": {"ticket": {…}},
        "connections": {"old": {"all": {…}, "dimensions": {…}, "kinds": {…}}}}}

Numbers by rule stand beside them; a rule's id has a dot in it, so that none is called `scores`. `connections` is there
when a run looked at several.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from deskferry.store import machinery
from deskferry.store.state import keep_counts
from deskferry.validate.scores import Score, Scores, together

SCORES = "scores"
Kept = dict[str, Any]


def to_keep(found: Mapping[str, Scores]) -> dict[str, Kept]:
    """Return the scores of a run, given by connection, as they are kept in its counts."""
    kept = _shape(together(found.values()))
    if len(found) > 1:
        kept["connections"] = {connection: _shape(one) for connection, one in found.items()}
    return {SCORES: kept}


def kept_total(counts: Any, connections: Collection[str]) -> Score | None:
    """Return the score of all records of some of a run's connections; None where the run kept none of them.

    `connections` are connections that the run looked at.
    """
    kept = counts.get(SCORES) if isinstance(counts, Mapping) else None
    if kept is None:
        return None
    parts = kept.get("connections")
    if parts is None:
        return Score(**kept["all"])
    if not set(connections) <= set(parts):
        return None
    return sum((Score(**parts[one]["all"]) for one in connections), Score())


def forget_connection(database: Connection, connection: str) -> None:
    """Remove what runs over several connections kept of one; of a run over it alone nothing is left to remove."""
    table = machinery.run
    of_several = select(table.c.id).where(table.c.connection.is_(None), table.c.counts.is_not(None))
    for run_id in database.execute(of_several).scalars().all():
        counts = database.execute(select(table.c.counts).where(table.c.id == run_id)).scalar_one()
        parts = counts.get(SCORES, {}).get("connections", {}) if isinstance(counts, Mapping) else {}
        if parts.pop(connection, None) is not None:
            keep_counts(database, run_id, counts)


def _shape(scores: Scores) -> Kept:
    return {
        "all": asdict(scores.total),
        "dimensions": {name: asdict(one) for name, one in sorted(scores.dimensions.items())},
        "kinds": {name: asdict(one) for name, one in scores.kinds.items()},
    }
