"""Tickets of the Freshdesk simulator: validation, lists, trash, times."""

from __future__ import annotations

import pytest

from tests.simulators.freshdesk_client import START, Client


@pytest.fixture
def desk() -> Client:
    return Client()


def test_a_ticket_by_email_makes_the_contact_and_counts_from_one(desk: Client) -> None:
    first = desk.ticket(email="New@Customer.example", name="Nia")
    second = desk.ticket(requester_id=first["requester_id"])
    assert (first["id"], second["id"]) == (1, 2)
    assert desk.last.headers["Location"] == "https://acme.freshdesk.com/api/v2/tickets/2"
    contact = desk.ok("GET", f"/contacts/{first['requester_id']}")
    assert (contact["name"], contact["email"], contact["active"]) == ("Nia", "new@customer.example", False)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"created_at": "2020-01-01T00:00:00Z"}, ("created_at", "invalid_field")),
        ({"requester": {"name": "x"}}, ("requester", "invalid_field")),
        ({"status": "2"}, ("status", "datatype_mismatch")),
        ({"status": 99}, ("status", "invalid_value")),
        ({"priority": 5}, ("priority", "invalid_value")),
        ({"source": 99}, ("source", "invalid_value")),
        ({"type": "Nonsense"}, ("type", "invalid_value")),
        ({"group_id": 1}, ("group_id", "invalid_value")),
        ({"responder_id": 1}, ("responder_id", "invalid_value")),
        ({"subject": None}, ("subject", "missing_field")),
        ({"subject": "x" * 256}, ("subject", "invalid_value")),
        ({"tags": ["x" * 33]}, ("tags", "invalid_value")),
        ({"tags": "x"}, ("tags", "datatype_mismatch")),
        ({"due_by": "2026-01-01T00:00:00Z"}, ("fr_due_by", "missing_field")),
        ({"due_by": "2020-01-02", "fr_due_by": "2020-01-01"}, ("due_by", "invalid_value")),
        ({"custom_fields": {"cf_nowhere": 1}}, ("custom_fields.cf_nowhere", "invalid_field")),
        ({"custom_fields": {"cf_severity": "Huge"}}, ("custom_fields.cf_severity", "invalid_value")),
        ({"custom_fields": {"cf_seats": "3"}}, ("custom_fields.cf_seats", "datatype_mismatch")),
        ({"custom_fields": {"cf_follow_up_on": "2025-13-01"}}, ("custom_fields.cf_follow_up_on", "invalid_value")),
        ({"custom_fields": {"cf_order_number": "x" * 256}}, ("custom_fields.cf_order_number", "invalid_value")),
        (
            {"custom_fields": {"cf_region": "Europe", "cf_subregion": "North"}},
            ("custom_fields.cf_subregion", "invalid_value"),
        ),
        ({"custom_fields": {"cf_city": "Oslo"}}, ("custom_fields.cf_region", "invalid_value")),
    ],
)
def test_what_the_account_does_not_accept_is_refused_and_leaves_nothing(
    desk: Client, more: object, wanted: object
) -> None:
    body = {
        "subject": "S",
        "description": "D",
        "status": 2,
        "priority": 1,
        "source": 2,
        "email": "kim@customer.example",
    }
    assert desk.bad("POST", "/tickets", {**body, **more}) == [wanted]
    assert desk.desk.snapshot()["tickets"] == []
    assert desk.desk.snapshot()["contacts"] == []
    assert desk.kinds() == []


def test_a_custom_status_of_the_account_is_accepted(desk: Client) -> None:
    assert desk.ticket(status=11)["status"] == 11
    assert Client(setup="empty").send("GET", "/tickets").status == 200
    body = {"subject": "S", "description": "D", "status": 11, "email": "a@b.example"}
    assert Client(setup="empty").bad("POST", "/tickets", body) == [("status", "invalid_value")]


def test_fields_for_closure_are_demanded_when_a_ticket_ends(desk: Client) -> None:
    field = next(f for f in desk.ok("GET", "/ticket_fields") if f["name"] == "cf_severity")
    desk.ok("PUT", f"/admin/ticket_fields/{field['id']}", {"required_for_closure": True})
    ticket = desk.ticket()
    assert desk.bad("PUT", "/tickets/1", {"status": 5}) == [("custom_fields.cf_severity", "invalid_value")]
    desk.ok("PUT", "/tickets/1", {"status": 5, "custom_fields": {"cf_severity": "Minor"}})
    assert desk.ok("GET", f"/tickets/{ticket['id']}")["status"] == 5


def test_an_agent_of_restricted_scope_must_belong_to_the_group(desk: Client) -> None:
    group = desk.ok("POST", "/groups", {"name": "Closed shop"})
    agent = desk.ok("POST", "/agents", {"email": "new@acme.example", "ticket_scope": 2})
    values = {"subject": "S", "description": "D", "email": "k@c.example", "group_id": group["id"]}
    assert desk.bad("POST", "/tickets", {**values, "responder_id": agent["id"]}) == [("responder_id", "invalid_value")]
    desk.ok("PUT", f"/groups/{group['id']}", {"agent_ids": [agent["id"]]})
    desk.ok("POST", "/tickets", {**values, "responder_id": agent["id"]})


def test_due_times_are_filled_in_seconds_later_and_leave_updated_at(desk: Client) -> None:
    ticket = desk.ticket(priority=4)
    assert (ticket["due_by"], ticket["fr_due_by"]) == (None, None)
    desk.desk.clock.sleep(10)
    later = desk.ok("GET", "/tickets/1")
    assert (later["fr_due_by"], later["due_by"]) == ("2025-06-15T16:06:40Z", "2025-06-15T19:06:40Z")
    assert later["updated_at"] == ticket["updated_at"]


def test_newer_accounts_compute_due_times_anew_after_an_update() -> None:
    desk = Client(recompute_due=True)
    desk.ticket(due_by="2025-07-02T00:00:00Z", fr_due_by="2025-07-01T00:00:00Z")
    desk.desk.clock.sleep(10)
    assert desk.ok("GET", "/tickets/1")["due_by"] == "2025-07-02T00:00:00Z"
    assert desk.ok("PUT", "/tickets/1", {"priority": 4})["due_by"] == "2025-07-02T00:00:00Z"
    desk.desk.clock.sleep(10)
    assert desk.ok("GET", "/tickets/1")["due_by"] == "2025-06-15T19:06:40Z"


def test_the_default_list_shows_thirty_days_and_updated_since_shows_all(desk: Client) -> None:
    contact = desk.contact()
    old = {"subject": "Old", "requester_id": contact["id"], "created_at": "2020-01-01T00:00:00Z"}
    old_id = desk.desk.patch({"op": "insert", "kind": "ticket", "fields": old})
    new = desk.ticket(requester_id=contact["id"])
    assert [t["id"] for t in desk.ok("GET", "/tickets")] == [new["id"]]
    assert [t["id"] for t in desk.ok("GET", f"/tickets?requester_id={contact['id']}")] == [new["id"]]
    found = desk.ok("GET", "/tickets?updated_since=2020-01-01T00:00:00Z&order_by=updated_at&order_type=asc")
    assert [t["id"] for t in found] == [old_id, new["id"]]
    found = desk.ok("GET", "/tickets?updated_since=2020-01-01T00:00:01Z")
    assert [t["id"] for t in found] == [new["id"]]


def test_lists_carry_no_description_until_asked_and_never_attachments(desk: Client) -> None:
    desk.ticket()
    plain = desk.ok("GET", "/tickets")[0]
    assert "description" not in plain
    assert "attachments" not in plain
    rich = desk.ok("GET", "/tickets?include=description,stats,requester")[0]
    assert rich["description_text"] == "It broke."
    assert rich["requester"]["email"] == "kim@customer.example"
    assert set(rich["stats"]) >= {"closed_at", "resolved_at", "first_responded_at", "pending_since"}
    assert desk.bad("GET", "/tickets?include=conversations") == [("include", "invalid_value")]


def test_deleted_and_spam_tickets_have_lists_of_their_own(desk: Client) -> None:
    for _ in range(3):
        desk.ticket()
    desk.ok("DELETE", "/tickets/1")
    desk.desk.patch({"op": "spam_ticket", "id": 2})
    ids = {
        mode: [t["id"] for t in desk.ok("GET", f"/tickets{mode}")] for mode in ("", "?filter=deleted", "?filter=spam")
    }
    assert ids == {"": [3], "?filter=deleted": [1], "?filter=spam": [2]}
    assert desk.ok("GET", "/tickets/1")["deleted"] is True
    assert "deleted" not in desk.ok("GET", "/tickets/3")
    assert desk.send("PUT", "/tickets/1", {"priority": 2}).status == 405
    assert desk.send("PUT", "/tickets/2", {"priority": 2}).status == 405
    assert desk.send("DELETE", "/tickets/1").status == 405
    desk.ok("PUT", "/tickets/1/restore", status=204)
    assert [t["id"] for t in desk.ok("GET", "/tickets?order_type=asc")] == [1, 3]


def test_pages_have_a_link_only_when_more_follows_and_end_at_three_hundred(desk: Client) -> None:
    for _ in range(5):
        desk.ticket()
    desk.send("GET", "/tickets?per_page=2&page=2")
    assert desk.last.headers["Link"] == '<https://acme.freshdesk.com/api/v2/tickets?per_page=2&page=3>; rel="next"'
    desk.send("GET", "/tickets?per_page=2&page=3")
    assert "Link" not in desk.last.headers
    desk.send("GET", "/tickets?per_page=5")
    assert "Link" not in desk.last.headers
    assert desk.bad("GET", "/tickets?page=301") == [("page", "invalid_value")]
    assert desk.bad("GET", "/tickets?per_page=101") == [("per_page", "invalid_value")]
    assert desk.bad("GET", "/contacts?per_page=0") == [("per_page", "invalid_value")]
    assert desk.bad("GET", "/tickets?sort=up") == [("sort", "invalid_field")]


@pytest.mark.parametrize("order", ["created_at", "updated_at", "status", "due_by"])
@pytest.mark.parametrize("since", ["", "&updated_since=2020-01-01"])
def test_paging_gives_each_ticket_once_in_any_order(desk: Client, order: str, since: str) -> None:
    for number in range(11):
        desk.ticket(status=2 + number % 3)
        desk.desk.clock.sleep(number % 2)
    for direction in ("asc", "desc"):
        seen = []
        for page in range(1, 5):
            url = f"/tickets?order_by={order}&order_type={direction}&per_page=3&page={page}{since}"
            seen += [t["id"] for t in desk.ok("GET", url)]
        assert sorted(seen) == list(range(1, 12))
        if order == "created_at":
            assert seen == sorted(seen, reverse=direction == "desc")


def test_a_change_moves_a_ticket_in_the_order_of_updates(desk: Client) -> None:
    for _ in range(3):
        desk.ticket()
        desk.desk.clock.sleep(5)
    desk.ok("PUT", "/tickets/1", {"priority": 4})
    url = "/tickets?updated_since=2020-01-01&order_by=updated_at&order_type=asc"
    assert [t["id"] for t in desk.ok("GET", url)] == [2, 3, 1]


def test_an_unknown_requester_is_refused_as_a_filter(desk: Client) -> None:
    assert desk.bad("GET", "/tickets?email=nobody@x.example") == [("email", "invalid_value")]
    assert desk.bad("GET", "/tickets?requester_id=5") == [("requester_id", "invalid_value")]


def test_stats_follow_status_and_public_messages(desk: Client) -> None:
    ticket = desk.ticket()
    for seconds, method, url, body in (
        (10, "POST", "/tickets/1/notes", {"body": "x", "private": True}),
        (10, "POST", "/tickets/1/reply", {"body": "We look"}),
        (10, "PUT", "/tickets/1", {"status": 5}),
        (10, "PUT", "/tickets/1", {"status": 2}),
    ):
        desk.desk.clock.sleep(seconds)
        desk.ok(method, url, body)
        stats = desk.ok("GET", "/tickets/1?include=stats")["stats"]
        if body.get("status") == 5:
            assert stats["closed_at"] == stats["resolved_at"] == "2025-06-15T15:07:10Z"
    assert ticket["created_at"] == "2025-06-15T15:06:40Z"
    assert stats["first_responded_at"] == "2025-06-15T15:07:00Z"
    assert (stats["closed_at"], stats["reopened_at"]) == (None, "2025-06-15T15:07:20Z")


def test_children_and_trackers_know_each_other(desk: Client) -> None:
    for _ in range(3):
        desk.ticket()
    child = desk.ticket(parent_id=1)
    tracker = desk.ticket(related_ticket_ids=[2, 3])
    assert (child["association_type"], child["associated_tickets_list"]) == (2, [1])
    assert (tracker["association_type"], tracker["associated_tickets_list"]) == (3, [2, 3])
    assert [t["id"] for t in desk.ok("GET", "/tickets/1/associated_tickets")["tickets"]] == [child["id"]]
    assert desk.ok("GET", "/tickets/2/prime_association")["id"] == tracker["id"]
    body = {"subject": "S", "description": "D", "email": "a@b.example", "parent_id": child["id"]}
    assert desk.bad("POST", "/tickets", body) == [("parent_id", "invalid_value")]


def test_the_channel_api_keeps_times_and_is_off_by_default(desk: Client) -> None:
    body = {"subject": "S", "description": "D", "email": "a@b.example", "created_at": "2019-01-01T00:00:00Z"}
    assert desk.send("POST", "/api/channel/v2/tickets", body).status == 404
    desk.desk.patch({"op": "settings", "channel_api": True})
    made = desk.ok("POST", "/api/channel/v2/tickets", {**body, "import_id": "7"})
    assert (made["created_at"], made["updated_at"]) == ("2019-01-01T00:00:00Z", "2019-01-01T00:00:00Z")
    note = {"body": "x", "created_at": "2019-01-02T00:00:00Z", "private": False}
    assert desk.ok("POST", "/api/channel/v2/tickets/1/notes", note)["created_at"] == "2019-01-02T00:00:00Z"


def test_the_simulated_clock_is_the_only_clock(desk: Client) -> None:
    assert desk.ticket()["created_at"] == "2025-06-15T15:06:40Z"
    assert desk.desk.clock.now() == START
