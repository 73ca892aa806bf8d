"""Customers, organizations, users and what surrounds the conversations of the Help Scout simulator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.help_scout_client import Client

WHOLE = {
    "firstName": "Vernon",
    "lastName": "Bear 🐻",
    "jobTitle": "CEO",
    "gender": "male",
    "emails": [{"type": "work", "value": "v@bear.example"}, {"type": "home", "value": "v2@bear.example"}],
    "phones": [{"type": "mobile", "value": "222-333"}],
    "chats": [{"type": "skype", "value": "vern"}],
    "socialProfiles": [{"type": "twitter", "value": "@vern"}],
    "websites": [{"value": "https://bear.example"}],
    "address": {"lines": ["1 Main St"], "city": "Dallas", "state": "TX", "postalCode": "74206", "country": "US"},
}


@pytest.fixture
def desk() -> Client:
    return Client()


def test_a_customer_comes_with_all_that_hangs_on_it(desk: Client) -> None:
    organization = desk.new("/organizations", {"name": "Bears"})
    row_id = desk.new("/customers", {**WHOLE, "organizationId": organization})
    row = desk.get(f"/customers/{row_id}")
    assert (row["firstName"], row["gender"], row["organizationId"]) == ("Vernon", "Male", organization)
    inside = row["_embedded"]
    assert [one["value"] for one in inside["emails"]] == ["v@bear.example", "v2@bear.example"]
    assert inside["address"]["city"] == "Dallas"
    assert inside["properties"] == [
        {"type": "dropdown", "slug": "plan", "name": "Plan", "value": None, "text": None, "source": {"name": "api"}}
    ]
    assert "social_profiles" in inside
    newer = desk.get("/v3/customers", email="V@BEAR.example")["_embedded"]["customers"][0]
    assert newer["id"] == row_id
    assert "social-profiles" in newer["_embedded"]
    assert "page" not in desk.get("/v3/customers")
    for path, key in (("emails", "emails"), ("social-profiles", "social_profiles"), ("websites", "websites")):
        assert desk.get(f"/customers/{row_id}/{path}")["_embedded"][key][0]["id"]
    assert desk.get(f"/customers/{row_id}/address")["lines"] == ["1 Main St"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"firstName": ""}, "firstName"),
        ({"lastName": "x" * 41}, "lastName"),
        ({"jobTitle": "x" * 61}, "jobTitle"),
        ({"gender": "bear"}, "gender"),
        ({"emails": [{"type": "mobile", "value": "a@b.example"}]}, "emails[0].type"),
        ({"phones": [{"type": "work"}]}, "phones[0].value"),
        ({"organizationId": 1}, "organizationId"),
    ],
)
def test_a_customer_that_cannot_be_made(desk: Client, change: dict[str, Any], path: str) -> None:
    assert desk.bad("POST", "/customers", {**WHOLE, **change}) == [path]


def test_an_address_belongs_to_one_customer(desk: Client) -> None:
    desk.new("/customers", WHOLE)
    twin = {"firstName": "Twin", "emails": [{"type": "home", "value": "V2@bear.example"}]}
    assert desk.send("POST", "/customers", twin).status == 409
    other = desk.new("/customers", {"firstName": "Other"})
    assert desk.send("POST", f"/customers/{other}/emails", {"type": "work", "value": "v@bear.example"}).status == 409
    entry = desk.new(f"/customers/{other}/emails", {"type": "work", "value": "o@bear.example"})
    desk.ok("PUT", f"/customers/{other}/emails/{entry}", {"type": "work", "value": "o2@bear.example"})
    desk.new("/customers", {"firstName": "Free", "emails": [{"type": "work", "value": "o@bear.example"}]})
    desk.ok("DELETE", f"/customers/{other}/emails/{entry}")
    assert "_embedded" not in desk.get(f"/customers/{other}/emails")


def test_changing_a_customer_takes_a_list(desk: Client) -> None:
    row_id = desk.new("/customers", WHOLE)
    desk.desk.clock.sleep(60)
    operation = {"op": "replace", "path": "/organization", "value": "Bears"}
    assert desk.send("PATCH", f"/customers/{row_id}", operation).status == 400
    desk.ok("PATCH", f"/customers/{row_id}", [operation])
    row = desk.get(f"/customers/{row_id}")
    assert (row["organization"], "organizationId" in row) == ("Bears", False)
    assert row["updatedAt"] > row["createdAt"]
    bad = [{"op": "replace", "path": "/organizationId", "value": 1}]
    assert desk.bad("PATCH", f"/customers/{row_id}", bad) == ["path"]
    desk.ok("PUT", f"/customers/{row_id}", {"firstName": "V"})
    row = desk.get(f"/customers/{row_id}")
    assert (row["firstName"], row["lastName"], row["organization"]) == ("V", None, None)
    since = desk.get("/customers", modifiedSince=row["updatedAt"], sortField="modifiedAt", sortOrder="asc")
    assert [one["id"] for one in since["_embedded"]["customers"]] == [row_id]


def test_properties_have_values_and_definitions(desk: Client) -> None:
    row_id = desk.new("/customers", WHOLE)
    plan = desk.get("/customer-properties")["_embedded"]["customer-properties"][0]
    option = plan["options"][1]
    change = [{"op": "replace", "path": "/plan", "value": option["id"]}]
    desk.ok("PATCH", f"/customers/{row_id}/properties", change)
    value = desk.get(f"/customers/{row_id}")["_embedded"]["properties"][0]
    assert (value["value"], value["text"]) == (option["id"], option["label"])
    assert desk.send("PATCH", f"/customers/{row_id}/properties", [{**change[0], "value": "Pro"}]).status == 400
    organization = desk.new("/organizations", {"name": "Bears"})
    desk.ok("PUT", f"/organizations/{organization}/properties/seats", {"value": 3})
    shown = desk.get(f"/organizations/{organization}", includeProperties="true", includeCounts="true")
    assert (shown["properties"][0]["value"], shown["customerCount"]) == ("3", 0)
    assert "properties" not in desk.get(f"/organizations/{organization}")
    desk.ok("POST", "/organizations/properties", {"name": "Tier", "type": "text"})
    assert desk.last.headers["Resource-ID"] == "tier"


def test_putting_an_organization_replaces_all_but_its_logo(desk: Client) -> None:
    body = {
        "name": "Bears",
        "note": "N",
        "phones": ["1"],
        "logoUrl": "https://x.example/l.png",
        "domains": ["b.example"],
    }
    row_id = desk.new("/organizations", body)
    assert desk.send("POST", "/organizations", {"name": "bears"}).status == 409
    assert desk.send("POST", "/organizations", {"name": "Other", "domains": ["B.example"]}).status == 409
    desk.ok("PUT", f"/organizations/{row_id}", {"name": "Bears"})
    row = desk.get(f"/organizations/{row_id}")
    assert (row["note"], row["phones"], row["logoUrl"]) == (None, [], "https://x.example/l.png")
    customer = desk.new("/customers", {"firstName": "A", "organizationId": row_id})
    number = desk.conversation(customer={"id": customer})
    assert [one["id"] for one in desk.pages(f"/organizations/{row_id}/customers", "customers")] == [customer]
    assert [one["id"] for one in desk.pages(f"/organizations/{row_id}/conversations", "conversations")] == [number]
    desk.ok("DELETE", f"/organizations/{row_id}")
    assert "organizationId" not in desk.get(f"/customers/{customer}")


def test_a_deleted_customer_leaves_an_id_behind(desk: Client) -> None:
    number = desk.conversation()
    row_id = desk.get(f"/conversations/{number}")["primaryCustomer"]["id"]
    desk.ok("DELETE", f"/customers/{row_id}")
    assert desk.send("GET", f"/customers/{row_id}").status == 404
    assert desk.get(f"/conversations/{number}")["primaryCustomer"] == {"id": row_id, "type": "customer"}


def test_merging_customers_moves_conversations_and_no_time_that_shows(desk: Client) -> None:
    first, second = desk.conversation(), desk.conversation(customer={"email": "lee@x.example"})
    loser, winner = (desk.get(f"/conversations/{n}")["primaryCustomer"]["id"] for n in (first, second))
    before = desk.get(f"/conversations/{first}")["userUpdatedAt"]
    desk.desk.clock.sleep(3600)
    desk.desk.patch({"op": "merge_customers", "loser": loser, "winner": winner})
    row = desk.get(f"/conversations/{first}")
    assert (row["primaryCustomer"]["id"], row["userUpdatedAt"]) == (winner, before)
    assert desk.send("GET", f"/customers/{loser}").status == 404
    assert desk.get("/conversations", modifiedSince="2025-06-15T16:00:00Z")["page"]["totalElements"] == 1


def test_users_and_teams_are_read_only(desk: Client) -> None:
    users = list(desk.pages("/users", "users"))
    assert [user["role"] for user in users] == ["owner", "admin", "user"]
    assert desk.get("/users", email="ADA.novak@acme.example")["page"]["totalElements"] == 1
    team = desk.get("/teams")["_embedded"]["teams"][0]
    members = list(desk.pages(f"/teams/{team['id']}/members", "users"))
    assert [member["id"] for member in members] == [user["id"] for user in users[1:]]
    assert desk.send("POST", "/users", {}).status == 405
    number = desk.conversation(assignTo=team["id"])
    assert desk.get(f"/conversations/{number}")["assignee"]["type"] == "team"
    desk.ok("PUT", f"/users/{users[1]['id']}/status", {"email": {"status": "away"}})
    assert desk.get(f"/users/{users[1]['id']}/status")["email"]["status"] == "away"


def test_a_removed_user_is_no_assignee_but_still_an_author(desk: Client) -> None:
    ada = desk.get("/users", email="ada.novak@acme.example")["_embedded"]["users"][0]["id"]
    number = desk.conversation(assignTo=ada)
    desk.new(f"/conversations/{number}/notes", {"text": "N", "user": ada})
    desk.desk.patch({"op": "remove_user", "id": ada})
    row = desk.get(f"/conversations/{number}", embed="threads")
    assert "assignee" not in row
    note = next(one for one in row["_embedded"]["threads"] if one["type"] == "note")
    assert (note["createdBy"]["id"], note["createdBy"]["first"]) == (ada, "Ada")
    assert desk.send("GET", f"/users/{ada}").status == 404
    assert desk.bad("POST", f"/conversations/{number}/notes", {"text": "N", "user": ada}) == ["user"]


def test_inboxes_have_folders_with_counts_and_saved_replies(desk: Client) -> None:
    desk.conversation(assignTo=None)
    desk.conversation(status="closed")
    box = desk.inbox()
    folders = {one["type"]: one for one in desk.get(f"/mailboxes/{box}/folders/")["_embedded"]["folders"]}
    assert (folders["unassigned"]["totalCount"], folders["closed"]["totalCount"]) == (1, 1)
    assert (folders["unassigned"]["activeCount"], folders["closed"]["activeCount"]) == (1, 0)
    reply = desk.new(f"/mailboxes/{box}/saved-replies", {"name": "Hi", "text": "<p>Hi</p>"})
    desk.new(f"/mailboxes/{box}/saved-replies", {"name": "Chat", "chatText": "Hi"})
    assert [one["id"] for one in desk.get(f"/mailboxes/{box}/saved-replies")] == [reply]
    assert len(desk.get(f"/mailboxes/{box}/saved-replies", includeChatReplies="true")) == 2
    desk.desk.patch({"op": "settings", "bare_saved_replies": False})
    assert len(desk.get(f"/mailboxes/{box}/saved-replies")["_embedded"]["replies"]) == 1
    desk.ok("DELETE", f"/mailboxes/{box}/saved-replies/{reply}")
    assert desk.send("GET", f"/mailboxes/{box}/saved-replies/{reply}").status == 404


def test_workflows_are_switched_and_run(desk: Client) -> None:
    rows = {row["name"]: row for row in desk.pages("/workflows", "workflows", mailboxId=desk.inbox())}
    assert {row["status"] for row in rows.values()} == {"active", "invalid"}
    assert "modifiedAt" in rows["Escalate"]
    off = {"op": "replace", "path": "/status", "value": "inactive"}
    desk.ok("PATCH", f"/workflows/{rows['Tag new conversations']['id']}", off)
    number = desk.conversation()
    assert desk.get(f"/conversations/{number}")["tags"] == []
    body = {"conversationIds": [number]}
    assert desk.send("POST", f"/workflows/{rows['Old rule']['id']}/run", body).status == 400
    desk.ok("POST", f"/workflows/{rows['Escalate']['id']}/run", body, status=204)
    assert [tag["tag"] for tag in desk.get(f"/conversations/{number}")["tags"]] == ["auto-tagged"]


def test_ratings_and_their_report_speak_differently(desk: Client) -> None:
    number = desk.conversation()
    thread_id = desk.new(f"/conversations/{number}/reply", {"text": "A", "customer": {"email": "kim@customer.example"}})
    made = desk.desk.patch({"op": "add_rating", "thread": thread_id, "rating": "not_good", "comments": "Slow 🐌"})
    one = desk.get(f"/ratings/{made}")
    assert (one["rating"], one["conversationNumber"], one["createdAt"]) == ("not_good", 1, "2025-06-15T15:06:40")
    assert one["user"]["firstName"] == "Olive"
    thread = desk.get(f"/conversations/{number}/threads")["_embedded"]["threads"][0]
    assert thread["rating"]["comments"] == "Slow 🐌"
    span = {"start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
    report = desk.get("/reports/happiness/ratings", **span, rating="not-good")
    assert (report["count"], report["pages"], report["results"][0]["threadid"]) == (1, 1, thread_id)
    assert desk.get("/reports/happiness/ratings", **span, rating="great")["count"] == 0
    assert desk.bad("GET", "/reports/happiness/ratings?start=2025-01-01T00:00:00Z") == ["end"]
