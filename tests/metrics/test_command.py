"""`deskferry metrics`: what is asked, in what form it comes, in which language, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from deskferry.cli.app import run
from tests.metrics.build import World

Ask = Callable[..., tuple[int, str, str]]
AS_OF = "2026-03-01T00:00:00Z"


@pytest.fixture
def ask(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Give what runs the command on the world as it is then: exit code, stdout, stderr."""

    def run_it(*words: str, section: str = "") -> tuple[int, str, str]:
        file = tmp_path / "deskferry.toml"
        file.write_text(f'[store]\nurl = "{world.write()}"\n{section}', encoding="utf-8")
        capsys.readouterr()
        code = run(["--config", str(file), "metrics", "--as-of", AS_OF, *words])
        return code, *capsys.readouterr()

    return run_it


def answered(world: World) -> None:
    """Two tickets of January (answered after 60 and 20 minutes), one of February that waits."""
    for at, channel, minutes in (("2026-01-05 09:00", "email", 60), ("2026-01-06 09:00", "web", 20)):
        ticket = world.ticket(at, channel=channel, requester="=1+1")
        world.customer(ticket, at)
        world.reply(ticket, f"{at[:11]}{9 + minutes // 60:02}:{minutes % 60:02}", "Ana")
    ticket = world.ticket("2026-02-03 09:00", channel="email", requester="=1+1")
    world.customer(ticket, "2026-02-03 09:00")


def schema_errors(found: Mapping[str, Any]) -> list[str]:
    text = resources.files("deskferry.report").joinpath("json/metrics.schema.json").read_text(encoding="utf-8")
    checker = Draft202012Validator(json.loads(text), format_checker=FormatChecker())
    return [f"{list(one.path)}: {one.message}" for one in checker.iter_errors(found)]


def test_json_is_one_document_of_the_published_schema(world: World, ask: Ask) -> None:
    answered(world)
    code, out, err = ask(
        "M07", "--clock", "calendar", "--by", "channel", "--period", "month", "--from", "2026-01-01", "--format", "json"
    )
    found = json.loads(out)
    assert (code, err, schema_errors(found)) == (0, "", [])
    (result,) = found["results"]
    assert (result["definition_id"], result["value"], result["n_eligible"], result["n_missing"]) == (
        "frt.v1",
        2400,
        3,
        1,
    )
    assert (result["status"], result["reason"]) == ("partial", "1 of 3 without a value")
    january = next(one for one in result["lines"] if one["period"] and not one["group"])
    assert (january["period"]["label"], january["period"]["is_complete"], january["value"]) == ("2026-01", True, 2400)
    web = next(one for one in result["lines"] if one["group"] and one["group"]["channel"]["key"] == "web")
    assert (web["value"], web["figures"]["p90"]) == (1200, 1200)


def test_every_metric_has_its_place_in_the_schema(world: World, ask: Ask) -> None:
    answered(world)
    code, out, _err = ask("--format", "json", "--by", "team", "--period", "week")
    found = json.loads(out)
    assert (code, schema_errors(found)) == (0, [])
    assert len({one["metric"] for one in found["results"]}) == 45
    nps = next(one for one in found["results"] if one["metric"] == "M22")
    assert (nps["value"], nps["status"], nps["reason"]) == (
        None, "not_computable", "no 0-10 NPS response in the store",
    )  # fmt: skip


def test_the_schema_refuses_what_it_does_not_know(world: World, ask: Ask) -> None:
    answered(world)
    found = json.loads(ask("M01", "--format", "json")[1])
    assert schema_errors({**found, "more": 1})
    found["results"][0]["status"] = "fine"
    assert schema_errors(found)


def test_csv_has_a_row_a_statistic_and_runs_no_formula(world: World, ask: Ask) -> None:
    answered(world)
    code, out, _err = ask("volume", "M07", "--by", "requester", "--clock", "calendar", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    heads = [one for one in rows if one["is_headline"] == "True" and not one["requester"]]
    assert [(one["metric"], one["statistic"], one["value"]) for one in heads] == [
        ("M01", "count", "3.0"),
        ("M07", "median", "2400.0"),
    ]
    assert {one["requester_label"] for one in rows if one["requester"]} == {"'=1+1"}
    assert {one["statistic"] for one in rows if one["metric"] == "M07"} >= {"median", "mean", "p90"}


def test_the_table_says_what_is_counted_and_what_is_missing(world: World, ask: Ask) -> None:
    answered(world)
    code, out, _err = ask("M07", "--clock", "calendar", "--period", "month")
    assert code == 0
    assert "median 40 min, calendar time" in out
    assert "partial; 1 of 3 without a value" in out
    assert "Counted: tickets of the base population that a customer opened" in out
    assert "incomplete period" in out
    assert "start=created" in out


def test_spanish(world: World, ask: Ask) -> None:
    answered(world)
    _code, out, _err = ask("M07", "M22", "--clock", "calendar", "--lang", "es")
    assert "Tiempo de primera respuesta" in out
    assert "mediana 40 min, tiempo de calendario" in out
    assert "parcial; 1 de 3 sin valor" in out
    assert "no calculable; no hay respuestas NPS de 0 a 10 en el almacén" in out
    found = json.loads(ask("M07", "--lang", "es", "--format", "json")[1])
    assert (schema_errors(found), found["results"][0]["status"]) == ([], "partial")


def test_options_come_from_the_file_and_from_the_name(world: World, ask: Ask) -> None:
    answered(world)
    section = '[metrics]\ntimezone = "Europe/Madrid"\n[metrics.first_response_time]\nstart = "from_customer"\n'
    found = json.loads(ask("M07", "--format", "json", section=section)[1])
    assert found["question"]["timezone"] == "Europe/Madrid"
    assert found["results"][0]["options"]["start"] == "from_customer"
    words = "first_response_time:start=created,schedules=last"
    found = json.loads(ask(words, "--format", "json", "--timezone", "UTC", section=section)[1])
    assert found["question"]["timezone"] == "UTC"
    assert found["results"][0]["options"] == {"start": "created", "agent_created": "exclude", "schedules": "last"}


def test_the_range_is_half_open(world: World, ask: Ask) -> None:
    answered(world)
    for last, count in (("2026-02-03", 2), ("2026-02-04", 3)):
        found = json.loads(ask("M01", "--from", "2026-01-05", "--to", last, "--format", "json")[1])
        assert found["results"][0]["value"] == count


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("M99",), "There is no metric 'M99'."),
        (("first_respnse_time",), "Did you mean 'first_response_time'?"),
        (("M01:what",), "is no option"),
        (("M01:merged=true",), "has no option 'merged'"),
        (("M01", "--by", "colour"), "There is no dimension 'colour'."),
        (("M01", "--timezone", "Mars/Base"), "There is no time zone 'Mars/Base'."),
        (("M01", "--from", "2026-02-01", "--to", "2026-02-01"), "The range is empty"),
        (("M01", "--period", "year"), "'year' is not one of"),
        (("M01", "--preset", "acme"), "'acme' is not one of"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(world: World, ask: Ask, words: tuple[str, ...], says: str) -> None:
    answered(world)
    code, out, err = ask(*words)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize("section", ["[metrics]\ncolour = 1\n", "[metrics]\nfloor = 0\n", "[metrics.M01]\nx = 1\n"])
def test_a_wrong_section_ends_with_2(world: World, ask: Ask, section: str) -> None:
    answered(world)
    assert ask("M01", section=section)[0] == 2


def test_an_empty_store_is_no_zero(world: World, ask: Ask) -> None:
    code, out, _err = ask("M01", "--format", "json")
    (result,) = json.loads(out)["results"]
    assert (code, result["value"], result["reason"]) == (0, None, "no ticket in the store")
