"""A written article as its raw JSON says, at paths named by hand: a second pair of eyes beside the read mapping."""

from __future__ import annotations

from collections.abc import Mapping

from deskferry.connectors.kit.contract import WitnessArticle
from deskferry.connectors.kit.session import Session

_READERS: Mapping[int, str] = {1: "public", 2: "signed_in", 3: "agents"}
_STATUS: Mapping[int, str] = {1: "draft", 2: "published"}


def witness_article(session: Session, remote_id: str) -> WitnessArticle | None:
    """Return an article with who may read it by the folder that it lies in; None when it is gone."""
    answer = session.request_json("GET", f"solutions/articles/{remote_id}", allow=(404,))
    if answer.status == 404 or not isinstance(answer.body, dict):
        return None
    raw = answer.body
    folder = session.request_json("GET", f"solutions/folders/{raw.get('folder_id')}", allow=(403, 404))
    code = folder.body.get("visibility") if folder.status == 200 and isinstance(folder.body, dict) else None
    return WitnessArticle(
        str(raw["id"]),
        str(raw.get("title") or ""),
        str(raw.get("description") or ""),
        _STATUS.get(raw.get("status") or 0),
        None if code is None else _READERS.get(code, "restricted"),
        {
            str(file["id"]): (int(file.get("size", file.get("file_size")) or 0), str(file.get("attachment_url") or ""))
            for file in raw.get("attachments") or ()
        },
    )
