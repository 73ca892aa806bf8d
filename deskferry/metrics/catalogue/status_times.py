"""M12, M13: how long tickets were in whose hands."""

from __future__ import annotations

from functools import partial

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Duration
from deskferry.metrics.catalogue.resolutions import HISTORY
from deskferry.metrics.definition import Metric
from deskferry.metrics.desk import Ask
from deskferry.metrics.options import CLOCKS, COHORT, EVENT, Choice

_WHOSE = {
    "agent_work": ("new", "open"),
    "agent_wait": ("pending",),
    "on_hold": ("on_hold",),
}
REQUESTER_WAIT = ("new", "open", "on_hold")


def _in_statuses(ask: Ask, *statuses: str) -> ir.Table:
    clocked = f"status_{ask.options['variant']}" + ("" if ask.clock == "calendar" else "_business")
    rows = ask.tickets(
        "resolution.last_solved_at", *(f"{clocked}.{status}_{ask.options['variant']}" for status in statuses)
    )
    if ask.options["tickets"] == "final":
        rows = rows.filter(rows.is_final)
    columns = [rows[f"{status}_{ask.options['variant']}"] for status in statuses]
    value = columns[0]
    for column in columns[1:]:
        value += column
    solved = rows.created_at if ask.anchor == COHORT else rows.last_solved_at.coalesce(rows.created_at)
    return rows.mutate(value=value, at=solved)


_OPTIONS = {
    "variant": Choice(("seconds", "recorded"), "All time up to now, or only of statuses that the ticket has left"),
    "tickets": Choice(("final", "all"), "Tickets that are solved or closed now, or all"),
}
_metric = partial(
    Metric,
    version=1,
    facts=("resolution", "status_seconds", "status_seconds_business"),
    needs=(HISTORY,),
    clocks=CLOCKS,
    anchors={EVENT: "last_solved_at", COHORT: "created_at"},
    aggregation=Duration(),
)

METRICS: tuple[Metric, ...] = (
    _metric(
        "M12",
        population="tickets of the base population that are solved or closed now; time as new, open or on hold",
        rows=lambda ask: _in_statuses(ask, *REQUESTER_WAIT),
        options=_OPTIONS,
    ),
    _metric(
        "M13",
        population="tickets of the base population that are solved or closed now; time in the statuses of `which`",
        rows=lambda ask: _in_statuses(ask, *_WHOSE[ask.options["which"]]),
        options={"which": Choice(tuple(_WHOSE), "Worked on (new, open), pending, or on hold"), **_OPTIONS},
    ),
)
