"""M22, M23, M24, M30: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed, Result
from tests.metrics.build import World, by_group, by_period

ANSWERED = "2026-01-06 09:00"


def answer(
    world: World, kind: str, score: float | None, scale: tuple[float | None, float | None] = (0, 10), **values: object
) -> None:
    told = {"answered_at": ANSWERED, "sent_at": "2026-01-05 09:00", **values}
    world.put("survey_response", kind=kind, score=score, scale_min=scale[0], scale_max=scale[1], **told)


def several(world: World, kind: str, counts: dict[float, int], scale: tuple[float, float] = (0, 10)) -> None:
    for score, n in counts.items():
        for one in range(n):
            answer(world, kind, score, scale, person_id=f"old:user:{kind}{score}/{one}")


# ------------------------------------------------------------------------------------------------------------- M22 NPS


def test_promoters_less_detractors_of_all(world: World) -> None:
    """9-10 promote, 7-8 are passive, 0-6 detract: 3 and 2 of 8."""
    several(world, "nps", {9: 1, 10: 2, 7: 1, 8: 2, 6: 1, 0: 1})
    total = world.compute("M22").total
    assert total.value == 100 * (3 - 2) / 8
    assert total.figures == {"promoters": 3 / 8, "passives": 3 / 8, "detractors": 2 / 8}
    # Adjusted Wald: (3.75 - 2.75) / 11, less and more 1.96 times the root of (6.5 / 11 - 1 / 121) / 11.
    assert total.interval == (pytest.approx(-36.017, abs=1e-3), pytest.approx(54.199, abs=1e-3))


def test_the_range_is_from_minus_to_plus_a_hundred(world: World) -> None:
    several(world, "nps", {10: 6})
    assert world.compute("M22").value == 100
    world._rows["survey_response"].clear()
    several(world, "nps", {3: 6})
    assert world.compute("M22").value == -100


def test_other_scales_are_no_nps_and_are_not_turned_into_it(world: World) -> None:
    several(world, "nps", {5: 3}, (1, 5))
    result = world.compute("M22")
    assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, "no 0-10 NPS response in the store")
    several(world, "nps", {9: 1})
    result = world.compute("M22")
    assert (result.value, result.total.n_eligible) == (100, 1)
    assert "3 answers were left out" in result.notes[0]


def test_one_answer_a_respondent_and_wave_the_last(world: World) -> None:
    who = world.person("Cleo")
    answer(world, "nps", 0, person_id=who, answered_at="2026-01-06 09:00", sent_at="2026-01-05 09:00")
    answer(world, "nps", 10, person_id=who, answered_at="2026-01-07 09:00", sent_at="2026-01-05 09:00")
    answer(world, "nps", 7, person_id=who, answered_at="2026-02-07 09:00", sent_at="2026-02-05 09:00")
    result = world.compute("M22", period="month", start="2026-01-01", end="2026-03-01")
    assert (result.value, result.total.n_eligible) == (50, 2)
    assert by_period(result) == {"2026-01": 100, "2026-02": 0}
    assert world.compute("M22", wave="quarter").value == 0


def test_revisions_of_two_waves_do_not_swallow_each_other(world: World) -> None:
    who = world.person("Cleo")
    for month, first, last in (("01", 0, 10), ("02", 10, 3)):
        for revision, score in ((1, first), (2, last)):
            answer(world, "nps", score, person_id=who, revision=revision, sent_at=f"2026-{month}-05 09:00",
                   answered_at=f"2026-{month}-0{5 + revision} 09:00")  # fmt: skip
    result = world.compute("M22", period="month", start="2026-01-01", end="2026-03-01")
    assert by_period(result) == {"2026-01": 100, "2026-02": -100}


def test_surveys_about_a_ticket_and_about_the_company_are_never_put_together(world: World) -> None:
    for _ in range(2):
        answer(world, "nps", 0, ticket_id=world.ticket("2026-01-05 09:00"), person_id=world.person("Cleo"))
    answer(world, "nps", 10, person_id=world.person("Cleo"))
    answer(world, "nps", 10)  # nobody's name: somebody else
    answer(world, "nps", 10)
    found = {which: world.compute("M22", surveys=which) for which in ("auto", "relationship", "transactional")}
    assert {which: (one.value, one.total.n_eligible) for which, one in found.items()} == {
        "auto": (100, 3), "relationship": (100, 3), "transactional": (-100, 2),
    }  # fmt: skip
    assert found["auto"].notes == ("Answers to relationship surveys; 2 answers to the other kind are not in it.",)


def test_parts_pool_to_the_total_and_a_ticket_more_changes_nothing(world: World) -> None:
    for score, channel in ((10, "chat"), (9, "chat"), (2, "email"), (8, "email")):
        answer(world, "nps", score, ticket_id=world.ticket("2026-01-05 09:00", channel=channel))
    result = world.compute("M22", by="channel")
    assert by_group(result) == {"chat": 100, "email": -50}
    assert result.value == (100 * 2 - 50 * 2) / 4
    world.ticket("2026-01-05 09:00")
    assert world.compute("M22").total == result.total


# ------------------------------------------------------------------------------------------------------------- M23 CES


def test_the_three_published_scorings_of_a_thousand_answers(world: World) -> None:
    """The check of the card: 4.08, -13 and 46 %."""
    for score, n in enumerate((80, 210, 140, 110, 160, 180, 120), 1):
        several(world, "ces", {float(score): n}, (1, 7))
    mean, index, agree = (world.compute("M23", scoring=one) for one in ("mean", "index", "agree"))
    assert mean.value == pytest.approx(4.08)
    assert index.value == pytest.approx(-13)
    assert agree.value == pytest.approx(46)
    assert mean.extra["scorings"] == pytest.approx({"mean": 4.08, "index": -13, "agree": 46})
    assert mean.total.interval is not None
    assert mean.total.interval[0] < 4.08 < mean.total.interval[1]
    assert agree.total.interval == (pytest.approx(42.93, abs=0.01), pytest.approx(49.10, abs=0.01))  # Wilson


def test_a_scale_on_which_low_was_good_is_turned_round(world: World) -> None:
    several(world, "ces", {1: 3, 2: 1}, (5, 1))
    result = world.compute("M23")
    assert result.value == (5 * 3 + 4) / 4
    assert result.notes == ("Answers on the scale 5-1 (worst to best).",)
    assert world.compute("M23", scoring="index").total.n_computed == 0  # published for 1-7 only


def test_without_scale_there_is_no_polarity_and_no_score(world: World) -> None:
    answer(world, "ces", 6, (None, None))
    result = world.compute("M23")
    assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, "no CES response, or scale unknown")
    several(world, "ces", {6: 1}, (1, 7))
    total = world.compute("M23").total
    assert (total.value, total.n_missing) == (6, 1)


def test_scales_are_not_mixed(world: World) -> None:
    several(world, "ces", {7: 3}, (1, 7))
    several(world, "ces", {1: 2}, (1, 5))
    result = world.compute("M23")
    assert (result.value, result.total.n_eligible) == (7, 3)
    assert "2 answers were left out, on another scale." in result.notes
    assert world.compute("M23", scale="1-5").value == 1


# -------------------------------------------------------------------------------------------------- M24 response rate


def test_answered_of_sent_once_they_are_mature(world: World) -> None:
    """Three sent in January, two answered; one sent three days ago is left out, as is a rating nobody asked for."""
    for n, score in enumerate((5, 4, None)):
        answer(world, "csat", score, (1, 5), ticket_id=world.ticket("2026-01-05 09:00"),
               answered_at=None if score is None else f"2026-01-0{6 + n} 09:00")  # fmt: skip
    answer(world, "csat", None, (1, 5), sent_at="2026-02-26 09:00", answered_at=None)
    answer(world, "csat", 5, (1, 5), sent_at=None)
    result = world.compute("M24")
    assert (result.value, result.total.n_eligible) == (2 / 3, 3)
    assert result.total.interval == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))
    assert "left out: 1" in result.notes[0]
    assert world.compute("M24", maturity_days=0).total.n_eligible == 4
    assert by_period(world.compute("M24", period="month", start="2026-01-01", end="2026-02-01")) == {"2026-01": 2 / 3}


def test_several_questions_of_one_survey_are_one(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    for question, score in (("Friendly?", 5), ("Fast?", None)):
        answer(world, "csat", score, (1, 5), ticket_id=ticket, question=question)
    total = world.compute("M24").total
    assert (total.value, total.n_eligible) == (1, 1)


def test_coverage_is_sent_of_solved(world: World) -> None:
    for n in range(4):
        ticket = world.ticket("2026-01-05 09:00")
        if n:
            world.status(ticket, "2026-01-05 10:00", "solved")
        if n == 1:
            answer(world, "csat", 5, (1, 5), ticket_id=ticket)
    coverage = world.compute("M24").extra["coverage"]
    assert coverage == {"sent": 1, "solved_tickets": 3, "value": 1 / 3}
    assert world.compute("M24", start="2026-02-01").extra["coverage"]["value"] is None


def test_one_kind_of_survey(world: World) -> None:
    several(world, "csat", {5: 1}, (1, 5))
    several(world, "nps", {5: 2})
    assert world.compute("M24", kind="nps").total.n_eligible == 2


def test_what_was_sent_is_not_recorded(world: World) -> None:
    answer(world, "csat", 5, (1, 5), sent_at=None)
    assert world.compute("M24").reason == "surveys sent are not recorded"


# ---------------------------------------------------------------------------------------------- M30 agent satisfaction


def test_favourable_are_four_and_five_of_five(world: World) -> None:
    several(world, "agent", {5: 3, 4: 1, 3: 2, 1: 2}, (1, 5))
    several(world, "agent", {10: 3, 9: 2, 0: 1})
    assert world.compute("M30").value == 50
    enps = world.compute("M30", scoring="enps")
    assert (enps.value, enps.total.n_eligible) == (pytest.approx(100 * 4 / 6), 6)


def test_nobody_can_be_told_from_the_numbers(world: World) -> None:
    """Fewer than five answers are not shown; nor is the part from which they would follow."""
    several(world, "agent", {5: 4}, (1, 5))
    total = world.compute("M30", floor=1).total
    assert (total.value, total.figures, total.interval, total.n_computed) == (None, {}, None, 4)
    assert "not shown" in (total.reason or "")
    world._rows["survey_response"].clear()
    for person, n in (("Ann", 2), ("Bob", 6), ("Cem", 5)):
        for _ in range(n):
            answer(world, "agent", 5, (1, 5), agent_id=world.agent(person))
    result = world.compute("M30", by="agent")
    assert result.value == 100
    assert by_group(result) == {"old:user:Ann": None, "old:user:Bob": 100, "old:user:Cem": None}


def test_the_floor_counts_people_and_not_answers(world: World) -> None:
    for day in range(1, 7):
        answer(world, "agent", 2, (1, 5), person_id=world.agent(), answered_at=f"2026-01-{day:02} 09:00")
    total = world.compute("M30").total
    assert (total.value, total.n_computed) == (None, 6)
    assert "fewer than 5 people" in (total.reason or "")


def teams(world: World, answers: dict[tuple[str, str], int]) -> None:
    """So many agents of each desk who answer in a month."""
    for (desk, month), n in answers.items():
        world.connection = desk
        world.ticket("2026-01-01 00:00")
        for one in range(n):
            answer(world, "agent", 5, (1, 5), person_id=world.agent(f"{month}/{one}"),
                   answered_at=f"2026-{month}-06 10:00")  # fmt: skip


def shown(result: Result) -> set[tuple[str | None, ...]]:
    return {(*line.group.values(), line.period and line.period.label) for line in result.lines if line.value}


def test_nothing_hidden_is_what_remains_of_a_group_or_of_a_period(world: World) -> None:
    """Two of old in February: with them those of new, those of old in January, and so those of new."""
    teams(world, {("old", "01"): 5, ("old", "02"): 2, ("new", "01"): 6, ("new", "02"): 6})
    result = world.compute("M30", by="connection", period="month", start="2026-01-01", end="2026-03-01")
    assert shown(result) == {("old", None), ("new", None), ("2026-01",), ("2026-02",)}


def test_a_hidden_part_that_stands_alone_in_another_sum_follows_from_it(world: World) -> None:
    teams(world, {("a", "01"): 2, ("b", "01"): 7, ("c", "01"): 8, ("a", "02"): 9, ("b", "02"): 8, ("c", "02"): 9})
    result = world.compute("M30", by="connection", period="month", start="2026-01-01", end="2026-03-01")
    assert {cell for cell in shown(result) if len(cell) == 2 and cell[1]} == {("c", "2026-01"), ("c", "2026-02")}
    assert result.value == 100


def test_a_group_of_one_period_is_hidden_with_it(world: World) -> None:
    """Two of old: new is hidden with them, so its only month must not tell it."""
    teams(world, {("old", "01"): 2, ("new", "02"): 6, ("old", "02"): 7})
    result = world.compute("M30", by="connection", period="month", start="2026-01-01", end="2026-03-01")
    assert shown(result) == set()


def test_an_answer_without_scale_is_missing(world: World) -> None:
    several(world, "agent", {5: 5}, (1, 5))
    answer(world, "agent", 5, (None, None))
    total = world.compute("M30").total
    assert (total.value, total.n_missing) == (100, 1)


def test_it_is_never_inferred_from_tickets(world: World) -> None:
    several(world, "csat", {5: 9}, (1, 5))
    assert world.compute("M30").reason == "no agent survey in the store"
