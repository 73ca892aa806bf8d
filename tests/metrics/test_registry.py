"""What holds for every metric."""

from __future__ import annotations

import pytest

from deskferry.metrics import reference
from deskferry.metrics.cards import CARDS
from deskferry.metrics.options import Question, chosen
from deskferry.metrics.presets import PRESETS
from deskferry.metrics.registry import METRICS, metric_named
from deskferry.metrics.result import Computed
from tests.metrics.build import World


def test_the_cards_are_the_forty_five_and_their_names_differ() -> None:
    assert list(CARDS) == [f"M{number:02}" for number in range(1, 46)]
    for words in ("slug", "code", "name"):
        assert len({getattr(card, words) for card in CARDS.values()}) == 45, words


def test_every_text_is_there_in_both_languages() -> None:
    for card in CARDS.values():
        for words in (card.name, card.description, card.message):
            assert words.en
            assert words.es


@pytest.mark.parametrize("card_id", METRICS)
def test_a_metric_without_its_input_says_so_and_is_never_zero(world: World, card_id: str) -> None:
    for result in world.compute_all(card_id):
        assert (result.value, result.status) == (None, Computed.NOT_COMPUTABLE)
        assert result.reason == METRICS[card_id].for_question(Question()).message
        assert result.definition_id == f"{CARDS[card_id].code}.v{METRICS[card_id].version}"


@pytest.mark.parametrize("vendor", PRESETS)
def test_a_preset_names_options_that_there_are(vendor: str) -> None:
    for slug, options in PRESETS[vendor].items():
        chosen(slug, metric_named(slug).options, options)


def test_a_metric_is_found_by_number_and_by_name() -> None:
    assert metric_named("m07") is metric_named("first_response_time")
    assert Question().by == ()


def test_the_reference_in_the_docs_is_that_of_the_definitions() -> None:
    text = reference.DOCUMENT.read_text(encoding="utf-8")
    assert text == reference.with_reference(text), "run: python -m deskferry.metrics.reference"
    assert all(f"### {number} " in text for number in METRICS)
