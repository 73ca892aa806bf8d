"""The files of articles: sent as forms, with an article or without one, and associated later."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import payloads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid, refuse
from deskferry.simulators.zendesk.guide_state import attachments_of, found
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.jobs import many
from deskferry.simulators.zendesk.routing import Call, Route
from deskferry.simulators.zendesk.state import Blob, Record

AT_ONCE: Final = 20
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_NAMES: Final = re.compile(r'(?<![a-z*])(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_EXTENDED: Final = re.compile(r"filename\*=UTF-8''([^;\r\n]+)", re.IGNORECASE)
_KIND: Final = re.compile(r"content-type:\s*([^\r\n;]+)", re.IGNORECASE)


def form_of(body: bytes, content_type: str) -> tuple[dict[str, str], tuple[str, str, bytes] | None]:
    """Return the fields of a form, and its file as name, type and bytes."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise refuse(400, {"error": "BadRequest", "description": "The request must be multipart/form-data"})
    fields: dict[str, str] = {}
    file: tuple[str, str, bytes] | None = None
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:]:
        if part.startswith(b"--"):
            break
        head, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        names = {key.lower(): value.replace('\\"', '"') for key, value in _NAMES.findall(text)}
        extended, kind = _EXTENDED.search(text), _KIND.search(text)
        filename = unquote(extended[1]) if extended else names.get("filename")
        if filename is None:
            fields[names.get("name", "")] = data.decode("utf-8", "replace")
        elif names.get("name") == "file":
            file = filename, kind[1].strip() if kind else "application/octet-stream", data
    return fields, file


def create(call: Call) -> SimResponse:
    """Answer `POST /help_center/articles/attachments`, and below an article."""
    article = found(call.state, "articles", call.ids[0]) if call.ids else None
    fields, file = form_of(call.request.body, call.request.headers.get("content-type", ""))
    if file is None:
        raise record_invalid(file=problem("File: cannot be blank", "BlankValue"))
    name, kind, data = file
    state = call.state
    if len(data) > state.written.settings.max_upload:
        raise refuse(413, {"error": "AttachmentTooLarge", "description": "The file is larger than the limit"})
    identifier, now = state.new_id("article_attachment"), iso(state.now())
    digest = state.written.bytes.put(data)
    blob = Blob(f"article-{identifier}", name, kind, len(data), lambda: state.written.bytes.get(digest))
    state.written.blobs[f"article:{identifier}"] = blob
    row = {
        "id": identifier,
        "url": f"{state.host}/api/v2/help_center/articles/attachments/{identifier}",
        "article_id": article["id"] if article else None,
        "display_file_name": name,
        "file_name": name,
        "content_url": f"{state.host}/hc/article_attachments/{identifier}",
        "relative_path": f"/hc/article_attachments/{identifier}",
        "content_type": kind,
        "size": len(data),
        "inline": fields.get("inline", "").lower() in ("true", "1"),
        "locale": fields.get("locale"),
        "created_at": now,
        "updated_at": now,
    }
    if article is None:
        state.guide.unassociated[identifier] = row
    else:
        _put(call, article["id"], row)
    return json_response({"article_attachment": row}, 201, {"Location": str(row["url"])})


def _put(call: Call, article: int, row: Record) -> None:
    call.state.guide.written_attachments[article] = [*attachments_of(call.state, article), row]


def associate(call: Call) -> SimResponse:
    """Answer `POST /help_center/articles/{id}/bulk_attachments`: twenty at most."""
    article = found(call.state, "articles", call.ids[0])
    body = payloads.body_of(call)
    wanted = many({"ids": body.get("attachment_ids")}, "ids", AT_ONCE)
    loose = call.state.guide.unassociated
    if any(one not in loose for one in wanted):
        raise no_record()
    for one in wanted:
        _put(call, article["id"], {**loose.pop(one), "article_id": article["id"]})
    return SimResponse(200)


def delete(call: Call) -> SimResponse:
    """Answer `DELETE /help_center/articles/attachments/{id}`."""
    guide = call.state.guide
    if guide.unassociated.pop(call.ids[0], None) is None:
        for article in guide.lists.get("articles", []):
            own = attachments_of(call.state, article["id"])
            rest = [one for one in own if one["id"] != call.ids[0]]
            if len(rest) < len(own):
                guide.written_attachments[article["id"]] = rest
                break
        else:
            raise no_record()
    call.state.written.blobs.pop(f"article:{call.ids[0]}", None)
    return SimResponse(204)


ROUTES: Final = [
    Route("POST", "/api/v2/help_center/articles/attachments", create),
    Route("DELETE", "/api/v2/help_center/articles/attachments/{id}", delete),
    *(
        Route("POST", f"/api/v2/help_center{locale}/articles/{{id}}/{tail}", handler)
        for locale in ("", "/{word}")
        for tail, handler in (("attachments", create), ("bulk_attachments", associate))
    ),
]
