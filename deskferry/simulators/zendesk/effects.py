"""What an ordinary write sets off: triggers, mails to requesters, CCs and followers, automations later on.

Each mail of the mailbox has the title of its trigger as its kind (`notify_requester_of_comment_update`); a trigger
that mails nobody stands there with no address. Imports never come here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from deskferry.simulators.kernel import Mail
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import add_audit, changed, editable, keep, set_fields
from deskferry.simulators.zendesk.tickets import TicketFile


def kind_of(title: str) -> str:
    """Return the title of a rule as one word."""
    return re.sub(r"\W+", "_", title.lower()).strip("_")


def written(state: State, file: TicketFile, said: Record | None, *, is_new: bool) -> list[Record]:
    """Run the triggers on a ticket that was created or updated and return their events for its audit."""
    events: list[Record] = []
    for rule in state.lists.get("triggers", []) if state.written.settings.triggers else []:
        if rule["active"] and _fires(rule, file.record, said, is_new):
            events += _act(state, rule, file, said)
    if said is not None:
        followers = [one for one in file.record["follower_ids"] if one != said["author_id"]]
        mail(state, "follower_notification", followers, file.record)
    return events


def mail(state: State, kind: str, users: Iterable[int], record: Record) -> list[int]:
    """Write to active users who have an address; return who they are."""
    if not state.written.settings.notifications:
        return []
    found = [state.users.get(one) for one in dict.fromkeys(users)]
    people = [one for one in found if one is not None and one["active"] and one["email"] and not one["suspended"]]
    moment = float(state.now())
    subject = str(record["subject"] or "")
    state.written.mailbox.extend(Mail(kind, one["email"], subject, record["id"], moment) for one in people)
    return [one["id"] for one in people]


def _fires(rule: Record, record: Record, said: Record | None, is_new: bool) -> bool:
    conditions = rule["conditions"]
    # A trigger that looks for a comment is about updates.
    if is_new and any(one["field"] == "comment_is_public" for one in conditions["all"]):
        return False
    every = all(_meets(one, record, said, is_new) for one in conditions["all"])
    some = [_meets(one, record, said, is_new) for one in conditions["any"]]
    return every and (not some or any(some))


def _meets(condition: Record, record: Record, said: Record | None, is_new: bool) -> bool:
    name, operator, value = condition["field"], condition["operator"], condition["value"]
    if name == "update_type":
        return bool(value == "Create") == is_new
    if name == "comment_is_public":
        wanted: bool | None = None if value == "not_relevant" else str(value) == "true"
        return said is not None and (wanted is None or bool(said["public"]) == wanted)
    if name == "subject_includes_word":
        return str(value).lower() in str(record["subject"] or "").lower()
    if name == "current_tags":
        return bool(set(str(value).split()) & set(record["tags"])) is (str(operator) == "includes")
    same = str(record.get(name)) == str(value)
    return same if operator == "is" else not same if operator == "is_not" else False


def _act(state: State, rule: Record, file: TicketFile, said: Record | None) -> list[Record]:
    kind, record = kind_of(rule["title"]), file.record
    origin = {"id": rule["id"], "title": rule["title"], "deleted": False}
    via = {"channel": "rule", "source": {"from": origin, "to": {}, "rel": "trigger"}}
    events: list[Record] = []
    told = False
    for action in rule["actions"]:
        value = action["value"]
        if action["field"] == "notification_user":
            told = True
            people = mail(state, kind, _addressees(value, record, said), record)
            notice = {"subject": str(value[1]), "body": str(value[2]), "recipients": people}
            events += [{"id": 0, "type": "Notification", "via": via, **notice}] if people else []
        elif action["field"] == "current_tags":
            tags = sorted({*record["tags"], *str(value).split()})
            events += [{**one, "via": via} for one in set_fields(file, {"tags": tags})]
        elif action["field"] in ("status", "priority", "type"):
            events += [{**one, "via": via} for one in set_fields(file, {action["field"]: value})]
    if not told:
        state.written.mailbox.append(Mail(kind, "", rule["title"], record["id"], float(state.now())))
    return events


def _addressees(value: Any, record: Record, said: Record | None) -> list[int]:
    """Return whom a notification reaches: customers see no private comment, and nobody gets their own."""
    target = str(value[0])
    if target == "assignee_id":
        people = [record["assignee_id"]]
    else:
        people = [record["requester_id"], *record["email_cc_ids"]]
        if said is not None and not said["public"]:
            return []
    author = said["author_id"] if said is not None else None
    return [one for one in people if one is not None and (one != author or (target == "requester_id" and not said))]


def watch(state: State, file: TicketFile) -> None:
    """Let the automation that closes solved tickets come back to one, imported ones too."""
    if file.record["status"] != "solved" or not state.written.settings.automations:
        return
    for rule in state.lists.get("automations", []):
        hours = [one["value"] for one in rule["conditions"]["all"] if one["field"] == "SOLVED"]
        if rule["active"] and hours and any(one["field"] == "status" for one in rule["actions"]):
            later = partial(_close, state, rule, file.record["id"], len(file.audits))
            state.later(float(hours[0]) * 3600, later)


def _close(state: State, rule: Record, number: int, since: int) -> None:
    known = state.tickets.get(number)
    if known is None or known.is_deleted or known.record["status"] != "solved" or len(known.audits) != since:
        return
    file = editable(state, number)
    origin = {"id": rule["id"], "title": rule["title"], "deleted": False}
    via = {"channel": "rule", "source": {"from": origin, "to": {}, "rel": "automation"}}
    file.record["status"] = "closed"
    add_audit(state, file, -1, [changed("status", "solved", "closed")], via)
    keep(state, file)
