"""Freshdesk → canonical rows: service levels, business hours, scenarios, rules, forms, surveys, skills.

Reference: https://developers.freshdesk.com/api (2026-01-16); payloads as they were recorded in
airbytehq/airbyte (source-freshdesk, expected_records.jsonl).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from deskferry.connectors.freshdesk import converters as own
from deskferry.connectors.freshdesk.read_people import TIMES
from deskferry.connectors.kit.converters import boolean, choice, whole
from deskferry.connectors.kit.mapping import Const, Convert, Map, ObjectMap, Raw, Table, Unreadable, as_text

# ------------------------------------------------------------------------------------------------------ service levels

_PRIORITIES = ("low", "normal", "high", "urgent")
_METRICS: Mapping[str, str] = MappingProxyType({
    "respond_within": "first_reply_time",
    "next_respond_within": "next_reply_time",
    "resolve_within": "agent_work_time",
})  # fmt: skip
"""Targets by the metric whose clock runs as theirs: that of resolving stands still while a ticket waits."""


def targets(levels: Any) -> list[Raw] | None:
    """Return the targets of a policy in seconds, by priority; those that are not set are left out."""
    found = []
    for number, priority in enumerate(_PRIORITIES, 1):
        level = (levels or {}).get(f"priority_{number}") or {}
        for key, metric in _METRICS.items():
            if level.get(key) is not None:
                hours = boolean(level.get("business_hours"))
                found.append({"metric": metric, "priority": priority, "seconds": level[key], "business_hours": hours})
    return found or None


def applicable(policy: Raw) -> Raw | None:
    """Return which tickets a policy applies to; the newer conditions lie beside the older ones."""
    newer = policy.get("advanced_conditions")
    return {**(policy.get("applicable_to") or {}), **({"advanced_conditions": newer} if newer else {})} or None


SLA_POLICY = ObjectMap(
    "sla_policy",
    (
        Table(
            "sla_policy",
            (Map("name", "name"), Map("targets", "sla_target", targets), Map("filter", ".", applicable), *TIMES),
            takes=("applicable_to", "advanced_conditions"),
        ),
    ),
    kept={
        "description": "what it is for",
        "active": "whether it is in use",
        "is_default": "the policy of tickets that no other applies to",
        "position": "order of matching",
        "escalation": "who is told when a target is missed, or soon will be",
    },
)

# ------------------------------------------------------------------------------------------------------- business hours

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*(am|pm)?\s*", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def intervals(calendar: Raw) -> list[Raw] | None:
    """Return the open hours by day; midnight as an end is that of the day's end."""
    days = calendar.get("business_hours") or calendar.get("working_hours") or {}
    found = []
    for name in _DAYS:
        for one in _spans(days.get(name)):
            start, end = _clock(one.get("start_time")), _clock(one.get("end_time"))
            found.append({"day": name[:3], "start": start, "end": "24:00" if end == "00:00" else end})
    return found or None


def _spans(day: Any) -> list[Raw]:
    """Return the open hours of a day: the vendor tells one span."""
    return [day] if isinstance(day, dict) and day else day if isinstance(day, list) else []


def _clock(value: Any) -> str:
    """Return `8:00 am` or `08:00:00 am` as a local time of twenty-four hours."""
    read = _CLOCK.fullmatch(str(value))
    hour, half = (int(read[1]), (read[3] or "").lower()) if read else (99, "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0) if 1 <= hour <= 12 else 99
    if read is None or hour > 23 or int(read[2]) > 59:
        raise Unreadable("bad_time", f"{str(value)[:20]!r} is no time of day")
    return f"{hour:02d}:{read[2]}"


def holidays(calendar: Raw) -> list[Raw] | None:
    """Return the closed dates that name their year; those of every year have no canonical form."""
    found = []
    for one in calendar.get("list_of_holidays") or ():
        told = one if isinstance(one, Mapping) else {}
        date = _DATE.match(str(told.get("holiday_date") or told.get("date") or ""))
        if date is not None:
            name = as_text(told.get("holiday_name") or told.get("name"))
            found.append({"name": name, "start": date[0], "end": date[0]})
    return found or None


BUSINESS_HOUR = ObjectMap(
    "business_hour",
    (
        Table(
            "schedule",
            (
                Map("name", "name"),
                Map("timezone", "time_zone", own.timezone),
                Map("intervals", ".", intervals),
                Map("holidays", ".", holidays),
                *TIMES,
            ),
            takes=("business_hours", "working_hours"),
        ),
    ),
    kept={
        "description": "what it is for",
        "is_default": "the hours of groups that have none of their own",
        "list_of_holidays": "holidays as the vendor tells them, those of every year among them",
    },
)

# ---------------------------------------------------------------------------------------------------- scenarios, rules


def _item(kind: Map, title: str, takes: tuple[str, ...], definition: Convert, *more: Map) -> Table:
    """Return the table of something that no API moves: its definition, of these keys, is kept whole."""
    rows = (kind, Map("name", title), Map("definition", ".", definition), *more, *TIMES)
    return Table("config_item", rows, takes=takes)


def scenario_visibility(private: Any) -> str:
    """Return who may run a scenario: all agents, or the one who made it; what is not told is `restricted`."""
    return "agents" if private is False else "restricted"


SCENARIO_AUTOMATION = ObjectMap(
    "scenario_automation",
    (
        Table(
            "macro",
            (
                Map("name", "name"),
                Map("actions", "actions", whole),
                Map("visibility", "private", scenario_visibility),
                *TIMES,
            ),
        ),
    ),
    kept={"description": "what it is for"},
)

RULE_TYPES: Mapping[int, str] = MappingProxyType({1: "trigger", 3: "automation", 4: "trigger"})
"""Rules at the creation of a ticket, by the hour, at its update."""
_SKILL = ("rank", "match_type", "conditions", "agents")
_RULE = ("automation_type_id", "position", "operator", "performer", "events", "conditions", "actions")

AUTOMATION_RULE = ObjectMap(
    "automation_rule",
    (
        _item(
            Map("kind", "automation_type_id", choice(RULE_TYPES, what="type of rule")),
            "name",
            _RULE,
            own.keeping(*_RULE),
            Map("is_active", "active", boolean),
        ),
    ),
    ignored={"affected_tickets_count": "a counter that moves by itself", "meta": "how many rules there are"},
    kept={
        "description": "what it is for",
        "summary": "the rule in the words of the interface",
        "outdated": "whether it names fields that are gone",
        "last_updated_by": "who changed it last",
    },
    volatile=("affected_tickets_count", "meta"),
)

SKILL = ObjectMap(
    "skill",
    (_item(Map("kind", via=Const("automation")), "name", _SKILL, own.keeping(*_SKILL)),),
    kept={"description": "what it is for"},
)

# ------------------------------------------------------------------------------------------------------ forms, surveys


def form(raw: Raw) -> Raw | None:
    """Return what is on a form, without the choices of its fields: those are the fields' own."""
    fields = [
        {key: kept for key, kept in one.items() if key != "choices"} if isinstance(one, dict) else one
        for one in raw.get("fields") or ()
    ]
    return {key: found for key, found in (("fields", fields), ("portals", raw.get("portals"))) if found} or None


TICKET_FORM = ObjectMap(
    "ticket_form",
    (_item(Map("kind", via=Const("form")), "title", ("fields", "portals"), form),),
    kept={
        "name": "the key that the vendor makes of its title",
        "description": "what it is for",
        "default": "the form where no other is chosen",
        "last_updated_by": "who changed it last",
    },
    volatile=("fields[].choices",),
)

SURVEY = ObjectMap(
    "survey",
    (_item(Map("kind", via=Const("form")), "title", ("questions",), own.keeping("questions")),),
)

MAPS = (SLA_POLICY, BUSINESS_HOUR, SCENARIO_AUTOMATION, AUTOMATION_RULE, SKILL, TICKET_FORM, SURVEY)
