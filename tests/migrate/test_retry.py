"""Quarantined operations: looked for once more; a person says which copy counts, or that it is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.errors import ConfigError
from deskferry.migrate.load import LoadOptions
from deskferry.migrate.retry import RetryOptions, RetryResult, retry
from deskferry.store import Store
from tests.migrate.desk import MAIL, RULES
from tests.migrate.world import Killed, World

LOAD = LoadOptions(frozenset({MAIL, RULES}))


@pytest.fixture
def twice(store: Store) -> tuple[World, str]:
    """Give a run that left a ticket in quarantine: two records there bear its mark."""
    world = World(store).fill()

    def copied(_number: int, operation: Any) -> str | None:
        if operation.call != "ticket.create" or operation.record_id != "old:ticket:1":
            return None
        key = next(key for key, one in world.desk.tickets.items() if one["mark"] == operation.record_id)
        ticket = world.desk.tickets[key]
        world.desk.tickets["copy"] = {**ticket, "messages": [dict(one) for one in ticket["messages"]]}
        return "lost"

    world.desk.after = copied
    result = world.migrate(verify=False)
    world.desk.after = lambda _number, _operation: None
    assert result.load is not None
    assert result.load.counts["ticket"]["quarantined"] == 1
    return world, result.run_id


def again(world: World, run: str, **options: Any) -> RetryResult:
    return retry(world.job(), run, RetryOptions(LOAD, **options))


def test_what_is_there_twice_stays_until_a_person_decides(twice: tuple[World, str]) -> None:
    world, run = twice
    calls = len(world.desk.calls)
    found = again(world, run)
    assert found.settled == {"quarantined": 1}
    assert found.exit_code == 1
    assert len(world.desk.calls) == calls
    with pytest.raises(ConfigError, match="nonsense is not one of the records that bear the mark"):
        again(world, run, take="nonsense")


def test_the_named_copy_is_taken_and_the_rest_follows(twice: tuple[World, str]) -> None:
    world, run = twice
    right = next(key for key, one in world.desk.tickets.items() if one["mark"] == "old:ticket:1" and key != "copy")
    found = again(world, run, source_id="1", kind="ticket", take=right)
    assert found.settled == {"taken": 1}
    del world.desk.tickets["copy"]
    assert len(world.desk.tickets[right]["messages"]) == 2
    assert [call for call, record, _part in world.desk.calls if record == "old:ticket:1"].count("ticket.create") == 1
    assert world.migrate(prove=True).exit_code == 0


def test_one_that_was_removed_is_found_by_its_mark(twice: tuple[World, str]) -> None:
    world, run = twice
    del world.desk.tickets["copy"]
    assert again(world, run).settled == {"found": 1}
    assert sum(one["mark"] == "old:ticket:1" for one in world.desk.tickets.values()) == 1


def test_sent_again_when_none_of_them_counts(twice: tuple[World, str]) -> None:
    world, run = twice
    found = again(world, run, send_again=True)
    assert found.settled == {"absent": 1}
    assert found.load.counts["ticket"] == {"created": 1}
    assert sum(one["mark"] == "old:ticket:1" for one in world.desk.tickets.values()) == 3


def test_what_a_retry_wrote_and_never_verified_the_next_migration_verifies(store: Store) -> None:
    world = World(store).fill()
    world.desk.before = lambda _number, one: "refuse" if one.record_id == "old:ticket:1" else None
    run = world.migrate().run_id
    world.desk.before = lambda _number, _one: None

    def die(_remote: str) -> Any:
        raise Killed

    with pytest.raises(Killed):
        retry(world.job(witness=die), run, RetryOptions(LOAD))
    assert world.ticket("1")
    world.ticket("1")["subject"] = "Not what it was"
    found = world.migrate(prove=True)
    assert found.verify is not None
    assert len(found.covers) == 1
    assert found.verify.checked["ticket"] == 1
    assert {(one.record_id, one.field) for one in found.verify.differences} == {("old:ticket:1", "subject")}
    after = world.migrate()
    assert (after.covers, after.verify and after.verify.checked["ticket"]) == ([], 0)


def test_a_retry_that_verified_or_had_nothing_to_do_is_not_looked_at_again(store: Store) -> None:
    world = World(store).fill()
    world.desk.before = lambda _number, one: "refuse" if one.record_id == "old:ticket:1" else None
    run = world.migrate().run_id
    world.desk.before = lambda _number, _one: None
    found = again(world, run)
    assert found.verify is not None
    assert found.verify.checked["ticket"] == 1
    assert again(world, run).verify is None
    assert world.migrate().covers == []
