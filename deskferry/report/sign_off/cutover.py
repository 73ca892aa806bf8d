"""The numbers of a cut-over: what is open, how much changes a day, how many calls and hours the last step takes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, select

from deskferry.canonical_schema import parse_time_text, sql_table, time_text
from deskferry.report.sign_off.facts import Facts, instant
from deskferry.store.state import last_run

_WEEK = 7
_OPEN = ("new", "open", "pending", "on_hold", "unknown")
_MARGIN = 1.5
"""Of the hours reckoned: people, questions and a second look take time too."""
_LEAST = 1.0
"""Hours that nobody should plan below."""


def cutover(facts: Facts) -> dict[str, Any]:
    """Return what a plan of the cut-over needs to know; None where the store cannot tell."""
    with facts.store.read() as database:
        pulled = last_run(database, "pull", facts.source.name) or {}
        statuses = _statuses(database, facts.source.name)
        begun = instant(pulled.get("started_at"))
        changed = _changed(database, facts.source.name, begun)
        waiting = _changed_since(database, facts.source.name, instant(facts.run["started_at"]))
    calls = (facts.plan.get("calls") or {}).get("total")
    hours = facts.plan.get("hours")
    tickets = sum((facts.plan.get("kinds") or {}).get("ticket", {}).get(todo, 0) for todo in ("create", "update"))
    per_ticket = None if not calls or not tickets else calls / tickets
    delta = round((changed or 0) + waiting)
    delta_calls = None if per_ticket is None else round(delta * per_ticket)
    delta_hours = None if not calls or hours is None or delta_calls is None else delta_calls * hours / calls
    pull_hours = _hours(pulled)
    known = [one for one in (pull_hours, delta_hours) if one is not None]
    return {
        "open_by_status": statuses,
        "open": sum(one["count"] for one in statuses),
        "changed_a_day": changed,
        "changed_since_run": waiting,
        "pulled_at": begun,
        "pull": {"calls": (pulled.get("counts") or {}).get("calls"), "hours": pull_hours},
        "whole": {"calls": calls, "hours": hours, "limit": facts.plan.get("limit")},
        "share_of_limit": facts.told.get("share_of_limit"),
        "calls_a_ticket": None if per_ticket is None else round(per_ticket, 1),
        "delta": {"tickets": delta, "calls": delta_calls, "hours": delta_hours},
        "freeze_hours": max(round(sum(known) * _MARGIN, 1), _LEAST) if known else None,
        "options": _options(facts),
    }


def _options(facts: Facts) -> str:
    """Return what the command of this run was given, as the next one needs it again."""
    mapping = " --mapping FILE" if facts.told.get("mapping") else ""
    return mapping + "".join(f" --accept {name}" for name in facts.told.get("accepted") or ())


def _statuses(database: Connection, source: str) -> list[dict[str, Any]]:
    table = sql_table("ticket")
    rows = database.execute(
        select(table.c.status, func.count().label("n"))
        .where(table.c.connection == source, table.c.deleted_at.is_(None), table.c.status.in_(_OPEN))
        .group_by(table.c.status)
        .order_by(func.count().desc(), table.c.status)
    )
    return [{"status": row.status, "count": row.n} for row in rows]


def _changed(database: Connection, source: str, pulled_at: str | None) -> float | None:
    """Return how many tickets changed a day in the week before the last pull."""
    if pulled_at is None:
        return None
    since = time_text(parse_time_text(pulled_at) - timedelta(days=_WEEK))
    return round(_changed_since(database, source, since) / _WEEK, 1)


def _changed_since(database: Connection, source: str, since: str | None) -> int:
    table = sql_table("ticket")
    total: int = database.execute(
        select(func.count())
        .select_from(table)
        .where(and_(table.c.connection == source, table.c.deleted_at.is_(None), table.c.updated_at >= since))
    ).scalar_one()
    return total


def _hours(run: Any) -> float | None:
    """Return how long a run took."""
    begun, ended = run.get("started_at"), run.get("ended_at")
    if not isinstance(begun, datetime) or not isinstance(ended, datetime):
        return None
    return round(max((ended - begun).total_seconds(), 0.0) / 3600, 3)
