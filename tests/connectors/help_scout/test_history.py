"""What threads changed, told apart from what they only repeat."""

from __future__ import annotations

from typing import Any

import pytest

from deskferry.connectors.help_scout.history import in_context
from deskferry.connectors.help_scout.thread_values import changes

BOB, ANN, TEAM = {"id": 4, "type": "user"}, {"id": 5, "type": "user"}, {"id": 6, "type": "team"}


def thread(number: int, kind: str = "lineitem", action: str | None = "default", **more: Any) -> dict[str, Any]:
    by = {"id": 9, "type": "customer" if kind == "customer" else "user"}
    said = {"action": {"type": action, "text": "x"}} if kind == "lineitem" else {}
    told = {"id": number, "type": kind, "state": "published", "status": "nochange", "createdBy": by, **said}
    return {**told, "createdAt": f"2026-01-01T00:00:{number:02}Z", **more}


def told(*threads: dict[str, Any], status: str = "active") -> list[tuple[int, str, Any]]:
    """Return (thread, field, new value) of all changes; threads come newest first, as the vendor sends them."""
    found = [
        (one["id"], change["field"], change["now"] or change["value"])
        for one in in_context(list(reversed(threads)), status)
        for change in changes(one)
    ]
    return sorted(found, key=lambda change: change[0])


def fields(*threads: dict[str, Any]) -> list[tuple[int, str]]:
    return [(number, field) for number, field, _value in told(*threads) if field.endswith("_id") or field == "status"]


@pytest.mark.parametrize("action", ["manual-workflow", "workflow", "imported", "tags", "default", None])
def test_a_line_item_that_repeats_the_assignee_assigns_nobody(action: str | None) -> None:
    found = fields(thread(1, assignedTo=BOB), thread(2, action=action, assignedTo=BOB))
    assert found == [(1, "assignee_id")]


def test_whoever_differs_from_the_thread_before_was_assigned() -> None:
    found = told(
        thread(1, assignedTo=BOB),
        thread(2, action="workflow", assignedTo=TEAM),
        thread(3, "message", assignedTo=TEAM),
        thread(4, "note", assignedTo=ANN),
        thread(5, assignedTo=ANN, status="closed"),
        thread(6, assignedTo=BOB, status="active"),
    )
    assert found == [
        (1, "assignee_id", ("user", 4)),
        (2, "team_id", ("team", 6)),
        (4, "assignee_id", ("user", 5)),
        (5, "status", "solved"),
        (6, "status", "open"),
        (6, "assignee_id", ("user", 4)),
    ]


def test_what_a_customer_wrote_and_a_draft_assign_nobody() -> None:
    assert fields(thread(1, "customer", assignedTo=BOB), thread(2, "message", state="draft", assignedTo=ANN)) == []


def test_after_a_line_that_names_nobody_the_same_assignee_is_a_new_one() -> None:
    assert fields(thread(1, assignedTo=BOB), thread(2), thread(3, assignedTo=BOB)) == [
        (1, "assignee_id"),
        (3, "assignee_id"),
    ]


def test_a_restored_conversation_has_the_status_again_that_it_had() -> None:
    found = told(
        thread(1, "customer", status="active"),
        thread(2, status="closed"),
        thread(3, action="deletedTicket"),
        thread(4, action="restoreTicket"),
    )
    assert [value for _number, field, value in found if field == "status"] == ["open", "solved", "deleted", "solved"]
    assert told(thread(1, action="restoreTicket"), status="pending") == [(1, "status", "pending")]


def test_one_status_a_thread() -> None:
    assert told(thread(1, action="deletedTicket", status="closed")) == [(1, "status", "deleted")]
