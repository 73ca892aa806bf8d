"""The tickets of a generated account in Freshdesk's words: the opening is the description, the rest conversations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deskferry.simulators import account as neutral
from deskferry.simulators.freshdesk import attachments, inserts, notes
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.times import stamp

if TYPE_CHECKING:
    from deskferry.simulators.freshdesk.generated import Filler

STATUS = {"new": 2, "open": 2, "pending": 3, "hold": 7, "solved": 4, "closed": 5}
PRIORITY = {None: 1, "low": 1, "normal": 2, "high": 3, "urgent": 4}
TYPE = {"question": "Question", "incident": "Incident", "problem": "Problem", "task": "Task"}
SOURCE = {"email": 1, "web": 2, "api": 2, "phone": 3, "chat": 7, "help_center": 9, "social": 5}
SCORE = {"good": 103, "bad": -103}
TRACKER, RELATED = 3, 4
EMAIL, CHAT = 1, 7
_PLACE = re.compile(r"\{\{(file|ticket):(\d+)\}\}")


def fill(filler: Filler) -> None:
    """Store every ticket with its conversations and ratings, then what links tickets to one another."""
    _types(filler)
    for ticket in filler.source.tickets:
        _ticket(filler, ticket)
    rows = filler.account.tables["tickets"]
    for row in rows.values():
        incidents = [key for key in row.pop("_incidents") if key in rows]
        if incidents:
            row |= {"association_type": TRACKER, "_associated": incidents}
            for key in incidents:
                rows[key] |= {"association_type": RELATED, "_associated": [row["id"]]}


def _types(filler: Filler) -> None:
    fields = filler.account.tables["ticket_fields"].values()
    known = next(row for row in fields if row["name"] == "ticket_type")["choices"]
    known += [name for name in TYPE.values() if name not in known]


def _ticket(filler: Filler, ticket: neutral.Ticket) -> None:
    said = ticket.messages
    opening = said[0][1] if said else None
    agent = filler.people.get(ticket.assignee or 0)
    values: Row = {"id": ticket.key, "subject": ticket.subject, "status": STATUS[ticket.status]}
    values |= {"priority": PRIORITY[ticket.priority], "type": TYPE.get(ticket.type or ""), "tags": list(ticket.tags)}
    values |= {"source": SOURCE.get(ticket.channel, 2), "requester_id": filler.people[ticket.requester]}
    values |= {"responder_id": agent if agent in filler.account.tables["agents"] else None}
    values |= {
        "group_id": filler.groups.get(ticket.group or 0),
        "company_id": filler.companies.get(ticket.organization or 0),
    }
    values |= {"created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.touched_at or ticket.updated_at)}
    values |= {"deleted": ticket.disposition == "deleted", "spam": ticket.disposition == "spam"}
    values |= {"custom_fields": filler.values(ticket.fields), "cc_emails": _mails(filler, ticket.ccs)}
    values |= {"_watchers": [filler.people[key] for key in ticket.followers], "_incidents": ticket.incidents}
    if ticket.due_at:
        values |= {"due_by": stamp(ticket.due_at), "fr_due_by": stamp(ticket.due_at)}
    values |= {"stats": _stats(filler, ticket), "description": "", "_files": []}
    if values["source"] == EMAIL:
        address = f"support@{filler.account.settings.domain}.freshdesk.com"
        # Rarely the API writes one address as a bare text.
        values["to_emails"] = address if ticket.key % 97 == 0 else [address]
    if opening is not None:
        values |= _content(filler, opening, "description")
    inserts.insert(filler.account, {"kind": "ticket", "fields": values})
    if opening is not None and values["source"] == CHAT:
        _repeat_opening(filler, values)
    for update, message in said[1:]:
        _message(filler, ticket, update, message)
    _rating(filler, ticket)


def _repeat_opening(filler: Filler, values: Row) -> None:
    """In a web chat the description comes again as the first conversation."""
    row: Row = {"body": values["description"], "incoming": True, "user_id": values["requester_id"], "_files": []}
    row |= {"source": notes.REPLY, "created_at": values["created_at"], "updated_at": values["created_at"]}
    notes.add(filler.account, filler.account.tables["tickets"][values["id"]], row)


def _mails(filler: Filler, keys: tuple[int, ...]) -> list[str]:
    people = (filler.account.person(filler.people[key]) or {} for key in keys)
    return [person["email"] for person in people if person.get("email")]


def _stats(filler: Filler, ticket: neutral.Ticket) -> Row:
    stats: dict[str, Any] = {"status_updated_at": stamp(ticket.created_at)}
    for update in ticket.updates:
        if any(change.field == "status" for change in update.changes):
            stats["status_updated_at"] = stamp(update.at)
        if update.message is None or not update.message.public or update is ticket.updates[0]:
            continue
        if filler.people.get(update.actor) in filler.account.tables["agents"]:
            stats["agent_responded_at"] = stamp(update.at)
            stats.setdefault("first_responded_at", stamp(update.at))
        else:
            stats["requester_responded_at"] = stamp(update.at)
    done = ticket.solved_at or ticket.closed_at
    if ticket.status in ("solved", "closed") and done:
        stats["resolved_at"] = stamp(done)
        stats["closed_at"] = stamp(ticket.closed_at) if ticket.closed_at else None
    return stats


def _content(filler: Filler, message: neutral.Message, name: str) -> Row:
    account = filler.account
    stored = {file.key: _store(filler, file) for file in message.files}
    shown = {file.key: file.inline for file in message.files}
    body = message.body().html

    def link(match: re.Match[str]) -> str:
        key = int(match.group(2))
        if match.group(1) == "ticket":
            return f"https://{account.settings.domain}.freshdesk.com/a/tickets/{key}"
        if key not in stored:
            return "https://attachment.freshdesk.com/inline/attachment?token=gone"
        # Some programs leave their own prefix before the address.
        return ("cid:" if shown[key] == "bare" else "") + attachments.inline_url(account, stored[key])

    files = [row["id"] for key, row in stored.items() if shown[key] is None]
    return {name: _PLACE.sub(link, body), "_files": files}


def _store(filler: Filler, file: neutral.File) -> Row:
    row = attachments.add_file(filler.account, file.name, file.content_type, file.content())
    if file.health != "ok":
        row["_health"] = file.health
    return row


def _message(filler: Filler, ticket: neutral.Ticket, update: neutral.Update, message: neutral.Message) -> None:
    account = filler.account
    author = filler.people.get(message.author)
    by_agent = author in account.tables["agents"] or not message.public
    person = account.person(author) or {}
    values: Row = {"ticket_id": ticket.key, "user_id": author, "private": not message.public, "incoming": not by_agent}
    values |= {"source": notes.REPLY if message.public else notes.NOTE}
    values |= {"created_at": stamp(update.at), "category": 3 if by_agent and message.public else 2}
    content = _content(filler, message, "body")
    if message.public and person.get("email"):
        values["from_email"] = f'"{person["name"]}" <{person["email"]}>'
    fields = {**values, "body": content["body"], "updated_at": stamp(update.at), "_files": content["_files"]}
    notes.add(account, account.tables["tickets"][ticket.key], fields)


def _rating(filler: Filler, ticket: neutral.Ticket) -> None:
    csat = ticket.csat
    if csat is None or csat.rated_at is None or csat.score not in SCORE:
        return
    row = filler.account.tables["tickets"][ticket.key]
    values: Row = {"id": 0, "survey_id": 1, "user_id": row["requester_id"], "agent_id": row["responder_id"]}
    values |= {"feedback": csat.comment, "group_id": row["group_id"], "ticket_id": ticket.key}
    values |= {"ratings": {"default_question": SCORE[csat.score]}}
    filler.account.add(
        "satisfaction_ratings", values | dict.fromkeys(("created_at", "updated_at"), stamp(csat.rated_at))
    )
