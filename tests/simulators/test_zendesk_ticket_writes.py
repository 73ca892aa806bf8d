"""Ordinary writes of tickets to the Zendesk simulator: they wake triggers and mail people, unlike imports."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(5)


def people(desk: Client, role: str) -> list[Any]:
    found = desk.listed("users", "users", role=role)
    return [one for one in found if not one["suspended"] and one["role_type"] != 1 and one["email"]]


def opened(desk: Client, **ticket: Any) -> Any:
    given = {"subject": "S", "comment": {"body": "Hello"}, **ticket}
    return desk.wrote("POST", "tickets", {"ticket": given})["ticket"]


def changed(desk: Client, number: int, **ticket: Any) -> Any:
    return desk.wrote("PUT", f"tickets/{number}", {"ticket": ticket})


def test_a_created_ticket_mails_its_requester_and_ccs_and_its_audit_says_so(desk: Client) -> None:
    customer, other = people(desk, "end-user")[:2]
    ccs = [{"user_id": other["id"], "action": "put"}]
    made = opened(desk, requester_id=customer["id"], email_ccs=ccs, created_at="2015-01-01T00:00:00Z")
    assert made["created_at"] > "2020"  # only imports have their own times
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [
        ("notify_requester_of_received_request", customer["email"]),
        ("notify_requester_of_received_request", other["email"]),
    ]
    (audit,) = desk.json(f"tickets/{made['id']}/audits")["audits"]
    notice = next(event for event in audit["events"] if event["type"] == "Notification")
    assert notice["recipients"] == [customer["id"], other["id"]]


def test_the_submitter_says_the_first_comment(desk: Client) -> None:
    agent = people(desk, "agent")[0]["id"]
    made = opened(desk, submitter_id=agent)
    assert desk.json(f"tickets/{made['id']}/comments")["comments"][0]["author_id"] == agent


def test_a_comment_by_update_fires_triggers_even_on_an_imported_ticket(desk: Client) -> None:
    customer = people(desk, "end-user")[0]
    made = desk.imports(requester_id=customer["id"], status="open")
    assert desk.mails() == []
    changed(desk, made["id"], comment={"body": "private", "public": False})
    assert desk.mails() == []
    audit = changed(desk, made["id"], comment={"body": "public", "public": True})["audit"]
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [
        ("notify_requester_of_comment_update", customer["email"])
    ]
    assert [event["type"] for event in audit["events"]] == ["Comment", "Notification"]


def test_nobody_is_mailed_with_notifications_off(desk: Client) -> None:
    desk.patch("settings", notifications=False)
    opened(desk, requester_id=people(desk, "end-user")[0]["id"])
    assert desk.mails() == []


def test_followers_hear_of_notes_too(desk: Client) -> None:
    agent = people(desk, "agent")[0]
    made = desk.imports(followers=[{"user_id": agent["id"], "action": "put"}])
    changed(desk, made["id"], comment={"body": "x", "public": False})
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [("follower_notification", agent["email"])]


def test_whether_a_comment_is_public_comes_from_the_first_one(desk: Client) -> None:
    made = opened(desk, comment={"body": "x", "public": False})
    audit = changed(desk, made["id"], comment={"body": "y"})["audit"]
    assert audit["events"][0]["public"] is False


def test_closed_tickets_take_no_update_but_tags_in_bulk(desk: Client) -> None:
    made = desk.imports(status="closed")
    body = desk.refused("PUT", f"tickets/{made['id']}", {"ticket": {"priority": "low"}})
    assert body["details"]["status"][0]["description"] == "Status: closed prevents ticket update"
    assert desk.refused("PUT", f"tickets/{made['id']}/tags", {"tags": ["x"]})["error"] == "RecordInvalid"
    change = {"ticket": {"additional_tags": ["imported"]}}
    job = desk.job("PUT", "tickets/update_many", change, ids=made["id"])
    assert job["results"] == [{"action": "update", "id": made["id"], "status": "Updated", "success": True}]
    assert desk.json(f"tickets/{made['id']}")["ticket"]["tags"] == ["imported"]
    follow_up = opened(desk, via_followup_source_id=made["id"])
    assert follow_up["via"]["source"]["rel"] == "follow_up"
    assert desk.json(f"tickets/{made['id']}")["ticket"]["followup_ids"] == [follow_up["id"]]


def test_bulk_updates_by_ids_and_by_list_fail_row_by_row(desk: Client) -> None:
    one, two = desk.imports()["id"], desk.imports(status="closed")["id"]
    job = desk.job("PUT", "tickets/update_many", {"ticket": {"priority": "high"}}, ids=f"{one},{two},4711")
    assert job["status"] == "completed"
    assert [row["success"] for row in job["results"]] == [True, False, False]
    assert job["results"][1]["details"] == "Status: closed prevents ticket update"
    assert (job["results"][2]["id"], job["results"][2]["error"]) == (4711, "RecordNotFound")
    rows = [{"id": one, "priority": "low"}, {"id": two, "status": "open"}]
    assert [row["success"] for row in desk.job("PUT", "tickets/update_many", {"tickets": rows})["results"]] == [
        True,
        False,
    ]
    assert desk.json(f"tickets/{one}")["ticket"]["priority"] == "low"


def test_a_description_and_unknown_keys_are_ignored_on_update(desk: Client) -> None:
    made = opened(desk)
    answer = desk.send("PUT", f"tickets/{made['id']}", {"ticket": {"description": "new", "priority": "low"}})
    assert '"description"' in answer.headers["X-Zendesk-API-Warn"]
    assert answer.json()["ticket"]["description"] == "Hello"


def test_a_safe_update_of_an_old_state_is_a_conflict(desk: Client) -> None:
    made = opened(desk)
    desk.desk.clock.sleep(5)
    changed(desk, made["id"], priority="low")
    stale = {"safe_update": True, "updated_stamp": made["updated_at"], "priority": "high"}
    assert desk.refused("PUT", f"tickets/{made['id']}", {"ticket": stale}, 409)["error"] == "UpdateConflict"
    now = desk.json(f"tickets/{made['id']}")["ticket"]["updated_at"]
    assert changed(desk, made["id"], **{**stale, "updated_stamp": now})["ticket"]["priority"] == "high"


def test_solving_wants_an_assignee_and_required_fields(desk: Client) -> None:
    made = opened(desk)
    body = desk.refused("PUT", f"tickets/{made['id']}", {"ticket": {"status": "solved"}})
    row = body["details"]["base"][0]
    assert row["description"] == "Assignee: is required when solving a ticket"
    assert (row["error"], row["ticket_field_type"]) == (None, "FieldAssignee")
    agent = people(desk, "agent")[0]["id"]
    assert changed(desk, made["id"], status="solved", assignee_id=agent)["ticket"]["status"] == "solved"


def test_status_and_custom_status_move_together(desk: Client) -> None:
    statuses = desk.json("custom_statuses")["custom_statuses"]
    special = next(one for one in statuses if one["status_category"] == "hold" and not one["default"])
    made = opened(desk)
    after = changed(desk, made["id"], custom_status_id=special["id"])["ticket"]
    assert (after["status"], after["custom_status_id"]) == ("hold", special["id"])
    after = changed(desk, made["id"], status="pending")["ticket"]
    default = next(one["id"] for one in statuses if one["status_category"] == "pending" and one["default"])
    assert after["custom_status_id"] == default
    closed = next(one for one in statuses if not one["active"])
    desk.refused("PUT", f"tickets/{made['id']}", {"ticket": {"custom_status_id": closed["id"]}})


def test_options_bring_their_tags_and_removed_tags_take_options_with_them(desk: Client) -> None:
    field = next(one for one in desk.json("ticket_fields")["ticket_fields"] if one["type"] == "tagger")
    one, two = (option["value"] for option in field["custom_field_options"][:2])
    made = opened(desk, custom_fields=[{"id": field["id"], "value": one}], tags=["x"])
    assert made["tags"] == sorted(["x", one])
    after = changed(desk, made["id"], custom_fields=[{"id": field["id"], "value": two}])["ticket"]
    assert after["tags"] == sorted(["x", two])
    after = changed(desk, made["id"], tags=["x"])["ticket"]
    assert {row["id"]: row["value"] for row in after["custom_fields"]}[field["id"]] is None


def test_an_idempotency_key_answers_the_same_for_two_hours(desk: Client) -> None:
    body, headers = {"ticket": {"subject": "S", "comment": {"body": "x"}}}, {"Idempotency-Key": "k"}

    def post(value: Any) -> Any:
        return desk.http.post("/api/v2/tickets", json=value, headers=headers)

    first, again = post(body), post(body)
    assert (first.headers["x-idempotency-lookup"], again.headers["x-idempotency-lookup"]) == ("miss", "hit")
    assert first.json() == again.json()
    other = post({"ticket": {"subject": "other", "comment": {"body": "x"}}})
    assert (other.status_code, other.json()["error"]) == (400, "IdempotentRequestError")
    desk.desk.clock.sleep(7201)
    assert post(body).json()["ticket"]["id"] == first.json()["ticket"]["id"] + 1


def test_imports_do_not_honour_idempotency_keys(desk: Client) -> None:
    body = {"ticket": {"subject": "S", "comments": [{"value": "x"}]}}
    numbers = [
        desk.http.post("/api/v2/imports/tickets", json=body, headers={"Idempotency-Key": "k"}).json()["ticket"]["id"]
        for _ in range(2)
    ]
    assert numbers[0] != numbers[1]


def test_five_thousand_comments_are_enough(desk: Client) -> None:
    desk.patch("settings", max_comments=2)
    made = desk.imports(comments=[{"value": "x"}, {"value": "y"}])
    assert (
        desk.refused("PUT", f"tickets/{made['id']}", {"ticket": {"comment": {"body": "z"}}})["error"] == "RecordInvalid"
    )


def test_an_incident_is_linked_to_its_problem_by_an_update(desk: Client) -> None:
    problem, incident = opened(desk, type="problem"), desk.imports(type="incident")
    assert changed(desk, incident["id"], problem_id=problem["id"])["ticket"]["problem_id"] == problem["id"]
    assert desk.json(f"tickets/{problem['id']}")["ticket"]["has_incidents"] is True
    assert [one["id"] for one in desk.json(f"tickets/{problem['id']}/incidents")["tickets"]] == [incident["id"]]


def test_a_solved_import_is_closed_by_the_automation_days_later(desk: Client) -> None:
    made = desk.imports(status="solved")
    desk.desk.clock.sleep(95 * 3600)
    assert desk.json(f"tickets/{made['id']}")["ticket"]["status"] == "solved"
    desk.desk.clock.sleep(2 * 3600)
    assert desk.json(f"tickets/{made['id']}")["ticket"]["status"] == "closed"
    assert desk.json(f"tickets/{made['id']}/audits")["audits"][-1]["via"]["source"]["rel"] == "automation"


def test_deleting_is_soft_until_it_is_for_good(desk: Client) -> None:
    now = int(desk.desk.clock.now())
    one, two = desk.imports(subject="One", external_id="x")["id"], desk.imports(subject="Two")["id"]
    assert desk.send("DELETE", f"tickets/{one}").status_code == 204
    assert desk.job("DELETE", "tickets/destroy_many", ids=f"{two},4711")["results"][0]["success"] is True
    assert desk.get(f"tickets/{one}").status_code == 404
    assert desk.json("tickets", external_id="x")["tickets"] == []
    binned = {row["id"]: row for row in desk.json("deleted_tickets")["deleted_tickets"]}
    assert (binned[one]["subject"], binned[one]["previous_state"]) == ("One", "new")
    desk.wrote("PUT", f"deleted_tickets/{two}/restore")
    assert desk.json(f"tickets/{two}")["ticket"]["subject"] == "Two"
    desk.refused("DELETE", f"deleted_tickets/{two}", status=404)
    assert desk.job("DELETE", f"deleted_tickets/{one}")["status"] == "completed"
    assert one not in {row["id"] for row in desk.json("deleted_tickets")["deleted_tickets"]}
    desk.desk.clock.sleep(120)
    row = next(row for row in desk.exported("tickets/cursor", "tickets", start_time=now - 120) if row["id"] == one)
    assert (row["status"], row["subject"], row["external_id"]) == ("deleted", "SCRUBBED", None)
    assert desk.imports()["id"] > two  # numbers are never used twice


def test_merging_closes_and_tags_the_losers(desk: Client) -> None:
    winner, loser, closed = desk.imports()["id"], desk.imports()["id"], desk.imports(status="closed")["id"]
    job = desk.job("POST", f"tickets/{winner}/merge", {"ids": [loser, closed], "target_comment": "from the other"})
    assert [row["success"] for row in job["results"]] == [True, False]
    ticket = desk.json(f"tickets/{loser}")["ticket"]
    assert (ticket["status"], ticket["tags"]) == ("closed", ["closed_by_merge"])
    assert desk.json(f"tickets/{winner}/comments")["comments"][-1]["body"] == "from the other"
    assert desk.json(f"tickets/{loser}/audits")["audits"][-1]["via"]["source"]["rel"] == "merge"


def test_comments_are_hidden_and_redacted_but_never_edited(desk: Client) -> None:
    made = desk.imports(comments=[{"html_body": "<p>card 4711 <b>0815</b></p>"}], status="open")
    said = desk.json(f"tickets/{made['id']}/comments")["comments"][0]
    path = f"tickets/{made['id']}/comments/{said['id']}"
    assert desk.send("PUT", f"{path}/make_private").status_code == 200
    desk.wrote("PUT", f"{path}/redact", {"text": "4711"})
    after = desk.json(f"tickets/{made['id']}/comments")["comments"][0]
    assert (after["public"], after["body"]) == (False, "card ▇▇▇▇ 0815")
    desk.patch("edit_ticket", id=made["id"], fields={"status": "closed"})
    desk.refused("PUT", f"{path}/redact", {"text": "0815"})
    marked = after["html_body"].replace("0815", "<redact>0815</redact>")
    desk.wrote("PUT", f"comment_redactions/{said['id']}", {"ticket_id": made["id"], "html_body": marked})
    assert "0815" not in desk.json(f"tickets/{made['id']}/comments")["comments"][0]["html_body"]
    assert desk.send("DELETE", path).status_code == 404


def test_only_the_requester_rates_and_only_what_was_solved(desk: Client) -> None:
    customer = next(one for one in people(desk, "end-user") if one["verified"])
    made = desk.imports(requester_id=customer["id"], status="open")
    body = {"satisfaction_rating": {"score": "good", "comment": "thanks"}}
    path = f"tickets/{made['id']}/satisfaction_rating"
    desk.refused("POST", path, body, 403)  # an admin
    secret = desk.patch("sign_in", id=customer["id"])
    auth = (secret["email"], secret["password"])
    assert desk.http.post(f"/api/v2/{path}", json=body, auth=auth).status_code == 422
    desk.patch("edit_ticket", id=made["id"], fields={"status": "solved"})
    offered = {"satisfaction_rating": {"score": "offered"}}
    assert desk.http.post(f"/api/v2/{path}", json=offered, auth=auth).status_code == 422
    assert desk.http.post(f"/api/v2/{path}", json=body, auth=auth).status_code == 200
    assert desk.json(f"tickets/{made['id']}")["ticket"]["satisfaction_rating"]["score"] == "good"
    rows = desk.listed("satisfaction_ratings", "satisfaction_ratings")
    assert [row["comment"] for row in rows if row["ticket_id"] == made["id"]] == ["thanks"]
    assert desk.http.get("/api/v2/tickets", auth=auth).status_code == 403
