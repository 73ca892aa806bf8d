"""M01-M05: how much comes in, how much is solved, how much is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.aggregation import Count, Duration, Stock, Tallies
from deskferry.metrics.definition import Metric, Need
from deskferry.metrics.facts.state import backlog_moves
from deskferry.metrics.facts.status import UNRESOLVED_STATUSES
from deskferry.metrics.facts.ticket import FINAL
from deskferry.metrics.options import COHORT, EVENT, Choice, Flag

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


def _flow(ask: Ask) -> ir.Table:
    base = ask.tickets().select("ticket_id", "connection", "created_at")
    moves = ask.of_base("status_change")
    was_final = moves.before.isin(FINAL).fill_null(False)
    solves = moves.filter(moves.status.isin(FINAL) & ~was_final)
    if ask.options["resolved"] == "standing":
        standing = ask.tickets("resolution.last_solved_at")
        solves = standing.select("ticket_id", "connection", at=standing.last_solved_at, place=0)
    whole = ask.options["resolved"] == "distinct"
    back = moves.filter(was_final & moves.status.isin(UNRESOLVED_STATUSES))
    found = (
        _moves(base, base.created_at, "new", None)
        .union(_moves(solves, solves["at"], "resolved", solves.ticket_id if whole else None))
        .union(_moves(back, back["at"], "reopened", None))
    )
    return found if whole else found.drop("key")


def _moves(rows: ir.Table, at: ir.TimestampValue, what: str, key: Any) -> ir.Table:
    key = ibis.null("int64") if key is None else key
    found = rows.select("ticket_id", "connection", at=at, what=ibis.literal(what), key=key, value=ibis.literal(1))
    return found.filter(found["at"].notnull())


FLOW = Metric(
    "M03",
    version=1,
    population="creations, resolutions and reopenings of the base population",
    facts=("status_change", "resolution"),
    rows=_flow,
    needs=((Need("ticket", lambda ticket: ticket.solved_at.notnull() | ticket.closed_at.notnull()),
            Need("ticket_event", lambda event: event.field == "status")),),
    anchors={EVENT: "the creation, the solving, the reopening"},
    aggregation=Tallies(
        ("new", "resolved", "reopened"), "net_flow", "tickets",
        {"net_flow": lambda found: found["new"] - found["resolved"] + found["reopened"]},
    ),
    options={
        "resolved": Choice(("events", "distinct", "standing"), "Every resolution; tickets with one; tickets whose last"
                           " one still stands")
    },
)  # fmt: skip


def _backlog(ask: Ask) -> ir.Table:
    rebuilt = ask.of_base("status_change").filter(ibis._.basis == "rebuilt").ticket_id.nunique().to_pyarrow().as_py()
    if rebuilt:
        ask.notes.append(f"Tickets without a history, told by the times of their creation and solving: {rebuilt}.")
    return backlog_moves(ask.of_base("state_interval")).mutate(value=1)


BACKLOG = Metric(
    "M05",
    version=1,
    population="tickets of the base population that are not solved or closed at the end of a local day; priority, agent"
    " and team are those of that moment",
    facts=("status_change", "state_interval"),
    rows=_backlog,
    needs=(Need("ticket_event", lambda event: event.field == "status"),),
    anchors={EVENT: "end of the day"},
    aggregation=Stock("tickets"),
)

METRICS: tuple[Metric, ...] = (VOLUME, BY_CHANNEL, FLOW, UNRESOLVED, BACKLOG)
