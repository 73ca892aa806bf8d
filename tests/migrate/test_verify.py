"""Verify earns its name: each corruption of what was written is named, by the way that can see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError
from deskferry.migrate.migrate import verify
from deskferry.migrate.verify import Depth, Subset, VerifyResult, parse_subset
from deskferry.store import Store, open_store
from tests.migrate.desk import FakeWriter
from tests.migrate.world import World


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a store on SQLite: what is compared here does not depend on the database."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def world(store: Store) -> World:
    made = World(store).fill()
    assert made.migrate().exit_code == 0
    return made


def named(result: VerifyResult) -> set[tuple[str, str, str]]:
    return {(one.record_id, one.field, one.seen_by) for one in result.differences}


def test_what_was_written_well_is_verified(world: World) -> None:
    result = verify(world.job(), Depth.FILES)
    assert [one.sentence() for one in result.differences] == []
    assert result.exit_code == 0
    assert result.checked == result.verified


Spoil = Callable[[World, dict[str, Any]], None]


def _author(world: World, message: dict[str, Any]) -> None:
    message["author"] = "7" if message["author"] != "7" else world.ticket("1")["requester"]


def _header_author(_world: World, message: dict[str, Any]) -> None:
    message["text"] = message["text"].replace("Agent Ana", "Eve Il")


def _text(_world: World, message: dict[str, Any]) -> None:
    message["text"] = message["text"].replace("look", "lock")


def _visibility(_world: World, message: dict[str, Any]) -> None:
    message["private"] = not message["private"]


def _created(_world: World, message: dict[str, Any]) -> None:
    message["at"] += 3600


def _header_time(_world: World, message: dict[str, Any]) -> None:
    message["text"] = message["text"].replace("2026-03-01", "2026-03-02")


def _file(world: World, message: dict[str, Any]) -> None:
    message["files"]["photo.png"] = (world.there.blob(b"THE FILE"), 8)


def _file_gone(_world: World, message: dict[str, Any]) -> None:
    message["files"].clear()


@pytest.mark.parametrize(
    ("spoil", "field", "ways"),
    [
        (_author, "author", {"read", "witness"}),
        (_header_author, "author", {"read", "witness"}),
        (_text, "text", {"read", "witness"}),
        (_visibility, "visibility", {"read", "witness"}),
        (_created, "time", {"read", "witness"}),
        (_header_time, "time", {"read", "witness"}),
        (_file, "file", {"read"}),
        (_file_gone, "file", {"read", "witness"}),
    ],
    ids=["author", "author in text", "text", "visibility", "time", "time in text", "file", "file gone"],
)
def test_a_corruption_is_named(world: World, spoil: Spoil, field: str, ways: set[str]) -> None:
    spoil(world, world.ticket("1")["messages"][1])
    result = verify(world.job(), Depth.FILES)
    assert named(result) == {("old:comment:12", field, way) for way in ways}
    assert result.exit_code == 1
    assert result.verified["message"] == result.checked["message"] - 1


def test_a_message_gone_one_too_many_and_another_order(world: World) -> None:
    messages = world.ticket("2")["messages"]
    gone = messages.pop(1)
    result = verify(world.job())
    assert ("old:comment:22", "message", "read") in named(result)
    assert ("old:comment:22", "message", "witness") in named(result)
    messages.append(gone)
    assert ("old:ticket:2", "order", "read") in named(verify(world.job()))
    messages.insert(1, messages.pop())
    messages.append({**gone, "id": "999", "mark": "x"})
    assert ("old:ticket:2", "messages", "read") in named(verify(world.job()))


def test_fields_of_tickets_people_and_organizations(world: World) -> None:
    ticket = world.ticket("1")
    ticket.update(subject="Else", status="pending", assignee=None, group=None, tags=["other"])
    ticket["custom_fields"] = {"cf_plan": "Silver"}
    world.desk.people[ticket["requester"]]["name"] = "Else"
    next(iter(world.desk.companies.values()))["details"] = "Breakers"
    result = verify(world.job())
    assert {(record, field) for record, field, _way in named(result)} == {
        ("old:ticket:1", "subject"), ("old:ticket:1", "status"), ("old:ticket:1", "assignee_id"),
        ("old:ticket:1", "team_id"), ("old:ticket:1", "tag"), ("old:ticket:1", "custom_fields.plan"),
        ("old:user:1", "name"), ("old:organization:1", "details"),
    }  # fmt: skip


def test_a_ticket_gone_is_named(world: World) -> None:
    key = next(key for key, one in world.desk.tickets.items() if one["mark"] == "old:ticket:3")
    held = world.desk.tickets.pop(key)
    writer = FakeWriter(world.desk)
    witness = world.job(witness=lambda remote: None if remote == key else writer.witness(None, remote))
    result = verify(witness)
    assert ("old:ticket:3", "ticket", "read") in named(result)
    world.desk.tickets[key] = held


def test_what_never_arrived_is_missing_until_it_does(store: Store) -> None:
    world = World(store).fill()
    world.desk.before = lambda _n, one: "refuse" if one.record_id == "old:user:1" else None
    assert world.migrate().exit_code == 1
    result = verify(world.job())
    assert result.exit_code == 1
    missing = {(one.kind, one.record_id, one.found) for one in result.differences if one.field == "missing"}
    assert ("person", "old:user:1", "refused: invalid") in missing
    assert {"ticket", "person"} == {kind for kind, _record, _found in missing}, "tickets wait for their person"
    world.desk.before = lambda _n, _one: None
    assert world.migrate().exit_code == 0
    assert verify(world.job()).exit_code == 0


def test_depths_see_as_deep_as_they_say(world: World) -> None:
    message = world.ticket("1")["messages"][1]
    _text(world, message)
    _file(world, message)
    assert named(verify(world.job(), Depth.COUNTS)) == set()
    assert {field for _record, field, _way in named(verify(world.job(), Depth.HASHES))} == {"text"}
    assert {field for _record, field, _way in named(verify(world.job(), Depth.FIELDS))} == {"text"}
    assert {field for _record, field, _way in named(verify(world.job(), Depth.FILES))} == {"text", "file"}


def test_subsets_are_parts_of_the_whole() -> None:
    ids = [f"old:ticket:{n}" for n in range(1000)]
    parts = [{one for one in ids if parse_subset(f"{n}/4").has(one)} for n in (1, 2, 3, 4)]
    assert set().union(*parts) == set(ids)
    assert sum(map(len, parts)) == len(ids)
    assert 0 < len([one for one in ids if parse_subset("5%").has(one)]) < 120
    assert all(Subset().has(one) for one in ids)
    for wrong in ("5/4", "0/3", "200%", "half"):
        with pytest.raises(ConfigError, match="is no subset"):
            parse_subset(wrong)


def test_nothing_written_is_said(store: Store) -> None:
    world = World(store).fill()
    with pytest.raises(ConfigError, match="Nothing of old was written"):
        verify(world.job())


def test_what_changed_at_the_source_since_is_behind(world: World) -> None:
    world.source.ticket("1", "First, edited", requester_id="old:user:1", created_at="2026-03-01T09:00:00.000000Z")
    assert named(verify(world.job())) == {("old:ticket:1", "behind", "read")}
    assert world.migrate().exit_code == 0
    assert verify(world.job()).exit_code == 0


def test_what_an_older_mapping_wrote_is_counted_not_compared(world: World) -> None:
    result = verify(world.job(mapping='migrated_tag = "later"\n'))
    assert (result.newer_mapping, result.differences) == (3, [])


def test_a_message_that_went_at_the_source_stays_and_is_counted(world: World) -> None:
    table = sql_table("message")
    with world.store.write() as database:
        database.execute(table.update().where(table.c.id == "old:comment:22").values(deleted_at=datetime.now(UTC)))
    result = world.migrate(prove=True)
    assert result.exit_code == 0
    assert result.load is not None
    assert result.load.counts["message"]["gone_at_source"] == 1
    assert verify(world.job()).exit_code == 0
    assert len(world.ticket("2")["messages"]) == 3
