"""M21: the checks and edges of its card, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_group


def rate(world: World, score: float | None, scale: tuple[float, float] = (1, 5), **values: object) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    world.put(
        "survey_response", ticket_id=ticket, score=score, scale_min=scale[0], scale_max=scale[1],
        **{"kind": "csat", "answered_at": "2026-01-06 09:00", **values},
    )  # fmt: skip


def test_the_top_of_each_scale_is_positive(world: World) -> None:
    for score in (1, 3, 4, 5):
        rate(world, score)
    rate(world, 3, (1, 3))
    rate(world, 2, (1, 3))
    world.put("survey_response", kind="csat", label="good", answered_at="2026-01-06 09:00")
    world.put("survey_response", kind="csat", label="bad", answered_at="2026-01-06 09:00")
    total = world.compute("M21").total
    assert (total.value, total.n_computed) == (0.5, 8)
    assert total.interval == (pytest.approx(0.2152, abs=1e-4), pytest.approx(0.7848, abs=1e-4))


def test_offered_and_not_answered_is_not_negative(world: World) -> None:
    rate(world, 5)
    rate(world, None, answered_at=None)
    total = world.compute("M21").total
    assert (total.value, total.n_eligible, total.below_floor) == (1, 1, True)


def test_a_changed_answer_counts_once(world: World) -> None:
    ticket = world.ticket("2026-01-05 09:00")
    for revision, score in ((1, 1), (2, 5)):
        world.put(
            "survey_response", kind="csat", ticket_id=ticket, score=score, scale_min=1, scale_max=5, revision=revision,
            answered_at=f"2026-01-0{revision + 5} 09:00",
        )  # fmt: skip
    assert world.compute("M21").value == 1
    assert world.compute("M21", revision="first").value == 0
    assert world.compute("M21").total.n_computed == 1


def test_other_surveys_are_no_csat(world: World) -> None:
    rate(world, 9, (0, 10), kind="nps")
    result = world.compute("M21")
    assert (result.status, result.reason) == (Computed.NOT_COMPUTABLE, "no CSAT response in the store")


def test_by_a_dimension_of_the_ticket(world: World) -> None:
    rate(world, 5)
    rate(world, 1)
    world.change(next(iter(world._rows["ticket"])), channel="chat")
    assert by_group(world.compute("M21", by="channel")) == {"chat": 1, "unknown": 0}


def test_a_score_outside_its_scale_is_no_answer(world: World) -> None:
    """Exports write 0 where nobody answered; without a scale nothing is known to be outside it."""
    for score, scale in ((5, (1, 5)), (0, (1, 5)), (0, (5, 1)), (6, (1, 5)), (0, (0, 1))):
        rate(world, score, scale, sent_at="2026-01-05 09:00")
    total = world.compute("M21").total
    assert (total.value, total.n_eligible) == (0.5, 2)
    assert world.compute("M24").value == 2 / 5
    world.put("survey_response", kind="csat", score=0, scale_min=1, answered_at="2026-01-06 09:00")
    assert world.compute("M21").total.n_missing == 1


@pytest.mark.parametrize("name", ["M21", "M22", "M23", "M24", "M28"])
def test_answers_about_excluded_brands_do_not_count(world: World, name: str) -> None:
    """Those about deleted tickets and spam do: they were answered. So do those about no ticket."""
    kinds = {"M22": ("nps", (0, 10)), "M23": ("ces", (1, 7))}
    kind, scale = kinds.get(name, ("csat", (1, 5)))
    for told in ({"brand_id": "old:brand:test"}, {"inbox_id": "old:inbox:test"}, {"is_spam": True},
                 {"deleted_at": "2026-01-09 00:00"}, {}):  # fmt: skip
        world.put(
            "survey_response", kind=kind, ticket_id=world.ticket("2026-01-05 09:00", **told), score=scale[1],
            scale_min=scale[0], scale_max=scale[1], sent_at="2026-01-05 09:00", answered_at="2026-01-06 09:00",
            agent_id=world.agent(),
        )  # fmt: skip
    if name != "M22":  # a survey about no ticket is another kind there
        world.put("survey_response", kind=kind, score=scale[1], scale_min=scale[0], scale_max=scale[1],
                  sent_at="2026-01-05 09:00", answered_at="2026-01-06 09:00", agent_id=world.agent())  # fmt: skip
    counted = world.compute(name, exclude=("old:brand:test", "old:inbox:test")).total.n_eligible
    assert counted == (3 if name == "M22" else 4)
    assert world.compute(name).total.n_eligible == counted + 2
