"""What a conversation declares of its threads, and whom it names as merged into it."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.connectors.help_scout.conversation import bare, merged_from, unfolded
from deskferry.connectors.kit.contract import RawRecord, Tombstone


def thread(number: int, kind: str = "customer", **more: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "state": "published", **more}


def conversation(threads: int | None, *held: dict[str, Any], **more: Any) -> Any:
    return unfolded({"id": 5, "threads": threads, **more}, held)


@pytest.mark.parametrize(
    ("threads", "complete", "due"),
    [
        ((thread(1), thread(2, "lineitem")), True, 1),
        ((thread(1), thread(2, "message", state="draft")), True, 2),
        ((thread(2, "message", state="draft"), thread(3, "message", state="underreview")), False, 3),
        ((thread(1, state="hidden"),), True, 1),
        ((thread(2, "lineitem"),), False, 1),
    ],
)
def test_published_messages_are_counted_and_no_others(threads: Any, complete: bool, due: int) -> None:
    found = conversation(1, *threads)
    assert found.complete is complete
    assert [(one.parent, one.count, one.trust) for one in found.declared] == [("5", due, "exact")]


def test_as_many_threads_as_a_page_holds_may_be_cut_off() -> None:
    many = [thread(number) for number in range(25)]
    assert not conversation(25, *many).complete
    assert conversation(24, *many[1:]).complete
    assert unfolded({"id": 5, "threads": 25}, many, listed=True).complete


def test_without_a_count_nothing_is_declared() -> None:
    found = conversation(None, thread(1))
    assert found.declared == ()
    assert found.complete


def test_threads_know_their_conversation_and_the_conversation_is_bare_of_them() -> None:
    found = conversation(1, thread(1), _embedded={"threads": [thread(1)]}, subject="x")
    own, first = found.records
    assert isinstance(own, RawRecord)
    assert isinstance(first, RawRecord)
    assert own.payload == {"id": 5, "threads": 1, "subject": "x"}
    assert (first.payload["conversationId"], first.parent_id) == (5, "5")
    assert bare({"id": 5, "_embedded": {"threads": [], "more": 1}}) == {"id": 5, "_embedded": {"more": 1}}


@pytest.mark.parametrize(
    ("action", "original"),
    [
        ({"type": "merged", "associatedEntities": {"originalConversation": 4}}, "4"),
        ({"type": "merged", "associatedEntities": {"originalConversation": {"id": 4}}}, "4"),
        ({"type": "merged", "associatedEntities": {}}, None),
        ({"type": "imported", "associatedEntities": {"originalConversation": 4}}, None),
        (None, None),
    ],
)
def test_a_line_item_names_what_was_merged(action: Any, original: str | None) -> None:
    line = thread(9, "lineitem", action=action, createdAt="2026-01-01T00:00:00Z")
    assert merged_from(line) == original
    gone = [one for one in conversation(0, line).records if isinstance(one, Tombstone)]
    wanted = [Tombstone("conversation", "4", "vendor", "2026-01-01T00:00:00Z", {"id": "4"}, merged_into="5")]
    assert gone == (wanted if original else [])
