"""Old address → new address of everything that crossed."""

from __future__ import annotations

from deskferry.connectors.freshdesk.settings import ADDRESSES as FRESHDESK
from deskferry.connectors.kit.links import Addresses
from deskferry.connectors.zendesk.settings import ADDRESSES as ZENDESK
from deskferry.migrate.url_map import url_map
from deskferry.store import Store
from tests.migrate.world import World

OLD = Addresses("https://acme.zendesk.com", ZENDESK)
NEW = Addresses("https://acme.freshdesk.com", FRESHDESK)


def test_every_record_that_crossed_has_both_addresses(store: Store) -> None:
    world = World(store).fill()
    world.migrate()
    found = {one.record_id: one for one in url_map(store, "old", "acc-1", OLD, NEW)}
    tickets = [one for one in found.values() if one.kind == "ticket"]
    assert [one.record_id for one in tickets] == ["old:ticket:1", "old:ticket:2", "old:ticket:3"]
    for one in tickets:
        assert one.old_url == f"https://acme.zendesk.com/agent/tickets/{one.record_id.rpartition(':')[2]}"
        assert one.new_url == f"https://acme.freshdesk.com/a/tickets/{one.new_id}"
        assert one.new_id in world.desk.tickets
    assert (
        found["old:organization:1"].new_url
        == f"https://acme.freshdesk.com/a/companies/{next(iter(world.desk.companies))}"
    )
    assert found["old:user:3"].new_id == "7"  # matched, not created: people are looked for there too
    assert "old:ticket:4" not in found  # spam stays
    assert [one.kind for one in url_map(store, "old", "acc-1", OLD, NEW, ["organization"])] == ["organization"]


def test_other_accounts_and_sources_are_left_out(store: Store) -> None:
    World(store).fill().migrate()
    assert list(url_map(store, "ol", "acc-1", OLD, NEW)) == []
    assert list(url_map(store, "old", "acc-2", OLD, NEW)) == []
