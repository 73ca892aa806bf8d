"""Fact `state_interval`: what a ticket was from when to when: its status, and of priority, agent and team those that
the question splits by (`Question.by`).

ticket_id, connection, in_p0, from_at, to_at (NULL: still), status, then `priority`, `agent`, `team` as far as they are
asked for; a value whose changes are not recorded is today's. `before` and `after`: the statuses next to it, where
nothing else changes there; NULL: none, or it is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.facts.status import UNRESOLVED_STATUSES
from deskferry.metrics.facts.ticket import of_base

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "ticket_event": (
        "id", "ticket_id", "seq", "occurred_at", "field", "old_value", "new_value",
        "key_of_old_value", "key_of_new_value",
    ),
}  # fmt: skip
_FIELDS = {"priority": "priority", "agent": "assignee_id", "team": "team_id"}
_STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed", "deleted", "spam", "merged", "unknown")
_PLACE = 1 << 31
"""A place times this, and the code of a value, is one whole number: the greatest up to a row has its last value."""


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    names = [name for name in _FIELDS if name in desk.question.by]
    spans = desk.fact("status_change")
    spans = spans.select("ticket_id", "connection", "in_p0", "at", "to_at", "status", "before", "after", "place",
                         is_first=spans.before.isnull())  # fmt: skip
    if not names:
        return spans.rename(from_at="at").drop("place", "is_first")
    events = desk.table("ticket_event")
    events = events.filter(events.field.isin([_FIELDS[name] for name in names]), events.occurred_at.notnull())
    moved = events.select("ticket_id").distinct()
    today = desk.fact("ticket").select("ticket_id", **{name: _FIELDS[name] for name in names})
    still = (
        spans.anti_join(moved, "ticket_id").left_join(today, "ticket_id").drop("ticket_id_right", "place", "is_first")
    )
    parts = _moving(spans.semi_join(moved, "ticket_id"), events, today.semi_join(moved, "ticket_id"), names)
    still = still.rename(from_at="at")
    unknown = ibis.null("string")
    parts = of_base(desk, parts.mutate(before=unknown, after=unknown))
    return still.union(parts.select(*still.columns)).cache()


def backlog_moves(spans: ir.Table) -> ir.Table:
    """Return the comings into the backlog and the goings out of it of some intervals: `at`, `delta` (1 or -1).

    From one open status straight into another a ticket goes and comes at once; where that is told it is left out.
    """
    spans = spans.filter(spans.status.isin(UNRESOLVED_STATUSES))
    came = spans.filter(~spans.before.isin(UNRESOLVED_STATUSES).fill_null(False))
    gone = spans.filter(spans.to_at.notnull(), ~spans.after.isin(UNRESOLVED_STATUSES).fill_null(False))
    comes, goes = came.mutate(at=came.from_at, delta=1), gone.mutate(at=gone.to_at, delta=-1)
    return comes.union(goes.select(*comes.columns)).drop("from_at", "to_at", "status", "before", "after")


def _moving(spans: ir.Table, events: ir.Table, today: ir.Table, names: list[str]) -> ir.Table:
    """Return the intervals of tickets of which one of these values changed."""
    codes = {name: _codes(_values(events, name, "old"), _values(events, name, "new"), today[name]) for name in names}
    status = ibis.cases(*((spans.status == one, code) for code, one in enumerate(_STATUSES[:-1])),
                        else_=len(_STATUSES) - 1)  # fmt: skip
    points = spans.select("ticket_id", "connection", "at", "is_first", rank=spans.place, status=status.cast("int64"))
    for name in names:
        first = _coded(_at_first(today, events, name), codes[name], name)
        points = points.left_join(first, (points.ticket_id == first.ticket_id, points.is_first))
        points = points.drop("ticket_id_right")
    points = points.drop("is_first")
    for name in names:
        changed = events.filter(events.field == _FIELDS[name])
        changed = changed.mutate(_value=_text_or_key(changed, name, "new"))
        changed = _coded(changed.rename({name: "_value"}), codes[name], name)
        rest = {other: ibis.null("int64") for other in ("status", *names) if other != name}
        changed = changed.select("ticket_id", "connection", name, at="occurred_at",
                                 rank=ibis.literal(1, "int64") + changed.seq.fill_null(0), **rest)  # fmt: skip
        points = points.union(changed.select(*points.columns))
    filled = _carried(points, ("status", *names))
    return _decoded(filled.filter(filled.status.notnull()), codes).rename(from_at="at")


def _carried(points: ir.Table, names: Iterable[str]) -> ir.Table:
    """Return points with the last code of each column up to them. (`last` would say it, but ibis has DuckDB not ignore
    NULLs.)"""
    order = ibis.window(group_by="ticket_id", order_by=["at", "rank"])
    place = ibis.row_number().over(order).cast("int64")
    placed = points.mutate(place=place, to_at=points["at"].lead().over(order)).drop("rank")
    upto = ibis.cumulative_window(group_by="ticket_id", order_by="place")
    return placed.mutate(**{name: (placed.place * _PLACE + placed[name]).max().over(upto) % _PLACE for name in names})


def _text_or_key(events: ir.Table, name: str, which: str) -> Any:
    return events[f"{which}_value"] if name == "priority" else events[f"key_of_{which}_value"]


def _values(events: ir.Table, name: str, which: str) -> Any:
    chosen = events.filter(events.field == _FIELDS[name])
    return _text_or_key(chosen, name, which)


def _codes(*columns: Any) -> ir.Table:
    """Return `_value` and `_code` (from 1) of all values of some columns."""
    found = [column.name("_value").as_table().distinct() for column in columns]
    values = reduce(lambda one, other: one.union(other), found).distinct()
    values = values.filter(values["_value"].notnull())
    return values.mutate(_code=ibis.row_number().over(order_by="_value") + 1).cache()


def _coded(rows: ir.Table, codes: ir.Table, name: str) -> ir.Table:
    """Return rows with the code of a value in place of it; 0: none."""
    joined = rows.left_join(codes, rows[name] == codes["_value"])
    return joined.mutate(**{name: joined["_code"].fill_null(0)}).drop("_value", "_code")


def _decoded(rows: ir.Table, codes: Mapping[str, ir.Table]) -> ir.Table:
    status = ibis.cases(*((rows.status == code, one) for code, one in enumerate(_STATUSES)))
    rows = rows.mutate(status=status)
    for name, known in codes.items():
        rows = rows.rename(_coded=name)
        joined = rows.left_join(known, rows["_coded"] == known["_code"])
        rows = joined.drop("_coded", "_code").rename({name: "_value"})
    return rows


def _at_first(today: ir.Table, events: ir.Table, name: str) -> ir.Table:
    """Return what each ticket had before its first recorded change: the old value, else that of today."""
    changed = events.filter(events.field == _FIELDS[name])
    value = _text_or_key(changed, name, "old")
    order = changed.seq.fill_null(0)
    # Nobody before the first change is not the same as no change: then it is today's.
    firsts = changed.group_by("ticket_id").aggregate(_old=value.argmin(value.notnull().ifelse(order, None)),
                                                     _told=value.isnull().argmin(order))  # fmt: skip
    joined = today.left_join(firsts, "ticket_id").drop("ticket_id_right")
    chosen = ibis.cases((joined["_told"].isnull(), joined[name]), (~joined["_told"], joined["_old"]))
    return joined.select("ticket_id", **{name: chosen})
