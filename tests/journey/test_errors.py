"""What goes wrong for a user ends in one line that says what to do, and in the right exit code."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskferry.store import open_store
from deskferry.store.state import begin_run, locked
from tests.journey.command import Command, Ended
from tests.journey.content import content, differences, files
from tests.journey.desks import Desk, DeskHost, config_text, write_config


@pytest.fixture
def desk(host: DeskHost, command: Command) -> Desk:
    """Give a Zendesk that the command's configuration calls `old`."""
    found = host.zendesk(seed=5, tickets=6, profile="plain")
    write_config(command.directory, {"old": found})
    command.environment["DESKFERRY_CLOCK"] = found.base_url
    return found


def failed(ended: Ended, code: int, *words: str, alone: bool = True) -> str:
    """Return the one line of an error, after checking that it is one, and says these words."""
    assert ended.code == code, f"{ended.code}: {ended.out}\n{ended.err}"
    assert "Traceback" not in ended.err
    errors = [line for line in ended.lines if line.startswith("Error")]
    assert errors == [ended.last], ended.err
    if alone:
        assert ended.lines == errors
    for word in words:
        assert word in ended.last, ended.last
    assert len(ended.last) > 40, ended.last
    return ended.last


# ---------------------------------------------------------------------------------------------------------- accounts


def test_a_connection_that_points_to_another_account(desk: Desk, command: Command) -> None:
    command.well("pull", "old", "--no-attachments")
    desk.change({"op": "account", "subdomain": "other", "id": 99})
    failed(command("pull", "old"), 3, "old", "acme.zendesk.com", "other.zendesk.com")
    failed(command("check", "old"), 3, "acme.zendesk.com", "other.zendesk.com")


def test_a_role_that_hides_something(desk: Desk, command: Command) -> None:
    """An agent's token sees no exports: the pull works, and says what is missing."""
    desk.change({"op": "set_role", "role": "agent"})
    ended = command.well("pull", "old", "--no-attachments", code=1)
    assert "The role is no administrator's" in ended.out
    command.well("pull", "old", "--no-attachments", "--partial")
    command.well("check", "old", code=1)


def test_a_role_that_is_permitted_nothing(desk: Desk, command: Command) -> None:
    """Of tickets: what a help centre shows to everybody is still read."""
    desk.change({"op": "set_role", "role": "end-user"})
    failed(command("pull", "old", "--only", "ticket"), 3, "403", alone=False)
    command.well("pull", "old", code=1)


def test_a_wrong_token(desk: Desk, command: Command) -> None:
    (command.directory / "old.oauth_token").write_text("wrong-token-of-somebody", encoding="utf-8")
    for name in ("pull", "check"):
        line = failed(command(name, "old"), 3)
        assert "wrong-token" not in line


def test_a_token_that_was_revoked(desk: Desk, command: Command) -> None:
    command.well("pull", "old", "--no-attachments")
    desk.change({"op": "revoke"})
    failed(command("pull", "old"), 3)


# ----------------------------------------------------------------------------------------------------- configuration


def test_an_unknown_vendor(command: Command) -> None:
    text = '[connections.old]\nvendor = "zendisk"\nsubdomain = "acme"\noauth_token = "env:T"\n'
    (command.directory / "deskferry.toml").write_text(text, encoding="utf-8")
    failed(command("pull", "old"), 2, "zendisk", "zendesk")
    failed(command("connectors", "zendisk"), 2, "zendisk", "zendesk")


def test_malformed_toml(command: Command) -> None:
    (command.directory / "deskferry.toml").write_text('[store]\nurl = "a"\n\nvendor = = 3\n', encoding="utf-8")
    failed(command("pull", "old"), 2, "deskferry.toml", "line 4, column 10")
    (command.directory / "deskferry.toml").write_text('[store]\nurl = "sqlite:///x', encoding="utf-8")
    failed(command("pull", "old"), 2, "line 2, column")


def test_no_configuration(command: Command) -> None:
    failed(command("pull", "old"), 2, "deskferry init")


def test_a_missing_environment_variable(desk: Desk, command: Command) -> None:
    write_config(command.directory, {"old": desk}, more={"old": {"oauth_token": "env:NO_SUCH_TOKEN"}})
    failed(command("pull", "old"), 2, "NO_SUCH_TOKEN")
    write_config(command.directory, {"old": desk}, more={"old": {"oauth_token": "file:nowhere.txt"}})
    failed(command("pull", "old"), 2, "nowhere.txt")


def test_unknown_names(desk: Desk, command: Command) -> None:
    failed(command("pull", "odl"), 2, "odl", "old")
    failed(command("validate", "odl"), 2, "odl")
    failed(command("explain", "odl", "ticket", "1"), 2, "odl")
    write_config(command.directory, {"old": desk}, more={"old": {"streams": ["tickts"]}})
    failed(command("pull", "old"), 2, "tickts", "tickets")


def test_unknown_kinds_and_options(desk: Desk, command: Command) -> None:
    for arguments in (("pull", "old", "--only", "tickt"), ("pull", "old", "--since", "yesterday"), ("pull",), ("pul",)):
        ended = command(*arguments)
        assert ended.code == 2
        assert ended.last.startswith("Error"), ended.err
        assert "Traceback" not in ended.err


# ------------------------------------------------------------------------------------------------------------- store


@pytest.mark.parametrize(
    "statement",
    ["UPDATE {versions} SET version_num = '9999'", "UPDATE store_meta SET value = '9999' WHERE name LIKE '%version'"],
)
def test_a_store_of_a_newer_version(desk: Desk, command: Command, statement: str) -> None:
    store = command.directory / "store.db"
    open_store(f"sqlite:///{store}").close()
    with sqlite3.connect(store) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version%'")]
        versions = next(name for name in names if "raw" not in name)
        assert database.execute(statement.format(versions=versions)).rowcount == 1
    database.close()
    for arguments in (("pull", "old"), ("validate",), ("runs",)):
        failed(command(*arguments), 2, "newer")


def test_a_file_that_is_no_store(desk: Desk, command: Command) -> None:
    (command.directory / "store.db").write_text("Dear diary, today I opened a help desk. " * 100, encoding="utf-8")
    failed(command("pull", "old"), 2, "SQLite")


def test_a_directory_that_is_none(desk: Desk, command: Command) -> None:
    (command.directory / "notes.txt").write_text("a file", encoding="utf-8")
    failed(command("--store", "sqlite:///notes.txt/store.db", "pull", "old"), 2)
    (command.directory / "store.db").mkdir()
    failed(command("pull", "old"), 2)


def test_a_directory_that_nobody_may_write(desk: Desk, command: Command) -> None:
    closed = command.directory / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    if os.access(closed, os.W_OK):  # whoever may write everywhere meets it where nobody can
        closed = Path("/proc/self")
    failed(command("--store", f"sqlite:///{closed}/store.db", "pull", "old"), 2)


def test_a_store_that_is_no_url(desk: Desk, command: Command) -> None:
    failed(command("--store", "store.db", "pull", "old"), 2, "sqlite:///")
    failed(command("--store", "mysql://localhost/x", "pull", "old"), 2, "mysql")


def test_a_database_that_is_full(desk: Desk, command: Command) -> None:
    """The pull stops, resumable; with room again it goes on to what an undisturbed one would hold."""
    undisturbed = Command(command.directory / "other", command.environment, command.crasher)
    write_config(undisturbed.directory, {"old": desk})
    undisturbed.well("pull", "old")
    failed(command("pull", "old", inject="few pages"), 4, "full", "same command", alone=False)
    command.well("pull", "old")
    held = content(undisturbed.directory / "store.db")
    assert not differences(held, content(command.directory / "store.db"))


def test_a_disk_that_has_no_room_for_files(desk: Desk, command: Command) -> None:
    failed(command("pull", "old", inject="no room for files"), 4, "full", "same command", alone=False)
    assert files(command.directory / "store.db") == {}
    command.well("pull", "old")
    assert files(command.directory / "store.db")


def test_a_lock_that_another_process_holds(desk: Desk, command: Command) -> None:
    """Who holds it, and since when."""
    since = datetime(2026, 3, 1, 12, 30, tzinfo=UTC).isoformat().replace("+00:00", ".000000Z")
    with open_store(f"sqlite:///{command.directory / 'store.db'}") as store:
        run_id = begin_run(store, "pull", "old", since)
        with locked(store, "old", run_id, "pull", since):
            for name in ("pull", "normalize"):
                failed(command(name, "old"), 4, "`pull`", f"process {os.getpid()}", "since 2026-03-01T12:30:00")
        command.well("pull", "old", "--no-attachments")


def test_a_lock_whose_holder_was_killed(desk: Desk, command: Command) -> None:
    """Nobody has to remove anything."""
    crasher = command.crasher
    assert crasher is not None
    config = str(command.directory / "deskferry.toml")
    crasher.killed("pull", "page:3:before", config=config, clock=desk.base_url, names=["old"])
    with sqlite3.connect(command.directory / "store.db") as database:
        assert database.execute("SELECT count(*) FROM run_lock").fetchone() == (1,)
    database.close()
    command.well("pull", "old")


# ----------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("html@/incremental/tickets", ("HTML",)),
        ("truncate@/incremental/tickets", ()),
        ("503@/incremental/tickets", ("503",)),
        ("reset@/incremental/tickets", ()),
    ],
)
def test_an_answer_that_stays_bad(desk: Desk, command: Command, spec: str, words: tuple[str, ...]) -> None:
    """After all retries: stopped, resumable; the address that failed is named."""
    desk.faults(spec)
    line = failed(command("pull", "old", "--no-attachments"), 4, "incremental/tickets", *words, alone=False)
    assert "sim-access-token" not in line
    desk.faults()
    command.well("pull", "old")


def test_nobody_answers(desk: Desk, command: Command) -> None:
    write_config(command.directory, {"old": desk}, more={"old": {"base_url": "http://127.0.0.1:9"}})
    failed(command("pull", "old"), 4, "127.0.0.1:9")


# ------------------------------------------------------------------------------------------------------------ Ctrl-C


def _interrupted(command: Command, desk: Desk, waits: Callable[[], bool]) -> Ended:
    """Press Ctrl-C on a real process once it waits for a slow desk."""
    with command.start("pull", "old") as running:
        until = time.monotonic() + 30
        while not waits() and running.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        try:
            out, err = running.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            running.kill()
            raise AssertionError("Ctrl-C was not heard") from None
        return Ended(running.returncode, out, err)


@pytest.mark.parametrize("where", ["/incremental/tickets", "/articles/.*/attachments", "/attachments/token"])
def test_ctrl_c(desk: Desk, command: Command, where: str) -> None:
    """In a list, among the children, in a download: it stops at once, says how to go on, and goes on."""
    desk.faults(f"timeout@{where}:seconds=25")
    ended = _interrupted(command, desk, lambda: any(one["fault"] for one in desk.requests()))
    assert ended.code == 4, ended.err
    assert "Traceback" not in ended.err, ended.err
    assert "same command again" in ended.last
    desk.faults()
    command.well("pull", "old")
    with sqlite3.connect(command.directory / "store.db") as database:
        codes = [row[0] for row in database.execute("SELECT exit_code FROM run ORDER BY started_at, id")]
        assert sorted(codes) == [0, 4]
    database.close()
    assert not list((command.directory / "store.db.files").glob(".partial-*"))


def test_the_configuration_of_these_tests_is_one(desk: Desk) -> None:
    assert "sim-access-token" not in config_text({"old": desk})
