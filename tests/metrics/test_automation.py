"""M36: the checks and edges of its card, worked by hand."""

from __future__ import annotations

from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_period


def talked(world: World, requester: str, *, solved_by: str | None = "bot", day: int = 5) -> str:
    """A customer asked at 09:00, the bot answered at 09:01; solved at 09:05 by `solved_by`."""
    ticket = world.ticket(f"2026-01-{day:02} 09:00", requester=requester)
    world.customer(ticket, f"2026-01-{day:02} 09:00")
    world.message(ticket, f"2026-01-{day:02} 09:01", "bot")
    if solved_by:
        world.status(ticket, f"2026-01-{day:02} 09:05", "solved", None, actor_kind=solved_by)
    return ticket


def test_no_human_no_hand_over_and_no_new_contact(world: World) -> None:
    talked(world, "A")
    replied = talked(world, "B")
    world.reply(replied, "2026-01-05 09:03")
    noted = talked(world, "C")
    world.note(noted, "2026-01-05 09:03")
    given = talked(world, "D")
    world.event(given, "2026-01-05 09:02", "assignee_id", world.agent())
    routed = talked(world, "E")
    world.event(routed, "2026-01-05 09:02", "team_id", "old:team:1")
    talked(world, "F")
    world.ticket("2026-01-08 09:05", requester="F")  # after 72 hours to the second
    talked(world, "G")
    world.ticket("2026-01-08 09:05:01", requester="G")
    human = world.ticket("2026-01-05 09:00", requester="H")  # automation took no part
    world.customer(human, "2026-01-05 09:00")
    total = world.compute("M36").total
    assert (total.value, total.figures["denominator"]) == (2 / 7, 7)
    parts = {name: total.figures[name] for name in ("confirmed", "human", "handed_over", "recontacted")}
    assert parts == {"confirmed": 2, "human": 2, "handed_over": 2, "recontacted": 1}
    assert world.compute("M36", window_hours="24").value == 3 / 7
    assert world.compute("M36", of="all").value == 2 / 8


def test_confirmed_and_assumed_are_kept_apart(world: World) -> None:
    talked(world, "A", solved_by="end_user")
    talked(world, "B", solved_by="system")  # a timer
    talked(world, "C", solved_by="agent")  # a human after all
    talked(world, "D", solved_by=None)  # silent since the bot's answer
    unanswered = talked(world, "E", solved_by=None)
    world.customer(unanswered, "2026-01-05 09:02")
    total = world.compute("M36").total
    assert (total.value, total.figures["confirmed"], total.figures["assumed"]) == (1 / 5, 1, 2)
    assert world.compute("M36", count="with_assumed").value == 3 / 5
    assert world.compute("M36", preset="intercom").value == 3 / 5


def test_an_acknowledgement_resolves_nothing(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 09:00")
    world.message(ticket, "2026-01-05 09:00", "bot", via="rule")
    world.status(ticket, "2026-01-05 09:05", "solved", None)
    talked(world, "B")
    total = world.compute("M36").total
    assert (total.value, total.n_eligible) == (1, 1)


def test_an_assignment_before_the_bot_or_to_one_is_no_hand_over(world: World) -> None:
    first = talked(world, "A")
    world.event(first, "2026-01-05 09:00", "assignee_id", world.agent())
    second = talked(world, "B")
    world.event(second, "2026-01-05 09:02", "assignee_id", world.person("Robo", "bot"))
    third = talked(world, "C")  # who closes gets the ticket
    world.event(third, "2026-01-05 09:05", "assignee_id", world.agent())
    assert world.compute("M36").value == 1


def test_where_assignments_are_not_recorded_today_tells(world: World) -> None:
    ticket = talked(world, "A")
    world.change(ticket, assignee_id=world.agent())
    talked(world, "B")
    assert world.compute("M36").value == 1 / 2


def test_a_conversation_whose_window_is_not_over_is_immature(world: World) -> None:
    world.as_of = world.at("2026-01-10 09:00")
    talked(world, "A")
    talked(world, "B", day=9)
    total = world.compute("M36").total
    assert (total.value, total.n_eligible, total.figures["immature"]) == (1, 1, 1)


def test_a_requester_whom_nobody_knows_is_missing(world: World) -> None:
    talked(world, "A")
    ticket = talked(world, "B")
    world.change(ticket, requester_id=None)
    total = world.compute("M36").total
    assert (total.value, total.n_missing) == (1, 1)


def test_spam_does_not_count_and_the_end_decides_the_period(world: World) -> None:
    ticket = talked(world, "A", day=31, solved_by=None)
    world.status(ticket, "2026-02-01 09:00", "solved", None)
    world.change(talked(world, "B"), is_spam=True)
    result = world.compute("M36", count="with_assumed", period="month", start="2026-01-01", end="2026-03-01")
    assert by_period(result) == {"2026-01": None, "2026-02": 1}


def test_bots_that_cannot_be_told_from_agents_are_said_to_be_so(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 09:00")
    world.reply(ticket, "2026-01-05 09:01")
    result = world.compute("M36")
    assert (result.status, result.reason) == (
        Computed.NOT_COMPUTABLE, "bot messages cannot be told from agents",
    )  # fmt: skip
