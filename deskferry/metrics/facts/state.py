"""Fact `state_interval`: what a ticket was from when to when, status, priority, agent and team together.

ticket_id, connection, from_at, to_at (NULL: still), status, priority, agent, team, basis (see `status_change`);
a value whose changes are not recorded is today's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

_FIELDS = {"priority": "priority", "assignee_id": "agent", "team_id": "team"}
_NOBODY = ""
"""Stands for none while values are carried forward; NULL there means: not told here."""


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    statuses = desk.fact("status_change")
    events = desk.table("ticket_event")
    events = events.filter(events.field.isin(tuple(_FIELDS)), events.occurred_at.notnull())
    changed = events.select(
        "ticket_id", "connection", at="occurred_at", rank=ibis.literal(1, "int64") + events.seq.fill_null(0),
        status=ibis.null("string"), basis=ibis.null("string"),
        **{name: (events.field == field).ifelse(events.new_value.fill_null(_NOBODY), None)
           for field, name in _FIELDS.items()},
    )  # fmt: skip
    first = statuses.place == 0
    started = statuses.left_join(_at_first(desk, events), "ticket_id").drop("ticket_id_right")
    points = started.select(
        "ticket_id", "connection", "at", rank=statuses.place, status="status", basis="basis",
        **{name: first.ifelse(started[f"first_{name}"], None) for name in _FIELDS.values()},
    )  # fmt: skip
    points = points.union(changed.select(*points.columns))
    upto = ibis.cumulative_window(group_by="ticket_id", order_by=["at", "rank"])
    after = ibis.window(group_by="ticket_id", order_by=["at", "rank"])
    carried = ("status", "basis", *_FIELDS.values())
    filled = points.mutate(
        to_at=points["at"].lead().over(after), **{f"{name}_set": points[name].count().over(upto) for name in carried}
    )
    # A value lasts until the next one is set. (`last` would say it, but ibis has DuckDB not ignore NULLs.)
    lasting = {name: ibis.window(group_by=("ticket_id", f"{name}_set")) for name in carried}
    filled = filled.mutate(**{name: filled[name].max().over(window) for name, window in lasting.items()})
    return filled.filter(filled.status.notnull()).select(
        "ticket_id", "connection", "to_at", "status", "basis", from_at="at",
        **{name: filled[name].nullif(_NOBODY) for name in _FIELDS.values()},
    )  # fmt: skip


def _at_first(desk: Desk, events: ir.Table) -> ir.Table:
    """Return what each ticket had before its first recorded change: the old value, else that of today."""
    tickets = desk.fact("ticket")
    order = events.seq.fill_null(0)
    firsts = events.group_by("ticket_id").aggregate(
        **{f"old_{name}": events.old_value.fill_null(_NOBODY).argmin((events.field == field).ifelse(order, None))
           for field, name in _FIELDS.items()}
    )  # fmt: skip
    joined = tickets.left_join(firsts, "ticket_id")
    return joined.select(
        "ticket_id",
        **{f"first_{name}": joined[f"old_{name}"].coalesce(joined[field], _NOBODY) for field, name in _FIELDS.items()},
    )
