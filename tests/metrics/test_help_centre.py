"""M38-M42: the checks and edges of their cards, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.metrics.result import Computed
from tests.metrics.build import World, by_group, by_period


def view(world: World, at: str, visitor: str | None = "v1", article: str | None = "a1", **values: Any) -> str:
    values = {"session_id": f"s-{visitor}" if visitor else None, **values}
    return world.put("article_view", occurred_at=at, visitor_id=visitor, article_id=article, **values)


def minutes(world: World, *at: int, visitor: str = "v1", **values: Any) -> None:
    """Show different pages at some minutes after 10:00."""
    for number, minute in enumerate(at):
        view(world, f"2026-01-05 {10 + minute // 60}:{minute % 60:02}", visitor, f"a{number}", **values)


# M38, M39


def test_visitors_of_several_days_are_one(world: World) -> None:
    view(world, "2026-01-05 10:00", "v1")
    view(world, "2026-01-06 10:00", "v1")
    view(world, "2026-01-06 10:00", "v2")
    result = world.compute("M38", period="day", start="2026-01-05", end="2026-01-08")
    assert by_period(result) == {"2026-01-05": 1, "2026-01-06": 2, "2026-01-07": 0}
    assert result.value == 2, "not the sum of the days"


def test_a_view_without_a_visitor_is_missing(world: World) -> None:
    view(world, "2026-01-05 10:00", "v1")
    view(world, "2026-01-05 10:00", None)
    total = world.compute("M38").total
    assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)
    assert world.compute("M39").value == 2


def test_bots_are_filtered(world: World) -> None:
    view(world, "2026-01-05 10:00", "v1")
    view(world, "2026-01-05 10:00", "crawler", person_id=world.person("Crawler", "bot"))
    view(world, "2026-01-06 10:00", "crawler")  # the same cookie, not signed in
    assert (world.compute("M38").value, world.compute("M39").value) == (1, 1)
    for minute in range(20):
        view(world, f"2026-01-05 11:{minute:02}", "eager", f"a{minute}")
    assert world.compute("M38").value == 2
    assert world.compute("M38", most_per_hour=19).value == 1
    assert world.compute("M38", most_per_hour=20).value == 2
    assert world.compute("M39", bots="eager|v9").value == 1


def test_articles_searches_and_categories_are_page_views(world: World) -> None:
    view(world, "2026-01-05 10:00:00", article="a1")
    view(world, "2026-01-05 10:00:05", article=None)
    view(world, "2026-01-05 10:00:10", article=None)  # another search, for all that anybody knows
    result = world.compute("M39", period="day", end="2026-01-07")
    assert by_period(result) == {"2026-01-05": 3, "2026-01-06": 0}


def test_reloads_within_thirty_seconds_are_no_views(world: World) -> None:
    view(world, "2026-01-05 10:00:00")
    view(world, "2026-01-05 10:00:20")
    view(world, "2026-01-05 10:00:50")  # 30 s after the one before
    view(world, "2026-01-05 10:01:21")  # 31 s
    view(world, "2026-01-05 10:00:01", article="a2")
    view(world, "2026-01-05 10:00:02", visitor="v2")
    assert world.compute("M39").value == 4
    assert world.compute("M39", reload_seconds=0).value == 6
    assert world.compute("M39", reload_seconds=25).value == 5


def test_no_traffic_is_said(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    for name in ("M38", "M39"):
        assert world.compute(name).reason == "no help-centre traffic in the store"


def test_web_statistics_of_their_own_connection_serve_the_desk(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    world.connection = "web"
    view(world, "2026-01-05 10:00")
    result = world.compute("M38", by="connection")
    assert (result.value, result.status) == (1, Computed.OK)
    assert by_group(result) == {"web": 1}


# M40


def test_a_bounce_is_a_session_with_one_view(world: World) -> None:
    minutes(world, 0, visitor="v1")
    minutes(world, 0, 1, visitor="v2")
    minutes(world, 0, visitor="v3")
    total = world.compute("M40").total
    assert total.value == pytest.approx(2 / 3)
    assert (total.figures["numerator"], total.figures["denominator"]) == (2, 3)
    assert total.interval == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))


@pytest.mark.parametrize(("gap", "sessions", "bounces"), [(30, 1, 0), (31, 2, 2)])
def test_a_session_is_over_after_thirty_minutes(world: World, gap: int, sessions: int, bounces: int) -> None:
    minutes(world, 0, gap)
    figures = world.compute("M40").total.figures
    assert (figures["denominator"], figures["numerator"]) == (sessions, bounces)


def test_a_reload_does_not_save_a_session_from_being_a_bounce(world: World) -> None:
    view(world, "2026-01-05 10:00:00")
    view(world, "2026-01-05 10:00:10")
    assert world.compute("M40").value == 1
    assert world.compute("M40", reload_seconds=0).value == 0


def test_a_session_with_an_event_is_no_bounce(world: World) -> None:
    for visitor, name in (("v1", "Ada"), ("v2", "Bob"), ("v3", "Cyd")):
        minutes(world, 0, visitor=visitor, person_id=world.person(name))
    world.ticket("2026-01-05 10:30", requester="Ada")
    world.ticket("2026-01-05 10:31", requester="Bob")  # the session was over
    world.put("article_comment", article_id="a0", author_id=world.person("Cyd"), created_at="2026-01-05 10:00")
    assert world.compute("M40").total.figures["numerator"] == 1


def test_visits_without_a_session_are_missing(world: World) -> None:
    minutes(world, 0, visitor="v1")
    minutes(world, 0, 1, visitor="v2", session_id=None)
    total = world.compute("M40").total
    assert (total.value, total.n_eligible, total.n_missing) == (1, 2, 1)


def test_no_sessions_is_said(world: World) -> None:
    view(world, "2026-01-05 10:00", session_id=None)
    assert world.compute("M40").reason == "sessions not recorded"


# M41


def signed_in(world: World, name: str, minute: int = 0) -> None:
    minutes(world, minute, visitor=f"v-{name}", person_id=world.person(name, email=f"{name.lower()}@example.org"))


@pytest.mark.parametrize(
    ("at", "deflected"),
    [("2026-01-05 09:59", 1), ("2026-01-05 10:00", 0), ("2026-01-06 10:00", 0), ("2026-01-06 10:00:01", 1)],
)
def test_a_session_without_a_ticket_within_a_day_is_deflected(world: World, at: str, deflected: int) -> None:
    signed_in(world, "Ada")
    world.ticket(at, requester="Ada")
    world.ticket("2026-01-05 10:05", requester="Bob")
    result = world.compute("M41")
    assert (result.value, result.total.figures["denominator"]) == (deflected, 1)
    assert any("claims too much" in note for note in result.notes)
    assert result.definition_id == "deflection.v1"


def test_the_day_begins_with_the_last_view(world: World) -> None:
    signed_in(world, "Ada")
    minutes(world, 20, visitor="v-Ada")
    world.ticket("2026-01-06 10:15", requester="Ada")
    assert world.compute("M41").value == 0
    world.ticket("2026-01-05 10:10", requester="Ada")
    assert world.compute("M41").value == 0


def test_the_window_is_an_option(world: World) -> None:
    signed_in(world, "Ada")
    world.ticket("2026-01-07 09:00", requester="Ada")
    assert world.compute("M41").value == 1
    assert world.compute("M41", hours=48).value == 0


def test_sessions_of_nobody_known_are_missing_and_a_cookie_knows_its_owner(world: World) -> None:
    signed_in(world, "Ada")
    minutes(world, 120, visitor="v-Ada", session_id="later")  # not signed in, the same cookie
    minutes(world, 0, visitor="stranger")
    world.ticket("2026-01-05 12:30", requester="Ada")
    total = world.compute("M41").total
    assert (total.value, total.n_eligible, total.n_missing) == (0, 3, 1)


def test_identities_join_over_connections_by_the_address(world: World) -> None:
    world.person("Ada", email="ada@example.org")
    world.ticket("2026-01-05 10:10", requester="Ada")
    world.connection = "web"
    signed_in(world, "Ada")
    signed_in(world, "Bob")
    result = world.compute("M41")
    assert (result.value, result.total.n_computed, result.status) == (0.5, 2, Computed.OK)


def test_sessions_too_young_to_tell_are_left_out(world: World) -> None:
    world.as_of = world.at("2026-01-06 10:30")
    signed_in(world, "Ada", 0)
    signed_in(world, "Bob", 31)
    world.ticket("2026-01-01 10:00")
    total = world.compute("M41").total
    assert (total.n_eligible, total.figures["immature"]) == (1, 1)


def test_the_vendors_ratio_and_the_share(world: World) -> None:
    for visitor in ("v1", "v2", "v3", "v3"):
        view(world, "2026-01-05 10:00", visitor)
    world.ticket("2026-01-05 10:00", requester="Ada")
    world.ticket("2026-01-06 10:00", requester="Ada")
    score, share = (world.compute("M41", variant=name) for name in ("self_service_score", "share"))
    assert (score.value, share.value) == (3, 0.75)
    assert (score.total.figures["visitors"], score.total.figures["ticket_users"]) == (3, 1)
    assert score.total.interval is None
    assert any("self_service_score" in note for note in score.notes)
    assert by_period(world.compute("M41", variant="share", period="day", end="2026-01-07")) == {
        "2026-01-05": 0.75, "2026-01-06": 0,
    }  # fmt: skip


def test_identities_that_do_not_join_are_said(world: World) -> None:
    view(world, "2026-01-05 10:00")
    world.ticket("2026-01-05 10:00")
    result = world.compute("M41")
    assert (result.value, result.reason) == (None, "no help-centre traffic / identities do not join")
    assert world.compute("M41", variant="share").status is Computed.OK


# M42


def comment(world: World, article: str, ticket: str | None, at: str = "2026-01-05 09:00") -> None:
    world.put("article_comment", article_id=article, ticket_id=ticket, created_at=at)


def test_tickets_of_article_comments_by_article_and_per_thousand_views(world: World) -> None:
    first = world.put("article", title="Returns")
    second = world.put("article", title="Postage")
    for minute in range(40):
        view(world, f"2026-01-05 10:{minute:02}", article=first)
    for minute in range(10):
        view(world, f"2026-01-06 10:{minute:02}", article=second)
    view(world, "2026-01-06 10:00", article=None)
    comment(world, first, world.ticket("2026-01-05 10:00"))
    comment(world, first, world.ticket("2026-01-06 10:00"))
    comment(world, second, world.ticket("2026-01-06 10:00"))
    comment(world, second, None)
    comment(world, second, world.ticket("2026-01-06 10:00", is_spam=True))
    world.ticket("2026-01-06 10:00")
    result = world.compute("M42", period="day", start="2026-01-05", end="2026-01-07")
    assert (result.value, result.total.figures["views"], result.total.figures["per_1000_views"]) == (3, 50, 60)
    assert by_period(result) == {"2026-01-05": 1, "2026-01-06": 2}
    assert [line.figures["per_1000_views"] for line in result.lines] == [25, 200]
    assert result.extra["articles"] == [
        {"article": first, "title": "Returns", "tickets": 2, "views": 40, "per_1000_views": 50},
        {"article": second, "title": "Postage", "tickets": 1, "views": 10, "per_1000_views": 100},
    ]


def test_a_ticket_of_two_comments_comes_from_the_first(world: World) -> None:
    first, second = world.put("article", title="A"), world.put("article", title="B")
    ticket = world.ticket("2026-01-05 10:00", channel="web")
    comment(world, second, ticket, "2026-01-05 10:00")
    comment(world, first, ticket, "2026-01-05 09:00")
    result = world.compute("M42", by="channel")
    assert (result.value, [one["title"] for one in result.extra["articles"]]) == (1, ["A"])
    assert by_group(result) == {"web": 1}
    assert "per_1000_views" not in result.total.figures, "nobody counted views"


def test_without_the_origin_of_tickets_it_is_said(world: World) -> None:
    world.ticket("2026-01-05 10:00")
    comment(world, "a1", None)
    assert world.compute("M42").reason == "origin of tickets not recorded"


# properties


def _traffic(world: World, shift: int = 0) -> None:
    for number in range(20):
        day = 5 + shift * 7 + number % 5
        visitor = number % 6
        view(
            world, f"2026-01-{day:02} {number:02}:00", f"v{visitor}", f"a{number % 3}",
            person_id=world.person(f"P{visitor}") if visitor % 2 else None,
        )  # fmt: skip
        view(world, f"2026-01-{day:02} {number:02}:00:20", f"v{visitor}", f"a{number % 4}")
        ticket = world.ticket(f"2026-01-{day:02} {number:02}:30", requester=f"P{number % 9}")
        comment(world, f"a{number % 3}", ticket, f"2026-01-{day:02} {number:02}:10")


@pytest.mark.parametrize("name", ["M38", "M39", "M40", "M41", "M42"])
def test_shifting_by_a_week_and_unrelated_records_change_nothing(world: World, name: str) -> None:
    _traffic(world)
    before = world.compute(name).total
    later = World(world.folder, as_of="2026-03-08 00:00")
    _traffic(later, shift=1)
    assert later.compute(name).total == before
    later.ticket("2026-01-15 10:00", requester="Stranger", status="spam")
    assert later.compute(name).total == before
    later.through_store = True
    assert later.compute(name).total == before


@pytest.mark.parametrize("name", ["M39", "M40", "M41"])
def test_connections_pool_to_the_total(world: World, name: str) -> None:
    _traffic(world)
    world.connection = "new"
    _traffic(world)
    result = world.compute(name, by="connection")
    if name == "M39":
        assert sum(value or 0 for value in by_group(result).values()) == result.value
    for figure in ("numerator", "denominator"):
        parts = [line.figures.get(figure) or 0 for line in result.lines]
        assert sum(parts) == (result.total.figures.get(figure) or 0)
