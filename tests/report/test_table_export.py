"""`deskferry export`: tables for analysis in four formats, equal in each, and with ids that people know."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from deskferry.cli.app import run
from deskferry.metrics.star import STAR
from tests.metrics.build import World

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A ticket answered after an hour and solved after two, one that waits; names that a spreadsheet would run."""
    found = World(tmp_path_factory.mktemp("export"))
    found.schedule()
    ticket = found.ticket("2026-01-05 09:00", tags=("vip",), subject="=cmd()", team_id="old:team:1")
    found.customer(ticket, "2026-01-05 09:00")
    found.reply(ticket, "2026-01-05 10:00", "Ann")
    found.status(ticket, "2026-01-05 11:00", "solved", "Ann")
    waits = found.ticket("2026-01-06 23:30", requester="Bob")
    found.customer(waits, "2026-01-06 23:30")
    for number, name in enumerate(FORMULAS):
        found.put("organization", id=f"old:organization:{number}", name=name)
    found.put("team", id="old:team:1", name="First")
    return found


@pytest.fixture(scope="module")
def exported(world: World) -> dict[str, Path]:
    """Give the folder of each format."""
    config = world.folder / "deskferry.toml"
    config.write_text(f'[store]\nurl = "{world.write()}"\n[metrics]\ntimezone = "Europe/Madrid"\n', encoding="utf-8")
    folders = {form: world.folder / form for form in ("parquet", "csv", "duckdb", "ndjson")}
    for form, folder in folders.items():
        assert run(["--config", str(config), "--quiet", "export", str(folder), "--format", form, "--facts"]) == 0
    return folders


def values(exported: dict[str, Path], sql: str) -> dict[str, list[tuple[object, ...]]]:
    """Return what each format answers; `{table}` stands where a table is read."""
    places = {
        "parquet": "'{}/{{}}.parquet'".format(exported["parquet"]),
        "csv": "'{}/{{}}.csv'".format(exported["csv"]),
        "ndjson": "'{}/facts/{{}}.ndjson'".format(exported["ndjson"]),
        "duckdb": "{}",
    }
    found = {}
    for form, place in places.items():
        file = exported["duckdb"] / "deskferry.duckdb"
        with duckdb.connect(str(file), read_only=True) if form == "duckdb" else duckdb.connect() as database:
            asked = sql
            for name in STAR:
                asked = asked.replace(f"{{{name}}}", place.format(name))
            found[form] = database.sql(asked).fetchall()
    return found


def test_all_formats_say_the_same(exported: dict[str, Path]) -> None:
    sql = """SELECT t.created_on::VARCHAR, t.first_response_seconds, t.resolution_seconds, t.n_replies,
                    t.resolution_business_seconds, p.name, team.name, g.tag
             FROM {fact_ticket} t LEFT JOIN {dim_person} p ON p.person_id = t.requester_id
             LEFT JOIN {dim_team} team ON team.team_id = t.team_id
             LEFT JOIN {bridge_ticket_tag} g ON g.ticket_id = t.ticket_id ORDER BY 1"""
    expected = [
        ("2026-01-05", 3600, 7200, 1, 7200, "Cleo", "First", "vip"),
        ("2026-01-07", None, None, 0, None, "Bob", None, None),  # half past midnight in Madrid
    ]
    for form, found in values(exported, sql).items():
        assert found == expected, form


def test_every_table_is_there_and_named_in_the_docs(exported: dict[str, Path]) -> None:
    with duckdb.connect(str(exported["duckdb"] / "deskferry.duckdb"), read_only=True) as database:
        tables = {row[0] for row in database.sql("SHOW TABLES").fetchall()}
    assert tables >= {*STAR, "ticket", "message", "organization"}
    assert {one.stem for one in exported["parquet"].iterdir()} == tables
    assert {one.stem for one in exported["csv"].iterdir()} == tables
    docs = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text(encoding="utf-8")
    assert [name for name in STAR if f"`{name}`" not in docs] == []


def test_nobody_is_named_who_did_nothing(exported: dict[str, Path]) -> None:
    sql = "SELECT first_reply_agent_id, solver_id FROM {fact_ticket} ORDER BY created_at"
    assert values(exported, sql)["parquet"] == [("old:user:Ann", "old:user:Ann"), (None, None)]


def test_facts_fit_their_dimensions(exported: dict[str, Path]) -> None:
    dated = {"fact_message": "sent_on", "fact_status_interval": "from_on", "fact_ticket": "created_on",
             "fact_response_turn": "opened_on", "fact_assignment": "from_on"}  # fmt: skip
    for fact, column in dated.items():
        sql = f"SELECT count(*), count(d.day) FROM {{{fact}}} f LEFT JOIN {{dim_date}} d ON d.day = f.{column}"
        ((rows, joined),) = values(exported, sql)["parquet"]
        assert rows == joined > 0, fact


def test_a_spreadsheet_runs_nothing(exported: dict[str, Path]) -> None:
    with (exported["csv"] / "organization.csv").open(encoding="utf-8", newline="") as handle:
        assert [row["name"] for row in csv.DictReader(handle)] == [f"'{name}" for name in FORMULAS]
    with (exported["csv"] / "ticket.csv").open(encoding="utf-8", newline="") as handle:
        assert "'=cmd()" in {row["subject"] for row in csv.DictReader(handle)}
    lines = (exported["ndjson"] / "organization.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["name"] for line in lines] == FORMULAS


def test_the_folder_is_new_and_nothing_is_left_in_it(exported: dict[str, Path], world: World) -> None:
    assert [one.name for folder in exported.values() for one in folder.iterdir() if one.name.startswith(".")] == []
    words = ["--config", str(world.folder / "deskferry.toml"), "export", str(exported["csv"]), "--format", "csv"]
    assert run(words) == 2
