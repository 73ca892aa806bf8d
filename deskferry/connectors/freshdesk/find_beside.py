"""Looking for what stands beside tickets and may have been written: articles, canned responses, ratings, time entries.

Categories and folders are one of a name. An article bears its mark among the keywords for search engines, a rating in
its text, a time entry in its note; a canned response has no place for one: it is known by its name and text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.connectors.freshdesk.compose_knowledge import LANGUAGE
from deskferry.connectors.freshdesk.find import listed
from deskferry.connectors.freshdesk.header import marks_in
from deskferry.connectors.kit.contract import Operation
from deskferry.connectors.kit.converters import html_to_text
from deskferry.connectors.kit.names import folded
from deskferry.connectors.kit.session import Session

_GONE = (403, 404)
CALLS = frozenset(
    {"solution_category", "solution_folder", "solution_article", "solution_translation", "canned_folder",
     "canned_response", "rating", "time_entry"}
)  # fmt: skip
"""Calls whose results are looked for here."""
_LISTS = {
    "solution_category": "solutions/categories",
    "solution_folder": "solutions/categories/{}/folders",
    "canned_folder": "canned_response_folders",
}
"""What is one of a name → its list."""
_MARKED = {
    "rating": ("tickets/{}/satisfaction_ratings", "feedback"),
    "time_entry": ("tickets/{}/time_entries", "note"),
}
"""What bears its mark in a text → its list, and the key of the text."""


def hits(session: Session, operation: Operation, body: Mapping[str, Any], target: str) -> list[str]:
    """Return the ids of what an operation in doubt may have made."""
    what, _, verb = operation.call.partition(".")
    if what in _LISTS:
        return named(session, _LISTS[what].format(target), body)
    if what in _MARKED:
        path, field = _MARKED[what]
        return _marked(session, path.format(target), field, operation.mark)
    if what == "canned_response":
        return _responses(session, body)
    if what == "solution_translation":
        return _translated(session, f"{target}/{body[LANGUAGE]}")
    return (
        _attached(session, operation, target) if verb == "attach" else _articles(session, target, body, operation.mark)
    )


def _translated(session: Session, place: str) -> list[str]:
    return [place] if session.request_json("GET", f"solutions/articles/{place}", allow=_GONE).status == 200 else []


def named(session: Session, path: str, body: Mapping[str, Any]) -> list[str]:
    """Return the ids of a list's rows of this very name; a folder must be for the same readers as well."""
    wanted = folded(body.get("name"))
    return [
        str(row["id"])
        for row in listed(session, path, {}, _GONE)
        if folded(row.get("name")) == wanted and body.get("visibility", row.get("visibility")) == row.get("visibility")
    ]


def _articles(session: Session, folder: str, body: Mapping[str, Any], mark: str) -> list[str]:
    rows = listed(session, f"solutions/folders/{folder}/articles", {}, _GONE)
    found = [str(row["id"]) for row in rows if folded(row.get("title")) == folded(body.get("title"))]
    return [one for one in found if mark in _keywords(session, one)]


def _keywords(session: Session, article: str) -> list[str]:
    answer = session.request_json("GET", f"solutions/articles/{article}", allow=_GONE)
    seo = (answer.body or {}).get("seo_data") if answer.status == 200 else None
    words = (seo or {}).get("meta_keywords") or ""
    return [str(one).strip() for one in (words if isinstance(words, list) else str(words).split(","))]


def _attached(session: Session, operation: Operation, article: str) -> list[str]:
    answer = session.request_json("GET", f"solutions/articles/{article}", allow=_GONE)
    there = [one.get("name") for one in (answer.body or {}).get("attachments") or ()] if answer.status == 200 else []
    return [article] if all(file.filename in there for file in operation.files) else []


def _responses(session: Session, body: Mapping[str, Any]) -> list[str]:
    rows = listed(session, f"canned_response_folders/{body['folder_id']}/responses", {}, _GONE)
    wanted = (folded(body["title"]), _text(body["content_html"]))
    return [str(row["id"]) for row in rows if (folded(row.get("title")), _text(row.get("content_html"))) == wanted]


def _text(html: Any) -> str:
    return "".join((html_to_text(str(html or "")) or "").split())


def _marked(session: Session, path: str, field: str, mark: str) -> list[str]:
    rows = listed(session, path, {}, _GONE)
    return [str(row["id"]) for row in rows if mark in marks_in(str(row.get(field) or ""))]
