"""What people would notice: notifications, surveys and automations, each an entry of the mailbox.

Mail kinds. Asked for by the call, never switched off: `reply`, `forward`, `notify_emails`, `outbound_email`,
`activation`. Notifications (switch `notifications`): `new_ticket_requester`, `new_ticket_agent`, `agent_assigned`,
`group_assigned`, `public_note_requester`, `requester_reply_agent`, `watcher`, `ticket_resolved`, `ticket_closed`.
`survey` needs `notifications` and `surveys`. `automation` (switch `automations`) is a rule that fired.
"""

from __future__ import annotations

from collections.abc import Iterable

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.kernel import Mail

RESOLVED, CLOSED = 4, 5
DONE = (RESOLVED, CLOSED)


def send(account: Account, kind: str, to: Iterable[str | None], ticket: Row | None, subject: str = "") -> None:
    """Put a mail to each address into the mailbox, whatever is switched off."""
    text = subject or (ticket["subject"] if ticket else None) or ""
    number = ticket["id"] if ticket else None
    moment = account.clock.now()
    account.mailbox.extend(Mail(kind, address, text, number, moment) for address in to if address)


def notify(account: Account, kind: str, to: Iterable[str | None], ticket: Row) -> None:
    """Put a notification into the mailbox, unless the account sends none."""
    if account.settings.notifications:
        send(account, kind, to, ticket)


def ticket_created(account: Account, ticket: Row) -> None:
    """Tell everybody of a new ticket and run the creation rules."""
    notify(account, "new_ticket_requester", [_requester_mail(account, ticket)], ticket)
    notify(account, "new_ticket_agent", _group_mails(account, ticket["group_id"]) or _owner_mail(account), ticket)
    assigned(account, ticket, {"responder_id": None, "group_id": None})
    if ticket["status"] in DONE:
        finished(account, ticket)
    automation(account, 1, ticket)


def ticket_updated(account: Account, ticket: Row, before: Row, *, quiet_close: bool = False) -> None:
    """Tell of what changed and run the update rules."""
    assigned(account, ticket, before)
    if ticket["status"] != before["status"] and ticket["status"] in DONE:
        finished(account, ticket, quiet=quiet_close, was_done=before["status"] in DONE)
    changed = ("status", "priority", "group_id", "responder_id", "type", "source")
    if any(ticket[name] != before[name] for name in changed):
        automation(account, 4, ticket)


def assigned(account: Account, ticket: Row, before: Row) -> None:
    """Tell an agent, and the members of a group, of a new assignment."""
    if ticket["responder_id"] not in (None, before["responder_id"]):
        person = account.person(ticket["responder_id"]) or {}
        notify(account, "agent_assigned", [person.get("email")], ticket)
    if ticket["group_id"] not in (None, before["group_id"]):
        notify(account, "group_assigned", _group_mails(account, ticket["group_id"]), ticket)


def finished(account: Account, ticket: Row, *, quiet: bool = False, was_done: bool = False) -> None:
    """Tell the requester of the end, and ask for a rating. `quiet` spares the notice, not the survey."""
    to = [_requester_mail(account, ticket)]
    if not quiet:
        notify(account, "ticket_resolved" if ticket["status"] == RESOLVED else "ticket_closed", to, ticket)
    if account.settings.surveys and account.has("surveys") and not was_done:
        notify(account, "survey", to, ticket)


def conversation_added(account: Account, ticket: Row, note: Row) -> None:
    """Tell of a public note, or of what a customer is taken to have said; private ones are silent."""
    if note["private"]:
        return
    if note["incoming"]:
        person = account.person(ticket["responder_id"])
        to = [person["email"]] if person else _group_mails(account, ticket["group_id"])
        notify(account, "requester_reply_agent", to or _owner_mail(account), ticket)
    else:
        notify(account, "public_note_requester", [_requester_mail(account, ticket)], ticket)
    watchers = [(account.person(user_id) or {}).get("email") for user_id in ticket["_watchers"]]
    notify(account, "watcher", watchers, ticket)


def automation(account: Account, kind: int, ticket: Row, name: str | None = None) -> None:
    """Enter each active rule of a kind as fired; `name` picks one."""
    if not account.settings.automations:
        return
    for rule in account.tables["automations"].values():
        if rule["automation_type_id"] == kind and rule["active"] and name in (None, rule["name"]):
            if name is None and rule["_only_named"]:
                continue
            account.mailbox.append(Mail("automation", "", rule["name"], ticket["id"], account.clock.now()))


def _requester_mail(account: Account, ticket: Row) -> str | None:
    person = account.person(ticket["requester_id"]) or {}
    address: str | None = person.get("email")
    return address


def _group_mails(account: Account, group_id: int | None) -> list[str | None]:
    group = account.tables["groups"].get(group_id or 0)
    members = group["agent_ids"] if group else []
    return [(account.person(agent_id) or {}).get("email") for agent_id in members]


def _owner_mail(account: Account) -> list[str | None]:
    owner = next(iter(account.tables["agents"].values()), None)
    return [owner["contact"]["email"]] if owner else []
