"""Functions of the read tables: what no path alone can say of a Freshdesk payload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deskferry.canonical_schema.statuses import canonical_channel, canonical_priority, canonical_status
from deskferry.connectors.kit.converters import addresses, html_to_text, lower, time
from deskferry.connectors.kit.mapping import Unreadable, as_text
from deskferry.connectors.kit.timezones import rails_to_iana

Raw = dict[str, Any]

VENDOR = "freshdesk"
WEB_CHAT = 15
"""Source of web chat tickets, whose description repeats their first conversation (chatwoot/chatwoot#15261)."""
_OUTBOUND = 10
"""Source of tickets that an agent began by e-mail."""

CONVERSATION_SOURCES: Mapping[int, tuple[str, str | None]] = {
    0: ("reply", None), 1: ("email", "email"), 2: ("note", None), 3: ("phone", "phone"), 4: ("unknown", None),
    5: ("twitter", "social"), 6: ("survey", "other"), 7: ("facebook", "social"), 8: ("forward", "email"),
    9: ("phone", "phone"), 10: ("mobihelp", "web"), 11: ("ecommerce", "other"),
}  # fmt: skip
"""Code of a conversation's source → the vendor's word, canonical channel (reference; 1, 3, 4, 10: Zammad)."""

RATING_STEPS: Mapping[int, int] = {-103: 1, -102: 2, -101: 3, 100: 4, 101: 5, 102: 6, 103: 7}
"""Codes of the ratings from worst to best; the codes themselves have a gap around neutral."""
_CLASSIC_STEPS: Mapping[int, int] = {3: 1, 2: 2, 1: 3}
"""Classic surveys: 1 happy, 2 neutral, 3 unhappy."""


def present(value: Any) -> dict[str, Any] | None:
    """Return custom values without those that are not set; None where none is."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Unreadable("unexpected_type", f"{type(value).__name__} where custom fields are expected")
    return {key: kept for key, kept in value.items() if kept not in (None, "", [])} or None


def unless(value: Any) -> bool:
    """Return True unless the vendor says so: flags of deletion are absent while they are false."""
    return not value


def keeping(*keys: str) -> Callable[[Raw], dict[str, Any] | None]:
    """Return a converter that keeps these keys as they are, for `extra`."""

    def kept(raw: Raw) -> dict[str, Any] | None:
        return {key: raw[key] for key in keys if raw.get(key) not in (None, "", [], {})} or None

    kept.__name__ = f"keeping({', '.join(keys)})"
    return kept


# ------------------------------------------------------------------------------------------------------------- people


def is_agent(raw: Raw, _raw: Raw) -> bool:
    """Return whether a `user` payload is an agent's: its person lies in `contact`."""
    return isinstance(raw.get("contact"), dict)


_NOTHING: tuple[Any, ...] = (None, "", [], {})
_AGENT_TAKEN = frozenset(
    {"id", "contact", "deactivated", "signature", "created_at", "updated_at",
     "available", "available_since", "last_active_at"}
)  # fmt: skip
"""Keys of an agent that columns hold, and those that move by themselves."""
_PERSON_TAKEN = frozenset(
    {"name", "first_name", "last_name", "email", "other_emails", "phone", "mobile", "job_title", "language",
     "time_zone", "last_login_at", "updated_at"}
)  # fmt: skip
"""The same of the person behind an agent."""


def agent_extra(agent: Raw) -> Raw | None:
    """Return what no column holds of an agent, and of the person behind it under `contact`."""
    rest = {key: value for key, value in agent.items() if key not in _AGENT_TAKEN and value not in _NOTHING}
    person = {
        key: value for key, value in agent["contact"].items() if key not in _PERSON_TAKEN and value not in _NOTHING
    }
    return ({**rest, "contact": person} if person else rest) or None


def is_contact(raw: Raw, _raw: Raw) -> bool:
    """Return whether a `user` payload is a contact's."""
    return not isinstance(raw.get("contact"), dict)


def suspended(contact: Raw) -> bool | None:
    """Return whether a contact is blocked; the list of the live ones has no blocked one, of deleted ones none says."""
    if contact.get("blocked") is not None:
        return bool(contact["blocked"])
    return None if contact.get("deleted") else False


def emails(person: Raw) -> list[dict[str, Any]] | None:
    """Return all addresses of a contact, the primary one first."""
    primary = lower(person.get("email"))
    others = [lower(value) for value in person.get("other_emails") or ()]
    unique = dict.fromkeys(value for value in (primary, *others) if value)
    return [{"value": value, "type": None, "primary": value == primary, "verified": None} for value in unique] or None


def phones(person: Raw) -> list[dict[str, Any]] | None:
    """Return the phone numbers of a person: work and mobile."""
    numbers = [("work", as_text(person.get("phone"))), ("mobile", as_text(person.get("mobile")))]
    known = [(kind, number) for kind, number in numbers if number]
    return [
        {"value": number, "type": kind, "primary": n == 0, "verified": None} for n, (kind, number) in enumerate(known)
    ] or None


def phone(person: Raw) -> str | None:
    """Return the work number, else the mobile one."""
    value: str | None = as_text(person.get("phone")) or as_text(person.get("mobile"))
    return value


def identities(person: Raw) -> list[dict[str, Any]] | None:
    """Return social handles; `twitter_id` is a numeric id since October 2020."""
    found = [
        {"type": kind, "value": str(person[key]), "name": None}
        for key, kind in (("twitter_id", "twitter"), ("facebook_id", "facebook"))
        if person.get(key)
    ]
    for handle in person.get("social_handler") or ():
        if isinstance(handle, dict):
            value = handle.get("handler_id") or handle.get("value") or handle.get("id")
            kind = handle.get("type") or handle.get("source") or "social"
            if value:
                found.append({"type": str(kind), "value": str(value), "name": as_text(handle.get("name"))})
    return found or None


def timezone(value: Any) -> str | None:
    """Return the IANA name of the vendor's time zone."""
    return rails_to_iana(as_text(value))


def companies(person: Raw) -> Iterator[Raw]:
    """Yield the memberships of a contact: its company, then the others."""
    seen = set()
    first = person.get("company_id")
    memberships = [{"company_id": first, "primary": True}] if first else []
    # Lists name the others by their ids alone, the view of one contact by objects (reference).
    memberships += [
        {"company_id": other.get("company_id") if isinstance(other, dict) else other, "primary": False}
        for other in person.get("other_companies") or ()
    ]
    for membership in memberships:
        if membership["company_id"] and membership["company_id"] not in seen:
            seen.add(membership["company_id"])
            yield membership


def tags(raw: Raw) -> Iterator[Raw]:
    """Yield each tag once."""
    for tag in dict.fromkeys(str(tag) for tag in raw.get("tags") or ()):
        if tag:
            yield {"tag": tag}


# ------------------------------------------------------------------------------------------------------------ tickets


def status(ticket: Raw) -> str:
    """Return the canonical status: the disposition first; `unknown` for statuses that the account added."""
    if ticket.get("deleted"):
        return "deleted"
    if ticket.get("spam"):
        return "spam"
    return real_status(ticket) or "unknown"


def real_status(ticket: Raw) -> str | None:
    """Return the canonical status of the status code, whatever became of the ticket."""
    code = ticket.get("status")
    if code is None:
        return None
    found = canonical_status(VENDOR, code)
    return found.value if found is not None else "unknown"


def status_before(ticket: Raw) -> str | None:
    """Return the last real status of a deleted or spam ticket."""
    return real_status(ticket) if ticket.get("deleted") or ticket.get("spam") else None


def deleted_at(raw: Raw) -> str | None:
    """Return when a trashed record was last changed: its deletion is the last thing that happened to it."""
    return time(raw.get("updated_at")) if raw.get("deleted") else None


def priority(value: Any) -> str | None:
    """Return the canonical priority of a code."""
    found = canonical_priority(VENDOR, value)
    return found.value if found is not None else None


def channel(value: Any) -> str | None:
    """Return the canonical channel of a ticket's source code; sources that an account added are `other`."""
    if value is None:
        return None
    found = canonical_channel(VENDOR, value)
    return found.value if found is not None else "other"


def has_opening(ticket: Raw, _raw: Raw) -> bool:
    """Return whether the description is a message of its own; of a web chat it is the first conversation's."""
    return ticket.get("source") != WEB_CHAT and bool(ticket.get("description") or ticket.get("description_text"))


def began_by_customer(ticket: Raw, raw: Raw) -> bool:
    """Return whether there is an opening message and the customer wrote it."""
    return has_opening(ticket, raw) and ticket.get("source") != _OUTBOUND


def began_by_agent(ticket: Raw, raw: Raw) -> bool:
    """Return whether there is an opening message and an agent sent it; which one is not told."""
    return has_opening(ticket, raw) and ticket.get("source") == _OUTBOUND


def opening_text(ticket: Raw) -> str | None:
    """Return the description without markup."""
    return as_text(ticket.get("description_text")) or html_to_text(ticket.get("description"))


def opening_kind(value: Any) -> str:
    """Return `chat` for chats, else `public_reply`."""
    return "chat" if channel(value) == "chat" else "public_reply"


def opening_files(ticket: Raw) -> Iterator[Raw]:
    """Yield the files of a ticket that has an opening message."""
    if has_opening(ticket, ticket):
        yield from ticket.get("attachments") or ()


def other_files(ticket: Raw) -> Iterator[Raw]:
    """Yield the files of a ticket without an opening message."""
    if not has_opening(ticket, ticket):
        yield from ticket.get("attachments") or ()


def ccs(ticket: Raw) -> Iterator[Raw]:
    """Yield each copied address once; the list sometimes arrives as a text (zammad/zammad#5843)."""
    for found in {entry["address"]: entry for entry in addresses(ticket.get("cc_emails")) or ()}.values():
        yield {"email": found["address"]}


_LINK_KINDS = {2: "parent", 4: "problem"}


def links(ticket: Raw) -> Iterator[Raw]:
    """Yield the links that this side of an association carries: a child's parent, a related ticket's tracker."""
    kind = _LINK_KINDS.get(ticket.get("association_type") or 0)
    if kind is not None:
        for other in ticket.get("associated_tickets_list") or ():
            yield {"other": other, "kind": kind}


def parent(ticket: Raw) -> Any:
    """Return the vendor's id of the parent of a child ticket."""
    listed = ticket.get("associated_tickets_list") or ()
    return listed[0] if ticket.get("association_type") == 2 and listed else None


# ----------------------------------------------------------------------------------------------------- conversations


def conversation_kind(message: Raw) -> str | None:
    """Return what a conversation is: a forward, a private note, or what the customer can read."""
    if message.get("source") == 8:
        return "forward"
    private = message.get("private")
    return None if private is None else "private_note" if private else "public_reply"


def direction(message: Raw) -> str | None:
    """Return `in` for the customer's side, `out` for public answers, None for notes."""
    if message.get("incoming") is None or message.get("private"):
        return None
    return "in" if message["incoming"] else "out"


def author_kind(message: Raw) -> str | None:
    """Return whose side wrote a conversation; None for what no person wrote."""
    if message.get("incoming") is None:
        return None
    if message["incoming"]:
        return "end_user"
    return "agent" if message.get("user_id") is not None else None


def via(value: Any) -> str | None:
    """Return the vendor's word for how a conversation was written."""
    if value is None:
        return None
    return CONVERSATION_SOURCES.get(value, (str(value), None))[0]


def conversation_channel(message: Raw) -> str | None:
    """Return the canonical channel; a reply that names mail addresses went by e-mail."""
    known = CONVERSATION_SOURCES.get(message.get("source", -1), ("", None))[1]
    if known is None and message.get("source") == 0 and (message.get("from_email") or message.get("to_emails")):
        return "email"
    return known


def state(message: Raw) -> str:
    """Return `failed` where sending the mail failed, else `sent`."""
    return "failed" if message.get("email_failure_count") or message.get("outgoing_failures") else "sent"


def body_text(message: Raw) -> str | None:
    """Return the text without markup."""
    return as_text(message.get("body_text")) or html_to_text(message.get("body"))


def size(file: Raw) -> Any:
    """Return the size of a file; some answers spell it `file_size`."""
    return file.get("size") if file.get("size") is not None else file.get("file_size")


def receiving_address(config: Raw) -> str | None:
    """Return the address that customers write to, else the vendor's own that it is forwarded to."""
    told = (config.get("reply_email"), config.get("support_email"), config.get("to_email"))
    forwarded = (config.get("freshdesk_mailbox") or {}).get("forward_email")
    return next((found for found in map(lower, (*told, forwarded)) if found), None)


# ------------------------------------------------------------------------------------------------------------ ratings


def main_question(rating: Raw) -> str:
    """Return the first question as it was put, else its key."""
    return _put(rating, "default_question")


def questions(rating: Raw) -> Iterator[Raw]:
    """Yield the answers beside the first one, in their order: `question_N`, and the question as it was put."""
    for name, value in (rating.get("ratings") or {}).items():
        if name != "default_question" and value is not None:
            yield {"key": name, "question": _put(rating, name), "code": value}


def _put(rating: Raw, key: str) -> str:
    return str((rating.get("questions") or {}).get(key) or key)


def step(value: Any) -> float | None:
    """Return a rating on its scale from 1, best last; None for a code that is not known."""
    found = RATING_STEPS.get(value) or _CLASSIC_STEPS.get(value)
    return None if found is None else float(found)


def best_step(value: Any) -> float | None:
    """Return the best score of the scale that a rating's code belongs to."""
    return 7.0 if value in RATING_STEPS else 3.0 if value in _CLASSIC_STEPS else None


def worst_step(value: Any) -> float | None:
    """Return the worst score of the scale that a rating's code belongs to."""
    return 1.0 if best_step(value) is not None else None


_SPAN = re.compile(r"(\d+):(\d+)(?::(\d+))?", re.ASCII)


def spent(entry: Raw) -> float | None:
    """Return the seconds of a time entry: exact where the account tells them, else those of `time_spent`."""
    exact = entry.get("time_spent_in_seconds")
    if isinstance(exact, (int, float)) and not isinstance(exact, bool):
        return float(exact)
    return seconds(entry.get("time_spent"))


def seconds(value: Any) -> float | None:
    """Return the seconds of `hh:mm` or `hh:mm:ss`; "" and None are None."""
    text = as_text(value)
    if text is None:
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Unreadable("bad_duration", f"{str(text)[:20]!r} is not hh:mm")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600.0 + minutes * 60.0 + rest
