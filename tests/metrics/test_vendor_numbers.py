"""Ours beside the vendor's own number: equal within rounding, else why not."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from deskferry.cli.app import run
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS
from deskferry.metrics.vendor_numbers import CAUSES, VERDICTS, Compared, compared
from deskferry.report.metrics.comparison import comparison
from deskferry.report.wording import LANGUAGES, Words
from deskferry.store import open_store
from tests.metrics.build import World

FIRST = "first_resolution_time_in_minutes.calendar"


def told(world: World, ticket: str, **numbers: float) -> None:
    """Put the numbers of a vendor; `__` stands for the dot of a name."""
    for name, value in numbers.items():
        dotted = name.replace("__", ".")
        world.put("vendor_metric", id=f"{ticket}/metric/{dotted}", ticket_id=ticket, name=dotted, value=value)


def solved(world: World, minutes: int = 90) -> str:
    """Add a ticket that is answered after half an hour and solved after so many minutes."""
    ticket = world.ticket("2026-01-05 09:00")
    world.customer(ticket, "2026-01-05 09:00")
    world.reply(ticket, "2026-01-05 09:30")
    world.status(ticket, f"2026-01-05 {9 + minutes // 60:02}:{minutes % 60:02}", "solved")
    return ticket


def beside(world: World, name: str, schedule: str | None = None) -> dict[str, Compared]:
    """Return a number of each ticket."""
    with open_store(world.write()) as store:
        found = list(compared(store, list(METRICS.values()), Question(schedule=schedule), world.as_of, "zendesk"))
    return {one.ticket_id: one for one in found if one.name == name}


def test_a_minute_is_rounding_and_two_are_a_difference(world: World) -> None:
    near, far = solved(world), solved(world)
    told(world, near, first_resolution_time_in_minutes__calendar=89, reopens=0)
    told(world, far, first_resolution_time_in_minutes__calendar=88, reopens=0)
    found = beside(world, FIRST)
    assert (found[near].ours, found[near].vendors, found[near].verdict, found[near].cause) == (90, 89, "equal", None)
    assert (found[far].verdict, found[far].cause) == ("different", "unexplained")


def test_of_statuses_each_span_is_rounded(world: World) -> None:
    ticket = solved(world)
    world.status(ticket, "2026-01-05 12:00", "open")
    world.status(ticket, "2026-01-05 13:00", "solved")
    told(world, ticket, requester_wait_time_in_minutes__calendar=152, reopens=1)
    found = beside(world, "requester_wait_time_in_minutes.calendar")[ticket]
    assert (found.ours, found.tolerance, found.verdict) == (150, 2, "equal")


def test_messages_that_the_store_lacks_are_the_cause(world: World) -> None:
    ticket = solved(world)
    told(world, ticket, reply_time_in_minutes__calendar=3, replies=2)
    assert beside(world, "reply_time_in_minutes.calendar")[ticket].cause == "replies_differ"
    replies = beside(world, "replies")[ticket]
    assert (replies.ours, replies.vendors, replies.tolerance, replies.verdict) == (1, 2, 0, "different")


def test_without_history_it_is_assumed_and_said(world: World) -> None:
    plain = world.ticket("2026-01-05 09:00", status="closed", solved_at="2026-01-05 10:00")
    again = world.ticket("2026-01-05 09:00", status="closed", solved_at="2026-01-05 10:00")
    told(world, plain, first_resolution_time_in_minutes__calendar=60, reopens=0)
    told(world, again, first_resolution_time_in_minutes__calendar=20, reopens=1)
    found = beside(world, FIRST)
    assert (found[plain].ours, found[plain].is_assumed, found[plain].verdict) == (60, True, "equal")
    assert (found[again].ours, found[again].is_assumed, found[again].cause) == (None, False, "no_history")


def test_business_hours_that_nobody_knows_are_the_cause_and_can_be_named(world: World) -> None:
    world.schedule(name="day")
    world.schedule({"mon": ("00:00", "09:10")}, name="night")
    ticket = solved(world)
    told(world, ticket, full_resolution_time_in_minutes__business=10)
    name = "full_resolution_time_in_minutes.business"
    assert beside(world, name)[ticket].cause == "no_schedule"
    assert beside(world, name, "night")[ticket].verdict == "equal"
    assert beside(world, name, "day")[ticket].ours == 90


def test_what_we_do_not_count_is_said(world: World) -> None:
    ticket = solved(world)
    world.change(ticket, is_spam=True)
    told(world, ticket, full_resolution_time_in_minutes__calendar=90)
    found = beside(world, "full_resolution_time_in_minutes.calendar")[ticket]
    assert (found.ours, found.verdict, found.cause) == (None, "only_vendor", "not_counted")


def test_what_the_vendor_is_silent_about(world: World) -> None:
    ticket = solved(world)
    found = beside(world, FIRST)[ticket]
    assert (found.vendors, found.verdict, found.cause) == (None, "only_ours", "vendor_silent")
    assert beside(world, "on_hold_time_in_minutes.calendar") == {}


def test_tickets_of_other_vendors_have_no_such_number(world: World) -> None:
    world.vendor = "freshdesk"
    solved(world)
    assert beside(world, FIRST) == {}


def test_the_command(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticket = solved(world)
    told(world, ticket, first_resolution_time_in_minutes__calendar=80, reopens=0, replies=1)
    (tmp_path / "deskferry.toml").write_text(f'[store]\nurl = "{world.write()}"\n', encoding="utf-8")
    words = ["--config", str(tmp_path / "deskferry.toml"), "metrics", "--compare-vendor", "--as-of", "2026-03-01"]
    assert run([*words, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert schema_errors(found) == []
    first = next(one for one in found["numbers"] if one["name"] == FIRST)
    assert (first["different"], [one["ticket_id"] for one in first["tickets"]]) == (1, [ticket])
    assert schema_errors({**found, "numbers": [{**first, "equal": "1"}]})
    assert run([*words, "M10", "--clock", "calendar", "--format", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["ticket_id"], row["ours"], row["vendors"], row["verdict"]) == (ticket, "90.0", "80.0", "different")
    assert run([*words, "M10", "--lang", "es"]) == 0
    out = capsys.readouterr().out
    assert "Lo nuestro junto a los números de zendesk" in out
    assert "sin explicación" in out


def schema_errors(found: Mapping[str, object]) -> list[str]:
    text = resources.files("deskferry.report").joinpath("json/metrics_comparison.schema.json").read_text("utf-8")
    return [f"{list(one.path)}: {one.message}" for one in Draft202012Validator(json.loads(text)).iter_errors(found)]


def test_a_long_list_is_cut_with_a_count() -> None:
    many = [Compared("old", f"old:ticket:{n}", "reopens", "M18", 1, 0, 0, "different", "unexplained", False)
            for n in range(1005)]  # fmt: skip
    found = comparison(many, "zendesk", World(Path()).as_of, Words("en"))
    (number,) = found["numbers"]
    assert (number["different"], len(number["tickets"]), number["not_listed"]) == (1005, 1000, 5)
    assert schema_errors(found) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_and_cause_has_its_words(language: str) -> None:
    words = Words(language)
    wanted = [f"metrics.compare.{one}" for one in VERDICTS] + [f"metrics.cause.{one}" for one in CAUSES]
    assert [one for one in wanted if not words.has(one)] == []
