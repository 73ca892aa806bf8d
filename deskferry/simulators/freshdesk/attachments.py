"""Files: taken in with a call, shown with a signed link that expires, served without credentials."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import ApiError, Row, fault, invalid, not_allowed
from deskferry.simulators.freshdesk.forms import Upload
from deskferry.simulators.freshdesk.routing import Call, Route, empty
from deskferry.simulators.kernel import SimRequest, SimResponse

STORAGE = "/sim-storage/"
INLINE = "/inline/attachment"


def check_size(account: Account, files: Sequence[Upload], name: str = "attachments") -> None:
    """Refuse a call whose files are together too large."""
    most = account.settings.max_attachment_bytes
    total = sum(len(upload.data) for upload in files)
    if total > most:
        text = f"Invalid size. It should not exceed {most // 1048576} MB (the files have {total / 1048576:.1f} MB)"
        raise invalid(fault(name, text, "invalid_size"))


def keep(account: Account, files: Sequence[Upload]) -> list[int]:
    """Store files; return their ids."""
    return [add_file(account, upload.name, upload.content_type, upload.data)["id"] for upload in files]


def add_file(account: Account, name: str, content_type: str, data: bytes) -> Row:
    """Store one file as an attachment record."""
    digest = account.blobs.put(data)
    row: Row = {"name": name, "content_type": content_type, "size": len(data), "_sha256": digest}
    return account.add("attachments", row)


def show(account: Account, ids: Sequence[int]) -> list[Row]:
    """Return attachments as the API shows them, each with a fresh link."""
    rows = (account.tables["attachments"].get(row_id) for row_id in ids)
    return [_view(account, row) for row in rows if row is not None]


def _view(account: Account, row: Row) -> Row:
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    shown["attachment_url"] = file_url(account, row)
    if row["content_type"].startswith("image/"):
        shown["thumb_url"] = shown["attachment_url"]
    return shown


def file_url(account: Account, row: Row) -> str:
    """Return a signed link to a stored file."""
    life = account.settings.attachment_ttl
    end = int(account.clock.now() + life)
    token = f"{row['id']}-{end}"
    origin = account.settings.storage_origin or account.origin()
    query = f"X-Amz-Expires={int(life)}&X-Amz-Signature={account.blobs.sign(token)}"
    return f"{origin}{STORAGE}{token}/{quote(row['name'])}?{query}"


def inline_url(account: Account, row: Row) -> str:
    """Return the link of an inline image, as bodies carry it; it does not expire."""
    token = base64.urlsafe_b64encode(f"{row['id']}:{account.blobs.sign('inline')}".encode()).decode()
    return f"{account.origin()}{INLINE}?token={token}"


def serve(account: Account, request: SimRequest) -> SimResponse | None:
    """Answer a request for a stored file, or return None when the path is another."""
    if request.path == INLINE:
        return _serve_inline(account, request)
    if not request.path.startswith(STORAGE):
        return None
    if "authorization" in request.headers:
        text = "Only one auth mechanism allowed; the signature in the query is one, Authorization is another"
        return _xml(400, "InvalidArgument", text)
    token = request.path.removeprefix(STORAGE).split("/")[0]
    row_id, _, end = token.partition("-")
    if request.param("X-Amz-Signature") != account.blobs.sign(token):
        return _xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
    if account.clock.now() > int(end):
        return _xml(403, "AccessDenied", "Request has expired")
    return _bytes(account, int(row_id))


def _serve_inline(account: Account, request: SimRequest) -> SimResponse:
    try:
        text = base64.urlsafe_b64decode(request.param("token") or "").decode()
    except ValueError:
        text = ""
    row_id, _, signature = text.partition(":")
    if signature != account.blobs.sign("inline"):
        return SimResponse(404)
    return _bytes(account, int(row_id))


def _bytes(account: Account, row_id: int) -> SimResponse:
    row = account.tables["attachments"].get(row_id)
    if row is None:
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    if row.get("_health") == "gone":
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    if row.pop("_health", None) == "flaky":
        return _xml(503, "SlowDown", "Please reduce your request rate.")
    return SimResponse(200, account.blobs.get(row["_sha256"]), {"Content-Type": row["content_type"]})


def _xml(status: int, code: str, message: str) -> SimResponse:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return SimResponse(status, text.encode(), {"Content-Type": "application/xml"})


def delete(call: Call) -> SimResponse:
    """Remove an attachment; that of a ticket in the trash cannot be."""
    account = call.account
    account.get("attachments", call.id)
    for table in ("tickets", "conversations"):
        for owner in account.tables[table].values():
            if call.id in owner["_files"]:
                if owner.get("deleted"):
                    raise not_allowed()
                owner["_files"].remove(call.id)
    del account.tables["attachments"][call.id]
    return empty()


def avatar(account: Account, upload: Upload) -> int:
    """Store the picture of a contact; raises for a wrong type or more than 5 MB."""
    if upload.name.rsplit(".", 1)[-1].lower() not in ("jpg", "jpeg", "jpe", "png"):
        text = "Upload only jpg, jpeg, jpe or png files"
        raise ApiError(400, {"description": "Validation failed", "errors": [fault("avatar", text)]})
    if len(upload.data) > 5 * 1048576:
        raise invalid(fault("avatar", "Invalid size. It should not exceed 5 MB", "invalid_size"))
    row: int = add_file(account, upload.name, upload.content_type, upload.data)["id"]
    return row


ROUTES = (Route("DELETE", "/attachments/{id}", delete),)
