"""A ticket that was migrated counts once, with what both desks know of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import insert

from deskferry.canonical_schema import KINDS, column_names, parse_time_text
from deskferry.metrics import joint_history
from deskferry.metrics.engine import compute
from deskferry.metrics.options import Question
from deskferry.metrics.registry import metric_named
from deskferry.metrics.result import Result
from deskferry.migrate.progress import Silent
from deskferry.report.table_export import export_tables
from deskferry.store import Store, machinery, open_store
from tests.metrics.build import HOUR, MINUTE, World, by_group, by_period

MOVED = "2026-02-01T12:00:00.000000Z"


class Desks:
    """Two desks, and what crossed from `old` to `new` in a run that ended at noon on the first of February."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.crossed: list[dict[str, Any]] = []

    def here(self, connection: str) -> World:
        """Let what is added belong to a desk."""
        self.world.connection, self.world.vendor = connection, {"old": "zendesk"}.get(connection, "freshdesk")
        return self.world

    def cross(self, source: str, remote: str, kind: str = "ticket", part: str = "", **values: Any) -> None:
        """Say that a record crossed."""
        desk, remote_object, remote_id = remote.split(":", 2)
        self.crossed.append({
            "account_id": f"account-{desk}", "record_id": source, "part": part, "kind": kind, "state": "created",
            "remote_object": remote_object, "remote_id": remote_id, "placeholder": False, "run_id": "move",
            "written_at": parse_time_text(MOVED), **values,
        })  # fmt: skip

    def result(self, name: str, *, separate: bool = False, **asked: Any) -> Result:
        """Return the first result of a metric over both."""
        with open_store(self.world.write()) as store:
            self.machinery(store)
            question = Question(separate=separate, **asked)
            return compute(store, [metric_named(name)], question, self.world.as_of)[0]

    def machinery(self, store: Store) -> None:
        moment = parse_time_text(MOVED)
        pins = [{"connection": one, "vendor": "x", "account_id": f"account-{one}", "pinned_at": moment}
                for one in ("old", "new", "third")]  # fmt: skip
        run = {"id": "move", "command": "migrate", "started_at": moment, "ended_at": moment, "counts": {}}
        with store.write() as database:
            database.execute(insert(machinery.account_pin), pins)
            database.execute(insert(machinery.run), [run])
            if self.crossed:
                database.execute(insert(machinery.crossing), self.crossed)


@pytest.fixture
def desks(world: World) -> Desks:
    """Give two desks."""
    return two_desks(world)


def two_desks(world: World) -> Desks:
    """A ticket of January, solved and reopened there, migrated open, answered and solved in the new desk; and one that
    stayed, one that was born there."""
    found = Desks(world)
    old = found.here("old")
    stays = old.ticket("2026-01-20 09:00", status="open", channel="chat")
    old.customer(stays, "2026-01-20 09:00")
    moves = old.ticket("2026-01-10 09:00", channel="email", requester="Cleo", tags=("vip",))
    old.customer(moves, "2026-01-10 09:00")
    old.reply(moves, "2026-01-10 10:00", "Ann")
    old.status(moves, "2026-01-10 11:00", "solved", "Ann")
    old.status(moves, "2026-01-11 09:00", "open", None)
    new = found.here("new")
    there = new.ticket("2026-02-01 11:59", channel="api", requester="Cleo", submitter_id=new.agent("Robot"))
    opening = new.customer(there, "2026-02-01 11:59", is_opening=True)
    copy = new.reply(there, "2026-02-01 11:59", "Ann")
    new.status(there, "2026-02-01 11:59", "solved", None)
    new.status(there, "2026-02-01 12:00", "open", None)
    new.reply(there, "2026-02-05 09:00", "Ann")
    new.status(there, "2026-02-05 10:00", "solved", "Ann")
    born = new.ticket("2026-02-10 09:00", channel="web")
    new.customer(born, "2026-02-10 09:00")
    found.cross(moves, there)
    found.cross(moves, copy, "message", "reply")
    found.cross("old:user:Ann", "new:user:Ann", "person")
    assert opening
    assert there.startswith("new:ticket:")
    return found


def test_it_counts_once_where_it_came_in_and_lives_where_it_is(desks: Desks) -> None:
    assert desks.result("M01", separate=True).value == 4
    joint = desks.result("M01", by=("connection",))
    assert (joint.value, by_group(joint)) == (3, {"old": 1, "new": 2})
    months = by_period(desks.result("M01", period="month", start=date(2026, 1, 1)))
    assert (months["2026-01"], months["2026-02"]) == (2, 1)
    assert by_group(desks.result("M02")) == {"chat": 1, "email": 1, "web": 1}


def test_its_first_answer_is_that_of_the_source(desks: Desks) -> None:
    """The copies at the destination are no answers."""
    found = desks.result("M07", clock="calendar")
    assert (found.value, found.total.n_computed, found.total.n_missing) == (HOUR, 1, 2)
    assert desks.result("M25").value == 1  # one ticket was replied to
    assert desks.result("M17").value == 2


def test_its_history_is_of_both_without_what_the_migration_did(desks: Desks) -> None:
    """Solved on the 10th after two hours, reopened on the 11th, solved again on 5 February: one reopening."""
    assert desks.result("M10", clock="calendar").value == 2 * HOUR
    days = 26
    assert desks.result("M09", clock="calendar").value == days * 24 * HOUR + HOUR
    moves = desks.result("M03").total.figures
    assert (moves["resolved"], moves["reopened"]) == (2, 1)
    wait = desks.result("M12", clock="calendar").value
    assert wait == 2 * HOUR + (25 * 24 + 1) * HOUR


def test_the_backlog_does_not_jump_on_the_day_of_the_migration(desks: Desks) -> None:
    levels = by_period(desks.result("M05", period="day", start=date(2026, 1, 30), end=date(2026, 2, 6)))
    assert [levels[f"2026-02-0{day}"] for day in (1, 2, 4, 5)] == [2, 2, 2, 1]


def test_people_are_one_and_a_stand_in_is_whom_it_stands_for(desks: Desks) -> None:
    assert set(by_group(desks.result("M08", by=("agent",), clock="calendar"))) >= {"new:user:Ann"}
    assert not any(str(one).startswith("old:") for one in by_group(desks.result("M25")))
    desks.crossed[-1]["placeholder"] = True
    assert set(by_group(desks.result("M25"))) == {"old:user:Ann"}


def test_tags_are_those_of_now(desks: Desks) -> None:
    assert "vip" not in by_group(desks.result("M01", by=("tag",)))
    assert "vip" in by_group(desks.result("M01", by=("tag",), separate=True))


def test_a_destination_that_was_not_pulled_changes_nothing(world: World) -> None:
    found = Desks(world)
    ticket = found.here("old").ticket("2026-01-10 09:00")
    found.cross(ticket, "new:ticket:99")
    assert found.result("M01").value == 1


def test_through_three_desks(world: World) -> None:
    found = Desks(world)
    tickets = []
    for number, desk in enumerate(("old", "new", "third")):
        here = found.here(desk)
        tickets.append(here.ticket(f"2026-01-1{number} 09:00", channel=("email", "api", "api")[number]))
        here.customer(tickets[-1], f"2026-01-1{number} 09:00")
        here.reply(tickets[-1], f"2026-01-1{number} 09:{30 + number}")
    found.cross(tickets[0], tickets[1])
    found.cross(tickets[1], tickets[2])
    joint = found.result("M01", by=("connection",))
    assert (joint.value, by_group(joint)) == (1, {"third": 1})
    assert by_group(found.result("M02")) == {"email": 1}
    assert found.result("M07", clock="calendar").value == 30 * MINUTE


def test_a_ticket_that_is_gone_at_the_destination_stands_for_itself_again(desks: Desks) -> None:
    """Rolled back, or deleted there: what the source has of it is all there is."""
    there = next(one["remote_id"] for one in desks.crossed if one["kind"] == "ticket")
    desks.world.put("ticket", id=f"new:ticket:{there}", deleted_at="2026-02-20 09:00")
    assert by_group(desks.result("M01", by=("connection",))) == {"old": 2, "new": 1}


def test_on_every_database_and_in_what_other_tools_get(desks: Desks, store: Store, tmp_path: Path) -> None:
    desks.world.fill(store)
    desks.machinery(store)
    asked = Question(by=("connection",))
    (volume,) = compute(store, [metric_named("M01")], asked, desks.world.as_of)
    assert by_group(volume) == {"old": 1, "new": 2}
    out = tmp_path / "out"
    counts = export_tables(store, out, "parquet", asked, desks.world.as_of, Silent())
    assert (counts["fact_ticket"], counts["ticket"]) == (3, 4)
    assert (counts["dim_person"], counts["person"]) == (4, 5)  # Ann of both desks is one
    with duckdb.connect() as database:
        found = database.sql(f"SELECT ticket_id, first_response_seconds FROM '{out}/fact_ticket.parquet'").fetchall()
    assert sorted(seconds for _id, seconds in found if seconds is not None) == [HOUR]


def test_no_table_of_parts_is_forgotten() -> None:
    """A kind with a ticket is moved with it, or stands in this list with its reason."""
    handled: Sequence[str] = (*joint_history._TIMES, "vendor_metric")
    unused = {"attachment", "side_conversation", "ticket_follower", "ticket_link"}  # no metric reads them
    lacking = [kind.value for kind in KINDS if "ticket_id" in column_names(kind.value)]
    assert set(lacking) - set(handled) - unused == set()
