"""A generated ticket in Zendesk's words: the record, and its history as audits."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.simulators.account import SYSTEM, Account, Change, File, Message, Ticket, Update
from deskferry.simulators.zendesk.ids import audit_id, event_id, id_of, iso, iso_or_none

CHANNELS: Final = {"phone": "voice", "social": "twitter", "merge": "system", "import": "api"}
_PLACE: Final = re.compile(r"\{\{(file|ticket):(\d+)\}\}")
_REFERENCES: Final = {
    "requester": ("requester_id", "user"),
    "assignee": ("assignee_id", "user"),
    "group": ("group_id", "group"),
    "organization": ("organization_id", "organization"),
    "brand": ("brand_id", "brand"),
    "form": ("ticket_form_id", "form"),
    "custom_status": ("custom_status_id", "status"),
}


@dataclass(slots=True)
class TicketRenderer:
    """Renders the tickets of an account. `epoch` goes into the tokens of attachment URLs: they change with it."""

    account: Account
    host: str
    csat: bool = True
    epoch: int = 0
    field_keys: dict[str, int] = field(default_factory=dict)
    option_fields: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Number the custom fields."""
        self.field_keys = {one.key: place for place, one in enumerate(self.account.side.fields, 1)}
        self.option_fields = frozenset(f"field:{one.key}" for one in self.account.side.fields if one.options)

    def audit_times(self, ticket: Ticket) -> list[int]:
        """Return the times of a ticket's audits, without rendering them."""
        return [updates[0].at for updates in _grouped(ticket)]

    def audits(self, ticket: Ticket) -> list[dict[str, Any]]:
        """Return the history of a ticket."""
        tags: tuple[str, ...] = ()
        values: dict[str, Any] = {}
        found = []
        for sequence, updates in enumerate(_grouped(ticket)):
            events: list[dict[str, Any]] = []
            for place, update in enumerate(updates):
                first = sequence == 0 and place == 0
                events += self._events(ticket, update, first, nested=place > 0)
                values |= {change.field: change.new for change in update.changes}
                tags = self._tag_event(events, tags, values, first)
            found.append(self._audit(ticket, sequence, updates[0], events))
        return found

    def _audit(self, ticket: Ticket, sequence: int, update: Update, events: list[dict[str, Any]]) -> dict[str, Any]:
        identifier = audit_id(ticket.key - 1, sequence)
        for place, event in enumerate(events):
            event["id"] = event_id(identifier, place)
            if event["type"] in ("Comment", "VoiceComment"):
                event["audit_id"] = identifier
        client = {"client": "Mozilla/5.0", "ip_address": "192.0.2.7", "location": "Madrid, Spain"}
        return {
            "id": identifier,
            "ticket_id": ticket.key,
            "created_at": iso(update.at),
            "author_id": -1 if update.actor == SYSTEM else id_of("user", update.actor),
            "metadata": {"system": {} if update.actor == SYSTEM else client, "custom": {}},
            "events": events,
            "via": self.via(ticket, update),
        }

    def _events(self, ticket: Ticket, update: Update, first: bool, nested: bool) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        if update.message is not None:
            call = self._call(ticket, update) if first and update.channel == "phone" else {}
            events.append(self.comment(update.message) | call)
        # An event has its own `via` only where it differs from its audit's.
        ruled = {"via": self.via(ticket, update)} if nested else {}
        for change in update.changes:
            event = self._change(change, first)
            if event is not None:
                events.append({**event, **ruled})
        if nested:
            subject, requester = f"[{ticket.key}] {ticket.subject or ''}", id_of("user", ticket.requester)
            notice = {"subject": subject, "body": "Received.", "recipients": [requester]}
            events.append({"id": 0, "type": "Notification", **notice, **ruled})
        return events

    def _call(self, ticket: Ticket, update: Update) -> dict[str, Any]:
        """Return what makes the comment of a phone call a voice comment."""
        caller = self.account.people.by_key(ticket.requester)
        number = caller.phones[0] if caller.phones else None
        data = {
            "from": number,
            "to": "+34910000000",
            "recording_url": None,
            "started_at": iso(update.at - 180),
            "call_duration": 173,
            "answered_by_id": id_of("user", update.actor),
            "transcription_text": None,
            "location": "New York, United States",
        }
        line = {"formatted_from": number or "Unknown", "formatted_to": "+34 910 000 000"}
        return {"type": "VoiceComment", "data": data, **line, "transcription_visible": False}

    def _change(self, change: Change, first: bool) -> dict[str, Any] | None:
        if change.field in ("submitter", "tags"):
            return None
        if change.field in ("ccs", "followers"):
            return self._people_change(change)
        name, old, new = self._named(change)
        event = {"id": 0, "type": "Create" if first else "Change", "value": new, "field_name": name}
        return event if first else {**event, "previous_value": old}

    def _named(self, change: Change) -> tuple[str, Any, Any]:
        if change.field in _REFERENCES:
            name, kind = _REFERENCES[change.field]
            old, new = (None if value is None else str(id_of(kind, value)) for value in (change.old, change.new))
            return name, old, new
        if change.field.startswith("field:"):
            key = change.field.removeprefix("field:")
            return str(id_of("field", self.field_keys[key])), field_text(change.old), field_text(change.new)
        if change.field == "problem":
            return "problem_id", change.old, change.new
        return change.field, change.old, change.new

    def _people_change(self, change: Change) -> dict[str, Any]:
        def addresses(keys: tuple[int, ...] | None) -> list[str]:
            people = [self.account.people.by_key(key) for key in keys or ()]
            return [email for person in people for email in person.emails[:1]]

        what, kind = ("email_ccs", "EmailCcChange") if change.field == "ccs" else ("followers", "FollowerChange")
        return {
            "id": 0,
            "type": kind,
            f"previous_{what}": addresses(change.old),
            f"current_{what}": addresses(change.new),
        }

    def _tag_event(
        self, events: list[dict[str, Any]], before: tuple[str, ...], values: dict[str, Any], first: bool
    ) -> tuple[str, ...]:
        """Add the change of tags that an update brought: options of fields are tags too."""
        after = self.tags(values.get("tags", ()), values)
        if after == before:
            return before
        event = {"id": 0, "type": "Create" if first else "Change", "value": list(after), "field_name": "tags"}
        events.append(event if first else {**event, "previous_value": list(before)})
        return after

    def tags(self, tags: tuple[str, ...], values: dict[str, Any]) -> tuple[str, ...]:
        """Return the tags of a ticket with those of the chosen options."""
        chosen: list[str] = []
        for name in self.option_fields & values.keys():
            value = values[name]
            chosen += [value] if isinstance(value, str) else value or ()
        return tuple(sorted({*tags, *chosen}))

    def comment(self, message: Message) -> dict[str, Any]:
        """Return a message as the audit event of a comment."""
        body = message.body()
        urls = {str(file.key): self.content_url(file) for file in message.files}

        def url(found: re.Match[str]) -> str:
            return urls[found[2]] if found[1] == "file" else f"{self.host}/agent/tickets/{found[2]}"

        text = _PLACE.sub(url, body.text)
        markup = _PLACE.sub(lambda found: html.escape(url(found)), body.html)
        return {
            "id": 0,
            "type": "Comment",
            "author_id": id_of("user", message.author),
            "body": text,
            "html_body": f'<div class="zd-comment" dir="auto">{markup}</div>',
            "plain_body": text,
            "public": message.public,
            "attachments": [self.attachment(file) for file in message.files if file.inline != "bare"],
            "audit_id": 0,
        }

    def token(self, file: File, epoch: int | None = None) -> str:
        """Return the token of a file's URL: its key, and a part that changes with the epoch."""
        number = self.epoch if epoch is None else epoch
        digest = hashlib.sha256(f"{self.account.seed}/{file.key}/{number}".encode()).hexdigest()
        return f"{file.key:x}z{digest[:20]}"

    def knows(self, file: File, token: str) -> bool:
        """Whether a token is, or once was, a file's: old URLs go on working."""
        return any(self.token(file, epoch) == token for epoch in range(self.epoch + 1))

    def content_url(self, file: File) -> str:
        """Return where the bytes of a file are."""
        name = file.name.replace(" ", "+")
        return f"{self.host}/attachments/token/{self.token(file)}/?name={name}"

    def attachment(self, file: File) -> dict[str, Any]:
        """Return the attachment record of a file."""
        identifier = id_of("attachment", file.key)
        image = file.content_type.startswith("image/")
        url = self.content_url(file)
        return {
            "url": f"{self.host}/api/v2/attachments/{identifier}.json",
            "id": identifier,
            "file_name": file.name,
            "content_url": url,
            "mapped_content_url": url,
            "content_type": file.content_type,
            "size": file.size,
            "width": 640 if image else None,
            "height": 480 if image else None,
            "inline": file.inline == "part",
            "deleted": False,
            "malware_access_override": False,
            "malware_scan_result": "malware_not_found",
            "thumbnails": [],
        }

    def via(self, ticket: Ticket, update: Update) -> dict[str, Any]:
        """Return how an update came in."""
        channel = CHANNELS.get(update.channel, update.channel)
        source: dict[str, Any] = {"from": {}, "to": {}, "rel": None}
        if channel == "email":
            source = self._mail(ticket, update.actor)
        elif channel == "rule":
            automation = update.changes and update.changes[0].new == "closed"
            rule = self.account.side.rules[3 if automation else 2]
            origin = {"id": id_of("rule", rule.key), "title": rule.title, "deleted": False}
            source = {"from": origin, "to": {}, "rel": "automation" if automation else "trigger"}
        elif update.channel == "merge":
            other = ticket.merged_into or ticket.key + 1
            source = {"from": {"ticket_id": other, "subject": None}, "to": {}, "rel": "merge"}
        elif update is ticket.updates[0] and ticket.follow_up_of is not None:
            source = {"from": {"ticket_id": ticket.follow_up_of, "channel": "web"}, "to": {}, "rel": "follow_up"}
        return {"channel": channel, "source": source}

    def _mail(self, ticket: Ticket, actor: int) -> dict[str, Any]:
        sender = self.account.people.by_key(actor)
        mailbox = self.account.side.mailboxes[ticket.mailbox - 1]
        address = sender.emails[0] if sender.emails else None
        ccs = [id_of("user", key) for key in ticket.ccs]
        return {
            "from": {"address": address, "name": sender.name},
            "to": {"name": mailbox.name, "address": mailbox.email, **({"email_ccs": ccs} if ccs else {})},
            "rel": None,
        }

    def record(self, ticket: Ticket) -> dict[str, Any]:
        """Return the ticket itself."""
        gone = ticket.disposition is not None
        opening = ticket.messages[0][1]
        text = _PLACE.sub(lambda _: "", opening.body().text)
        if opening.files and "{{file:" in opening.body().text:
            text = self.comment(opening)["body"]
        subject = "SCRUBBED" if gone else ticket.subject
        values = {f"field:{key}": value for key, value in ticket.fields.items()}
        custom = [
            {"id": id_of("field", self.field_keys[one.key]), "value": field_value(one.type, ticket.fields.get(one.key))}
            for one in self.account.side.fields
            if one.kind == "ticket" and one.active
        ]
        people = {
            "requester_id": id_of("user", ticket.requester),
            "submitter_id": id_of("user", ticket.submitter),
            "assignee_id": _reference("user", ticket.assignee),
            "organization_id": _reference("organization", ticket.organization),
            "group_id": _reference("group", ticket.group),
            "collaborator_ids": [id_of("user", key) for key in (*ticket.ccs, *ticket.followers)],
            "follower_ids": [id_of("user", key) for key in ticket.followers],
            "email_cc_ids": [id_of("user", key) for key in ticket.ccs],
        }
        return {
            "url": f"{self.host}/api/v2/tickets/{ticket.key}.json",
            "id": ticket.key,
            "external_id": ticket.external_id,
            "via": self.via(ticket, ticket.updates[0]),
            "created_at": iso(ticket.created_at),
            "updated_at": iso(ticket.updated_at),
            "type": ticket.type,
            "subject": subject,
            "raw_subject": subject,
            "description": "SCRUBBED" if gone else text,
            "priority": ticket.priority,
            "status": "deleted" if gone else ticket.status,
            "recipient": self.account.side.mailboxes[ticket.mailbox - 1].email if ticket.channel == "email" else None,
            **people,
            "forum_topic_id": None,
            "problem_id": ticket.problem,
            "has_incidents": bool(ticket.incidents),
            "is_public": opening.public or any(message.public for _, message in ticket.messages),
            "due_at": iso_or_none(ticket.due_at),
            "tags": list(self.tags(ticket.tags, values)),
            "custom_fields": custom,
            "satisfaction_rating": self.rating(ticket),
            "sharing_agreement_ids": [],
            "custom_status_id": id_of("status", ticket.custom_status),
            "fields": custom,
            "followup_ids": list(ticket.follow_ups) if ticket.status == "closed" else [],
            "ticket_form_id": id_of("form", ticket.form),
            "brand_id": id_of("brand", ticket.brand),
            "allow_channelback": False,
            "allow_attachments": True,
            "from_messaging_channel": False,
            "support_type": "ai_agent" if ticket.handled_by_ai else "agent",
            "generated_timestamp": ticket.touched_at,
        }

    def rating(self, ticket: Ticket) -> dict[str, Any] | None:
        """Return the satisfaction rating as tickets show it; None on plans without surveys."""
        if not self.csat:
            return None
        if ticket.csat is None:
            return {"score": "unoffered"}
        if ticket.csat.score == "offered":
            return {"score": "offered"}
        return {
            "id": id_of("rating", ticket.key),
            "score": ticket.csat.score,
            "comment": ticket.csat.comment,
            "reason": ticket.csat.reason or "No reason provided",
            "reason_id": 1001 if ticket.csat.reason else 0,
        }


def _grouped(ticket: Ticket) -> list[list[Update]]:
    """Return the updates that share an audit: what triggers do is part of the update that set them off."""
    groups: list[list[Update]] = []
    for update in ticket.updates:
        if groups and update.channel == "rule" and update.at == groups[-1][0].at:
            groups[-1].append(update)
        else:
            groups.append([update])
    return groups


def _reference(kind: str, key: int | None) -> int | None:
    return None if key is None else id_of(kind, key)


def field_value(kind: str, value: Any) -> Any:
    """Return a custom value as tickets show it: whole numbers come as text, boxes are never empty."""
    if kind == "checkbox":
        return bool(value)
    if kind == "multiselect":
        return list(value or ())
    if kind in ("integer", "decimal") and value is not None:
        return str(value)
    return value


def field_text(value: Any) -> Any:
    """Return a custom value as audits show it: text, or a list of texts."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return list(value) if isinstance(value, tuple) else str(value)
