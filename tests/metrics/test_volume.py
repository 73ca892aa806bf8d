"""M01, M02, M04: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

from deskferry.metrics.result import Computed
from tests.metrics.build import DAY, World, by_group, by_period, line_of


def test_tickets_count_by_the_period_of_their_creation(world: World) -> None:
    for created in ("2026-01-05 23:59:59.999999", "2026-01-06 00:00", "2026-01-08 12:00", "2026-02-01 00:00"):
        world.ticket(created)
    result = world.compute("M01", period="day", start="2026-01-05", end="2026-01-09")
    assert by_period(result) == {"2026-01-05": 1, "2026-01-06": 1, "2026-01-07": 0, "2026-01-08": 1}
    assert result.value == 3
    assert result.total.figures["per_day"] == 3 / 4, "by calendar days, not by days that have a ticket"
    assert by_period(world.compute("M01", period="month")) == {"2026-01": 3, "2026-02": 1, "2026-03": 0}
    assert by_period(world.compute("M01", period="quarter")) == {"2026-Q1": 4}
    weeks = by_period(world.compute("M01", period="week", end="2026-01-12"))
    assert weeks == {"2026-W02": 3}, "weeks begin on Monday"


def test_the_reporting_zone_decides_the_day(world: World) -> None:
    world.ticket("2026-01-05 04:30")  # still Sunday in New York
    assert by_period(world.compute("M01", period="day", timezone="America/New_York", end="2026-01-05")) == {
        "2026-01-04": 1
    }


def test_a_day_of_23_or_25_hours_is_one_day(world: World) -> None:
    for created in ("2025-03-30 00:59", "2025-03-30 21:59", "2025-10-25 22:00", "2025-10-26 22:59"):
        world.ticket(created)
    days = by_period(world.compute("M01", period="day", timezone="Europe/Madrid"))
    assert {day: n for day, n in days.items() if n} == {"2025-03-30": 2, "2025-10-26": 2}


def test_the_period_that_goes_on_is_flagged(world: World) -> None:
    world.as_of = world.at("2026-01-08 12:00")
    world.ticket("2026-01-02 12:00")
    result = world.compute("M01", period="week", start="2025-12-29")
    first, second = (line.period for line in result.lines)
    assert first
    assert second
    assert (first.is_complete, second.is_complete) == (True, False)


def test_deleted_spam_and_merged_tickets_do_not_count(world: World) -> None:
    kept = world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-05 10:00", status="deleted")
    world.ticket("2026-01-05 10:00", deleted_at="2026-01-06 10:00")
    world.ticket("2026-01-05 10:00", is_spam=True)
    world.ticket("2026-01-05 10:00", status="merged", merged_into_id=kept)
    world.ticket("2026-01-05 10:00", brand_id="old:brand:test")
    world.ticket("2026-01-05 10:00", follow_up_of_id=kept)  # a new ticket
    assert world.compute("M01", exclude=("old:brand:test",)).value == 2
    assert world.compute("M01").value == 3
    assert world.compute("M01", include_merged="true").value == 4


def test_a_ticket_without_a_time_of_creation_is_missing_not_zero(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-05 10:00", created_at=None)
    total = world.compute("M01").total
    assert (total.value, total.n_eligible, total.n_computed, total.n_missing) == (1, 2, 1, 1)
    assert total.status is Computed.PARTIAL


def test_what_no_instant_puts_into_a_period_is_missing_in_the_total_and_in_no_line(world: World) -> None:
    world.ticket("2026-02-20 10:00", channel="email")
    undated = world.ticket("2026-02-20 10:00", created_at=None, channel="email")
    for answered in ("2026-02-21 10:00", None):
        world.put("survey_response", kind="csat", ticket_id=undated, score=5, scale_min=1, scale_max=5,
                  answered_at=answered)  # fmt: skip
    for name in ("M01", "M02", "M14", "M21"):
        world.put("ticket", id=undated, status="solved", solved_at="2026-02-22 10:00")
        result = world.compute(name, by="channel", period="week")
        assert (result.total.n_eligible, result.total.n_missing) == (2, 1), name
        assert result.total.status is Computed.PARTIAL, name
        weeks = [line for line in result.lines if line.period and not line.group and line.n_eligible]
        assert [(line.period and line.period.label, line.n_computed) for line in weeks] == [("2026-W08", 1)], name
        assert world.compute(name).total.value == result.total.value, "whether there are lines changes no total"


def test_tickets_of_agents_are_split_from_those_of_customers(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    world.ticket("2026-01-05 10:00", submitter_id=world.agent())
    world.ticket("2026-01-05 10:00", submitter_id="old:user:nobody")
    assert by_group(world.compute("M01", by="origin")) == {"inbound": 1, "outbound": 1, None: 1}


def test_an_empty_store_has_no_volume(world: World) -> None:
    result = world.compute("M01")
    assert (result.value, result.status) == (None, Computed.NOT_COMPUTABLE)
    assert result.reason == "no ticket in the store"


def test_channels_have_shares_of_all_and_the_unknown_is_one(world: World) -> None:
    for channel, label in (("email", None), ("email", None), ("other", "fax"), (None, None)):
        world.ticket("2026-01-05 10:00", channel=channel, channel_label=label)
    result = world.compute("M02")
    assert by_group(result) == {"email": 2, "other:fax": 1, "unknown": 1}
    assert line_of(result, "email").figures["share"] == 0.5
    assert sum(line.figures["share"] or 0 for line in result.lines) == 1


def test_no_channel_at_all_is_said(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    assert world.compute("M02").reason == "no channel on tickets"


def test_tags_and_fields_split_and_a_total_stays_the_total(world: World) -> None:
    world.ticket(
        "2026-01-05 10:00", tags=("vip", "late"), custom_fields={"plan": "gold", "seats": 3, "list": ["a", "b"]}
    )
    world.ticket("2026-01-05 10:00", tags=("vip",), custom_fields={"plan": None})
    world.ticket("2026-01-05 10:00")
    assert by_group(world.compute("M01", by="tag")) == {"late": 1, "vip": 2, None: 1}
    assert world.compute("M01", by="tag").value == 3
    assert by_group(world.compute("M01", by="field:plan")) == {"gold": 1, None: 2}
    assert by_group(world.compute("M01", by="field:seats")) == {"3": 1, None: 2}
    assert by_group(world.compute("M01", by="field:list")) == {"a": 1, "b": 1, None: 2}


def test_what_is_not_final_is_unresolved_with_its_age(world: World) -> None:
    world.as_of = world.at("2026-01-10 10:00")
    for day, status in ((9, "new"), (8, "on_hold"), (1, "solved"), (1, "closed"), (1, "deleted"), (1, "spam")):
        world.ticket(f"2026-01-{day:02} 10:00", status=status)
    total = world.compute("M04", clock="calendar").total
    assert (total.n_computed, total.figures["median"], total.figures["max"]) == (2, 1.5 * DAY, 2 * DAY)
    assert by_group(world.compute("M04", by="status")) == {"new": DAY, "on_hold": 2 * DAY}
