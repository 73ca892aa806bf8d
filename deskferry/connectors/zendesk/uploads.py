"""Files on their way into comments: streamed from the disk, one token each, taken back where no comment used it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deskferry.connectors.kit.contract import FilePart
from deskferry.connectors.kit.session import Session

TOKEN_LIFE = 3600.0
"""Seconds for which a token can be used."""
_REFUSED = (400, 413, 415, 422)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that waits for its comment: `token` is used once, `url` is where it will be shown."""

    token: str
    url: str
    attachment_id: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that the account does not take, and why."""

    detail: str


def upload(session: Session, file: FilePart, path: Path) -> Uploaded | Refusal:
    """Upload a file; repeated until it is there, since a token that nobody uses does no harm."""
    answer = session.request_json(
        "POST", "uploads", params={"filename": file.filename}, content=path,
        headers={"Content-Type": file.content_type or "application/octet-stream"}, allow=_REFUSED, idempotent=True,
    )  # fmt: skip
    if answer.status in _REFUSED:
        body = answer.body if isinstance(answer.body, dict) else {}
        return Refusal(f"{file.filename}: {body.get('description') or body.get('error') or answer.status}")
    found = answer.body["upload"]
    attachment = found.get("attachment") or {}
    return Uploaded(str(found["token"]), str(attachment.get("content_url") or ""), str(attachment.get("id") or ""))


def discard(session: Session, uploaded: Iterable[Uploaded]) -> None:
    """Take back files that no comment used; what is gone already is no matter."""
    for one in uploaded:
        session.request_json("DELETE", f"uploads/{one.token}", allow=(400, 403, 404, 422))
