"""M06: the checks and edges of its card, worked by hand; the method on histories of which the future is known."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from deskferry.metrics.result import Computed, Line, Result
from deskferry.metrics.weekday_forecast import Forecaster, History
from tests.metrics.build import World, by_group, by_period

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def come_and_go(
    world: World, weeks: int, came: int = 2, went: int = 1, start: datetime = MONDAY, **values: str
) -> None:
    """Each Monday some tickets come, each Thursday some of those that are there are solved."""
    left: list[str] = []
    for week in range(weeks):
        monday = start + timedelta(weeks=week, hours=9)
        for _ in range(came):
            left.append(world.ticket(monday.isoformat(), **values))
            world.status(left[-1], monday.isoformat(), "new")
        for _ in range(min(went, len(left))):
            world.status(left.pop(0), (monday + timedelta(days=3)).isoformat(), "solved")


def days_of(result: Result) -> list[Line]:
    return [line for line in result.lines if line.period and not line.group]


def weeks_later(world: World, weeks: int) -> None:
    world.as_of = MONDAY + timedelta(weeks=weeks)


def test_the_level_is_that_of_today_plus_what_comes_less_what_goes(world: World) -> None:
    come_and_go(world, 10)
    weeks_later(world, 10)
    result = world.compute("M06", days=9)
    levels = [line.value for line in days_of(result)]
    assert levels == [12, 12, 12, 11, 11, 11, 11, 13, 13], "10 weeks left 10; Monday +2, Thursday -1"
    assert (result.value, result.total.figures["at_start"]) == (13, 10)
    first, *_rest = days_of(result)
    assert first.period
    assert (first.period.label, first.period.is_complete) == ("2026-03-16", False)
    assert (first.figures["inflow"], first.figures["outflow"]) == (2, 0)
    assert result.definition_id == "forecast.v1"


def test_a_day_that_is_not_over_is_forecast_and_not_learnt_from(world: World) -> None:
    come_and_go(world, 10)
    world.as_of = MONDAY + timedelta(weeks=9, hours=12)  # Monday of the tenth week, its two tickets are there
    result = world.compute("M06", days=1)
    assert (result.total.figures["at_start"], result.value) == (9, 11)


def test_only_the_last_eight_complete_weeks_count(world: World) -> None:
    come_and_go(world, 4, came=30, went=30)
    come_and_go(world, 8, start=MONDAY + timedelta(weeks=4))
    weeks_later(world, 12)
    assert world.compute("M06", days=1).value == 8 + 2
    world.as_of = MONDAY + timedelta(weeks=12, days=2)  # the week that goes on had no Monday tickets: not learnt
    assert days_of(world.compute("M06", days=7))[5].value == 8 - 1 + 2


def test_fewer_than_eight_complete_weeks_are_refused(world: World) -> None:
    come_and_go(world, 9, start=MONDAY + timedelta(hours=24))  # the week of the first ticket is not complete
    weeks_later(world, 8)
    result = world.compute("M06")
    assert (result.value, result.status) == (None, Computed.NOT_COMPUTABLE)
    assert result.reason == "fewer than 8 complete weeks"
    assert result.lines == ()
    weeks_later(world, 9)
    assert world.compute("M06").status is Computed.OK


def test_no_more_goes_than_there_is_and_nothing_is_below_zero() -> None:
    history = History(70.0, [0.0] * 56, [1.0] * 56)
    days = Forecaster(20, 8).forecast(history)
    assert [day.level for day in days] == [*range(13, 0, -1), 0, 0, 0, 0, 0, 0, 0]
    assert sum(day.went for day in days) == 14
    assert all(low >= 0 for day in days for low, _high in day.bands.values())


def test_smoothing_lets_a_late_week_count_more() -> None:
    came = [0.0] * 49 + [8.0] * 7
    mean = Forecaster(1, 8).forecast(History(0.0, came, [0.0] * 56))
    smooth = Forecaster(1, 8, smoothing=True).forecast(History(0.0, came, [0.0] * 56))
    assert mean[0].level == 56 + 1
    assert smooth[0].level == pytest.approx(56 + 8 * 0.3 / (1 - 0.7**8))


def test_bands_come_from_the_residuals_and_are_the_same_each_time() -> None:
    # Odd weeks bring 2 on every day, even weeks none: residuals are +1 and -1, made wider by the root of 8/7. The mean
    # of 8 such residuals lies between -1 and +1 times that.
    history = History(100.0, ([2.0] * 7 + [0.0] * 7) * 4, [0.0] * 56)
    first, second = Forecaster(2, 8).forecast(history)
    step = (8 / 7) ** 0.5
    assert (first.level, second.level) == (157, 158)
    for low, high in first.bands.values():
        assert 157 - 2 * step <= low < 157 - step / 2
        assert 157 + step / 2 < high <= 157 + 2 * step
    assert second.bands[95][0] < second.bands[80][0] < second.bands[80][1] < second.bands[95][1]
    assert second.bands[95][1] - second.bands[95][0] > first.bands[95][1] - first.bands[95][0]
    assert Forecaster(2, 8).forecast(history)[1] == second
    steady = Forecaster(2, 8).forecast(History(5.0, [1.0] * 56, [1.0] * 56))
    assert steady[1].bands == {80: (5, 5), 95: (5, 5)}


def test_the_back_test_worked_by_hand() -> None:
    # One more on every day: the forecast is right on each of the 7 held-back days of 4 weeks, no change errs by 1 to 7.
    tested = Forecaster(7, 8).tested(History(0.0, [1.0] * 56, [0.0] * 56), 12)
    assert (tested.weeks, tested.mae, tested.mae_no_change, tested.mase) == (4, 0, 4, 0)
    assert tested.held == {80: 1, 95: 1}
    assert tested.is_better
    # A level that a learnt rise no longer fits: 4 weeks of +1, then stillness.
    tested = Forecaster(7, 8).tested(History(0.0, [1.0] * 28 + [0.0] * 7, [0.0] * 35), 12)
    assert (tested.weeks, tested.mae, tested.mae_no_change) == (1, 4, 0)
    assert (tested.mase, tested.is_better) == (None, False)


def test_forecasts_are_tested_on_days_that_they_did_not_see() -> None:
    quiet = [1.0] * 56
    future = History(0.0, [*quiet, *([9.0] * 7)], [0.0] * 63)
    # Only the last held-back week has the change; whoever had seen it would err less.
    tested = Forecaster(7, 8).tested(future, 1, with_bands=False)
    assert (tested.weeks, tested.mae, tested.mae_no_change) == (1, 8 * 4, 9 * 4)


def test_no_better_than_no_change_is_said(world: World) -> None:
    come_and_go(world, 8, came=3, went=0)
    weeks_later(world, 13)  # five weeks in which nothing moved
    result = world.compute("M06")
    tested = result.extra["back_test"]
    assert tested["mase"] >= 1
    assert tested["verdict"] == "no better than no-change"
    assert result.reason == "no better than no-change"
    assert any("no better than no-change" in note for note in result.notes)


def test_on_a_desk_with_weekdays_it_beats_no_change_and_its_bands_hold() -> None:
    draw = random.Random(3)

    def some(of: tuple[int, ...]) -> list[float]:
        return [float(sum(draw.random() < 0.5 for _ in range(2 * mean))) for _week in range(68) for mean in of]

    came, went = some((30, 22, 20, 18, 15, 4, 3)), some((18, 21, 22, 22, 24, 3, 2))
    tested = Forecaster(7, 8).tested(History(2000.0, came, went), 60)
    assert tested.mase is not None
    assert tested.mase < 0.8
    assert 0.7 < tested.held[80] < 0.9
    assert 0.87 < tested.held[95] <= 1


def test_a_group_has_its_own_forecast_and_its_own_weeks(world: World) -> None:
    come_and_go(world, 10, team_id="old:team:1", channel="email")
    come_and_go(world, 2, start=MONDAY + timedelta(weeks=8), team_id="old:team:2", channel="chat")
    weeks_later(world, 10)
    result = world.compute("M06", by="channel", days=1)
    assert by_group(result) == {"email": 12, "chat": None}
    (young,) = (line for line in result.lines if line.group.get("channel") == "chat")
    assert (young.status, young.reason) == (Computed.NOT_COMPUTABLE, "fewer than 8 complete weeks")
    assert by_group(world.compute("M06", by="team", days=1)) == {"old:team:1": 12, "old:team:2": None}


def test_what_moves_from_team_to_team_moves_between_their_backlogs(world: World) -> None:
    come_and_go(world, 10, came=3, went=2, team_id="old:team:1")
    for number, ticket in enumerate(list(world._rows["ticket"])):
        opened = MONDAY + timedelta(weeks=number // 3, hours=10)
        if number % 3 == 0:  # one a week changes hands an hour after it came
            world.event(ticket, opened.isoformat(), "team_id", "old:team:2", "old:team:1")
            world.change(ticket, team_id="old:team:2")
    weeks_later(world, 10)
    whole = world.compute("M06", days=7)
    parts = world.compute("M06", by="team", days=7)
    assert whole.total.figures["at_start"] == 10
    starts = [line.figures["at_start"] or 0 for line in parts.lines if line.group and not line.period]
    assert sum(starts) == 10
    assert sum(value or 0 for value in by_group(parts).values()) == pytest.approx(whole.value)


def test_it_goes_on_from_the_backlog(world: World) -> None:
    come_and_go(world, 10)
    tickets = list(world._rows["ticket"])
    world.status(tickets[-1], "2026-03-13 09:00", "pending")
    world.status(tickets[0], "2026-03-13 10:00", "open")  # reopened
    world.change(tickets[-2], deleted_at="2026-03-14 10:00")
    weeks_later(world, 10)
    backlog = by_period(world.compute("M05", period="day", end="2026-03-16"))
    assert world.compute("M06").total.figures["at_start"] == backlog["2026-03-15"] == 10


def test_from_open_to_pending_nothing_comes_and_nothing_goes(world: World) -> None:
    come_and_go(world, 10)
    weeks_later(world, 10)
    before = world.compute("M06", days=7)
    for ticket in list(world._rows["ticket"])[-5:]:
        world.status(ticket, "2026-03-13 09:00", "pending")
    after = world.compute("M06", days=7)
    assert [line.figures for line in after.lines] == [line.figures for line in before.lines]
    assert after.total.n_eligible == before.total.n_eligible == 30


def test_shifting_all_by_a_week_shifts_nothing_and_the_store_says_the_same(world: World) -> None:
    come_and_go(world, 9)
    weeks_later(world, 9)
    before = [(line.value, line.interval) for line in days_of(world.compute("M06"))]
    later = World(world.folder)
    come_and_go(later, 9, start=MONDAY + timedelta(weeks=1))
    later.as_of = MONDAY + timedelta(weeks=10)
    assert [(line.value, line.interval) for line in days_of(later.compute("M06"))] == before
    later.through_store = True
    assert [(line.value, line.interval) for line in days_of(later.compute("M06"))] == before


def test_days_are_those_of_the_reporting_zone(world: World) -> None:
    come_and_go(world, 10, start=MONDAY - timedelta(hours=7))  # 02:00 UTC on Monday is Sunday in New York
    weeks_later(world, 10)
    result = world.compute("M06", days=7, timezone="America/New_York")
    assert [(line.period.label, line.figures["inflow"]) for line in days_of(result) if line.period][:2] == [
        ("2026-03-15", 2.0), ("2026-03-16", 0.0),
    ]  # fmt: skip
