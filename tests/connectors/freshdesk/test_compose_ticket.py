"""A ticket as operations: which calls, in which order, and what each rule loses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fd_account import AT, Plan, aggregate, file, message, note, plan, reply

from deskferry.canonical_schema.enums import Channel, Priority, Status
from deskferry.connectors.freshdesk import codes, compose_files, compose_messages
from deskferry.connectors.freshdesk.compose_ticket import ticket
from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.freshdesk.header import HeaderFacts, split_header
from deskferry.connectors.freshdesk.words import EFFECTS, LOSS_CAUSES
from deskferry.connectors.kit.contract import Composition, FileSettings, HeaderSettings, Ref, Target, TicketAggregate
from deskferry.connectors.kit.links import LinkedText, plain_text

DESK = Desk(types={"incident": "Incident"})


def composed(one: TicketAggregate, crossings: Plan | None = None, desk: Desk = DESK) -> Composition:
    """Return what a ticket that was never written takes."""
    made = ticket(one, crossings or plan(), desk)
    assert {loss.cause for loss in made.losses} <= set(LOSS_CAUSES)
    assert {effect for each in made.operations for effect in each.effects} <= {effect.name for effect in EFFECTS}
    parts = [(each.record_id, each.part) for each in made.operations]
    assert len(parts) == len(set(parts))
    return replace(made, operations=tuple(each for each in made.operations if not each.only_again))


def calls(made: Composition) -> list[str]:
    return [each.call for each in made.operations]


def causes(made: Composition, *, beside: set[str] | None = None) -> list[str]:
    usual = {"created_at_in_text", "number_in_text"} if beside is None else beside
    return sorted(loss.cause for loss in made.losses if loss.cause not in usual)


# ------------------------------------------------------------------------------------------------------------- calls


def test_a_ticket_of_one_message_is_one_call_with_its_final_status() -> None:
    made = composed(aggregate(message(1), status="closed", tags=("vip",)))
    (only,) = made.operations
    assert (only.call, only.action, only.object, only.part, only.target) == (
        "ticket.create",
        "create",
        "ticket",
        "",
        None,
    )
    body = dict(only.body)
    description = body.pop("description")
    assert body == {
        "subject": "Hello", "requester_id": Ref("old:user:1"), "priority": 3, "source": 1, "status": 5, "tags": ["vip"],
        "custom_fields": {"cf_deskferry_origin": "old:ticket:42"},
    }  # fmt: skip
    facts, rest = split_header(description)
    assert facts == HeaderFacts("old:comment:1", "Zoë Müller · 2025-03-01 09:00 UTC\nNumber: 42")
    assert rest == "<p>Message 1</p>"
    assert only.mark == "old:ticket:42"
    assert set(only.effects) == {"new_ticket_emails", "automations", "status_emails"}
    assert causes(made) == []


def test_further_messages_are_notes_in_order_and_the_final_status_comes_last() -> None:
    made = composed(aggregate(message(1), reply(2), message(3), note(4), status="solved"))
    assert calls(made) == ["ticket.begin", "note.create", "note.create", "note.create", "ticket.update"]
    begin, answer, question, private, state = made.operations
    assert begin.body["status"] == codes.OPEN
    assert [each.part for each in (answer, question, private)] == ["old:comment:2", "old:comment:3", "old:comment:4"]
    assert [each.mark for each in (answer, question, private)] == [each.part for each in (answer, question, private)]
    assert {each.record_id for each in made.operations} == {"old:ticket:42"}
    sides = [
        (each.body["private"], each.body["incoming"], each.body["user_id"]) for each in (answer, question, private)
    ]
    assert sides == [
        (False, False, Ref("old:user:9")), (False, True, Ref("old:user:1")), (True, False, Ref("old:user:9"))
    ]  # fmt: skip
    assert all(each.target == Ref("old:ticket:42") for each in made.operations[1:])
    assert (state.part, state.action, dict(state.body)) == ("state", "update", {"status": 4})
    assert set(state.effects) == {"status_emails", "automations"}


def test_an_open_ticket_needs_no_final_call() -> None:
    assert calls(composed(aggregate(message(1), reply(2)))) == ["ticket.begin", "note.create"]
    assert composed(aggregate(message(1), status="pending")).operations[0].body["status"] == 3


def test_nothing_ever_mails_by_itself() -> None:
    made = composed(aggregate(message(1), reply(2), note(3), status="closed"))
    for each in made.operations:
        assert "notify_emails" not in each.body
        assert not each.call.startswith("reply")


def test_private_notes_have_fewer_effects() -> None:
    made = composed(aggregate(message(1), note(2), reply(3)))
    assert made.operations[1].effects == ("automations",)
    assert set(made.operations[2].effects) == {"public_note_emails", "automations"}


def test_a_later_message_changes_what_the_state_is_told_by() -> None:
    before = composed(aggregate(message(1), reply(2), status="closed")).operations[-1]
    after = composed(aggregate(message(1), reply(2), message(3), status="closed")).operations[-1]
    assert before.body == after.body
    assert before.source_hash != after.source_hash


def test_drafts_do_not_depend_on_ids_of_the_destination() -> None:
    crossings = plan()
    before = composed(aggregate(message(1), reply(2)), crossings)
    crossings.targets["old:user:1"] = Target("100", "user", "end_user")
    assert composed(aggregate(message(1), reply(2)), crossings) == before


# ----------------------------------------------------------------------------------------------------- opening, sides


def test_a_private_opening_never_becomes_the_public_description() -> None:
    made = composed(aggregate(note(1), reply(2)))
    assert calls(made) == ["ticket.begin", "note.create", "note.create"]
    facts, rest = split_header(made.operations[0].body["description"])
    assert facts is not None
    assert facts.mark == "old:ticket:42"
    assert "Message 1" not in made.operations[0].body["description"]
    assert rest == ""
    assert made.operations[1].body["private"] is True
    assert "opening_private" in causes(made)


def test_what_is_not_known_to_be_public_is_private() -> None:
    made = composed(aggregate(message(1), reply(2, is_public=None)))
    assert made.operations[1].body["private"] is True
    assert "visibility_unknown" in causes(made)


@pytest.mark.parametrize("kind", ["forward", "system"])
@pytest.mark.parametrize("public", [True, False])
def test_forwards_and_system_messages_stay_on_their_side(kind: str, public: bool) -> None:
    made = composed(aggregate(message(1), reply(2, kind=kind, is_public=public)))
    assert made.operations[1].body["private"] is not public
    assert not {"visibility_unknown", "unsent_private"} & set(causes(made))


def test_a_message_that_is_written_private_against_its_own_word_is_a_loss() -> None:
    made = composed(aggregate(message(1), reply(2, kind="private_note")))
    assert made.operations[1].body["private"] is True
    assert ("old:comment:2", "is_public", "visibility_unknown") in [
        (one.record_id, one.field, one.cause) for one in made.losses
    ]


@pytest.mark.parametrize(
    ("state", "cause"),
    [("draft", "draft_not_written"), ("scheduled", "draft_not_written"), ("hidden", "hidden_not_written")],
)
def test_unsent_messages_stay_unless_a_setting_wants_them(state: str, cause: str) -> None:
    made = composed(aggregate(message(1), reply(2, state=state)))
    assert calls(made) == ["ticket.create"]
    (loss,) = [one for one in made.losses if one.cause == cause]
    assert (loss.record_id, loss.field) == ("old:comment:2", "state")
    wanted = composed(aggregate(message(1), reply(2, state=state)), plan(settings={"drafts": "note", "hidden": "note"}))
    assert wanted.operations[1].body["private"] is True
    assert ("old:comment:2", "is_public", "unsent_private") in [
        (one.record_id, one.field, one.cause) for one in wanted.losses
    ]


def test_an_open_ticket_is_written_open_only_over_another_state() -> None:
    last = ticket(aggregate(message(1), reply(2), status="open"), plan(), DESK).operations[-1]
    assert (last.part, last.body, last.only_again) == ("state", {"status": 2}, True)
    assert not ticket(aggregate(message(1), reply(2), status="solved"), plan(), DESK).operations[-1].only_again


def test_a_failed_answer_is_written_and_says_so() -> None:
    made = composed(aggregate(message(1), reply(2, state="failed")))
    facts, _ = split_header(made.operations[1].body["body"])
    assert facts is not None
    assert "It was not delivered" in facts.line


def test_an_opening_by_an_agent_keeps_its_author_in_the_text() -> None:
    made = composed(aggregate(reply(1)))
    facts, _ = split_header(made.operations[0].body["description"])
    assert facts is not None
    assert facts.line.startswith("Ann Agent · ")
    assert ("old:comment:1", "author_in_text") in [(loss.record_id, loss.cause) for loss in made.losses]


def test_an_author_who_does_not_cross_is_in_the_text_only() -> None:
    made = composed(aggregate(message(1), message(2, author_id="old:user:77", sender="eve@x.org")))
    assert "user_id" not in made.operations[1].body
    facts, _ = split_header(made.operations[1].body["body"])
    assert facts is not None
    assert facts.line.startswith("eve@x.org · ")
    assert "author_in_text" in causes(made)


def test_a_placeholder_writes_as_itself_and_owns_nothing() -> None:
    made = composed(aggregate(message(1), reply(2, author_id="old:user:8"), assignee_id="old:user:8"))
    assert made.operations[1].body["user_id"] == Ref("old:user:8")
    assert made.operations[1].body["incoming"] is False
    assert "responder_id" not in made.operations[0].body
    assert "assignee_unmatched" in causes(made)


def test_a_ticket_without_messages_still_has_a_description_and_its_files() -> None:
    made = composed(aggregate(files={"": (file(1),)}))
    assert [part.filename for part in made.operations[0].files] == ["f1.txt"]
    assert "The ticket had no message." in made.operations[0].body["description"]


# -------------------------------------------------------------------------------------------------------- ticket fields


def test_owner_group_product_and_type_cross() -> None:
    made = composed(
        aggregate(message(1), assignee_id="old:user:9", team_id="old:group:5", brand_id="old:brand:3", type="incident")
    )
    body = made.operations[0].body
    assert (body["responder_id"], body["group_id"], body["product_id"], body["type"]) == (
        Ref("old:user:9"), Ref("old:group:5"), Ref("old:brand:3"), "Incident",
    )  # fmt: skip
    assert "agent_assignment_emails" in made.operations[0].effects
    assert causes(made) == []


def test_what_has_no_counterpart_is_lost_by_name() -> None:
    made = composed(
        aggregate(
            message(1), assignee_id="old:user:5", team_id="old:group:6", inbox_id="old:brand:4", type="task",
            priority=None, form_id="old:ticket_form:1", language="es", solved_at=AT, subject=None,
            organization_id="old:organization:7", extra={"x": 1},
            events=({"id": "e"},), ratings=({"id": "old:rating:1", "label": "good"},),
            time_entries=({"id": "old:entry:1", "seconds": 5.0},),
        )
    )  # fmt: skip
    assert causes(made) == sorted(
        [
            "assignee_unmatched", "team_unmatched", "inbox_unmatched", "type_unmatched", "priority_defaulted",
            "field_not_there", "field_not_there", "time_not_written", "organization_derived", "subject_defaulted",
            "vendor_fields_not_written", "history_not_written", "rating_as_note", "time_entry_as_note",
        ]
    )  # fmt: skip
    assert made.operations[0].body["subject"] == "(no subject)"
    assert made.operations[0].body["priority"] == 1


def test_a_requester_who_does_not_cross_gets_a_stand_in() -> None:
    body = composed(aggregate(message(1), requester_id=None)).operations[0].body
    assert (body["name"], body["unique_external_id"]) == ("Unknown person", "old:ticket:42/requester")
    assert "requester_id" not in body


def test_every_status_has_a_code_and_lossy_ones_cost_a_row() -> None:
    expected = {"new": 2, "open": 2, "pending": 3, "on_hold": 3, "solved": 4, "closed": 5, "unknown": 2}
    for status in Status:
        if status in {"deleted", "spam", "merged"}:
            continue
        made = composed(aggregate(message(1), status=status.value))
        assert made.operations[0].body["status"] == expected[status.value]
        assert ("status_folded" in causes(made)) == (status.value in {"new", "on_hold", "unknown"})
    spam = composed(aggregate(message(1), status="spam", status_before="pending"))
    assert spam.operations[0].body["status"] == 3
    assert "status_folded" in causes(spam)


def test_priorities_and_channels_are_all_named() -> None:
    for priority in Priority:
        assert codes.PRIORITY.code(priority.value) is not None
    for channel in Channel:
        made = composed(aggregate(message(1), channel=channel.value))
        assert ("channel_folded" in causes(made)) == (channel in codes.CHANNEL.lossy)


def test_the_mappings_answers_come_first() -> None:
    crossings = plan(
        values={
            ("status", "on_hold"): "Waiting on Third Party", ("priority", "high"): "4", ("channel", "sms"): "7",
            ("type", "task"): "Chore",
        }
    )  # fmt: skip
    made = composed(aggregate(message(1), status="on_hold", channel="sms", type="task"), crossings)
    body = made.operations[0].body
    assert (body["status"], body["priority"], body["source"], body["type"]) == (7, 4, 7, "Chore")
    assert causes(made) == []


def test_a_table_must_name_every_member_once() -> None:
    with pytest.raises(ValueError, match="named once"):
        codes.Narrowed(Priority, {Priority.LOW: 1}, {})
    with pytest.raises(ValueError, match="share a code"):
        codes.Narrowed(Priority, dict.fromkeys((Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT), 1), {})


def test_a_long_subject_ends_and_stands_whole_in_the_text() -> None:
    made = composed(aggregate(message(1), subject="é" * 300))
    assert len(made.operations[0].body["subject"]) == 255
    facts, _ = split_header(made.operations[0].body["description"])
    assert facts is not None
    assert "é" * 300 in facts.line
    assert "subject_in_text" in causes(made)


def test_tags_and_copied_addresses() -> None:
    followers = (
        {"id": "f1", "kind": "cc", "email": "cc@x.org"},
        {"id": "f2", "kind": "cc", "email": None, "person_id": "old:user:9"},
        {"id": "f3", "kind": "follower", "person_id": "old:user:9"},
        {"id": "f4", "kind": "cc", "email": "broken"},
    )
    made = composed(
        aggregate(message(1), tags=("a", "b", "a", "x" * 33), followers=followers), plan(migrated_tag="migrated")
    )
    body = made.operations[0].body
    assert body["tags"] == ["a", "b", "migrated"]
    assert body["cc_emails"] == ["cc@x.org", "ann@desk.org"]
    assert causes(made) == ["follower_not_written", "follower_not_written", "tag_too_long"]


def test_links_are_named_in_the_text() -> None:
    links = ({"id": "l1", "kind": "parent", "other_ticket_id": "old:ticket:7"},)
    made = composed(aggregate(message(1), links=links))
    facts, _ = split_header(plain_text(made.operations[0].body["description"]))
    assert facts is not None
    assert "Child of: https://old.zendesk.com/agent/tickets/7" in facts.line
    assert "link_in_text" in causes(made)


def test_the_header_speaks_spanish_in_its_zone() -> None:
    header = HeaderSettings("{author} ({time})", "es", "Europe/Madrid", "%d/%m/%Y %H:%M")
    made = composed(aggregate(message(1, created_at=AT + timedelta(days=180))), plan(header=header))
    facts, _ = split_header(made.operations[0].body["description"])
    assert facts is not None
    assert facts.line == "Zoë Müller (28/08/2025 11:00)\nNúmero: 42"


def test_the_setting_names_the_origin_field() -> None:
    made = composed(aggregate(message(1)), plan(settings={"origin_field": "cf_legacy"}))
    assert made.operations[0].body["custom_fields"] == {"cf_legacy": "old:ticket:42"}


# --------------------------------------------------------------------------------------------------------------- files


def test_files_travel_with_their_message() -> None:
    made = composed(
        aggregate(message(1), reply(2), files={"old:comment:1": (file(1),), "old:comment:2": (file(2), file(3))})
    )
    assert [[part.filename for part in each.files] for each in made.operations] == [["f1.txt"], ["f2.txt", "f3.txt"]]
    assert causes(made) == []


def test_a_missing_or_oversize_file_is_named_in_the_text() -> None:
    rows = (file(1, sha256=None, fetch_state="missing"), file(2, size=21 * 1024 * 1024))
    made = composed(aggregate(message(1), files={"old:comment:1": rows}))
    assert made.operations[0].files == ()
    facts, _ = split_header(made.operations[0].body["description"])
    assert facts is not None
    assert "File not moved, it was not downloaded: f1.txt" in facts.line
    assert f"f2.txt ({21 * 1024 * 1024} bytes, SHA-256 {2:064x})" in facts.line
    assert causes(made) == ["file_missing", "file_too_large"]


def test_files_over_20_mb_together_hang_on_further_private_notes() -> None:
    rows = tuple(file(number, size=9 * 1024 * 1024) for number in range(1, 6))
    made = composed(aggregate(message(1), files={"old:comment:1": rows}))
    assert calls(made) == ["ticket.begin", "note.create", "note.create"]
    assert [len(each.files) for each in made.operations] == [2, 2, 1]
    assert [each.part for each in made.operations[1:]] == ["old:comment:1#files2", "old:comment:1#files3"]
    assert all(each.body["private"] for each in made.operations[1:])
    assert causes(made) == ["files_split"] * 3
    sent = [part.attachment_id for each in made.operations for part in each.files]
    assert sent == [row["id"] for row in rows]


def test_packing_never_exceeds_the_limit_and_never_loses() -> None:
    rows = [file(number, size=size) for number, size in enumerate([5, 6, 1, 10, 11, 4, 3], 1)]
    packed = compose_files.packed(rows, plan(), limit=10)
    assert [[part.size for part in one] for one in packed.bins] == [[5], [6, 1], [10], [4, 3]]
    assert [loss.cause for loss in packed.losses].count("file_too_large") == 1


def test_a_link_to_a_ticket_stands_open_until_it_has_crossed() -> None:
    crossings = plan()
    crossings.targets["old:ticket:7"] = Target(None, "ticket")
    body = "<p>See https://old.zendesk.com/agent/tickets/7 and https://old.zendesk.com/agent/tickets/8</p>"
    made = composed(aggregate(message(1, body_html=body)), crossings)
    description = made.operations[0].body["description"]
    assert isinstance(description, LinkedText)
    assert [link.record_id for link in description.links()] == ["old:ticket:7", "old:ticket:8"]
    lost = [(loss.record_id, loss.value) for loss in made.losses if loss.cause == "link_left"]
    assert lost == [("old:comment:1", "https://old.zendesk.com/agent/tickets/8")]


def test_a_linked_ticket_is_named_by_an_address_that_is_rewritten() -> None:
    link = {"id": "old:ticket:42/link/1", "kind": "merged_into", "other_ticket_id": "old:ticket:7"}
    one = replace(aggregate(message(1)), links=(link,))
    description = composed(one).operations[0].body["description"]
    assert isinstance(description, LinkedText)
    assert [(link.record_id, link.old) for link in description.links()] == [
        ("old:ticket:7", "https://old.zendesk.com/agent/tickets/7")
    ]


def test_a_large_file_goes_in_parts_where_the_user_wants_it() -> None:
    big = file(1, size=45 * 1024 * 1024)
    crossings = plan(files=FileSettings("split"))
    made = composed(aggregate(message(1), files={"old:comment:1": (big,)}), crossings)
    parts = [part for each in made.operations for part in each.files]
    assert [part.size for part in parts] == [20 * 1024 * 1024, 20 * 1024 * 1024, 5 * 1024 * 1024]
    assert {part.of for part in parts} == {big["sha256"]}
    assert "file_split" in causes(made)
    assert "3 parts" in plain_text(made.operations[0].body["description"])


def test_a_file_that_arrives_later_is_a_change_of_the_source() -> None:
    before = composed(aggregate(message(1), reply(2), files={"old:comment:2": (file(2, sha256=None),)}))
    after = composed(aggregate(message(1), reply(2), files={"old:comment:2": (file(2),)}))
    assert before.operations[1].source_hash != after.operations[1].source_hash


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="https://old.example/a.png?name=x">',
        "<IMG alt='x' src='https://old.example/a.png?other=1' width=3>",
        '<img src="cid:part7">',
        '<img src="cid:https://old.example/a.png">',
    ],
)
def test_inline_images_are_attached_and_their_place_named(tag: str) -> None:
    picture = file(
        1, filename="a[1].png", is_inline=True, url="https://old.example/a.png?name=x", content_id="part7",
        content_type="image/png",
    )  # fmt: skip
    made = composed(aggregate(message(1, body_html=f"<p>See {tag} here</p>"), files={"old:comment:1": (picture,)}))
    _, rest = split_header(made.operations[0].body["description"])
    assert rest == "<p>See [image: a(1).png] here</p>"
    assert len(made.operations[0].files) == 1
    assert causes(made) == ["inline_image_attached"]


def test_images_elsewhere_stay_as_they_are() -> None:
    text = '<p><img src="https://cdn.example/logo.png"></p>'
    made = composed(
        aggregate(message(1, body_html=text), files={"old:comment:1": (file(1, url="https://old.example/f"),)})
    )
    assert made.operations[0].body["description"].endswith(text)


# ---------------------------------------------------------------------------------------------------------- long texts


def test_a_text_over_the_limit_goes_on_in_further_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_messages, "TEXT_LIMIT", 700)
    words = " ".join(f"word{number}" for number in range(400))
    made = composed(aggregate(message(1, body_html=f"<div><p>{words}</p></div>"), reply(2)))
    pieces = [made.operations[0].body["description"], *(each.body["body"] for each in made.operations[1:-1])]
    assert len(pieces) > 3
    assert all(len(piece.encode()) <= 700 for piece in pieces)
    split = [split_header(piece) for piece in pieces]
    assert [facts.mark for facts, _ in split if facts] == [
        "old:comment:1", *(f"old:comment:1#{number}" for number in range(2, len(pieces) + 1))
    ]  # fmt: skip
    text = "".join(rest.replace("<div><p>", "").replace("</p></div>", "") for _, rest in split)
    assert text == words
    assert made.operations[1].body["incoming"] is True
    assert "text_split" in causes(made)
    assert made.operations[-1].part == "old:comment:2"


def test_plain_text_becomes_html() -> None:
    made = composed(aggregate(message(1, body_html=None, body_text="a < b & c\nnext")))
    assert made.operations[0].body["description"].endswith("a &lt; b &amp; c<br>next")


def test_scripts_and_comments_do_not_travel() -> None:
    text = "<style>p{}</style><p>a<!-- [old:comment:9] --></p><script>x()</script>"
    made = composed(aggregate(message(1, body_html=text)))
    assert made.operations[0].body["description"].endswith("</div><p>a</p>")


def test_mail_details_are_one_row_a_message() -> None:
    made = composed(
        aggregate(message(1, sender="Z <z@x.org>", to_addresses=[{"address": "d@x.org"}], rfc_message_id="<1@x>"))
    )
    (loss,) = [loss for loss in made.losses if loss.cause == "mail_details_not_written"]
    assert loss.value == "sender, to_addresses, rfc_message_id"


def test_words_exist_for_every_cause() -> None:
    for english, spanish in LOSS_CAUSES.values():
        assert english
        assert spanish
        assert english != spanish


def test_composition_is_pure(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a call")

    monkeypatch.setattr("httpx.Client.send", never)
    one = aggregate(message(1), reply(2), status="solved")
    assert composed(one) == composed(replace(one))
