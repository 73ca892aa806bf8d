"""The ready layouts on exports as Zendesk writes them."""

from __future__ import annotations

from pathlib import Path

import orjson
from folder import Folder

CSV = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,"
    "Assignee,Group,Subject,Tags,Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,"
    "Due date,Initially assigned at,Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,"
    "Reopens,Replies,First reply time in minutes,First reply time in minutes within business hours,"
    "Full resolution time in minutes,Plan [list]\n"
    "1,42,Ann,7,,Ann@x.org,x.org,Ann,Bob,Support,Hello,vip eu vip,On-hold,High,Mail,Incident,2024-01-01 10:00:00,"
    "2024-01-02 10:00:00,2024-01-01 10:05:00,Acme,,2024-01-01 10:05:00,,,Offered,1,1,0,2,12,5,,gold\n"
    "1,43,Ann,7,,ann@x.org,x.org,Ann,-,-,Bye,,Closed,-,Carrier pigeon,-,2024-01-03 10:00,2024-01-03 10:00,,-,"
    "2024-01-05,,2024-01-04 09:00:00,23,Good,0,0,1,0,-,-,90,-\n"
)
TICKET = {
    "id": 42, "url": "https://x.zendesk.com/api/v2/tickets/42.json", "subject": "Hello", "description": "Hi",
    "status": "hold", "priority": "high", "type": "incident", "via": {"channel": "email", "source": {}},
    "created_at": "2024-01-01T10:00:00Z", "updated_at": "2024-01-02T10:00:00Z", "requester_id": 7, "submitter_id": 7,
    "assignee_id": 8, "group_id": 5, "organization_id": 3, "brand_id": 1, "problem_id": 41, "tags": ["vip", "a/b"],
    "follower_ids": [8], "email_cc_ids": [9], "custom_fields": [{"id": 360, "value": "gold"}],
    "metric_set": {"solved_at": None, "reopens": 0},
    "comments": [
        {
            "id": 100, "author_id": 7, "body": "Hi", "html_body": "<p>Hi</p>", "public": True,
            "created_at": "2024-01-01T10:00:00Z", "via": {"channel": "email"},
            "attachments": [{
                "id": 900, "file_name": "a.png", "content_type": "image/png", "size": 3, "inline": False,
                "content_url": "https://x.zendesk.com/attachments/token/abc/?name=a.png",
            }],
        },
        {"id": 101, "author_id": 8, "body": "note", "public": False, "created_at": "2024-01-01T11:00:00Z"},
    ],
}  # fmt: skip
USER = {
    "id": 7,
    "name": "Ann",
    "email": "Ann@x.org",
    "role": "end-user",
    "active": True,
    "tags": ["x"],
    "shared": False,
}
AGENT = {"id": 8, "name": "Bob", "email": "bob@y.org", "role": "agent", "active": True, "user_fields": {"a": 1}}
ORGANIZATION = {"id": 3, "name": "Acme", "domain_names": ["x.org"], "tags": []}


def test_the_csv_export(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, ready="zendesk-csv")
    folder.write("export.csv", CSV)
    result = folder.pull()
    assert folder.rejects() == []
    assert folder.rows(
        "ticket", "id", "status", "priority", "channel", "requester_id", "team_id", "organization_id"
    ) == [
        ("f:ticket:42", "on_hold", "high", "email", "f:user:7", "f:group:support", "f:organization:acme"),
        ("f:ticket:43", "closed", None, "other", "f:user:7", None, None),
    ]
    assert folder.rows("person", "id", "email", "role") == [("f:user:7", "ann@x.org", "end_user")]
    assert [row[0] for row in folder.rows("tagging", "id")] == ["f:ticket:42/tag/eu", "f:ticket:42/tag/vip"]
    metrics = folder.rows("vendor_metric", "ticket_id", "name", "value")
    assert ("f:ticket:42", "reply_time_in_minutes.calendar", 12.0) in metrics
    assert ("f:ticket:43", "full_resolution_time_in_minutes.calendar", 90.0) in metrics
    assert ("f:ticket:43", "reopens", 1.0) in metrics
    unknown = [path for path, what, _why, _count in result.coverage["ticket"] if what == "unknown"]
    assert unknown == ["Plan [list]"]


def test_the_json_export(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, ready="zendesk-json")
    folder.write("tickets.json", orjson.dumps(TICKET) + b"\n")
    folder.write("users.json", orjson.dumps(USER) + b"\n" + orjson.dumps(AGENT) + b"\n")
    folder.write("organizations.json", orjson.dumps(ORGANIZATION) + b"\n")
    result = folder.pull()
    assert folder.rejects() == []
    assert folder.rows("ticket", "id", "status", "channel", "assignee_id", "custom_fields") == [
        ("f:ticket:42", "on_hold", "email", "f:user:8", {"360": "gold"})
    ]
    assert folder.rows("message", "id", "ticket_id", "author_id", "author_kind", "is_public", "is_opening", "seq") == [
        ("f:comment:100", "f:ticket:42", "f:user:7", "end_user", True, True, 1),
        ("f:comment:101", "f:ticket:42", "f:user:8", "agent", False, False, 2),
    ]
    assert folder.rows("attachment", "id", "message_id", "fetch_state") == [
        ("f:attachment:900", "f:comment:100", "missing")
    ]
    assert [row[0] for row in folder.rows("tagging", "tag")] == ["a/b", "vip", "x"]
    assert folder.rows("ticket_follower", "person_id", "kind") == [("f:user:9", "cc"), ("f:user:8", "follower")]
    assert folder.rows("ticket_link", "other_ticket_id", "kind") == [("f:ticket:41", "problem")]
    assert folder.rows("person", "id", "role") == [("f:user:7", "end_user"), ("f:user:8", "agent")]
    assert folder.rows("organization", "id", "domains") == [("f:organization:3", ["x.org"])]
    assert result.files["missing"] == 1


def test_a_json_export_of_tickets_alone_is_enough(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, ready="zendesk-json")
    folder.write("tickets.json", orjson.dumps(TICKET) + b"\n")
    assert len(folder.pull().notes) == 2
