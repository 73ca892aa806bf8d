"""Comments with their files, from wherever they come: the ticket event export, or one ticket's list of comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from deskferry.connectors.kit.converters import whole
from deskferry.connectors.kit.mapping import Map, ObjectMap, Raw, RefTo, Table
from deskferry.connectors.zendesk.values import (
    SYSTEM,
    addresses_of,
    author_kind,
    channel,
    copied_of,
    instant,
    person_or_none,
    sender_of,
    via_word,
)

COMMENT_TYPES = frozenset({"Comment", "VoiceComment", "FacebookComment", "Tweet"})
"""Events that are a message with a text (Ticket audit events reference)."""


def is_comment(event: Raw) -> bool:
    """Return whether an event carries a whole comment, not only the word that there was one."""
    named = event.get("event_type") or event.get("type")
    return named in COMMENT_TYPES and ("body" in event or "html_body" in event or "data" in event)


def message_of(comment: Raw, when: Any, via: Any) -> Raw:
    """Return a comment flat and in canonical words; `when` and `via` stand in where it has none of its own."""
    via = comment.get("via") or via
    source = (via.get("source") or {}) if isinstance(via, dict) else {}
    came = channel(via.get("channel") if isinstance(via, dict) else via)
    author, public = comment.get("author_id"), comment.get("public")
    system = (comment.get("metadata") or {}).get("system") or {}
    return {
        "id": comment.get("id"),
        "at": instant(comment.get("created_at") or when),
        "author": person_or_none(author),
        "author_kind": author_kind(author),
        "kind": message_kind(comment, came),
        "public": public,
        "channel": came,
        "via": via_word(via),
        "html": comment.get("html_body"),
        "text": comment.get("body") or comment.get("plain_body"),
        "sender": sender_of(source.get("from")),
        "to": addresses_of(source.get("to")),
        "cc": copied_of(source.get("to")),
        "rfc": system.get("message_id"),
        "extra": _extra(comment, source),
    }


def message_kind(comment: Raw, came: str | None) -> str | None:
    """Return what a comment is. A private one is a note whichever way it came: nothing may make it public."""
    if (comment.get("type") or comment.get("event_type")) == "VoiceComment":
        return "voice"
    public = comment.get("public")
    if public is None:
        return None
    if not public:
        return "private_note"
    if came == "chat":
        return "chat"
    return "system" if comment.get("author_id") == SYSTEM else "public_reply"


_EXTRA = ("audit_id", "data", "formatted_from", "formatted_to", "transcription_visible", "trusted")


def _extra(comment: Raw, source: Raw) -> Raw | None:
    """Return what the vendor has of a comment and the message has no column for."""
    kept = {name: comment[name] for name in _EXTRA if comment.get(name) not in (None, "", {}, [])}
    known = comment.get("metadata") or {}
    for name in ("custom", "flags", "flags_options"):
        if known.get(name):
            kept[name] = known[name]
    about = {name: one for name, one in source.items() if one not in (None, {}, "")}
    if about:
        kept["via_source"] = about
    return kept or None


MESSAGE_ROWS = (
    Map("created_at", "at"),
    Map("author_id", "author", RefTo("user")),
    Map("author_kind", "author_kind"),
    Map("kind", "kind"),
    Map("is_public", "public"),
    Map("channel", "channel"),
    Map("body_html", "html"),
    Map("body_text", "text"),
    Map("via", "via"),
    Map("sender", "sender"),
    Map("to_addresses", "to", whole),
    Map("cc_addresses", "cc", whole),
    Map("rfc_message_id", "rfc"),
    Map("extra", "extra", whole),
)

# ---------------------------------------------------------------------------------------------------------- attachments

_HOSTED = re.compile(
    r"(?:https://[a-z0-9-]+\.zendesk\.com|(?<![A-Za-z0-9.:-]))"
    r"(?P<path>/(?:attachments/token/(?P<token>[A-Za-z0-9_-]{6,})/?|system/(?P<system>[A-Za-z0-9_./%-]{6,})))"
    r"(?:\?name=(?P<name>[^\s\"'<>()&\]]+))?"
)
"""A picture that a text shows by its address alone (zammad/zammad#4234: lost by who reads `attachments` only)."""
_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "svg": "image/svg+xml", "bmp": "image/bmp", "heic": "image/heic", "tif": "image/tiff", "tiff": "image/tiff",
}  # fmt: skip


def listed_files(comment: Raw) -> Iterator[Raw]:
    """Yield the files that the vendor lists with a comment."""
    for one in comment.get("attachments") or ():
        yield {
            "rid": one.get("id"),
            "comment": comment.get("id"),
            "name": one.get("file_name") or one.get("name"),
            "type": one.get("content_type"),
            "size": one.get("size"),
            "inline": one.get("inline"),
            "url": one.get("content_url"),
            "extra": {key: one[key] for key in ("deleted", "malware_scan_result") if one.get(key) in _NOTABLE} or None,
        }


_NOTABLE = (True, "malware_found")


def shown_files(comment: Raw) -> Iterator[Raw]:
    """Yield pictures hosted by the vendor that a text shows by their address alone, and that no list names."""
    bodies = [
        body
        for body in (comment.get("html_body"), comment.get("body"))
        if body and ("/attachments/token/" in body or "/system/" in body)
    ]
    if not bodies:
        return
    known = {
        found["token"] or found["system"]
        for one in comment.get("attachments") or ()
        for found in _HOSTED.finditer(one.get("content_url") or "")
    }
    for body in bodies:
        for found in _HOSTED.finditer(body):
            token = found["token"] or found["system"]
            if token in known or (found["system"] and not _shown(body, found.start())):
                continue
            known.add(token)
            name = unquote_plus(found["name"]) if found["name"] else token.rsplit("/", 1)[-1]
            yield {
                "rid": f"{comment.get('id')}/inline/{token.replace('/', '-')}",
                "comment": comment.get("id"),
                "name": name,
                "type": _TYPES.get(name.rsplit(".", 1)[-1].lower()),
                "inline": True,
                "url": found.group(0),
            }


def _shown(body: str, at: int) -> bool:
    """Return whether an address is the source of a picture, in HTML or in Markdown."""
    before = body[max(0, at - 8) : at]
    return before.endswith(('src="', "src='", "]("))


def moving_parts(attachments: str) -> tuple[str, ...]:
    """Return the volatile paths of attachments: links may be signed anew, scans end later, thumbnails are remade."""
    moving = ("content_url", "mapped_content_url", "thumbnails", "malware_scan_result")
    return tuple(f"{attachments}.{name}" for name in moving)


ATTACHMENT_ROWS = (
    Map("message_id", "comment", RefTo("comment")),
    Map("filename", "name"),
    Map("content_type", "type"),
    Map("size", "size"),
    Map("is_inline", "inline"),
    Map("url", "url"),
    Map("extra", "extra", whole),
)


def message_tables(messages: Any, listed: Any, shown: Any, ticket: str) -> tuple[Table, Table, Table]:
    """Return the tables of messages and their files; `ticket` is the path of the ticket's id."""
    owner = Map("ticket_id", ticket, RefTo("ticket"))
    return (
        Table("message", (owner, *MESSAGE_ROWS), each=messages, of="comment"),
        Table("attachment", (owner, *ATTACHMENT_ROWS), each=listed, source_id="rid", of="attachment"),
        Table("attachment", (owner, *ATTACHMENT_ROWS), each=shown, source_id="rid", of="comment"),
    )


# ---------------------------------------------------------------------------------------- one ticket's list of comments


def _the_message(comment: Raw) -> Iterable[Raw]:
    return (message_of(comment, None, None),)


_COMMENT_KEYS = (
    "ticket_id", "author_id", "body", "html_body", "public", "created_at", "attachments", "type", "via", "metadata",
    "audit_id", "data", "formatted_from", "formatted_to", "transcription_visible", "trusted",
)  # fmt: skip
_MESSAGE, _LISTED, _SHOWN = message_tables(_the_message, listed_files, shown_files, "^ticket_id")

COMMENT = ObjectMap(
    "comment",
    (
        replace(_MESSAGE, takes=_COMMENT_KEYS),
        _LISTED,
        _SHOWN,
    ),
    ignored={
        "plain_body": "`body` as the vendor renders it, with blanks added; taken where there is no `body`",
        "url": "address of the record in the API; follows from its id",
        "event_type": "repeats `type`",
        "via_reference_id": "the rule behind `via`",
    },
    volatile=moving_parts("attachments[]"),
)

MAPS = (COMMENT,)
