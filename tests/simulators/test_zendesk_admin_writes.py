"""Writing the set-up of the Zendesk simulator: fields, groups, statuses, macros."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(3)


def field(desk: Client, name: str = "ticket_fields", **given: Any) -> Any:
    one = name.removesuffix("s")
    return desk.wrote("POST", name, {one: {"title": "Colour", **given}})[one]


def test_a_new_ticket_field_is_filled_in_at_once_and_goes_again(desk: Client) -> None:
    number = desk.imports()["id"]
    options = [{"name": "Red One", "value": "red_one"}, {"name": "Blue"}]
    made = field(desk, type="tagger", custom_field_options=options)
    assert [one["value"] for one in made["custom_field_options"]] == ["red_one", "blue"]
    ticket = desk.imports(custom_fields=[{"id": made["id"], "value": "blue"}])
    assert {"id": made["id"], "value": "blue"} in ticket["custom_fields"]
    old = desk.wrote(
        "PUT", f"tickets/{number}", {"ticket": {"custom_fields": [{"id": made["id"], "value": "red_one"}]}}
    )
    assert {"id": made["id"], "value": "red_one"} in old["ticket"]["custom_fields"]
    assert desk.send("DELETE", f"ticket_fields/{made['id']}").status_code == 204
    assert made["id"] not in {one["id"] for one in desk.json("ticket_fields")["ticket_fields"]}


@pytest.mark.parametrize("given", [{"type": "dropdown"}, {"title": ""}, {"type": "tagger"}])
def test_what_a_ticket_field_cannot_be(desk: Client, given: dict[str, Any]) -> None:
    body = {"ticket_field": {"title": "T", **given}}
    assert desk.refused("POST", "ticket_fields", body)["error"] == "RecordInvalid"


def test_putting_options_replaces_all_and_posting_adds_one(desk: Client) -> None:
    made = field(desk, type="tagger", custom_field_options=[{"name": "A", "value": "a"}, {"name": "B", "value": "b"}])
    path = f"ticket_fields/{made['id']}"
    body = {"ticket_field": {"custom_field_options": [{"name": "B", "value": "b"}]}}
    left = desk.wrote("PUT", path, body)["ticket_field"]["custom_field_options"]
    assert [(one["id"], one["value"]) for one in left] == [(made["custom_field_options"][1]["id"], "b")]
    answer = desk.send("POST", f"{path}/options", {"custom_field_option": {"name": "C", "value": "c"}})
    assert answer.status_code == 201
    again = {"custom_field_option": {"id": answer.json()["custom_field_option"]["id"], "name": "See", "value": "c"}}
    assert desk.send("POST", f"{path}/options", again).status_code == 200
    shown = desk.json(f"{path}/options")["custom_field_options"]
    assert [(one["name"], one["value"]) for one in shown] == [("B", "b"), ("See", "c")]


def test_fields_of_people_have_keys_that_are_unique(desk: Client) -> None:
    field(desk, "user_fields", key="colour")
    for key in ("colour", "12", "a b", ""):
        body = {"user_field": {"title": "T", "key": key}}
        assert desk.refused("POST", "user_fields", body)["error"] == "RecordInvalid"
    field(desk, "organization_fields", key="size", type="integer")
    user = desk.wrote("POST", "users", {"user": {"name": "U", "user_fields": {"colour": "red"}}})["user"]
    assert user["user_fields"]["colour"] == "red"


def test_groups_are_deleted_softly_and_stay_private(desk: Client) -> None:
    made = desk.wrote("POST", "groups", {"group": {"name": "New", "is_public": False}})["group"]
    path = f"groups/{made['id']}"
    assert desk.refused("PUT", path, {"group": {"is_public": True}})["error"] == "RecordInvalid"
    agent = desk.listed("users", "users", role="agent")[0]["id"]
    body = {"group_membership": {"user_id": agent, "group_id": made["id"]}}
    desk.wrote("POST", "group_memberships", body)
    assert desk.refused("POST", "group_memberships", body)["error"] == "RecordInvalid"
    assert desk.send("DELETE", path).status_code == 204
    assert made["id"] not in {one["id"] for one in desk.json("groups")["groups"]}
    gone = next(one for one in desk.json("groups", exclude_deleted="false")["groups"] if one["id"] == made["id"])
    assert gone["deleted"] is True
    wrong = {"ticket": {"group_id": made["id"], "comments": [{"value": "x"}]}}
    assert desk.refused("POST", "imports/tickets", wrong)["error"] == "RecordInvalid"


def test_a_status_in_use_is_not_deleted(desk: Client) -> None:
    body = {"custom_status": {"status_category": "open", "agent_label": "Mine"}}
    made = desk.wrote("POST", "custom_statuses", body)["custom_status"]
    ticket = desk.imports(custom_status_id=made["id"])
    assert ticket["status"] == "open"
    assert desk.refused("DELETE", f"custom_statuses/{made['id']}")["error"] == "RecordInvalid"
    desk.wrote("PUT", f"tickets/{ticket['id']}", {"ticket": {"status": "pending"}})
    assert desk.send("DELETE", f"custom_statuses/{made['id']}").status_code == 204
    long = {"custom_status": {"status_category": "open", "agent_label": "x" * 49}}
    assert desk.refused("POST", "custom_statuses", long)["error"] == "RecordInvalid"


def test_macros_have_actions(desk: Client) -> None:
    actions = [{"field": "comment_value", "value": ["channel:all", "Hi"]}]
    made = desk.wrote("POST", "macros", {"macro": {"title": "M", "actions": actions}})["macro"]
    assert desk.json(f"macros/{made['id']}")["macro"]["actions"] == actions
    assert desk.refused("POST", "macros", {"macro": {"title": "M"}})["error"] == "RecordInvalid"
    desk.wrote("PUT", f"macros/{made['id']}", {"macro": {"active": False}})
    assert made["id"] not in {one["id"] for one in desk.json("macros/active")["macros"]}
    assert desk.send("DELETE", f"macros/{made['id']}").status_code == 204
    assert desk.get(f"macros/{made['id']}").status_code == 404
