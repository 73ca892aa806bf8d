"""Faults of histories, service levels, surveys and times of work."""

from __future__ import annotations

from tests.validate.corruption.damage import ANSWERED, Damage, later
from tests.validate.corruption.defect import Seen, defect, seen

ANSWERED_SURVEY = (
    "ticket_id IS NOT NULL AND answered_at IS NOT NULL AND score IS NOT NULL AND scale_max IS NOT NULL "
    "AND EXISTS (SELECT 1 FROM ticket t WHERE t.id = survey_response.ticket_id AND t.solved_at IS NOT NULL "
    "AND t.solved_at <= survey_response.answered_at)"
)


@defect("event.out_of_order")
def out_of_order(desk: Damage) -> Seen:
    """The third change has the place of the second."""
    ticket = desk.solved()
    events = desk.whole_history(ticket)
    desk.set("ticket_event", events[1], seq=3)
    desk.set("ticket_event", events[2], seq=2)
    return seen(events[1], instead=[events[2], ticket])


@defect("event.contradicts_status")
def contradicts_status(desk: Damage) -> Seen:
    """The last change says open, and the ticket is solved."""
    ticket = desk.solved()
    created = desk.get("ticket", ticket, "created_at")
    events = desk.history(ticket, (None, "new", created), ("new", "open", later(created, minutes=30)))
    return seen(ticket, instead=[events[-1]])


@defect("event.gap_in_history")
def gap_in_history(desk: Damage) -> Seen:
    """A change begins where the one before did not end."""
    ticket = desk.solved()
    events = desk.whole_history(ticket)
    desk.set("ticket_event", events[2], old_value="on_hold")
    return seen(events[2], instead=[ticket])


@defect("sla.breach_unrecorded")
def breach_unrecorded(desk: Damage) -> Seen:
    """An hour was promised, two were taken, and no breach was recorded."""
    policy = desk.insert("sla_policy", name="An hour")
    ticket = desk.solved()
    desk.remove("sla_event", "ticket_id = :t", t=ticket)
    begin = desk.get("ticket", ticket, "created_at")
    common = {"ticket_id": ticket, "policy_id": policy, "metric": "first_reply_time", "instance": 1,
              "target_seconds": 3600.0, "business_hours": False}  # fmt: skip
    events = desk.insert_many("sla_event", [
        {**common, "kind": kind, "occurred_at": at, "created_at": at}
        for kind, at in (("apply", begin), ("activate", begin), ("fulfill", later(begin, hours=2)))
    ])  # fmt: skip
    return seen(ticket, instead=events)


@defect("sla_event.without_policy")
def sla_event_without_policy(desk: Damage) -> Seen:
    ticket = desk.solved()
    at = desk.get("ticket", ticket, "created_at")
    desk.remove("sla_event", "ticket_id = :t", t=ticket)
    made = desk.insert("sla_event", ticket_id=ticket, policy_id=None, metric="first_reply_time", instance=1,
                       kind="apply", occurred_at=at, created_at=at, target_seconds=3600.0 * 24 * 3650,
                       business_hours=False)  # fmt: skip
    return seen(made)


# ------------------------------------------------------------------------------------------------------------- surveys


@defect("survey.without_ticket")
def survey_without_ticket(desk: Damage) -> Seen:
    return seen(desk.set("survey_response", desk.take("survey_response", ANSWERED_SURVEY), ticket_id=None))


@defect("survey.outside_scale")
def outside_scale(desk: Damage) -> Seen:
    survey = desk.take("survey_response", ANSWERED_SURVEY)
    return seen(desk.set("survey_response", survey, score=desk.get("survey_response", survey, "scale_max") + 5))


@defect("survey.answered_before_sent")
def answered_before_sent(desk: Damage) -> Seen:
    survey = desk.take("survey_response", ANSWERED_SURVEY)
    answered = desk.get("survey_response", survey, "answered_at")
    return seen(desk.set("survey_response", survey, sent_at=later(answered, days=1)))


@defect("survey.answered_before_solved")
def answered_before_solved(desk: Damage) -> Seen:
    survey = desk.take("survey_response", ANSWERED_SURVEY)
    ticket = desk.get("survey_response", survey, "ticket_id")
    solved = desk.get("ticket", ticket, "solved_at")
    return seen(
        desk.set("survey_response", survey, answered_at=later(solved, hours=-1), sent_at=later(solved, hours=-2))
    )


# ---------------------------------------------------------------------------------------------- numbers, work and calls


@defect("vendor_metric.differs", "zendesk")
def vendor_metric_differs(desk: Damage) -> Seen:
    """The vendor's own first reply time is a week more than the records say."""
    ticket = desk.solved(
        "EXISTS (SELECT 1 FROM vendor_metric v WHERE v.ticket_id = ticket.id "
        "AND v.name = 'reply_time_in_minutes.calendar')"
    )
    (metric,) = (row[0] for row in desk.rows(
        "SELECT id FROM vendor_metric WHERE ticket_id = :t AND name = 'reply_time_in_minutes.calendar'", t=ticket
    ))  # fmt: skip
    value = desk.get("vendor_metric", metric, "value")
    return seen(desk.set("vendor_metric", metric, value=value + 7 * 24 * 60), instead=[ticket])


@defect("time_entry.negative")
def negative_time(desk: Damage) -> Seen:
    agent = desk.person(role="agent")
    return seen(desk.insert("time_entry", ticket_id=desk.ticket(ANSWERED), person_id=agent, seconds=-60.0, kind="work",
                            started_at="2025-01-07T09:00:00.000000Z"))  # fmt: skip


@defect("interaction.ended_before_answered")
def ended_before_answered(desk: Damage) -> Seen:
    agent, customer = desk.person(role="agent"), desk.person()
    return seen(desk.insert(
        "interaction", ticket_id=desk.ticket(ANSWERED), person_id=customer, agent_id=agent, channel="phone",
        queue_entered_at="2025-01-07T09:00:00.000000Z", answered_at="2025-01-07T09:02:00.000000Z",
        ended_at="2025-01-07T09:01:00.000000Z", outcome="answered",
    ))  # fmt: skip


@defect("interaction.answered_before_queued")
def answered_before_queued(desk: Damage) -> Seen:
    agent, customer = desk.person(role="agent"), desk.person()
    return seen(desk.insert(
        "interaction", ticket_id=desk.ticket(ANSWERED), person_id=customer, agent_id=agent, channel="phone",
        queue_entered_at="2025-01-07T09:03:00.000000Z", answered_at="2025-01-07T09:02:00.000000Z",
        ended_at="2025-01-07T09:04:00.000000Z", outcome="answered",
    ))  # fmt: skip
