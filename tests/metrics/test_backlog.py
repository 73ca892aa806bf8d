"""M03, M05: flows and the level they leave, worked by hand; and that they agree whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskferry.metrics.result import Computed
from tests.metrics.build import DAY, World, by_period, line_of


def worked(world: World) -> None:
    """Three tickets in three days: one solved, one solved and reopened, one that only its priority changes."""
    world.as_of = world.at("2026-01-08 00:00")
    first = world.ticket("2026-01-05 09:00", priority="low")
    world.status(first, "2026-01-05 09:00", "open")
    world.status(first, "2026-01-06 09:00", "solved")
    second = world.ticket("2026-01-05 10:00", priority="low")
    world.status(second, "2026-01-05 10:00", "open")
    world.status(second, "2026-01-05 12:00", "solved")
    world.status(second, "2026-01-06 12:00", "open")
    third = world.ticket("2026-01-06 10:00", priority="high")
    world.status(third, "2026-01-06 10:00", "new")
    world.event(third, "2026-01-07 10:00", "priority", "high", "low")


def test_the_level_at_the_end_of_each_day(world: World) -> None:
    worked(world)
    result = world.compute("M05", period="day", end="2026-01-08")
    assert by_period(result) == {"2026-01-05": 1, "2026-01-06": 2, "2026-01-07": 2}
    assert (result.value, result.total.figures["mean"]) == (2, 5 / 3)


def test_priority_is_that_of_the_moment(world: World) -> None:
    worked(world)
    result = world.compute("M05", period="day", end="2026-01-08", by="priority")
    assert line_of(result, "low", period="2026-01-06").value == 2
    assert line_of(result, "high", period="2026-01-07").value == 1
    assert line_of(result, "low", period="2026-01-07").value == 1


def test_a_range_that_begins_later_knows_what_was_before(world: World) -> None:
    worked(world)
    assert by_period(world.compute("M05", period="day", start="2026-01-07", end="2026-01-08")) == {"2026-01-07": 2}


def test_without_history_there_is_no_backlog_of_the_past(world: World) -> None:
    world.ticket("2026-01-05 09:00")
    assert world.compute("M05").reason == "no status history in the store"


def test_three_ways_to_count_what_was_resolved(world: World) -> None:
    worked(world)
    reopened = {how: world.compute("M03", resolved=how).total.figures["resolved"] for how in ("events", "standing")}
    assert reopened == {"events": 2, "standing": 1}
    second = list(world._rows["ticket"])[1]
    world.status(second, "2026-01-07 12:00", "solved")
    figures = {how: world.compute("M03", resolved=how).total.figures for how in ("events", "distinct", "standing")}
    assert {how: one["resolved"] for how, one in figures.items()} == {"events": 3, "distinct": 2, "standing": 2}
    assert (figures["events"]["new"], figures["events"]["reopened"], figures["events"]["net_flow"]) == (3, 1, 1)


steps = st.lists(
    st.tuples(st.integers(1, 100), st.sampled_from(["new", "open", "pending", "on_hold", "solved", "closed"])),
    max_size=6,
)


@settings(max_examples=8, deadline=None)
@given(stories=st.lists(st.tuples(st.integers(0, 200), steps), min_size=1, max_size=6))
def test_the_backlog_changes_by_what_comes_less_what_goes(
    tmp_path_factory: pytest.TempPathFactory, stories: Any
) -> None:
    world = World(tmp_path_factory.getbasetemp(), as_of="2026-03-01 00:00")
    for hour, moves in stories:
        moment = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hour)
        ticket = world.ticket(moment.isoformat())
        world.status(ticket, moment.isoformat(), "new")
        for gap, status in moves:
            moment += timedelta(hours=gap)
            world.status(ticket, moment.isoformat(), status)
    level = by_period(world.compute("M05", period="day", start="2026-01-05", end="2026-03-01"))
    flow = world.compute("M03", period="day", start="2026-01-05", end="2026-03-01")
    net = {line.period.label: line.figures["net_flow"] or 0 for line in flow.lines if line.period}
    before = 0.0
    for day, there in level.items():
        assert there is not None
        assert there - before == net[day], day
        before = there


def test_a_value_whose_changes_are_not_recorded_is_todays(world: World) -> None:
    quiet = world.ticket("2026-01-05 09:00", team_id="old:team:1", assignee_id=world.agent("Bea"))
    world.status(quiet, "2026-01-05 10:00", "pending")
    world.event(quiet, "2026-01-06 09:00", "priority", "high", "low")
    result = world.compute("M05", by=("team", "agent", "priority"), start="2026-01-05", end="2026-01-08", period="day")
    team, agent = "old:team:1", "old:user:Bea"
    assert line_of(result, team, agent, "low", period="2026-01-05").value == 1
    assert line_of(result, team, agent, "high", period="2026-01-07").value == 1


def test_a_status_that_nobody_could_map_is_left_over(world: World) -> None:
    """It is neither solved nor gone: M04 counts it, and so do the backlog and what comes back into it."""
    waiting = world.ticket("2026-01-05 09:00")
    world.status(waiting, "2026-01-06 09:00", "pending")
    world.status(waiting, "2026-01-07 09:00", "unknown")
    back = world.ticket("2026-01-05 09:00")
    world.status(back, "2026-01-06 09:00", "solved")
    world.status(back, "2026-01-07 09:00", "unknown")
    world.status(back, "2026-01-08 09:00", "solved")
    assert world.compute("M04").total.n_eligible == 1
    days = by_period(world.compute("M05", period="day", start="2026-01-05", end="2026-01-09"))
    assert list(days.values()) == [2, 1, 2, 1]
    assert world.compute("M03").total.figures == {"new": 2, "resolved": 2, "reopened": 1, "net_flow": 1}
    assert world.compute("M18").total.figures["numerator"] == 1
    assert world.compute("M09", clock="calendar", variant="net_of_solved").value == 2 * DAY
    assert world.compute("M12", clock="calendar").value == DAY, "whose time it was is not known"


@pytest.mark.parametrize("resolved", ["events", "distinct"])
def test_a_desk_that_does_not_say_when_it_solves_is_missing_in_the_flow(world: World, resolved: str) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-06 09:00", "solved")
    world.connection = "new"
    world.ticket("2026-01-05 09:00", status="solved")
    result = world.compute("M03", resolved=resolved, by="connection", period="day", end="2026-01-08")
    assert result.total.figures == {"new": 1, "resolved": 1, "reopened": 0, "net_flow": 0}
    assert (result.total.status, result.total.n_missing) == (Computed.PARTIAL, 1)
    lacking = line_of(result, "new")
    assert (lacking.value, lacking.figures["new"], lacking.n_missing) == (None, None, 1)
    assert by_period(result) == {"2026-01-05": 1, "2026-01-06": -1, "2026-01-07": 0}
