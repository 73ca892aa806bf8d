"""M15: the checks and edges of its card, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_period

REASON = "no messages / no requester identity"


def resolved(world: World, day: int = 5, **values: object) -> str:
    """Opened at 09:00, answered at 10:00, solved at 11:00."""
    ticket = world.ticket(f"2026-01-{day:02} 09:00", **values)
    world.customer(ticket, f"2026-01-{day:02} 09:00")
    world.reply(ticket, f"2026-01-{day:02} 10:00")
    world.status(ticket, f"2026-01-{day:02} 11:00", "solved")
    return ticket


def test_one_episode_is_first_contact_and_a_customer_who_writes_again_is_not(world: World) -> None:
    resolved(world)
    twice = world.ticket("2026-01-05 09:00")
    for minute in ("00", "30"):  # both before the first reply: one episode
        world.customer(twice, f"2026-01-05 09:{minute}")
    world.reply(twice, "2026-01-05 10:00")
    world.reply(twice, "2026-01-05 10:30")
    world.status(twice, "2026-01-05 11:00", "solved")
    back = resolved(world)
    world.customer(back, "2026-01-05 10:30")
    world.ticket("2026-01-05 09:00")  # not resolved
    total = world.compute("M15").total
    assert (total.value, total.n_eligible) == (2 / 3, 3)


def test_reopened_escalated_continued_or_merged_tickets_are_not(world: World) -> None:
    again = resolved(world)
    world.status(again, "2026-01-06 09:00", "open")
    world.status(again, "2026-01-06 10:00", "solved")
    resolved(world, is_escalated=True)
    resolved(world, tags=("tier2",))
    continued, survivor = resolved(world), resolved(world)
    world.ticket("2026-02-05 09:00", follow_up_of_id=continued)
    world.ticket("2026-01-05 10:00", status="merged", merged_into_id=survivor)
    resolved(world)
    assert world.compute("M15").value == 2 / 6
    assert world.compute("M15", tags="tier2").value == 1 / 6


def test_a_closing_thanks_is_forgiven_when_asked(world: World) -> None:
    thanked = resolved(world)
    world.customer(thanked, "2026-01-05 12:00")
    world.status(thanked, "2026-01-05 12:00", "open", None)
    world.status(thanked, "2026-01-05 12:30", "solved")
    answered = resolved(world)
    world.customer(answered, "2026-01-05 12:00")
    world.reply(answered, "2026-01-05 13:00")
    late = resolved(world)
    world.customer(late, "2026-01-12 10:00:01")  # one second beyond the window
    in_time = resolved(world)
    world.customer(in_time, "2026-01-12 10:00")
    assert world.compute("M15").value == 0
    assert world.compute("M15", ignore_thanks="true").value == 2 / 4


def test_what_automation_resolved_is_left_out(world: World) -> None:
    resolved(world)
    bot = world.ticket("2026-01-05 09:00")
    world.customer(bot, "2026-01-05 09:00")
    world.message(bot, "2026-01-05 09:01", "bot")
    world.status(bot, "2026-01-05 09:02", "solved", None)
    assert world.compute("M15").total.n_eligible == 1
    assert world.compute("M15", bots="include").total.n_eligible == 2


def test_the_last_days_are_immature(world: World) -> None:
    world.as_of = world.at("2026-01-19 11:00")
    resolved(world, 12)  # solved seven days ago
    resolved(world, 13)
    total = world.compute("M15").total
    assert (total.value, total.n_eligible, total.figures["immature"]) == (1, 1, 1)
    assert world.compute("M15", window_days="14").value is None


def test_reopenings_that_are_not_recorded_are_said_to_be_so(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-05 11:00")
    world.customer(ticket, "2026-01-05 09:00")
    result = world.compute("M15")
    assert (result.value, result.notes) == (
        1, ("reopenings are not recorded, so not looked at: old",
            "escalations are not recorded, so not looked at: old"),
    )  # fmt: skip
    world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-05 11:00")
    assert world.compute("M15").total.n_missing == 1, "nobody knows what was written on it"


def test_the_customer_does_not_come_back_within_the_window(world: World) -> None:
    for name, day in (("A", 12), ("B", 13), ("C", 6)):
        resolved(world, requester=name, type="billing")
        world.ticket(f"2026-01-{day:02} 11:00", requester=name, type="question" if name == "C" else "billing")
    resolved(world, requester="D", type="billing")
    # A came back after seven days to the second, B after eight, C about something else, D never.
    assert world.compute("M15", variant="customer").value == 3 / 4
    assert world.compute("M15", variant="customer", category="any").value == 2 / 4
    assert world.compute("M15", variant="customer", window_days="8").value == 2 / 4


def test_a_ticket_opened_before_the_solving_is_a_further_contact_too_and_a_merged_one(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", requester="A")
    world.status(ticket, "2026-01-09 09:00", "solved")
    world.ticket("2026-01-06 09:00", requester="A")
    survivor = world.ticket("2026-01-05 09:00", requester="B", type="x")
    world.ticket("2026-01-05 10:00", requester="E", status="merged", merged_into_id=survivor)
    world.status(survivor, "2026-01-09 09:00", "solved")
    third = world.ticket("2026-01-05 09:00", requester="C")
    world.ticket("2026-01-06 09:00", requester="C", submitter_id=world.agent())  # an agent's own
    world.ticket("2026-01-06 09:00", requester="C", is_spam=True)
    world.status(third, "2026-01-09 09:00", "solved")
    assert world.compute("M15", variant="customer").value == 1 / 3


def test_the_organization_may_stand_for_the_requester(world: World) -> None:
    resolved(world, requester="A", organization_id="old:org:1")
    world.ticket("2026-01-07 09:00", requester="B", organization_id="old:org:1")
    assert world.compute("M15", variant="customer").value == 1
    assert world.compute("M15", variant="customer", same="organization").value == 0


def test_a_field_can_be_the_category(world: World) -> None:
    resolved(world, requester="A", custom_fields={"topic": "refund"})
    world.ticket("2026-01-07 09:00", requester="A", custom_fields={"topic": "login"})
    resolved(world, requester="B", custom_fields={"topic": "refund"})
    world.ticket("2026-01-07 09:00", requester="B", custom_fields={"topic": "refund"})
    assert world.compute("M15", variant="customer", category="field:topic").value == 1 / 2


def test_without_a_requester_it_is_missing_and_without_any_it_is_said(world: World) -> None:
    resolved(world)
    world.ticket("2026-01-05 09:00", requester_id=None, status="solved", solved_at="2026-01-05 11:00")
    assert world.compute("M15", variant="customer").total.n_missing == 1
    other = World(world.folder)
    other.ticket("2026-01-05 09:00", requester_id=None, status="solved", solved_at="2026-01-05 11:00")
    for variant in ("thread", "customer", "survey"):
        result = other.compute("M15", variant=variant)
        assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, REASON)


def test_what_customers_say_is_a_number_of_its_own(world: World) -> None:
    for question, values in (
        ("Was your issue solved at first contact?", {"label": "Yes"}),
        ("Was your issue solved at first contact?", {"label": "no"}),
        ("Was your issue solved at FIRST contact?", {"score": 1.0, "scale_min": 0.0, "scale_max": 1.0}),
        ("Was your issue solved at first contact?", {"answered_at": None}),
        ("How was it?", {"label": "no"}),
    ):
        world.put(
            "survey_response", kind="other", question=question, ticket_id=world.ticket("2026-01-05 09:00"),
            **{"answered_at": "2026-01-06 09:00", **values},
        )  # fmt: skip
    total = world.compute("M15", variant="survey", questions="first contact").total
    assert (total.value, total.n_eligible) == (2 / 3, 3)


def test_the_vendors_definitions(world: World) -> None:
    resolved(world)
    two = resolved(world)  # two replies, the customer silent
    world.reply(two, "2026-01-05 10:30", "Bob")
    chatty = resolved(world)
    world.customer(chatty, "2026-01-05 10:30")
    again = resolved(world)
    world.status(again, "2026-01-06 09:00", "open")
    world.status(again, "2026-01-06 10:00", "solved")
    values = {name: world.compute("M15", preset=name).value for name in ("freshdesk", "zoho_desk", "intercom")}
    assert values == {"freshdesk": 3 / 4, "zoho_desk": 3 / 4, "intercom": 2 / 4}


def test_the_solving_puts_it_into_a_period(world: World) -> None:
    ticket = world.ticket("2026-01-30 09:00")
    world.customer(ticket, "2026-01-30 09:00")
    world.status(ticket, "2026-02-02 09:00", "solved")
    asked = {"period": "month", "start": "2026-01-01", "end": "2026-03-01"}
    assert by_period(world.compute("M15", **asked)) == {"2026-01": None, "2026-02": 1}
    assert by_period(world.compute("M15", anchor="cohort", **asked)) == {"2026-01": 1, "2026-02": None}


def test_no_other_category_is_known(world: World) -> None:
    with pytest.raises(Exception, match="category"):
        world.compute("M15", variant="customer", category="mood")
