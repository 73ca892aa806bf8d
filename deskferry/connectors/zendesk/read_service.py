"""Service levels, schedules and ratings: vendor → canonical."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.connectors.kit.converters import integer, time, whole
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Raw, RefTo, Table
from deskferry.connectors.kit.timezones import rails_to_iana
from deskferry.connectors.zendesk.read_people import API_URL, CREATED

# ------------------------------------------------------------------------------------------------------- service levels


def targets_of(value: Any) -> list[dict[str, Any]] | None:
    """Return the targets of a policy in seconds; the vendor writes minutes, newer payloads seconds beside them."""
    found = []
    for one in value or ():
        seconds, minutes = one.get("target_in_seconds"), one.get("target")
        if seconds is None and minutes is None:
            continue
        found.append({
            "metric": str(one.get("metric")),
            "priority": one.get("priority"),
            "seconds": seconds if seconds is not None else minutes * 60,
            "business_hours": one.get("business_hours"),
        })  # fmt: skip
    return found or None


def _policy(name: str) -> ObjectMap:
    return ObjectMap(
        name,
        (
            Table(
                "sla_policy",
                (
                    *CREATED,
                    Map("name", "title"),
                    Map("targets", "policy_metrics", targets_of),
                    Map("filter", "filter", whole),
                ),
            ),
        ),
        ignored={"url": API_URL},
        kept={
            "description": "what it is for",
            "position": "order of matching",
            "metric_settings": "settings of its clocks",
        },
    )


SLA_POLICY = _policy("sla_policy")
GROUP_SLA_POLICY = _policy("group_sla_policy")

_CLOCKS = {
    "apply_sla": "apply", "apply_group_sla": "apply", "activate": "activate", "pause": "pause", "fulfill": "fulfill",
    "breach": "breach",
}  # fmt: skip


def clock_event(event: Raw) -> str | None:
    """Return what happened to a clock; `update_status` and `measure` are measurements and make no row."""
    return _CLOCKS.get(str(event.get("type")))


def target_seconds(event: Raw) -> float | None:
    """Return the target of an applied policy in seconds."""
    known = event.get("sla") or event.get("group_sla") or {}
    if known.get("target_in_seconds") is not None:
        return float(known["target_in_seconds"])
    return float(known["target"]) * 60 if known.get("target") is not None else None


def by_clock(hours: Raw) -> bool | None:
    """Return whether the applied target runs in business hours."""
    known: bool | None = (hours.get("sla") or hours.get("group_sla") or {}).get("business_hours")
    return known


def cancelled_at(event: Raw) -> str | None:
    """Return when an event was withdrawn. Vendor: a breach with `deleted: true` was cancelled."""
    return time(event.get("time")) if event.get("deleted") else None


def withdrawn(event: Raw) -> str | None:
    """Return the evidence that an event was withdrawn."""
    return "vendor" if event.get("deleted") else None


def _is(group: bool) -> Callable[[Any, Raw], bool]:
    def chosen(event: Any, _raw: Raw) -> bool:
        return clock_event(event) is not None and (bool(event.get("group_sla")) is group)

    return chosen


_EVENT_ROWS = (
    Map("ticket_id", "ticket_id", RefTo("ticket")),
    Map("metric", "metric"),
    Map("instance", "instance_id", integer),
    Map("kind", ".", clock_event),
    Map("occurred_at", "time", time),
    Map("target_seconds", ".", target_seconds),
    Map("business_hours", ".", by_clock),
    Map("deleted_at", ".", cancelled_at),
    Map("deletion_evidence", ".", withdrawn),
)
TICKET_METRIC_EVENT = ObjectMap(
    "ticket_metric_event",
    (
        Table(
            "sla_event",
            (*_EVENT_ROWS, Map("policy_id", "sla.policy.id", RefTo("sla_policy"))),
            when=_is(False),
            takes=("type", "sla", "group_sla", "deleted", "status"),
        ),
        Table(
            "sla_event",
            (*_EVENT_ROWS, Map("policy_id", "group_sla.policy.id", RefTo("group_sla_policy"))),
            when=_is(True),
        ),
    ),
    ignored={"created_at": "when the vendor computed the event"},
    kept={"reason": "why the clock moved"},
)

# ------------------------------------------------------------------------------------------------------------ schedules

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = 1440


def intervals_of(value: Any) -> list[dict[str, str]] | None:
    """Return open hours by day. Vendor: minutes since Sunday midnight; an interval over midnight is cut there."""
    found: list[dict[str, str]] = []
    for one in value or ():
        start, end = int(one["start_time"]), int(one["end_time"])
        while start < end:
            day = start // _DAY
            stop = min(end, (day + 1) * _DAY)
            hours = {"start": _clock(start - day * _DAY), "end": _clock(stop - day * _DAY)}
            found.append({"day": _DAYS[day % 7], **hours})
            start = stop
    return found or None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def holidays_of(value: Any) -> list[dict[str, Any]] | None:
    """Return closed dates, the last day included, as the vendor counts them."""
    found = [
        {
            "name": one.get("name"),
            "start": str(one["start_date"])[:10],
            "end": str(one.get("end_date") or one["start_date"])[:10],
        }
        for one in value or ()
        if one.get("start_date")
    ]
    return found or None


SCHEDULE = ObjectMap(
    "schedule",
    (
        Table(
            "schedule",
            (
                *CREATED,
                Map("name", "name"),
                Map("timezone", "time_zone", rails_to_iana),
                Map("intervals", "intervals", intervals_of),
                Map("holidays", "holidays", holidays_of),
            ),
        ),
    ),
    ignored={"url": API_URL},
)

# -------------------------------------------------------------------------------------------------------------- ratings

_SCORES = {"good": 1.0, "bad": 0.0}


def score_of(value: Any) -> float | None:
    """Return 1 for good, 0 for bad; an offered rating has no score. Filters append `_with_comment` and the like."""
    return _SCORES.get(str(value).split("_", 1)[0]) if value else None


def answered_at(rating: Raw) -> str | None:
    """Return when a rating was given: a rating is made when it is offered, and changes when it is answered."""
    return time(rating.get("updated_at")) if score_of(rating.get("score")) is not None else None


def was_offered(rating: Any, _raw: Raw) -> bool:
    """Return whether the question was put at all; `unoffered` says that it was not."""
    return bool(rating.get("score") != "unoffered")


SATISFACTION_RATING = ObjectMap(
    "satisfaction_rating",
    (
        Table(
            "survey_response",
            (
                *CREATED,
                Map("kind", via=Const("csat")),
                Map("ticket_id", "ticket_id", RefTo("ticket")),
                Map("person_id", "requester_id", RefTo("user")),
                Map("agent_id", "assignee_id", RefTo("user")),
                Map("score", "score", score_of),
                Map("scale_min", via=Const(0.0)),
                Map("scale_max", via=Const(1.0)),
                Map("label", "score"),
                Map("reason", "reason"),
                Map("comment", "comment"),
                Map("sent_at", "created_at", time),
                Map("answered_at", ".", answered_at),
            ),
            when=was_offered,
        ),
    ),
    ignored={"url": API_URL},
    kept={
        "group_id": "the ticket's group at the time", "reason_id": "the vendor's id of the reason",
        "reason_code": "the vendor's code of the reason",
    },
)  # fmt: skip

MAPS = (SLA_POLICY, GROUP_SLA_POLICY, TICKET_METRIC_EVENT, SCHEDULE, SATISFACTION_RATING)
