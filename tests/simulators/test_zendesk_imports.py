"""Importing tickets into the Zendesk simulator: each test names the fact that it holds."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.simulators.zendesk.ids import iso
from tests.simulators.zendesk_client import Client, client

OLD = "2015-03-01T10:00:00Z"
LATER = "2015-03-02T11:30:00Z"


@pytest.fixture
def desk() -> Client:
    return client(5)


def people(desk: Client, role: str) -> list[Any]:
    found = desk.listed("users", "users", role=role)
    return [one for one in found if not one["suspended"] and one["role_type"] != 1]


def problems(body: Any) -> list[str]:
    assert body["error"] == "RecordInvalid"
    return [one["description"] for rows in body["details"].values() for one in rows]


def test_a_ticket_comes_with_its_comments_at_their_own_times(desk: Client) -> None:
    customer, agent = people(desk, "end-user")[0]["id"], people(desk, "agent")[0]["id"]
    said = [
        {"author_id": customer, "value": "Help 🆘", "created_at": OLD},
        {"author_id": agent, "html_body": "<p>Sure</p><p>now</p>", "public": False, "created_at": LATER},
    ]
    made = desk.imports(requester_id=customer, comments=said, created_at=OLD, updated_at=LATER, status="open")
    assert (made["created_at"], made["updated_at"], made["requester_id"]) == (OLD, LATER, customer)
    first, second = desk.json(f"tickets/{made['id']}/comments")["comments"]
    assert (first["author_id"], first["created_at"], first["body"], first["public"]) == (customer, OLD, "Help 🆘", True)
    assert (second["author_id"], second["created_at"], second["public"]) == (agent, LATER, False)
    assert "<p>Sure</p><p>now</p>" in second["html_body"]
    assert second["plain_body"] == "Sure\nnow"


def test_an_import_is_silent_and_leaves_an_audit_a_comment(desk: Client) -> None:
    customer = people(desk, "end-user")[0]
    ccs = [{"user_id": people(desk, "end-user")[1]["id"], "action": "put"}]
    made = desk.imports(
        requester_id=customer["id"], status="pending", email_ccs=ccs, comments=[{"value": "a"}, {"value": "b"}]
    )
    audits = desk.json(f"tickets/{made['id']}/audits")["audits"]
    assert [[event["type"] for event in audit["events"] if event["type"] != "Create"] for audit in audits] == [
        ["Comment"],
        ["Comment"],
    ]
    assert desk.mails() == []


def test_metrics_of_imported_tickets_are_empty(desk: Client) -> None:
    agent = people(desk, "agent")[0]["id"]
    said = [{"value": "q", "created_at": OLD}, {"value": "a", "author_id": agent, "created_at": LATER}]
    made = desk.imports(comments=said, status="solved", solved_at=LATER, created_at=OLD)
    metrics = desk.json(f"tickets/{made['id']}/metrics")["ticket_metric"]
    assert metrics["solved_at"] == LATER
    assert metrics["reply_time_in_minutes"] == {"calendar": None, "business": None}
    assert metrics["full_resolution_time_in_minutes"]["calendar"] is None
    desk.desk.clock.sleep(120)
    events = desk.exported("ticket_metric_events", "ticket_metric_events")
    assert made["id"] not in {row["ticket_id"] for row in events}


def test_exports_show_an_import_after_the_withheld_minute(desk: Client) -> None:
    start = int(desk.desk.clock.now()) - 61
    made = desk.imports(created_at=OLD, updated_at=OLD, comments=[{"value": "Hello", "created_at": OLD}])
    assert made["id"] not in {row["id"] for row in desk.exported("tickets/cursor", "tickets", start_time=start)}
    desk.desk.clock.sleep(61)
    row = next(row for row in desk.exported("tickets/cursor", "tickets", start_time=start) if row["id"] == made["id"])
    assert row["updated_at"] == OLD
    assert row["generated_timestamp"] > start
    events = desk.exported("ticket_events", "ticket_events", start_time=start, include="comment_events")
    assert [one["created_at"] for one in events if one["ticket_id"] == made["id"]] == [OLD]


def test_times_before_1970_are_rounded_up_and_no_comment_is_of_the_future(desk: Client) -> None:
    assert desk.imports(created_at="1950-01-01T00:00:00Z")["created_at"] == "1970-01-01T00:00:00Z"
    for wrong in ("1969-12-31T00:00:00Z", iso(int(desk.desk.clock.now()) + 60)):
        body = {"ticket": {"subject": "S", "comments": [{"value": "x", "created_at": wrong}]}}
        assert "created_at" in desk.refused("POST", "imports/tickets", body)["details"]


@pytest.mark.parametrize(
    ("ticket", "word"),
    [
        ({"status": "Open"}, "Status"),
        ({"priority": "super"}, "Priority"),
        ({"comments": []}, "Description: cannot be blank"),
        ({"comments": [{"value": " "}]}, "cannot be blank"),
        ({"comments": [{"value": "x" * 65_536}]}, "too long"),
        ({"comments": [{"value": "🆘" * 16_384}]}, "too long"),
        ({"comments": [{"value": "x"}] * 5001}, "too many comments"),
        ({"comments": [{"value": "x", "author_id": 4711}]}, "Author: is invalid"),
        ({"requester_id": 4711}, "Requester: is invalid"),
        ({"group_id": 4711}, "Group: is invalid"),
        ({"assignee_id": 4711}, "Assignee: is invalid"),
        ({"brand_id": 4711}, "Brand: is invalid"),
        ({"custom_status_id": 4711}, "Custom status: is invalid"),
        ({"comments": [{"value": "x", "uploads": ["nothing"]}]}, "Uploads: token is invalid"),
    ],
)
def test_what_an_import_refuses(desk: Client, ticket: dict[str, Any], word: str) -> None:
    before = desk.json("tickets/count")["count"]["value"]
    body = {"ticket": {"subject": "S", "comments": [{"value": "Hello"}], **ticket}}
    assert word in " ".join(problems(desk.refused("POST", "imports/tickets", body)))
    assert desk.json("tickets/count")["count"]["value"] == before


def test_only_agents_of_the_group_are_assigned(desk: Client) -> None:
    customer = people(desk, "end-user")[0]["id"]
    for wrong in (
        {"assignee_id": customer},
        {"group_id": desk.json("groups", exclude_deleted="false")["groups"][3]["id"]},
    ):
        body = {"ticket": {"subject": "S", "comments": [{"value": "x"}], **wrong}}
        assert desk.refused("POST", "imports/tickets", body)["error"] == "RecordInvalid"
    member = desk.json("group_memberships")["group_memberships"][0]
    made = desk.imports(assignee_id=member["user_id"], group_id=member["group_id"])
    assert (made["assignee_id"], made["group_id"]) == (member["user_id"], member["group_id"])


def test_suspended_requesters_and_deleted_authors_are_refused(desk: Client) -> None:
    one, two = people(desk, "end-user")[:2]
    desk.patch("edit_user", id=one["id"], fields={"suspended": True})
    desk.patch("delete_user", id=two["id"])
    body: dict[str, Any] = {"ticket": {"requester_id": one["id"], "comments": [{"value": "x"}]}}
    assert problems(desk.refused("POST", "imports/tickets", body)) == [f"Requester: {one['name']} is suspended."]
    body = {"ticket": {"comments": [{"value": "x", "author_id": two["id"]}]}}
    assert problems(desk.refused("POST", "imports/tickets", body)) == ["Author: is invalid"]


def test_unknown_keys_are_dropped_in_silence_and_named_in_a_header(desk: Client) -> None:
    ticket = {"subject": "S", "comments": [{"value": "x"}], "problem_id": 1, "requestr": 5}
    answer = desk.send("POST", "imports/tickets", {"ticket": ticket})
    assert answer.status_code == 201
    assert answer.headers["X-Zendesk-API-Warn"].startswith('Removed restricted keys ["problem_id", "requestr"]')
    assert answer.json()["ticket"]["problem_id"] is None


def test_tags_are_lowered_split_and_joined_by_those_of_options(desk: Client) -> None:
    field = next(one for one in desk.json("ticket_fields")["ticket_fields"] if one["type"] == "tagger")
    value = field["custom_field_options"][0]["value"]
    made = desk.imports(tags=["VIP two", "a#b"], custom_fields=[{"id": field["id"], "value": value}])
    assert made["tags"] == sorted(["vip", "two", "ab", value])
    body = {"ticket": {"comments": [{"value": "x"}], "custom_fields": [{"id": field["id"], "value": "no_such"}]}}
    assert desk.refused("POST", "imports/tickets", body)["details"]["base"][0]["ticket_field_id"] == field["id"]


def test_required_fields_of_solved_tickets(desk: Client) -> None:
    field = next(one for one in desk.desk.state.lists["ticket_fields"] if one["type"] == "text" and one["active"])
    field["required"] = True
    body: dict[str, Any] = {"ticket": {"comments": [{"value": "x"}], "status": "solved"}}
    missing = desk.refused("POST", "imports/tickets", body)["details"]["base"]
    assert [one["ticket_field_id"] for one in missing] == [field["id"]]
    assert desk.imports(status="open")["status"] == "open"
    filled = [{"id": field["id"], "value": "A"}]
    assert desk.imports(status="solved", custom_fields=filled)["status"] == "solved"
    desk.patch("settings", required_on_import=False)
    assert desk.imports(status="closed")["status"] == "closed"


def test_archived_at_once_means_out_of_lists_and_lookups(desk: Client) -> None:
    body = {"ticket": {"external_id": "x-1", "status": "closed", "comments": [{"value": "x"}], "updated_at": OLD}}
    made = desk.wrote("POST", "imports/tickets", body, archive_immediately="true")["ticket"]
    kept = desk.imports(external_id="x-2", status="closed", updated_at=OLD)
    desk.desk.clock.sleep(120)
    listed = {one["id"] for one in desk.listed("tickets", "tickets")}
    assert kept["id"] in listed
    assert made["id"] not in listed
    assert desk.json("tickets", external_id="x-1")["tickets"] == []
    assert [one["id"] for one in desk.json("tickets", external_id="x-2")["tickets"]] == [kept["id"]]
    assert {made["id"], kept["id"]} <= {row["id"] for row in desk.exported("tickets/cursor", "tickets")}
    assert desk.json(f"tickets/{made['id']}/audits")["next_page"] is None


def test_the_lookup_by_external_id_lags_and_external_ids_repeat(desk: Client) -> None:
    ids = [desk.imports(external_id="same")["id"] for _ in range(2)]
    assert desk.json("tickets", external_id="same")["tickets"] == []
    desk.desk.clock.sleep(60)
    assert [one["id"] for one in desk.json("tickets", external_id="same")["tickets"]] == ids
    assert [one["id"] for one in desk.json("tickets/show_many", ids=f"{ids[0]},{ids[1]}")["tickets"]] == ids


def test_many_at_once_are_a_job_with_a_fate_for_each_row(desk: Client) -> None:
    rows = [{"subject": f"S{number}", "comments": [{"value": "x"}], "external_id": f"e{number}"} for number in range(3)]
    rows[1]["requester_id"] = 4711
    job = desk.job("POST", "imports/tickets/create_many", {"tickets": rows})
    assert (job["status"], job["total"], job["progress"]) == ("completed", 3, 3)
    good, bad, last = job["results"]
    assert [one["index"] for one in job["results"]] == [0, 1, 2]
    assert desk.json(f"tickets/{good['id']}")["ticket"]["external_id"] == "e0"
    assert last["id"] == good["id"] + 1
    assert (bad["success"], bad["error"], bad["details"]) == (False, "RecordInvalid", "Requester: is invalid")
    assert desk.refused("POST", "imports/tickets/create_many", {"tickets": rows * 34}, 400)["error"] == "TooManyValues"
    assert desk.mails() == []


def test_only_admins_import(desk: Client) -> None:
    desk.patch("set_role", role="agent")
    assert desk.refused("POST", "imports/tickets", {"ticket": {}}, 403)["error"]["title"] == "Forbidden"


def test_a_description_beside_comments_is_one_more_comment(desk: Client) -> None:
    made = desk.imports(description="D", comments=[{"value": "x", "public": False}])
    assert [one["body"] for one in desk.json(f"tickets/{made['id']}/comments")["comments"]] == ["D", "x"]
    assert made["description"] == "D"


def test_the_first_comment_decides_what_is_public_unless_told(desk: Client) -> None:
    made = desk.imports(comments=[{"value": "a", "public": False}, {"value": "b"}, {"value": "c", "public": True}])
    shown = desk.json(f"tickets/{made['id']}/comments")["comments"]
    assert [one["public"] for one in shown] == [False, False, True]
