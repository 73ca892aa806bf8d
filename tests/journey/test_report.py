"""The report of a migration between two simulated desks, by the command line, in both languages."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.journey.command import Command
from tests.journey.desks import DeskHost, write_config
from tests.report.pages import check_page, table_after


def test_a_migration_is_reported_in_both_languages(host: DeskHost, command: Command, tmp_path: Path) -> None:
    old = host.zendesk(seed=3, tickets=30)
    desks = {"old": old, "new": host.freshdesk(like=old)}
    write_config(tmp_path, desks)
    command.environment["DESKFERRY_CLOCK"] = old.base_url
    command.well("pull", "old")
    plan = command("plan", "old", "new", "--format", "json").json()
    accept = [part for one in plan["effects"] for part in ("--accept", one["name"])]
    moved = command.well("migrate", "old", "new", "--yes", "--prove", "--format", "json", *accept).json()
    run, found = moved["run_id"], {}
    for language in ("en", "es"):
        command.well("report", run, "--output", f"{language}.html", "--lang", language)
        command.well("report", run, "--output", f"{language}.json", "--lang", language)
        found[language] = json.loads((tmp_path / f"{language}.json").read_text(encoding="utf-8"))
        _check_schema("sign_off", found[language])
        page = check_page(
            tmp_path / f"{language}.html", language, "127.0.0.1", "acme.zendesk.com", "acme.freshdesk.com"
        )
        assert len(page.css("article")) == 20
    assert found["en"]["counts"] == found["es"]["counts"]
    assert found["en"]["counts"]["adds_up"] is True
    assert found["en"]["verdict"]["code"] == "good_with_losses"
    unknown = [
        one
        for group in found["es"]["losses"]["groups"]
        for one in group["causes"]
        if "no tiene palabras" in one["text"]
    ]
    assert unknown == []
    assert found["en"]["losses"]["unplanned"] == 0
    assert sum(moved["load"]["losses"].values()) == found["en"]["losses"]["total"] == len(found["en"]["loss_rows"])
    tickets = next(one for one in found["en"]["counts"]["kinds"] if one["kind"] == "ticket")
    assert tickets["outcome"]["created"] == moved["verify"]["kinds"]["ticket"]["verified"] == tickets["equal"]
    line = next(one for one in table_after(page, "Del origen") if one[0] == "Tickets")
    assert line[1] == str(tickets["source"])
    assert all(one["destination"] for one in found["en"]["tickets"])
    _wrong_ways(command, run)
    _inventory(command)


def _check_schema(name: str, found: Any) -> None:
    text = resources.files("deskferry.report").joinpath(f"json/{name}.schema.json").read_text(encoding="utf-8")
    assert [one.message for one in Draft202012Validator(json.loads(text)).iter_errors(found)] == []


def _wrong_ways(command: Command, run: str) -> None:
    """What ends with 2, and says what to do."""
    assert command("report", run, "--output", "report.pdf").code == 2
    assert ".html or .json" in command("report", run, "--output", "-").last
    assert "deskferry runs" in command("report", "nope", "--output", "r.html").last
    pull = next(one["id"] for one in command("runs", "--format", "json").json() if one["command"] == "pull")
    assert "only a migration" in command("report", pull, "--output", "r.html").last
    assert command("report", run, "--output", "r.html", "--lang", "fr").code == 2
    assert not (command.directory / "r.html").exists()


def _inventory(command: Command) -> None:
    own = command.well("inventory", "old", "--format", "json").json()
    _check_schema("inventory", own)
    assert {"trigger", "macro", "view"} <= {one["group"] for one in own["groups"]}
    both = command.well("inventory", "old", "--diff", "new", "--format", "json").json()
    _check_schema("inventory", both)
    teams = next(one for one in both["groups"] if one["group"] == "team")
    assert teams["equal"] + len(teams["different"]) > 0
    assert "only old" in command.well("inventory", "old", "--diff", "new").out
    assert "trigger" in command.well("inventory", "old").out
    assert command("inventory", "nobody").code == 2
