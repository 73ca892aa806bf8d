"""Edits during a scan, and recorded accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from deskferry.errors import CapabilityError, ConfigError
from deskferry.simulators import start
from deskferry.simulators.zendesk import load
from deskferry.simulators.zendesk.ids import iso
from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(40)


def exported_since(desk: Client, moment: float, path: str = "tickets/cursor", name: str = "tickets") -> list[Any]:
    desk.desk.clock.sleep(120)
    return desk.exported(path, name, start_time=int(moment), include="comment_events")


def test_an_edit_moves_the_stamp_and_writes_history(desk: Client) -> None:
    now = desk.desk.clock.now()
    before = desk.json("tickets/3/audits")["audits"]
    field = desk.json("tickets/3")["ticket"]["custom_fields"][0]["id"]
    fields = {"priority": "urgent", "subject": "New", "custom_fields": [{"id": field, "value": "A-1"}]}
    desk.patch("edit_ticket", id=3, fields=fields, touch_updated_at=True)
    ticket = desk.json("tickets/3")["ticket"]
    assert (ticket["priority"], ticket["subject"], ticket["raw_subject"]) == ("urgent", "New", "New")
    assert ticket["updated_at"] == iso(int(now))
    *old, new = desk.json("tickets/3/audits")["audits"]
    assert old == before
    assert {event["field_name"] for event in new["events"]} == {"priority", "subject", str(field)}
    assert [row["id"] for row in exported_since(desk, now)] == [3]
    assert [row["id"] for row in exported_since(desk, now, "ticket_events", "ticket_events")] == [new["id"]]


def test_a_system_edit_leaves_updated_at_alone(desk: Client) -> None:
    now, before = desk.desk.clock.now(), desk.json("tickets/3")["ticket"]
    desk.patch("edit_ticket", id=3, fields={"priority": "low"}, touch_updated_at=False)
    after = desk.json("tickets/3")["ticket"]
    assert after["updated_at"] == before["updated_at"]
    assert after["generated_timestamp"] == int(now)
    assert [row["id"] for row in exported_since(desk, now)] == [3]
    assert exported_since(desk, now, "ticket_events", "ticket_events") == []


def test_a_ticket_edited_during_the_scan_comes_back(desk: Client) -> None:
    page = desk.json("incremental/tickets/cursor", start_time=0, per_page=20)
    first = page["tickets"][0]["id"]
    desk.patch("edit_ticket", id=first, fields={"priority": "low"}, touch_updated_at=False)
    desk.desk.clock.sleep(120)
    rest = desk.exported("tickets/cursor", "tickets", cursor=page["after_cursor"])
    assert rest[-1]["id"] == first


def test_a_new_comment_is_everywhere_under_one_id(desk: Client) -> None:
    now = desk.desk.clock.now()
    made = desk.patch("add_comment", ticket=3, body="Hello\n\n<b>you</b>", public=False)
    comment = desk.json("tickets/3/comments")["comments"][-1]
    assert (comment["id"], comment["audit_id"], comment["public"]) == (made["id"], made["audit_id"], False)
    assert "&lt;b&gt;" in comment["html_body"]
    (row,) = exported_since(desk, now, "ticket_events", "ticket_events")
    assert (row["id"], row["child_events"][0]["id"]) == (made["audit_id"], made["id"])
    assert desk.json("tickets/3/comments/count")["count"]["value"] == len(desk.json("tickets/3/comments")["comments"])


def test_new_tickets_deletes_and_merges(desk: Client) -> None:
    now = desk.desk.clock.now()
    made = desk.patch("create_ticket", subject="S", body="B")["id"]
    assert made == 41
    assert desk.json(f"tickets/{made}/comments")["comments"][0]["body"] == "B"
    desk.patch("delete_ticket", id=3)
    desk.patch("merge_tickets", winner=4, losers=[6, 7])
    assert desk.get("tickets/3").status_code == 404
    assert 3 in {row["id"] for row in desk.json("deleted_tickets")["deleted_tickets"]}
    loser = desk.json("tickets/6")["ticket"]
    assert loser["status"] == "closed"
    assert "closed_by_merge" in loser["tags"]
    via = desk.json("tickets/6/audits")["audits"][-1]["via"]
    assert via["source"]["rel"] == "merge"
    assert [row["id"] for row in exported_since(desk, now)] == [3, 4, 6, 7, 41]
    with pytest.raises(ValueError, match="already"):
        desk.patch("delete_ticket", id=3)


def test_people_change(desk: Client) -> None:
    user = next(one for one in desk.listed("users", "users", role="end-user") if one["email"])
    now = desk.desk.clock.now()
    desk.patch("edit_user", id=user["id"], fields={"name": "New name", "email": "new@x.example"})
    identities = desk.json(f"users/{user['id']}/identities")["identities"]
    assert [one["value"] for one in identities if one["type"] == "email" and one["primary"]] == ["new@x.example"]
    desk.patch("delete_user", id=user["id"])
    assert user["id"] in {one["id"] for one in desk.listed("deleted_users", "deleted_users")}
    assert [one["id"] for one in exported_since(desk, now, "users/cursor", "users")] == [user["id"]]


def test_volatile_things_move_alone(desk: Client) -> None:
    def scrubbed(record: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in record.items()
            if name not in ("generated_timestamp", "last_login_at", "updated_at")
        }

    ticket, user = desk.json("tickets/3")["ticket"], desk.json("users/me")["user"]
    urls = desk.json("tickets/19/comments")["comments"][0]["attachments"]
    desk.patch("touch", kind="ticket", id=3)
    desk.patch("touch", kind="user", id=user["id"])
    desk.patch("touch", kind="attachments")
    assert scrubbed(desk.json("tickets/3")["ticket"]) == scrubbed(ticket)
    assert desk.json("tickets/3")["ticket"]["updated_at"] == ticket["updated_at"]
    assert desk.json("users/me")["user"] == {**user, "last_login_at": iso(int(desk.desk.clock.now()))}
    moved = desk.json("tickets/19/comments")["comments"][0]["attachments"]
    assert [one["id"] for one in moved] == [one["id"] for one in urls]
    assert moved[0]["content_url"] != urls[0]["content_url"]
    assert desk.get(moved[0]["content_url"]).content == desk.get(urls[0]["content_url"]).content


def test_a_dropped_comment_is_still_counted(desk: Client) -> None:
    comments = desk.json("tickets/17/comments", per_page=100)["comments"]
    desk.patch("drop_comment", id=comments[4]["id"])
    ids = [one["id"] for one in desk.listed("tickets/17/comments", "comments")]
    assert comments[4]["id"] not in ids
    assert desk.json("tickets/17/comments/count")["count"]["value"] == len(ids) + 1
    rows = desk.exported("ticket_events", "ticket_events", include="comment_events")
    assert comments[4]["id"] not in {child["id"] for row in rows for child in row["child_events"]}


def test_wrong_changes_are_named(desk: Client) -> None:
    with pytest.raises(ValueError, match="op is one of"):
        desk.patch("explode")
    with pytest.raises(ValueError, match="no ticket 999"):
        desk.patch("edit_ticket", id=999)


TICKET = {
    "url": "https://recorded.zendesk.com/api/v2/tickets/5.json",
    "id": 5,
    "subject": "Printer",
    "description": "It burns.\n\nHelp & hurry",
    "requester_id": 11,
    "submitter_id": 12,
    "status": "open",
    "is_public": False,
    "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
    "created_at": "2024-01-24T14:15:15Z",
    "updated_at": "2024-01-25T14:15:15Z",
    "generated_timestamp": 1706192120,
    "tags": ["a"],
    "unheard_of": {"kept": True},
}


@pytest.fixture
def recorded(tmp_path: Path) -> Client:
    users = [
        {"id": number, "name": str(number), "email": f"{number}@x.example", "role": role, "active": True,
         "updated_at": "2024-01-24T14:15:15Z", "moderator": role == "admin"}
        for number, role in ((11, "end-user"), (12, "admin"))
    ]  # fmt: skip
    metric = {"id": 9, "ticket_id": 5, "replies": 42}
    for name, rows in {"tickets": [TICKET], "users": users, "ticket_metrics": [metric]}.items():
        (tmp_path / f"{name}.ndjson").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    return Client(load(tmp_path, limits=False))


def test_recorded_tickets_are_served_verbatim(recorded: Client) -> None:
    assert recorded.exported("tickets/cursor", "tickets") == [TICKET]
    assert recorded.json("tickets/5")["ticket"] == TICKET
    assert recorded.json("tickets/5/metrics")["ticket_metric"]["replies"] == 42
    with_metrics = recorded.exported("tickets/cursor", "tickets", include="metric_sets")[0]
    assert with_metrics["metric_set"]["replies"] == 42


def test_the_opening_comment_comes_from_the_description(recorded: Client) -> None:
    (comment,) = recorded.json("tickets/5/comments")["comments"]
    assert comment["author_id"] == 12, "the submitter is the author of the first comment"
    assert (comment["body"], comment["public"]) == (TICKET["description"], False)
    assert comment["created_at"] == TICKET["created_at"]
    assert "Help &amp; hurry" in comment["html_body"]
    (row,) = recorded.exported("ticket_events", "ticket_events", include="comment_events")
    (audit,) = recorded.json("tickets/5/audits")["audits"]
    assert row["id"] == audit["id"] == comment["audit_id"]
    assert row["child_events"][0]["id"] == comment["id"]
    assert not [event for event in audit["events"] if event.get("field_name") == "status"], "no history is made up"


def test_streams_without_a_file_are_empty_and_named(recorded: Client) -> None:
    assert recorded.json("brands")["brands"] == []
    assert recorded.exported("organizations", "organizations") == []
    missing = set(recorded.desk.missing_streams)
    assert {"organizations", "brands", "comments"} <= missing
    assert not {"tickets", "users", "ticket_metrics"} & missing
    assert recorded.desk.credentials()["subdomain"] == "recorded"
    assert recorded.json("users/me")["user"]["id"] == 12


def test_recorded_comments_keep_their_ids(tmp_path: Path) -> None:
    comment = {"id": 77, "ticket_id": 5, "author_id": 11, "body": "x", "html_body": "<p>x</p>", "plain_body": "x",
               "public": True, "audit_id": 76, "created_at": "2024-01-24T14:15:15Z", "attachments": []}  # fmt: skip
    (tmp_path / "tickets.ndjson").write_bytes(orjson.dumps(TICKET))
    (tmp_path / "comments.ndjson").write_bytes(orjson.dumps(comment))
    desk = Client(load(tmp_path, limits=False))
    (row,) = desk.json("tickets/5/comments")["comments"]
    assert (row["id"], row["audit_id"], row["author_id"]) == (77, 76, 11)


def test_recordings_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no stream"):
        load(tmp_path)
    with pytest.raises(ConfigError, match="no directory"):
        load(tmp_path / "nowhere")


def test_start_by_vendor() -> None:
    desk = start.build("zendesk", tickets=5)
    assert desk.vendor == "zendesk"
    assert desk.credentials()["api_token"]
    assert len(desk.snapshot()["tickets"]) == 5
    with pytest.raises(ConfigError, match="zendesk, freshdesk"):
        start.build("pigeon_post")
    with pytest.raises(CapabilityError):
        start.build("freshdesk", data="somewhere")
