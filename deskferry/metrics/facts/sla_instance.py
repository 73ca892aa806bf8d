"""What a source recorded of the clocks of its service levels.

Fact `sla_instance`, a row a target on a ticket (ticket × metric × instance). Runs of a clock that no target was ever
put on are none:

ticket_id, connection, metric, instance, policy_id, started_at (first activation), applied_at (first application),
completed_at (NULL: running, paused or given up), breached_at (of the first breach), has_breach,
target_seconds, business_hours   of the last application that was not after the completion: a later one is not
             retroactive
flag         `fulfill` or `breach`, the last of them, where the source says nothing of the clock itself (one row or
             several that say met or missed)
records_breaches   the connection records breaches: where there is none, there was none

Fact `sla_span`, a row each time that such a clock ran: ticket_id, connection, metric, instance, from_at, to_at (NULL:
still running).

`reply_time`, as Zendesk's events call it, is `first_reply_time` the first time and `next_reply_time` from then on;
`resolution_time` is `total_resolution_time`: as policies call them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "sla_event": ("id", "ticket_id", "policy_id", "metric", "instance", "kind", "occurred_at", "target_seconds",
                  "business_hours"),
}  # fmt: skip
INSTANCE = ("ticket_id", "metric", "instance")
_RANKS = {"pause": 0, "activate": 1, "fulfill": 2}
"""What comes first in one moment: a clock that is paused and started runs, one that is started and stopped is met."""


def build(desk: Desk) -> ir.Table:
    """Return the fact `sla_instance`."""
    events = _events(desk)
    found = _with_target(events, _by_instance(events)).cache()
    noting = found.filter(found.has_breach & found.flag.isnull()).select("connection").distinct()
    found = found.left_join(noting.mutate(noted=True), "connection").drop("connection_right")
    is_target = found.target_seconds.notnull() | found.in_force | found.has_breach | found.flag.notnull()
    found = found.filter(is_target.fill_null(False))
    return found.mutate(records_breaches=found.noted.fill_null(False)).drop("noted", "in_force")


def spans(desk: Desk) -> ir.Table:
    """Return the fact `sla_span`."""
    events = _events(desk)
    events = events.filter(events.kind.isin(tuple(_RANKS)), events["at"].notnull())
    rank = ibis.cases(*((events.kind == kind, rank) for kind, rank in _RANKS.items()))
    order = ibis.window(group_by=INSTANCE, order_by=[events["at"], rank, events.event_id])
    events = events.mutate(to_at=events["at"].lead().over(order))
    running = events.filter(events.kind == "activate")
    return running.select(*INSTANCE, "connection", "to_at", from_at="at")


def _events(desk: Desk) -> ir.Table:
    found = desk.table("sla_event")
    found = found.filter(found.kind.notnull())
    number = found.instance.fill_null(1)
    metric = ibis.cases(
        ((found.metric == "reply_time") & (number == 1), "first_reply_time"),
        (found.metric == "reply_time", "next_reply_time"),
        (found.metric == "resolution_time", "total_resolution_time"),
        else_=found.metric.fill_null("unknown"),
    )
    return found.select(
        "ticket_id", "connection", "policy_id", "kind", "target_seconds", "business_hours", event_id="id",
        at="occurred_at", metric=metric, instance=number,
    )  # fmt: skip


def _by_instance(events: ir.Table) -> ir.Table:
    def is_(*kinds: str) -> Any:
        return events.kind.isin(kinds)

    said = is_("fulfill", "breach")
    found = events.group_by(INSTANCE).aggregate(
        connection=events.connection.min(),
        policy_id=events.policy_id.max(),
        started_at=events["at"].min(where=is_("activate")),
        again_at=events["at"].max(where=is_("activate")),
        applied_at=events["at"].min(where=is_("apply")),
        fulfilled_at=events["at"].max(where=is_("fulfill")),
        breached_at=events["at"].min(where=is_("breach")),
        has_breach=is_("breach").any(),
        has_clock=is_("activate", "pause", "apply").any(),
        last_said=events.kind.argmax(said.ifelse(events["at"], None)),
        any_said=events.kind.min(where=said),  # without times: breach comes before fulfill
    )
    runs_again = (found.again_at > found.fulfilled_at).fill_null(False)
    return found.mutate(
        completed_at=runs_again.ifelse(None, found.fulfilled_at),
        flag=found.has_clock.ifelse(None, (found.fulfilled_at.notnull() | found.breached_at.notnull())
                                    .ifelse(found.last_said, found.any_said)),
    ).drop("again_at", "fulfilled_at", "has_clock", "last_said", "any_said")  # fmt: skip


def _with_target(events: ir.Table, found: ir.Table) -> ir.Table:
    """Return instances with the target that was in force when they were completed, or is now."""
    ends = found.select(**{f"_{name}": name for name in INSTANCE}, _end="completed_at")
    given = events.filter((events.kind == "apply") | events.target_seconds.notnull())
    given = given.inner_join(ends, [given[name] == ends[f"_{name}"] for name in INSTANCE])
    given = given.filter((given["at"] <= given["_end"]).fill_null(True))
    order = ibis.window(group_by=INSTANCE, order_by=[ibis.desc(given["at"]), ibis.desc(given.event_id)])
    ranked = given.mutate(_place=ibis.row_number().over(order))
    last = ranked.filter(ranked["_place"] == 0).select(*INSTANCE, "target_seconds", "business_hours")
    joined = found.left_join(last.mutate(in_force=True), list(INSTANCE))
    joined = joined.drop(*(f"{name}_right" for name in INSTANCE))
    return joined.mutate(in_force=joined.in_force.fill_null(False))
