"""What a Freshdesk holds, apart from numbers and times that it gives by itself: two of them can be compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from tests.journey.desks import Desk

ORIGIN = "cf_deskferry_origin"
_TIMES = {
    "created_at", "updated_at", "due_by", "fr_due_by", "nr_due_by", "at", "last_edited_at", "scheduled_at",
    "contact_created_at",
}  # fmt: skip
_NAMED = {
    "solution_categories": "name", "solution_folders": "name", "solution_articles": "title",
    "canned_response_folders": "name", "canned_responses": "title", "satisfaction_ratings": "feedback",
    "time_entries": "note",
}  # fmt: skip
"""What stands beside tickets, each by what it is called."""
_MARK = re.compile(r"\[([a-z0-9_-]+:[a-z_]+:[^\]\s]+)\]")

State = dict[str, list[dict[str, Any]]]


def picture(desk: Desk) -> dict[str, Counter[str]]:
    """Return, by collection, every record as text under names instead of numbers; mails among them."""
    state = desk.state()
    names = _names(state)
    found = {
        table: Counter(_text(row, names, table) for row in rows)
        for table, rows in state.items()
    }  # fmt: skip
    mails = desk.mails()
    found["mails"] = Counter(
        json.dumps([one["kind"], one["to"], one["subject"], names.get(("ticket", one["ticket_id"]))]) for one in mails
    )
    return found


def twice(desk: Desk) -> list[str]:
    """Return the marks that more than one ticket or message bears."""
    state = desk.state()
    marks = [row["custom_fields"].get(ORIGIN) for row in state["tickets"]]
    for row in state["conversations"]:
        marks += _MARK.findall(row["body"] or "")[:1]
    marks += [row["seo_data"].get("meta_keywords") for row in state["solution_articles"]]
    for table, name in (("satisfaction_ratings", "feedback"), ("time_entries", "note")):
        marks += [mark for row in state[table] for mark in _MARK.findall(row[name] or "")[:1]]
    for table in ("solution_categories", "solution_folders", "canned_response_folders"):
        marks += [f"{table} {row.get('category_id')} {row['name']}" for row in state[table]]
    return [mark for mark, count in Counter(marks).items() if count > 1]


def _names(state: State) -> dict[tuple[str, Any], str]:
    names: dict[tuple[str, Any], str] = {}
    for row in state["companies"]:
        names["", row["id"]] = f"company {row['name']}"
    for row in state["contacts"]:
        address = row["email"] or row["unique_external_id"] or row["phone"] or row["mobile"]
        names["", row["id"]] = f"contact {address} {row['name']}"
    for row in state["tickets"]:
        names["ticket", row["id"]] = f"ticket {row['custom_fields'].get(ORIGIN) or row['subject']}"
    for row in state["conversations"]:
        marks = _MARK.findall(row["body"] or "")
        names["", row["id"]] = f"note {marks[0] if marks else row['body']}"
    for row in state["attachments"]:
        names["", row["id"]] = f"file {row['name']} {row['sha256']}"
    for row in state["ticket_fields"]:
        names["", row["id"]] = f"field {row['name']}"
    for table, name in _NAMED.items():
        for row in state[table]:
            names["", row["id"]] = f"{table} {row[name]}"
    return names


def _text(row: dict[str, Any], names: dict[tuple[str, Any], str], table: str) -> str:
    def plain(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: plain(inner, name) for name, inner in value.items() if name not in _TIMES}
        if isinstance(value, list):
            return [plain(inner, key) for inner in value]
        if key == "ticket_id":
            return names.get(("ticket", value), value)
        if isinstance(value, int) and not isinstance(value, bool):
            return names.get(("", value), value)
        return value

    own = {**row, "stats": sorted(name for name, at in row["stats"].items() if at)} if "stats" in row else dict(row)
    if table == "tickets":
        own["id"] = names["ticket", row["id"]]
    return json.dumps(plain(own, ""), sort_keys=True, ensure_ascii=False)


def unlike(one: dict[str, Counter[str]], other: dict[str, Counter[str]], limit: int = 10) -> list[str]:
    """Return in words where two pictures differ."""
    said = []
    for table in sorted({*one, *other}):
        left, right = one.get(table, Counter()), other.get(table, Counter())
        said += [f"{table}: {count} times only in the first: {row}" for row, count in (left - right).items()]
        said += [f"{table}: {count} times only in the second: {row}" for row, count in (right - left).items()]
    return said[:limit]
