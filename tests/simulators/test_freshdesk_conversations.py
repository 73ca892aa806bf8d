"""Notes, replies, attachments and side effects of the Freshdesk simulator."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

import pytest

from tests.simulators.freshdesk_client import Client

QUIET = {"notifications": False, "automations": False}


@pytest.fixture
def desk() -> Client:
    return Client()


def test_a_note_is_private_unless_said_and_may_be_by_anybody(desk: Client) -> None:
    ticket = desk.ticket()
    agent = desk.ok("GET", "/agents")[0]
    assert desk.ok("POST", "/tickets/1/notes", {"body": "x"})["private"] is True
    by = {"body": "x", "private": False, "incoming": True, "user_id": ticket["requester_id"]}
    assert desk.ok("POST", "/tickets/1/notes", by)["user_id"] == ticket["requester_id"]
    assert desk.ok("POST", "/tickets/1/notes", {"body": "x", "user_id": agent["id"]})["user_id"] == agent["id"]
    assert desk.bad("POST", "/tickets/1/notes", {"body": "x", "user_id": 12}) == [("user_id", "invalid_value")]
    assert desk.bad("POST", "/tickets/1/notes", {"body": ""}) == [("body", "missing_field")]
    assert desk.bad("POST", "/tickets/1/notes", {"body": "x", "created_at": "2020-01-01"}) == [
        ("created_at", "invalid_field")
    ]
    assert desk.send("POST", "/tickets/9/notes", {"body": "x"}).status == 404


def test_conversations_come_oldest_first_and_a_view_has_ten(desk: Client) -> None:
    desk.ticket()
    for number in range(12):
        desk.ok("POST", "/tickets/1/notes", {"body": f"n{number}"})
    assert len(desk.ok("GET", "/tickets/1?include=conversations")["conversations"]) == 10
    texts = [row["body_text"] for row in desk.ok("GET", "/tickets/1/conversations?per_page=100")]
    assert texts == [f"n{number}" for number in range(12)]


def test_notes_and_replies_move_the_ticket_but_an_edit_does_not(desk: Client) -> None:
    created = desk.ticket()["updated_at"]
    desk.desk.clock.sleep(5)
    note = desk.ok("POST", "/tickets/1/notes", {"body": "x"})
    moved = desk.ok("GET", "/tickets/1")["updated_at"]
    assert moved > created
    desk.desk.clock.sleep(5)
    edited = desk.ok("PUT", f"/conversations/{note['id']}", {"body": "y"})
    assert edited["last_edited_at"] > moved
    assert desk.ok("GET", "/tickets/1")["updated_at"] == moved


def test_only_notes_can_be_edited(desk: Client) -> None:
    desk.ticket()
    reply = desk.ok("POST", "/tickets/1/reply", {"body": "x"})
    assert desk.send("PUT", f"/conversations/{reply['id']}", {"body": "y"}).status == 405
    desk.ok("DELETE", f"/conversations/{reply['id']}")
    assert desk.ok("GET", "/tickets/1/conversations") == []


@pytest.mark.parametrize(
    ("sent", "kept", "text"),
    [
        ("Just <3 text", "<div>Just &lt;3 text</div>", "Just <3 text"),
        ("<p>a<!-- mark:7 --></p>", "<p>a</p>", "a"),
        ("<p onclick='x' data-mark='7' class='c'>a</p>", '<p class="c">a</p>', "a"),
        ("<script>alert(1)</script><style>p{}</style><p>a</p>", "<p>a</p>", "a"),
        ("<blink>kept</blink><b>b</b>", "kept<b>b</b>", "keptb"),
        ('<p>i<img src="data:image/png;base64,AAAA"></p>', "<p>i</p>", "i"),
        ('<img src="https://x.example/a.png" alt="a">', '<img src="https://x.example/a.png" alt="a">', ""),
        ('<a href="javascript:x()">l</a>', "<a>l</a>", "l"),
        ("<p>one</p><p>two<br>three</p>", "<p>one</p><p>two<br>three</p>", "one two three"),
        ("Fish &amp; chips", "<div>Fish &amp; chips</div>", "Fish & chips"),
    ],
)
def test_bodies_are_cleaned_as_help_desks_do(desk: Client, sent: str, kept: str, text: str) -> None:
    desk.ticket()
    note = desk.ok("POST", "/tickets/1/notes", {"body": sent})
    assert (note["body"], note["body_text"]) == (kept, text)


def test_files_go_in_by_form_and_out_by_a_link_that_expires(desk: Client) -> None:
    data = bytes(range(256)) * 1000
    parts = [("subject", "S"), ("description", "D"), ("email", "k@c.example"), ("priority", "2"), ("status", "3")]
    parts += [("tags[]", "a"), ("tags[]", "b"), ("custom_fields[cf_seats]", "5"), ("custom_fields[cf_vip]", "true")]
    parts += [
        ("attachments[]", ("naïve file.bin", "application/octet-stream", data)),
        ("attachments[]", ("e.txt", "text/plain", b"")),
    ]
    ticket = desk.form("POST", "/tickets", parts)
    assert (ticket["tags"], ticket["priority"], ticket["custom_fields"]["cf_seats"]) == (["a", "b"], 2, 5)
    assert ticket["custom_fields"]["cf_vip"] is True
    first, second = ticket["attachments"]
    assert (first["name"], first["size"], second["size"]) == ("naïve file.bin", len(data), 0)
    url = urlsplit(first["attachment_url"])
    assert url.netloc == "acme.freshdesk.com"
    path = f"{url.path}?{url.query}"
    assert desk.send("GET", path, authorization="").body == data
    assert desk.send("GET", path).status == 400, "a signed link refuses further credentials"
    assert desk.send("GET", path.replace("Signature=", "Signature=0"), authorization="").status == 403
    desk.desk.clock.sleep(301)
    assert desk.send("GET", path, authorization="").status == 403
    fresh = urlsplit(desk.ok("GET", "/tickets/1")["attachments"][0]["attachment_url"])
    assert desk.send("GET", f"{fresh.path}?{fresh.query}", authorization="").body == data
    sums = [item["sha256"] for item in desk.desk.snapshot()["tickets"][0]["attachments"]]
    assert sums[0] == hashlib.sha256(data).hexdigest()


def test_files_of_one_call_may_not_be_too_large_together(desk: Client) -> None:
    desk.ticket()
    desk.desk.patch({"op": "settings", "max_attachment_bytes": 1048576})
    half = ("a.bin", "application/octet-stream", b"x" * 600_000)
    parts = [("body", "x"), ("attachments[]", half), ("attachments[]", half)]
    desk.form("POST", "/tickets/1/notes", parts, 400)
    assert b"invalid_size" in desk.last.body
    assert desk.ok("GET", "/tickets/1/conversations") == []
    desk.form("POST", "/tickets/1/notes", parts[:2])


def test_a_corrupted_attachment_changes_only_its_bytes(desk: Client) -> None:
    desk.ticket()
    note = desk.form("POST", "/tickets/1/notes", [("body", "x"), ("attachments[]", ("a.txt", "text/plain", b"abc"))])
    before = desk.desk.snapshot()
    desk.desk.patch({"op": "corrupt_attachment", "id": note["attachments"][0]["id"]})
    after = desk.desk.snapshot()
    assert before["attachments"][0].pop("sha256") != after["attachments"][0].pop("sha256")
    assert before["attachments"] == after["attachments"]
    assert before["tickets"] == after["tickets"]


def test_an_inline_image_is_served_by_its_token(desk: Client) -> None:
    data = base64.b64encode(b"PNG!").decode()
    made = desk.desk.patch({"op": "add_inline_image", "name": "i.png", "content_type": "image/png", "data": data})
    url = urlsplit(made["url"])
    assert desk.send("GET", f"{url.path}?{url.query}", authorization="").body == b"PNG!"
    assert desk.send("GET", "/inline/attachment?token=bm8=", authorization="").status == 404


def test_a_new_ticket_tells_everybody(desk: Client) -> None:
    group = desk.ok("GET", "/groups")[0]
    agent = desk.ok("GET", "/agents")[0]
    desk.desk.mailbox.clear()
    desk.ticket(group_id=group["id"], responder_id=agent["id"], status=4)
    kinds = set(desk.kinds())
    assert kinds == {
        *("new_ticket_requester", "new_ticket_agent", "agent_assigned", "group_assigned"),
        *("ticket_resolved", "survey", "automation"),
    }
    requester = [mail for mail in desk.desk.mailbox if mail.kind == "new_ticket_requester"]
    assert [(mail.to, mail.subject, mail.ticket_id) for mail in requester] == [("kim@customer.example", "Broken", 1)]


@pytest.mark.parametrize(
    ("method", "url", "body", "wanted"),
    [
        ("POST", "/tickets/1/notes", {"body": "x"}, []),
        ("POST", "/tickets/1/notes", {"body": "x", "private": False}, ["public_note_requester"]),
        ("POST", "/tickets/1/notes", {"body": "x", "private": False, "incoming": True}, ["requester_reply_agent"]),
        ("POST", "/tickets/1/notes", {"body": "x", "notify_emails": ["a@acme.example"]}, ["notify_emails"]),
        ("POST", "/tickets/1/reply", {"body": "x"}, ["reply"]),
        ("POST", "/tickets/1/forward", {"body": "x", "to_emails": ["p@partner.example"]}, ["forward"]),
        ("PUT", "/tickets/1", {"status": 4}, ["ticket_resolved", "survey", "automation"]),
        ("PUT", "/tickets/1", {"status": 5}, ["ticket_closed", "survey", "automation"]),
        ("PUT", "/tickets/1", {"priority": 3}, ["automation"]),
        ("PUT", "/tickets/1", {"subject": "Other"}, []),
    ],
)
def test_each_call_has_its_effects(desk: Client, method: str, url: str, body: object, wanted: object) -> None:
    desk.ticket()
    desk.desk.mailbox.clear()
    desk.ok(method, url, body)
    assert desk.kinds() == wanted


def test_with_everything_off_only_what_the_call_itself_sends_goes_out() -> None:
    desk = Client(**QUIET)
    desk.ticket(status=4)
    desk.ok("POST", "/tickets/1/notes", {"body": "x", "private": False, "incoming": True})
    desk.ok("PUT", "/tickets/1", {"status": 5})
    assert desk.kinds() == []
    assert desk.ok("GET", "/tickets/1")["status"] == 5
    desk.ok("POST", "/tickets/1/reply", {"body": "x"})
    desk.ok("POST", "/tickets/1/notes", {"body": "x", "notify_emails": ["a@acme.example"]})
    assert desk.kinds() == ["reply", "notify_emails"]
    desk.desk.patch({"op": "settings", "automations": True})
    desk.ok("PUT", "/tickets/1", {"status": 2})
    assert desk.kinds() == ["reply", "notify_emails", "automation"]


def test_a_customers_word_reopens_a_finished_ticket(desk: Client) -> None:
    desk.ticket(status=5)
    incoming = {"body": "x", "private": False, "incoming": True}
    desk.ok("POST", "/tickets/1/notes", {**incoming, "private": True})
    assert desk.ok("GET", "/tickets/1")["status"] == 5
    desk.ok("POST", "/tickets/1/notes", incoming)
    assert desk.ok("GET", "/tickets/1")["status"] == 2
    assert desk.kinds()[-1] == "automation"
    assert desk.desk.mailbox[-1].subject == "Reopen on customer response"


def test_creating_a_contact_sends_nothing_and_an_invitation_does(desk: Client) -> None:
    kim = desk.contact()
    assert desk.kinds() == []
    desk.ok("PUT", f"/contacts/{kim['id']}/send_invite", status=204)
    assert desk.kinds() == ["activation"]


def test_silent_corruption_leaves_no_trace_in_the_times(desk: Client) -> None:
    desk.ticket()
    note = desk.ok("POST", "/tickets/1/notes", {"body": "x"})
    before = desk.ok("GET", "/tickets/1")
    desk.desk.clock.sleep(60)
    desk.desk.patch({"op": "edit_conversation", "id": note["id"], "fields": {"private": False, "body": "<p>z</p>"}})
    desk.desk.patch({"op": "edit_ticket", "id": 1, "fields": {"subject": "Other", "custom_fields": {"cf_vip": True}}})
    after = desk.ok("GET", "/tickets/1")
    assert after["updated_at"] == before["updated_at"]
    assert (after["subject"], after["custom_fields"]["cf_vip"]) == ("Other", True)
    found = desk.ok("GET", "/tickets/1/conversations")[0]
    assert (found["private"], found["body"], found["updated_at"]) == (False, "<p>z</p>", note["updated_at"])
