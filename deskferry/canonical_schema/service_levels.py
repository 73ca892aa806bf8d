"""Service levels, business hours, time entries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical
from deskferry.canonical_schema.columns import choice, flag, json_value, position, real, text, time
from deskferry.canonical_schema.enums import SlaEventKind, TimeEntryKind


class SlaPolicy(Canonical, table=True):
    """A promise: which tickets must be answered or solved in what time."""

    __tablename__ = "sla_policy"

    name: str | None = text("Its name")
    targets: Any = json_value(shapes.TARGETS, "Seconds by metric and priority")
    filter: Any = json_value(shapes.OBJECT, "Which tickets it applies to, in the vendor's words")


class SlaEvent(Canonical, table=True):
    """What happened to the clock of one target on one ticket."""

    __tablename__ = "sla_event"

    ticket_id: str = text("The ticket", required=True, index=True)
    policy_id: str | None = text("The policy that set the target (an sla_policy)")
    metric: str | None = text("What is measured, e.g. `first_reply_time`")
    instance: int | None = position("Which run of that clock on the ticket, from 1")
    kind: str | None = choice(SlaEventKind, "What happened")
    occurred_at: datetime | None = time("When")
    target_seconds: float | None = real("The target in seconds")
    business_hours: bool | None = flag("True when the clock runs in business hours only")


class Schedule(Canonical, table=True):
    """Business hours."""

    __tablename__ = "schedule"

    name: str | None = text("Its name")
    timezone: str | None = text("IANA time zone of its local times")
    intervals: Any = json_value(shapes.INTERVALS, "Open intervals of a week, local time, end exclusive")
    holidays: Any = json_value(shapes.HOLIDAYS, "Closed local dates, last day included")


class TicketSchedule(Canonical, table=True):
    """From when on a schedule applied to a ticket."""

    __tablename__ = "ticket_schedule"

    ticket_id: str = text("The ticket", required=True, index=True)
    schedule_id: str | None = text("The schedule; NULL: none from then on")
    from_at: datetime | None = time("From when on")


class TimeEntry(Canonical, table=True):
    """Time that an agent spent."""

    __tablename__ = "time_entry"

    ticket_id: str | None = text("The ticket it was spent on", index=True)
    person_id: str | None = text("The agent who spent it")
    started_at: datetime | None = time("When the work began")
    seconds: float | None = real("How long, in seconds")
    kind: str | None = choice(TimeEntryKind, "What on")
    billable: bool | None = flag("True when the customer pays for it")
    note: str | None = text("What was done")
