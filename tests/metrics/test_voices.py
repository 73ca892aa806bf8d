"""M35, M43: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import HOUR, World, by_group, by_period

DAY = "2026-01-05"


def scored(world: World, ticket: str, label: str | None, at: str = "09:00", model: str = "m", **values: object) -> str:
    """Add a message of the customer, and what a model said of it."""
    message = world.customer(ticket, f"{DAY} {at}", author_id="old:user:Cleo")
    if label is not None:
        said = {"score": 0.9, "model_version": "1", **values}
        world.put("sentiment", message_id=message, ticket_id=ticket, label=label, model=model, **said)
    return message


# ------------------------------------------------------------------------------------------------------ M35 sentiment


def test_shares_of_customer_messages_and_positive_less_negative(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    for label in ("positive", "positive", "neutral", "negative"):
        scored(world, ticket, label)
    total = world.compute("M35").total
    assert (total.value, total.n_computed) == (25, 4)
    assert total.figures == {"positive": 0.5, "neutral": 0.25, "negative": 0.25}
    assert total.interval is not None


def test_only_what_customers_say_in_public(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    scored(world, ticket, "positive")
    for message in (
        world.reply(ticket, f"{DAY} 10:00"),
        world.note(ticket, f"{DAY} 10:00"),
        world.customer(ticket, f"{DAY} 10:00", is_public=False),
    ):
        world.put("sentiment", message_id=message, ticket_id=ticket, label="negative", model="m", model_version="1")
    deleted = world.ticket(f"{DAY} 09:00", is_spam=True)
    scored(world, deleted, "negative")
    total = world.compute("M35").total
    assert (total.value, total.n_eligible) == (100, 1)


def test_what_was_not_scored_is_left_out_and_counted(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    for label in ("positive", None, "who knows"):
        scored(world, ticket, label)
    result = world.compute("M35")
    assert (result.value, result.total.n_missing, result.status) == (100, 2, Computed.PARTIAL)
    assert "1 have a label that is not known." in result.notes


def test_models_are_never_mixed(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    first = scored(world, ticket, "positive")
    scored(world, ticket, "positive")
    for version, label in (("1", "negative"), ("2", "neutral")):
        world.put("sentiment", message_id=first, label=label, model="other", model_version=version)
    result = world.compute("M35")
    assert (result.value, result.total.n_eligible) == (100, 2)
    assert result.notes[0] == "Model m/1. Not mixed with it: other/1, other/2."
    assert world.compute("M35", model="other/1").value == -100
    assert world.compute("M35", model="other/2").value == 0


def test_what_a_model_said_last_of_a_message_holds(world: World) -> None:
    message = scored(world, world.ticket(f"{DAY} 09:00"), "positive", created_at=f"{DAY} 10:00")
    world.put(
        "sentiment", message_id=message, label="negative", model="m", model_version="1", created_at=f"{DAY} 11:00"
    )
    total = world.compute("M35").total
    assert (total.value, total.n_eligible) == (-100, 1)


@pytest.mark.parametrize(
    ("label", "value"),
    [("Very Positive", 100), ("very_negative", -100), ("muy-positivo", 100), ("NEG", -100), ("neutro", 0)],
)
def test_five_levels_and_both_languages_are_mapped_and_the_confidence_is_kept(
    world: World, label: str, value: float
) -> None:
    scored(world, world.ticket(f"{DAY} 09:00"), label, score=0.7)
    result = world.compute("M35")
    assert result.value == value
    assert result.extra["labels"] == {label: {"n": 1, "mean_score": 0.7}}


def test_the_languages_covered_are_told(world: World) -> None:
    for language, label in (("es", "positive"), ("es", None), ("en", "positive"), (None, None)):
        scored(world, world.ticket(f"{DAY} 09:00", language=language), label)
    assert world.compute("M35").extra["languages"] == {
        "en": {"rows": 1, "scored": 1}, "es": {"rows": 2, "scored": 1}, "unknown": {"rows": 1, "scored": 0},
    }  # fmt: skip


def test_the_trend_is_the_last_message_against_the_first(world: World) -> None:
    for labels in (("negative", "negative", "positive"), ("positive", "neutral"), ("neutral", "neutral"), ("positive",),
                   ("negative", None)):  # fmt: skip
        ticket = world.ticket(f"{DAY} 09:00")
        for hour, label in enumerate(labels):
            scored(world, ticket, label, f"1{hour}:00")
    assert world.compute("M35").extra["trend"] == {"better": 1, "same": 1, "worse": 1}


def test_of_whole_tickets_where_no_message_was_scored(world: World) -> None:
    world.put("sentiment", ticket_id=world.ticket(f"{DAY} 09:00"), label="negative", model="m")
    world.ticket(f"{DAY} 09:00")
    result = world.compute("M35")
    assert (result.value, result.total.n_eligible, result.total.n_missing) == (-100, 2, 1)
    assert "whole tickets" in result.notes[1]


def test_stars_are_no_sentiment(world: World) -> None:
    world.put("survey_response", kind="csat", score=5, scale_min=1, scale_max=5, ticket_id=world.ticket(f"{DAY} 09:00"))
    assert world.compute("M35").reason == "no sentiment scored in the store"


def test_parts_pool_and_an_unrelated_ticket_changes_nothing(world: World) -> None:
    for channel, label in (("chat", "positive"), ("chat", "positive"), ("email", "negative"), ("email", "neutral")):
        scored(world, world.ticket(f"{DAY} 09:00", channel=channel), label)
    result = world.compute("M35", by="channel", period="day", start=DAY, end="2026-01-06")
    assert (by_group(result), by_period(result)) == ({"chat": 100, "email": -50}, {DAY: 25})
    world.ticket(f"{DAY} 09:00")
    assert world.compute("M35", start=DAY, end="2026-01-06").total == result.total


# ------------------------------------------------------------------------------------------------------- M43 mentions


def mention(world: World, at: str = "09:00", ticket: str | None = None, **values: object) -> None:
    told = {"network": "mastodon", "author": "@cleo", "direction": "in", **values}
    world.put("mention", occurred_at=f"{DAY} {at}", ticket_id=ticket, **told)


def test_mentions_authors_answers_and_tickets(world: World) -> None:
    """Four mentions of three authors; three of them could be answered, two were: after one and three hours."""
    first, second = world.ticket(f"{DAY} 09:00"), world.ticket(f"{DAY} 09:00")
    world.reply(first, f"{DAY} 10:00", is_opening=False)
    mention(world, "09:00", first)
    mention(world, "09:00", second, author="@dan")
    mention(world, "12:00", second, author="@company", direction="out")
    mention(world, "09:00", author="@eve")
    mention(world, "09:00", author="@eve", extra={"is_share": True})
    result = world.compute("M43", clock="calendar")
    figures = result.total.figures
    assert (result.value, figures["authors"], figures["answerable"], figures["answered"]) == (4, 3, 3, 2)
    assert (figures["response_rate"], figures["median_response"]) == (2 / 3, 2 * HOUR)
    assert (figures["converted"], figures["converted_share"]) == (2, 2 / 4)


def test_the_same_name_on_two_networks_are_two_authors(world: World) -> None:
    mention(world)
    mention(world, network="bluesky")
    mention(world, author=None)
    assert world.compute("M43", clock="calendar").total.figures["authors"] == 2


def test_an_edit_keeps_the_first_time(world: World) -> None:
    for at in ("11:00", "09:00", "10:00"):
        mention(world, at, external_id="42")
    ticket = world.ticket(f"{DAY} 09:00")
    world.reply(ticket, f"{DAY} 09:30", is_opening=False)
    mention(world, "09:00", ticket, external_id="43")
    mention(world, "10:00", ticket, external_id="43")
    total = world.compute("M43", clock="calendar").total
    assert (total.value, total.figures["median_response"]) == (2, HOUR / 2)


def test_what_arrives_out_of_order_or_without_its_parent_is_answered_by_what_came_after_it(world: World) -> None:
    mention(world, "10:00", "old:ticket:lost", direction="out")
    mention(world, "09:00", "old:ticket:lost")
    mention(world, "11:00", "old:ticket:lost")
    figures = world.compute("M43", clock="calendar").total.figures
    assert (figures["answered"], figures["median_response"]) == (1, HOUR)


def test_answers_are_measured_in_business_hours_too(world: World) -> None:
    world.schedule()
    ticket = world.ticket(f"{DAY} 16:00")
    world.reply(ticket, "2026-01-06 10:00", is_opening=False)
    mention(world, "16:00", ticket)
    assert world.compute("M43", clock="business").total.figures["median_response"] == 2 * HOUR


def test_a_share_is_marked_in_the_words_of_the_source(world: World) -> None:
    mention(world, extra={"retweet_of": "7"})
    assert world.compute("M43", clock="calendar").total.figures["answerable"] == 1
    assert world.compute("M43", clock="calendar", share_keys="retweet_of").total.figures["answerable"] == 0


def test_how_customers_sound_on_the_tickets_that_mentions_became(world: World) -> None:
    ticket = world.ticket(f"{DAY} 09:00")
    scored(world, ticket, "negative")
    scored(world, world.ticket(f"{DAY} 09:00"), "positive")
    mention(world, ticket=ticket)
    sentiment = world.compute("M43", clock="calendar").extra["sentiment"]
    assert (sentiment["net"], sentiment["n_eligible"]) == (-100, 1)


def test_periods_without_a_mention_have_none_and_parts_add_up(world: World) -> None:
    mention(world, ticket=world.ticket(f"{DAY} 09:00", channel="social"))
    mention(world)
    result = world.compute("M43", clock="calendar", period="day", start=DAY, end="2026-01-07", by="channel")
    assert by_period(result) == {DAY: 2, "2026-01-06": 0}
    assert sum(value or 0 for value in by_group(result).values()) == result.value == 2
    (empty,) = (line for line in result.lines if line.period and line.period.label == "2026-01-06")
    assert (empty.figures["median_response"], empty.figures["response_rate"]) == (None, None)
    world.ticket(f"{DAY} 09:00")
    assert world.compute("M43", clock="calendar", start=DAY, end="2026-01-07").total == result.total


def test_the_companys_own_posts_are_no_mentions(world: World) -> None:
    mention(world, direction="out")
    assert world.compute("M43", clock="calendar").reason == "no mention in the store"
