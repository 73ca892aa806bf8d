"""What a change lets happen: mails to customers, notifications of users, calls of webhooks; all kept in the mailbox."""

from __future__ import annotations

from deskferry.simulators.help_scout import people
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row
from deskferry.simulators.kernel import Mail

EVENTS = {
    "message": "convo.agent.reply.created",
    "note": "convo.note.created",
    "customer": "convo.customer.reply.created",
    "phone": "convo.note.created",
    "chat": "convo.customer.reply.created",
}
_TO_USERS = {"note": "note_notification", "customer": "customer_reply_notification"}


def fire(account: Account, event: str, row: Row | None = None) -> None:
    """Call the webhooks of an event, those of imports too: no source says that imports are spared."""
    for hook in account.tables["webhooks"].values():
        boxes = hook.get("mailboxIds") or []
        if event in hook["events"] and (row is None or not boxes or row.get("mailboxId") in boxes):
            number = row["id"] if row is not None else None
            account.mailbox.append(Mail(f"webhook {event}", hook["url"], "", number, account.clock.now()))


def conversation_made(account: Account, row: Row, *, imported: bool, auto_reply: bool) -> None:
    """Notify users of a new conversation, and answer the customer if that was asked for; not for an import."""
    fire(account, "convo.created", row)
    if imported:
        return
    _notify(account, "new_conversation_notification", row)
    if auto_reply and any(thread["type"] == "customer" for thread in row["_threads"]):
        _to_customer(account, "auto_reply", row, [])


def thread_made(account: Account, row: Row, thread: Row, *, imported: bool, first: bool = False) -> None:
    """Send a published reply, notify users of the rest; not for an import."""
    if not first:
        fire(account, EVENTS.get(thread["type"], "convo.note.created"), row)
    if imported or thread["state"] != "published":
        return
    if thread["type"] == "message":
        _to_customer(account, "reply", row, [*thread["to"], *thread["cc"], *thread["bcc"]])
    elif thread["type"] in _TO_USERS and not first:
        _notify(account, _TO_USERS[thread["type"]], row)


def assigned(account: Account, row: Row) -> None:
    """Notify somebody of what is theirs now."""
    fire(account, "convo.assigned", row)
    _notify(account, "assignment_notification", row)


def _to_customer(account: Account, kind: str, row: Row, others: list[str]) -> None:
    customer = people.customer_person(account, row["_customer"]) or {}
    addresses = [customer.get("email"), *others]
    for address in dict.fromkeys(one for one in addresses if one):
        account.mail(kind, address, row["subject"] or "", row["id"])


def _notify(account: Account, kind: str, row: Row) -> None:
    person = account.user(row["_assignee"]) or account.tables["users"][account.owner()]
    account.mail(kind, person.get("email") or people.NOBODY, row["subject"] or "", row["id"])
