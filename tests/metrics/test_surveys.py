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
