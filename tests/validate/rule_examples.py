"""For each rule a few rows of a connection of its own: those that it objects to are called `bad…`, all others are fine.

A row is a kind, a name and its columns; `@kind.name` is the id of another row. Days are of January 2026; it is the 1st
of February.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Example:
    """Rows, and what the detail of a finding without a record says."""

    rows: tuple[Row, ...]
    without_record: tuple[str, ...] = ()


def day(number: int, clock: str = "09:00") -> str:
    """Return an instant of January 2026; days beyond it go on."""
    month, rest = divmod(number - 1, 31)
    return f"2026-{month + 1:02}-{rest + 1:02}T{clock}:00.000000Z"


def ticket(name: str, **values: Any) -> Row:
    """Return an unsuspicious open ticket."""
    plain = {
        "created_at": day(2), "updated_at": day(3), "status": "open", "channel": "email", "number": None,
        "requester_id": "@person.cleo",
    }  # fmt: skip
    return "ticket", name, {**plain, **values}


def person(name: str, **values: Any) -> Row:
    """Return an unsuspicious customer."""
    return "person", name, {"role": "end_user", "email": f"{name}@example.com", "is_active": True, **values}


def message(name: str, of: str = "one", **values: Any) -> Row:
    """Return a mail of a customer, sent at once."""
    plain = {
        "ticket_id": f"@ticket.{of}", "created_at": day(2), "author_id": "@person.cleo", "author_kind": "end_user",
        "kind": "public_reply", "state": "sent", "direction": "in", "is_public": True, "is_opening": False,
        "channel": "email", "to_addresses": '[{"address":"help@example.com","name":null}]',
    }  # fmt: skip
    return "message", name, {**plain, **values}


def reply(name: str, of: str = "one", **values: Any) -> Row:
    """Return the mail of an agent, sent a day later."""
    return message(
        name,
        of,
        **{"author_id": "@person.ann", "author_kind": "agent", "direction": "out", "created_at": day(3), **values},
    )


def event(name: str, seq: int, at: str, old: str | None, new: str, of: str = "one", **values: Any) -> Row:
    """Return a change, of status unless told."""
    return "ticket_event", name, {
        "ticket_id": f"@ticket.{of}", "seq": seq, "occurred_at": at, "field": "status", "old_value": old,
        "new_value": new, **values,
    }  # fmt: skip


def row(kind: str, name: str, /, **values: Any) -> Row:
    """Return a row of any kind."""
    return kind, name, values


def many(days: range, a_day: int) -> tuple[Row, ...]:
    """Return so many tickets on each of some days."""
    return tuple(ticket(f"{one}-{place}", created_at=day(one)) for one in days for place in range(a_day))


def months(told: str) -> tuple[Row, ...]:
    """Return twenty tickets a month, with a team where there is a `t`."""
    return tuple(
        ticket(
            f"{place}-{n}",
            created_at=f"2025-{place + 1:02}-05T09:00:00.000000Z",
            team_id="@team.a" if one == "t" else None,
        )
        for place, one in enumerate(told)
        for n in range(20)
    )


_ONE = ticket("one")
_FIELD = {"kind": "ticket", "key": "size", "label": "Size", "is_active": True}
_SIZES = '[{"value":"s","label":"Small"},{"value":"l","label":"Large"}]'
_HOURS = '[{"day":"mon","start":"09:00","end":"17:00"}]'


def _field_values(kind: str) -> tuple[Row, ...]:
    make = {"ticket": ticket, "person": person}.get(kind, lambda name, **values: row(kind, name, **values))
    return (
        row("custom_field", "size", **{**_FIELD, "kind": kind}, type="multi_select", options=_SIZES),
        make("bad", custom_fields='{"size":["s","xl"]}'), make("bad_text", custom_fields='{"size":"huge"}'),
        make("value", custom_fields='{"size":["s","l"]}'), make("label", custom_fields='{"size":"Large"}'),
        make("empty", custom_fields='{"size":null}'), make("none", custom_fields='{}'),
    )  # fmt: skip


def _sla(name: str, kind: str, at: str, **values: Any) -> Row:
    plain = {
        "ticket_id": "@ticket.one", "metric": "first_reply_time", "instance": 1, "kind": kind, "occurred_at": at,
        "target_seconds": 3600.0, "business_hours": False, "policy_id": "@sla_policy.p",
    }  # fmt: skip
    return "sla_event", name, {**plain, **values}


EXAMPLES: dict[str, Example] = {
    "ticket.no_requester": Example((
        ticket("bad", requester_id=None), _ONE, ticket("merged", status="merged", requester_id=None),
    )),
    "ticket.no_channel": Example((ticket("bad", channel=None, channel_label="carrier pigeon"), _ONE)),
    "ticket.unknown_status": Example((
        ticket("bad", status="unknown"), ticket("bad_none", status=None), _ONE, ticket("spam", status="spam"),
    )),
    "ticket.unmapped_label": Example((
        ticket("bad", priority_label="P0"), ticket("fine", priority_label="High", priority="high"), _ONE,
    )),
    "ticket.spam_not_marked": Example((
        ticket("bad", status="spam", is_spam=False), ticket("bad_open", is_spam=True),
        ticket("spam", status="spam", is_spam=True), ticket("gone", status="deleted", is_spam=True), _ONE,
    )),
    "ticket.solved_before_created": Example((
        ticket("bad", solved_at=day(1)), ticket("fine", solved_at=day(3)),
        ticket("gone", solved_at=day(1), deleted_at=day(4)),
    )),
    "ticket.closed_before_solved": Example((
        ticket("bad", solved_at=day(4), closed_at=day(3)), ticket("fine", solved_at=day(3), closed_at=day(3)),
    )),
    "ticket.updated_before_created": Example((ticket("bad", updated_at=day(1)), _ONE)),
    "ticket.first_response_before_creation": Example((
        ticket("bad", first_responded_at=day(1)), ticket("fine", first_responded_at=day(2)),
    )),
    "ticket.time_in_future": Example((
        ticket("bad", updated_at=day(40)), ticket("bad_new", created_at=day(32, "02:00")),
        ticket("soon", updated_at=day(32, "00:30")), _ONE,
    )),
    "ticket.open_for_ages": Example((
        ticket("bad", created_at="2024-01-01T00:00:00.000000Z"), _ONE,
        ticket("done", status="solved", created_at="2024-01-01T00:00:00.000000Z"),
    )),
    "ticket.solved_without_time": Example((
        ticket("bad", status="solved"), ticket("bad_closed", status="closed"), _ONE,
        ticket("solved", status="solved", solved_at=day(3)), ticket("closed", status="closed", closed_at=day(3)),
    )),
    "ticket.time_without_solved": Example((
        ticket("bad", solved_at=day(4)), ticket("reopened", solved_at=day(4)),
        event("again", 1, day(5), "solved", "open", "reopened"),
        ticket("solved", status="solved", solved_at=day(4)), _ONE,
    )),
    "ticket.duplicate_number": Example((
        ticket("bad", number="7"), ticket("bad_twin", number="7"), ticket("eight", number="8"), _ONE,
        ticket("gone", number="8", deleted_at=day(4)),
    )),
    "ticket.number_gaps": Example(
        (*(ticket(f"n{n}", number=str(n)) for n in range(1, 40) if not 20 <= n <= 26),
         ticket("9000", number=None, status="merged")),
        ("7 in a row: 20 to 26",),
    ),
    "ticket.volume_drop": Example(
        (*many(range(1, 13), 15), *many(range(14, 15), 1), *many(range(17, 29), 15)),
        ("4 days of next to no ticket before 2026-01-17 00:00:00, 14 a day around",),
    ),
    "ticket.merged_target_missing": Example((
        ticket("bad", status="merged"), ticket("bad_gone", status="merged", merged_into_id="@ticket.gone"),
        ticket("gone", deleted_at=day(4)), ticket("fine", status="merged", merged_into_id="@ticket.one"), _ONE,
        ticket("linked", status="merged"),
        row("ticket_link", "l", ticket_id="@ticket.linked", other_ticket_id="@ticket.one", kind="merged_into"),
    )),
    "ticket.merge_cycle": Example((
        ticket("bad", merged_into_id="@ticket.bad_too"), ticket("bad_too"),
        row("ticket_link", "l", ticket_id="@ticket.bad_too", other_ticket_id="@ticket.bad", kind="merged_into"),
        ticket("into", merged_into_id="@ticket.bad"), ticket("chain", merged_into_id="@ticket.one"), _ONE,
    )),
    "ticket.parent_cycle": Example((
        ticket("bad", parent_id="@ticket.bad"), ticket("child", parent_id="@ticket.one"), _ONE,
    )),
    "person.merge_cycle": Example((
        person("bad", merged_into_id="@person.bad_b"), person("bad_b", merged_into_id="@person.bad_c"),
        person("bad_c", merged_into_id="@person.bad"), person("fine", merged_into_id="@person.cleo"), person("cleo"),
    )),
    "message.before_ticket": Example((
        _ONE, message("bad", created_at=day(1)), message("fine"), message("close", created_at=day(2, "08:59")),
    )),
    "message.after_closing": Example((
        ticket("one", status="closed", closed_at=day(4)), message("bad", created_at=day(5)),
        message("note", created_at=day(5), is_public=False), message("fine", created_at=day(3)),
        ticket("open", closed_at=day(4)), message("reopened", "open", created_at=day(5)),
    )),
    "message.draft_counted_as_reply": Example((
        ticket("one", first_responded_at=day(3)), reply("bad", state="draft"),
        ticket("two", first_responded_at=day(3)), reply("draft", "two", state="draft"), reply("sent", "two"),
        ticket("three", first_responded_at=day(4)), reply("later", "three", state="draft", created_at=day(5)),
    )),
    "message.several_openings": Example((
        ticket("bad"), message("a", "bad", is_opening=True), message("b", "bad", is_opening=True),
        _ONE, message("c", is_opening=True), message("d"),
    )),
    "message.no_opening": Example((
        ticket("bad"), message("a", "bad"), _ONE, message("b", is_opening=True), ticket("silent"),
    )),
    "message.reply_by_nobody": Example((
        _ONE, reply("bad", author_id=None), message("bad_unknown", author_id=None, author_kind="unknown"),
        message("bot", author_id=None, author_kind="bot"), message("system", author_id=None, kind="system"),
        message("fine"),
    )),
    "message.direction_contradicts_author": Example((
        _ONE, message("bad", direction="out"), reply("bad_in", direction="in"), message("fine"), reply("out"),
        reply("note", direction=None),
    )),
    "message.no_recipient": Example((
        _ONE, reply("bad", to_addresses="[]"), reply("fine"), reply("fine_too"), message("in", to_addresses=None),
        reply("chat", to_addresses=None, channel="chat"), reply("draft", to_addresses=None, state="draft"),
    )),
    "event.out_of_order": Example((
        _ONE, event("first", 1, day(4), "new", "open"), event("bad", 2, day(3), "open", "pending"),
        event("fine", 3, day(5), "pending", "open"),
    )),
    "event.contradicts_status": Example((
        _ONE, event("bad", 1, day(4), "open", "pending"),
        ticket("closed", status="closed"), event("solved", 1, day(4), "open", "solved", "closed"),
        ticket("spam", status="spam"), event("of_spam", 1, day(4), "new", "open", "spam"),
        ticket("pending", status="pending"), event("early", 1, day(4), "new", "open", "pending"),
        event("last", 2, day(5), "open", "pending", "pending"),
        ticket("survivor"), event("of_the_other", 1, day(4), "open", "solved", "survivor"),
        event("merge", 2, day(4), None, "@ticket.spam", "survivor", field="merged_from"),
        ticket("early_survivor"), event("merge_before", 1, day(4), None, "1", "early_survivor", field="merged_from"),
        event("bad_later", 2, day(5), "open", "solved", "early_survivor"),
    )),
    "event.gap_in_history": Example((
        _ONE, event("first", 1, day(3), "new", "pending"), event("bad", 2, day(4), "on_hold", "open"),
        event("fine", 3, day(5), "open", "open"), event("unknown", 4, day(6), None, "open"),
    )),
    "attachment.not_downloaded": Example((
        row("attachment", "bad", fetch_state="missing", size=5, ticket_id="@ticket.one"),
        row("attachment", "bad_never", fetch_state=None, ticket_id="@ticket.one"), _ONE,
        row("attachment", "fine", fetch_state="done", size=5, ticket_id="@ticket.one"),
    )),
    "attachment.empty": Example((
        row("attachment", "bad", size=0), row("attachment", "fine", size=1), row("attachment", "unknown", size=None),
    )),
    "attachment.of_nothing": Example((
        row("attachment", "bad", size=1), row("attachment", "fine", article_id="@article.a"),
    )),
    "person.agent_and_end_user": Example((
        person("bad", email="ann@example.com"), person("ann", role="agent"), person("cleo"),
        person("merged", email="ann@example.com", merged_into_id="@person.ann"),
    )),
    "person.duplicate_email": Example((
        person("bad", email="a@example.com"), person("bad_twin", email="a@example.com"), person("cleo"),
        person("ann", role="agent"), person("both", email="ann@example.com"),
    )),
    "person.no_way_to_reach": Example((
        person("bad", email=None, emails="[]"), person("called", email=None, phone="+15550100"), person("cleo"),
        person("agent", email=None, role="agent"), person("stand_in", email=None, is_placeholder=True),
    )),
    "person.unknown_timezone": Example((
        person("bad", timezone="Middle/Earth"), person("fine", timezone="Europe/Madrid"), person("none"),
    )),
    "schedule.unknown_timezone": Example((
        row("schedule", "bad", timezone="Mars", intervals=_HOURS),
        row("schedule", "fine", timezone="UTC", intervals=_HOURS),
        row("schedule", "bad_none", timezone=None, intervals=_HOURS),
    )),
    "schedule.empty": Example((
        row("schedule", "bad", timezone="UTC", intervals="[]"),
        row("schedule", "fine", timezone="UTC", intervals=_HOURS),
    )),
    "organization.without_people": Example((
        row("organization", "bad", name="A"), row("organization", "main", name="B"),
        row("organization", "other", name="C"),
        person("cleo", organization_id="@organization.main"),
        row("person_organization", "m", person_id="@person.cleo", organization_id="@organization.other"),
    )),
    "organization.domain_of_several": Example((
        row("organization", "bad", domains='["a.org","b.org"]'), row("organization", "bad_too", domains='["a.org"]'),
        row("organization", "fine", domains='["c.org"]'), row("organization", "none", domains="[]"),
    )),
    "organization.duplicate_name": Example((
        row("organization", "bad", name="Acme"), row("organization", "bad_too", name=" ACME "),
        row("organization", "fine", name="Acme Ltd"),
    )),
    "team.without_members": Example((
        row("team", "bad", name="A"), row("team", "fine", name="B"),
        row("team_member", "m", team_id="@team.fine", person_id="@person.ann"),
    )),
    "ticket.assignee_inactive": Example((
        person("gone", role="agent", is_active=False), person("ann", role="agent"),
        ticket("bad", assignee_id="@person.gone"), ticket("fine", assignee_id="@person.ann"),
        ticket("done", status="closed", assignee_id="@person.gone"),
    )),
    "ticket.assignee_is_end_user": Example((
        person("cleo"), person("ann", role="agent"), ticket("bad", assignee_id="@person.cleo"),
        ticket("fine", assignee_id="@person.ann"),
    )),
    "ticket.assignee_not_in_team": Example((
        row("team", "a"), row("team", "b"), person("ann", role="agent"), person("bob", role="agent"),
        row("team_member", "m", team_id="@team.a", person_id="@person.ann"),
        ticket("bad", assignee_id="@person.bob", team_id="@team.a"),
        ticket("fine", assignee_id="@person.ann", team_id="@team.a"),
        ticket("unknown", assignee_id="@person.bob", team_id="@team.b"),
    )),
    "survey.without_ticket": Example((
        row("survey_response", "bad", kind="csat"), row("survey_response", "nps", kind="nps"),
        row("survey_response", "fine", kind="csat", ticket_id="@ticket.one"), _ONE,
    )),
    "survey.outside_scale": Example((
        row("survey_response", "bad", score=6.0, scale_min=1.0, scale_max=5.0),
        row("survey_response", "bad_low", score=0.0, scale_min=1.0, scale_max=5.0),
        row("survey_response", "fine", score=5.0, scale_min=1.0, scale_max=5.0),
    )),
    "survey.answered_before_sent": Example((
        row("survey_response", "bad", sent_at=day(4), answered_at=day(3)),
        row("survey_response", "fine", sent_at=day(4), answered_at=day(4)),
    )),
    "survey.answered_before_solved": Example((
        ticket("one", solved_at=day(4)), row("survey_response", "bad", ticket_id="@ticket.one", answered_at=day(3)),
        row("survey_response", "fine", ticket_id="@ticket.one", answered_at=day(5)),
    )),
    "sla.breach_unrecorded": Example((
        _sla("begin", "activate", day(2)), _sla("bad", "fulfill", day(3)),
        _sla("b2", "activate", day(2), instance=2), _sla("in_time", "fulfill", day(2, "09:59"), instance=2),
        _sla("b3", "activate", day(2), instance=3), _sla("b3b", "breach", day(2, "10:00"), instance=3),
        _sla("noted", "fulfill", day(3), instance=3),
        _sla("b4", "activate", day(2), instance=4, business_hours=True),
        _sla("business", "fulfill", day(3), instance=4, business_hours=True),
    )),
    "sla_event.without_policy": Example((
        _sla("bad", "apply", day(2), policy_id=None), _sla("fine", "apply", day(2)),
        _sla("later", "fulfill", day(2), policy_id=None), _sla("other", "apply", day(2), metric="x", policy_id=None),
    )),
    "time_entry.negative": Example((
        row("time_entry", "bad", seconds=-1.0, kind="work"), row("time_entry", "fine", seconds=0.0, kind="work"),
    )),
    "interaction.ended_before_answered": Example((
        row("interaction", "bad", answered_at=day(3), ended_at=day(2)),
        row("interaction", "fine", answered_at=day(2), ended_at=day(3)), row("interaction", "missed", ended_at=day(3)),
    )),
    "interaction.answered_before_queued": Example((
        row("interaction", "bad", queue_entered_at=day(3), answered_at=day(2)),
        row("interaction", "fine", queue_entered_at=day(2), answered_at=day(2)),
    )),
    "custom_field.value_not_an_option": Example(_field_values("ticket")),
    "person.field_value_not_an_option": Example(_field_values("person")),
    "organization.field_value_not_an_option": Example(_field_values("organization")),
    "ticket.required_field_empty": Example((
        row("custom_field", "size", **_FIELD, type="text", is_required=True, applies_to='{"forms":["9"]}',
            created_at=day(1)),
        row("custom_field", "other", **{**_FIELD, "key": "other"}, type="text", is_required=False),
        ticket("bad", status="solved", form_id="x:ticket_form:9", custom_fields='{"other":"a"}'),
        ticket("bad_blank", status="closed", form_id="x:ticket_form:9", custom_fields='{"size":""}'),
        ticket("filled", status="solved", form_id="x:ticket_form:9", custom_fields='{"size":"s"}'),
        ticket("another_form", status="solved", form_id="x:ticket_form:8"), ticket("open", form_id="x:ticket_form:9"),
        ticket("older", status="solved", form_id="x:ticket_form:9", created_at="2025-01-01T00:00:00.000000Z"),
    )),
    "custom_field.mixed_formats": Example((
        row("custom_field", "bad", **_FIELD, type="text"),
        row("custom_field", "fine", **{**_FIELD, "key": "w"}, type="text"),
        ticket("a", custom_fields='{"size":"2026-01-02","w":"5 kg"}'),
        ticket("b", custom_fields='{"size":"2/1/2026","w":"7 kg"}'), ticket("c", custom_fields='{"w":"8kg"}'),
    )),
    "inbox.unused": Example((
        row("inbox", "bad"), row("inbox", "used"), row("inbox", "brand"), ticket("a", inbox_id="@inbox.used"),
        ticket("b", brand_id="@inbox.brand"),
    )),
    "tagging.odd_case": Example(tuple(
        row("tagging", name, kind="ticket", record_id="@ticket.one", tag=tag)
        for name, tag in (("bad", "vip"), ("a", "VIP"), ("b", "VIP"), ("c", "vip_new"))
    )),
    "article.without_category": Example((
        row("article", "bad", title="A"), row("article", "fine", title="B", category_id="@article_category.c"),
    )),
    "article.no_translation_text": Example((
        row("article_translation", "bad", locale="es", body_html=""),
        row("article_translation", "fine", locale="es", body_html="<p>Hola</p>"),
        row("article_translation", "plain", locale="es", body_text="Hola"),
    )),
    "article.duplicate_title": Example((
        row("article", "bad", title="Returns", locale="en"), row("article", "bad_too", title="returns ", locale="en"),
        row("article", "es", title="Returns", locale="es"), row("article", "none", title=None),
    )),
    "vendor_metric.differs": Example((
        ticket("one", status="solved", solved_at=day(4)), reply("first"), message("opened", is_opening=True),
        row("vendor_metric", "bad", ticket_id="@ticket.one", name="reply_time_in_minutes.calendar", value=600.0),
        row("vendor_metric", "fine", ticket_id="@ticket.one", name="full_resolution_time_in_minutes.calendar",
            value=2881.0),
        row("vendor_metric", "other", ticket_id="@ticket.one", name="reopens", value=600.0),
    )),
    "connection.stale": Example(
        (row("stream_cursor", "tickets", stream="tickets", finished_at=day(20)),
         row("stream_cursor", "users", stream="users", finished_at=day(10))),
        ("last read to the end 2026-01-20 09:00:00",),
    ),
    "record.field_always_empty": Example(months("-tttt--"), ("team_id was filled until 2025-05",)),
    "ticket.no_message": Example((ticket("bad"), _ONE, message("m"), ticket("merged", status="merged"))),
    "reference.ticket.requester_id": Example((ticket("bad", requester_id="@person.nobody"), _ONE, person("cleo"))),
    "reference.ticket.merged_into_id": Example((
        ticket("bad", merged_into_id="@ticket.nowhere"), _ONE, ticket("fine", merged_into_id="@ticket.gone"),
        ticket("gone", deleted_at=day(4)),
    )),
}  # fmt: skip
