"""What a Zendesk holds, apart from numbers and times that it gives by itself: two of them can be compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from tests.journey.desks import Desk

_ASIDE = {
    "id", "url", "updated_at", "generated_timestamp", "audit_id", "content_url", "mapped_content_url", "raw_subject",
    "fields", "encoded_id", "metadata", "organization_name", "thumbnails", "last_login_at", "locale_id",
}  # fmt: skip
_OWN_TIME = {"users", "organizations", "organization_memberships"}
"""Tables whose time of creation is the destination's own."""
_TABLES = ("users", "organizations", "organization_memberships", "tickets", "comments")

Row = dict[str, Any]


def picture_zendesk(desk: Desk) -> dict[str, Counter[str]]:
    """Return, by collection, every live record as text under names instead of numbers; mails among them."""
    state = desk.state()
    names = _names(state)
    found = {
        table: Counter(_text(row, names, table) for row in state[table] if row.get("status") != "deleted")
        for table in _TABLES
    }  # fmt: skip
    found["mails"] = Counter(json.dumps([one["kind"], one["to"], one["subject"]]) for one in desk.mails())
    return found


_GUIDE = {
    "categories": ("name", "description", "position", "locale"),
    "sections": ("name", "description", "position", "locale", "category_id"),
    "articles": (
        "title", "body", "draft", "locale", "section_id", "user_segment_id", "permission_group_id", "label_names",
        "promoted", "position", "comments_disabled", "author_id",
    ),
    "translations": ("source_id", "locale", "title", "body", "draft"),
    "article_attachments": ("article_id", "file_name", "size", "content_type"),
}  # fmt: skip
_NUMBERED = re.compile(r"(/hc/(?:[\w-]+/)?(?:article_attachments|articles)/)\d+")


def picture_guide(desk: Desk) -> dict[str, Counter[str]]:
    """Return what its help centre holds, and its macros, as text under names instead of numbers; mails too."""
    state = desk.state()
    held = {table: state[f"help_center/{table}"] for table in _GUIDE}
    names = {row["id"]: row.get("title") or row["name"] for kind in list(_GUIDE)[:3] for row in held[kind]}
    names |= {row["id"]: row["email"] for row in state["users"]}

    def text(row: Row, columns: tuple[str, ...]) -> str:
        told = {key: names.get(row[key], row[key]) if key.endswith("_id") else row[key] for key in columns}
        return _NUMBERED.sub(r"\1N", json.dumps(told, sort_keys=True, ensure_ascii=False))

    found = {table: Counter(text(row, columns) for row in held[table]) for table, columns in _GUIDE.items()}
    found["macros"] = Counter(text(row, ("title", "actions", "active", "restriction")) for row in state["macros"])
    found["mails"] = Counter(json.dumps([one["kind"], one["to"], one["subject"]]) for one in desk.mails())
    return found


def live_tickets(desk: Desk) -> list[Row]:
    """Return the tickets that are not in the trash."""
    return [row for row in desk.state()["tickets"] if row["status"] != "deleted"]


def twice_zendesk(desk: Desk) -> list[str]:
    """Return the external ids that more than one live record bears."""
    state = desk.state()
    marks = [("ticket", row["external_id"]) for row in live_tickets(desk)]
    marks += [(table, row["external_id"]) for table in ("users", "organizations") for row in state[table]]
    return [f"{what} {mark}" for (what, mark), count in Counter(marks).items() if mark and count > 1]


def _names(state: dict[str, list[Row]]) -> dict[int, str]:
    names: dict[int, str] = {}
    for row in state["organizations"]:
        names[row["id"]] = f"organization {row['name']}"
    for row in state["users"]:
        names[row["id"]] = f"user {row['external_id'] or row['email'] or row['name']}"
    for row in state["tickets"]:
        names[row["id"]] = f"ticket {row['external_id']}"
    return names


def _text(row: Row, names: dict[int, str], table: str) -> str:
    def plain(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: plain(inner, name) for name, inner in value.items() if name not in _ASIDE}
        if isinstance(value, list):
            return [plain(inner, key) for inner in value]
        if isinstance(value, int) and not isinstance(value, bool) and key.endswith(("_id", "_ids")):
            return names.get(value, value)
        if key in {"body", "html_body", "plain_body", "description"}:
            return str(value).partition("/attachments/token/")[0]
        return value

    own = {key: value for key, value in row.items() if not (key == "created_at" and table in _OWN_TIME)}
    return json.dumps(plain(own, ""), sort_keys=True, ensure_ascii=False)
