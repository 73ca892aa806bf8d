"""An update empties what an earlier call filled, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deskferry.connectors.freshdesk.amend import amend
from deskferry.connectors.kit.contract import Earlier, FilePart, Operation, Ref

TICKET = Operation("old:ticket:1", "", "ticket", "create", "ticket.create", "ticket", {"subject": "S"}, mark="m")
CONTACT = replace(
    TICKET, record_id="old:user:1", kind="person", call="contact.create", object="user", mark="old:user:1"
)
NOTE = replace(
    TICKET, part="old:comment:1", kind="message", call="note.create", body={"body": "x", "private": True}, mark="c"
)


def emptied(draft: Operation, before: dict[str, Any], **now: Any) -> Any:
    draft = replace(draft, body={**draft.body, **now})
    return amend(replace(draft, action="update"), draft, Earlier(before))[0].body


def test_what_an_earlier_call_filled_is_emptied() -> None:
    before = {"responder_id": {"$ref": "a", "part": ""}, "tags": ["x"], "type": "Question",
              "custom_fields": {"cf_a": "x", "cf_b": True, "cf_c": 0, "cf_origin": "m"}}  # fmt: skip
    assert emptied(TICKET, before, custom_fields={"cf_origin": "m"}) == {
        "subject": "S", "responder_id": None, "tags": [], "type": None,
        "custom_fields": {"cf_origin": "m", "cf_a": None, "cf_b": False, "cf_c": None},
    }  # fmt: skip


def test_what_no_call_wrote_is_left_to_the_people_there() -> None:
    assert emptied(TICKET, {"subject": "S", "custom_fields": {"cf_a": None}}) == {"subject": "S"}
    assert emptied(TICKET, {"responder_id": None, "tags": []}) == {"subject": "S"}


def test_a_contact_keeps_what_finds_it_again() -> None:
    mark = {"unique_external_id": "old:user:1", "name": "N"}
    assert "unique_external_id" not in emptied(CONTACT, mark, email="n@x.org")
    assert "email" not in emptied(CONTACT, {"email": "n@x.org"})
    body = emptied(
        CONTACT, {"phone": "1", "email": "n@x.org", "company_id": {"$ref": "o", "part": ""}}, email="n@x.org"
    )
    assert (body["phone"], body["company_id"], body["email"]) == (None, None, "n@x.org")


def test_what_cannot_be_changed_is_a_loss() -> None:
    file = FilePart("old:attachment:1", "a.png", None, 1, "0" * 64)
    draft = replace(TICKET, body={"cc_emails": ["b@x.org", "c@x.org"]}, files=(file,))
    earlier = Earlier({"cc_emails": ["a@x.org", "b@x.org"]}, {"old:attachment:2": "b.png"})
    _update, losses = amend(replace(draft, action="update"), draft, earlier)
    assert [(one.record_id, one.field, one.value) for one in losses] == [
        ("old:ticket:1", "file", "a.png"), ("old:ticket:1", "file", "b.png"),
        ("old:ticket:1", "ticket_follower", "a@x.org"), ("old:ticket:1", "ticket_follower", "c@x.org"),
    ]  # fmt: skip
    assert {one.cause for one in losses} == {"update_not_possible"}


def test_side_and_author_of_a_note_stay() -> None:
    draft = replace(NOTE, body={**NOTE.body, "user_id": Ref("old:user:2")})
    earlier = Earlier({"private": False, "user_id": {"$ref": "old:user:1", "part": ""}})
    _update, losses = amend(replace(draft, action="update", body={"body": "x"}), draft, earlier)
    assert [(one.record_id, one.field, one.value) for one in losses] == [
        ("old:comment:1", "is_public", "private"), ("old:comment:1", "author_id", "old:user:2")
    ]  # fmt: skip
    same = Earlier({"private": True, "user_id": {"$ref": "old:user:2", "part": ""}})
    assert amend(replace(draft, action="update"), draft, same)[1] == []
