"""A written ticket as its raw JSON says, at paths named by hand: a second pair of eyes beside the read mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deskferry.connectors.kit.contract import WitnessMessage, WitnessTicket
from deskferry.connectors.kit.session import Session


def witness(session: Session, remote_ticket_id: str, origin_key: str) -> WitnessTicket | None:
    """Return a ticket and all its conversations; None when it is gone or in the trash."""
    answer = session.request_json("GET", f"tickets/{remote_ticket_id}", allow=(404,))
    if answer.status == 404 or not isinstance(answer.body, dict) or answer.body.get("deleted"):
        return None
    raw = answer.body
    messages = [
        WitnessMessage(
            remote_id=str(raw["id"]),
            author=_text(raw.get("requester_id")),
            private=False,
            incoming=True,
            created_at=raw.get("created_at"),
            text=str(raw.get("description") or ""),
            files=_files(raw),
        )
    ]
    page = 1
    while True:
        listed = session.request_json(
            "GET", f"tickets/{remote_ticket_id}/conversations", params={"page": page, "per_page": 100}, allow=(404,)
        )
        messages += [_message(row) for row in (listed.body if listed.status == 200 else None) or ()]
        if 'rel="next"' not in listed.headers.get("link", ""):
            break
        page += 1
    custom = raw.get("custom_fields") or {}
    mark = custom.get(origin_key) or next((value for value in custom.values() if _is_mark(value)), None)
    return WitnessTicket(str(raw["id"]), str(raw.get("status")), _text(mark), tuple(messages))


def _message(row: Mapping[str, Any]) -> WitnessMessage:
    return WitnessMessage(
        remote_id=str(row["id"]),
        author=_text(row.get("user_id")),
        private=row.get("private"),
        incoming=row.get("incoming"),
        created_at=row.get("created_at"),
        text=str(row.get("body") or ""),
        files=_files(row),
    )


def _is_mark(value: Any) -> bool:
    """Return whether a custom value looks like the id of a source record."""
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9_-]+:[a-z][a-z0-9_]*:\S+", value) is not None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _files(holder: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    """Return the files by remote id: size and link."""
    return {
        str(file["id"]): (int(file.get("size", file.get("file_size")) or 0), str(file.get("attachment_url") or ""))
        for file in holder.get("attachments") or ()
    }
