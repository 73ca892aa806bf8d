"""What a search for duplicates found: pairs by kind and verdict, and the groups of records that are probably one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from deskferry.report.audit.facts import Facts, instant
from deskferry.report.audit.places import Place, places
from deskferry.report.excerpt import plain
from deskferry.store import machinery
from deskferry.validate.duplicates.clusters import clusters
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.verdict import Verdict

KINDS = ("person", "organization", "ticket")
VERDICTS = tuple(one.value for one in Verdict)
_SHOWN = 20


def duplicates(facts: Facts) -> dict[str, Any] | None:
    """Return the pairs that lie in these connections, with the strongest of each kind; None where nobody looked."""
    with facts.store.read() as database:
        searched = _last_search(database, facts)
        if searched is None:
            return None
        return {
            "run_id": searched["id"], "at": instant(searched["started_at"]),
            "counts": _counts(database, facts),
            "clusters": [one for kind in KINDS for one in _clusters(database, facts, kind)],
            "pairs": [one for kind in KINDS for one in _strongest(database, facts, kind)],
        }  # fmt: skip


def _last_search(database: Connection, facts: Facts) -> Mapping[str, Any] | None:
    """Return the last run that looked for duplicates in all these connections."""
    run = machinery.run
    whole: ColumnElement[bool] = run.c.connection.is_(None)
    if len(facts.names) == 1:
        whole = or_(whole, run.c.connection == facts.names[0])
    row = database.execute(
        select(run)
        .where(run.c.command == "duplicates", run.c.exit_code.in_((0, 1)), whole)
        .order_by(run.c.started_at.desc(), run.c.id.desc())
        .limit(1)
    ).mappings().first()  # fmt: skip
    return None if row is None else dict(row)


def _within(facts: Facts) -> Any:
    """Return the condition that a pair lies in these connections, at least with one foot."""
    pair = machinery.duplicate_pair
    return or_(*(column.startswith(f"{name}:", autoescape=True) for name in facts.names
                 for column in (pair.c.record_id, pair.c.other_id)))  # fmt: skip


def _counts(database: Connection, facts: Facts) -> list[dict[str, Any]]:
    pair = machinery.duplicate_pair
    decided = func.count(pair.c.decision)
    rows = database.execute(
        select(pair.c.kind, pair.c.verdict, func.count().label("n"), decided.label("decided"),
               func.sum(case((pair.c.decision == "different", 1), else_=0)).label("different"))
        .where(_within(facts))
        .group_by(pair.c.kind, pair.c.verdict)
    ).all()  # fmt: skip
    by_key = {(row.kind, row.verdict): row for row in rows}
    return [
        {"kind": kind, "verdict": verdict, "pairs": row.n, "decided": row.decided, "different": int(row.different or 0)}
        for kind in KINDS for verdict in VERDICTS if (row := by_key.get((kind, verdict)))
    ]  # fmt: skip


def _clusters(database: Connection, facts: Facts, kind: str) -> list[dict[str, Any]]:
    """Return how many groups of records are one, with how many records, by the weakest of their pairs.

    A group counts that has a record of these connections, as a pair does; its other ones may be of any.
    """
    everywhere = {*database.execute(select(machinery.account_pin.c.connection)).scalars(), *facts.names}
    own = tuple(f"{name}:" for name in facts.names)
    found = [
        one for one in clusters(pairs_of(database, kind, everywhere))
        if any(member.startswith(own) for member in one.members)
    ]  # fmt: skip
    sizes = {verdict: [len(one.members) for one in found if one.verdict is verdict] for verdict in Verdict}
    return [
        {"kind": kind, "verdict": verdict.value, "groups": len(some), "members": sum(some), "largest": max(some)}
        for verdict, some in sizes.items() if some
    ]  # fmt: skip


def _strongest(database: Connection, facts: Facts, kind: str) -> list[dict[str, Any]]:
    """Return the strongest pairs of a kind on which nobody decided."""
    pair = machinery.duplicate_pair
    rank = case({name: place for place, name in enumerate(VERDICTS)}, value=pair.c.verdict, else_=len(VERDICTS))
    rows = database.execute(
        select(pair)
        .where(pair.c.kind == kind, pair.c.decision.is_(None), _within(facts))
        .order_by(rank, pair.c.score.desc(), pair.c.record_id, pair.c.other_id)
        .limit(_SHOWN)
    ).mappings().all()  # fmt: skip
    where = places(database, ((kind, row[side]) for row in rows for side in ("record_id", "other_id")))
    return [
        {
            "kind": kind, "verdict": row["verdict"], "score": row["score"],
            "records": [_record(row[side], where) for side in ("record_id", "other_id")],
            "agreed": [
                {"field": plain(one["field"])[:100], "how": one["how"]} for one in row["agreed"] or ()
                if isinstance(one, dict)
            ],
        }
        for row in rows
    ]  # fmt: skip


def _record(record_id: str, where: Mapping[str, Place]) -> dict[str, Any]:
    place = where.get(record_id, Place())
    return {"record_id": plain(record_id), "number": place.number, "url": place.url}
