"""Files on their way into comments: uploaded for a token, and attached when a comment names it.

A token holds as many files as were sent with it, lives for an hour and is spent by one comment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk.errors import no_record, record_invalid, refuse
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.state import Blob, Record, State


@dataclass(slots=True)
class Upload:
    """The files behind a token."""

    token: str
    at: float
    attachments: list[Record] = field(default_factory=list)
    spent: bool = False


def create_upload(call: Call) -> SimResponse:
    """Answer `POST /uploads?filename=`: the raw bytes, and perhaps the token of an upload that gets one more file."""
    state, name = call.state, call.request.param("filename")
    if not name:
        raise refuse(400, {"error": "BadRequest", "description": "Parameter filename is required"})
    data, settings = call.request.body, state.written.settings
    if len(data) > settings.max_upload:
        raise refuse(413, {"error": "AttachmentTooLarge", "description": f"{name} is larger than the limit"})
    if not data:
        raise refuse(422, {"error": "AttachmentUnprocessable", "description": "The file is empty"})
    if name.rsplit(".", 1)[-1].lower() in settings.blocked_extensions:
        raise refuse(422, {"error": "AttachmentUnprocessable", "description": "The type of the file is not allowed"})
    known = call.request.param("token")
    upload = _new(state) if known is None else live(state, known)
    if upload is None:
        raise no_record()
    kind = call.request.headers.get("content-type") or "application/octet-stream"
    attachment = attach(state, name, kind, data)
    upload.attachments.append(attachment)
    shown = {"token": upload.token, "attachment": attachment, "attachments": upload.attachments}
    return json_response({"upload": shown}, 201)


def _new(state: State) -> Upload:
    number = state.written.counters["upload"] = state.written.counters.get("upload", 0) + 1
    token = hashlib.sha256(f"upload/{state.subdomain}/{number}".encode()).hexdigest()[:25]
    upload = Upload(token, state.clock.now())
    state.written.uploads[token] = upload
    state.later(state.written.settings.upload_life, lambda: _expire(state, upload))
    return upload


def _expire(state: State, upload: Upload) -> None:
    if not upload.spent:
        forget_files(state, upload.attachments)
    state.written.uploads.pop(upload.token, None)


def forget_files(state: State, attachments: list[Record]) -> None:
    """Remove the bytes behind attachments."""
    for one in attachments:
        state.written.blobs.pop(_token_of(one), None)


def _token_of(attachment: Record) -> str:
    return str(attachment["content_url"]).split("/attachments/token/")[1].split("/")[0]


def attach(state: State, name: str, kind: str, data: bytes) -> Record:
    """Keep bytes and return the record of the attachment that shows them."""
    identifier = state.new_id("attachment")
    digest = state.written.bytes.put(data)
    token = hashlib.sha256(f"file/{identifier}/{digest}".encode()).hexdigest()[:24]
    state.written.blobs[token] = Blob(str(identifier), name, kind, len(data), lambda: state.written.bytes.get(digest))
    image = kind.startswith("image/")
    url = f"{state.host}/attachments/token/{token}/?name={quote_plus(name)}"
    return {
        "url": f"{state.host}/api/v2/attachments/{identifier}.json",
        "id": identifier,
        "file_name": name,
        "content_url": url,
        "mapped_content_url": url,
        "content_type": kind,
        "size": len(data),
        "width": 640 if image else None,
        "height": 480 if image else None,
        "inline": False,
        "deleted": False,
        "malware_access_override": False,
        "malware_scan_result": "not_scanned",
        "thumbnails": [],
    }


def live(state: State, token: str) -> Upload | None:
    """Return the upload of a token that is still good for a comment."""
    upload: Upload | None = state.written.uploads.get(token)
    return None if upload is None or upload.spent else upload


def tokens_of(given: Any) -> list[str]:
    """Return the tokens that a comment names: a list of them, or one."""
    listed = given if isinstance(given, list) else [given] if given else []
    return [str(one) for one in listed]


def spend(state: State, tokens: Any) -> list[Record]:
    """Return the attachments behind tokens, which are spent now; a dead one is refused, or missing in silence."""
    found = [live(state, one) for one in tokens_of(tokens)]
    if None in found and state.written.settings.dead_uploads_refused:
        raise record_invalid(uploads="Uploads: token is invalid, expired or already used")
    attachments: list[Record] = []
    for upload in found:
        if upload is not None and not upload.spent:
            upload.spent = True
            attachments += upload.attachments
    return attachments


def check(state: State, tokens: Any) -> None:
    """Refuse dead tokens without spending the others."""
    words = tokens_of(tokens)
    dead = len(set(words)) < len(words) or any(live(state, one) is None for one in words)
    if dead and state.written.settings.dead_uploads_refused:
        raise record_invalid(uploads="Uploads: token is invalid, expired or already used")


def delete_upload(call: Call) -> SimResponse:
    """Answer `DELETE /uploads/{token}`: the files of a token that no comment used go with it."""
    upload = live(call.state, call.words[0])
    if upload is None:
        raise no_record()
    forget_files(call.state, upload.attachments)
    del call.state.written.uploads[upload.token]
    return SimResponse(204)


ROUTES: Final = [
    Route("POST", "/api/v2/uploads", create_upload, end_user=True),
    Route("DELETE", "/api/v2/uploads/{word}", delete_upload, end_user=True),
]
