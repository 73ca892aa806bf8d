"""Stopped anywhere and run again: nothing twice, nothing missing, nothing sent blindly."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deskferry.errors import Exhausted, Interrupted, LockHeld, Stopped
from deskferry.store import Store, machinery, open_store
from deskferry.store.state import locked
from tests.migrate.builder import START
from tests.migrate.desk import FakeWriter
from tests.migrate.world import Killed, World


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, int]:
    """Give what a migration without accidents comes to: the desk, the losses, the number of calls."""
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'store.db'}") as store:
        world = World(store).fill()
        world.migrate()
        return world.desk.content(), losses(store), len(world.desk.calls)


def losses(store: Store) -> Any:
    table = machinery.loss
    with store.read() as database:
        columns = (table.c.record_id, table.c.field, table.c.cause, table.c.planned)
        return sorted(tuple(one) for one in database.execute(select(*columns)))


def crossings(store: Store) -> Any:
    table = machinery.crossing
    with store.read() as database:
        rows = database.execute(select(table.c.record_id, table.c.part, table.c.state, table.c.request_hash))
        return sorted((one.record_id, one.part, one.state, one.request_hash or "") for one in rows)


CALLS = 12
"""Of the undisturbed run; asserted by the first test, so that every call is a crash point."""


def test_the_matrix_covers_every_call(undisturbed: tuple[Any, Any, int]) -> None:
    assert undisturbed[2] == CALLS


@pytest.mark.parametrize(("moment", "lag"), [("before", 0.0), ("after", 0.0), ("after", 120.0)])
@pytest.mark.parametrize("call", range(CALLS))
def test_killed_at_a_call_and_resumed(
    call: int, moment: str, lag: float, undisturbed: tuple[Any, Any, int], tmp_path: Path
) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store, lag).fill()

        def die(number: int, _operation: Any) -> None:
            if number == call:
                raise Killed

        setattr(world.desk, moment, die)
        with pytest.raises(Killed):
            world.migrate()
        setattr(world.desk, moment, lambda _n, _one: None)
        result = world.migrate(prove=True)
        assert result.verify is not None
        assert [one.sentence() for one in result.verify.differences] == []
        assert result.exit_code == 0
        assert world.desk.content() == undisturbed[0]
        assert losses(store) == undisturbed[1]
        assert world.desk.mailbox == ["closed"] * len(world.desk.mailbox)
        assert result.verify.checked["ticket"] == 3, "what the dead run wrote is verified too"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(CALLS))
def test_in_doubt_is_settled_at_once(call: int, moment: str, undisturbed: tuple[Any, Any, int], tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store, lag=120.0).fill()
        setattr(world.desk, moment, lambda number, _one: "lost" if number == call else None)
        result = world.migrate(prove=True)
        assert result.exit_code == 0
        assert world.desk.content() == undisturbed[0]
        assert losses(store) == undisturbed[1]


def test_the_journal_of_a_settled_operation_tells_how(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store, lag=60.0).fill()
        slept = world.desk.clock.slept
        world.desk.after = lambda _n, one: "lost" if one.call == "ticket.create" else None
        result = world.migrate()
        assert result.exit_code == 0
        assert world.desk.clock.slept >= slept + 60.0, "the search lag was waited out"
        with store.read() as database:
            table = machinery.write_op
            rows = database.execute(select(table).where(table.c.call == "ticket.create")).all()
        assert {one.state for one in rows} == {"adopted"}
        assert result.load is not None
        assert result.load.settled == {"found": 3}


def test_several_found_are_quarantined_and_never_sent_again(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()

        def twice(_number: int, operation: Any) -> str | None:
            if operation.record_id != "old:ticket:1" or operation.part:
                return None
            ticket = world.ticket("1")
            world.desk.tickets[world.desk.new_id()] = {**ticket}
            return "lost"

        world.desk.after = twice
        result = world.migrate(verify=False)
        assert result.exit_code == 1
        assert result.load is not None
        assert result.load.counts["ticket"] == {"created": 2, "quarantined": 1}
        world.desk.after = lambda _n, _one: None
        world.desk.calls.clear()
        again = world.migrate(verify=False)
        assert again.exit_code == 1
        assert world.desk.calls == []
        assert again.load is not None
        assert {one.code for one in again.load.problems} == {"quarantined", "not_sent"}
        assert again.plan.counts["ticket"]["quarantined"] == 1


def test_what_stays_in_doubt_stops_the_run_resumably(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store, lag=30.0).fill()
        world.desk.before = lambda _n, one: "lost" if one.call == "ticket.create" else None
        with pytest.raises(Exhausted) as stopped:
            world.migrate()
        assert stopped.value.exit_code == 4
        world.desk.before = lambda _n, _one: None
        assert world.migrate(prove=True).exit_code == 0
        assert len(world.desk.tickets) == 3


def test_a_stop_of_the_run_leaves_a_journal_that_settles(undisturbed: tuple[Any, Any, int], tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()

        def exhausted(number: int, _operation: Any) -> None:
            if number == 6:
                raise Exhausted("The vendor is down.")

        world.desk.before = exhausted
        with pytest.raises(Stopped):
            world.migrate(threads=3)
        with store.read() as database:
            run = database.execute(select(machinery.run).where(machinery.run.c.command == "migrate")).one()
            locks = database.execute(select(machinery.run_lock)).all()
        assert run.exit_code == 4
        assert locks == []
        world.desk.before = lambda _n, _one: None
        assert world.migrate(prove=True, threads=3).exit_code == 0
        assert world.desk.content() == undisturbed[0]


def test_ctrl_c_finishes_what_is_in_flight(undisturbed: tuple[Any, Any, int], tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()
        stop = threading.Event()

        def press(number: int, _operation: Any) -> None:
            if number == 4:
                stop.set()

        world.desk.before = press
        with pytest.raises(Interrupted) as interrupted:
            world.migrate(stop=stop)
        assert interrupted.value.exit_code == 4
        assert len(world.desk.calls) == 5
        with store.read() as database:
            states = database.execute(select(machinery.write_op.c.state)).scalars().all()
        assert set(states) == {"done"}
        assert world.migrate(prove=True).exit_code == 0
        assert world.desk.content() == undisturbed[0]


@pytest.mark.parametrize("call", range(3))
def test_killed_in_a_delta_and_resumed(call: int, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()
        world.migrate()
        world.source.message("2", "25", "One more thing.", author_id="old:user:2", seq=5)
        world.source.ticket("2", "Second, edited", requester_id="old:user:2", status="closed",
                            created_at="2026-03-01T10:00:00.000000Z")  # fmt: skip

        def die(number: int, _operation: Any) -> None:
            if number == call:
                raise Killed

        world.desk.after = die
        with pytest.raises(Killed):
            world.migrate()
        world.desk.after = lambda _n, _one: None
        result = world.migrate(prove=True)
        assert result.exit_code == 0
        ticket = world.ticket("2")
        assert ticket["status"] == "closed", "the note reopened it; the final state came after"
        assert [one["mark"] for one in ticket["messages"][1:]] == [f"old:comment:{n}" for n in (22, 23, 25)]


def test_the_lock_of_a_living_run_is_respected(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()
        with locked(store, "old", "other", "pull", START), pytest.raises(LockHeld):
            world.migrate()
        assert world.desk.calls == []
        assert crossings(store) == []


def test_a_twin_that_answers_after_a_crash_is_our_own(undisturbed: tuple[Any, Any, int], tmp_path: Path) -> None:
    """A desk whose list does not find the person that the dead run made, and that refuses the address as taken."""

    class Blind(FakeWriter):
        def find(self, operation: Any, resolve: Any) -> Any:
            return [] if operation.kind == "person" else super().find(operation, resolve)

    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()

        def die(_number: int, operation: Any) -> None:
            if operation.record_id == "old:user:1":
                raise Killed

        world.desk.after = die
        with pytest.raises(Killed):
            world.migrate()
        world.desk.after = lambda _n, _one: None
        result = world.migrate(writer=Blind(world.desk), prove=True)
        assert result.exit_code == 0
        assert world.desk.content() == undisturbed[0]


def test_what_the_destination_did_not_take_is_an_unplanned_loss(tmp_path: Path) -> None:
    class Picky(FakeWriter):
        def send(self, operations: Any, resolve: Any, files: Any) -> Any:
            outcomes = super().send(operations, resolve, files)
            return [replace(one, receipt={**one.receipt, "dropped": ["author"]}) if op.kind == "message" else one
                    for op, one in zip(operations, outcomes, strict=True)]  # fmt: skip

    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        world = World(store).fill()
        result = world.migrate(writer=Picky(world.desk), verify=False)
        assert result.exit_code == 1
        assert result.load is not None
        assert {(one.record_id, one.cause) for one in result.load.unplanned} == {
            (f"old:comment:{n}", "dropped_by_destination") for n in (12, 22, 23)
        }
