"""Business time: rules G10.1-G10.6 by hand, and that times add up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskferry.metrics.calendars import TABLES, days_of, open_intervals
from deskferry.metrics.desk import Desk
from deskferry.metrics.keys import wanted
from deskferry.metrics.options import Question
from tests.metrics.build import DAY, HOUR, MINUTE, World, key_of

WEEK = ("mon", "tue", "wed", "thu", "fri")


def schedule(timezone: str, start: str = "09:00", end: str = "17:00", days: Any = WEEK, holidays: Any = ()) -> Any:
    return {
        "timezone": timezone,
        "intervals": [{"day": day, "start": start, "end": end} for day in days],
        "holidays": [{"start": first, "end": last} for first, last in holidays],
    }


def opened(one: Any, start: str, end: str) -> float:
    """Return the open seconds between two instants, by going over the intervals: the slow, plain way."""
    a, b = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, end))
    spans = open_intervals(one, a.date() - timedelta(days=3), b.date() + timedelta(days=3))
    return sum(max(0.0, (min(b, stop) - max(a, begin)).total_seconds()) for begin, stop in spans)


def test_hours_are_local_in_winter_and_in_summer() -> None:
    york = schedule("America/New_York")
    assert opened(york, "2026-01-05 14:00", "2026-01-05 22:00") == 8 * HOUR
    assert opened(york, "2026-07-06 13:00", "2026-07-06 21:00") == 8 * HOUR
    assert opened(york, "2026-07-06 21:00", "2026-07-06 22:00") == 0


@pytest.mark.parametrize(("day", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-10-25", 24)])
def test_an_hour_that_is_skipped_or_repeated_counts_as_it_was(day: str, hours: int) -> None:
    always = schedule("Europe/Madrid", "00:00", "24:00", days=("sat", "sun"))
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Madrid")).astimezone(UTC)
    end = (midnight + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M")
    assert opened(always, midnight.strftime("%Y-%m-%d %H:%M"), end) == hours * HOUR


def test_an_interval_that_begins_in_the_skipped_hour_begins_when_the_clocks_jump() -> None:
    night = schedule("Europe/Madrid", "02:30", "04:00", days=("sun",))
    assert opened(night, "2025-03-30 00:00", "2025-03-30 06:00") == HOUR  # 03:00 to 04:00
    assert opened(night, "2025-10-26 00:00", "2025-10-26 06:00") == 2.5 * HOUR  # both 02:30s


def test_holidays_are_local_days_and_nothing_on_a_closed_day() -> None:
    free = schedule("Europe/Madrid", holidays=(("2026-01-06", "2026-01-07"), ("2026-01-10", "2026-01-10")))
    assert opened(free, "2026-01-05 00:00", "2026-01-12 00:00") == 3 * 8 * HOUR


def test_intervals_that_overlap_count_once() -> None:
    one = schedule("UTC", days=("mon",))
    one["intervals"].append({"day": "mon", "start": "16:00", "end": "18:00"})
    assert opened(one, "2026-01-05 00:00", "2026-01-06 00:00") == 9 * HOUR


def test_days_cut_at_midnight_and_remember_what_was_before() -> None:
    tokyo = schedule("Asia/Tokyo", "00:00", "24:00", days=("tue",))
    found = list(days_of(tokyo, date(2026, 1, 5), date(2026, 1, 7)))
    assert found == [
        (date(2026, 1, 5), 0.0, [(15 * HOUR, DAY)]),
        (date(2026, 1, 6), 9 * HOUR, [(0.0, 15 * HOUR)]),
        (date(2026, 1, 7), DAY, []),
    ]


def plain(instant: datetime | None) -> datetime | None:
    return instant and instant.replace(tzinfo=None)


def business(
    world: World, spans: list[tuple[str, datetime | None, datetime | None]], schedules: str = "cumulative"
) -> Any:
    """Return the business seconds of (ticket, from, to)."""
    named = {name: wanted({"id", *columns}) for name, columns in TABLES.items()}
    desk = Desk(world.backend(named), Question(), world.as_of)
    time = pa.timestamp("us")
    rows = ibis.memtable(
        pa.table({
            "n": pa.array(range(len(spans)), pa.int64()),
            "connection": pa.array(["old"] * len(spans), pa.string()),
            "ticket_id": pa.array([key_of(one[0]) for one in spans], pa.int64()),
            "a": pa.array([plain(one[1]) for one in spans], time),
            "b": pa.array([plain(one[2]) for one in spans], time),
        })
    )  # fmt: skip
    found = desk.calendars.elapsed(rows, "a", "b", "seconds", schedules=schedules).order_by("n")
    return [one["seconds"] for one in found.to_pyarrow().to_pylist()]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def two_schedules(world: World) -> str:
    """A ticket that is under office hours till Tuesday noon, then round the clock."""
    ticket = world.ticket("2026-01-05 08:00")
    office = world.schedule(name="office")
    always = world.schedule(
        dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("00:00", "24:00")), name="all"
    )
    world.ticket_schedule(ticket, office, "2026-01-05 08:00")
    world.ticket_schedule(ticket, always, "2026-01-06 12:00")
    return ticket


def test_each_schedule_counts_for_its_part_or_the_last_for_all(world: World) -> None:
    ticket = two_schedules(world)
    span = [(ticket, at("2026-01-05 10:00"), at("2026-01-06 14:00"))]
    assert business(world, span) == [7 * HOUR + 3 * HOUR + 2 * HOUR]
    assert business(world, span, "last") == [28 * HOUR]


def test_no_schedule_is_no_business_time_and_the_only_one_of_a_desk_is_everybodys(world: World) -> None:
    ticket = world.ticket("2026-01-05 08:00")
    span = [(ticket, at("2026-01-05 08:00"), at("2026-01-05 10:00"))]
    assert business(world, span) == [None]
    world.schedule(name="one")
    assert business(world, span) == [HOUR]
    world.schedule(name="two")
    assert business(world, span) == [None], "nobody says which"


def test_a_stretch_without_schedule_makes_what_touches_it_unknown(world: World) -> None:
    ticket = two_schedules(world)
    world.ticket_schedule(ticket, None, "2026-01-07 00:00")
    spans = [("2026-01-06 00:00", "2026-01-06 13:00"), ("2026-01-06 00:00", "2026-01-08 00:00")]
    assert business(world, [(ticket, at(a), at(b)) for a, b in spans]) == [4 * HOUR, None]


def test_a_ticket_of_many_years_is_not_cut_off(world: World) -> None:
    ticket = world.ticket("2012-01-02 08:00")
    world.schedule()
    (seconds,) = business(world, [(ticket, at("2012-01-02 00:00"), at("2026-01-05 00:00"))])
    assert seconds == 731 * 5 * 8 * HOUR


def test_an_open_end_or_one_before_the_start_is_unknown(world: World) -> None:
    ticket = world.ticket("2026-01-05 08:00")
    world.schedule()
    spans = [(ticket, at("2026-01-05 10:00"), None), (ticket, at("2026-01-05 10:00"), at("2026-01-05 09:30"))]
    assert business(world, spans) == [None, None]


def test_fractions_of_a_second_count(world: World) -> None:
    ticket = world.ticket("2026-01-05 08:00")
    world.schedule()
    (seconds,) = business(world, [(ticket, at("2026-01-05 10:00:00.25"), at("2026-01-05 10:01"))])
    assert seconds == pytest.approx(MINUTE - 0.25)


instants = st.integers(0, 270 * 86_400 * 1000).map(
    lambda found: datetime(2025, 3, 1, tzinfo=UTC) + timedelta(milliseconds=found)
)
clocks = st.times().map(lambda found: f"{found:%H:%M}")
hours = st.lists(
    st.tuples(st.sampled_from((*WEEK, "sat", "sun")), clocks, clocks).filter(lambda one: one[1] < one[2]), max_size=8
)
zone_names = st.sampled_from(("UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"))


@settings(max_examples=15, deadline=None)
@given(
    plans=st.lists(st.tuples(zone_names, hours), min_size=1, max_size=3),
    turns=st.lists(instants, max_size=3),
    points=st.lists(st.tuples(instants, instants, instants).map(sorted), min_size=1, max_size=20),
)
def test_from_a_to_c_is_from_a_to_b_plus_from_b_to_c(
    tmp_path_factory: pytest.TempPathFactory, plans: Any, turns: Any, points: Any
) -> None:
    world = World(tmp_path_factory.getbasetemp())
    ticket = world.ticket("2025-03-01 00:00")
    ids = [
        world.put("schedule", name=str(n), timezone=zone,
                  intervals=json.dumps([{"day": d, "start": a, "end": b} for d, a, b in open_hours]), holidays="[]")
        for n, (zone, open_hours) in enumerate(plans)
    ]  # fmt: skip
    world.put("ticket_schedule", ticket_id=ticket, schedule_id=ids[0], from_at="2025-03-01 00:00")
    for n, turn in enumerate(sorted(set(turns))):
        world.put("ticket_schedule", ticket_id=ticket, schedule_id=ids[n % len(ids)], from_at=turn)
    spans = [(ticket, *pair) for a, b, c in points for pair in ((a, b), (b, c), (a, c))]
    found = business(world, spans)
    for ab, bc, ac, (_t, a, c) in zip(found[::3], found[1::3], found[2::3], spans[2::3], strict=True):
        assert ac == pytest.approx(ab + bc, abs=1e-4)
        assert -1e-4 <= ac <= (c - a).total_seconds() + 1e-4


@settings(max_examples=15, deadline=None)
@given(zone=zone_names, open_hours=hours, points=st.lists(st.tuples(instants, instants).map(sorted), min_size=1))
def test_the_table_tells_what_the_plain_way_tells(
    tmp_path_factory: pytest.TempPathFactory, zone: str, open_hours: Any, points: Any
) -> None:
    world = World(tmp_path_factory.getbasetemp())
    ticket = world.ticket("2025-03-01 00:00")
    intervals = [{"day": day, "start": start, "end": end} for day, start, end in open_hours]
    world.put("schedule", timezone=zone, intervals=json.dumps(intervals), holidays="[]")
    plain = {"timezone": zone, "intervals": intervals, "holidays": []}
    expected = [
        opened(plain, a.replace(tzinfo=None).isoformat(), b.replace(tzinfo=None).isoformat()) for a, b in points
    ]
    assert business(world, [(ticket, a, b) for a, b in points]) == pytest.approx(expected, abs=1e-4)
