"""Intervals as seconds since 1970, so that they add and subtract alike on every engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import zones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(at: Any) -> Any:
    """Return an instant in seconds since 1970, with its fraction."""
    return at.delta(zones.moment(EPOCH), unit="microsecond") / 1e6


def united(rows: ir.Table, by: tuple[str, ...], start: str, end: str) -> ir.Table:
    """Return the union of the intervals of each group: `by`, and start and end of what overlaps or touches as one."""
    order = ibis.window(group_by=by, order_by=[start, end])
    upto = ibis.cumulative_window(group_by=by, order_by=[start, end])
    rows = rows.select(*by, start, end)
    rows = rows.mutate(_reach=rows[end].max().over(upto))
    before = rows["_reach"].lag().over(order)
    rows = rows.mutate(_opens=(rows[start] > before).fill_null(True).cast("int64"))
    rows = rows.mutate(_island=rows["_opens"].sum().over(upto))
    found = rows.group_by(*by, "_island").aggregate(**{start: rows[start].min(), end: rows[end].max()})
    return found.drop("_island")
