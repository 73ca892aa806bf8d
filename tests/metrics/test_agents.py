"""M25-M28, M31: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.errors import ConfigError
from deskferry.metrics.result import Computed
from tests.metrics.build import HOUR, World, by_group, line_of

ANN, BOB = "old:user:Ann", "old:user:Bob"

# M25


def test_replies_tickets_and_assignments_are_three_numbers(world: World) -> None:
    first = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Bob"))
    second = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Ann"))
    for ticket in (first, second):
        world.customer(ticket, "2026-01-05 09:00")
    for time in ("05 10:00", "05 11:00", "06 10:00"):
        world.reply(first, f"2026-01-{time}", "Ann")
    world.reply(second, "2026-01-06 11:00", "Ann")
    world.reply(second, "2026-01-06 12:00", "Bob")
    world.note(second, "2026-01-07 12:00", "Bob")
    result = world.compute("M25")
    ann, bob = line_of(result, ANN).figures, line_of(result, BOB).figures
    assert (ann["tickets_replied"], ann["replies"], ann["active_days"], ann["assigned"]) == (2, 4, 2, 1)
    assert (ann["replies_per_active_day"], ann["tickets_per_active_day"]) == (2, 1)
    assert (bob["tickets_replied"], bob["replies"], bob["active_days"], bob["assigned"]) == (1, 1, 1, 1)
    total = result.total.figures
    assert (result.value, total["replies"], total["active_days"], total["assigned"]) == (2, 5, 3, 2)


def test_assigned_is_what_an_agent_has_unsolved_at_the_end_of_the_period(world: World) -> None:
    ann, bob = world.agent("Ann"), world.agent("Bob")
    handed = world.ticket("2026-01-05 09:00", assignee_id=bob)
    world.customer(handed, "2026-01-05 09:00")
    world.event(handed, "2026-01-05 09:30", "assignee_id", ann)
    world.event(handed, "2026-01-07 09:00", "assignee_id", bob)
    for day in (5, 6, 7, 8):
        world.reply(handed, f"2026-01-0{day} 10:00", "Ann")
        world.reply(handed, f"2026-01-0{day} 11:00", "Bob")
    world.status(handed, "2026-01-08 12:00", "solved")
    result = world.compute("M25", period="day", start="2026-01-05", end="2026-01-09")
    days = [f"2026-01-0{day}" for day in (5, 6, 7, 8)]
    assert [line_of(result, ANN, period=day).figures["assigned"] for day in days] == [1, 1, 0, 0]
    assert [line_of(result, BOB, period=day).figures["assigned"] for day in days] == [0, 0, 1, 0]
    assert line_of(result, ANN).figures["assigned"] == 0, "at the end of the range"
    assert world.compute("M25", end="2026-01-06").total.figures["assigned"] == 1


def test_who_wrote_has_the_reply_whoever_has_the_ticket_and_days_are_local(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Bob"))
    world.customer(ticket, "2026-01-05 09:00")
    world.reply(ticket, "2026-01-06 04:00", "Ann")  # still the 5th in New York
    world.reply(ticket, "2026-01-06 06:00", "Ann")
    assert by_group(world.compute("M25", by="agent")) == {ANN: 1}
    assert line_of(world.compute("M25", timezone="America/New_York"), ANN).figures["active_days"] == 2
    assert line_of(world.compute("M25"), ANN).figures["active_days"] == 1


def test_where_nobody_knows_who_wrote_only_assignments_are_told(world: World) -> None:
    world.ticket("2026-01-05 09:00")
    assert world.compute("M25").reason == "no assignee or author on records"
    world.ticket("2026-01-05 09:00", assignee_id=world.agent())
    total = world.compute("M25").total
    assert (total.value, total.n_missing, total.figures["assigned"]) == (None, 1, 1)


# M26


def handled(world: World) -> str:
    """Bob's, Ann's from 10:00, solved by Ann's colleague Cid at 11:00."""
    ticket = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Ann"))
    world.event(ticket, "2026-01-05 10:00", "assignee_id", world.agent("Ann"), world.agent("Bob"))
    world.status(ticket, "2026-01-05 11:00", "solved", "Cid")
    return ticket


def test_the_resolution_is_of_who_had_the_ticket_then(world: World) -> None:
    ticket = handled(world)
    world.event(ticket, "2026-01-06 10:00", "assignee_id", world.agent("Bob"))
    assert by_group(world.compute("M26")) == {ANN: 1}
    assert by_group(world.compute("M26", credit="actor")) == {"old:user:Cid": 1}


def test_who_takes_a_ticket_in_the_update_that_solves_it_has_it(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.event(ticket, "2026-01-05 10:00", "assignee_id", world.agent("Ann"), update_id="u")
    world.status(ticket, "2026-01-05 10:00", "solved", "Ann", update_id="u")
    assert by_group(world.compute("M26")) == {ANN: 1}


def test_what_automation_closes_is_the_systems(world: World) -> None:
    handled(world)
    ticket = world.ticket("2026-01-05 09:00", assignee_id=world.agent("Ann"))
    world.status(ticket, "2026-01-05 11:00", "closed", None)
    for credit in ("assignee", "actor"):
        assert by_group(world.compute("M26", credit=credit))["system"] == 1


def test_the_sum_over_agents_is_the_total_of_resolved_tickets(world: World) -> None:
    for number in range(6):
        ticket = handled(world)
        if number % 2:
            world.status(ticket, "2026-01-06 09:00", "open", None)
        if number % 3 == 0:
            world.status(ticket, "2026-01-07 09:00", "closed", None)
    nobody = world.ticket("2026-01-05 09:00")
    world.status(nobody, "2026-01-05 11:00", "solved", None, actor_kind="end_user")
    for resolved in ("events", "standing"):
        for credit in ("assignee", "actor"):
            result = world.compute("M26", resolved=resolved, credit=credit)
            total = world.compute("M03", resolved=resolved).total.figures["resolved"]
            assert sum(value or 0 for value in by_group(result).values()) == result.value == total


def test_no_assignee_history_is_said(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00", assignee_id=world.agent())
    world.status(ticket, "2026-01-05 11:00", "solved")
    result = world.compute("M26")
    assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, "no assignee history")
    assert world.compute("M26", credit="actor").value == 1


# M27


def review(
    world: World, agent: str, reviewer: str, score: float | None, scale: float | None = 100, **values: object
) -> None:
    world.put(
        "review", agent_id=world.agent(agent), reviewer_id=world.agent(reviewer), score=score,
        scale_min=None if scale is None else 0.0, scale_max=scale,
        **{"ticket_id": world.ticket("2026-01-05 09:00"), "reviewed_at": "2026-01-06 09:00", **values},
    )  # fmt: skip


def test_the_mean_score_with_n_and_the_spread_of_reviewers(world: World) -> None:
    for agent, reviewer, score in (("Ann", "R", 80.0), ("Ann", "R", 90.0), ("Ann", "S", 95.0), ("Bob", "S", 60.0)):
        review(world, agent, reviewer, score)
    review(world, "Bob", "S", None)  # not finished
    result = world.compute("M27")
    ann = line_of(result, ANN)
    assert (ann.value, ann.n_computed, ann.figures["reviewers"]) == (pytest.approx(265 / 3), 3, 2)
    assert ann.figures["reviewer_spread"] == pytest.approx(10 / 2**0.5), "of the means 85 and 95"
    assert line_of(result, BOB).figures["reviewer_spread"] is None
    assert (result.value, result.total.figures["reviewers"]) == (325 / 4, 2)
    assert result.total.below_floor


def test_scores_of_several_scales_are_not_mixed(world: World) -> None:
    for score, scale in ((80.0, 100), (90.0, 100), (4.0, 5), (3.0, None)):
        review(world, "Ann", "R", score, scale)
    result = world.compute("M27")
    assert (result.value, result.total.n_missing) == (85, 2)
    assert result.notes == ("scores of 3 scales: only those of the most frequent one count",)
    share = world.compute("M27", scale="share").total
    assert (share.value, share.n_missing) == (pytest.approx(250 / 3), 1)


def test_reviews_of_spam_do_not_count_and_ratings_are_no_reviews(world: World) -> None:
    world.put("survey_response", kind="csat", ticket_id=world.ticket("2026-01-05 09:00"), score=5.0)
    assert world.compute("M27").reason == "no QA reviews in the store"
    review(world, "Ann", "R", 80.0)
    review(world, "Ann", "R", 10.0, ticket_id=world.ticket("2026-01-05 09:00", is_spam=True))
    review(world, "Ann", "R", 60.0, ticket_id=None)
    assert world.compute("M27").value == 70


@pytest.mark.parametrize("metric", ["M25", "M26", "M27", "M28"])
def test_an_agent_whom_the_store_lacks_is_called_by_his_id(world: World, metric: str) -> None:
    gone = "old:user:gone"
    ticket = world.ticket("2026-01-05 09:00", assignee_id=gone)
    world.customer(ticket, "2026-01-05 09:00")
    world.message(ticket, "2026-01-05 10:00", "agent", author_id=gone)
    world.event(ticket, "2026-01-05 09:00", "assignee_id", gone)
    world.event(ticket, "2026-01-05 11:00", "status", "solved", actor_id=gone, actor_kind="agent")
    world.put("review", ticket_id=ticket, agent_id=gone, score=80.0, scale_min=0.0, scale_max=100.0,
              reviewed_at="2026-01-06 09:00")  # fmt: skip
    world.put("survey_response", kind="csat", ticket_id=ticket, agent_id=gone, score=5.0, scale_min=1.0, scale_max=5.0,
              answered_at="2026-01-06 09:00")  # fmt: skip
    assert list(by_group(world.compute(metric))) == [gone]


# M28


def rated(world: World, agent: str | None, *labels: str, **values: object) -> None:
    for label in labels:
        ticket = world.ticket("2026-01-05 09:00", assignee_id=agent and world.agent(agent))
        world.put(
            "survey_response", kind="csat", label=label, ticket_id=ticket,
            **{"answered_at": "2026-01-06 09:00", **values},
        )  # fmt: skip


def test_an_answer_is_of_who_had_the_ticket_when_it_was_rated(world: World) -> None:
    rated(world, "Bob", "good")
    (ticket,) = world._rows["ticket"]
    world.event(ticket, "2026-01-05 10:00", "assignee_id", world.agent("Ann"), world.agent("Cid"))
    world.event(ticket, "2026-01-07 10:00", "assignee_id", world.agent("Bob"))
    rated(world, "Bob", "bad", agent_id=world.agent("Dan"))  # it says whom it is about
    assert by_group(world.compute("M28", floor=1)) == {ANN: 1, "old:user:Dan": 0}


def test_few_answers_are_hidden_and_ranks_are_by_the_lower_bound(world: World) -> None:
    rated(world, "Ann", *["good"] * 5)
    rated(world, "Bob", *["good"] * 39, "bad")
    rated(world, "Cid", *["good"] * 4)
    rated(world, None, "bad")
    world.event(next(iter(world._rows["ticket"])), "2026-01-05 09:00", "assignee_id", world.agent("Ann"))
    result = world.compute("M28")
    assert by_group(result) == {ANN: 1, BOB: 39 / 40, "old:user:Cid": None, None: 0}
    assert [line_of(result, agent).figures.get("rank") for agent in (ANN, BOB, "old:user:Cid")] == [2, 1, None]
    assert line_of(result, ANN).interval == (pytest.approx(0.5655, abs=1e-4), 1)
    hidden = line_of(result, "old:user:Cid")
    assert (hidden.n_computed, hidden.interval, hidden.reason) == (4, None, "too few answers: hidden")
    assert result.value == world.compute("M21").value == 48 / 50


def test_answers_and_assignments_are_both_needed(world: World) -> None:
    reason = "no CSAT response / no assignee history"
    ticket = world.ticket("2026-01-05 09:00")
    world.event(ticket, "2026-01-05 10:00", "assignee_id", world.agent())
    assert world.compute("M28").reason == reason
    other = World(world.folder)
    rated(other, "Ann", "good")
    assert (other.compute("M28").status, other.compute("M28").reason) == (Computed.NOT_COMPUTABLE, reason)


# M31


def answered(world: World, channel: str | None, *hours: int) -> None:
    for hour in hours:
        ticket = world.ticket("2026-01-05 09:00", channel=channel)
        world.customer(ticket, "2026-01-05 09:00")
        world.reply(ticket, f"2026-01-05 {9 + hour}:00")


def test_any_metric_by_channel_and_the_total_is_no_average_of_channels(world: World) -> None:
    answered(world, "email", 1, 2, 3)
    answered(world, "chat", 9)
    result = world.compute("M31", clock="calendar")
    assert by_group(result) == {"email": 2 * HOUR, "chat": 9 * HOUR}
    assert result.value == 2.5 * HOUR, "the median over all, not of the medians"
    assert (result.metric, result.slug, result.unit) == ("M31", "channel_metrics", "seconds")
    assert by_group(world.compute("M31", metric="M01")) == {"email": 3, "chat": 1}


def test_it_is_the_metrics_own_number_with_its_options_presets_and_clocks(world: World) -> None:
    world.schedule()
    ticket = world.ticket("2026-01-05 08:00", channel="email", submitter_id=world.agent())
    world.reply(ticket, "2026-01-05 08:00")
    world.reply(ticket, "2026-01-05 11:00")
    for asked in ({}, {"preset": "zendesk"}, {"agent_created": "second_comment"}):
        own = world.compute_all("M07", by="channel", **asked)
        seen = world.compute_all("M31", **asked)
        assert [one.lines for one in own] == [one.lines for one in seen]
        assert [one.clock for one in seen] == ["calendar", "business"]
    assert line_of(seen[1], "email").value == 2 * HOUR


def test_without_the_input_of_the_metric_its_message_is_given(world: World) -> None:
    world.ticket("2026-01-05 09:00", channel="email")
    result = world.compute("M31", clock="calendar")
    assert result.status is Computed.NOT_COMPUTABLE
    assert result.reason == "no messages (or no author kind) in the store"


def test_a_metric_that_there_is_not_is_refused(world: World) -> None:
    for name in ("mood", "channel_metrics"):
        with pytest.raises(ConfigError):
            world.compute("M31", metric=name)


# what holds for all of them


def desk_of(world: World, day: int) -> None:
    for number in range(12):
        agent = ("Ann", "Bob")[number % 2]
        ticket = world.ticket(
            f"2026-01-{day:02} 09:00", channel=("email", "chat")[number % 3 == 0], assignee_id=world.agent(agent)
        )
        world.event(ticket, f"2026-01-{day:02} 09:10", "assignee_id", world.agent(agent))
        world.customer(ticket, f"2026-01-{day:02} 09:00")
        world.reply(ticket, f"2026-01-{day:02} 10:00", agent)
        world.status(ticket, f"2026-01-{day:02} 11:00", "solved", agent)
        world.put("survey_response", kind="csat", ticket_id=ticket, label=("good", "bad")[number % 4 == 0],
                  answered_at=f"2026-01-{day:02} 12:00")  # fmt: skip
        world.put("review", ticket_id=ticket, agent_id=world.agent(agent), reviewer_id=world.agent("Eve"),
                  score=50.0 + number, reviewed_at=f"2026-01-{day:02} 12:00")  # fmt: skip


@pytest.mark.parametrize("metric", ["M25", "M26", "M27", "M28", "M31"])
def test_unrelated_tickets_and_weeks_change_nothing_and_the_way_through_a_store_neither(
    world: World, metric: str
) -> None:
    desk_of(world, 5)
    before = world.compute_all(metric)
    for line in before[0].lines:
        assert line.value is not None
    gone = world.ticket("2026-01-06 09:00", status="deleted", assignee_id=world.agent("Ann"))
    world.reply(gone, "2026-01-06 10:00", "Ann")
    world.status(gone, "2026-01-06 11:00", "solved")
    world.change(gone, status="deleted")
    assert world.compute_all(metric) == before
    later = World(world.folder, as_of="2026-03-08 00:00")
    desk_of(later, 12)
    assert [one.lines for one in later.compute_all(metric)] == [one.lines for one in before]
    world.through_store = True
    assert [one.lines for one in world.compute_all(metric)] == [one.lines for one in before]
    if metric in {"M25", "M26", "M28"}:
        result = before[0]
        total = sum((line_of(result, agent).value or 0) * (1 if metric != "M28" else 0.5) for agent in (ANN, BOB))
        assert total == pytest.approx(result.value)
