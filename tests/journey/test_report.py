"""The report of a migration between two simulated desks, by the command line, in both languages."""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
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


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_a_migration_into_a_zendesk_is_reported_too(
    host: DeskHost, command: Command, tmp_path: Path, vendor: str
) -> None:
    """Of an ugly account: all sums add up, every cause has its words, twenty tickets stand side by side."""
    full = host.zendesk if vendor == "zendesk" else host.full_freshdesk
    old = full(seed=3, tickets=24, profile="ugly")
    write_config(tmp_path, {"old": old, "new": host.empty_zendesk(like=old, knowledge=False)})
    command.environment["DESKFERRY_CLOCK"] = old.base_url
    command.well("pull", "old")
    plan = command("plan", "old", "new", "--format", "json").json()
    assert plan["effects"] == []
    moved = command.well("migrate", "old", "new", "--yes", "--prove", "--format", "json").json()
    pages = {}
    for language in ("en", "es"):
        command.well("report", moved["run_id"], "--output", f"{language}.html", "--lang", language)
        command.well("report", moved["run_id"], "--output", f"{language}.json", "--lang", language)
        found = json.loads((tmp_path / f"{language}.json").read_text(encoding="utf-8"))
        _check_schema("sign_off", found)
        hosts = ("127.0.0.1", "acme.zendesk.com", "acme.freshdesk.com", "globex.zendesk.com")
        page = check_page(tmp_path / f"{language}.html", language, *hosts)
        sides = [one for one in found["tickets"] if one["destination"]]
        assert len(page.css("article")) == len(found["tickets"]) == len(sides) == 20
        _adds_up(found, moved)
        pages[language] = found
    assert pages["en"]["counts"] == pages["es"]["counts"]
    texts = {language: _cause_texts(found) for language, found in pages.items()}
    assert texts["en"].keys() == texts["es"].keys() == moved["load"]["losses"].keys()
    same = [cause for cause, text in texts["en"].items() if text == texts["es"][cause]]
    assert same == []
    unworded = [cause for cause, text in texts["en"].items() if not text or cause in text or "no words" in text]
    assert unworded == []
    assert [cause for cause, text in texts["es"].items() if "no tiene palabras" in text] == []


def _adds_up(found: Any, moved: Any) -> None:
    """The sums of every kind, of the losses, and what was verified."""
    assert found["counts"]["adds_up"] is True
    assert found["losses"]["unplanned"] == 0
    rows = Counter(one["cause"] for one in found["loss_rows"])
    assert rows == Counter(moved["load"]["losses"])
    assert found["losses"]["total"] == rows.total()
    for line in found["counts"]["kinds"]:
        kept_back = sum(line["left_out"].values()) + line["out_of_scope"] + line["matched"] + line["twins"]
        assert line["source"] + line["added"] == kept_back + line["chosen"], line
        reached = sum(line["outcome"].values()) + line["lost"] - line["again"]
        assert line["chosen"] == reached + line["not_reached"], line
        if line["kind"] in {"ticket", "article", "macro"}:
            assert line["equal"] == line["checked"] == sum(line["outcome"].values()) - line["again"] > 0, line


def _cause_texts(found: Any) -> dict[str, str]:
    return {one["cause"]: one["text"] for group in found["losses"]["groups"] for one in group["causes"]}


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
