"""The tables that other tools draw from: facts at their grain, dimensions around them, ids as they are in the store.

Facts refer to dimensions by ids (`old:user:7`) and to the calendar by local days (`…_on`); durations are in seconds,
calendar time unless the name says `business`; NULL means not known or not happened, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.metrics import zones
from deskferry.metrics.desk import Desk
from deskferry.metrics.facts import tables_of
from deskferry.metrics.facts.response_turn import numbered

_PEOPLE = dict.fromkeys(
    ("requester_id", "submitter_id", "assignee_id", "author_id", "agent_id", "person_id", "solver_id",
     "first_reply_agent_id"), "person",
)  # fmt: skip
_REFERS: Mapping[str, str] = MappingProxyType(
    {**_PEOPLE, "ticket_id": "ticket", "merged_into_id": "ticket", "parent_id": "ticket", "follow_up_of_id": "ticket",
     "team_id": "team", "organization_id": "organization", "inbox_id": "inbox", "brand_id": "inbox",
     "policy_id": "sla_policy", "message_id": "message", "survey_id": "survey_response"}
)  # fmt: skip
"""Column with an id → the table whose ids they are."""


@dataclass(frozen=True, slots=True)
class StarTable:
    """One table of the star."""

    grain: str
    build: Callable[[Desk], ir.Table]
    facts: tuple[str, ...] = ()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical tables that it reads itself."""


def _ticket(desk: Desk) -> ir.Table:
    rows = desk.fact("ticket")
    for name in ("resolution", "ticket_messages", "status_seconds", "status_recorded"):
        other = desk.fact(name).drop("connection")
        rows = rows.left_join(other, "ticket_id").drop("ticket_id_right")
    rows = rows.rename(first_reply_agent_id="first_reply_agent", last_reply_agent_id="last_reply_agent")
    ends = {"first_response": "first_reply_at", "first_resolution": "first_solved_at", "resolution": "last_solved_at"}
    for name, end in ends.items():
        rows = rows.mutate(**{f"{name}_seconds": zones.seconds_between(rows.created_at, rows[end])})
        rows = desk.calendars.elapsed(rows, "created_at", end, f"{name}_business_seconds", schedules="cumulative")
    rows = rows.mutate(created_on=_day(desk, rows.created_at), solved_on=_day(desk, rows.last_solved_at))
    return rows.drop("last_reply_agent_id", "first_reply_place", "last_customer_place")


def _message(desk: Desk) -> ir.Table:
    rows = desk.fact("message")
    return rows.drop("session_id", "is_opening", "in_p0").rename(sent_at="at").mutate(sent_on=_day(desk, rows["at"]))


def _status_interval(desk: Desk) -> ir.Table:
    rows = desk.fact("status_interval")
    rows = rows.mutate(seconds=zones.seconds_between(rows.from_at, rows.until), from_on=_day(desk, rows.from_at))
    return desk.calendars.elapsed(rows, "from_at", "until", "business_seconds", schedules="cumulative").drop("until")


def _response_turn(desk: Desk) -> ir.Table:
    rows = desk.fact("response_turn")
    rows = rows.mutate(
        seconds=zones.seconds_between(rows.opened_at, rows.closed_at), opened_on=_day(desk, rows.opened_at)
    )
    rows = desk.calendars.elapsed(rows, "opened_at", "closed_at", "business_seconds", schedules="cumulative")
    return numbered(rows).drop("in_p0", "replies_before").rename(agent_id="agent")


def _survey_answer(desk: Desk) -> ir.Table:
    rows = desk.fact("survey_answer")
    return rows.drop("comment", "at").rename(agent_id="agent").mutate(answered_on=_day(desk, rows.answered_at))


def _assignment(desk: Desk) -> ir.Table:
    rows = desk.fact("assignment").drop("in_p0")
    return rows.mutate(from_on=_day(desk, rows.from_at))


def _sla_instance(desk: Desk) -> ir.Table:
    rows = desk.fact("sla_instance")
    return rows.mutate(started_on=_day(desk, rows.started_at))


def _dimension(table: str, *columns: str) -> StarTable:
    def build(desk: Desk) -> ir.Table:
        rows = desk.table(table, deleted=True)
        kept = {name: rows[name] for name in ("connection", *columns)}
        return rows.select(**{f"{table}_id": rows.id}, **kept)

    return StarTable(f"a {table}", build, tables={table: ("id", "connection", *columns)})


def _tag(desk: Desk) -> ir.Table:
    rows = desk.table("tagging")
    return rows.filter(rows.kind == "ticket").select("connection", "tag", ticket_id="record_id").distinct()


def _date(desk: Desk) -> ir.Table:
    """Return every local day from that of the first ticket to today."""
    zone = desk.question.zone
    day, last = (desk.first_instant + timedelta(days=366)).astimezone(zone).date(), desk.as_of.astimezone(zone).date()
    days = []
    while day <= last:
        year, week, weekday = day.isocalendar()
        days.append({"day": day, "year": day.year, "quarter": (day.month + 2) // 3, "month": day.month,
                     "month_label": f"{day:%Y-%m}", "iso_week": f"{year}-W{week:02}", "weekday": weekday,
                     "is_weekend": weekday > 5})  # fmt: skip
        day += timedelta(days=1)
    return desk.held(pa.Table.from_pylist(days))


def _day(desk: Desk, at: ir.TimestampValue) -> Any:
    return desk.local(at).date()


STAR: Mapping[str, StarTable] = MappingProxyType(
    {
        "fact_ticket": StarTable(
            "a ticket", _ticket, ("ticket", "resolution", "ticket_messages", "status_seconds", "status_recorded")
        ),
        "fact_message": StarTable("a message that was sent, without its text", _message, ("message",)),
        "fact_response_turn": StarTable("each time that a customer waited", _response_turn, ("response_turn",)),
        "fact_status_interval": StarTable("each time that a ticket was in a status", _status_interval,
                                          ("status_interval",)),
        "fact_assignment": StarTable("each time that a ticket was somebody's", _assignment, ("assignment",)),
        "fact_survey_answer": StarTable("a question put to a person", _survey_answer, ("survey_answer",)),
        "fact_sla_instance": StarTable("a target of a service level on a ticket", _sla_instance, ("sla_instance",)),
        "dim_person": _dimension("person", "name", "role", "organization_id", "is_active"),
        "dim_team": _dimension("team", "name"),
        "dim_organization": _dimension("organization", "name"),
        "dim_inbox": _dimension("inbox", "name", "kind"),
        "dim_date": StarTable("a local day", _date),
        "bridge_ticket_tag": StarTable("a tag of a ticket", _tag, tables={"tagging": ("kind", "record_id", "tag")}),
    }
)  # fmt: skip


def star_tables(names: Iterable[str] = STAR) -> dict[str, set[str]]:
    """Return the canonical tables and columns that tables of the star read."""
    found: dict[str, set[str]] = {}
    for name in names:
        one = STAR[name]
        for table, columns in (*tables_of(("ticket", *one.facts)).items(), *one.tables.items()):
            found.setdefault(table, set()).update(columns)
    for table in set(_REFERS.values()):
        found.setdefault(table, set()).add("text_of_id")
    return found


def star_table(desk: Desk, name: str) -> ir.Table:
    """Return a table of the star: its ids are those of the store, not the keys of a snapshot."""
    rows = STAR[name].build(desk)
    for column, table in _REFERS.items():
        if column in rows.columns:
            texts = desk.texts(table).select(_key="key", _text="text")
            rows = rows.left_join(texts, rows[column] == texts["_key"]).drop("_key")
            unknown = ibis.literal("unknown:") + rows[column].cast("string")
            rows = rows.mutate(**{column: rows["_text"].coalesce(unknown)}).drop("_text")
    first = [one for one in ("ticket_id", "connection") if one in rows.columns]
    return rows.select(*first, *sorted(set(rows.columns) - set(first)))
