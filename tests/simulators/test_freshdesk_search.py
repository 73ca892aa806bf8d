"""Search, bulk changes and merges of the Freshdesk simulator."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.simulators.freshdesk_client import Client


@pytest.fixture
def desk() -> Client:
    return Client()


def found(desk: Client, query: str, kind: str = "tickets") -> list[int]:
    answer = desk.ok("GET", f"/search/{kind}?query={quote(chr(34) + query + chr(34))}")
    assert answer["total"] >= len(answer["results"])
    return sorted(row["id"] for row in answer["results"])


def test_the_index_lags_behind_creation_change_and_deletion(desk: Client) -> None:
    desk.ticket(priority=3)
    assert found(desk, "priority:3") == []
    desk.desk.clock.sleep(119)
    assert found(desk, "priority:3") == []
    desk.desk.clock.sleep(1)
    assert found(desk, "priority:3") == [1]
    desk.ok("PUT", "/tickets/1", {"priority": 1})
    assert found(desk, "priority:3") == [1]
    desk.desk.clock.sleep(120)
    assert found(desk, "priority:3") == []
    desk.ok("DELETE", "/tickets/1")
    assert found(desk, "priority:1") == [1]
    desk.desk.clock.sleep(120)
    assert found(desk, "priority:1") == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("priority:4 OR priority:1", [1, 3]),
        ("priority:>2", [2, 3]),
        ("priority:<2", [1]),
        ("status:2 AND (priority:1 OR priority:4)", [1, 3]),
        ("status:2 AND priority:1 OR priority:4", [1, 3]),
        ("tag:'vip'", [2]),
        ("tag:null", [1, 3]),
        ("type:'question'", [3]),
        ("type:null AND priority:>1", [1, 2]),
        ("agent_id:null", [1, 2, 3]),
        ("cf_order_number:'A-7'", [1]),
        ("cf_vip:true", [2]),
        ("cf_seats:>5", [2, 3]),
        ("cf_follow_up_on:'2026-02-01'", [1]),
        ("custom_string:'A-7'", [1]),
        ("created_at:>'2025-06-15' AND created_at:<'2025-06-15'", [1, 2]),
        ("created_at:'2025-06-16'", [3]),
    ],
)
def test_queries_find_what_they_say(desk: Client, query: str, ids: list[int]) -> None:
    desk.ticket(priority=1, custom_fields={"cf_order_number": "A-7", "cf_follow_up_on": "2026-02-01"})
    desk.ticket(priority=3, tags=["vip"], custom_fields={"cf_vip": True, "cf_seats": 5})
    desk.desk.clock.sleep(86_400)
    desk.ticket(priority=4, type="Question", custom_fields={"cf_seats": 6})
    desk.desk.clock.sleep(300)
    assert found(desk, query) == ids


@pytest.mark.parametrize(
    "query",
    ['"status:2', "status:2", '""', '"status 2"', '"(status:2"', '"status:2 status:3"', "\"tag:'" + "x" * 520 + "'\""],
)
def test_bad_queries_are_refused(desk: Client, query: str) -> None:
    assert desk.bad("GET", f"/search/tickets?query={quote(query)}") == [("query", "invalid_value")]


def test_unknown_fields_are_refused(desk: Client) -> None:
    assert desk.bad("GET", f"/search/tickets?query={quote(chr(34) + 'subject:1' + chr(34))}") == [
        ("subject", "invalid_field")
    ]


def test_three_hundred_results_and_no_more(desk: Client) -> None:
    kim = desk.contact()
    for number in range(310):
        desk.ticket(requester_id=kim["id"], priority=2)
        desk.desk.clock.sleep(0.5 + number % 2)
    desk.desk.clock.sleep(300)
    url = f"/search/tickets?query={quote(chr(34) + 'priority:2' + chr(34))}"
    answer = desk.ok("GET", url + "&page=10")
    assert (answer["total"], len(answer["results"])) == (310, 30)
    assert desk.bad("GET", url + "&page=11") == [("page", "invalid_value")]


def test_contacts_and_companies_are_found_too(desk: Client) -> None:
    company = desk.ok("POST", "/companies", {"name": "C", "domains": ["c.example"], "custom_fields": {"employees": 12}})
    kim = desk.contact(tags=["vip"], custom_fields={"department": "Ops"})
    desk.desk.clock.sleep(300)
    assert found(desk, "domain:'c.example'", "companies") == [company["id"]]
    assert found(desk, "employees:>10", "companies") == [company["id"]]
    assert found(desk, "email:'kim@customer.example' AND department:'ops'", "contacts") == [kim["id"]]
    desk.ok("DELETE", f"/contacts/{kim['id']}")
    desk.desk.clock.sleep(300)
    assert found(desk, "tag:'vip'", "contacts") == []


def test_archived_tickets_are_gone_from_all_usual_places(desk: Client) -> None:
    ticket = desk.ticket()
    desk.ok("POST", "/tickets/1/notes", {"body": "x"})
    desk.desk.clock.sleep(300)
    desk.desk.patch({"op": "archive_ticket", "id": 1})
    assert desk.send("GET", "/tickets/1").status == 404
    assert desk.send("GET", "/tickets/1/conversations").status == 404
    assert desk.send("PUT", "/tickets/1", {"priority": 2}).status == 404
    assert desk.ok("GET", "/tickets?updated_since=2020-01-01") == []
    assert desk.ok("GET", f"/tickets?requester_id={ticket['requester_id']}") == []
    desk.desk.clock.sleep(300)
    assert found(desk, "priority:1") == []
    archived = desk.ok("GET", "/tickets/archived/1")
    assert (archived["archived"], archived["subject"]) == (True, "Broken")
    assert len(desk.ok("GET", "/tickets/archived/1/conversations")) == 1
    desk.ok("DELETE", "/tickets/archived/1")
    assert desk.send("GET", "/tickets/archived/1").status == 404
    desk.desk.patch({"op": "feature", "name": "archive_tickets", "on": False})
    assert desk.send("GET", "/tickets/archived/1").status == 403


def test_a_bulk_update_runs_in_the_background_and_may_close_quietly(desk: Client) -> None:
    for _ in range(2):
        desk.ticket()
    desk.desk.mailbox.clear()
    body = {"bulk_action": {"ids": [1, 2, 99], "properties": {"status": 5, "skip_close_notification": True}}}
    job = desk.ok("POST", "/tickets/bulk_update", body, 202)
    assert desk.ok("GET", f"/jobs/{job['job_id']}")["status"] == "IN PROGRESS"
    assert desk.ok("GET", "/tickets/1")["status"] == 2
    desk.desk.clock.sleep(10)
    done = desk.ok("GET", f"/jobs/{job['job_id']}")
    assert done["status"] == "COMPLETED"
    assert [item["success"] for item in done["data"]] == [True, True, False]
    assert desk.ok("GET", "/tickets/1")["status"] == 5
    assert "ticket_closed" not in desk.kinds()
    assert desk.kinds().count("survey") == 2
    wrong = {"bulk_action": {"ids": [1], "properties": {"subject": "x"}}}
    assert desk.bad("POST", "/tickets/bulk_update", wrong) == [("properties.subject", "invalid_field")]


def test_a_bulk_reply_goes_out(desk: Client) -> None:
    desk.ticket()
    desk.desk.mailbox.clear()
    desk.ok("POST", "/tickets/bulk_update", {"bulk_action": {"ids": [1], "reply": {"body": "x"}}}, 202)
    desk.desk.clock.sleep(10)
    desk.ok("GET", "/tickets/1")
    assert desk.kinds() == ["reply"]


def test_a_bulk_deletion_moves_to_the_trash(desk: Client) -> None:
    desk.ticket()
    desk.ok("POST", "/tickets/bulk_delete", {"bulk_action": {"ids": [1]}}, 202)
    desk.desk.clock.sleep(10)
    assert desk.ok("GET", "/tickets/1")["deleted"] is True


def test_a_merge_closes_the_secondaries_and_leaves_notes(desk: Client) -> None:
    for name in ("ann", "bob"):
        desk.ticket(email=f"{name}@c.example")
    body = {"primary_id": 1, "ticket_ids": [2], "convert_recepients_to_cc": True}
    desk.ok("PUT", "/tickets/merge", body, 204)
    assert desk.ok("GET", "/tickets/2")["status"] == 5
    assert desk.ok("GET", "/tickets/1")["cc_emails"] == ["bob@c.example"]
    texts = [desk.ok("GET", f"/tickets/{number}/conversations")[0]["body_text"] for number in (1, 2)]
    assert texts == [
        "Tickets with ids 2 are merged into this ticket.",
        "This ticket is closed and merged into ticket 1.",
    ]
