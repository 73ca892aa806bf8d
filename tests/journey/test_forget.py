"""The commands, on a desk that still has the person: forgotten, pulled again, normalized; purged."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import jsonschema
import psutil
import pytest

from tests.journey.command import Command
from tests.journey.crashing import Crasher
from tests.journey.desks import DeskHost, write_config
from tests.journey.leaks import leaks


@pytest.fixture
def run(host: DeskHost, crasher: Crasher, tmp_path: Path) -> Command:
    """Give the command line in a directory with a pulled desk."""
    old = host.zendesk(seed=5, tickets=30)
    write_config(tmp_path, {"old": old})
    made = Command(tmp_path, {"DESKFERRY_CLOCK": old.base_url}, crasher)
    assert made("pull", "old", "--partial").code in {0, 1}
    return made


def rows(run: Command, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement."""
    with closing(sqlite3.connect(run.directory / "store.db")) as database:
        return list(database.execute(statement))


def schema(name: str) -> jsonschema.Draft202012Validator:
    """Return a published schema."""
    text = resources.files("deskferry.privacy").joinpath(f"json/{name}.schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def somebody(run: Command) -> dict[str, str]:
    """Return name, address and id of a requester of tickets whose name is theirs alone."""
    found = rows(
        run,
        "SELECT p.id, p.name, p.email FROM person p JOIN ticket t ON t.requester_id = p.id WHERE p.email IS NOT NULL "
        "AND p.name LIKE '% %' AND p.name NOT LIKE '%''%' AND p.role = 'end_user' AND LENGTH(p.name) > 7 "
        "AND (SELECT COUNT(*) FROM person o WHERE LOWER(o.name) = LOWER(p.name)) = 1 "
        "GROUP BY p.id ORDER BY COUNT(*) DESC, p.id",
    )
    return {"id": str(found[0][0]), "name": str(found[0][1]), "address": str(found[0][2])}


def test_forgotten_and_pulled_again(run: Command) -> None:
    person = somebody(run)
    wanted = {"name": person["name"], "address": person["address"]}
    assert leaks(run.directory, wanted)
    looked = run.well("forget", person["address"], "--dry-run", "--format", "json").json()
    schema("forget").validate(looked)
    assert looked["state"] == "dry_run"
    assert person["id"] in looked["records"]
    done = run.well("forget", person["address"], "--yes", "--format", "json").json()
    schema("forget").validate(done)
    assert done["state"] == "forgotten"
    assert done["changed"]["raw_record"]
    assert leaks(run.directory, wanted) == []
    kept = rows(run, "SELECT id, content_hash FROM ticket UNION ALL SELECT id, content_hash FROM message ORDER BY 1")
    for again in (("pull", "old"), ("pull", "old", "--full"), ("normalize", "old")):
        assert run(*again).code in {0, 1}
        assert leaks(run.directory, wanted) == [], again
    after = rows(run, "SELECT id, content_hash FROM ticket UNION ALL SELECT id, content_hash FROM message ORDER BY 1")
    assert after == kept
    assert run.well("forget", person["id"], "--yes", "--format", "json").json()["state"] == "already"
    assert "@" not in json.dumps(run.well("runs", "--format", "json").json())


def test_purged(run: Command) -> None:
    run.well("purge", "old", "--yes", "--certificate", "certificate.json")
    certificate = json.loads((run.directory / "certificate.json").read_text("utf-8"))
    schema("certificate").validate(certificate)
    assert certificate["tables"]["ticket"]["rows"] >= 30
    assert rows(run, "SELECT (SELECT COUNT(*) FROM raw_record) + (SELECT COUNT(*) FROM ticket)") == [(0,)]
    assert run("purge", "old", "--yes").code == 2


@pytest.mark.parametrize("command", [("forget", "old:user:1", "--yes"), ("purge", "old", "--yes")])
def test_refused_while_somebody_works(run: Command, command: tuple[str, ...]) -> None:
    person = somebody(run)
    me = psutil.Process()
    before = rows(run, "SELECT COUNT(*) FROM ticket")
    with closing(sqlite3.connect(run.directory / "store.db")) as database, database:
        database.execute(
            "INSERT INTO run_lock SELECT 'old', 'r', 'pull', ?, ?, ?, '2026-01-01T00:00:00.000000Z', "
            "'2026-01-01T00:00:00.000000Z'",
            (socket.gethostname(), me.pid, me.create_time()),
        )
    ended = run(*(person["id"] if word == "old:user:1" else word for word in command))
    assert (ended.code, "being worked on" in ended.last) == (4, True)
    assert rows(run, "SELECT COUNT(*) FROM ticket") == before
    assert rows(run, "SELECT COUNT(*) FROM suppression") == [(0,)]


def test_a_hold_ends_with_two(run: Command) -> None:
    person = somebody(run)
    config = run.directory / "deskferry.toml"
    config.write_text(f'{config.read_text("utf-8")}\n[hold]\npeople = ["{person["address"]}"]\n', encoding="utf-8")
    for command in (("forget", person["id"], "--yes"), ("purge", "old", "--yes")):
        ended = run(*command)
        assert (ended.code, "on hold" in ended.last) == (2, True)
        assert person["address"] not in ended.err
