"""Rules on service levels, business hours, calls and time spent."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_EVENT = ("key_of_ticket_id", "metric", "instance", "kind", "occurred_at", "target_seconds", "business_hours")
_CLOCK = ["connection", "key_of_ticket_id", "metric", "instance"]


def _silent_breaches(desk: Desk) -> ir.Table:
    """Yield targets that were met too late on the clock on the wall, and of which no breach was noted.

    Only clocks that never paused: of others nobody knows without the business hours.
    """
    rows = desk.live("sla_event")

    def at(kind: str) -> ir.TimestampScalar:
        return rows.occurred_at.max(where=rows.kind == kind)

    clocks = rows.group_by(_CLOCK).aggregate(
        begun=at("activate"), met=at("fulfill"), paused=(rows.kind == "pause").sum(),
        breaches=(rows.kind == "breach").sum(), starts=(rows.kind == "activate").sum(),
        seconds=rows.target_seconds.max(), business=rows.business_hours.max(),
    )  # fmt: skip
    late = clocks.met.delta(clocks.begun, unit="second") > clocks.seconds
    plain = ~clocks.business.fill_null(ibis.literal(value=True))
    silent = clocks.filter(plain, clocks.starts == 1, clocks.paused == 0, clocks.breaches == 0, late)
    met = rows.filter(rows.kind == "fulfill")
    return met.inner_join(silent.drop("met"), _CLOCK).mutate(record_id=met.id)


def _without_policy(desk: Desk) -> ir.Table:
    """Yield events that name no policy, in connections whose events do."""
    rows = desk.live("sla_event")
    telling = rows.filter(rows.policy_id.notnull()).select("connection", "metric").distinct()
    found = rows.filter(rows.policy_id.isnull(), rows.kind == "apply").semi_join(telling, ["connection", "metric"])
    return found.mutate(record_id="id")


RULES = (
    Rule(
        "sla.breach_unrecorded", "sla_event", Dimension.ACCURACY, Severity.WARNING,
        "Targets that were met too late without a breach", "met {occurred_at}, {seconds} seconds after {begun} at most",
        "Compliance comes out too good: see at the vendor whether the policy was changed meanwhile.",
        {"sla_event": _EVENT}, offending=_silent_breaches, among=lambda rows, _desk: rows.kind == "fulfill",
    ),
    Rule(
        "sla_event.without_policy", "sla_event", Dimension.REFERENCES, Severity.WARNING,
        "Targets without a policy", "a target of {metric} was set, and no policy is named",
        "Pull the policies; a policy that was deleted at the vendor leaves its targets so.",
        {"sla_event": ("policy_id", "kind", "metric")}, offending=_without_policy,
        among=lambda rows, _desk: rows.kind == "apply",
    ),
    Rule(
        "schedule.empty", "schedule", Dimension.COMPLETENESS, Severity.ERROR, "Business hours that are never open",
        "no open interval", "Set its hours at the vendor: business time of its tickets stands still.",
        {"schedule": ("intervals",)},
        where=lambda rows, _desk: rows.intervals.isnull() | rows.intervals.isin(("", "[]")),
    ),
    Rule(
        "time_entry.negative", "time_entry", Dimension.ACCURACY, Severity.ERROR, "Time spent that is below zero",
        "{seconds} seconds of {kind}", "Correct it at the vendor: sums of effort are too low.",
        {"time_entry": ("seconds", "kind")}, where=lambda rows, _desk: rows.seconds < 0,
    ),
    Rule(
        "interaction.ended_before_answered", "interaction", Dimension.CONSISTENCY, Severity.ERROR,
        "Calls and chats that ended before they were answered", "answered {answered_at}, ended {ended_at}",
        "Look at it at the vendor: handling time leaves it out.",
        {"interaction": ("answered_at", "ended_at")}, where=lambda rows, _desk: rows.ended_at < rows.answered_at,
        among=lambda rows, _desk: rows.ended_at.notnull() & rows.answered_at.notnull(),
    ),
    Rule(
        "interaction.answered_before_queued", "interaction", Dimension.CONSISTENCY, Severity.ERROR,
        "Calls and chats that were answered before they came in", "in {queue_entered_at}, answered {answered_at}",
        "Look at it at the vendor: waiting time leaves it out.",
        {"interaction": ("answered_at", "queue_entered_at")},
        where=lambda rows, _desk: rows.answered_at < rows.queue_entered_at,
        among=lambda rows, _desk: rows.queue_entered_at.notnull() & rows.answered_at.notnull(),
    ),
)  # fmt: skip
