"""M20: the checks and edges of its card, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import HOUR, MINUTE, World, by_group

CREATED = "2026-01-05 09:00"  # a Monday


def clock(
    world: World, ticket: str, *events: tuple[str, str], metric: str = "first_reply_time", target: float | None = HOUR,
    instance: int = 1, business: bool = False,
) -> None:  # fmt: skip
    """Record what happened to a clock; the target is put on it where it is first activated."""
    if target is not None:
        events = (("apply", events[0][1]), *events)
    for kind, at in events:
        told = {"target_seconds": target, "business_hours": business} if kind == "apply" else {}
        world.put("sla_event", ticket_id=ticket, metric=metric, instance=instance, kind=kind, occurred_at=at, **told)


def promised(world: World, **seconds: float) -> None:
    """Have one policy without filter, in calendar time."""
    world.put(
        "sla_policy", name="gold",
        targets=[{"metric": name, "priority": None, "seconds": value, "business_hours": False}
                 for name, value in seconds.items()],
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- recorded events


def test_met_of_met_and_missed_and_what_still_runs_is_none(world: World) -> None:
    """The formula: two met, one missed before it was met, one missed and never met, one running: 2 of 4."""
    for _ in range(2):
        clock(world, world.ticket(CREATED), ("activate", CREATED), ("fulfill", "2026-01-05 09:30"))
    late = world.ticket(CREATED)
    clock(world, late, ("activate", CREATED), ("breach", "2026-01-05 10:00"), ("fulfill", "2026-01-05 11:00"))
    clock(world, world.ticket(CREATED), ("activate", CREATED), ("breach", "2026-01-05 10:00"))
    clock(world, world.ticket("2026-02-28 23:30"), ("activate", "2026-02-28 23:30"))
    result = world.compute("M20")
    assert (result.value, result.total.n_eligible, result.status) == (0.5, 4, Computed.OK)
    assert result.extra["by_target_metric"] == {"first_reply_time": {"achieved": 2, "breached": 2}}


def test_by_target_and_by_ticket_are_two_numbers(world: World) -> None:
    """One ticket with a met and a missed target, one with a met one, one with a met and a running one."""
    mixed, good, running = (world.ticket(CREATED) for _ in range(3))
    for ticket in (mixed, good, running):
        clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-05 09:30"))
    clock(world, mixed, ("activate", CREATED), ("breach", "2026-01-05 10:00"), metric="agent_work_time")
    clock(world, running, ("activate", CREATED), ("pause", CREATED), metric="agent_work_time")
    by_target, by_ticket = (world.compute("M20", unit=unit) for unit in ("target", "ticket"))
    assert (by_target.value, by_target.total.n_eligible) == (0.75, 4)
    assert (by_ticket.value, by_ticket.total.n_eligible) == (0.5, 2)
    assert "By target" in by_target.notes[-1]
    assert "By ticket" in by_ticket.notes[-1]


def test_equality_is_met(world: World) -> None:
    """A target of 2,130 minutes met at exactly 2,130 is met, by the record and by the clock."""
    ticket = world.ticket(CREATED)
    clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-06 20:30"), target=2130 * MINUTE)
    assert world.compute("M20").value == 1
    clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-06 20:30:01"), target=2130 * MINUTE, instance=2)
    assert world.compute("M20").value == 0.5
    clock(world, ticket, ("activate", CREATED), ("breach", "2026-01-05 10:00"), ("fulfill", "2026-01-05 10:00"),
          instance=3)  # fmt: skip
    assert world.compute("M20").value == 1  # breaches are recorded here: what is not recorded as one is none


def test_a_clock_that_pauses_counts_only_what_it_ran(world: World) -> None:
    ticket = world.ticket(CREATED)
    clock(
        world, ticket, ("activate", CREATED), ("pause", "2026-01-05 09:40"), ("activate", "2026-01-05 12:00"),
        ("fulfill", "2026-01-05 12:20"), metric="requester_wait_time",
    )  # fmt: skip
    assert world.compute("M20").value == 1
    clock(
        world, ticket, ("activate", CREATED), ("pause", "2026-01-05 09:40"), ("activate", "2026-01-05 12:00"),
        ("fulfill", "2026-01-05 12:21"), metric="requester_wait_time", instance=2,
    )  # fmt: skip
    assert world.compute("M20").value == 0.5


def test_a_target_in_business_hours_is_measured_in_them(world: World) -> None:
    ticket = world.ticket("2026-01-05 16:30")
    clock(world, ticket, ("activate", "2026-01-05 16:30"), ("fulfill", "2026-01-06 09:30"), business=True)
    assert world.compute("M20").total.n_missing == 1  # no schedule: nobody can tell
    world.schedule()
    assert world.compute("M20").value == 1


def test_a_clock_without_target_is_no_instance(world: World) -> None:
    clock(world, world.ticket(CREATED), ("activate", CREATED), ("fulfill", "2026-01-05 09:30"))
    clock(world, world.ticket(CREATED), ("activate", CREATED), ("fulfill", "2026-01-05 09:30"), target=None)
    assert world.compute("M20").total.n_eligible == 1


def test_the_target_in_force_when_it_was_met_holds_and_a_later_one_is_not_retroactive(world: World) -> None:
    ticket = world.ticket(CREATED)
    clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-05 09:30"))
    for at, seconds in (("2026-01-05 09:10", 20 * MINUTE), ("2026-01-05 10:00", 2 * HOUR)):
        world.put("sla_event", ticket_id=ticket, metric="first_reply_time", instance=1, kind="apply", occurred_at=at,
                  target_seconds=seconds)  # fmt: skip
    assert world.compute("M20").value == 0


def test_a_reply_clock_of_a_ticket_solved_without_reply_is_cancelled_unless_its_target_had_passed(world: World) -> None:
    early, late = world.ticket(CREATED, status="solved"), world.ticket(CREATED, status="solved")
    clock(world, early, ("activate", CREATED))
    clock(world, late, ("activate", CREATED), ("breach", "2026-01-05 10:00"))
    total = world.compute("M20").total
    assert (total.value, total.n_eligible) == (0, 1)
    assert world.compute("M20", solved_unanswered="achieved").value == 0.5


def test_the_first_reply_may_be_measured_from_the_application(world: World) -> None:
    ticket = world.ticket(CREATED)
    clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-05 10:30"), target=None)
    world.put("sla_event", ticket_id=ticket, metric="first_reply_time", instance=1, kind="apply", target_seconds=HOUR,
              occurred_at="2026-01-05 10:00")  # fmt: skip
    assert world.compute("M20").value == 0
    assert world.compute("M20", first_reply_from="application").value == 1


def test_deleted_tickets_are_left_out_unless_asked_for(world: World) -> None:
    clock(world, world.ticket(CREATED, deleted_at="2026-01-07 00:00"), ("activate", CREATED), ("fulfill", CREATED))
    assert world.compute("M20").total.n_eligible == 0
    assert world.compute("M20", include_deleted=True).total.n_eligible == 1
    assert world.compute("M20", preset="zendesk").total.n_eligible == 1, "Zendesk keeps their targets"


def test_a_withdrawn_breach_is_none(world: World) -> None:
    ticket = world.ticket(CREATED)
    clock(world, ticket, ("activate", CREATED), ("fulfill", "2026-01-05 09:30"))
    world.put("sla_event", ticket_id=ticket, metric="first_reply_time", instance=1, kind="breach",
              occurred_at="2026-01-05 09:10", deleted_at="2026-01-05 09:20")  # fmt: skip
    assert world.compute("M20").value == 1


def test_of_rows_that_only_say_met_or_missed_the_last_of_a_ticket_counts(world: World) -> None:
    ticket = world.ticket(CREATED)
    for kind, at in (("breach", "2026-01-05 10:00"), ("fulfill", "2026-01-05 11:00")):
        world.put("sla_event", ticket_id=ticket, kind=kind, occurred_at=at)
    total = world.compute("M20").total
    assert (total.value, total.n_eligible) == (1, 1)


def test_events_that_call_it_reply_time_mean_the_first_reply_and_then_the_next(world: World) -> None:
    ticket = world.ticket(CREATED)
    for instance in (1, 2):
        clock(world, ticket, ("activate", CREATED), ("fulfill", CREATED), metric="reply_time", instance=instance)
    assert world.compute("M20", metrics="next_reply_time").total.n_eligible == 1
    assert set(world.compute("M20").extra["by_target_metric"]) == {"first_reply_time", "next_reply_time"}


def test_a_miss_belongs_to_the_agent_of_the_moment_and_to_the_priority_of_then(world: World) -> None:
    ticket = world.ticket(CREATED, assignee_id=world.agent("Bob"), priority="low")
    clock(world, ticket, ("activate", CREATED), ("breach", "2026-01-05 10:00"))
    world.status(ticket, CREATED, "open")
    world.event(ticket, "2026-01-05 12:00", "assignee_id", "old:user:Bob", world.agent("Ann"))
    world.event(ticket, "2026-01-05 12:00", "priority", "low", "urgent")
    assert by_group(world.compute("M20", by="agent")) == {"old:user:Ann": 0}
    assert by_group(world.compute("M20", by="priority")) == {"urgent": 0}


# ------------------------------------------------------------------------------ clocks from messages and histories


def talk(world: World) -> str:
    """Customer 9:00, reply 9:30, customers 10:00 and 10:10, reply 11:00, pending 11:00 to 13:00, reply 13:30."""
    ticket = world.ticket(CREATED)
    world.status(ticket, CREATED, "open")
    world.customer(ticket, CREATED)
    world.reply(ticket, "2026-01-05 09:30")
    world.customer(ticket, "2026-01-05 10:00")
    world.customer(ticket, "2026-01-05 10:10")
    world.reply(ticket, "2026-01-05 11:00")
    world.status(ticket, "2026-01-05 11:00", "pending")
    world.status(ticket, "2026-01-05 13:00", "open")
    world.reply(ticket, "2026-01-05 13:30")
    world.status(ticket, "2026-01-05 14:00", "solved")
    return ticket


@pytest.mark.parametrize(
    ("metric", "took"),
    [
        ("first_reply_time", [30 * MINUTE]),
        ("next_reply_time", [HOUR]),  # from the oldest unanswered message
        ("periodic_update_time", [90 * MINUTE, 150 * MINUTE]),  # runs in pending; the third ends with the solving
        ("pausable_update_time", [90 * MINUTE, 30 * MINUTE]),
        ("requester_wait_time", [3 * HOUR]),
        ("agent_work_time", [3 * HOUR]),
        ("total_resolution_time", [5 * HOUR]),
    ],
)
def test_each_clock_starts_stops_and_pauses_as_the_table_says(world: World, metric: str, took: list[float]) -> None:
    talk(world)
    # The last update is given up half an hour after its reply, at the solving: missed if its target had passed by then.
    given_up = 30 * MINUTE if "update" in metric else 0
    for target in (min(took), min(took) - 1):
        world._rows["sla_policy"].clear()
        promised(world, **{metric: target})
        total = world.compute("M20").total
        met = sum(seconds <= target for seconds in took)
        assert (total.figures["numerator"], total.n_computed) == (met, len(took) + (given_up > target)), target


def test_on_hold_stops_the_work_of_agents_and_not_the_wait_of_the_requester(world: World) -> None:
    ticket = world.ticket(CREATED)
    for at, status in ((CREATED, "open"), ("2026-01-05 10:00", "on_hold"), ("2026-01-05 12:00", "solved")):
        world.status(ticket, at, status)
    promised(world, agent_work_time=HOUR, requester_wait_time=HOUR)
    assert world.compute("M20").extra["by_target_metric"] == {
        "agent_work_time": {"achieved": 1, "breached": 0}, "requester_wait_time": {"achieved": 0, "breached": 1},
    }  # fmt: skip


def test_a_reopening_resumes_what_remained_and_time_spent_solved_is_ignored(world: World) -> None:
    ticket = world.ticket(CREATED)
    for at, status in ((CREATED, "open"), ("2026-01-05 10:00", "solved"), ("2026-01-07 10:00", "open")):
        world.status(ticket, at, status)
    promised(world, total_resolution_time=2 * HOUR)
    world.as_of = world.at("2026-01-07 11:00")
    assert world.compute("M20").total.n_eligible == 0  # it runs again, and has an hour left
    world.as_of = world.at("2026-01-07 12:01")
    assert world.compute("M20").value == 0
    world.status(ticket, "2026-01-07 11:00", "solved")
    assert world.compute("M20").value == 1


def test_a_solve_ends_a_reply_that_was_due(world: World) -> None:
    ticket = world.ticket(CREATED)
    world.status(ticket, CREATED, "open")
    world.customer(ticket, CREATED)
    world.reply(ticket, "2026-01-05 09:10")
    world.customer(ticket, "2026-01-05 10:00")
    world.status(ticket, "2026-01-05 10:30", "solved")
    promised(world, next_reply_time=HOUR)
    assert world.compute("M20").total.n_eligible == 0
    assert world.compute("M20", solved_unanswered="achieved").value == 1
    world._rows["sla_policy"].clear()
    promised(world, next_reply_time=20 * MINUTE)
    assert world.compute("M20").value == 0


def test_what_an_agent_opened_has_no_first_reply_unless_it_is_asked_for(world: World) -> None:
    ticket = world.ticket(CREATED, submitter_id=world.agent())
    world.reply(ticket, CREATED)
    world.reply(ticket, "2026-01-05 09:30")
    promised(world, first_reply_time=HOUR)
    assert world.compute("M20").total.n_eligible == 0
    assert world.compute("M20", agent_created=True).value == 1


def test_the_target_is_that_of_the_priority_when_it_was_met(world: World) -> None:
    for late in (False, True):
        ticket = world.ticket(CREATED, priority="urgent")
        world.customer(ticket, CREATED)
        world.reply(ticket, "2026-01-05 10:00")
        world.event(ticket, "2026-01-05 11:00" if late else "2026-01-05 09:30", "priority", "urgent", "low")
    world.ticket(CREATED, priority="high")  # no target for this priority: no instance
    world.put("sla_policy", name="gold", targets=[
        {"metric": "first_reply_time", "priority": "urgent", "seconds": 60, "business_hours": False},
        {"metric": "first_reply_time", "priority": "low", "seconds": 2 * HOUR, "business_hours": False},
    ])  # fmt: skip
    total = world.compute("M20").total
    assert (total.value, total.n_eligible) == (0.5, 2)


def test_a_business_target_by_the_policy_runs_in_business_hours(world: World) -> None:
    world.schedule()
    ticket = world.ticket("2026-01-05 16:30")
    world.customer(ticket, "2026-01-05 16:30")
    world.reply(ticket, "2026-01-06 09:30")
    world.put("sla_policy", name="gold", targets=[
        {"metric": "first_reply_time", "priority": None, "seconds": HOUR, "business_hours": True}])  # fmt: skip
    assert world.compute("M20").value == 1


def test_which_of_several_policies_applies_is_not_guessed(world: World) -> None:
    ticket = talk(world)
    promised(world, first_reply_time=HOUR)
    world.put("sla_policy", name="silver", targets=[
        {"metric": "first_reply_time", "priority": None, "seconds": 60, "business_hours": False}])  # fmt: skip
    result = world.compute("M20")
    assert (result.value, result.total.n_missing, result.status) == (None, 1, Computed.PARTIAL)
    assert "which policy applies" in result.notes[0]
    assert [world.compute("M20", policies=name).value for name in ("gold", "silver")] == [1, 0]
    assert ticket


def test_of_two_desks_one_records_and_one_is_computed(world: World) -> None:
    talk(world)
    promised(world, first_reply_time=HOUR)
    world.connection = "other"
    clock(world, world.ticket(CREATED), ("activate", CREATED), ("breach", "2026-01-05 10:00"))
    assert by_group(world.compute("M20", by="connection")) == {"old": 1, "other": 0}


def test_without_policy_and_events_it_says_so(world: World) -> None:
    clock(world, world.ticket(CREATED), ("activate", CREATED), ("fulfill", CREATED), target=None)
    result = world.compute("M20")
    assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, "no SLA policy or SLA event in the store")


def test_an_unrelated_ticket_changes_nothing_and_parts_pool_to_the_total(world: World) -> None:
    for n, minutes in enumerate((20, 50, 70)):
        at = f"2026-01-{5 + n:02} 09:00"
        ticket = world.ticket(at, channel="chat" if n else "email")
        clock(
            world, ticket, ("activate", at), ("fulfill", f"2026-01-{5 + n:02} {9 + minutes // 60:02}:{minutes % 60:02}")
        )
    before = world.compute("M20", by="channel")
    assert before.value == 2 / 3
    assert sum(line.figures["numerator"] or 0 for line in before.lines) == before.total.figures["numerator"]
    world.ticket(CREATED)
    assert world.compute("M20").total == before.total
    world.through_store = True
    assert world.compute("M20").total == before.total
