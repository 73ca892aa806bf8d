"""What can still be done to a comment: hidden from the customer, and redacted for good. Never edited, never deleted."""

from __future__ import annotations

import html
import re
from typing import Final

from deskferry.simulators.kernel import SimResponse
from deskferry.simulators.zendesk import payloads, uploads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.routing import Call, routes
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.ticket_edits import API, add_audit, editable, keep
from deskferry.simulators.zendesk.ticket_routes import visible_file
from deskferry.simulators.zendesk.tickets import TicketFile

BLOCK: Final = "▇"
_MARKED: Final = re.compile(r"<redact>(.*?)</redact>", re.DOTALL)
_ELEMENTS: Final = re.compile(r"<[^>]+>")


def _event(file: TicketFile, identifier: int) -> Record:
    for audit in file.audits:
        for event in audit["events"]:
            if event["id"] == identifier and event["type"] in ("Comment", "VoiceComment"):
                found: Record = event
                return found
    raise no_record()


def _open_file(call: Call, ticket: int) -> TicketFile:
    if visible_file(call, ticket).record["status"] == "closed":
        raise record_invalid(status=problem("Status: closed prevents ticket update", None))
    return editable(call.state, ticket)


def _finish(call: Call, file: TicketFile, event: Record) -> None:
    add_audit(call.state, file, call.caller.user_id or 0, [{"id": 0, **event}], API)
    keep(call.state, file)


def make_private(call: Call) -> SimResponse:
    """Answer `PUT /tickets/{id}/comments/{id}/make_private`; there is no way back."""
    file = _open_file(call, call.ids[0])
    event = _event(file, call.ids[1])
    event["public"] = False
    _finish(call, file, {"type": "CommentPrivacyChange", "comment_id": event["id"], "public": False})
    return SimResponse(200)


def redact_words(call: Call) -> Record:
    """Answer `PUT /tickets/{id}/comments/{id}/redact`: every occurrence of a text; not on closed tickets."""
    file = _open_file(call, call.ids[0])
    event = _event(file, call.ids[1])
    text = str(payloads.body_of(call).get("text") or "")
    if not text or text not in event["body"]:
        raise record_invalid(text=problem("Text: was not found in the comment"))
    _replace(event, event["html_body"].replace(html.escape(text), BLOCK * len(text)), text)
    _first_again(file)
    _finish(call, file, {"type": "CommentRedactionEvent", "comment_id": event["id"]})
    return {"comment": event}


def redact_marked(call: Call) -> Record:
    """Answer `PUT /comment_redactions/{id}`: what is marked in the text, and files; closed tickets too."""
    body = payloads.body_of(call)
    ticket = whole(body.get("ticket_id"), "ticket_id")
    visible_file(call, ticket or 0)
    file = editable(call.state, ticket)
    event = _event(file, call.ids[0])
    markup = str(body.get("html_body") or "")
    if _MARKED.search(markup):
        inner = _MARKED.sub(lambda found: BLOCK * len(html.unescape(_ELEMENTS.sub("", found[1]))), markup)
        plain = html.unescape(_ELEMENTS.sub("", inner.replace("</p>", "\n"))).strip()
        event |= {"html_body": inner, "body": plain, "plain_body": plain}
    for one in event["attachments"]:
        if one["content_url"] in (body.get("external_attachment_urls") or ()):
            _redact_file(call, one)
    _first_again(file)
    _finish(call, file, {"type": "CommentRedactionEvent", "comment_id": event["id"]})
    return {"comment": event}


def redact_attachment(call: Call) -> Record:
    """Answer `PUT /tickets/{id}/comments/{id}/attachments/{id}/redact`; not on closed tickets."""
    file = _open_file(call, call.ids[0])
    event = _event(file, call.ids[1])
    found = next((one for one in event["attachments"] if one["id"] == call.ids[2]), None)
    if found is None:
        raise no_record()
    _redact_file(call, found)
    _finish(call, file, {"type": "AttachmentRedactionEvent", "comment_id": event["id"], "attachment_id": found["id"]})
    return {"attachment": found}


def _redact_file(call: Call, attachment: Record) -> None:
    uploads.forget_files(call.state, [attachment])
    attachment |= {"file_name": "redacted.txt", "content_type": "text/plain", "size": 1, "deleted": True}


def _replace(event: Record, markup: str, text: str) -> None:
    plain = event["body"].replace(text, BLOCK * len(text))
    event |= {"html_body": markup, "body": plain, "plain_body": plain}


def _first_again(file: TicketFile) -> None:
    """Let the description follow the first comment."""
    first = next(iter(file.comments()), None)
    if first is not None:
        file.record["description"] = first["body"]


ROUTES: Final = routes(
    ("PUT /api/v2/tickets/{id}/comments/{id}/make_private", make_private),
    ("PUT /api/v2/tickets/{id}/comments/{id}/redact", redact_words),
    ("PUT /api/v2/tickets/{id}/comments/{id}/attachments/{id}/redact", redact_attachment),
    ("PUT /api/v2/comment_redactions/{id}", redact_marked),
)
