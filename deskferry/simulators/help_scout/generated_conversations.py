"""The tickets of a generated account in Help Scout's words: all that was said or done is a thread.

A merged ticket leaves no conversation, only a redirect: its threads are in the other one. Beside the tickets there are
drafts that nobody sent yet and what was forwarded to somebody outside.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deskferry.simulators import account as neutral
from deskferry.simulators.help_scout import attachments, merging, people, ratings, tags
from deskferry.simulators.help_scout import conversation_store as store
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.help_scout.times import stamp

if TYPE_CHECKING:
    from deskferry.simulators.help_scout.generated import Filler

STATUS = {"new": "active", "open": "active", "pending": "pending", "hold": "pending"}
STATUS |= {"solved": "closed", "closed": "closed"}
LABELS = {"active": "Active", "pending": "Pending", "closed": "Closed", "spam": "Spam"}
TYPES = {"chat": "chat", "phone": "phone"}
SOURCES = {"email": "email", "web": "web", "api": "api", "chat": "beacon", "help_center": "docs", "social": "channel"}
SOURCES |= {"phone": "manual"}
SCORES = {"good": "great", "bad": "not_good"}
WEEK = 604_800
_PLACE = re.compile(r"\{\{(file|ticket):(\d+)\}\}")
Said = tuple[str, int] | None


def fill(filler: Filler) -> None:
    """Store every ticket with its threads, then merge, forward and draft."""
    made: dict[int, Row] = {}
    merged: list[tuple[int, int, str]] = []
    for ticket in filler.source.tickets:  # once: each is made anew when it is asked for again
        made[ticket.key] = row = _conversation(filler, ticket)
        row["_modified"] = max(row["_modified"], stamp(ticket.touched_at))
        if ticket.merged_into is not None:
            merged.append((ticket.key, ticket.merged_into, stamp(ticket.updates[-1].at)))
    for loser, winner, moment in merged:
        merging.merge(filler.account, made[loser], made[winner], moment)
    if filler.is_ugly:
        _beside(filler, made)
    for row in made.values():
        store.keep(filler.account, row, moved=False)


def _who(filler: Filler, key: int) -> Said:
    """Return the person behind a key: of erased customers and of some who left nobody is known."""
    if key == neutral.SYSTEM:
        return ("user", filler.ai)
    person = filler.source.people.by_key(key)
    if person.is_staff:
        return None if key == 7 else ("user", filler.users[key])
    return None if person.erased else ("customer", filler.customers[key])


def _conversation(filler: Filler, ticket: neutral.Ticket) -> Row:
    account, opening = filler.account, ticket.updates[0]
    creator = _who(filler, ticket.submitter)
    by_user = filler.source.people.by_key(ticket.submitter).is_staff
    requester = _who(filler, ticket.requester)
    source = {"type": SOURCES.get(ticket.channel, "unknown"), "via": "user" if by_user else "customer"}
    row = store.add(
        account,
        {
            "type": TYPES.get(ticket.channel, "email"),
            "status": "spam" if ticket.disposition == "spam" else STATUS[ticket.status],
            "subject": ticket.subject,
            "mailboxId": filler.inboxes[ticket.mailbox],
            "createdAt": stamp(opening.at),
            "source": source,
            "_creator": creator,
            "_customer": requester[1] if requester else None,
            "_assignee": _assignee(filler, ticket.assignee, ticket.group),
            "_fields": filler.values(ticket.mailbox, ticket.fields),
            "_tags": [tags.tag_id(account, tag, createdAt=stamp(opening.at)) for tag in ticket.tags],
        },
    )
    row["cc"] = [address for key in ticket.ccs for address in filler.source.people.by_key(key).emails[:1]]
    held: dict[str, Any] = {"assignee": None, "group": None}
    for place, update in enumerate(ticket.updates):
        held.update({change.field: change.new for change in update.changes if change.field in held})
        _update(filler, ticket, row, update, place, _assignee(filler, held["assignee"], held["group"]))
    _times(filler, ticket, row)
    _rating(filler, ticket, row)
    if ticket.disposition == "deleted":
        row["state"] = "deleted"
    return row


def _assignee(filler: Filler, agent: int | None, group: int | None) -> int | None:
    """Return the user or team that a conversation is given to: one of them, and nobody who left."""
    found = filler.users.get(agent or 0)
    return found if found in filler.account.tables["users"] else filler.teams.get(group or 0)


def _times(filler: Filler, ticket: neutral.Ticket, row: Row) -> None:
    """Set who did what last: a user, a customer who waits, whoever closed it."""
    staff = filler.source.people.by_key
    for update in ticket.updates:
        by_customer = update.actor != neutral.SYSTEM and not staff(update.actor).is_staff
        # The time of the last user is that of the customer while no user did anything since.
        row["userUpdatedAt"] = row["_modified"] = stamp(update.at)
        if update.message is not None and update.message.public:
            row["_waiting"] = (stamp(update.at), "customer") if by_customer else None
    if row["status"] == "closed":
        closing = [u for u in ticket.updates if any(c.field == "status" and c.new == "solved" for c in u.changes)]
        last = closing[-1] if closing else ticket.updates[-1]
        row |= {"closedAt": stamp(last.at), "closedBy": filler.users.get(last.actor, 0), "_waiting": None}


def _update(
    filler: Filler, ticket: neutral.Ticket, row: Row, update: neutral.Update, place: int, assignee: int | None
) -> None:
    status = next((STATUS[c.new] for c in update.changes if c.field == "status"), None)
    old = next((STATUS[c.old] for c in update.changes if c.field == "status" and c.old), None)
    changed = status if status != old or place == 0 else None
    values: Row = {"createdAt": stamp(update.at), "status": changed or "nochange", "_assigned": assignee}
    values |= {"_customer": row["_customer"], "_creator": _who(filler, update.actor)}
    if update.message is not None:
        values |= _said(filler, ticket, row, update, place)
        store.add_thread(filler.account, row, values)
    elif action := _action(filler, update, changed):
        values |= {"type": "lineitem", "action": action, "source": {"type": "workflows", "via": "user"}}
        store.add_thread(filler.account, row, values)


def _action(filler: Filler, update: neutral.Update, status: str | None) -> Row | None:
    if update.channel == "rule":
        return {"type": "workflow", "text": "Workflow ran: Route", "associatedEntities": {"workflow": 41_202}}
    person = people.user_person(filler.account, filler.users.get(update.actor)) or {}
    name = f"{person.get('first', 'Somebody')} {person.get('last', '')}".strip()
    if status is not None:
        return {"type": "default", "text": f"{name} marked as {LABELS[status]}", "associatedEntities": {}}
    if any(change.field in ("assignee", "group") for change in update.changes):
        entities = {"user": filler.users[update.actor]} if update.actor in filler.users else {}
        return {"type": "default", "text": f"{name} assigned the conversation", "associatedEntities": entities}
    return None


def _said(filler: Filler, ticket: neutral.Ticket, row: Row, update: neutral.Update, place: int) -> Row:
    message: Any = update.message
    by_staff = filler.source.people.by_key(message.author).is_staff
    if not message.public:
        kind = "phone" if row["type"] == "phone" and place == 0 else "note"
    elif row["type"] == "chat":
        kind = "beaconchat" if ticket.key % 2 else "chat"
    else:
        kind = "message" if by_staff else "customer"
    values: Row = {"type": kind, "_creator": _who(filler, message.author), **_content(filler, row, message)}
    values["source"] = {"type": "web" if by_staff else row["source"]["type"], "via": "user" if by_staff else "customer"}
    if ticket.handled_by_ai and by_staff:
        values["_creator"] = ("user", filler.ai)
    if kind == "message":
        values |= {"to": _addresses(filler, ticket.requester), "cc": list(row["cc"])}
        values["openedAt"] = stamp(update.at + 600) if place % 2 else None
        values["savedReplyId"] = filler.saved.get(row["mailboxId"]) if place % 5 == 1 else None
    if filler.is_ugly and by_staff:
        values |= _state(ticket, place)
    return values


def _state(ticket: neutral.Ticket, place: int) -> Row:
    """Some notes are hidden; now and then a reply is held for review, or was never sent."""
    kinds = {(11, 2): "hidden", (13, 3): "underreview", (17, 4): "draft"}
    return next(({"state": state} for (n, at), state in kinds.items() if ticket.key % n == 1 and place == at), {})


def _addresses(filler: Filler, key: int) -> list[str]:
    return list(filler.source.people.by_key(key).emails[:1])


def _content(filler: Filler, row: Row, message: neutral.Message) -> Row:
    account = filler.account
    stored = {file.key: _store(filler, row, file) for file in message.files}

    def link(match: re.Match[str]) -> str:
        key = int(match.group(2))
        if match.group(1) == "ticket":
            return f"{account.settings.web_origin}/conversation/{key}"
        if key not in stored:
            return f"{account.settings.web_origin}{attachments.WEB}0-gone/gone.png"
        return attachments.web_url(account, stored[key])

    # An image that is only shown is in the text and in no list.
    listed = [stored[file.key]["id"] for file in message.files if file.inline != "bare"]
    body = message.body()
    return {"body": _PLACE.sub(link, body.html), "_files": listed}


def _store(filler: Filler, row: Row, file: neutral.File) -> Row:
    """Store a file whose bytes are made when they are wanted."""
    width, height = (640, 480) if file.content_type.startswith("image/") else (None, None)
    values: Row = {"filename": file.name, "mimeType": file.content_type, "width": width, "height": height}
    values |= {"size": file.size, "state": "valid", "_conversation": row["id"], "_made": file, "_sha256": None}
    if file.health != "ok":
        values["_health"] = file.health
    return filler.account.add("attachments", values)


def _rating(filler: Filler, ticket: neutral.Ticket, row: Row) -> None:
    csat = ticket.csat
    replies = [thread for thread in row["_threads"] if thread["type"] == "message" and thread["_creator"]]
    if csat is None or csat.rated_at is None or csat.score not in SCORES or not replies:
        return
    # The scale has three; the bad ones of a generated account are split by their comment.
    rating = "okay" if csat.score == "bad" and csat.comment is None else SCORES[csat.score]
    made = ratings.add(filler.account, row, replies[-1], rating, csat.comment, stamp(csat.rated_at))
    replies[-1]["_rating"] = made["id"]


def _beside(filler: Filler, made: dict[int, Row]) -> None:
    """Add what no ticket is: drafts that were never sent, and what was forwarded to somebody outside."""
    live = [row for row in made.values() if row["state"] == "published" and row["_merged_into"] is None]
    for row in live[5::50]:
        _forward(filler, row)
    for row in live[9::50]:
        _draft(filler, row)
    for row in [one for one in live if one["status"] == "pending"][:3]:
        until = stamp(filler.source.now + WEEK)
        row["_snooze"] = {"snoozedBy": filler.account.owner(), "snoozedUntil": until, "unsnoozeOnCustomerReply": True}


def _forward(filler: Filler, row: Row) -> None:
    """Forward a conversation: a second one with the outsider, each linked to the other."""
    account, agent = filler.account, filler.account.owner()
    moment = row["_threads"][-1]["createdAt"]
    values: Row = {"subject": f"Fwd: {row['subject']}", "mailboxId": row["mailboxId"], "createdAt": moment}
    values |= {
        "_customer": row["_customer"],
        "_creator": ("user", agent),
        "source": {"type": "emailfwd", "via": "user"},
    }
    child = store.add(account, values)
    common: Row = {"createdAt": moment, "_creator": ("user", agent), "source": {"type": "web", "via": "user"}}
    common |= {"to": ["supplier@outside.example"], "body": "<p>Please have a look 🙏</p>"}
    linked = {**common, "type": "forwardparent", "linkedConversationId": child["id"]}
    store.add_thread(account, row, linked)
    store.add_thread(account, child, {**common, "type": "forwardchild", "linkedConversationId": row["id"]})
    store.by_user(account, child, at=moment)


def _draft(filler: Filler, row: Row) -> None:
    """Start a mail that was not sent yet: a conversation in state draft whose only thread is a draft."""
    account, agent = filler.account, filler.account.owner()
    moment = row["_threads"][-1]["createdAt"]
    values: Row = {"subject": "Not sent yet", "mailboxId": row["mailboxId"], "createdAt": moment, "state": "draft"}
    values |= {"_customer": row["_customer"], "_creator": ("user", agent), "source": {"type": "web", "via": "user"}}
    made = store.add(account, values)
    thread: Row = {"type": "message", "state": "draft", "createdAt": moment, "_creator": ("user", agent)}
    later = {"scheduledBy": agent, "scheduledFor": stamp(filler.source.now + WEEK), "unscheduleOnCustomerReply": False}
    thread |= {"scheduled": later, "bcc": ["archive@acme.example"]}
    store.add_thread(account, made, {**thread, "body": "<p>I will finish this later</p>"})
    store.by_user(account, made, at=moment)
