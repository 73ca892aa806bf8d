"""M16-M19: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_group, by_period, line_of


def solved(world: World, *replies: str, at: str = "2026-01-05 17:00", **values: object) -> str:
    """A ticket of 2026-01-05 09:00, replied to at these times of the day, solved."""
    ticket = world.ticket("2026-01-05 09:00", **values)
    world.customer(ticket, "2026-01-05 09:00")
    for reply in replies:
        world.reply(ticket, f"2026-01-05 {reply}")
    world.status(ticket, at, "solved")
    return ticket


# M16


def test_one_touch_is_exactly_one_reply_and_the_other_classes_are_told(world: World) -> None:
    for replies in ((), ("10:00",), ("10:00", "10:01"), ("10:00", "11:00", "12:00"), ("10:00", "11:00", "12:00")):
        solved(world, *replies)
    world.ticket("2026-01-05 09:00")  # not solved: not in the population
    total = world.compute("M16").total
    assert (total.value, total.n_eligible) == (1 / 5, 5)
    figures = {name: total.figures[name] for name in ("zero_touch", "two_touch", "multi_touch")}
    assert figures == {"zero_touch": 1, "two_touch": 1, "multi_touch": 2}, "no reply is not multi-touch"
    assert world.compute("M16", variant="lt2").value == 2 / 5, "Zendesk's: none or one"
    assert world.compute("M16", preset="zendesk").value == 2 / 5
    assert world.compute("M16", preset="dbt_zendesk").value == 1 / 5


def test_notes_and_an_agents_opening_are_no_replies(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", submitter_id=world.agent())
    world.reply(ticket, "2026-01-05 09:00")  # the opening
    world.note(ticket, "2026-01-05 09:30")
    world.reply(ticket, "2026-01-05 10:00")
    world.status(ticket, "2026-01-05 11:00", "solved")
    assert world.compute("M16").value == 1


def test_replies_of_one_chat_session_count_once(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", channel="chat")
    world.customer(ticket, "2026-01-05 09:00", chat_session_id="s1")
    for minute in (1, 2, 3):
        world.reply(ticket, f"2026-01-05 09:0{minute}", chat_session_id="s1")
    world.status(ticket, "2026-01-05 11:00", "solved")
    assert world.compute("M16").value == 1
    assert world.compute("M17").value == 1
    world.reply(ticket, "2026-01-05 10:00", chat_session_id="s2")
    assert world.compute("M16").value == 0
    assert world.compute("M17").value == 2


def test_a_thanks_that_reopened_keeps_one_touch_but_not_the_strict_one(world: World) -> None:
    ticket = solved(world, "10:00", at="2026-01-05 10:00")
    world.customer(ticket, "2026-01-05 11:00")
    world.status(ticket, "2026-01-05 11:00", "open", None)
    world.status(ticket, "2026-01-05 12:00", "solved")
    solved(world, "10:00")
    assert world.compute("M16").value == 1
    assert world.compute("M16", variant="strict").value == 1 / 2


def test_strict_never_waited(world: World) -> None:
    for status in ("pending", "on_hold", "open"):
        ticket = world.ticket("2026-01-05 09:00")
        world.customer(ticket, "2026-01-05 09:00")
        world.reply(ticket, "2026-01-05 10:00")
        world.status(ticket, "2026-01-05 10:00", status)
        world.status(ticket, "2026-01-05 12:00", "solved")
    assert world.compute("M16").value == 1
    assert world.compute("M16", variant="strict").value == 1 / 3
    assert world.compute("M16", variant="strict").total.n_computed == 3


def test_a_ticket_without_a_known_message_is_missing_and_without_any_the_message_is_said(world: World) -> None:
    world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-05 10:00")
    assert world.compute("M16").reason == "no messages in the store"
    assert world.compute("M17").reason == "no messages in the store"
    solved(world, "10:00")
    for metric in ("M16", "M17"):
        total = world.compute(metric).total
        assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)


# M17


def test_replies_up_to_the_last_solving(world: World) -> None:
    for number in (0, 1, 1, 6):
        solved(world, *(f"10:0{n}" for n in range(number)))
    result = world.compute("M17")
    assert (result.value, result.total.figures["median"]) == (2, 1)
    assert result.extra["histogram"] == {"0": 1, "1": 2, "2": 0, "3": 0, "4": 0, "5+": 1}


def test_a_reply_in_the_second_of_the_solving_counts_and_one_after_it_does_not(world: World) -> None:
    ticket = solved(world, "10:00", "11:00", at="2026-01-05 11:00")
    world.reply(ticket, "2026-01-05 11:01")
    assert world.compute("M17").value == 2
    world.status(ticket, "2026-01-05 12:00", "open")
    world.status(ticket, "2026-01-05 13:00", "solved")
    assert world.compute("M17").value == 3, "up to the last solving, not the first"


def test_all_public_messages_are_a_variant(world: World) -> None:
    ticket = solved(world, "10:00", "11:00")
    world.note(ticket, "2026-01-05 12:00")
    world.customer(ticket, "2026-01-06 12:00")  # after the solving
    assert world.compute("M17", count="public").value == 3


# M18


def reopened(world: World, day: int = 5, **values: object) -> str:
    ticket = world.ticket(f"2026-01-{day:02} 09:00", **values)
    world.status(ticket, f"2026-01-{day:02} 10:00", "solved")
    world.status(ticket, f"2026-01-{day:02} 11:00", "open")
    return ticket


def test_a_ticket_reopened_and_still_open_is_reopened(world: World) -> None:
    reopened(world)
    ticket = reopened(world)
    world.status(ticket, "2026-01-05 12:00", "solved")
    world.status(ticket, "2026-01-05 13:00", "open")
    for _ in range(2):
        solved(world)
    world.ticket("2026-01-05 09:00")  # never solved
    total = world.compute("M18").total
    assert (total.value, total.figures["denominator"], total.figures["reopens"]) == (2 / 4, 4, 3)
    assert total.figures["reopens_per_solved"] == 3 / 4
    less_one = world.compute("M18", count="solves_less_one").total
    assert (less_one.value, less_one.figures["reopens"]) == (1 / 4, 1), "misses those that are still open"
    assert world.compute("M18", preset="dbt_zendesk").value == 1 / 4


def test_closed_after_solved_is_no_reopening_and_repeated_statuses_are_one(world: World) -> None:
    ticket = solved(world)
    world.status(ticket, "2026-01-06 09:00", "solved")
    world.status(ticket, "2026-01-09 09:00", "closed")
    world.status(ticket, "2026-01-10 09:00", "deleted")
    world.change(ticket, status="closed")
    total = world.compute("M18").total
    assert (total.value, total.n_computed) == (0, 1)


def test_what_one_update_solves_and_reopens_is_an_option(world: World) -> None:
    ticket = solved(world)
    world.status(ticket, "2026-01-06 09:00", "open", update_id="u1")
    world.status(ticket, "2026-01-06 09:00", "solved", update_id="u1")
    assert world.compute("M18").value == 0
    assert world.compute("M18", same_update="count").value == 1


def test_lately_solved_tickets_are_immature_and_both_rates_are_shown(world: World) -> None:
    world.as_of = world.at("2026-01-20 00:00")
    reopened(world, 5)
    reopened(world, 15)
    solved(world)
    total = world.compute("M18").total
    assert (total.value, total.n_eligible, total.figures["immature"]) == (1 / 2, 2, 1)
    assert total.figures["rate_with_immature"] == 2 / 3
    assert world.compute("M18", mature_days="2").value == 2 / 3
    world.as_of = world.at("2026-01-12 17:00")
    assert world.compute("M18").total.figures["denominator"] == 2, "solved exactly seven days ago is mature"


def test_the_first_solving_decides_the_period(world: World) -> None:
    ticket = reopened(world, 28)
    world.status(ticket, "2026-02-03 09:00", "solved")
    solved(world)
    result = world.compute("M18", period="month", end="2026-03-01")
    assert by_period(result) == {"2026-01": 1 / 2, "2026-02": None}


def test_follow_ups_are_no_reopenings_but_counted(world: World) -> None:
    ticket = solved(world)
    world.ticket("2026-01-09 09:00", follow_up_of_id=ticket)
    world.ticket("2026-01-10 09:00", follow_up_of_id=ticket)
    total = world.compute("M18").total
    assert (total.value, total.figures["follow_ups"]) == (0, 2)


def test_without_history_the_vendors_counter_tells_and_says_so(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-05 10:00")
    assert world.compute("M18").reason == "no status history and no reopen counter"
    world.put("vendor_metric", ticket_id=ticket, name="reopens", value=2.0)
    back = world.ticket("2026-01-05 09:00")
    world.put("vendor_metric", ticket_id=back, name="reopens", value=1.0)
    other = world.ticket("2026-01-05 09:00", status="closed", closed_at="2026-01-05 10:00")
    world.put("vendor_metric", ticket_id=other, name="reopens", value=0.0)
    result = world.compute("M18")
    assert (result.value, result.total.figures["reopens"]) == (2 / 3, 3)
    assert result.notes == ("by the vendor's counter of reopenings: old",)


def test_where_both_are_known_ours_is_compared_with_the_vendors(world: World) -> None:
    for counter in (1.0, 0.0):
        ticket = reopened(world)
        world.put("vendor_metric", ticket_id=ticket, name="reopens", value=counter)
    result = world.compute("M18")
    assert (result.value, result.extra["vendor_counter"]) == (1, {"compared": 2, "equal": 1})


# M19


def test_a_flag_or_an_event_of_the_vendor_is_an_escalation(world: World) -> None:
    world.ticket("2026-01-05 09:00", is_escalated=True)
    once = world.ticket("2026-01-05 09:00", is_escalated=False)
    world.event(once, "2026-01-05 10:00", "is_escalated", "true")
    world.event(once, "2026-01-05 11:00", "is_escalated", "false")
    for _ in range(2):
        world.ticket("2026-01-05 09:00", is_escalated=False)
    assert world.compute("M19").value == 2 / 4


def test_a_ticket_whose_flag_nobody_knows_is_missing(world: World) -> None:
    world.ticket("2026-01-05 09:00", is_escalated=True)
    world.ticket("2026-01-05 09:00")
    total = world.compute("M19").total
    assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)


def test_tags_are_escalations_when_they_are_configured(world: World) -> None:
    world.ticket("2026-01-05 09:00", tags=("tier2", "vip"))
    world.ticket("2026-01-05 09:00", tags=("vip",))
    world.ticket("2026-01-05 09:00")
    result = world.compute("M19")
    assert (result.status, result.reason) == (
        Computed.NOT_COMPUTABLE, "no escalation marker and no tier map configured",
    )  # fmt: skip
    assert world.compute("M19", tags="tier2|boss").value == 1 / 3


def moved(world: World, *teams: str) -> str:
    ticket = world.ticket("2026-01-05 09:00", team_id=teams[-1])
    for number, (before, after) in enumerate(pairwise(teams)):
        world.event(ticket, f"2026-01-05 1{number}:00", "team_id", after, before)
    return ticket


def test_only_a_move_to_a_higher_tier_is_an_escalation(world: World) -> None:
    first, second, other = (world.put("team", name=name) for name in ("First", "Second", "Other"))
    moved(world, first, second)
    moved(world, second, first)
    moved(world, first, other)
    moved(world, first, second, first)
    assert world.compute("M19").status is Computed.NOT_COMPUTABLE, "being handed over alone is none"
    total = world.compute("M19", tiers={"First": 1, second: 2}).total
    assert (total.value, total.figures["ping_pong"]) == (2 / 4, 1)


def test_priorities_raised_by_agents_are_a_number_apart(world: World) -> None:
    for before, after, kind in (("low", "high", "agent"), ("high", "low", "agent"), ("low", "high", "system"),
                                (None, "high", "agent")):  # fmt: skip
        ticket = world.ticket("2026-01-05 09:00", is_escalated=False)
        world.event(ticket, "2026-01-05 10:00", "priority", after, before, actor_kind=kind)
    assert world.compute("M19").value == 0
    assert world.compute("M19", variant="priority_raised").value == 1 / 4


def test_of_created_or_of_resolved(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", is_escalated=True)
    world.ticket("2026-01-05 09:00", is_escalated=False)
    world.status(ticket, "2026-02-05 10:00", "solved")
    assert world.compute("M19").value == 1 / 2
    result = world.compute("M19", of="resolved", anchor="event", period="month", start="2026-01-01", end="2026-03-01")
    assert (result.value, by_period(result)) == (1, {"2026-01": None, "2026-02": 1})


# what holds for all of them

_ALL = ("M15", "M16", "M17", "M18", "M19")


def desk_of(world: World, week: int = 0) -> None:
    """Some tickets of two channels."""
    for number in range(12):
        day = 5 + 7 * week + number % 3
        ticket = world.ticket(
            f"2026-01-{day:02} 09:00", requester=f"P{number % 5}", channel=("email", "chat")[number % 2],
            is_escalated=number % 4 == 0,
        )  # fmt: skip
        world.customer(ticket, f"2026-01-{day:02} 09:00")
        for minute in range(number % 3 + 1):
            world.reply(ticket, f"2026-01-{day:02} 10:0{minute}")
        world.status(ticket, f"2026-01-{day:02} 11:00", "solved")
        if number % 3 == 0:
            world.customer(ticket, f"2026-01-{day:02} 12:00")
            world.status(ticket, f"2026-01-{day:02} 12:00", "open", None)
            world.status(ticket, f"2026-01-{day:02} 13:00", "solved")


@pytest.mark.parametrize("metric", _ALL)
def test_a_split_pooled_again_is_the_total(world: World, metric: str) -> None:
    desk_of(world)
    result = world.compute(metric, by="channel")
    assert set(by_group(result)) == {"email", "chat"}
    pooled = sum((line_of(result, name).value or 0) * line_of(result, name).n_computed for name in ("email", "chat"))
    assert result.value == pytest.approx(pooled / result.total.n_computed)
    assert result.value


@pytest.mark.parametrize("metric", _ALL)
def test_an_unrelated_ticket_and_a_shift_by_a_week_change_nothing(world: World, metric: str) -> None:
    desk_of(world)
    before = world.compute(metric).total
    gone = world.ticket("2026-01-06 09:00", requester="P1", status="deleted", is_escalated=True)
    world.customer(gone, "2026-01-06 09:00")
    assert world.compute(metric).total == before
    later = World(world.folder)
    desk_of(later, week=1)
    assert later.compute(metric).total == before


@pytest.mark.parametrize("metric", [*_ALL, "M36"])
def test_a_store_and_its_snapshot_give_the_same(world: World, metric: str) -> None:
    desk_of(world)
    bot = world.ticket("2026-01-05 09:00", requester="Bo")
    world.customer(bot, "2026-01-05 09:00")
    world.message(bot, "2026-01-05 09:01", "bot")
    world.status(bot, "2026-01-05 10:00", "solved", None)
    direct = world.compute(metric).total
    world.through_store = True
    assert world.compute(metric).total == direct
