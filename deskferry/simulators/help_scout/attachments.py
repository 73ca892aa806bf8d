"""Attachments: what they are, their bytes as JSON or raw, inline images by their own links, and storage elsewhere."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any
from urllib.parse import quote

from deskferry.simulators.help_scout import access
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, fault, invalid, not_found, refused
from deskferry.simulators.help_scout.routing import Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimRequest, SimResponse

STORAGE = "/sim-storage/"
WEB = "/file/"
STORAGE_HOST = "https://helpscout-attachments.s3.example"


def add_file(account: Account, conversation: int, name: str, mime_type: str, data: bytes) -> Row:
    """Store a file of a conversation; return its record."""
    width, height = _dimensions(data)
    row: Row = {"filename": name, "mimeType": mime_type, "width": width, "height": height, "size": len(data)}
    row |= {"state": "valid", "_conversation": conversation, "_sha256": account.blobs.put(data)}
    return account.add("attachments", row)


def _dimensions(data: bytes) -> tuple[int | None, int | None]:
    """Return width and height of a PNG that says them."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return None, None
    width, height = struct.unpack(">II", data[16:24])
    return width % 4096, height % 4096


def show(account: Account, row_id: int) -> Row:
    """Return the description of a file, as threads carry it."""
    row = account.tables["attachments"][row_id]
    own = f"{account.settings.origin}/v2/conversations/{row['_conversation']}/attachments/{row_id}"
    links = {"data": f"{own}/data", "self": own, "web": web_url(account, row)}
    names = ("id", "filename", "mimeType", "width", "height", "size", "state")
    shown = {name: row[name] for name in names}
    return {**shown, "_links": {name: {"href": href} for name, href in links.items()}}


def web_url(account: Account, row: Row) -> str:
    """Return the link of a file that bodies carry; it needs no credentials and does not expire."""
    token = f"{row['id']}-{account.blobs.sign(str(row['id']))}"
    return f"{account.settings.web_origin}{WEB}{token}/{quote(row['filename'])}"


def serve(account: Account, request: SimRequest) -> SimResponse | None:
    """Answer a request for a file by its own link or from storage; None when the path is another."""
    for prefix in (WEB, STORAGE):
        if request.path.startswith(prefix):
            break
    else:
        return None
    if prefix == STORAGE and "authorization" in request.headers:
        return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
    number, _, signature = request.path.removeprefix(prefix).split("/")[0].partition("-")
    if signature != account.blobs.sign(number):
        return _xml(403, "SignatureDoesNotMatch", "The request signature does not match")
    row = account.tables["attachments"].get(int(number))
    if row is None or row.get("_health") == "gone" or row["state"] != "valid":
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    if _falters(row):
        return _xml(503, "SlowDown", "Please reduce your request rate.")
    return _raw(account, row)


def _xml(status: int, code: str, message: str) -> SimResponse:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return SimResponse(status, text.encode(), {"Content-Type": "application/xml"})


def _raw(account: Account, row: Row) -> SimResponse:
    disposition = f"attachment; filename*=UTF-8''{quote(row['filename'])}"
    return SimResponse(
        200, content(account, row), {"Content-Type": row["mimeType"], "Content-Disposition": disposition}
    )


def content(account: Account, row: Row) -> bytes:
    """Return the bytes of a file: those of a generated account are made when they are wanted."""
    made = row.get("_made")
    return account.blobs.get(row["_sha256"]) if made is None else bytes(made.content())


def _falters(row: Row) -> bool:
    return row.get("_health") == "flaky" and row.pop("_health") is not None


def _file_of(call: Call) -> Row:
    row = call.account.get("attachments", int(call.args[1]))
    if row["_conversation"] != call.id or row.get("_health") == "gone" or row["state"] != "valid":
        raise not_found()
    if _falters(row):
        raise refused(503)
    return row


def data(call: Call) -> SimResponse:
    """Return the bytes of a file in Base64."""
    text = base64.b64encode(content(call.account, _file_of(call))).decode("ascii")
    return hal({"data": text})


def file(call: Call) -> SimResponse:
    """Return the bytes of a file; of a large one the place where they are, which wants no credentials."""
    row = _file_of(call)
    settings = call.account.settings
    if row["size"] <= settings.redirect_above:
        return _raw(call.account, row)
    origin = settings.storage_origin or _other_host(call.request)
    token = f"{row['id']}-{call.account.blobs.sign(str(row['id']))}"
    return SimResponse(302, b"", {"Location": f"{origin}{STORAGE}{token}/{quote(row['filename'])}"})


def _other_host(request: SimRequest) -> str:
    """Return an address that is another origin to a client and still reaches this desk."""
    name, separator, port = request.headers.get("host", "").partition(":")
    others = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
    return f"http://{others[name]}{separator}{port}" if name in others else STORAGE_HOST


def given_files(body: Row, path: str = "attachments") -> list[tuple[str, str, bytes]]:
    """Return the files of a request: name, type, bytes; raises for what is missing or no Base64."""
    return [_given(item, f"{path}[{place}]") for place, item in enumerate(body.get("attachments") or ())]


def _given(item: Any, path: str) -> tuple[str, str, bytes]:
    values = item if isinstance(item, dict) else {}
    missing = [name for name in ("fileName", "mimeType", "data") if not isinstance(values.get(name), str)]
    if missing:
        raise invalid(*(fault(f"{path}.{name}".lstrip("."), "may not be empty") for name in missing))
    try:
        return values["fileName"], values["mimeType"], base64.b64decode(values["data"], validate=True)
    except binascii.Error:
        raise invalid(fault(f"{path}.data".lstrip("."), "must be Base64", "Base64")) from None


def create(call: Call) -> SimResponse:
    """Add a file to a thread that is there."""
    row = access.writable(call)
    thread = access.thread_of(row, int(call.args[1]))
    name, mime_type, raw = _given(call.body(), "")
    made = add_file(call.account, row["id"], name, mime_type, raw)
    thread["_files"].append(made["id"])
    store.by_user(call.account, row)
    return created(call, f"/v2/conversations/{row['id']}/attachments", made["id"])


def delete(call: Call) -> SimResponse:
    """Remove a file from its thread."""
    row, row_id = access.writable(call), int(call.args[1])
    if call.account.get("attachments", row_id)["_conversation"] != row["id"]:
        raise not_found()
    for thread in row["_threads"]:
        thread["_files"] = [one for one in thread["_files"] if one != row_id]
    del call.account.tables["attachments"][row_id]
    store.by_user(call.account, row)
    return empty()


ROUTES = (
    Route("GET", "/v2/conversations/{id}/attachments/{id}/data", data),
    Route("GET", "/v2/conversations/{id}/attachments/{id}/file", file),
    Route("DELETE", "/v2/conversations/{id}/attachments/{id}", delete),
    Route("POST", "/v2/conversations/{id}/threads/{id}/attachments", create),
)
