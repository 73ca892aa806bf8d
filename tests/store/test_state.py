"""Locks, pins, cursors: two processes do not collide, a dead one does not bar the way."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from deskferry.connectors.kit.contract import Account, Child
from deskferry.errors import DiskFull, LockHeld, Refused
from deskferry.store import Store, machinery, state
from deskferry.store.engine import now_text
from deskferry.store.state import begin_run, end_run, keep_counts, last_run, locked, pin_account, runs

NOW = "2026-01-01T00:00:00.000000Z"


def put_lock(store: Store, **values: Any) -> None:
    """Leave a lock as another process would."""
    own = psutil.Process()
    row = {
        "connection": "old", "run_id": "theirs", "command": "pull", "host": state.socket.gethostname(),
        "pid": own.pid, "process_started": own.create_time(), "since": NOW, "beat_at": NOW, **values,
    }  # fmt: skip
    with store.write() as database:
        database.execute(machinery.run_lock.insert().values(**row))


def holders(store: Store) -> list[str]:
    """Return the runs that hold a lock."""
    with store.read() as database:
        return list(database.execute(select(machinery.run_lock.c.run_id)).scalars())


def test_a_second_process_is_told_who_holds_it(store: Store) -> None:
    with (
        locked(store, "old", "first", "pull", NOW),
        pytest.raises(LockHeld, match=r"worked on by `pull` \(process \d+ on .*, since 2026-01-01T00:00:00Z\)"),
        locked(store, "old", "second", "migrate", NOW),
    ):
        raise AssertionError
    assert holders(store) == []
    with locked(store, "old", "third", "pull", NOW), locked(store, "new", "fourth", "pull", NOW):
        assert sorted(holders(store)) == ["fourth", "third"]


def test_an_error_gives_the_lock_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), locked(store, "old", "first", "pull", NOW):
        raise ZeroDivisionError
    assert holders(store) == []


def test_an_error_is_not_hidden_by_a_lock_that_cannot_be_given_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Store) -> Any:
        raise DiskFull("full")

    def work() -> None:
        with locked(store, "old", "first", "pull", NOW):
            monkeypatch.setattr(Store, "write", full)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()


def test_a_dead_holder_is_recognised(store: Store) -> None:
    """By its process, and where the number was given to another one by the time it started."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    put_lock(store, pid=child.pid)
    with locked(store, "old", "mine", "pull", NOW):
        assert holders(store) == ["mine"]
    put_lock(store, process_started=psutil.Process().create_time() - 60)
    with locked(store, "old", "mine", "pull", NOW):
        assert holders(store) == ["mine"]
    put_lock(store)
    with pytest.raises(LockHeld), locked(store, "old", "mine", "pull", NOW):
        raise AssertionError


def test_a_process_that_nobody_buried_is_dead(store: Store) -> None:
    """A zombie: in a container often nobody waits for it."""
    child = psutil.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    put_lock(store, pid=child.pid, process_started=child.create_time())
    with pytest.raises(LockHeld), locked(store, "old", "mine", "pull", NOW):
        raise AssertionError
    child.stdin.close()
    while child.status() != psutil.STATUS_ZOMBIE:
        pass
    with locked(store, "old", "mine", "pull", NOW):
        assert holders(store) == ["mine"]
    child.wait()


def test_a_holder_on_another_host_lives_as_long_as_it_beats(store: Store) -> None:
    seconds = state.SystemClock().now()
    put_lock(store, host="elsewhere", pid=1, beat_at=now_text(seconds - 300))
    with pytest.raises(LockHeld, match="on elsewhere"), locked(store, "old", "mine", "pull", NOW):
        raise AssertionError
    with store.write() as database:
        database.execute(machinery.run_lock.update().values(beat_at=now_text(seconds - 1000)))
    with locked(store, "old", "mine", "pull", NOW):
        assert holders(store) == ["mine"]


def test_a_holder_beats_while_it_waits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits out an hour of rate limit writes nothing, and is alive."""
    monkeypatch.setattr(state, "_BEAT", 0.02)
    with locked(store, "old", "mine", "pull", NOW):
        begun = _beat_at(store)
        for _ in range(500):
            if _beat_at(store) > begun:
                return
            threading.Event().wait(0.01)
    raise AssertionError("no sign of life")


def _beat_at(store: Store) -> Any:
    with store.read() as database:
        return database.execute(select(machinery.run_lock.c.beat_at)).scalar_one()


def test_of_many_at_once_one_gets_it(store: Store) -> None:
    """Also where two come between the look and the lock; the others are told, none breaks."""
    outcomes: list[str] = []
    start, over = threading.Barrier(6), threading.Barrier(6)

    def work(number: int) -> None:
        start.wait()
        try:
            with locked(store, "old", f"run-{number}", "pull", NOW):
                outcomes.append("held")
                over.wait()
        except LockHeld:
            outcomes.append("told")
            over.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", *["told"] * 5]
    assert holders(store) == []


def test_a_lock_taken_between_look_and_insert(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two find the same dead holder; the one that is slower does not throw the faster one out."""
    put_lock(store, process_started=1.0)
    real = state._alive

    def overtaken(held: Any) -> bool:
        verdict = real(held)
        if held.run_id == "theirs":
            with store.write() as database:  # what the faster one did meanwhile
                database.execute(machinery.run_lock.update().values(run_id="faster"))
        return verdict

    if store.is_sqlite:
        return  # the look and the insert are one transaction that nobody comes between
    monkeypatch.setattr(state, "_alive", overtaken)
    with pytest.raises(LockHeld), locked(store, "old", "slower", "pull", NOW):
        raise AssertionError
    assert holders(store) == ["faster"]


def account(key: str) -> Account:
    """Return an account."""
    return Account(key, "Acme", None, None)


def test_a_connection_is_pinned_to_its_account(store: Store) -> None:
    pin_account(store, "old", "zendesk", account("1"), "https://a", "https://a", NOW)
    pin_account(store, "old", "zendesk", account("1"), "https://b", "https://b", NOW)
    with pytest.raises(Refused, match="zendesk account 1 and now points to zendesk account 2") as refusal:
        pin_account(store, "old", "zendesk", account("2"), "https://a", "https://a", NOW)
    assert refusal.value.exit_code == 3
    with pytest.raises(Refused, match="freshdesk account 1"):
        pin_account(store, "old", "freshdesk", account("1"), "https://a", "https://a", NOW)
    with store.read() as database:
        assert (state.pinned(database, "old") or {})["origin"] == "https://a"
        assert state.pinned(database, "new") is None


def test_runs(store: Store) -> None:
    first = begin_run(store, "pull", "old", NOW)
    second = begin_run(store, "pull", "old", "2026-01-02T00:00:00.000000Z")
    begin_run(store, "validate", "old", "2026-01-03T00:00:00.000000Z")
    end_run(store, second, 1, {"a": 1}, ["b"], "2026-01-02T01:00:00.000000Z")
    assert first.startswith("20260101-000000-")
    with store.read() as database:
        found = last_run(database, "pull", "old") or {}
        assert (found["id"], found["exit_code"], found["counts"], found["notes"]) == (second, 1, {"a": 1}, ["b"])
        assert [one["command"] for one in runs(database)] == ["validate", "pull", "pull"]
        assert last_run(database, "pull", "new") is None


def test_what_a_step_counted_stays_when_the_run_ends_without_counts(store: Store) -> None:
    """A run that fails after its step still says what the step found."""
    run = begin_run(store, "validate", "old", NOW)
    with store.write() as database:
        keep_counts(database, run, {"a": 1})
    end_run(store, run, 5, None, [], NOW)
    with store.read() as database:
        assert (last_run(database, "validate", "old") or {})["counts"] == {"a": 1}
    end_run(store, run, 0, {"b": 2}, [], NOW)
    with store.read() as database:
        assert (last_run(database, "validate", "old") or {})["counts"] == {"b": 2}


def test_todos_come_in_order(store: Store) -> None:
    with store.write() as database:
        for parent in ("b", "a"):
            database.execute(
                machinery.stream_todo.insert().values(
                    connection="old", stream="s", parent_id=parent, args={"x": 1}, run_id="r"
                )
            )
        assert state.todos(database, "old") == [Child("s", "a", {"x": 1}), Child("s", "b", {"x": 1})]
        assert state.todos(database, "old", limit=1) == [Child("s", "a", {"x": 1})]
        assert (state.count_todos(database, "old"), state.count_todos(database, "new")) == (2, 0)
