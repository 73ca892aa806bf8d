"""`deskferry validate`: its forms, its exit code, its settings; and the page that documents the rules."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deskferry.cli.app import run
from deskferry.config import commented_template
from deskferry.store import open_store
from deskferry.toml_table import Table
from deskferry.validate import reference, rules, settings_of, validation
from tests.validate.test_validation import few_rules, ticket

Ask = Callable[..., tuple[int, str, str]]
_ = few_rules  # a fixture that every test uses
_CONNECTION = '[connections.old]\nvendor = "zendesk"\nsubdomain = "acme"\noauth_token = "env:TOKEN"\n'


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Give what runs the command on a store of three tickets: exit code, stdout, stderr."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url) as store:
        ticket(store, 1, requester_id=None)
        ticket(store, 2, requester_id=None)
        ticket(store, 3, assignee_id="old:person:9", requester_id=None, status="deleted")

    def run_it(*words: str, section: str = "") -> tuple[int, str, str]:
        file = tmp_path / "deskferry.toml"
        file.write_text(f'[store]\nurl = "{url}"\n{_CONNECTION}{section}', encoding="utf-8")
        capsys.readouterr()
        code = run(["--config", str(file), "validate", *words])
        return code, *capsys.readouterr()

    return run_it


def test_each_form_tells_the_same_and_the_second_run_what_it_knows(ask: Ask) -> None:
    code, out, _err = ask("--format", "json")
    found: dict[str, Any] = json.loads(out)
    text = resources.files("deskferry.report").joinpath("json/validate.schema.json").read_text(encoding="utf-8")
    assert [one.message for one in Draft202012Validator(json.loads(text)).iter_errors(found)] == []
    assert code == 1
    told = [(one["rule"], one["record_id"], one["state"]) for one in found["findings"]]
    assert ("ticket.no_requester", "old:ticket:1", "new") in told
    numbers = {one["rule"]: (one["checked"], one["offending"]) for one in found["rules"]}
    assert numbers["ticket.no_requester"] == (2, 2)

    code, out, _err = ask("--format", "csv", section='[validate.rules."ticket.no_requester"]\nseverity = "warning"\n')
    lines = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert {(one["rule"], one["record_id"]) for one in lines} == {(rule, record) for rule, record, _state in told}
    assert {one["state"] for one in lines} == {"known"}

    code, out, _err = ask("--fail-on", "never")
    assert code == 0
    assert re.search(r"error +ticket\.no_requester +2 +0 +0\n", out)
    assert "Since the run before: 0 new, 0 gone." in out


def test_a_rule_that_is_not_there_ends_with_the_nearest_name(ask: Ask) -> None:
    code, _out, err = ask(section='[validate.rules."ticket.no_requestor"]\nseverity = "off"\n')
    assert code == 2
    assert "Did you mean 'ticket.no_requester'?" in err


def test_the_template_holds_when_its_comments_are_taken_off() -> None:
    lines = [
        line.removeprefix("# ")
        for line in commented_template().partition("--- Validation")[2].partition("--- Dup")[0].splitlines()[1:]
    ]
    section = tomllib.loads("\n".join(lines))["validate"]
    settings = settings_of(Table(section, "template", Path()), validation.known_rules())
    assert settings.own[0].id == "ticket.without_team"
    assert settings.of("ticket.open_for_ages").exceptions.values == (("type", "project"),)


def test_the_page_lists_the_rules_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert len(rules.RULES) > 60
    text = reference.DOCUMENT.read_text(encoding="utf-8")
    assert text == reference.with_reference(text), "run: make docs"
