"""Conversations and threads of the Help Scout simulator: writing, its side effects, what cannot be written."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from tests.simulators.help_scout_client import START, Client

KIM = {"email": "kim@customer.example"}
AT = "2021-03-04T05:06:07Z"
FILE = {"fileName": "größe.txt", "mimeType": "text/plain", "data": base64.b64encode(b"abc").decode()}


@pytest.fixture
def desk() -> Client:
    return Client(workflows=False)


def threads(desk: Client, number: int) -> list[Any]:
    """Return the threads of a conversation, oldest first."""
    return list(desk.pages(f"/conversations/{number}/threads", "threads"))[::-1]


def test_what_is_made_answers_with_a_header_and_no_body(desk: Client) -> None:
    number = desk.conversation()
    assert desk.last.body == b""
    assert desk.last.headers["Location"].endswith(f"/v2/conversations/{number}")
    row = desk.get(f"/conversations/{number}")
    assert (row["id"], row["number"], row["status"], row["threads"]) == (number, 1, "active", 1)
    assert number > 2**31
    assert desk.send("GET", f"/conversations/{row['number']}").status == 404


def test_an_unknown_address_makes_a_customer_and_a_known_one_is_that_customer(desk: Client) -> None:
    first = desk.get(f"/conversations/{desk.conversation()}")["primaryCustomer"]
    assert (first["type"], first["first"], first["email"]) == ("customer", "Kim", KIM["email"])
    again = {"email": "KIM@customer.example", "firstName": "Other"}
    second = desk.get(f"/conversations/{desk.conversation(customer=again)}")["primaryCustomer"]
    assert second == first


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"subject": ""}, "subject"),
        ({"type": "fax"}, "type"),
        ({"status": "spam"}, "status"),
        ({"status": "open"}, "status"),
        ({"mailboxId": 1}, "mailboxId"),
        ({"threads": []}, "threads"),
        ({"threads": [{"type": "lineitem", "text": "x"}]}, "threads[0].type"),
        ({"threads": [{"type": "customer", "text": "x"}]}, "customer"),
        ({"threads": [{"type": "note", "text": "x"}] * 101}, "threads"),
        ({"customer": {"email": "nobody"}}, "customer.email"),
        ({"customer": {"id": 1}}, "customer.id"),
        ({"assignTo": 1}, "assignTo"),
        ({"createdAt": "2021-03-04T05:06:07.000Z"}, "createdAt"),
        ({"imported": False, "createdAt": AT}, "createdAt"),
        ({"fields": [{"id": 1, "value": "x"}]}, "fields[0].id"),
    ],
)
def test_a_conversation_that_cannot_be_made(desk: Client, change: dict[str, Any], path: str) -> None:
    thread = {"type": "customer", "customer": KIM, "text": "x"}
    body: dict[str, Any] = {"subject": "S", "mailboxId": desk.inbox(), "type": "email", "status": "active"}
    body |= {"customer": KIM, "threads": [thread], "imported": True, **change}
    assert desk.bad("POST", "/conversations", body) == [path]
    assert desk.get("/conversations", status="all")["page"]["totalElements"] == 0


def test_an_import_keeps_its_times_and_tells_nobody(desk: Client) -> None:
    later = "2021-03-05T00:00:00Z"
    reply = {"type": "reply", "customer": KIM, "text": "A", "imported": True, "createdAt": later}
    first = {"type": "customer", "customer": KIM, "text": "Q", "imported": True, "createdAt": AT}
    number = desk.conversation(
        createdAt=AT, closedAt=later, status="closed", assignTo=None, tags=["A b", "c"], threads=[first, reply]
    )
    row = desk.get(f"/conversations/{number}")
    assert (row["createdAt"], row["closedAt"]) == (AT, later)
    assert "assignee" not in row
    assert [tag["tag"] for tag in row["tags"]] == ["a b", "c"]
    assert [thread["createdAt"] for thread in threads(desk, number)] == [AT, later]
    assert desk.desk.mailbox == []
    # The internal time of change is that of the call.
    assert desk.get("/conversations", status="all", modifiedSince="2025-06-15T00:00:00Z")["page"]["totalElements"] == 1


def test_without_the_word_import_mails_go_out(desk: Client) -> None:
    question = {"type": "customer", "customer": KIM, "text": "Q"}
    number = desk.conversation(imported=False, autoReply=True, threads=[question])
    assert desk.kinds() == ["new_conversation_notification", "auto_reply"]
    assert desk.get(f"/conversations/{number}")["assignee"]["id"] == desk.get("/users/me")["id"]
    desk.desk.mailbox.clear()
    desk.new(f"/conversations/{number}/reply", {"customer": KIM, "text": "A", "cc": ["boss@x.example"]})
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [
        ("reply", "kim@customer.example"),
        ("reply", "boss@x.example"),
    ]
    desk.new(f"/conversations/{number}/notes", {"text": "N"})
    desk.new(f"/conversations/{number}/customer", {"customer": KIM, "text": "Q2"})
    assert desk.kinds()[2:] == ["note_notification", "customer_reply_notification"]
    desk.desk.patch({"op": "settings", "notifications": False})
    desk.desk.mailbox.clear()
    desk.new(f"/conversations/{number}/reply", {"customer": KIM, "text": "A"})
    assert desk.kinds() == []


def test_webhooks_hear_of_imports_too(desk: Client) -> None:
    hook = {"url": "https://hook.example", "events": ["convo.created"], "secret": "s"}
    desk.new("/webhooks", hook)
    desk.conversation()
    assert [(mail.kind, mail.to) for mail in desk.desk.mailbox] == [("webhook convo.created", "https://hook.example")]
    assert desk.bad("POST", "/webhooks", {**hook, "events": ["convo.nothing"]}) == ["events"]
    assert desk.bad("POST", "/webhooks", {**hook, "secret": "s" * 41}) == ["secret"]


def test_workflows_run_on_imports_too() -> None:
    desk = Client()
    row = desk.get(f"/conversations/{desk.conversation()}", embed="threads")
    assert [tag["tag"] for tag in row["tags"]] == ["auto-tagged"]
    assert row["_embedded"]["threads"][0]["action"]["type"] == "automatic-workflow"
    assert row["threads"] == 1


@pytest.mark.parametrize(
    ("path", "kind", "who"),
    [("reply", "message", "user"), ("notes", "note", "user"), ("customer", "customer", "customer"),
     ("phones", "phone", "user"), ("chats", "chat", "customer")],
)  # fmt: skip
def test_every_kind_of_thread_has_a_path_of_its_own(desk: Client, path: str, kind: str, who: str) -> None:
    number = desk.conversation()
    body = {"text": "<b>T</b> 👋", "customer": KIM, "imported": True, "createdAt": AT, "attachments": [FILE]}
    thread_id = desk.new(f"/conversations/{number}/{path}", body)
    made = next(one for one in threads(desk, number) if one["id"] == thread_id)
    assert (made["type"], made["body"], made["createdAt"]) == (kind, "<b>T</b> 👋", AT)
    assert (made["createdBy"]["type"], made["source"]) == (who, {"type": "api", "via": who})
    assert "text" not in made
    item = made["_embedded"]["attachments"][0]
    assert (item["filename"], item["mimeType"], item["size"], item["state"]) == ("größe.txt", "text/plain", 3, "valid")
    assert desk.desk.mailbox == []
    assert desk.bad("POST", f"/conversations/{number}/{path}", {**body, "imported": False}) == ["createdAt"]


def test_replies_and_notes_make_a_conversation_active_again_unless_they_say_otherwise(desk: Client) -> None:
    number = desk.conversation(status="closed")

    def after(path: str, **more: Any) -> str:
        desk.new(f"/conversations/{number}/{path}", {"text": "T", "customer": KIM, "imported": True, **more})
        return str(desk.get(f"/conversations/{number}")["status"])

    assert after("customer") == "closed"
    assert after("phones") == "closed"
    assert after("reply", status="closed") == "closed"
    assert after("reply") == "active"
    assert after("notes", status="closed") == "closed"
    assert after("notes") == "active"
    assert after("notes", status="pending") == "pending"
    assert after("customer", imported=False) == "active"
    assert threads(desk, number)[-1]["status"] == "active"
    assert threads(desk, number)[0]["status"] == "closed"
    assert {one["status"] for one in threads(desk, number)[1:4]} == {"nochange"}


def test_a_hundred_threads_are_the_most_that_can_be_written(desk: Client) -> None:
    thread = {"type": "note", "text": "N", "imported": True}
    first = {"type": "customer", "customer": KIM, "text": "Q", "imported": True}
    number = desk.conversation(threads=[first, *[thread] * 99])
    assert desk.get(f"/conversations/{number}")["threads"] == 100
    assert desk.send("POST", f"/conversations/{number}/notes", {"text": "N"}).status == 412


def test_one_operation_at_a_time(desk: Client) -> None:
    number = desk.conversation(assignTo=None)
    url = f"/conversations/{number}"

    def patched(op: str, path: str, value: Any = None) -> Any:
        desk.desk.clock.sleep(60)
        desk.ok("PATCH", url, {"op": op, "path": path, "value": value})
        return desk.get(url)

    assert desk.send("PATCH", url, [{"op": "replace", "path": "/subject", "value": "No"}]).status == 400
    assert patched("replace", "/subject", "New")["subject"] == "New"
    closed = patched("replace", "/status", "closed")
    me = desk.get("/users/me")["id"]
    assert (closed["status"], closed["closedBy"], closed["closedByUser"]["id"]) == ("closed", me, me)
    assert closed["userUpdatedAt"] == closed["closedAt"]
    assert patched("replace", "/assignTo", me)["assignee"]["id"] == me
    assert patched("replace", "/status", "closed")["status"] == "closed"
    reopened = patched("remove", "/assignTo")
    assert (reopened["status"], "assignee" in reopened) == ("active", False)
    assert patched("replace", "/status", "spam")["status"] == "spam"
    other = list(desk.desk.account.tables["mailboxes"])[1]
    assert patched("move", "/mailboxId", other)["mailboxId"] == other
    customer = desk.new("/customers", {"firstName": "Zoë", "emails": [{"type": "work", "value": "z@z.example"}]})
    assert patched("replace", "/primaryCustomer.id", customer)["primaryCustomer"]["id"] == customer
    lines = [one["action"]["type"] for one in threads(desk, number) if one["type"] == "lineitem"]
    assert lines == ["default"] * 4 + ["movedFromMailbox", "changedTicketCustomer"]
    assert desk.bad("PATCH", url, {"op": "replace", "path": "/nothing", "value": 1}) == ["path"]


def test_drafts_are_seen_and_not_counted(desk: Client) -> None:
    draft = {"type": "reply", "customer": KIM, "text": "D", "draft": True}
    number = desk.conversation(imported=False, threads=[draft])
    row = desk.get(f"/conversations/{number}")
    assert (row["state"], row["threads"], row["preview"]) == ("draft", 0, "")
    assert [one["state"] for one in threads(desk, number)] == ["draft"]
    assert "reply" not in desk.kinds()
    desk.ok("PATCH", f"/conversations/{number}", {"op": "replace", "path": "/draft", "value": False})
    assert desk.get(f"/conversations/{number}")["threads"] == 1
    assert "reply" in desk.kinds()


def test_tags_and_fields_are_whole_sets_and_move_no_users_time(desk: Client) -> None:
    number = desk.conversation()
    before = desk.get(f"/conversations/{number}")["userUpdatedAt"]
    order, product = desk.get(f"/mailboxes/{desk.inbox()}/fields")["_embedded"]["fields"]
    option = product["options"][1]
    desk.desk.clock.sleep(3600)
    values = [{"id": order["id"], "value": "A-1"}, {"id": product["id"], "value": str(option["id"])}]
    desk.ok("PUT", f"/conversations/{number}/fields", {"fields": values})
    shown = desk.get(f"/conversations/{number}")["customFields"]
    assert [(one["value"], one["text"]) for one in shown] == [("A-1", "A-1"), (str(option["id"]), option["label"])]
    desk.ok("PUT", f"/conversations/{number}/fields", {"fields": values[:1]})
    assert len(desk.get(f"/conversations/{number}")["customFields"]) == 1
    wrong = [{"id": product["id"], "value": option["label"]}]
    assert desk.bad("PUT", f"/conversations/{number}/fields", {"fields": wrong}) == ["fields[0].value"]
    desk.ok("PUT", f"/conversations/{number}/tags", {"tags": ["x", "y"]})
    desk.ok("PUT", f"/conversations/{number}/tags", {"tags": ["Y", "y"]})
    row = desk.get(f"/conversations/{number}")
    assert [tag["tag"] for tag in row["tags"]] == ["y"]
    assert row["userUpdatedAt"] == before
    assert desk.get("/conversations", modifiedSince="2025-06-15T16:00:00Z")["page"]["totalElements"] == 1
    names = {tag["name"]: tag["ticketCount"] for tag in desk.get("/tags")["_embedded"]["tags"]}
    assert names == {"x": 0, "y": 1}


def test_the_time_of_the_user_and_of_the_customer_who_waits(desk: Client) -> None:
    number = desk.conversation()
    desk.desk.clock.sleep(7200)
    desk.desk.patch({"op": "customer_reply", "id": number, "body": "And?"})
    row = desk.get(f"/conversations/{number}")
    assert row["userUpdatedAt"] == row["customerWaitingSince"]["time"] == "2025-06-15T17:06:40Z"
    assert row["customerWaitingSince"]["latestReplyFrom"] == "customer"
    desk.desk.clock.sleep(3600)
    assert desk.get(f"/conversations/{number}")["customerWaitingSince"]["friendly"] == "1 hour ago"
    desk.new(f"/conversations/{number}/reply", {"customer": KIM, "text": "A"})
    assert desk.get(f"/conversations/{number}")["customerWaitingSince"] == {}


def test_deleted_and_merged_conversations(desk: Client) -> None:
    loser, winner, gone = (desk.conversation() for _ in range(3))
    desk.ok("DELETE", f"/conversations/{gone}")
    assert desk.send("GET", f"/conversations/{gone}").status == 404
    desk.desk.patch({"op": "merge", "loser": loser, "winner": winner})
    assert {row["id"] for row in desk.pages("/conversations", "conversations", status="all")} == {winner}
    for tail in ("", "/threads"):
        answer = desk.send("GET", f"/conversations/{loser}{tail}")
        assert (answer.status, answer.headers["Location"][-len(tail) - 10 :]) == (301, f"{winner}{tail}")
    assert desk.send("POST", f"/conversations/{loser}/notes", {"text": "x"}).status == 404
    row = desk.get(f"/conversations/{winner}", embed="threads")
    assert row["threads"] == 2
    action = row["_embedded"]["threads"][0]["action"]
    assert (action["type"], action["associatedEntities"]) == ("merged", {"originalConversation": loser})
    desk.desk.clock.sleep(59 * 86_400)
    desk = Client(desk.desk)
    assert desk.send("GET", f"/conversations/{loser}").status == 301
    desk.desk.clock.sleep(2 * 86_400)
    assert Client(desk.desk).send("GET", f"/conversations/{loser}").status == 404


def test_threads_are_listed_newest_first_in_pages(desk: Client) -> None:
    number = desk.conversation()
    for _ in range(29):
        desk.desk.clock.sleep(1)
        desk.new(f"/conversations/{number}/notes", {"text": "N", "imported": True})
    page = desk.get(f"/conversations/{number}/threads")
    assert (page["page"]["size"], page["page"]["totalPages"], page["page"]["totalElements"]) == (25, 2, 30)
    times = [one["createdAt"] for one in page["_embedded"]["threads"]]
    assert times == sorted(times, reverse=True)


def test_a_thread_can_be_edited_and_hidden_and_has_no_time_of_change(desk: Client) -> None:
    number = desk.conversation()
    thread_id = desk.new(f"/conversations/{number}/notes", {"text": "N", "imported": True})
    url = f"/conversations/{number}/threads/{thread_id}"
    desk.ok("PATCH", url, {"op": "replace", "path": "/text", "value": "Other"})
    desk.ok("PATCH", url, {"op": "replace", "path": "/hidden", "value": True})
    made = next(one for one in threads(desk, number) if one["id"] == thread_id)
    assert (made["body"], made["state"], "updatedAt" in made) == ("Other", "hidden", False)
    assert desk.get(f"/conversations/{number}")["threads"] == 1
    assert desk.bad("PATCH", url, {"op": "replace", "path": "/type", "value": "x"}) == ["path"]


def test_snoozing_and_scheduling(desk: Client) -> None:
    number = desk.conversation()
    url = f"/conversations/{number}/snooze"
    assert desk.bad("PUT", url, {"snoozedUntil": "2025-01-01T00:00:00Z"}) == ["snoozedUntil"]
    desk.ok("PUT", url, {"snoozedUntil": "2025-07-01T00:00:00Z", "unsnoozeOnCustomerReply": True})
    assert desk.get(f"/conversations/{number}")["nextEvent"]["eventType"] == "snooze"
    desk.new(f"/conversations/{number}/customer", {"text": "!", "customer": KIM})
    assert "snooze" not in desk.get(f"/conversations/{number}")
    draft = desk.new(f"/conversations/{number}/reply", {"text": "!", "customer": KIM, "draft": True})
    later = {"scheduledFor": "2025-07-01T00:00:00Z", "unscheduleOnCustomerReply": True}
    desk.ok("PUT", f"/conversations/{number}/threads/{draft}/schedule", later)
    made = next(one for one in threads(desk, number) if one["id"] == draft)
    assert made["scheduled"]["scheduledFor"] == later["scheduledFor"]


def test_the_original_of_a_mail(desk: Client) -> None:
    number = desk.conversation()
    thread_id = desk.desk.patch({"op": "customer_reply", "id": number, "body": "<p>Hé</p>"})
    url = f"/conversations/{number}/threads/{thread_id}/original-source"
    text = desk.get(url)["original"]
    assert "From: kim@customer.example" in text
    raw = desk.send("GET", url, accept="message/rfc822")
    assert (raw.headers["Content-Type"], raw.body.decode()) == ("message/rfc822", text)
    first = threads(desk, number)[0]["id"]
    assert desk.send("GET", f"/conversations/{number}/threads/{first}/original-source").status == 404


def test_files_come_as_json_raw_or_from_elsewhere() -> None:
    desk = Client(redirect_above=10)
    number = desk.conversation()
    thread_id = desk.new(f"/conversations/{number}/notes", {"text": "N", "attachments": [FILE]})
    base = f"/conversations/{number}/attachments"
    small = desk.get(f"/conversations/{number}/threads")["_embedded"]["threads"][0]["_embedded"]["attachments"][0]
    assert desk.get(f"{base}/{small['id']}/data") == {"data": FILE["data"]}
    assert desk.send("GET", f"{base}/{small['id']}/file").body == b"abc"
    large = {**FILE, "data": base64.b64encode(b"x" * 20).decode()}
    row_id = desk.new(f"/conversations/{number}/threads/{thread_id}/attachments", large)
    moved = desk.send("GET", f"{base}/{row_id}/file")
    assert moved.status == 302
    path = "/" + moved.headers["Location"].split("/", 3)[3]
    assert desk.send("GET", path).status == 400
    assert desk.send("GET", path, authorization="").body == b"x" * 20
    assert desk.send("GET", path.replace(f"{row_id}-", f"{row_id}-0"), authorization="").status == 403
    assert desk.send("GET", f"/conversations/{number + 1}/attachments/{row_id}/data").status == 404
    bad = {**FILE, "data": "%%%"}
    assert desk.bad("POST", f"/conversations/{number}/threads/{thread_id}/attachments", bad) == ["data"]
    desk.ok("DELETE", f"{base}/{row_id}")
    assert desk.send("GET", f"{base}/{row_id}/data").status == 404


def test_a_file_that_malware_scanning_rejects_is_not_there_any_more(desk: Client) -> None:
    number = desk.conversation()
    thread_id = desk.new(f"/conversations/{number}/notes", {"text": "N", "attachments": [FILE]})
    item = threads(desk, number)[-1]["_embedded"]["attachments"][0]
    desk.desk.patch({"op": "edit_attachment", "id": item["id"], "fields": {"state": "rejected"}})
    assert desk.send("GET", f"/conversations/{number}/attachments/{item['id']}/data").status == 404
    made = next(one for one in threads(desk, number) if one["id"] == thread_id)
    assert made["_embedded"]["attachments"][0]["state"] == "rejected"


def test_the_third_version_tells_who_is_no_human(desk: Client) -> None:
    number = desk.conversation()
    ai = {"id": 999, "type": "system_user", "firstName": "AI", "lastName": "Answers", "email": ""}
    desk.desk.account.gone_users[999] = ai
    thread_id = desk.desk.patch({"op": "add_thread", "id": number, "body": "Beep"})
    desk.desk.patch({"op": "edit_thread", "id": thread_id, "fields": {"_creator": ("user", 999)}})
    kinds = []
    for version in ("v2", "v3"):
        page = orjson.loads(desk.send("GET", f"/{version}/conversations/{number}/threads").body)
        kinds.append(page["_embedded"]["threads"][0]["createdBy"]["type"])
    assert kinds == ["user", "system_user"]
    assert desk.send("GET", "/users/999").status == 404


def test_two_desks_with_the_same_history_are_equal() -> None:
    pictures = []
    for _ in range(2):
        desk = Client(seed=3)
        number = desk.conversation(tags=["a"])
        desk.new(f"/conversations/{number}/notes", {"text": "N", "attachments": [FILE]})
        pictures.append(desk.desk.snapshot())
    assert pictures[0] == pictures[1]
    assert pictures[0]["threads"][-1]["body"] == "N"
    assert desk.desk.clock.now() == START
