"""Rules on how fresh the copy is, and on fields that are no longer filled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_WATCHED = ("requester_id", "assignee_id", "team_id", "organization_id", "inbox_id", "brand_id", "channel", "priority",
            "type", "subject", "language", "custom_fields")  # fmt: skip
_BEFORE, _SINCE = 3, 2
"""Months that a column was filled in, and whole months that it was not since."""


def _scans(desk: Desk) -> ir.Table:
    """Return a row a connection: when any of its streams was last read to its end."""
    rows = desk.every("stream_cursor")
    rows = rows.filter(rows.finished_at.notnull())
    return rows.group_by("connection").aggregate(finished_at=rows.finished_at.max())


def _stale(desk: Desk) -> ir.Table:
    limit = desk.now - ibis.interval(days=int(desk.options["days"]))
    return _scans(desk).filter(ibis._.finished_at < limit).mutate(record_id=ibis.null("string"))


def _dried_up(desk: Desk) -> ir.Table:
    rows = desk.live("ticket")
    rows = rows.filter(rows.created_at.notnull(), rows.created_at <= desk.now)
    filled: dict[str, Any] = {name: _filled(rows[name]).sum() for name in _WATCHED}
    by_month = rows.group_by("connection", month=rows.created_at.truncate("M")).aggregate(n=rows.count(), **filled)
    months: dict[str, list[dict[str, Any]]] = {}
    for row in by_month.order_by("connection", "month").to_pyarrow().to_pylist():
        months.setdefault(row["connection"], []).append(row)
    found = [
        {"connection": connection, "column": column, "month": month, "record_id": None}
        for connection, rows_of in months.items()
        for column, month in dried_up(rows_of, _WATCHED, int(desk.options["tickets"]))
    ]
    names = ("connection", "record_id", "column", "month")
    table = pa.table({name: pa.array([one[name] for one in found], pa.string()) for name in names})
    held: ir.Table = desk.backend.create_table(ibis.util.gen_name("dried_up"), table, temp=True)
    return held


def dried_up(months: Sequence[dict[str, Any]], columns: Sequence[str], tickets: int) -> Iterator[tuple[str, str]]:
    """Yield columns that most tickets of some months filled and none has since, and the last month that they did.

    Months of few tickets tell nothing.
    """
    telling = [one for one in months if one["n"] >= tickets]
    for column in columns:
        last = max((place for place, one in enumerate(telling) if one[column]), default=None)
        if last is None or len(telling) - 1 - last < _SINCE or last + 1 < _BEFORE:
            continue
        before = telling[last + 1 - _BEFORE : last]
        if all(one[column] * 2 >= one["n"] for one in before):
            yield column, telling[last]["month"].strftime("%Y-%m")


def _filled(column: ir.Value) -> ir.BooleanValue:
    return column.notnull() & (column.cast("string") != "{}")


RULES = (
    Rule(
        "connection.stale", "connection", Dimension.TIMELINESS, Severity.WARNING,
        "Connections that were not read lately",
        "last read to the end {finished_at}", "Pull it; if `sync` does so every night, look at its last runs.",
        {"stream_cursor": ("finished_at",)}, offending=_stale, checked=_scans, options={"days": 3},
    ),
    Rule(
        "record.field_always_empty", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Columns that were filled until a month and never since", "{column} was filled until {month}",
        "The vendor or its API changed, or a permission was taken away: `deskferry explain` a ticket of either time.",
        {"ticket": ("created_at", *_WATCHED)}, offending=_dried_up, options={"tickets": 20},
    ),
)  # fmt: skip
