"""Tickets that changed at the source after they crossed: what is added to them, or how they make way for a new import.

An ordinary update fires triggers and mails: each operation of it names that effect. What it adds gets the time of
adding; the original one stands before the text. Comments cannot be changed, and closed tickets not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.kit.contract import Earlier, Loss, Operation, Ref
from deskferry.connectors.kit.links import LinkedText
from deskferry.connectors.zendesk.update import CANNOT_UPDATE
from deskferry.connectors.zendesk.words import UPDATE_TRIGGERS, bracketed

REMOVED_PART = "removed"
"""Part of the operation that puts an earlier copy into the trash."""
_VALUES = (
    "subject", "requester_id", "assignee_id", "group_id", "organization_id", "brand_id", "ticket_form_id", "status",
    "custom_status_id", "priority", "type", "due_at", "tags",
)  # fmt: skip
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("assignee_id", "group_id", "organization_id", "priority", "type", "due_at")), "tags": [],
}  # fmt: skip
"""What an update takes for nothing; what is not listed is never emptied."""


def removal(operation: Operation) -> Operation:
    """Return the operation that puts the earlier copy of a ticket into the trash: deleting mails nobody."""
    return Operation(
        record_id=operation.record_id,
        part=REMOVED_PART,
        kind="ticket",
        action="update",
        call="ticket.remove",
        object="ticket",
        body={},
        target=Ref(operation.record_id),
        source_hash=operation.source_hash,
    )


def appended(draft: Operation, earlier: Earlier, added: Collection[str]) -> tuple[list[Operation], list[Loss]]:
    """Return the new messages of a ticket and its changed values as updates, and what cannot be changed any more."""
    before = set(earlier.carries)
    comments = dict(zip(draft.carries, draft.body["comments"], strict=True))
    if earlier.body.get("status") == "closed":
        return [], [Loss(draft.record_id, "ticket", "closed there", CANNOT_UPDATE)]
    losses = [
        Loss(part.partition("#")[0], "created_at", comment.get("created_at"), "created_at_in_text")
        for part, comment in comments.items()
        if part not in before
    ]
    losses += _edited(draft, earlier)
    new = [part for part in draft.carries if part not in before | set(added)]
    operations = [_comment(draft, part, comments[part]) for part in new]
    return [*operations, _values(draft, earlier)], losses


def _comment(draft: Operation, part: str, comment: Mapping[str, Any]) -> Operation:
    body = {key: value for key, value in comment.items() if key != "created_at"}
    if "created_at" in comment:
        body["html_body"] = _with_line(bracketed(comment["created_at"]), comment["html_body"])
    files = tuple(file for file in draft.files if draft.file_of.get(file.attachment_id) == part)
    return Operation(
        record_id=draft.record_id,
        part=part,
        kind="message",
        action="create",
        call="ticket.comment",
        object="comment",
        body={"comments": [body]},
        target=Ref(draft.record_id),
        files=files,
        mark=part,
        source_hash=draft.source_hash,
        effects=(UPDATE_TRIGGERS,),
        file_of={file.attachment_id: part for file in files},
    )


def _with_line(line: str, text: str | LinkedText) -> str | LinkedText:
    before = f"<p>{line}</p>"
    return before + text if isinstance(text, str) else LinkedText((before, *text.parts))


def _values(draft: Operation, earlier: Earlier) -> Operation:
    """Return the update that brings a ticket's values to the draft; without any it is a mere note of the journal."""
    body = dict(_changed(draft.body, earlier.body))
    fields = _fields(draft.body.get("custom_fields") or (), earlier.body.get("custom_fields") or ())
    if fields:
        body["custom_fields"] = fields
    for key in ("email_ccs", "followers"):
        known = [_plain(one) for one in earlier.body.get(key) or ()]
        listed = list(draft.body.get(key) or ())
        if any(_plain(one) not in known for one in listed):
            body[key] = listed
    return replace(
        draft, action="update", call="ticket.update" if body else "ticket.noted", body=body, files=(), file_of={},
        carries=(), target=Ref(draft.record_id), effects=(UPDATE_TRIGGERS,) if body else (),
    )  # fmt: skip


def _changed(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in _VALUES:
        if key in now:
            if _plain(now[key]) != before.get(key):
                yield key, now[key]
        elif key in _EMPTY and before.get(key) not in (None, []):
            yield key, _EMPTY[key]


def _fields(now: Collection[Mapping[str, Any]], before: Collection[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return all custom fields, those that are empty by now as such; nothing where none changed."""
    known = {one["id"]: one["value"] for one in before}
    values = {one["id"]: one["value"] for one in now}
    gone = {
        identifier: False if value is True else None
        for identifier, value in known.items()
        if identifier not in values and value not in (None, "", [], False)
    }
    if not gone and all(known.get(identifier) == value for identifier, value in values.items()):
        return []
    return [{"id": identifier, "value": value} for identifier, value in {**values, **gone}.items()]


def _edited(draft: Operation, earlier: Earlier) -> Iterator[Loss]:
    """Yield the messages that were edited, hidden or shown since: comments stay as they were imported."""
    comments = dict(zip(draft.carries, draft.body["comments"], strict=True))
    for part, before in zip(earlier.carries, earlier.body.get("comments") or (), strict=False):
        now = comments.get(part)
        if now is None:
            continue
        message = part.partition("#")[0]
        if now["public"] != before.get("public"):
            yield Loss(message, "is_public", "public" if now["public"] else "private", CANNOT_UPDATE)
        text = before.get("html_body")
        long = isinstance(text, Mapping) and "characters" in text
        if isinstance(now["html_body"], str) and (
            len(now["html_body"]) != text["characters"] if long else isinstance(text, str) and now["html_body"] != text
        ):
            yield Loss(message, "body_html", None, CANNOT_UPDATE)


def _plain(value: Any) -> Any:
    """Return a value as an earlier body tells it."""
    if isinstance(value, Ref):
        return {"$ref": value.record_id, "part": value.part}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
