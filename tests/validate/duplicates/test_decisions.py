"""The decision file: written to be decided on, read back, and honoured from then on."""

from __future__ import annotations

import csv
import json
import stat
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from deskferry.cli.app import run
from deskferry.errors import ConfigError
from deskferry.store import open_store
from deskferry.store.machinery import run as run_table
from deskferry.validate.duplicates.decisions import read_decisions, write_decisions
from deskferry.validate.duplicates.kept_pairs import decisions_of, pairs_of
from deskferry.validate.duplicates.search import find_duplicates
from tests.validate.duplicates.quality import put_rows
from tests.validate.duplicates.test_organizations import organization

HEAD = "kind,record_id,other_id,decision\n"
TWO = "organization,old:organization:1,old:organization:2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    (tmp_path / "deskferry.toml").write_text(
        f'[store]\nurl = "{url}"\n[connections.old]\nvendor = "zendesk"\nsubdomain = "acme"\noauth_token = "env:T"\n',
        encoding="utf-8",
    )
    with open_store(url) as store:
        put_rows(store, "organization", [
            organization(1, "Acme", domains=["acme.example"]), organization(2, "Acme Inc", domains=["acme.example"]),
            organization(3, "=Initech"), organization(4, "Initech Ltd"), organization(5, "Other"),
        ])  # fmt: skip
    return tmp_path


def command(folder: Path, *arguments: str) -> int:
    return run(["--config", str(folder / "deskferry.toml"), "duplicates", *arguments])


def test_decided_once_and_honoured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "decide.csv"
    assert command(folder, "--kind", "organization", "--write-decisions", str(file)) == 1
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as opened:
        lines = list(csv.DictReader(opened))
    assert [(one["record_id"], one["verdict"], one["decision"]) for one in lines] == [
        ("old:organization:1", "certain", ""), ("old:organization:3", "probable", "")
    ]  # fmt: skip
    assert lines[1]["name"] == "'=Initech"  # no spreadsheet runs it
    file.write_text(
        f"{HEAD}organization,old:organization:2,old:organization:1,Different\n"
        "organization,old:organization:3,old:organization:4,same\n"
        "organization,old:organization:4,old:organization:5,same\n",
        encoding="utf-8",
    )
    capsys.readouterr()
    assert command(folder, "--kind", "organization", "--decisions", str(file), "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    schema = resources.files("deskferry.validate").joinpath("json/duplicates.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(found, json.loads(schema))
    assert found["counts"] == {}
    assert [one["members"] for one in found["clusters"]] == [[f"old:organization:{number}" for number in (3, 4, 5)]]
    assert command(folder, "--kind", "organization") == 0  # found anew, it is still decided
    with open_store(f"sqlite:///{folder / 'store.db'}") as store, store.read() as database:
        assert len(decisions_of(database, "organization", "old")) == 3
        assert [row.exit_code for row in database.execute(run_table.select())] == [1, 0, 0]


def test_taken_back(folder: Path) -> None:
    file = folder / "decide.csv"
    pair = "organization,old:organization:1,old:organization:2,"
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        find_duplicates(store, ["old"], ["organization"], "1")
        for decision, expected in (("same", "same"), ("", None)):
            file.write_text(HEAD + pair + decision + "\n", encoding="utf-8")
            read_decisions(store, file, "2")
            find_duplicates(store, ["old"], ["organization"], "3")
            with store.read() as database:
                first = next(pairs_of(database, "organization", ["old"]))
            assert (first.verdict, first.decision) == ("certain", expected)
        assert write_decisions(store, ["old"], ["organization"], file) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind,record_id\n", "no column other_id, decision"),
        (f"{HEAD}organization,old:organization:1,old:organization:2,maybe\n", "line 2: decision"),
        (f"{HEAD}organization,old:organization:1,old:organization:1,same\n", "line 2"),
        (f"{HEAD}organization,1,2,same\n", "line 2: record_id"),
        (f"{HEAD}organization,old:organization:1,old:organization:99,same\n", "line 2: there is no such"),
        (f"{HEAD}{TWO},same\n{TWO},different\n", "line 3: line 2 decides otherwise"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_kept(folder: Path, text: str, says: str) -> None:
    file = folder / "decide.csv"
    file.write_text(text, encoding="utf-8")
    with open_store(f"sqlite:///{folder / 'store.db'}") as store:
        with pytest.raises(ConfigError, match=says):
            read_decisions(store, file, "run")
        with store.read() as database:
            assert decisions_of(database, "organization", "old") == {}


def test_the_command_tells_the_pairs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(folder, "old", "--kind", "organization", "--fail-on", "never") == 0
    shown = capsys.readouterr().out
    assert "old:organization:1 = old:organization:2" in shown
    assert "name same, domain same" in shown
    assert command(folder, "--kind", "organization", "--format", "csv") == 1
    assert capsys.readouterr().out.startswith(
        "kind,verdict,score,record_id,other_id,agreed,decision\norganization,certain"
    )
    assert command(folder, "--kind", "ticket") == 0
    assert "No duplicates." in capsys.readouterr().out


def test_how_bad_a_verdict_is_can_be_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = folder / "deskferry.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}[duplicates]\ncertain = "warning"\n', encoding="utf-8")
    assert command(folder, "--kind", "organization") == 0
    assert command(folder, "--kind", "organization", "--fail-on", "warning") == 1
    config.write_text(f'{text}[duplicates]\ncertain = "warnin"\n', encoding="utf-8")
    assert command(folder, "--kind", "organization") == 2
    assert "warning" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "anyascii", None)
    assert command(folder, "--kind", "organization") == 2
    assert "deskferry[duplicates]" in capsys.readouterr().err
