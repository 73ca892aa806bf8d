"""M01-M05: how much comes in, how much is solved, how much is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Count, Duration
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.options import COHORT, Flag

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask


def _created(ask: Ask) -> ir.Table:
    tickets = ask.fact("ticket")
    base = tickets.in_p0
    if ask.options.get("include_merged"):
        base = base | (tickets.is_merged & ~(tickets.is_deleted | tickets.is_spam | tickets.is_excluded))
    if ask.options.get("assigned_only"):
        base = base & (tickets.assignee_id.notnull() | tickets.team_id.notnull())
    chosen = tickets.filter(base)
    return chosen.mutate(value=chosen.created_at.notnull().ifelse(1, None), at=chosen.created_at)


VOLUME = Metric(
    "M01",
    version=1,
    population="all tickets but deleted ones, spam, merged ones and excluded brands, by their creation",
    rows=_created,
    anchors={COHORT: "created_at"},
    aggregation=Count("tickets"),
    options={
        "include_merged": Flag(default=False, help="Count tickets that were merged into another"),
        "assigned_only": Flag(default=False, help="Count only tickets that have an agent or a team"),
    },
)

BY_CHANNEL = Metric(
    "M02",
    version=1,
    population="as M01; a ticket without channel counts under `unknown`, shares are of all",
    rows=_created,
    needs=(Need("ticket", lambda ticket: ticket.channel.notnull()),),
    anchors={COHORT: "created_at"},
    aggregation=Count("tickets", is_share=True),
    by=("channel",),
)


def _unresolved(ask: Ask) -> ir.Table:
    tickets = ask.tickets()
    left = tickets.filter(~tickets.is_final)
    return ask.elapsed(left.mutate(now=ask.now), "created_at", "now")


UNRESOLVED = Metric(
    "M04",
    version=1,
    population="tickets of the base population that are neither solved nor closed now; the value is their age",
    rows=_unresolved,
    needs=(Need("ticket", lambda ticket: ticket.status.notnull()),),
    anchors={},
    aggregation=Duration(),
)

METRICS: tuple[Metric, ...] = (VOLUME, BY_CHANNEL, UNRESOLVED)
