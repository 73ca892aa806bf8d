"""M09, M10, M14: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

from deskferry.metrics.result import Computed
from tests.metrics.build import DAY, HOUR, World, by_period


def reopened(world: World) -> str:
    """Solved after 2 h, reopened after 5 h, solved again after 8 h."""
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-05 09:00", "new")
    world.status(ticket, "2026-01-05 11:00", "solved")
    world.status(ticket, "2026-01-05 14:00", "open")
    world.status(ticket, "2026-01-05 17:00", "solved")
    return ticket


def test_the_last_solving_counts_and_the_first_is_a_metric_of_its_own(world: World) -> None:
    ticket = reopened(world)
    world.status(ticket, "2026-01-09 09:00", "closed")  # no second resolution
    assert world.compute("M09", clock="calendar").value == 8 * HOUR
    assert world.compute("M10", clock="calendar").value == 2 * HOUR
    assert world.compute("M09", clock="calendar", variant="net_of_solved").value == 5 * HOUR


def test_a_ticket_that_is_open_again_has_no_resolution_but_a_first_one(world: World) -> None:
    ticket = reopened(world)
    world.status(ticket, "2026-01-06 09:00", "open")
    assert world.compute("M09", clock="calendar").total.n_eligible == 0
    assert world.compute("M10", clock="calendar").value == 2 * HOUR


def test_what_one_update_solves_and_reopens_was_not_solved(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-05 09:00", "open")
    world.status(ticket, "2026-01-05 10:00", "solved", update_id="u1")
    world.status(ticket, "2026-01-05 10:00", "open", update_id="u1")
    world.status(ticket, "2026-01-05 12:00", "solved", update_id="u2")
    assert world.compute("M10", clock="calendar").value == 3 * HOUR


def test_closed_without_solved_is_the_close(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-05 10:00", "closed", None)
    assert world.compute("M09", clock="calendar").value == HOUR


def test_without_history_the_time_of_solving_does_and_no_time_is_missing(world: World) -> None:
    world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-05 12:00")
    world.ticket("2026-01-05 09:00", status="solved")
    world.ticket("2026-01-05 09:00", status="closed", solved_at="2026-01-05 08:00")  # before it was created
    total = world.compute("M09", clock="calendar").total
    assert (total.value, total.n_eligible, total.n_missing) == (3 * HOUR, 3, 2)
    assert world.compute("M10", clock="calendar").reason == "no status history in the store"


def test_a_final_ticket_without_events_was_not_created_as_solved(world: World) -> None:
    """In a desk that keeps a history: its times tell what they can, else it is missing."""
    world.status(world.ticket("2026-01-05 09:00"), "2026-01-06 09:00", "solved")
    world.ticket("2026-01-05 09:00", status="solved", solved_at="2026-01-20 09:00")
    world.ticket("2026-01-05 09:00", status="closed")
    last = world.compute("M09", clock="calendar").total
    assert (last.figures["min"], last.figures["max"], last.n_missing) == (DAY, 15 * DAY, 1)
    for name in ("M10", "M12"):
        total = world.compute(name, clock="calendar").total
        assert (total.value, total.n_eligible, total.n_missing) == (DAY, 3, 2), name
    reopens = world.compute("M18").total
    assert (reopens.n_eligible, reopens.n_computed) == (3, 1), "nobody knows whether the others came back"
    flow = by_period(world.compute("M03", period="day", start="2026-01-05", end="2026-01-21"))
    assert {day: net for day, net in flow.items() if net} == {"2026-01-05": 3, "2026-01-06": -1, "2026-01-20": -1}
    backlog = world.compute("M05", period="day", start="2026-01-05", end="2026-01-21")
    levels = by_period(backlog)
    assert [levels[f"2026-01-{day:02}"] for day in (5, 6, 19, 20)] == [2, 1, 1, 0]
    assert backlog.notes == ("Tickets without a history, told by the times of their creation and solving: 1.",)
    assert world.compute("M14").value == 1
    within = world.compute("M14", within_days=2).total
    assert (within.value, within.n_eligible, within.n_missing) == (0.5, 3, 1)


def test_a_ticket_of_an_event_log_stands_where_its_history_ends(world: World) -> None:
    """It has no status of its own; the last one counts, whichever metric asks."""
    for history in (("open", "solved", "open", "solved"), ("open", "solved", "open")):
        ticket = world.ticket("2026-01-05 09:00", status=None)
        for hour, status in enumerate(history, start=9):
            world.status(ticket, f"2026-01-05 {hour:02}:00", status)
        world.put("ticket", id=ticket, status=None)
    world.through_store = True
    resolution = world.compute("M09", clock="calendar").total
    assert (resolution.value, resolution.n_eligible) == (3 * HOUR, 1)
    assert world.compute("M14").value == 0.5
    assert world.compute("M12", clock="calendar").value == 2 * HOUR


def test_business_time_of_a_resolution(world: World) -> None:
    world.schedule()
    ticket = world.ticket("2026-01-09 16:00")  # a Friday
    world.status(ticket, "2026-01-12 10:00", "solved")
    assert world.compute("M09", clock="business").value == 2 * HOUR
    assert world.compute("M09", clock="calendar").value == 2 * DAY + 18 * HOUR


def test_the_rate_is_of_what_was_created(world: World) -> None:
    reopened(world)
    world.ticket("2026-01-05 09:00")
    world.ticket("2026-02-05 09:00", status="solved", solved_at="2026-02-20 09:00")
    result = world.compute("M14", period="month")
    assert (result.value, result.total.figures["numerator"], result.total.figures["denominator"]) == (2 / 3, 2, 3)
    assert [line.value for line in result.lines] == [0.5, 1.0, None]
    assert result.total.below_floor
    assert result.lines[2].status is Computed.OK


def test_an_unrelated_ticket_and_a_week_change_nothing(world: World) -> None:
    reopened(world)
    before = world.compute("M09", clock="calendar").value
    world.ticket("2026-01-12 09:00")
    assert world.compute("M09", clock="calendar").value == before
