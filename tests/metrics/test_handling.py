"""M11, M29, M32: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import HOUR, MINUTE, World, by_group, by_period

DAY = "2026-01-05"


def call(world: World, queued: str | None, answered: str | None, ended: str | None, **values: object) -> str:
    """Add a leg of a call; times of the day."""
    times = dict(zip(("queue_entered_at", "answered_at", "ended_at"), (queued, answered, ended), strict=True))
    told = {name: f"{DAY} {at}" if at else None for name, at in times.items()}
    return world.put("interaction", **{"channel": "phone", "outcome": "answered", **told, **values})


def entry(
    world: World, ticket: str | None, at: str | None, seconds: float, agent: str = "Ann", **values: object
) -> None:
    told = {"started_at": f"{DAY} {at}" if at else None, "kind": "work", **values}
    world.put("time_entry", ticket_id=ticket, person_id=world.agent(agent), seconds=seconds, **told)


# ----------------------------------------------------------------------------------------------------- M11 handle time


def test_talk_hold_and_wrap_of_contacts_that_were_handled(world: World) -> None:
    """600 s and 60 s after it, 300 s: 960 / 2. The abandoned one is in neither sum, nor is the time in the queue."""
    ann = world.agent()
    ticket = world.ticket(f"{DAY} 09:00")
    call(world, "09:00", "09:05", "09:15", ticket_id=ticket, agent_id=ann)
    entry(world, ticket, "09:15", 60, kind="wrap")
    call(world, "10:00", "10:01", "10:06", agent_id=ann)
    call(world, "11:00", None, "11:20", outcome="abandoned")
    total = world.compute("M11").total
    assert (total.value, total.n_eligible, total.figures["median"]) == (480, 2, 480)
    assert total.figures["total"] == 960


def test_wrapping_up_belongs_to_the_contact_before_it(world: World) -> None:
    ann, ticket = world.agent(), world.ticket(f"{DAY} 09:00")
    for hour in (9, 10):
        call(world, f"{hour:02}:00", f"{hour:02}:00", f"{hour:02}:10", ticket_id=ticket, agent_id=ann)
    entry(world, ticket, "09:10", 100, kind="wrap")
    entry(world, ticket, "10:10", 300, kind="wrap")
    figures = world.compute("M11").total.figures
    assert (figures["min"], figures["max"]) == (700, 900)


def test_a_contact_without_an_end_is_missing(world: World) -> None:
    call(world, "09:00", "09:01", None)
    call(world, "09:00", "09:01", "09:02")
    total = world.compute("M11").total
    assert (total.value, total.n_missing) == (MINUTE, 1)


def test_concurrent_chats_are_not_united_and_told_beside_it(world: World) -> None:
    for _ in range(2):
        call(world, "09:00", "09:00", "09:10", agent_id=world.agent(), channel="chat")
    call(world, "09:00", "10:00", "10:10", agent_id=world.agent(), channel="chat")
    result = world.compute("M11")
    assert (result.value, result.extra["mean_concurrency"]) == (600, 1.5)


def test_tickets_with_entries_and_none_without(world: World) -> None:
    """40 min on one ticket by two agents, 10 min on another: 25 min; a ticket without entries is no 0."""
    first, second = world.ticket(f"{DAY} 09:00"), world.ticket(f"{DAY} 09:00")
    world.ticket(f"{DAY} 09:00")
    entry(world, first, "09:00", 20 * MINUTE)
    entry(world, first, "09:00", 20 * MINUTE, "Bob")
    entry(world, second, "09:00", 10 * MINUTE)
    total = world.compute("M11").total
    assert (total.value, total.n_eligible, total.n_computed) == (25 * MINUTE, 2, 2)


def test_what_overlaps_of_one_agent_on_one_ticket_counts_once(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    for at, minutes in (("09:00", 30), ("09:10", 10), ("09:25", 20), ("09:45", 5), ("10:00", 5)):
        entry(world, ticket, at, minutes * MINUTE)
    entry(world, ticket, None, MINUTE)
    assert world.compute("M11").value == (50 + 5 + 1) * MINUTE
    sessions = world.compute("M11", unit="session", by="agent")
    assert (sessions.value, sessions.total.n_computed) == (56 * MINUTE / 3, 3)
    assert by_group(sessions) == {"old:user:Ann": 56 * MINUTE / 3}


def test_contacts_and_tickets_and_looking_at_them_are_never_added_up(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    entry(world, ticket, "09:00", HOUR)
    entry(world, ticket, "12:00", 2 * HOUR, kind="viewing")
    assert world.compute("M11").value == HOUR
    assert world.compute("M11", entries="viewing").value == 2 * HOUR
    call(world, "09:00", "09:00", "09:10", ticket_id=ticket)
    result = world.compute("M11")
    assert result.value == 10 * MINUTE
    assert "not comparable" in result.notes[0]
    assert world.compute("M11", unit="ticket").extra["seconds_by_kind"] == {"work": HOUR}


def test_entries_of_more_than_eight_hours_are_flagged(world: World) -> None:
    entry(world, world.ticket(f"{DAY} 09:00"), "09:00", 8 * HOUR)
    assert world.compute("M11").extra["entries_over_8_hours"] == 0
    entry(world, world.ticket(f"{DAY} 09:00"), "09:00", 8 * HOUR + 1)
    assert "1 time entries are longer than 8 hours." in world.compute("M11").notes


def test_deleted_tickets_are_left_out_and_an_unrelated_one_changes_nothing(world: World) -> None:
    entry(world, world.ticket(f"{DAY} 09:00", channel="chat"), "09:00", 100)
    entry(world, world.ticket(f"{DAY} 09:00", channel="email"), "09:00", 300)
    before = world.compute("M11", by="channel", period="day", start=DAY, end="2026-01-07")
    assert (by_group(before), before.value) == ({"chat": 100, "email": 300}, 200)
    assert by_period(before) == {DAY: 200, "2026-01-06": None}
    entry(world, world.ticket(f"{DAY} 09:00", deleted_at=f"{DAY} 10:00"), "09:00", 900)
    call(world, "09:00", "09:00", "09:10", ticket_id=world.ticket(f"{DAY} 09:00", is_spam=True))
    world.ticket(f"{DAY} 09:00")
    assert world.compute("M11", start=DAY, end="2026-01-07").total == before.total


def test_the_time_from_creation_to_solving_is_no_handling(world: World) -> None:
    world.status(world.ticket(f"{DAY} 09:00"), f"{DAY} 10:00", "solved")
    result = world.compute("M11")
    assert (result.status, result.reason) == (
        Computed.NOT_COMPUTABLE, "no time entries or call legs in the store",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- M29 time of agents


def state(world: World, name: str, since: str, until: str | None, agent: str = "Ann", day: str = DAY) -> None:
    world.put("agent_state", agent_id=world.agent(agent), state=name, from_at=f"{day} {since}",
              to_at=f"{day} {until}" if until else None)  # fmt: skip


def shift(world: World, since: str, until: str, agent: str = "Ann") -> None:
    world.put("agent_shift", agent_id=world.agent(agent), from_at=f"{DAY} {since}", to_at=f"{DAY} {until}")


def worked_day(world: World) -> None:
    """Paid 10 h; busy 3 h, wrap 1 h, available 2 h, break 1 h: logged in 7 h."""
    shift(world, "08:00", "18:00")
    state(world, "busy", "09:00", "12:00")
    state(world, "wrap", "12:00", "13:00")
    state(world, "available", "13:00", "15:00")
    state(world, "break", "15:00", "16:00")
    state(world, "offline", "16:00", "18:00")


@pytest.mark.parametrize(
    ("formula", "value", "words"),
    [
        ("occupancy", 4 / 6, "handling / (handling + available idle)"),
        ("utilization", 6 / 10, "(handling + available idle) / paid"),
        ("handling_of_paid", 4 / 10, "handling / paid"),
        ("shrinkage", 3 / 10, "1 - logged in / paid"),
    ],
)
def test_each_ratio_with_its_formula(world: World, formula: str, value: float, words: str) -> None:
    worked_day(world)
    result = world.compute("M29", formula=formula)
    assert result.value == pytest.approx(value)
    assert words in result.notes[0]


def test_busy_is_the_union_and_concurrency_is_told_and_only_the_union_is_capped(world: World) -> None:
    """Two chats 9-11 and 10-12 and nothing idle: busy 3 h, in sum 4 h."""
    state(world, "busy", "09:00", "11:00")
    state(world, "busy", "10:00", "12:00")
    result = world.compute("M29")
    assert (result.value, result.extra["mean_concurrency"]) == (1, 4 / 3)
    assert world.compute("M29", overlaps="sum").value == 4 / 3
    shift(world, "09:00", "11:00")  # an hour more than paid
    assert world.compute("M29", formula="handling_of_paid").value == 1
    assert world.compute("M29", formula="handling_of_paid", overlaps="sum").value == 2


def test_what_is_available_and_busy_at_once_is_busy(world: World) -> None:
    state(world, "available", "09:00", "13:00")
    state(world, "busy", "10:00", "11:00")
    assert world.compute("M29").value == 1 / 4


def test_ratios_are_weighted_by_time_and_parts_pool_to_the_total(world: World) -> None:
    state(world, "busy", "09:00", "10:00")
    state(world, "available", "10:00", "19:00", "Bob")
    result = world.compute("M29", by="agent")
    assert by_group(result) == {"old:user:Ann": 1, "old:user:Bob": 0}
    assert result.value == 1 / 10
    world.ticket(f"{DAY} 09:00")
    assert world.compute("M29").total == result.total


def test_a_night_is_cut_at_the_local_midnight_and_what_lasts_ends_now(world: World) -> None:
    world.as_of = world.at("2026-01-07 00:00")
    state(world, "busy", "23:00", None)
    state(world, "available", "20:00", "23:00")
    result = world.compute("M29", period="day", timezone="Europe/Madrid")  # an hour later than UTC
    assert by_period(result) == {"2026-01-05": 0, "2026-01-06": 1, "2026-01-07": 1}
    assert result.value == 25 / 28


def test_without_states_time_entries_are_the_handling_and_nobody_is_known_to_be_idle(world: World) -> None:
    shift(world, "09:00", "17:00")
    entry(world, None, "09:00", 2 * HOUR)
    assert world.compute("M29", formula="handling_of_paid").value == 2 / 8
    occupancy = world.compute("M29")
    assert (occupancy.value, occupancy.total.n_missing) == (None, 1)


def test_tickets_by_agent_are_no_utilization(world: World) -> None:
    world.reply(world.ticket(f"{DAY} 09:00"), f"{DAY} 10:00")
    entry(world, None, "09:00", 2 * HOUR)
    assert world.compute("M29").reason == "no agent shift/state in the store"


def test_an_agent_without_shifts_has_no_share_of_paid_time(world: World) -> None:
    worked_day(world)
    state(world, "busy", "09:00", "12:00", "Bob")
    total = world.compute("M29", formula="utilization").total
    assert (total.value, total.n_missing, total.status) == (pytest.approx(0.6), 1, Computed.PARTIAL)


# ------------------------------------------------------------------------------------------------------ M32 abandoned


def test_given_up_before_an_answer_of_all_that_were_offered(world: World) -> None:
    call(world, "09:00", "09:01", "09:05")
    call(world, "09:00", None, "09:05", outcome="abandoned")
    call(world, "09:00", None, "09:05", outcome="voicemail")
    call(world, "09:00", None, "09:05", outcome="callback")
    call(world, None, "09:00", "09:05")  # a call to the customer was offered to no queue
    call(world, "09:00", None, "09:05", outcome="abandoned", channel="email")  # mail does not abandon
    total = world.compute("M32").total
    assert (total.value, total.n_eligible) == (1 / 4, 4)
    assert (total.figures["voicemail"], total.figures["callback"]) == (1, 1)


def test_short_ones_are_subtracted_on_both_sides(world: World) -> None:
    call(world, "09:00", "09:01", "09:05")
    call(world, "09:00:00", None, "09:00:04", outcome="abandoned")
    call(world, "09:00:00", None, "09:00:05", outcome="abandoned")
    assert world.compute("M32").value == 2 / 3
    result = world.compute("M32", short_seconds=5)
    assert (result.value, result.total.n_eligible) == (1 / 2, 2)
    assert result.notes == ("Given up within 5 s, and left out on both sides: 1.",)


def test_missed_and_dropped_chats_are_different(world: World) -> None:
    call(world, "09:00", "09:01", "09:02", channel="chat", outcome="abandoned")  # left after the answer
    call(world, "09:00", None, "09:05", channel="chat", outcome="missed")
    call(world, "09:00", "09:01", "09:05", channel="chat")
    total = world.compute("M32").total
    assert (total.value, total.figures["dropped"], total.figures["missed"]) == (0, 1, 1)
    assert world.compute("M32", missed=True).value == 1 / 3


def test_an_unknown_outcome_is_missing_and_parts_pool(world: World) -> None:
    call(world, "09:00", None, "09:05", outcome=None)
    call(world, "09:00", None, "09:05", outcome="abandoned", channel="chat")
    call(world, "09:00", "09:01", "09:05")
    result = world.compute("M32", by="channel")
    assert (result.value, result.total.n_missing) == (1 / 2, 1)
    assert by_group(result) == {"chat": 1, "phone": 0}


def test_without_queue_records_it_says_so(world: World) -> None:
    call(world, None, "09:00", "09:05")
    assert world.compute("M32").reason == "no call/chat queue records in the store"


@pytest.mark.parametrize(("metric", "kind"), [("M29", "agent_state"), ("M32", "interaction")])
def test_agents_whom_the_store_does_not_know_are_shown_by_their_id(world: World, metric: str, kind: str) -> None:
    """A deleted agent, or one hidden from the role: the id stands where they worked, not a number of ours."""
    world.ticket(f"{DAY} 08:00")
    times = {
        "agent_state": {"state": "available", "from_at": f"{DAY} 09:00", "to_at": f"{DAY} 10:00"},
        "interaction": {"outcome": "answered", "queue_entered_at": f"{DAY} 09:00", "ended_at": f"{DAY} 10:00"},
    }
    world.put(kind, agent_id="old:user:gone", **times[kind])
    assert set(by_group(world.compute(metric, by="agent"))) == {"old:user:gone"}
