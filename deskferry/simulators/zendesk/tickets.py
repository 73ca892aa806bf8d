"""A ticket as the API shows it, with its audits; comments and export rows are read off the audits.

One audit is one row of the event export with the same id, and a comment's id is the id of its audit event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.simulators.zendesk.ids import seconds

VIA_TITLES: Final = {
    "web": "Web form",
    "email": "Mail",
    "api": "Web service",
    "rule": "Rule",
    "chat": "Chat",
    "voice": "Phone call (inbound)",
    "help_center": "Help Center",
    "system": "Ticket merge",
    "twitter": "Twitter",
    "sample_ticket": "Sample ticket",
}
_ID_FIELDS: Final = frozenset(
    {"requester_id", "assignee_id", "group_id", "organization_id", "brand_id", "ticket_form_id", "custom_status_id"}
)
ARCHIVE_AFTER: Final = 120 * 86_400


@dataclass(slots=True)
class TicketFile:
    """All that belongs to a ticket. `hidden` are comments that answers leave out while counts still count them."""

    record: dict[str, Any]
    make_audits: Callable[[], list[dict[str, Any]]]
    generated: int
    deleted_at: int | None = None
    deleted_by: int = -1
    state_before: str | None = None
    hidden: set[int] = field(default_factory=set)
    imported_at: int | None = None
    imported_audits: int = 0
    external_at: int = 0  # when its external id was set
    solved_at: str | None = None  # only of imported ones: nothing of their history tells it
    archived: bool = False
    live: dict[str, Any] | None = None  # what it was before it was thrown into the bin
    erased: bool = False
    _audits: list[dict[str, Any]] | None = None

    @property
    def audits(self) -> list[dict[str, Any]]:
        """The audits, oldest first."""
        if self._audits is None:
            self._audits = self.make_audits()
        return self._audits

    def forget_audits(self) -> None:
        """Ask `make_audits` again."""
        self._audits = None

    @property
    def is_deleted(self) -> bool:
        """Whether it lies in the bin, or is gone for good."""
        return self.deleted_at is not None

    def is_archived(self, now: float) -> bool:
        """Whether it was closed so long ago that lists leave it out; exports do not."""
        if self.record["status"] != "closed":
            return False
        since = max(seconds(self.record["updated_at"]), self.imported_at or 0)
        return self.archived or since < now - ARCHIVE_AFTER

    def comments(self, inline: bool = False) -> list[dict[str, Any]]:
        """Return the comments, oldest first; `inline` adds the pictures of the text to the attachments."""
        return [
            comment_of(audit, event, inline)
            for audit, event in self._comment_events()
            if event["id"] not in self.hidden
        ]

    def comment_count(self) -> int:
        """Return how many comments there are by Zendesk's count."""
        return sum(1 for _ in self._comment_events())

    def _comment_events(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for audit in self.audits:
            for event in audit["events"]:
                if event["type"] in ("Comment", "VoiceComment"):
                    yield audit, event

    def shown_audits(self) -> list[dict[str, Any]]:
        """Return the audits as the API shows them."""
        return [
            {**audit, "events": [shown(event) for event in audit["events"] if event["id"] not in self.hidden]}
            for audit in self.audits
        ]


def visible(attachments: list[dict[str, Any]], inline: bool) -> list[dict[str, Any]]:
    """Return attachments without the pictures of the text, unless they are asked for."""
    return [attachment for attachment in attachments if inline or not attachment["inline"]]


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """Return an audit event without what only `include_inline_images` shows."""
    if "attachments" not in event:
        return event
    return {**event, "attachments": visible(event["attachments"], inline=False)}


def comment_of(audit: dict[str, Any], event: dict[str, Any], inline: bool) -> dict[str, Any]:
    """Return a comment as `/tickets/{id}/comments` shows it."""
    return {
        **event,
        "attachments": visible(event["attachments"], inline),
        "via": audit["via"],
        "created_at": audit["created_at"],
        "metadata": audit["metadata"],
    }


def event_row(file: TicketFile, audit: dict[str, Any], with_comments: bool) -> dict[str, Any]:
    """Return an audit as a row of `/incremental/ticket_events`."""
    title = VIA_TITLES.get(audit["via"]["channel"], audit["via"]["channel"])
    children = [_child(audit, event, with_comments) for event in audit["events"] if event["id"] not in file.hidden]
    return {
        "id": audit["id"],
        "ticket_id": audit["ticket_id"],
        "timestamp": seconds(audit["created_at"]),
        "created_at": audit["created_at"],
        "updater_id": audit["author_id"],
        "via": title,
        "via_reference_id": None,
        "system": audit["metadata"]["system"],
        "metadata": audit["metadata"]["custom"],
        "event_type": "Audit",
        "child_events": children,
    }


def _child(audit: dict[str, Any], event: dict[str, Any], with_comments: bool) -> dict[str, Any]:
    via = event.get("via", audit["via"])
    child: dict[str, Any] = {
        "id": event["id"],
        "via": VIA_TITLES.get(via["channel"], via["channel"]),
        "via_reference_id": via["source"]["from"].get("id") if via["channel"] == "rule" else None,
    }
    kind = event["type"]
    if kind in ("Comment", "VoiceComment"):
        if with_comments:
            child |= {**shown(event), "via": via, "created_at": audit["created_at"]}
        else:
            child |= {"comment_present": True, "comment_public": event["public"]}
    elif kind in ("Create", "Change"):
        child |= _changed(event)
    else:
        child |= {name: value for name, value in event.items() if name not in ("id", "type", "via")}
    return {**child, "event_type": kind}


def _changed(event: dict[str, Any]) -> dict[str, Any]:
    name, value = event["field_name"], event["value"]
    previous = {"previous_value": event["previous_value"]} if "previous_value" in event else {}
    if name.isdigit():
        return {"custom_ticket_fields": {name: value}, **previous}
    if name == "tags":
        before = event.get("previous_value") or []
        return {
            "tags": value,
            "added_tags": [tag for tag in value if tag not in before],
            "removed_tags": [tag for tag in before if tag not in value],
            **previous,
        }
    if name in _ID_FIELDS:
        return {name: _number(value), **{key: _number(old) for key, old in previous.items()}}
    return {name: value, **previous}


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
