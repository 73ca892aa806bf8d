"""What no API can move, and how two desks differ in it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deskferry.errors import ConfigError
from deskferry.report.inventory import compare, inventory_of
from deskferry.store import Store
from tests.migrate.builder import Builder


@pytest.fixture
def desks(store: Store) -> tuple[Builder, Builder]:
    here, there = Builder(store, "old", "zendesk", {}), Builder(store, "new", "freshdesk", {})
    for one in (here, there):
        one.mark_pulled()
    here.put("config_item", "1", kind="trigger", name="Notify  Requester", definition={"a": 1}, is_active=True)
    here.put("config_item", "2", kind="trigger", name="Old one", definition={}, is_active=False)
    here.put("config_item", "3", kind="view", name="Mine", definition={}, is_active=True)
    here.put("config_item", "4", kind="view", name="Gone", definition={}, deleted_at="2026-03-02T00:00:00.000000Z")
    here.put("macro", "1", name="Hello <b>", body_text="Hi", is_active=True)
    here.put("sla_policy", "1", name="Gold", targets=[], filter=None)
    here.put("schedule", "1", name=None, timezone="Europe/Madrid")
    here.person("9", "Ana", "ana@x.org", role="agent")
    here.person("8", "Cora", "cora@x.org")
    there.put("config_item", "7", kind="trigger", name="notify requester", definition={"a": 2}, is_active=True)
    there.put("macro", "5", name="HELLO <b>", body_text="Hi", is_active=True)
    there.put("macro", "6", name="Bye", body_text="Bye", is_active=None)
    there.put("team", "1", name="Support")
    return here, there


def check(found: dict[str, Any]) -> None:
    text = resources.files("deskferry.report").joinpath("json/inventory.schema.json").read_text(encoding="utf-8")
    errors = [f"{list(one.path)}: {one.message}" for one in Draft202012Validator(json.loads(text)).iter_errors(found)]
    assert errors == []


def test_it_lists_what_was_pulled_by_group(store: Store, desks: tuple[Builder, Builder]) -> None:
    found = inventory_of(store, "old")
    check(found.as_json())
    assert {name: [(one.name, one.active) for one in items] for name, items in found.groups.items()} == {
        "trigger": [("Notify  Requester", True), ("Old one", False)],
        "view": [("Mine", True)],
        "macro": [("Hello <b>", True)],
        "sla_policy": [("Gold", None)],
        "schedule": [("", None)],
        "role": [("agent", None)],
    }
    groups = {one["group"]: one for one in found.as_json()["groups"]}
    assert (groups["trigger"]["count"], groups["trigger"]["active"]) == (2, 1)


def test_two_desks_are_matched_by_name_within_a_group(store: Store, desks: tuple[Builder, Builder]) -> None:
    found = compare(inventory_of(store, "old"), inventory_of(store, "new"))
    check(found.as_json())
    trigger, macro = found.groups["trigger"], found.groups["macro"]
    assert [(pair.here.source_id, pair.there.source_id, pair.fields) for pair in trigger.different] == [
        ("1", "7", ("definition",))
    ]
    assert [one.name for one in trigger.only_here] == ["Old one"]
    assert (macro.equal, [one.name for one in macro.only_there]) == (1, ["Bye"])
    assert [one.name for one in found.groups["team"].only_there] == ["Support"]
    assert [one.name for one in found.groups["view"].only_here] == ["Mine"]
    assert found.groups["role"].only_here[0].name == "agent"


def test_what_cannot_be_read_is_said(store: Store, desks: tuple[Builder, Builder]) -> None:
    files = Builder(store, "papers", "files", {})
    files.mark_pulled()
    compared = compare(inventory_of(store, "old"), inventory_of(store, "papers"))
    check(compared.as_json())
    assert all(one["why"] for one in compared.unread)


def test_a_desk_that_was_never_pulled_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="never pulled"):
        inventory_of(store, "old")


def test_several_of_one_name_are_matched_in_order(store: Store, desks: tuple[Builder, Builder]) -> None:
    here, there = desks
    for number in ("20", "21", "22"):
        here.put("config_item", number, kind="form", name="Twice", definition={}, is_active=True)
    there.put("config_item", "20", kind="form", name="Twice", definition={}, is_active=True)
    group = compare(inventory_of(store, "old"), inventory_of(store, "new")).groups["form"]
    assert (group.equal, len(group.only_here), group.only_there) == (1, 2, [])
