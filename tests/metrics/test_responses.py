"""M07, M08: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import HOUR, MINUTE, World, by_group, by_period


def answered(world: World, created: str, *replies: str, **values: object) -> str:
    ticket = world.ticket(created, **values)
    world.customer(ticket, created)
    for reply in replies:
        world.reply(ticket, reply)
    return ticket


def test_the_first_reply_of_a_human_in_public_ends_the_clock(world: World) -> None:
    ticket = answered(world, "2026-01-05 09:00")
    world.message(ticket, "2026-01-05 09:01", "bot")
    world.message(ticket, "2026-01-05 09:02", "system")
    world.note(ticket, "2026-01-05 09:03")
    world.reply(ticket, "2026-01-05 09:04", state="draft")
    world.reply(ticket, "2026-01-05 09:05", side_conversation_id="old:side_conversation:1")
    world.reply(ticket, "2026-01-05 09:30")
    world.reply(ticket, "2026-01-05 09:40")
    assert world.compute("M07", clock="calendar").value == 30 * MINUTE


def test_a_ticket_without_a_reply_is_missing(world: World) -> None:
    answered(world, "2026-01-05 09:00", "2026-01-05 10:00")
    answered(world, "2026-01-05 09:00")
    total = world.compute("M07", clock="calendar").total
    assert (total.value, total.n_eligible, total.n_missing, total.status) == (HOUR, 2, 1, Computed.PARTIAL)


def test_a_reply_in_the_same_second_took_no_time_and_one_before_the_ticket_none_that_is_known(world: World) -> None:
    answered(world, "2026-01-05 09:00", "2026-01-05 09:00")
    answered(world, "2026-01-05 09:00", "2026-01-05 08:59")
    total = world.compute("M07", clock="calendar").total
    assert (total.value, total.n_computed, total.n_missing) == (0, 1, 1)


def test_tickets_that_an_agent_opened_in_public_are_left_out(world: World) -> None:
    proactive = world.ticket("2026-01-05 09:00", submitter_id=world.agent())
    world.reply(proactive, "2026-01-05 09:00")  # the opening
    world.reply(proactive, "2026-01-05 11:00")
    noted = world.ticket("2026-01-05 09:00", submitter_id=world.agent())
    world.note(noted, "2026-01-05 09:00")
    world.reply(noted, "2026-01-05 10:00")
    ours = world.compute("M07", clock="calendar").total
    assert (ours.value, ours.n_eligible) == (HOUR, 1)
    vendor = world.compute("M07", clock="calendar", preset="zendesk").total
    assert (vendor.figures["max"], vendor.n_computed) == (2 * HOUR, 2)


def test_the_anchor_decides_the_period_and_the_number(world: World) -> None:
    """The check of the card: five answers at once, ten after two hours, 4,800 s a day by the day of the reply."""
    for n in range(5):
        answered(world, f"2026-01-06 0{n}:00", f"2026-01-06 0{n}:00")
    for n in range(10):
        answered(world, "2026-01-05 23:00", f"2026-01-06 01:00:00.00000{n}")
    by_reply = world.compute(
        "M07", clock="calendar", period="day", anchor="event", start="2026-01-05", end="2026-01-07"
    )
    (line,) = (line for line in by_reply.lines if line.n_computed)
    assert line.figures["mean"] == pytest.approx(4800, abs=1e-3)
    by_creation = world.compute("M07", clock="calendar", period="day", anchor="cohort", end="2026-01-07")
    assert by_period(by_creation) == {"2026-01-05": pytest.approx(7200, abs=1e-3), "2026-01-06": 0}
    assert (by_reply.anchor, by_creation.anchor) == ("event", "cohort")


def test_business_time_counts_only_open_hours(world: World) -> None:
    world.schedule()
    answered(world, "2026-01-05 16:00", "2026-01-06 10:00")
    assert world.compute("M07", clock="business").value == 2 * HOUR


def test_a_reply_wholly_outside_hours_took_no_business_time(world: World) -> None:
    world.schedule()
    answered(world, "2026-01-03 10:00", "2026-01-03 11:00")
    total = world.compute("M07", clock="business").total
    assert (total.value, total.n_computed) == (0, 1)


def test_without_a_schedule_there_is_no_business_time(world: World) -> None:
    answered(world, "2026-01-05 16:00", "2026-01-06 10:00")
    calendar, business = world.compute_all("M07")
    assert (calendar.clock, calendar.value) == ("calendar", 18 * HOUR)
    assert (business.clock, business.value, business.total.n_missing) == ("business", None, 1)


def test_the_reply_belongs_to_who_wrote_it(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Bob"))
    world.customer(ticket, "2026-01-05 09:00")
    world.reply(ticket, "2026-01-05 10:00", "Ann")
    result = world.compute("M07", clock="calendar", by="agent")
    assert by_group(result) == {"old:user:Ann": HOUR}
    assert result.lines[0].labels == {"agent": "Ann"}


def test_messages_without_an_author_kind_are_no_messages_to_this_metric(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.message(ticket, "2026-01-05 09:00", "unknown")
    result = world.compute("M07", clock="calendar")
    assert (result.status, result.reason) == (
        Computed.NOT_COMPUTABLE, "no messages (or no author kind) in the store",
    )  # fmt: skip


def test_two_desks_of_which_one_has_no_messages_make_a_partial_total_that_names_it(world: World) -> None:
    answered(world, "2026-01-05 09:00", "2026-01-05 10:00")
    world.connection = "other"
    world.ticket("2026-01-05 09:00")
    result = world.compute("M07", clock="calendar")
    assert (result.value, result.status) == (HOUR, Computed.PARTIAL)
    assert result.reason == "no messages (or no author kind) in the store: other"


def test_who_was_an_agent_then_stays_one_in_old_messages(world: World) -> None:
    ticket = answered(world, "2026-01-05 09:00")
    left = world.person("Lou")
    world.put("role_change", person_id=left, role="agent", from_at="2025-01-01 00:00")
    world.put("role_change", person_id=left, role="end_user", from_at="2026-02-01 00:00")
    world.message(ticket, "2026-01-05 09:20", "end_user", author_id=left)
    assert world.compute("M07", clock="calendar").value == 20 * MINUTE


def turns(world: World) -> str:
    """The check of the M08 card: turns of 60 and 60 minutes."""
    ticket = answered(world, "2026-01-05 10:00")
    world.customer(ticket, "2026-01-05 10:30")
    world.reply(ticket, "2026-01-05 11:00")
    world.reply(ticket, "2026-01-05 11:05")
    world.customer(ticket, "2026-01-05 12:00")
    world.note(ticket, "2026-01-05 12:10")
    world.customer(ticket, "2026-01-05 12:40")
    world.reply(ticket, "2026-01-05 13:00")
    return ticket


def test_a_turn_opens_at_the_oldest_unanswered_message_and_closes_at_the_next_reply(world: World) -> None:
    turns(world)
    result = world.compute("M08", clock="calendar")
    assert (result.value, result.total.n_computed, result.total.figures["total"]) == (HOUR, 2, 2 * HOUR)
    assert world.compute("M08", clock="calendar", variant="per_ticket_total").value == 2 * HOUR
    assert world.compute("M08", clock="calendar", variant="excluding_first").total.n_computed == 1


def test_an_open_turn_is_missing_and_one_of_a_solved_ticket_is_none(world: World) -> None:
    ticket = turns(world)
    world.customer(ticket, "2026-01-05 14:00")
    assert world.compute("M08", clock="calendar").total.n_missing == 1
    world.status(ticket, "2026-01-05 15:00", "solved")
    assert world.compute("M08", clock="calendar").total.n_missing == 0


def test_a_customer_who_answers_what_an_agent_began_waits(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", submitter_id=world.agent())
    world.reply(ticket, "2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 10:00")
    world.reply(ticket, "2026-01-05 12:00")
    assert world.compute("M08", clock="calendar").value == 2 * HOUR


def test_a_turn_that_nobody_has_closed_is_nobodys(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 09:00")
    world.reply(ticket, "2026-01-05 10:00")
    world.customer(ticket, "2026-01-05 11:00")
    result = world.compute("M08", clock="calendar", by="agent")
    assert by_group(result) == {None: None, "old:user:Ann": HOUR}


def test_an_agent_whom_the_store_does_not_know_is_named_by_the_id(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 09:00")
    world.message(ticket, "2026-01-05 10:00", "agent", author_id="old:user:gone")
    assert by_group(world.compute("M07", clock="calendar", by="agent")) == {"old:user:gone": HOUR}


def test_the_presets_of_gorgias_and_zammad(world: World) -> None:
    """Gorgias begins where the customer's wait does; what Zammad does differently no option of ours does."""
    ticket = world.ticket("2026-01-05 09:00")
    world.note(ticket, "2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 10:00")
    world.reply(ticket, "2026-01-05 12:00")
    gorgias = world.compute("M07", clock="calendar", preset="gorgias")
    assert (gorgias.value, gorgias.notes) == (2 * HOUR, ())
    zammad = world.compute("M07", clock="calendar", preset="zammad")
    assert zammad.value == world.compute("M07", clock="calendar").value == 3 * HOUR
    assert zammad.notes == ("The preset zammad has no options: all is counted as without it.",)
