"""M12, M13: the identities of their cards, worked by hand."""

from __future__ import annotations

from tests.metrics.build import HOUR, World


def journey(world: World) -> str:
    ticket = world.ticket("2026-01-05 09:00")
    for hour, status in ((9, "new"), (10, "open"), (12, "pending"), (15, "on_hold"), (19, "solved"), (20, "open")):
        world.status(ticket, f"2026-01-05 {hour:02}:00", status)
    world.status(ticket, "2026-01-05 22:00", "solved")
    return ticket


def parts(world: World, **asked: str) -> list[float | None]:
    return [world.compute("M13", which=which, clock="calendar", **asked).value
            for which in ("agent_work", "agent_wait", "on_hold")]  # fmt: skip


def test_work_wait_and_hold_are_the_unresolved_time_and_the_requester_waits_for_work_and_hold(world: World) -> None:
    journey(world)
    assert parts(world) == [5 * HOUR, 3 * HOUR, 4 * HOUR]
    wait = world.compute("M12", clock="calendar").value
    assert wait == 9 * HOUR
    assert world.compute("M09", clock="calendar", variant="net_of_solved").value == 12 * HOUR


def test_a_status_that_the_ticket_is_still_in_counts_only_live(world: World) -> None:
    world.as_of = world.at("2026-01-05 18:00")
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-05 09:00", "open")
    world.status(ticket, "2026-01-05 10:00", "pending")
    assert parts(world, tickets="all") == [HOUR, 8 * HOUR, 0]
    assert parts(world, tickets="all", variant="recorded") == [HOUR, 0, 0]
    assert world.compute("M12", clock="calendar").total.n_eligible == 0


def test_business_time_per_segment_and_null_without_schedule(world: World) -> None:
    journey(world)
    assert world.compute("M12", clock="business").value is None
    world.schedule()
    assert world.compute("M12", clock="business").value == 5 * HOUR  # 09-12 worked on, 15-17 on hold


def test_a_history_that_begins_after_the_creation_begins_with_the_status_before(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.status(ticket, "2026-01-05 11:00", "pending", old="open")
    world.status(ticket, "2026-01-05 12:00", "solved")
    assert parts(world) == [2 * HOUR, HOUR, 0]


def test_the_way_through_a_store_gives_the_same(world: World) -> None:
    journey(world)
    world.schedule()
    direct = world.compute_all("M13", by=("channel", "agent", "tag", "field:x"), period="day")
    world.through_store = True
    assert world.compute_all("M13", by=("channel", "agent", "tag", "field:x"), period="day") == direct
