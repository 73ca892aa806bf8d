"""What composing needs to know of the account that is written to: statuses, members of groups, tags of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.contract import Raw, Row

BODY_LIMIT = 60_000
"""Bytes of one comment. The vendor's limit is about 64 KiB; addresses that are known at sending need room."""
COMMENT_LIMIT = 5_000
FILE_LIMIT = 50 * 1024 * 1024
SUBJECT_LIMIT = 255
TAG_LIMIT = 255
ARCHIVE_SETTING = "archive_closed"
"""Setting of a mapping: "true" puts closed tickets straight into the archive (advised from 750,000 tickets on)."""
FORM_SETTING = "form"
"""Setting of a mapping, with a blank and the id of a form at the source: the id of the form there."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The account as far as it was asked."""

    statuses: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Label of a custom status, folded → its id and category."""
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Group → its agents."""
    checkbox_tags: Mapping[str, str] = field(default_factory=dict)
    """Checkbox → tag that ticking it sets."""
    forms: Mapping[str, str] = field(default_factory=dict)
    """Name of a form, folded → its id."""
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Ticket field → its option values, which are tags."""


def learned(fields: Sequence[Row], statuses: Sequence[Raw], memberships: Sequence[Raw], forms: Sequence[Raw]) -> Desk:
    """Return what the custom_field rows, custom statuses, group memberships and forms of an account tell."""
    own = [row for row in fields if row.get("kind") == "ticket" and not row.get("deleted_at")]
    members: dict[str, set[str]] = {}
    for one in memberships:
        members.setdefault(str(one["group_id"]), set()).add(str(one["user_id"]))
    return Desk(
        {
            folded(one["agent_label"]): (str(one["id"]), str(one["status_category"]))
            for one in statuses
            if one.get("active", True) and one.get("agent_label")
        },
        {group: frozenset(users) for group, users in members.items()},
        {str(row["key"]): str(tag) for row in own if (tag := (row.get("extra") or {}).get("tag"))},
        {folded(one["name"]): str(one["id"]) for one in forms if one.get("active", True) and one.get("name")},
        {
            str(row["key"]): frozenset(str(option["value"]) for option in row["options"])
            for row in own
            if row.get("options") and row.get("type") in {"select", "multi_select"}
        },
    )


def folded(text: Any) -> str:
    """Return a label as it is compared."""
    return " ".join(str(text or "").split()).casefold()
