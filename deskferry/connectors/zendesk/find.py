"""Looking for what an operation in doubt may have created, by its external id, its address or its name.

The lookup of tickets lists neither archived nor deleted ones; the search, which lags by minutes, knows archived ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.connectors.kit.contract import Raw
from deskferry.connectors.kit.session import Session

MARK = "deskferry"
"""Key of an update's metadata that holds the mark of a comment."""


def tickets(session: Session, mark: str) -> list[Raw]:
    """Return the live tickets with this external id, archived ones too."""
    answer = session.request_json("GET", "tickets", params={"external_id": mark, "page[size]": 100})
    found = [row for row in answer.body.get("tickets") or () if row.get("external_id") == mark and _live(row)]
    if found:
        return found
    query = f'type:ticket external_id:"{mark}"'
    answer = session.request_json("GET", "search", params={"query": query}, allow=(422,))
    rows = (answer.body.get("results") or ()) if answer.status == 200 else ()
    return [row for row in rows if row.get("external_id") == mark and _live(row) and _is_there(session, row)]


def _live(ticket: Raw) -> bool:
    return ticket.get("status") != "deleted"


def _is_there(session: Session, ticket: Raw) -> bool:
    """Whether a ticket that the search knows has not been deleted since."""
    answer = session.request_json("GET", f"tickets/{ticket['id']}", allow=(404,))
    return answer.status == 200 and _live(answer.body.get("ticket") or {})


def users(session: Session, body: Mapping[str, Any], *, by_address: bool = False) -> list[Raw]:
    """Return the active users with the body's external id, else (`by_address`) with its address."""
    external = str(body.get("external_id") or "")
    if external:
        answer = session.request_json("GET", "users/show_many", params={"external_ids": external}, allow=(404,))
        rows = (answer.body.get("users") or ()) if answer.status == 200 else ()
        found = [row for row in rows if _same(row.get("external_id"), external) and row.get("active") is not False]
        if found:
            return found
    email = str(body.get("email") or "").lower()
    if not (by_address and email):
        return []
    answer = session.request_json("GET", "users/search", params={"query": f'email:"{email}"'}, allow=(422,))
    rows = (answer.body.get("users") or ()) if answer.status == 200 else ()
    live = [row for row in rows if row.get("active") is not False]
    exact = [row for row in live if _same(row.get("email"), email)]
    # A further address of somebody: the search answers with its owner alone.
    return exact or (live if len(live) == 1 else [])


def organizations(session: Session, body: Mapping[str, Any], *, by_name: bool = False) -> list[Raw]:
    """Return the organizations with the body's external id, else (`by_name`) with its very name."""
    external = str(body.get("external_id") or "")
    if external:
        found = _organizations(session, {"external_id": external}, "external_id", external)
        if found:
            return found
    name = str(body.get("name") or "")
    return _organizations(session, {"name": name}, "name", name) if by_name and name else []


def _organizations(session: Session, params: Mapping[str, Any], key: str, wanted: str) -> list[Raw]:
    answer = session.request_json("GET", "organizations/search", params=params, allow=(404, 422))
    rows = (answer.body.get("organizations") or ()) if answer.status == 200 else ()
    return [row for row in rows if _same(row.get(key), wanted)]


def _same(one: Any, other: str) -> bool:
    return " ".join(str(one or "").split()).casefold() == " ".join(other.split()).casefold()


def comments(session: Session, ticket: str, mark: str) -> list[Raw]:
    """Return the comments of a ticket that were appended with this mark."""
    found: list[Raw] = []
    params: dict[str, Any] = {"page[size]": 100}
    while True:
        answer = session.request_json("GET", f"tickets/{ticket}/comments", params=params, allow=(404,))
        body = answer.body if answer.status == 200 else {}
        for row in body.get("comments") or ():
            custom = (row.get("metadata") or {}).get("custom") or {}
            if custom.get(MARK) == mark:
                found.append(row)
        meta = body.get("meta") or {}
        if not meta.get("has_more"):
            return found
        params["page[after]"] = meta.get("after_cursor")
