"""An audit of a simulated desk, by the command line: exit codes, what is new, what the vendor has meanwhile."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.journey.command import Command
from tests.journey.desks import DeskHost, write_config


@pytest.mark.exhaustive
def test_an_audit_says_what_the_vendor_has_and_what_is_new(host: DeskHost, command: Command, tmp_path: Path) -> None:
    old = host.zendesk(seed=3, tickets=16, profile="plain")
    write_config(tmp_path, {"old": old})
    command.environment["DESKFERRY_CLOCK"] = old.base_url
    command.well("audit", "old", "--output", "a.pdf", code=2)
    command.well("audit", "old", "--output", "a.html", "--subset", "1/2", code=2)
    command.well("pull", "old")
    command.well("audit", "old", "--output", "a.json", "--fail-on", "never", "--no-duplicates")
    before = _read(tmp_path / "a.json")
    assert before["reconciliation"] is None
    assert before["findings"]["appeared"] is None
    assert {"source", "duplicates"} <= {one["code"] for one in before["not_checked"]}

    gone = max(one["id"] for one in old.state()["tickets"])
    old.change({"op": "delete_ticket", "id": gone})
    old.wait(1200.0)
    said = command("audit", "old", "--output", "b.json", "--compare-source", "--subset", "1/1", "--no-duplicates")
    assert "calls to compare with the source" in said.err
    after = _read(tmp_path / "b.json")
    (compared,) = after["reconciliation"]
    assert compared["subset"] == "1/1"
    departed = {(one["state"], one["record_id"]) for one in compared["departures"]["shown"]}
    assert ("gone_there", f"old:ticket:{gone}") in departed
    assert after["findings"]["appeared"] == after["findings"]["gone"] == 0
    assert [one["run_id"] for one in after["trend"]] == [before["title"]["run_id"], after["title"]["run_id"]]
    scores = [one["scores"]["total"]["score"] for one in (before, after)]
    assert [one["score"] for one in after["trend"]] == scores
    assert None not in scores
    assert said.code == (1 if after["verdict"]["tone"] == "bad" else 0)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    schema = json.loads(resources.files("deskferry.report").joinpath("json/audit.schema.json").read_text("utf-8"))
    wrong = Draft202012Validator(schema).iter_errors(found)
    assert [f"{list(one.absolute_path)}: {one.message[:200]}" for one in wrong] == []
    return found
