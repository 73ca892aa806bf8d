"""A written ticket as its raw JSON says, at paths named by hand: a second pair of eyes beside the read mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.connectors.kit.contract import WitnessMessage, WitnessTicket
from deskferry.connectors.kit.session import Session


def witness(session: Session, remote_ticket_id: str) -> WitnessTicket | None:
    """Return a ticket and all its comments, oldest first; None when it is gone or deleted."""
    answer = session.request_json("GET", f"tickets/{remote_ticket_id}", allow=(404,))
    raw = (answer.body or {}).get("ticket") if answer.status == 200 else None
    if not isinstance(raw, dict) or raw.get("status") == "deleted":
        return None
    messages: list[WitnessMessage] = []
    params: dict[str, Any] = {"page[size]": 100, "include_inline_images": True}
    while True:
        listed = session.request_json("GET", f"tickets/{remote_ticket_id}/comments", params=params, allow=(404,))
        body = listed.body if listed.status == 200 and isinstance(listed.body, dict) else {}
        messages += [_message(row) for row in body.get("comments") or ()]
        meta = body.get("meta") or {}
        if not meta.get("has_more"):
            break
        params["page[after]"] = meta.get("after_cursor")
    return WitnessTicket(str(raw["id"]), str(raw.get("status")), _text(raw.get("external_id")), tuple(messages))


def _message(row: Mapping[str, Any]) -> WitnessMessage:
    public = row.get("public")
    return WitnessMessage(
        remote_id=str(row["id"]),
        author=_text(row.get("author_id")),
        private=None if public is None else not public,
        incoming=None,
        created_at=row.get("created_at"),
        text=str(row.get("html_body") or row.get("body") or ""),
        files={
            str(file["id"]): (int(file.get("size") or 0), str(file.get("content_url") or ""))
            for file in row.get("attachments") or ()
        },
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
