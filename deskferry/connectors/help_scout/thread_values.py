"""What a thread is: a message of which kind and state, or the changes that a line item and a status tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deskferry.connectors.help_scout.conversation import merged_from
from deskferry.connectors.help_scout.converters import channel as own_channel
from deskferry.connectors.help_scout.converters import full_name, person, real_email, real_status
from deskferry.connectors.help_scout.history import AGAIN, ASSIGNED, LINE_ITEM, action_of, assignee, tells_status
from deskferry.connectors.kit.mapping import Raw, as_text

KINDS: Mapping[str, str] = {
    "customer": "public_reply", "message": "public_reply", "note": "private_note", "phone": "voice", "chat": "chat",
    "beaconchat": "chat", "forwardparent": "forward", "forwardchild": "forward",
}  # fmt: skip
_PUBLIC = frozenset({"customer", "message", "chat", "beaconchat"})
"""What the customer wrote or was sent. A call is what an agent noted of it, a forward goes to somebody else."""
STATES: Mapping[str, str] = {
    "published": "sent", "draft": "draft", "hidden": "hidden", "underreview": "draft", "review": "draft",
    "bounced": "bounced",
}  # fmt: skip
_SIDES = {"customer": "in", "message": "out"}
_AUTHORS = {"customer": "end_user", "user": "agent", "system_user": "bot"}
_MOVED, _NEW_CUSTOMER = "movedFromMailbox", "changedTicketCustomer"
_DISPOSITIONS = {"deletedTicket": "deleted"}


def is_message(thread: Raw, _raw: Raw) -> bool:
    """Return whether a thread is a message: all but line items."""
    return thread.get("type") != LINE_ITEM


def kind(value: Any) -> str:
    """Return what a message is; of an unknown type it is the vendor's own."""
    return KINDS.get(value, "system")


def is_public(value: Any) -> bool:
    """Return whether the customer can read a message; what is not known is private."""
    return value in _PUBLIC


def state(thread: Raw) -> str:
    """Return what became of a message."""
    if thread.get("scheduled"):
        return "scheduled"
    return STATES.get(str(thread.get("state") or "published").replace("-", "").replace("_", ""), "sent")


def author(thread: Raw) -> tuple[str, Any] | None:
    """Return who wrote a thread; of what a customer sent the customer, where nobody else is named."""
    found = person(thread.get("createdBy"))
    if found is None and thread.get("type") == "customer":
        found = person({"type": "customer", **(thread.get("customer") or {})})
    return found


def author_kind(thread: Raw) -> str | None:
    """Return what the author was; None where nobody is named."""
    found = author(thread)
    return None if found is None else _AUTHORS[found[0]]


def direction(thread: Raw) -> str | None:
    """Return from whose side a message came; None for what the customer does not see."""
    told = thread.get("type")
    if told in _SIDES:
        return _SIDES[str(told)]
    if not is_public(told):
        return None
    return {"end_user": "in", "agent": "out", "bot": "out"}.get(author_kind(thread) or "")


def channel(thread: Raw) -> str | None:
    """Return which way a message went: replies and forwards by mail, whatever the agent wrote them in."""
    told = thread.get("type")
    if told in {"message", "forwardparent", "forwardchild"}:
        return "email"
    return None if told == "note" else own_channel(thread)


def sender(thread: Raw) -> str | None:
    """Return the author's address, else the name: of people who were deleted there is nothing else."""
    by = thread.get("createdBy")
    return None if not isinstance(by, Mapping) else real_email(by.get("email")) or full_name(by)


def files(thread: Raw) -> Iterator[Raw]:
    """Yield the files of a thread; one whose address stands in the text is shown there."""
    body = str(thread.get("body") or "")
    for one in (thread.get("_embedded") or {}).get("attachments") or ():
        addresses = [(target or {}).get("href") for target in (one.get("_links") or {}).values()]
        shown = any(address in body for address in addresses if address)
        url = ((one.get("_links") or {}).get("data") or {}).get("href")
        way = f"conversations/{thread.get('conversationId')}/attachments/{one['id']}/data"
        yield {**one, "inline": shown, "url": url or way}


# ------------------------------------------------------------------------------------------------------------ changes


def changes(thread: Raw) -> Iterator[Raw]:
    """Yield what a thread changed: its status, its assignee where it is a new one, and what a line item says."""
    status, to = _status(thread), assignee(thread) if thread.get(ASSIGNED) else None
    if status is not None:
        yield _change("status", status, thread)
    if to is not None:
        yield _change("team_id" if to[0] == "team" else "assignee_id", None, thread, to)
    if thread.get("type") == LINE_ITEM:
        yield from _of_line_item(thread, silent=status is None and to is None)


def _status(thread: Raw) -> str | None:
    """Return the status that a thread brought: a deletion, its own one, or the one before the deletion again."""
    if thread.get("type") == LINE_ITEM and action_of(thread) in _DISPOSITIONS:
        return _DISPOSITIONS[str(action_of(thread))]
    return real_status(thread["status"] if tells_status(thread) else thread.get(AGAIN))


def _of_line_item(thread: Raw, *, silent: bool) -> Iterator[Raw]:
    action = thread.get("action") or {}
    what = action_of(thread)
    entities = action.get("associatedEntities") or {}
    if what == _MOVED and entities.get("mailbox"):
        yield _change("inbox_id", None, thread, ("mailbox", None), ("mailbox", _id(entities["mailbox"])))
    elif what == _NEW_CUSTOMER and (thread.get("customer") or {}).get("id"):
        yield _change("requester_id", None, thread, ("customer", thread["customer"]["id"]))
    elif what == "merged" and merged_from(thread):
        yield _change("merged_from", None, thread, ("conversation", merged_from(thread)))
    elif silent:
        yield _change(what or "action", as_text(action.get("text")), thread)


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


def _change(
    field: str, value: Any, thread: Raw, now: tuple[str, Any] | None = None, before: tuple[str, Any] | None = None
) -> Raw:
    return {"field": field, "value": value, "now": now, "before": before, "thread": thread}


def refers(change: Raw, _raw: Raw) -> bool:
    """Return whether the values of a change are ids."""
    return change["now"] is not None


def tells(change: Raw, _raw: Raw) -> bool:
    """Return whether the value of a change is a text."""
    return change["now"] is None


def reference(value: Any) -> tuple[str, Any] | None:
    """Return the object and id that a change tells; None where it tells none."""
    return None if value is None or value[1] in (None, "", 0) else value


def chained(change: Raw) -> bool:
    """Return whether the value before is that of the change before."""
    return change["before"] is None


def is_merge(thread: Raw) -> Iterator[Raw]:
    """Yield the conversation that a line item says was merged into its own."""
    found = merged_from(thread)
    if found is not None:
        yield {"original": found}
