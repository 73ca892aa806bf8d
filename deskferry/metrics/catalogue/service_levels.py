"""M20: how many of the targets of service levels were met.

A connection that records the events of its clocks (`sla_event`) is judged by them: a breach recorded before the
completion, or, where a connection records no breaches at all, the time that the clock ran against the target. What a
source records as met stays met, though a ticket was solved without a reply: the edge of the card is for clocks that
nobody completed.

A connection that has policies only is judged by clocks run from its messages and histories (`facts.sla_clock`). Filters
of policies are in the vendor's words and cannot be evaluated: its only policy applies where it has no filter, else the
one that the option `policies` names; without either its tickets are missing. The priority is that at the completion.
Replies by notes, and agents as requesters, are settings of policies that no source brings: not considered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.metrics.aggregation import Rate
from deskferry.metrics.calendars import TABLES as CALENDAR_TABLES
from deskferry.metrics.definition import Finished, Metric, Need
from deskferry.metrics.desk import TICKET_COLUMNS
from deskferry.metrics.dimensions import DIMENSIONS
from deskferry.metrics.facts import sla_clock
from deskferry.metrics.facts.sla_instance import INSTANCE
from deskferry.metrics.options import COHORT, EVENT, Choice, Flag, Texts
from deskferry.metrics.sla_targets import TABLES, TARGET, targets, with_priority

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask
    from deskferry.metrics.result import Line

_REPLIES = ("first_reply_time", "next_reply_time", "periodic_update_time", "pausable_update_time")
_MOMENTARY = ("priority", "agent", "team")
_COLUMNS = ("ticket_id", "connection", "metric", "started_at", "at", "verdict", "is_final")


def _rows(ask: Ask) -> ir.Table:
    tickets = _tickets(ask)
    recording = ask.desk.holding(_RECORDED)
    recorded = tickets.filter(tickets.connection.isin(sorted(recording)))
    found = _recorded(ask, recorded) if recording else None
    if ask.desk.holding(_POLICY) - recording:
        computed = _computed(ask, tickets.anti_join(recorded, "ticket_id"))
        found = computed if found is None else found.union(computed.select(*found.columns))
    assert found is not None  # else the metric is not computable
    if ask.options["metrics"]:
        found = found.filter(found.metric.isin(ask.options["metrics"]))
    if ask.options["unit"] == "ticket":
        found = _by_ticket(found)
    found = found.filter(found.verdict.isin(("achieved", "breached")) | found.verdict.isnull())
    value = (found.verdict == "achieved").cast("float64")
    at = found["at"].coalesce(found.started_at) if ask.anchor == EVENT else found.started_at.coalesce(found["at"])
    return _as_of_then(ask, found.mutate(value=value, at=at))


def _tickets(ask: Ask) -> ir.Table:
    base = ask.fact("ticket")
    chosen = base.in_p0
    if ask.options["include_deleted"]:
        chosen = chosen | (base.is_deleted & ~(base.is_spam | base.is_merged | base.is_excluded))
    return base.filter(chosen).select(*TICKET_COLUMNS, "parent_id", "priority")


def _recorded(ask: Ask, tickets: ir.Table) -> ir.Table:
    """Return the verdict of each instance that a source recorded."""
    rows = ask.fact("sla_instance").inner_join(tickets.select("ticket_id", "is_final"), "ticket_id")
    rows = _with_seconds(ask, rows)
    is_first = rows.metric == "first_reply_time"
    from_application = is_first & (ask.options["first_reply_from"] == "application")
    by_clock = ~rows.records_breaches | from_application
    breached_in_time = rows.completed_at.isnull() | (rows.breached_at < rows.completed_at).fill_null(True)
    breached = by_clock.ifelse(rows.seconds > rows.target_seconds, rows.has_breach & breached_in_time)
    verdict = ibis.cases(
        (rows.flag.notnull(), (rows.flag == "fulfill").ifelse("achieved", "breached")),
        (breached.fill_null(False), "breached"),
        (rows.completed_at.notnull() & breached.notnull(), "achieved"),
        (rows.completed_at.notnull(), ibis.null("string")),
        (rows.is_final & rows.metric.isin(_REPLIES), _unanswered(ask)),
        else_="active",
    )
    rows = rows.mutate(verdict=verdict)
    ended = (rows.verdict == "breached").ifelse(rows.breached_at.coalesce(rows.completed_at), rows.completed_at)
    flagged = rows.flag.notnull().ifelse(rows.completed_at.coalesce(rows.breached_at), ended)
    started = rows.started_at.coalesce(rows.applied_at)
    return rows.mutate(started_at=started, at=flagged).select(*_COLUMNS)


def _unanswered(ask: Ask) -> str:
    found: str = ask.options["solved_unanswered"]
    return found


def _with_seconds(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return instances with the seconds that their clock ran up to now."""
    spans = ask.fact("sla_span").drop("connection")
    keys = [*INSTANCE]
    ran = rows.select(*keys, "connection", "applied_at", "business_hours").inner_join(spans, keys)
    start = ran.from_at
    if ask.options["first_reply_from"] == "application":
        later = (ran.metric == "first_reply_time") & (ran.applied_at > start).fill_null(False)
        start = later.ifelse(ran.applied_at, start)
    ran = ran.mutate(started=start, ended=ran.to_at.coalesce(ask.now))
    ran = ran.filter(ran.started <= ran.ended)
    is_business = ran.business_hours.fill_null(False)
    parts = sla_clock.elapsed(ask, ran.filter(~is_business), "started", "ended", "calendar")
    parts = parts.union(
        sla_clock.elapsed(ask, ran.filter(is_business), "started", "ended", "business").select(*parts.columns)
    )
    unknown = parts.value.isnull().any()
    summed = parts.group_by(*keys).aggregate(seconds=unknown.ifelse(None, parts.value.sum()))
    return rows.left_join(summed, keys).drop(*(f"{key}_right" for key in keys))


def _computed(ask: Ask, tickets: ir.Table) -> ir.Table:
    """Return the verdicts of connections that have policies and record no events."""
    promised, unclear = targets(ask)
    lost = tickets.filter(tickets.connection.isin(unclear))
    nothing = lost.select(
        "ticket_id", "connection", "is_final", started_at="created_at", at=ibis.null("timestamp(6)"),
        metric=ibis.null("string"), verdict=ibis.null("string"),
    ).select(*_COLUMNS)  # fmt: skip
    if not promised:
        return nothing
    table = ibis.memtable(pa.table(dict(zip(TARGET, map(list, zip(*promised, strict=True)), strict=True))))
    known = frozenset(one[1] for one in promised) & set(sla_clock.METRICS)
    if other := sorted({one[1] for one in promised} - known):
        ask.notes.append(f"Targets whose clocks are not known were left out: {', '.join(other)}.")
    if not known:
        return nothing
    found = sla_clock.runs(ask, tickets, known)
    found = with_priority(ask, found).inner_join(table, ["connection", "metric", "priority"]).cache()
    found = sla_clock.seconds(ask, found)
    late = found.seconds > found.target_seconds
    verdict = ibis.cases(
        (late, "breached"),
        (found.seconds.isnull(), ibis.null("string")),
        (found.completed_at.notnull(), "achieved"),
        (found.given_up_at.notnull(), _unanswered(ask)),
        else_="active",
    )
    final = tickets.select("ticket_id", "is_final")
    rows = found.mutate(verdict=verdict, at=found.ended_at).inner_join(final, "ticket_id")
    return rows.select(*_COLUMNS).union(nothing)


def _by_ticket(rows: ir.Table) -> ir.Table:
    """Return a verdict a ticket: breached with any breach, active with any target that still runs."""
    is_breach, is_active = rows.verdict == "breached", rows.verdict == "active"
    found = rows.filter((rows.verdict != "cancelled").fill_null(True)).group_by("ticket_id").aggregate(
        connection=rows.connection.min(), started_at=rows.started_at.min(), breaches=is_breach.any(),
        actives=is_active.any(), unknown=rows.verdict.isnull().any(), breach_at=rows["at"].min(where=is_breach),
        last_at=rows["at"].max(),
    )  # fmt: skip
    verdict = ibis.cases(
        (found.breaches.fill_null(False), "breached"),
        (found.actives.fill_null(False), "active"),
        (found.unknown, ibis.null("string")),
        else_="achieved",
    )
    return found.mutate(verdict=verdict, at=found.breaches.fill_null(False).ifelse(found.breach_at, found.last_at))


def _as_of_then(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return rows with the priority, agent and team of their moment, as far as they are asked for."""
    names = [name for name in _MOMENTARY if name in ask.desk.question.by]
    if not names:
        return rows
    spans = ask.fact("state_interval")
    spans = spans.select(_ticket="ticket_id", _from="from_at", _to="to_at", **{f"_{name}": name for name in names})
    joined = rows.left_join(
        spans,
        (
            rows.ticket_id == spans["_ticket"],
            rows["at"] >= spans["_from"],
            spans["_to"].isnull() | (rows["at"] < spans["_to"]),
        ),
    )
    today = ask.fact("ticket").select(_id="ticket_id", **{f"_today_{name}": DIMENSIONS[name][0] for name in names})
    joined = joined.left_join(today, joined.ticket_id == today["_id"])
    told = joined["_ticket"].notnull()
    then = {name: told.ifelse(joined[f"_{name}"], joined[f"_today_{name}"]) for name in names}
    return joined.select(*(name for name in rows.columns if name not in names), **then)


def _finish(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    """Return the lines, and beside them the counts by the metric of the target."""
    if ask.options["unit"] == "ticket":
        return Finished(
            lines, ("By ticket: every completed target met and none running, of those and tickets with a breach.",)
        )
    found = rows.group_by("metric").aggregate(achieved=rows.value.sum(), completed=rows.value.count())
    by_metric = {
        one["metric"]: {
            "achieved": int(one["achieved"] or 0), "breached": int(one["completed"] - (one["achieved"] or 0)),
        }
        for one in found.order_by("metric").to_pyarrow().to_pylist()
        if one["completed"]
    }  # fmt: skip
    return Finished(
        lines, ("By target: met targets of those that were met or missed.",), {"by_target_metric": by_metric}
    )


_RECORDED = Need(
    "sla_event", lambda event: event.kind.isin(("apply", "breach")) | event.target_seconds.notnull()
    | ((event.kind == "fulfill") & event.metric.isnull())
)  # fmt: skip
_POLICY = Need("sla_policy", lambda policy: policy.targets.notnull())

COMPLIANCE = Metric(
    "M20",
    version=1,
    population="targets of service levels that were met or missed; those that still run, and replies that a solved"
    " ticket no longer needed, are none; priority, agent and team are those of the moment",
    facts=("sla_instance", "sla_span", "state_interval", *sla_clock.FACTS),
    tables={**CALENDAR_TABLES, **TABLES},
    rows=_rows,
    needs=((_RECORDED, _POLICY),),
    anchors={EVENT: "when it was met or missed", COHORT: "when its clock started"},
    aggregation=Rate(),
    options={
        "unit": Choice(("target", "ticket"), "What is counted: each target, or tickets"),
        "metrics": Texts("Only targets of these metrics, as first_reply_time"),
        "policies": Texts("Policies, by id or name, of connections that record no events: one a connection"),
        "solved_unanswered": Choice(("cancelled", "achieved"), "A reply that is due when the ticket is solved"),
        "first_reply_from": Choice(("created", "application"), "Where the clock of the first reply starts"),
        "agent_created": Flag(default=False, help="Tickets opened by an agent have a first reply (computed clocks)"),
        "include_deleted": Flag(default=False, help="Count targets of deleted tickets"),
    },
    finish=_finish,
)

METRICS: tuple[Metric, ...] = (COMPLIANCE,)
