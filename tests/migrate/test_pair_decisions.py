"""What people decided of pairs is what a migration does: the same cross as one, the different stay two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.migrate.mapping_file import parse_mapping
from deskferry.migrate.match import match
from deskferry.migrate.matches import Matches
from deskferry.store import machinery, open_store
from deskferry.validate.duplicates.kept_pairs import decide
from deskferry.validate.duplicates.verdict import Decision, ordered
from tests.migrate.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        yield World(store)


def decided(world: World, one: str, other: str, decision: Decision) -> None:
    with world.store.write() as database:
        decide(database, one.split(":")[1].replace("user", "person"), *ordered(one, other), decision, "run")


def matched(world: World) -> Matches:
    world.pull()
    with world.store.read() as database:
        return match(database, "old", "new", "acc-1", parse_mapping(""))


def test_people(world: World) -> None:
    one = world.source
    ids = [
        one.person("1", "Bob Stone", "bob@a.org", created_at="2026-01-01T00:00:00.000000Z"),
        one.person("2", "Robert Stone", "robert@b.org", created_at="2026-01-02T00:00:00.000000Z"),
        one.person("3", "Robert Stone", "robert@c.org", created_at="2026-01-03T00:00:00.000000Z"),
        one.person("4", "Lucia", "shop@d.org", created_at="2026-01-04T00:00:00.000000Z"),
        one.person("5", "Marta", "shop@d.org", others=["marta@d.org"], created_at="2026-01-05T00:00:00.000000Z"),
    ]
    before = matched(world)
    assert [before.lead(record) for record in ids] == [*ids[:4], ids[3]]
    decided(world, ids[0], ids[1], Decision.SAME)
    decided(world, ids[2], ids[1], Decision.SAME)
    decided(world, ids[4], ids[3], Decision.DIFFERENT)
    found = matched(world)
    assert [found.lead(record) for record in ids] == [ids[0], ids[0], ids[0], ids[3], ids[4]]
    assert found.taken == {ids[4]: frozenset({"shop@d.org"})}


def test_organizations(world: World) -> None:
    one = world.source
    ids = [one.organization("1", "Acme"), one.organization("2", "ACME"), one.organization("3", "Acme Europe")]
    decided(world, ids[0], ids[1], Decision.DIFFERENT)
    decided(world, ids[0], ids[2], Decision.SAME)
    found = matched(world)
    assert [found.lead(record) for record in ids] == [ids[0], ids[1], ids[0]]
    assert found.organization_twins == {ids[2]}


def test_a_migration_makes_one_of_the_same_and_two_of_the_different(world: World) -> None:
    source = world.fill().source
    ids = [
        source.person("61", "Bob Stone", "bob@a.org"), source.person("62", "Robert Stone", "robert@b.org"),
        source.person("63", "Lucia", "shop@d.org"), source.person("64", "Marta", "shop@d.org"),
    ]  # fmt: skip
    for number, asks in enumerate(ids):
        source.ticket(str(600 + number), f"S{number}", requester_id=asks)
        source.message(str(600 + number), str(700 + number), "Hello", author_id=asks, is_opening=True)
    decided(world, ids[0], ids[1], Decision.SAME)
    decided(world, ids[2], ids[3], Decision.DIFFERENT)
    world.migrate()
    with world.store.read() as database:
        rows = {row.record_id: row.remote_id for row in database.execute(machinery.crossing.select())}
        lost = {(row.record_id, row.field, row.cause) for row in database.execute(machinery.loss.select())}
    assert rows[ids[0]] == rows[ids[1]]
    assert len({rows[one] for one in ids}) == 3
    assert (ids[3], "emails", "address_taken") in lost
