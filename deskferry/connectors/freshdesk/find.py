"""Looking for what an operation in doubt may have created, by lists and not by the search index, which lags by minutes.

Tickets carry their mark in a custom field, notes in their text. Companies and contacts are unique by name, address or
external id, so that one that is not found by a list is created again and answers as a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.connectors.freshdesk.header import marks_in
from deskferry.connectors.freshdesk.scan import BEGINNING
from deskferry.connectors.kit.names import folded
from deskferry.connectors.kit.session import Session

_LAST_PAGE = 300


def listed(
    session: Session, path: str, params: Mapping[str, Any], allow: tuple[int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages of a list; a refusal that is allowed ends it."""
    for page in range(1, _LAST_PAGE + 1):
        asked = {**params, "page": page, "per_page": 100}
        answer = session.get_page(path, asked, allow=allow, alike=page == 1)
        if answer.status >= 400:
            return
        yield from answer.body or ()
        if 'rel="next"' not in answer.headers.get("link", ""):
            return


def companies(session: Session, name: str) -> list[str]:
    """Return the ids of the companies of this very name: by the first word's completion, else by the whole list."""
    answer = session.request_json("GET", "companies/autocomplete", params={"name": name}, allow=(400, 403, 404))
    rows = answer.body.get("companies", ()) if isinstance(answer.body, dict) else ()
    found = [str(row["id"]) for row in rows if _same(row.get("name"), name)]
    return found or [str(row["id"]) for row in listed(session, "companies", {}) if _same(row.get("name"), name)]


def _same(one: Any, other: str) -> bool:
    return folded(one) == folded(other)


def people(session: Session, body: Mapping[str, Any], *, trashed: bool = False) -> list[str]:
    """Return the ids of contacts (or of an agent) with the body's address or numbers."""
    filters = [{key: body[key]} for key in ("email", "mobile", "phone") if body.get(key)]
    states: list[dict[str, str]] = [{}, {"state": "deleted"}, {"state": "blocked"}] if trashed else [{}]
    for chosen in filters:
        for state in states:
            rows = listed(session, "contacts", {**chosen, **state}, (400,))
            found = [str(row["id"]) for row in rows if _fits(row, body)]
            if found:
                return found
    if trashed and body.get("email"):
        return [str(row["id"]) for row in listed(session, "agents", {"email": body["email"]}, (400, 403))]
    return []


def _fits(row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether a contact is the one of the body: by address, else by external id, else by name and number."""
    if body.get("email"):
        addresses = {str(value).lower() for value in (row.get("email"), *(row.get("other_emails") or ())) if value}
        return str(body["email"]).lower() in addresses
    if body.get("unique_external_id"):
        return bool(row.get("unique_external_id") == body["unique_external_id"])
    return bool(row.get("name") == body.get("name"))


def tickets(session: Session, body: Mapping[str, Any], mark: str) -> list[dict[str, Any]]:
    """Return the requester's tickets whose custom fields hold this mark."""
    key = next((name for name in ("requester_id", "email", "unique_external_id") if body.get(name)), None)
    if key is None:
        return []
    order = {"updated_since": BEGINNING, "order_by": "created_at", "order_type": "desc"}
    for extra in ({}, {"filter": "spam"}):
        rows = listed(session, "tickets", {key: body[key], **order, **extra}, (400, 404))
        found = [row for row in rows if mark in (row.get("custom_fields") or {}).values()]
        if found:
            return found
    return []


def notes(session: Session, ticket: str, mark: str) -> list[dict[str, Any]]:
    """Return the conversations of a ticket whose text begins with this mark's header."""
    rows = listed(session, f"tickets/{ticket}/conversations", {}, (404,))
    return [row for row in rows if marks_in(str(row.get("body") or ""))[:1] == [mark]]


def ticket_fields(session: Session, label: str) -> list[str]:
    """Return the keys of the ticket fields of this label."""
    rows = session.get_json("ticket_fields") or ()
    return [str(row["name"]) for row in rows if row.get("label") == label]
