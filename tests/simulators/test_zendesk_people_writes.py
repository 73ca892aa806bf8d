"""Writing users and organizations to the Zendesk simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(5)


def made(desk: Client, **user: Any) -> Any:
    given = {"name": "Ann", "skip_verify_email": True, **user}
    return desk.wrote("POST", "users", {"user": given})["user"]


def company(desk: Client, name: str = "Umbrella", **more: Any) -> Any:
    return desk.wrote("POST", "organizations", {"organization": {"name": name, **more}})["organization"]


def test_a_new_user_is_everywhere_and_its_e_mail_is_lowered(desk: Client) -> None:
    user = made(desk, email="Ann@New.example", external_id="A1", tags=["B a"], user_fields={"plan": "pro", "x": 1})
    assert (user["email"], user["role"], user["active"], user["tags"]) == (
        "ann@new.example",
        "end-user",
        True,
        ["a", "b"],
    )
    assert user["user_fields"]["plan"] == "pro"
    assert "x" not in user["user_fields"]
    assert [one["value"] for one in desk.json(f"users/{user['id']}/identities")["identities"]] == ["ann@new.example"]
    assert desk.json("users/show_many", external_ids="a1")["users"] == [user]
    assert desk.json("users/search", query="ann@new.example")["users"] == []  # search lags behind
    desk.desk.clock.sleep(180)
    assert user["id"] in {row["id"] for row in desk.exported("users/cursor", "users")}
    assert [one["id"] for one in desk.json("users/search", query="ann@new.example")["users"]] == [user["id"]]


def test_a_verification_mail_goes_out_unless_told_not_to(desk: Client) -> None:
    made(desk, email="quiet@new.example")
    assert desk.mails() == []
    user = made(desk, email="loud@new.example", skip_verify_email=False)
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [("verify_email", "loud@new.example")]
    desk.wrote("PUT", f"users/{user['id']}", {"user": {"email": "second@new.example"}})
    assert desk.mails() == ["verify_email"] * 2


def test_e_mails_and_external_ids_belong_to_one_user(desk: Client) -> None:
    first = made(desk, email="ann@new.example", external_id="A1")
    body = desk.refused("POST", "users", {"user": {"name": "B", "email": "ANN@new.example"}})
    assert body["details"]["email"] == [
        {"description": "Email: ann@new.example is already being used by another user", "error": "DuplicateValue"}
    ]
    body = desk.refused("POST", "users", {"user": {"name": "B", "external_id": "a1"}})
    assert body["details"]["external_id"][0]["error"] == "DuplicateValue"
    desk.wrote("PUT", f"users/{first['id']}", {"user": {"external_id": "other"}})
    assert made(desk, name="B", external_id="a1")["external_id"] == "a1"


@pytest.mark.parametrize("user", [{}, {"name": " "}, {"name": "x", "email": "no"}, {"name": "x", "role": "boss"}])
def test_what_a_user_cannot_be(desk: Client, user: dict[str, Any]) -> None:
    assert desk.refused("POST", "users", {"user": user})["error"] == "RecordInvalid"


def test_an_e_mail_on_update_is_one_more_identity(desk: Client) -> None:
    user = made(desk, email="one@new.example")
    after = desk.wrote("PUT", f"users/{user['id']}", {"user": {"email": "two@new.example", "skip_verify_email": True}})
    assert after["user"]["email"] == "one@new.example"
    one, two = desk.json(f"users/{user['id']}/identities")["identities"]
    assert (one["primary"], two["primary"], two["value"]) == (True, False, "two@new.example")
    path = f"users/{user['id']}/identities/{two['id']}"
    desk.wrote("PUT", f"{path}/make_primary")
    assert desk.json(f"users/{user['id']}")["user"]["email"] == "two@new.example"
    assert desk.send("DELETE", f"users/{user['id']}/identities/{one['id']}").status_code == 204
    assert made(desk, name="Free", email="one@new.example")["email"] == "one@new.example"


def test_create_or_update_tells_new_from_known(desk: Client) -> None:
    body = {"user": {"name": "Ann", "email": "a@new.example", "external_id": "A1", "skip_verify_email": True}}
    first = desk.send("POST", "users/create_or_update", body)
    again = desk.send("POST", "users/create_or_update", {"user": {"name": "Anna", "external_id": "a1"}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["user"]["id"] == again.json()["user"]["id"]
    assert (again.json()["user"]["name"], again.json()["user"]["external_id"]) == ("Anna", "a1")
    by_mail = desk.send("POST", "users/create_or_update", {"user": {"name": "Ann", "email": "A@new.example"}})
    assert by_mail.json()["user"]["id"] == first.json()["user"]["id"]


def test_many_users_are_a_job_that_can_be_switched_off(desk: Client) -> None:
    rows = [{"name": "A", "email": "a@new.example"}, {"name": ""}, {"name": "C", "external_id": "C3"}]
    job = desk.job("POST", "users/create_many", {"users": [{**one, "skip_verify_email": True} for one in rows]})
    good, bad, other = job["results"]
    assert desk.json(f"users/{good['id']}")["user"]["email"] == "a@new.example"
    assert (bad["index"], bad["error"], bad["success"]) == (1, "RecordInvalid", False)
    assert (other["index"], other["external_id"]) == (2, "C3")
    rows = [{"name": "A2", "email": "a@new.example"}, {"name": "D"}]
    known, new = desk.job("POST", "users/create_or_update_many", {"users": rows})["results"]
    assert known == {"action": "update", "id": good["id"], "status": "Updated", "success": True}
    assert new["index"] == 1
    desk.patch("settings", bulk_user_imports=False)
    for path in ("users/create_many", "users/create_or_update_many"):
        assert desk.refused("POST", path, {"users": rows}, 403)["error"]["title"] == "Forbidden"


def test_bulk_updates_and_deletes_of_users(desk: Client) -> None:
    ids = [made(desk, name=f"N{number}", external_id=f"E{number}")["id"] for number in range(2)]
    job = desk.job("PUT", "users/update_many", {"user": {"notes": "x"}}, ids=f"{ids[0]},4711")
    assert [row["success"] for row in job["results"]] == [True, False]
    desk.job("PUT", "users/update_many", {"users": [{"id": ids[1], "notes": "y"}]})
    assert [desk.json(f"users/{one}")["user"]["notes"] for one in ids] == ["x", "y"]
    desk.job("DELETE", "users/destroy_many", external_ids="e0,e1")
    assert [desk.json(f"users/{one}")["user"]["active"] for one in ids] == [False, False]


def test_deleting_frees_the_address_and_erasing_leaves_no_name(desk: Client) -> None:
    user = made(desk, email="gone@new.example", phone="+34911")
    desk.refused("DELETE", f"deleted_users/{user['id']}", status=404)
    assert desk.wrote("DELETE", f"users/{user['id']}")["user"]["active"] is False
    assert user["id"] in {one["id"] for one in desk.listed("deleted_users", "deleted_users")}
    assert made(desk, name="Next", email="gone@new.example")["id"] != user["id"]
    after = desk.wrote("DELETE", f"deleted_users/{user['id']}")["deleted_user"]
    assert (after["name"], after["email"], after["phone"]) == ("Permanently Deleted User", None, None)


def test_merged_end_users_become_one(desk: Client) -> None:
    winner, loser = made(desk, email="w@new.example"), made(desk, name="L", email="l@new.example")
    number = desk.imports(requester_id=loser["id"])["id"]
    desk.wrote("PUT", f"users/{loser['id']}/merge", {"user": {"id": winner["id"]}})
    assert desk.json(f"tickets/{number}")["ticket"]["requester_id"] == winner["id"]
    assert desk.json(f"users/{loser['id']}")["user"]["active"] is False
    values = [one["value"] for one in desk.json(f"users/{winner['id']}/identities")["identities"]]
    assert values == ["w@new.example", "l@new.example"]
    agent = desk.listed("users", "users", role="agent")[0]
    assert desk.refused("PUT", f"users/{agent['id']}/merge", {"user": {"id": winner["id"]}})["error"] == "RecordInvalid"


def test_agents_need_seats_and_get_a_group(desk: Client) -> None:
    agent = made(desk, name="Agent", email="agent@new.example", role="agent")
    assert agent["default_group_id"] is not None
    assert desk.json(f"users/{agent['id']}/group_memberships")["group_memberships"][0]["default"] is True
    desk.patch("settings", agent_seats=1)
    assert desk.refused("POST", "users", {"user": {"name": "X", "role": "agent"}})["error"] == "RecordInvalid"


def test_names_of_organizations_are_unique_whatever_their_case(desk: Client) -> None:
    first = company(desk, " Umbrella ", external_id="O1", domain_names=["A.example", "b.example"])
    assert (first["name"], first["domain_names"]) == ("Umbrella", ["a.example", "b.example"])
    for wrong in ({"name": "UMBRELLA"}, {"name": "Umbrella "}, {"name": "X", "external_id": "o1"}, {"name": " "}):
        assert desk.refused("POST", "organizations", {"organization": wrong})["error"] == "RecordInvalid"
    path = f"organizations/{first['id']}"
    assert desk.wrote("PUT", path, {"organization": {"domain_names": ["c.example"]}})["organization"][
        "domain_names"
    ] == ["c.example"]
    again = desk.send("POST", "organizations/create_or_update", {"organization": {"external_id": "o1", "name": "Two"}})
    assert (again.status_code, again.json()["organization"]["id"]) == (200, first["id"])
    clash = {"organization": {"name": "two"}}
    assert (
        desk.refused("POST", "organizations/create_or_update", clash)["details"]["name"][0]["error"] == "DuplicateValue"
    )


def test_many_organizations_and_their_end(desk: Client) -> None:
    rows = [{"name": "A1"}, {"name": "a1"}, {"name": "A2"}]
    results = desk.job("POST", "organizations/create_many", {"organizations": rows})["results"]
    assert ["id" in row for row in results] == [True, False, True]
    user = made(desk, organization_id=results[0]["id"])
    before = desk.json("organizations/count")["count"]["value"]
    assert desk.send("DELETE", f"organizations/{results[0]['id']}").status_code == 204
    desk.job("DELETE", "organizations/destroy_many", ids=results[2]["id"])
    assert desk.json("organizations/count")["count"]["value"] == before - 2
    assert desk.get(f"organizations/{results[0]['id']}").status_code == 404
    assert desk.json(f"users/{user['id']}")["user"]["organization_id"] is None
    assert company(desk, "A1")["id"] not in {row.get("id") for row in results}


def test_users_belong_to_several_organizations(desk: Client) -> None:
    one, two = company(desk, "One"), company(desk, "Two")
    user = made(desk, organization_id=one["id"])
    body = {"organization_membership": {"user_id": user["id"], "organization_id": two["id"]}}
    row = desk.wrote("POST", "organization_memberships", body)["organization_membership"]
    assert row["default"] is None
    assert desk.refused("POST", "organization_memberships", body)["error"] == "RecordInvalid"
    shown = desk.json(f"users/{user['id']}/organization_memberships")["organization_memberships"]
    assert [(one["organization_id"], one["default"]) for one in shown] == [(one["id"], True), (two["id"], None)]
    ticket = desk.imports(requester_id=user["id"], organization_id=two["id"])
    assert ticket["organization_id"] == two["id"]
    assert desk.imports(requester_id=user["id"])["organization_id"] == one["id"]
    other = company(desk, "Three")["id"]
    wrong = {"requester_id": user["id"], "organization_id": other, "comments": [{"value": "x"}]}
    assert desk.refused("POST", "imports/tickets", {"ticket": wrong})["error"] == "RecordInvalid"
    rows = [{"user_id": user["id"], "organization_id": place} for place in (other, two["id"])]
    results = desk.job("POST", "organization_memberships/create_many", {"organization_memberships": rows})["results"]
    assert ["error" in row for row in results] == [False, True]
    desk.send("DELETE", f"organization_memberships/{shown[0]['id']}")
    assert desk.json(f"users/{user['id']}")["user"]["organization_id"] == two["id"]
