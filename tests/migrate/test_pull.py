"""Pulling from a tiny desk: every page and child in one transaction, stopped anywhere, the same end."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import DeclaredClass
from deskferry.errors import CapabilityError, Refused, TooManyErrors
from deskferry.migrate.pull import PullOptions, pull
from deskferry.store import Store, open_store
from deskferry.store.declared import shortfalls
from tests.fake_desk import Desk, connect, content, pull_all, small_account
from tests.postgresql import Server


class Crash(BaseException):
    """Not an Exception: nothing on the way may swallow it."""


def rows(store: Store, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with store.read() as database:
        return [tuple(row) for row in database.execute(text(statement))]


# ------------------------------------------------------------------------------------------------------------- crashes


@contextmanager
def crashing(store: Store, desk: Desk, at: int) -> Iterator[Callable[[], int]]:
    """Raise at the n-th statement, commit or call; gives the number of those that were begun."""
    begun = 0

    def count(*_arguments: Any, **_named: Any) -> None:
        nonlocal begun
        begun += 1
        if begun == at:
            raise Crash(at)

    moments = ("before_cursor_execute", "commit")
    for moment in moments:
        event.listen(store.engine, moment, count)
    desk.before = count
    try:
        yield lambda: begun
    finally:
        for moment in moments:
            event.remove(store.engine, moment, count)
        desk.before = lambda _call: None


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Any]:
    """Give a function that opens one empty store after the other."""
    template = tmp_path / "template.db"
    if request.param == "sqlite":
        open_store(f"sqlite:///{template}").close()

    @contextmanager
    def opened(number: int) -> Iterator[Store]:
        if request.param == "sqlite":
            path = tmp_path / str(number) / "store.db"
            path.parent.mkdir()
            shutil.copy(template, path)
            with open_store(f"sqlite:///{path}") as store:
                yield store
            shutil.rmtree(path.parent)
            return
        monkeypatch.setenv("DESKFERRY_FILES", str(tmp_path / f"{number}.files"))
        server: Server = request.getfixturevalue("postgresql")
        with server.database(f"crash_{number}_{id(request)}") as url, open_store(url) as store:
            yield store

    return opened


def second_day(desk: Desk) -> None:
    """Change the account between two pulls: edits, a deletion, a part that vanishes, a late comment."""
    desk.put_user("2", name="Renamed", last_login_at="2026-03-01T00:00:00Z")
    desk.users.pop("4")
    desk.put_ticket("10", tags=["a"], status="solved")
    desk.put_comment("11", "109", author_id="2", created_at="2026-01-01T08:30:00Z")
    desk.delete_ticket("12", "2026-02-01T00:00:00Z")
    desk.put_update("u3", "10", at="2026-02-02T00:00:00Z", changes=[{"id": "c3", "field": "status", "value": "solved"}])


def both_days(store: Store, desk: Desk) -> None:
    """Pull, change the account, pull again."""
    pull_all(store, desk)
    if "109" not in {one["id"] for one in desk.comments["11"]}:
        second_day(desk)
    pull_all(store, desk)


def undisturbed(fresh_store: Callable[[int], Any]) -> tuple[dict[str, Any], int]:
    """Return what both days leave behind, and the number of moments at which they could be stopped."""
    with fresh_store(0) as store:
        desk = small_account()
        with crashing(store, desk, at=-1) as begun:
            both_days(store, desk)
            moments = begun()
        return content(store), moments


def stopped_at(fresh_store: Callable[[int], Any], moments: Iterable[int], expected: dict[str, Any]) -> None:
    """Stop at each moment, begin again, and look whether the end is the same."""
    for moment in moments:
        with fresh_store(moment) as store:
            desk = small_account()
            with pytest.raises(Crash), crashing(store, desk, at=moment):
                both_days(store, desk)
            both_days(store, desk)
            assert content(store) == expected, f"stopped at moment {moment}"


def test_stopped_at_some_moments_it_ends_the_same(
    fresh_store: Callable[[int], Any], request: pytest.FixtureRequest
) -> None:
    """At statements, commits and calls of two pulls: begun again, the store ends as if it had not been disturbed."""
    expected, moments = undisturbed(fresh_store)
    assert moments > 150
    seed = int(os.environ.get("DESKFERRY_SEED") or secrets.randbelow(10**6))
    print(f"DESKFERRY_SEED={seed}")
    some = 25 if "sqlite" in request.node.name else 8  # each takes a database of its own there
    stopped_at(fresh_store, random.Random(seed).sample(range(1, moments + 1), some), expected)


@pytest.mark.exhaustive
def test_stopped_at_every_moment_it_ends_the_same(fresh_store: Callable[[int], Any]) -> None:
    """The same at every single one."""
    expected, moments = undisturbed(fresh_store)
    stopped_at(fresh_store, range(1, moments + 1), expected)


def test_a_page_and_its_cursor_are_one(store: Store) -> None:
    """Stopped before a page is committed, neither its rows nor its cursor nor its to-do entries are there."""
    desk = small_account()
    desk.before = _stop_at("tickets 1")
    with pytest.raises(Crash):
        pull_all(store, desk)
    assert rows(store, "SELECT cursor FROM stream_cursor WHERE stream = 'tickets'")[0][0] in (
        {"after": 8},
        '{"after":8}',
    )
    assert rows(store, "SELECT source_id FROM ticket ORDER BY id") == [("10",), ("11",), ("12",)]
    assert rows(store, "SELECT parent_id FROM stream_todo ORDER BY parent_id") == [("10",), ("11",)]
    desk.before = lambda _call: None
    desk.log.clear()
    pull_all(store, desk)
    assert "tickets 0" in desk.log
    assert rows(store, "SELECT COUNT(*) FROM stream_todo") == [(0,)]


def _stop_at(name: str) -> Callable[[str], None]:
    def before(call: str) -> None:
        if call == name:
            raise Crash(call)

    return before


# ------------------------------------------------------------------------------------------------------- what is pulled


def test_a_second_pull_costs_what_moved(store: Store) -> None:
    """Nothing moved: a scan of the lists that must be whole, one empty page each of the others; nothing is written."""
    desk, clock = small_account(), VirtualClock()
    pull_all(store, desk, clock)
    before = content(store, times=True)
    desk.log.clear()
    clock.sleep(3600)
    result = pull_all(store, desk, clock)
    assert desk.log == ["users 0", "users 1", "tickets 0", "updates 0"]
    assert _without_cursor_times(content(store, times=True)) == _without_cursor_times(before)
    assert {kind for kind, counts in result.tally["kinds"].items() if counts["inserted"] + counts["updated"]} == set()
    desk.put_ticket("11", status="solved")
    desk.log.clear()
    result = pull_all(store, desk, clock)
    assert desk.log == ["users 0", "users 1", "tickets 0", "updates 0", "comments of 11"]
    assert result.tally["kinds"]["ticket"] == {"inserted": 0, "updated": 1, "unchanged": 0}
    assert rows(store, "SELECT record_id FROM change_log") == [("old:ticket:11",)]


def _without_cursor_times(found: dict[str, Any]) -> dict[str, Any]:
    found["stream_cursor"] = [{**one, "updated_at": None, "finished_at": None} for one in found["stream_cursor"]]
    return found


def test_full_reads_all_again_and_writes_nothing(store: Store) -> None:
    """Every page comes again; volatile fields have moved; no raw and no canonical row is touched."""
    desk, clock = small_account(), VirtualClock()
    pull_all(store, desk, clock)
    before = content(store, times=True)
    for user in desk.users.values():
        user["last_login_at"] = "2026-05-05T00:00:00Z"
    for ticket in desk.tickets.values():
        ticket["seen_at"] = "2026-05-05T00:00:00Z"
    desk.comments["10"][1]["files"][0]["url"] = "https://fake.example/f/1?sig=2"
    desk.log.clear()
    clock.sleep(3600)
    result = pull_all(store, desk, clock, full=True)
    assert "tickets 0" in desk.log
    assert "tickets 1" in desk.log
    assert "comments of 10" in desk.log
    assert _without_cursor_times(content(store, times=True)) == _without_cursor_times(before)
    assert all(one["inserted"] + one["updated"] == 0 for one in result.tally["raw"].values())


def test_what_a_scan_lacks_is_gone(store: Store) -> None:
    desk = small_account()
    pull_all(store, desk)
    desk.users.pop("4")
    pull_all(store, desk)
    assert rows(store, "SELECT source_id, deletion_evidence FROM person WHERE deleted_at IS NOT NULL") == [
        ("4", "absent")
    ]


def test_a_scan_that_begins_again_has_seen_nobody(store: Store) -> None:
    """What an earlier scan saw, which did not get to its end, says nothing about this one."""
    desk = small_account()
    pull_all(store, desk)
    with store.write() as database:
        database.execute(text("INSERT INTO stream_seen VALUES ('old', 'users', 'old:user:4')"))
    desk.users.pop("4")
    pull_all(store, desk)
    assert rows(store, "SELECT source_id FROM person WHERE deleted_at IS NOT NULL") == [("4",)]


def test_a_lost_permission_is_not_a_mass_deletion(store: Store) -> None:
    """The stream is refused, nothing is buried; once the permission is back, the next pull reads the list whole."""
    desk = small_account()
    for key in range(100, 200):
        desk.put_user(str(key))
    pull_all(store, desk)
    hidden = {key: desk.users.pop(key) for key in sorted(desk.users)[30:]}
    result = pull_all(store, desk)
    assert "suddenly absent" in result.refused["users"]
    assert rows(store, "SELECT COUNT(*) FROM person WHERE deleted_at IS NOT NULL") == [(0,)]
    desk.users.update(hidden)
    assert pull_all(store, desk).refused == {}
    assert rows(store, "SELECT COUNT(*) FROM person WHERE deleted_at IS NULL") == [(104,)]


def test_only_some_kinds(store: Store) -> None:
    desk = small_account()
    pull_all(store, desk, only=("person",))
    assert {call.split()[0] for call in desk.log} == {"users"}
    desk.log.clear()
    with pytest.raises(CapabilityError, match="article cannot be read from fake"):
        pull_all(store, desk, only=("article",))
    assert desk.log == []


def test_a_window_keeps_the_cursor(store: Store) -> None:
    """`--since` reads again and moves no cursor."""
    desk = small_account()
    pull_all(store, desk)
    cursor = rows(store, "SELECT cursor FROM stream_cursor WHERE stream = 'tickets'")
    pull_all(store, desk, since="2026-01-01")
    assert rows(store, "SELECT cursor FROM stream_cursor WHERE stream = 'tickets'") == cursor


def test_too_many_rejects_stop_the_run(store: Store) -> None:
    desk = small_account()
    desk.put_user("3", created_at="never")
    with pytest.raises(TooManyErrors, match="1 records were rejected"):
        pull_all(store, desk, max_errors=0)
    assert pull_all(store, desk, max_errors=1).open_rejects == 1


def test_another_account_is_refused(store: Store) -> None:
    desk = small_account()
    pull_all(store, desk)
    other = small_account()
    other.account_id = "acct-2"
    with pytest.raises(Refused, match="account acct-1 and now points to fake account acct-2"):
        pull_all(store, other)
    assert other.log == []


def test_in_threads_it_ends_the_same(fresh_store: Callable[[int], Any]) -> None:
    """Children are fetched side by side and written one by one."""
    ends = []
    for number, threads in enumerate((1, 4)):
        with fresh_store(number) as store:
            pull(store, connect(small_account(), threads=threads), "run", PullOptions())
            ends.append(content(store))
    assert ends[0] == ends[1]


# ------------------------------------------------------------------------------------------------------ declared counts


@pytest.mark.parametrize("trust", list(DeclaredClass))
def test_short_parents_are_read_once_more(store: Store, trust: DeclaredClass) -> None:
    """A dropped comment comes with the second read; a number that cannot be trusted is not worth a call."""
    desk = small_account()
    desk.declared = {"10": (2, trust)}
    desk.hidden_children = {"10"}
    result = pull_all(store, desk)
    worth = trust is not DeclaredClass.UNVERIFIED
    assert ("comments of 10 again" in desk.log) == worth
    assert [(one.parent_id, one.declared, one.fetched) for one in result.shortfalls] == (
        [] if worth else [("old:ticket:10", 2, 1)]
    )


@pytest.mark.parametrize(
    ("stream", "status", "held", "code"),
    [
        ("updates", 403, False, 0),
        ("updates", 404, False, 0),
        ("updates", 403, True, 1),
        ("updates", 401, False, 1),
        ("users", 403, False, 1),
    ],
)
def test_what_the_plan_lacks_is_a_note_and_what_the_role_hides_a_finding(
    store: Store, stream: str, status: int, held: bool, code: int
) -> None:
    """A list that came once and is refused now was not lost with the plan, as far as anybody knows."""
    desk = small_account()
    desk.put_update("7", "10")
    if held:
        pull_all(store, desk)

    def refuse(call: str) -> None:
        if call.startswith(stream):
            raise Refused(f"GET {stream} answered {status}.", "Ask.", status=status)

    desk.before = refuse
    result = pull_all(store, desk)
    assert list(result.refused) == [stream]
    assert result.exit_code(partial=False) == code


def test_what_stays_short_is_reported_and_not_read_for_ever(store: Store) -> None:
    desk = small_account()
    desk.declared = {"11": (5, DeclaredClass.BOUND), "10": (9, DeclaredClass.EXACT)}
    result = pull_all(store, desk)
    found = [(one.trust, one.parent_id, one.declared, one.fetched, one.reread) for one in result.shortfalls]
    assert found == [("exact", "old:ticket:10", 9, 2, True), ("bound", "old:ticket:11", 5, 1, True)]
    assert result.exit_code(partial=False) == 1
    desk.log.clear()
    assert len(pull_all(store, desk).shortfalls) == 2
    assert not [call for call in desk.log if call.endswith("again")]


def test_an_acknowledged_shortfall(store: Store) -> None:
    """It is no error and costs no call; when the vendor declares another number, it is not acknowledged any more."""
    desk = small_account()
    desk.declared = {"10": (9, DeclaredClass.EXACT)}
    pull_all(store, desk)
    with store.write() as database:
        database.execute(
            text(
                "UPDATE declared_count SET acknowledged_by = 'Ann', acknowledged_cause = 'purged', "
                "acknowledged_at = '2026-01-01T00:00:00.000000Z'"
            )
        )
    desk.put_ticket("10", status="solved")
    desk.log.clear()
    result = pull_all(store, desk)
    assert result.exit_code(partial=False) == 0
    assert "comments of 10 again" not in desk.log
    desk.declared = {"10": (10, DeclaredClass.EXACT)}
    desk.put_ticket("10", status="open")
    result = pull_all(store, desk)
    assert result.exit_code(partial=False) == 1
    assert "comments of 10 again" in desk.log


def test_a_deleted_parent_is_not_short(store: Store) -> None:
    """What is gone can no longer be fetched."""
    desk = small_account()
    desk.declared = {"10": (9, DeclaredClass.EXACT)}
    pull_all(store, desk)
    desk.delete_ticket("10", "2026-02-01T00:00:00Z")
    pull_all(store, desk)
    with store.read() as database:
        assert shortfalls(database, "old") == []


# ---------------------------------------------------------------------------------------------------------------- files


def test_files_are_downloaded_once(store: Store) -> None:
    desk = small_account()
    result = pull_all(store, desk)
    assert result.files == {"done": 1, "missing": 0, "refused": 0}
    ((state, sha256),) = rows(store, "SELECT fetch_state, sha256 FROM attachment")
    assert state == "done"
    assert (store.blobs / sha256[:2] / sha256).read_bytes() == b"hello"
    desk.log.clear()
    pull_all(store, desk, full=True)
    assert not [call for call in desk.log if call.startswith("blob")]
    desk.comments["10"][1]["files"][0]["name"] = "b.txt"
    desk.put_ticket("10")
    pull_all(store, desk)
    assert [call for call in desk.log if call.startswith("blob")] == ["blob https://fake.example/f/1?sig=1"]


def test_without_attachments_they_wait(store: Store) -> None:
    desk = small_account()
    pull_all(store, desk, attachments=False)
    assert rows(store, "SELECT fetch_state FROM attachment") == [("pending",)]
    assert pull_all(store, desk).files["done"] == 1
