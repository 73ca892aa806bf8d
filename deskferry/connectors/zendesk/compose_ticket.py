"""A ticket with all that travels with it, as one row of an import: its comments, its final state, its own times.

What has no place there (links, a cut subject, files that cannot go along) is told in one private comment at the end.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.composing import AGENT_ROLES, display_name, is_email, iso, not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row, TicketAggregate
from deskferry.connectors.zendesk import codes, compose_beside
from deskferry.connectors.zendesk.compose_comments import Clockwork, Said, kept_out, said
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
from deskferry.connectors.zendesk.words import word

NOTE = "#note"
"""After a ticket's id: the private comment that tells what has no place elsewhere."""
REQUESTER_PART = "requester"
"""Part of the operation that makes a stand-in for a requester who does not cross."""
_TIMES = ("closed_at", "first_responded_at", "snoozed_until", "waiting_since")
_NOT_THERE = ("language", "is_escalated")
_ASSIGNABLE = AGENT_ROLES - {"light_agent"}
_DERIVED = frozenset({
    "via", "metric_set", "satisfaction_rating", "followup_ids", "has_incidents", "is_public", "allow_channelback",
    "allow_attachments", "from_messaging_channel", "support_type",
})  # fmt: skip
"""Of a ticket's own fields what follows from the others, or is counted where it belongs."""


@dataclass(slots=True)
class _Draft:
    """What is put together for one ticket."""

    ticket: Row
    crossings: Crossings
    desk: Desk
    clock: Clockwork
    body: dict[str, Any] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Of the private comment."""

    def lose(self, name: str, value: Any, cause: str) -> None:
        self.losses.append(Loss(self.ticket["id"], name, iso(value), cause))

    def say(self, key: str, *values: object) -> str:
        return word(self.crossings.header.language, key, *values)


def ticket(aggregate: TicketAggregate, crossings: Crossings, desk: Desk, now: float) -> Composition:
    """Return the operations of a ticket, the import last, and what they lose."""
    row = aggregate.ticket
    draft = _Draft(row, crossings, desk, Clockwork(row.get("created_at"), now))
    draft.body["external_id"] = row["id"]
    _subject(draft)
    requester = _people(draft)
    _organization(draft)
    _kinds(draft)
    _times(draft)
    _fields(draft, aggregate)
    _copies(draft, aggregate)
    messages = _messages(draft, aggregate)
    _left_behind(draft, aggregate)
    draft.losses += draft.clock.losses
    operation = _import(draft, aggregate, messages)
    return Composition((*requester, operation), tuple(draft.losses))


# ----------------------------------------------------------------------------------------------------------- messages


def _messages(draft: _Draft, aggregate: TicketAggregate) -> list[Said]:
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


def _stub(draft: _Draft, files: Sequence[Row]) -> Said:
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


def _note(draft: _Draft, messages: Sequence[Said]) -> dict[str, Any] | None:
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


def _subject(draft: _Draft) -> None:
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


def _people(draft: _Draft) -> tuple[Operation, ...]:
    """Put in requester, submitter, assignee and group; return what makes a stand-in for the requester."""
    row, crossings, body = draft.ticket, draft.crossings, draft.body
    made: tuple[Operation, ...] = ()
    requester = row.get("requester_id")
    if requester is not None and crossings.target(requester) is not None:
        body["requester_id"] = Ref(requester)
    else:
        draft.lose("requester_id", requester, "requester_unmatched")
        body["requester_id"] = Ref(row["id"], REQUESTER_PART)
        made = (_stand_in(draft, requester),)
    submitter = row.get("submitter_id")
    if submitter is not None and submitter != requester:
        if crossings.target(submitter) is not None:
            body["submitter_id"] = Ref(submitter)
        else:
            draft.lose("submitter_id", submitter, "requester_unmatched")
    _team_and_assignee(draft)
    for name in ("brand_id", "inbox_id"):
        _inbox(draft, name)
    return made


def _team_and_assignee(draft: _Draft) -> None:
    """Put in group and assignee; an import refuses an assignee who does not work in the group."""
    row, crossings = draft.ticket, draft.crossings
    team, assignee = row.get("team_id"), row.get("assignee_id")
    group = crossings.target(team)
    if group is not None:
        draft.body["group_id"] = Ref(str(team))
    elif team is not None:
        draft.lose("team_id", team, "team_unmatched")
    if assignee is None:
        return
    agent = crossings.target(assignee)
    if agent is None or agent.placeholder or agent.role not in _ASSIGNABLE:
        draft.lose("assignee_id", assignee, "assignee_unmatched")
        return
    members = draft.desk.members.get(str(group.remote_id)) if group is not None else None
    if members is not None and agent.remote_id not in members:
        draft.lose("assignee_id", assignee, "assignee_not_in_group")
        return
    draft.body["assignee_id"] = Ref(assignee)
    if group is None and team is None:
        draft.lose("team_id", None, "team_defaulted")


def _stand_in(draft: _Draft, requester: str | None) -> Operation:
    """Return what makes a requester for one ticket, known by name alone."""
    row = draft.ticket
    person = draft.crossings.person(requester) or {}
    mark = f"{row['id']}/{REQUESTER_PART}"
    name = (display_name(person) if person else None) or draft.say("unknown_person")
    return Operation(
        record_id=row["id"],
        part=REQUESTER_PART,
        kind="person",
        action="create",
        call="user.create",
        object="user",
        body={"name": name, "external_id": mark, "skip_verify_email": True},
        mark=mark,
        source_hash=source_hash(row),
        adopt=True,
    )


def _inbox(draft: _Draft, name: str) -> None:
    inbox = draft.ticket.get(name)
    if inbox is None:
        return
    target = draft.crossings.target(inbox)
    if target is not None and target.object == "brand":
        draft.body["brand_id"] = Ref(inbox)
    else:
        draft.lose(name, inbox, "inbox_unmatched")


def _organization(draft: _Draft) -> None:
    """Put in the organization, where it is one of a requester who is made by this migration."""
    row, crossings = draft.ticket, draft.crossings
    organization = row.get("organization_id")
    if organization is None:
        return
    requester = row.get("requester_id")
    target = crossings.target(requester)
    person = crossings.person(requester) or {}
    own = {person.get("organization_id"), *(person.get("memberships") or ())}
    if target is None or target.remote_id is not None or target.placeholder or organization not in own:
        draft.lose("organization_id", organization, "organization_derived")
    elif crossings.target(organization) is None:
        draft.lose("organization_id", organization, "organization_unmatched")
    else:
        draft.body["organization_id"] = Ref(organization)


def _kinds(draft: _Draft) -> None:
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


def _status(draft: _Draft) -> str:
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


def _custom(draft: _Draft, label: str, status: str) -> str:
    identifier, category = draft.desk.statuses[folded(label)]
    draft.body["custom_status_id"] = int(identifier)
    return "closed" if status == "closed" and category == "solved" else category


def _times(draft: _Draft) -> None:
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


def _fields(draft: _Draft, aggregate: TicketAggregate) -> None:
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


def _copies(draft: _Draft, aggregate: TicketAggregate) -> None:
    """Put in who is copied and which agents follow."""
    copied: list[dict[str, Any]] = []
    following: list[dict[str, Any]] = []
    for one in aggregate.followers:
        person = one.get("person_id")
        target = draft.crossings.target(person)
        email = one.get("email") or (draft.crossings.person(person) or {}).get("email")
        follows = one.get("kind") == "follower"
        if target is not None and not target.placeholder and (not follows or target.role in AGENT_ROLES):
            (following if follows else copied).append({"user_id": Ref(str(person)), "action": "put"})
        elif not follows and person is None and is_email(email) and str(email).isascii():
            copied.append({"user_email": str(email), "action": "put"})
        else:
            draft.losses.append(Loss(one["id"], "ticket_follower", email or person, "follower_not_written"))
    if copied:
        draft.body["email_ccs"] = copied
    if following:
        draft.body["followers"] = following


def _left_behind(draft: _Draft, aggregate: TicketAggregate) -> None:
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


def _import(draft: _Draft, aggregate: TicketAggregate, messages: Sequence[Said]) -> Operation:
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
