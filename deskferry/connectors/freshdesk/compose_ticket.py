"""A ticket with all that travels with it, as the fewest calls: the ticket, a note a message, the final state last.

`POST /tickets` takes the opening message as its description; `POST /tickets/{id}/notes` each further one (never
`reply`, which mails the customer); a final `PUT` comes only where a note could have reopened a ticket that is not open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deskferry.connectors.freshdesk import codes
from deskferry.connectors.freshdesk.compose_beside import beside
from deskferry.connectors.freshdesk.compose_messages import Written, header_line, kept_out, notes, written
from deskferry.connectors.freshdesk.compose_people import (
    AGENT_ROLES,
    extra_lost,
    is_email,
    iso,
    not_written,
    source_hash,
)
from deskferry.connectors.freshdesk.desk import SUBJECT_LIMIT, TAG_LIMIT, TYPE_KEY, Desk
from deskferry.connectors.freshdesk.fields import custom_fields
from deskferry.connectors.freshdesk.header import HeaderFacts, clean, with_header
from deskferry.connectors.freshdesk.words import (
    ASSIGNMENT_EMAILS,
    AUTOMATIONS,
    NEW_TICKET_EMAILS,
    STATUS_EMAILS,
    word,
)
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row, TicketAggregate

STATE_PART = "state"
"""Part of the operation that writes the final state."""
_TIMES = ("solved_at", "closed_at", "first_responded_at", "due_at", "snoozed_until", "waiting_since")
_NOT_THERE = ("form_id", "language", "is_escalated", "submitter_id", "external_id")


@dataclass(slots=True)
class _Draft:
    """What is put together for one ticket."""

    ticket: Row
    crossings: Crossings
    desk: Desk
    body: dict[str, Any] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    def lose(self, name: str, value: Any, cause: str) -> None:
        self.losses.append(Loss(self.ticket["id"], name, iso(value), cause))

    def say(self, key: str, *values: object) -> str:
        return word(self.crossings.header.language, key, *values)


def ticket(aggregate: TicketAggregate, crossings: Crossings, desk: Desk) -> Composition:
    """Return the operations of a ticket in the order in which they must be sent, and what they lose."""
    draft = _Draft(aggregate.ticket, crossings, desk)
    ticket_id = aggregate.ticket["id"]
    above = _header_lines(draft, aggregate)
    messages = _crossing_messages(draft, aggregate)
    opening, others = _opened(draft, aggregate, messages, above)
    _people(draft)
    status = _status(draft)
    _kinds(draft)
    _fields(draft, aggregate)
    operations: list[Operation] = []
    for one in ([opening] if opening else []) + others:
        draft.losses += one.losses
        operations += notes(ticket_id, one, crossings, first=2 if one is opening else 1)
    several = bool(operations)
    create = _create(draft, aggregate, opening, status=codes.OPEN if several else status, last=not several)
    operations.insert(0, create)
    also = beside(aggregate, crossings, desk)
    operations += also.operations
    draft.losses += also.losses
    if several:
        # A ticket begins open: that is written only over another state, that an earlier crossing wrote.
        operations.append(replace(_state(draft, status, messages), only_again=status == codes.OPEN))
    _left_behind(draft, aggregate)
    return Composition(tuple(operations), tuple(draft.losses))


# ----------------------------------------------------------------------------------------------------------- messages


def _crossing_messages(draft: _Draft, aggregate: TicketAggregate) -> list[Row]:
    """Return the messages that are written, in order."""
    kept = []
    for message in aggregate.messages:
        loss = kept_out(message, draft.crossings)
        if loss is None:
            kept.append(message)
        else:
            draft.losses.append(loss)
    return kept


def _opened(
    draft: _Draft, aggregate: TicketAggregate, messages: Sequence[Row], above: Sequence[str]
) -> tuple[Written | None, list[Written]]:
    """Return the message that becomes the description (None: a stub does), and those that become notes."""
    loose = tuple(aggregate.attachments.get("", ()))
    result: list[Written] = []
    opening: Written | None = None
    for number, message in enumerate(messages):
        files = (*(loose if number == 0 else ()), *aggregate.attachments.get(message["id"], ()))
        one = written(message, files, draft.crossings, above if number == 0 else ())
        if number == 0 and one.public:
            opening = one
        else:
            result.append(one)
    if not messages:
        opening = _empty(draft, loose, above)
    elif opening is None:
        draft.losses.append(Loss(messages[0]["id"], "is_opening", "true", "opening_private"))
        draft.body["description"] = _stub(draft, above, "no_opening")
        return None, result
    assert opening is not None
    draft.body["description"] = opening.pieces[0]
    author = opening.row.get("author_id")
    if opening.author is not None and author != draft.ticket.get("requester_id"):
        # The description is always the requester's.
        draft.losses.append(Loss(opening.row["id"], "author_id", author, "author_in_text"))
    return opening, result


def _empty(draft: _Draft, files: Sequence[Row], above: Sequence[str]) -> Written:
    """Return a description for a ticket without messages; it may have files."""
    row = {
        "id": f"{draft.ticket['id']}/opening",
        "created_at": draft.ticket.get("created_at"),
        "author_id": draft.ticket.get("requester_id"),
        "is_public": True,
        "direction": "in",
    }
    one = written(row, files, draft.crossings, (*above, draft.say("no_messages")))
    return replace(one, losses=tuple(loss for loss in one.losses if loss.record_id != row["id"]))


def _stub(draft: _Draft, above: Sequence[str], why: str) -> str:
    """Return a description for a ticket whose opening message the customer must not read."""
    row = {
        "created_at": draft.ticket.get("created_at"), "is_public": True, "author_id": draft.ticket.get("requester_id")
    }  # fmt: skip
    lines = [header_line(row, draft.crossings), *above, draft.say(why)]
    return with_header("", HeaderFacts(draft.ticket["id"], "\n".join(lines)))


def _header_lines(draft: _Draft, aggregate: TicketAggregate) -> list[str]:
    """Return what the description says beside author and time: number, long subject, links."""
    lines = []
    subject = clean(draft.ticket.get("subject") or "").replace("\n", " ")
    if not subject:
        draft.body["subject"] = draft.say("no_subject")
        draft.lose("subject", None, "subject_defaulted")
    else:
        draft.body["subject"] = _plain_subject(draft.ticket["subject"])
        if len(draft.body["subject"]) > SUBJECT_LIMIT:
            draft.lose("subject", draft.ticket["subject"], "subject_in_text")
            draft.body["subject"] = draft.body["subject"][: SUBJECT_LIMIT - 1] + "…"
            lines.append(draft.say("subject", subject))
    if draft.ticket.get("number"):
        lines.append(draft.say("number", draft.ticket["number"]))
        draft.lose("number", draft.ticket["number"], "number_in_text")
    for link in aggregate.links:
        other = link.get("other_ticket_id") or link.get("other_object") or "?"
        lines.append(draft.say(f"link.{link['kind']}", draft.crossings.address(other) or other))
        draft.losses.append(Loss(link["id"], "ticket_link", other, "link_in_text"))
    return lines


def _plain_subject(subject: str) -> str:
    return re.sub(r"[\r\n\t]+", " ", subject).strip()


# --------------------------------------------------------------------------------------------------- fields of tickets


def _people(draft: _Draft) -> None:
    """Put in requester, agent, group, product and mail address."""
    ticket_row, crossings, body = draft.ticket, draft.crossings, draft.body
    requester = ticket_row.get("requester_id")
    if requester is not None and crossings.target(requester) is not None:
        body["requester_id"] = Ref(requester)
    else:
        # A contact that the vendor makes on the way; the same one for every such ticket of that person.
        draft.lose("requester_id", requester, "requester_unmatched")
        person = crossings.person(requester) or {}
        body["name"] = person.get("name") or draft.say("unknown_person")
        body["unique_external_id"] = requester or f"{ticket_row['id']}/requester"
    assignee = ticket_row.get("assignee_id")
    if assignee is not None:
        target = crossings.target(assignee)
        if target is not None and not target.placeholder and target.role in AGENT_ROLES:
            body["responder_id"] = Ref(assignee)
        else:
            draft.lose("assignee_id", assignee, "assignee_unmatched")
    team = ticket_row.get("team_id")
    if team is not None:
        if crossings.target(team) is not None:
            body["group_id"] = Ref(team)
        else:
            draft.lose("team_id", team, "team_unmatched")
    for name in ("brand_id", "inbox_id"):
        _inbox(draft, name)
    organization = ticket_row.get("organization_id")
    if organization is not None and (crossings.person(requester) or {}).get("organization_id") != organization:
        draft.lose("organization_id", organization, "organization_derived")


def _inbox(draft: _Draft, name: str) -> None:
    inbox = draft.ticket.get(name)
    if inbox is None:
        return
    target = draft.crossings.target(inbox)
    key = {"product": "product_id", "email_config": "email_config_id"}.get(target.object if target else "")
    if key is None:
        draft.lose(name, inbox, "inbox_unmatched")
    else:
        draft.body[key] = Ref(inbox)


def _coded(draft: _Draft, what: str, table: codes.Narrowed[Any], value: str, cause: str) -> int:
    """Return the code of an enumerated value: the mapping's answer, else the table's."""
    answer = draft.crossings.value(what, value)
    code = codes.by_answer(what, answer) if answer else None
    if code is not None:
        return code
    found = table.code(value)
    if found is None or not found[1]:
        draft.lose(what, value, cause)
    return found[0] if found is not None else codes.OPEN


def _status(draft: _Draft) -> int:
    """Return the code of the final status; a disposition crosses by the status before it."""
    status = str(draft.ticket.get("status") or "unknown")
    if status in {"deleted", "spam", "merged"} and draft.ticket.get("status_before"):
        draft.lose("status", status, "status_folded")
        status = str(draft.ticket["status_before"])
    return _coded(draft, "status", codes.STATUS, status, "status_folded")


def _kinds(draft: _Draft) -> None:
    """Put in priority, source and type."""
    priority = draft.ticket.get("priority")
    if priority is None:
        draft.lose("priority", None, "priority_defaulted")
        draft.body["priority"] = 1
    else:
        draft.body["priority"] = _coded(draft, "priority", codes.PRIORITY, priority, "priority_defaulted")
    draft.body["source"] = _coded(
        draft, "channel", codes.CHANNEL, str(draft.ticket.get("channel") or "other"), "channel_folded"
    )
    kind = draft.ticket.get("type")
    if not kind:
        return
    answer = draft.crossings.value("type", kind)
    found = draft.desk.types.get((answer or kind).casefold()) or answer
    if found:
        draft.body["type"] = found
    else:
        draft.lose("type", kind, "type_unmatched")


def _fields(draft: _Draft, aggregate: TicketAggregate) -> None:
    """Put in custom fields with the mark, tags, copied addresses."""
    values, lost = custom_fields("ticket", draft.ticket, draft.crossings, draft.desk)
    draft.losses += lost
    kind = values.pop(TYPE_KEY, None)
    if kind:
        draft.body["type"] = kind
    draft.body["custom_fields"] = {**values, draft.desk.origin(draft.crossings): draft.ticket["id"]}
    tags = []
    migrated = draft.crossings.migrated_tag
    for tag in dict.fromkeys((*aggregate.tags, *([migrated] if migrated else []))):
        if len(tag) > TAG_LIMIT:
            draft.lose("tag", tag, "tag_too_long")
        else:
            tags.append(tag)
    if tags:
        draft.body["tags"] = tags
    copied = []
    for follower in aggregate.followers:
        email = follower.get("email") or (draft.crossings.person(follower.get("person_id")) or {}).get("email")
        if follower.get("kind") == "cc" and is_email(email):
            copied.append(str(email))
        else:
            value = email or follower.get("person_id")
            draft.losses.append(Loss(follower["id"], "ticket_follower", value, "follower_not_written"))
    if copied:
        draft.body["cc_emails"] = list(dict.fromkeys(copied))


# --------------------------------------------------------------------------------------------------------- operations


def _create(
    draft: _Draft, aggregate: TicketAggregate, opening: Written | None, *, status: int, last: bool
) -> Operation:
    """Return the call that creates the ticket; `ticket.begin` where notes and maybe the final state follow."""
    draft.body["status"] = status
    effects = [NEW_TICKET_EMAILS, AUTOMATIONS]
    if draft.body.keys() & {"responder_id", "group_id"}:
        effects.append(ASSIGNMENT_EMAILS)
    if status in codes.FINAL:
        effects.append(STATUS_EMAILS)
    return Operation(
        record_id=draft.ticket["id"],
        part="",
        kind="ticket",
        action="create",
        call="ticket.create" if last else "ticket.begin",
        object="ticket",
        body=dict(draft.body),
        files=opening.bins[0] if opening else (),
        mark=draft.ticket["id"],
        source_hash=source_hash(
            draft.ticket,
            *([opening.row] if opening else []),
            also=(*aggregate.tags, *(opening.told if opening else ())),
        ),
        effects=tuple(effects),
    )


def _state(draft: _Draft, status: int, messages: Sequence[Row]) -> Operation:
    """Return the call that writes the final status after the last note."""
    return Operation(
        record_id=draft.ticket["id"],
        part=STATE_PART,
        kind="ticket",
        action="update",
        call="ticket.update",
        object="ticket",
        body={"status": status},
        target=Ref(draft.ticket["id"]),
        mark=draft.ticket["id"],
        # A message that is added later may reopen the ticket: then the state is to be written again.
        source_hash=source_hash(draft.ticket, *messages),
        effects=(STATUS_EMAILS, AUTOMATIONS) if status in codes.FINAL else (AUTOMATIONS,),
    )


def _left_behind(draft: _Draft, aggregate: TicketAggregate) -> None:
    """Note what does not cross at all."""
    row = draft.ticket
    draft.losses += not_written(row, ("created_at",), "created_at_in_text")
    draft.losses += not_written(row, _TIMES, "time_not_written")
    draft.losses += [loss for loss in not_written(row, _NOT_THERE) if row.get(loss.field) is not False]
    draft.losses += extra_lost(row)
    if aggregate.events:
        draft.lose("ticket_event", len(aggregate.events), "history_not_written")
