"""Three edits, a new ticket and a deletion at a Zendesk: what people do between two pulls."""

from __future__ import annotations

from typing import Any

from tests.journey.desks import Desk


def live(desk: Desk) -> list[dict[str, Any]]:
    """Return the tickets on which people still work, in order of id."""
    found = [one for one in desk.state()["tickets"] if one["status"] in {"new", "open", "pending", "hold", "solved"}]
    assert len(found) >= 5
    return found


def work_an_hour(desk: Desk) -> dict[str, int]:
    """Change the account; returns which ticket each change was of."""
    edited, answered, tagged, deleted, asked = live(desk)[:5]
    desk.wait(3600)
    other = "urgent" if edited["priority"] != "urgent" else "low"
    made = desk.change(
        {"op": "edit_ticket", "id": edited["id"], "fields": {"priority": other}},
        {"op": "add_comment", "ticket": answered["id"], "body": "We have looked into it: the desk is on its way."},
        {"op": "edit_ticket", "id": tagged["id"], "fields": {"tags": sorted({*tagged["tags"], "looked_at"})}},
        {"op": "create_ticket", "requester": asked["requester_id"], "subject": "One more thing", "body": "And a lamp?"},
        {"op": "delete_ticket", "id": deleted["id"]},
    )
    desk.wait(3600)  # exports keep the last minute to themselves
    return {
        "edited": edited["id"], "answered": answered["id"], "tagged": tagged["id"], "deleted": deleted["id"],
        "created": made[3]["id"],
    }  # fmt: skip
