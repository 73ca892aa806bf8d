"""Too few agents, an unknown group, a missing field: asked, refused while blank, moved once the mapping answers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.journey.command import Command
from tests.journey.desks import DeskHost, write_config
from tests.journey.picture_zendesk import live_tickets

GROUP, FIELD = "Billing", "Order number"


@pytest.fixture
def asked(host: DeskHost, command: Command) -> tuple[Command, Path]:
    """Give a pulled Zendesk, and another with two agents, without a group and without a field."""
    old = host.zendesk(seed=3, tickets=40, profile="plain")
    groups = [row["name"] for row in old.state()["groups"]]
    titles = [row["title"] for row in old.state()["ticket_fields"] if row["removable"]]
    without = {"groups": groups[1:2], "ticket_fields": titles[:1]}
    new = host.empty_zendesk(like=old, agents=2, without=without)
    write_config(command.directory, {"old": old, "new": new})
    command.environment["DESKFERRY_CLOCK"] = old.base_url
    command.well("pull", "old")
    return command, command.directory / "mapping.toml"


def test_blanks_are_open_questions_and_answers_move_everything(host: DeskHost, asked: tuple[Command, Path]) -> None:
    command, mapping = asked
    plan = command.well("plan", "old", "new", "--write-mapping", mapping, "--format", "json").json()
    codes = {one["code"] for one in plan["questions"]}
    assert {"agent_unmatched", "team_unmatched", "field_unmatched"} <= codes
    blank = command.well("plan", "old", "new", "--mapping", mapping, "--format", "json", code=2).json()
    open_codes = {one["code"] for one in blank["questions"] if one["default"] is None}
    assert {"agent_unmatched", "team_unmatched", "field_unmatched"} <= open_codes
    refused = command.well("migrate", "old", "new", "--mapping", mapping, "--yes", code=2)
    assert "questions are open" in refused.err
    _fill_in(mapping)
    result = command.well("migrate", "old", "new", "--mapping", mapping, "--prove", "--yes", "--format", "json").json()
    assert result["verify"]["differences"] == []
    assert result["load"]["kinds"]["ticket"]["created"] == 40


def _fill_in(mapping: Path) -> None:
    """Fill in the blanks as a person would: stand-ins for agents, no group, the field left behind."""
    document = tomllib.loads(mapping.read_text(encoding="utf-8"))
    lines, section = [], ""
    for line in mapping.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\[(.+?)\]", line)
        section = found.group(1) if found else section
        answer = "placeholder" if section == "agents" else "none"
        if section == "agents" or section in {"teams", "inboxes"} or section.startswith("fields."):
            line = re.sub(r' = ""(\s|$)', f' = "{answer}"\\1', line)  # noqa: PLW2901
        lines.append(line)
    assert document["agents"]
    mapping.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_without_a_mapping_the_defaults_hold(host: DeskHost, asked: tuple[Command, Path]) -> None:
    """Stand-ins for agents, and a planned loss for group and field."""
    command, _mapping = asked
    result = command.well("migrate", "old", "new", "--yes", "--format", "json").json()
    assert result["verify"]["differences"] == []
    losses = result["load"]["losses"]
    assert losses["team_unmatched"] > 0
    assert losses["field_unmatched"] > 0
    assert losses["assignee_unmatched"] > 0


def test_who_is_no_administrator_cannot_import(host: DeskHost, command: Command) -> None:
    old = host.zendesk(seed=3, tickets=40, profile="plain")
    new = host.empty_zendesk(like=old)
    new.change({"op": "set_role", "role": "agent"})
    write_config(command.directory, {"old": old, "new": new})
    command.environment["DESKFERRY_CLOCK"] = old.base_url
    command.well("pull", "old")
    plan = command.well("plan", "old", "new", "--format", "json", code=2).json()
    assert "administrator_needed" in {one["code"] for one in plan["questions"] if one["default"] is None}
    command.well("migrate", "old", "new", "--yes", code=2)
    assert live_tickets(new) == []
