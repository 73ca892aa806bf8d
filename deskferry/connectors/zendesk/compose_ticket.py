"""A ticket with all that travels with it, as one row of an import: its comments, its final state, its own times.

What has no place there (links, a cut subject, files that cannot go along) is told in one private comment at the end.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from deskferry.connectors.kit.composing import not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Row, TicketAggregate
from deskferry.connectors.zendesk import codes, compose_beside
from deskferry.connectors.zendesk.compose_comments import Clockwork, Said, kept_out, said
from deskferry.connectors.zendesk.compose_parties import put_copies, put_organization, put_people
from deskferry.connectors.zendesk.compose_people import extra_left, own_extra
from deskferry.connectors.zendesk.desk import (
    ARCHIVE_SETTING,
    BODY_LIMIT,
    COMMENT_LIMIT,
    FORM_SETTING,
    SUBJECT_LIMIT,
    Desk,
    folded,
)
from deskferry.connectors.zendesk.fields import custom_fields, tags_of
from deskferry.connectors.zendesk.read_tickets import MERGED_TAG
from deskferry.connectors.zendesk.ticket_draft import Draft

NOTE = "#note"
"""After a ticket's id: the private comment that tells what has no place elsewhere."""
_TIMES = ("closed_at", "first_responded_at", "snoozed_until", "waiting_since")
_NOT_THERE = ("language", "is_escalated")
_DERIVED = frozenset({
    "via", "metric_set", "satisfaction_rating", "followup_ids", "has_incidents", "is_public", "allow_channelback",
    "allow_attachments", "from_messaging_channel", "support_type",
})  # fmt: skip
"""Of a ticket's own fields what follows from the others, or is counted where it belongs."""


def ticket(aggregate: TicketAggregate, crossings: Crossings, desk: Desk, now: float) -> Composition:
    """Return the operations of a ticket, the import last, and what they lose."""
    row = aggregate.ticket
    draft = Draft(row, crossings, desk, Clockwork(row.get("created_at"), now))
    draft.body["external_id"] = row["id"]
    _subject(draft)
    requester = put_people(draft)
    put_organization(draft)
    _kinds(draft)
    _times(draft)
    _fields(draft, aggregate)
    put_copies(draft, aggregate)
    messages = _messages(draft, aggregate)
    _left_behind(draft, aggregate)
    draft.losses += draft.clock.losses
    operation = _import(draft, aggregate, messages)
    return Composition((*requester, operation), tuple(draft.losses))


# ----------------------------------------------------------------------------------------------------------- messages


def _messages(draft: Draft, aggregate: TicketAggregate) -> list[Said]:
    """Return the messages as they are written, in order."""
    written: list[Said] = []
    room = COMMENT_LIMIT - 1  # one for the private comment
    loose = tuple(aggregate.attachments.get("", ()))
    for message in aggregate.messages:
        loss = kept_out(message, draft.crossings)
        if loss is None and room <= 0:
            loss = Loss(message["id"], "message", None, "too_many_messages")
        if loss is not None:
            draft.losses.append(loss)
            continue
        files = (*(loose if not written else ()), *aggregate.attachments.get(message["id"], ()))
        written.append(said(message, files, draft.crossings, draft.clock))
        room -= len(written[-1].comments)
    if not written:
        written.append(_stub(draft, loose))
    for one in written:
        draft.losses += one.losses
        draft.lines += one.lines
    return written


def _stub(draft: Draft, files: Sequence[Row]) -> Said:
    """Return a first comment for a ticket without messages; it may have files."""
    text = draft.say("no_messages")
    row = {
        "id": f"{draft.ticket['id']}#opening", "created_at": draft.ticket.get("created_at"), "is_public": False,
        "author_id": draft.ticket.get("requester_id"), "body_text": text,
    }  # fmt: skip
    one = said(row, files, draft.crossings, draft.clock)
    draft.clock.losses = [loss for loss in draft.clock.losses if loss.record_id != row["id"]]
    kept = tuple(loss for loss in one.losses if loss.record_id != row["id"])
    comment = {**one.comments[0], "html_body": f"<p>{html.escape(text)}</p>"}
    return Said(row, (comment,), one.files, kept, one.lines, one.told)


def _note(draft: Draft, messages: Sequence[Said]) -> dict[str, Any] | None:
    """Return the private comment at the end, where there is something to tell."""
    if not draft.lines:
        return None
    text = "<br>".join(html.escape(line, quote=False) for line in draft.lines)
    while len(text.encode()) > BODY_LIMIT:
        text = text[: len(text) * 3 // 4] + "…"
    note: dict[str, Any] = {"html_body": draft.crossings.linked(f"<p>{text}</p>")[0], "public": False}
    times = [comment["created_at"] for one in messages for comment in one.comments if "created_at" in comment]
    if times:
        note["created_at"] = max(times)
    return note


# --------------------------------------------------------------------------------------------------- fields of tickets


def _subject(draft: Draft) -> None:
    subject = re.sub(r"[\r\n\t]+", " ", draft.ticket.get("subject") or "").strip()
    if not subject:
        draft.body["subject"] = draft.say("no_subject")
        draft.lose("subject", None, "subject_defaulted")
    elif len(subject) > SUBJECT_LIMIT:
        draft.lose("subject", subject, "subject_in_note")
        draft.lines.append(draft.say("subject", subject))
        draft.body["subject"] = subject[: SUBJECT_LIMIT - 1] + "…"
    else:
        draft.body["subject"] = subject


def _kinds(draft: Draft) -> None:
    """Put in status, priority, type, channel and form."""
    row, body = draft.ticket, draft.body
    body["status"] = _status(draft)
    priority = row.get("priority")
    if priority is not None:
        answer = draft.crossings.value("priority", priority)
        body["priority"] = answer if answer in codes.PRIORITY.values() else codes.PRIORITY[priority]
    kind = row.get("type")
    if kind:
        answer = folded(draft.crossings.value("type", kind) or kind)
        if answer in codes.TYPES:
            body["type"] = answer
        else:
            draft.lose("type", kind, "type_unmatched")
    channel = str(row.get("channel") or "other")
    body["via"] = {"channel": draft.crossings.value("channel", channel) or codes.CHANNEL.get(channel, "api")}
    draft.lose("channel", channel, "channel_unsure")
    form = row.get("form_id")
    if form is not None:
        answer = draft.crossings.setting(f"{FORM_SETTING} {str(form).rpartition(':')[2]}")
        there = answer if answer and answer.isdigit() else draft.desk.forms.get(folded(answer or row.get("form_name")))
        if there is not None:
            body["ticket_form_id"] = int(there)
        else:
            draft.lose("form_id", form, "form_unmatched")


def _status(draft: Draft) -> str:
    """Return the status, and put in the custom one; a disposition crosses by the status before it."""
    row, desk = draft.ticket, draft.desk
    status = str(row.get("status") or "unknown")
    if status in {"deleted", "spam", "merged"} and row.get("status_before"):
        draft.lose("status", status, "status_folded")
        status = str(row["status_before"])
    answer = draft.crossings.value("status", status)
    if answer is not None and folded(answer) in desk.statuses:
        return _custom(draft, answer, status)
    if answer is not None and folded(answer) in {word for word, _exact in codes.STATUS.values()}:
        return folded(answer)
    there, exact = codes.STATUS.get(status, ("open", False))
    if not exact:
        draft.lose("status", status, "status_folded")
    name = row.get("status_name")
    if name and folded(name) in desk.statuses and desk.statuses[folded(name)][1] == _category(there):
        return _custom(draft, name, status)
    if name and desk.statuses and folded(name) != folded(row.get("status_label")):
        draft.lose("status_definition_id", name, "custom_status_unmatched")
    return there


def _category(status: str) -> str:
    return "solved" if status == "closed" else status


def _custom(draft: Draft, label: str, status: str) -> str:
    identifier, category = draft.desk.statuses[folded(label)]
    draft.body["custom_status_id"] = int(identifier)
    return "closed" if status == "closed" and category == "solved" else category


def _times(draft: Draft) -> None:
    row, body = draft.ticket, draft.body
    for name in ("created_at", "updated_at", "solved_at"):
        told = draft.clock.of(row["id"], name, row.get(name))
        if told is not None:
            body[name] = told
    if row.get("due_at") is not None:
        if body.get("type") == "task":
            body["due_at"] = row["due_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            draft.lose("due_at", row["due_at"], "time_not_written")


def _fields(draft: Draft, aggregate: TicketAggregate) -> None:
    """Put in custom fields and tags, and what the same vendor has beside them."""
    values, lost = custom_fields("ticket", draft.ticket, draft.crossings)
    draft.losses += lost
    if values:
        draft.body["custom_fields"] = [
            {"id": int(key) if key.isdigit() else key, "value": value} for key, value in values.items()
        ]
    migrated = draft.crossings.migrated_tag
    tags, lost = tags_of(draft.ticket["id"], (*aggregate.tags, *([migrated] if migrated else [])))
    draft.losses += lost
    if tags:
        draft.body["tags"] = tags
    if MERGED_TAG in tags and draft.body["status"] == "closed" and draft.ticket.get("status") != "merged":
        draft.lose("status", draft.ticket.get("status"), "reads_as_merged")
    draft.body |= own_extra(draft.ticket, ("recipient",))
    external = draft.ticket.get("external_id")
    if external:
        draft.lose("external_id", external, "external_id_replaced")
        draft.lines.append(draft.say("external_id", external))


def _left_behind(draft: Draft, aggregate: TicketAggregate) -> None:
    """Note what does not cross at all, and what the private comment tells."""
    row = draft.ticket
    if row.get("number"):
        draft.lose("number", row["number"], "number_changed")
    for link in aggregate.links:
        other = link.get("other_ticket_id") or link.get("other_object") or "?"
        draft.lines.append(draft.say(f"link.{link['kind']}", draft.crossings.address(other) or other))
        draft.losses.append(Loss(link["id"], "ticket_link", other, "link_in_note"))
    draft.losses += not_written(row, _TIMES, "time_not_written")
    draft.losses += [loss for loss in not_written(row, _NOT_THERE) if row.get(loss.field) is not False]
    draft.losses += extra_left(row, ("recipient",), _DERIVED)
    if aggregate.events:
        draft.lose("ticket_event", len(aggregate.events), "history_not_written")
    lines, lost = compose_beside.lines_of(aggregate, draft.crossings)
    draft.lines += lines
    draft.losses += lost


# ---------------------------------------------------------------------------------------------------------- operation


def _import(draft: Draft, aggregate: TicketAggregate, messages: Sequence[Said]) -> Operation:
    """Return the row of the import."""
    row = draft.ticket
    note = _note(draft, messages)
    draft.body["comments"] = [comment for one in messages for comment in one.comments] + ([note] if note else [])
    archive = draft.body["status"] == "closed" and draft.crossings.setting(ARCHIVE_SETTING) == "true"
    carries = [part for one in messages for part in one.carries()]
    return Operation(
        record_id=row["id"],
        part="",
        kind="ticket",
        action="create",
        call="ticket.archive" if archive else "ticket.import",
        object="ticket",
        body=dict(draft.body),
        files=tuple(file for one in messages for file in one.files),
        mark=row["id"],
        source_hash=source_hash(
            row,
            *(one.row for one in messages),
            also=(
                *aggregate.tags,
                *(told for one in messages for told in one.told),
                *compose_beside.hashed((*aggregate.ratings, *aggregate.time_entries)),
            ),
        ),
        carries=(*carries, *([f"{row['id']}{NOTE}"] if note else [])),
        file_of={file.attachment_id: one.row["id"] for one in messages for file in one.files},
    )
