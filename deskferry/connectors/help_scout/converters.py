"""Functions of the read tables: what no path alone can say of a Help Scout payload."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from deskferry.canonical_schema.statuses import canonical_channel, canonical_status
from deskferry.connectors.kit.converters import lower, time
from deskferry.connectors.kit.mapping import Raw, Unreadable, as_text

VENDOR = "help_scout"
PERSON_OBJECTS: Mapping[str, str] = {"customer": "customer", "user": "user", "system_user": "system_user"}
"""Type of a person in conversations and threads → its object. Customers and users have id spaces of their own."""


def keeping(*keys: str) -> Callable[[Raw], Raw | None]:
    """Return a converter that keeps these keys as they are, for `extra`."""

    def kept(raw: Raw) -> Raw | None:
        return {key: raw[key] for key in keys if raw.get(key) not in (None, "", [], {})} or None

    kept.__name__ = f"keeping({', '.join(keys)})"
    return kept


def beyond(known: Sequence[str], *embedded: str) -> Callable[[Raw], Raw | None]:
    """Return a converter that keeps what is not among the known keys, and some of what is embedded."""
    left_out = frozenset(known)

    def kept(raw: Raw) -> Raw | None:
        inside = raw.get("_embedded") or {}
        found = {key: value for key, value in raw.items() if key not in left_out}
        found |= {key: inside[key] for key in embedded if key in inside}
        return {key: value for key, value in found.items() if value not in (None, "", [], {})} or None

    kept.__name__ = "what no row takes"
    return kept


def embedded(raw: Raw, *names: str) -> list[Raw]:
    """Return the embedded list of the first of these names that there is."""
    inside = raw.get("_embedded") or {}
    found: Any = next((inside[name] for name in names if inside.get(name)), [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


# --------------------------------------------------------------------------------------------------------- references


def person(value: Any) -> tuple[str, Any] | None:
    """Return whose id it is: a customer's, a user's or a system user's; None for teams and nobody."""
    if not isinstance(value, Mapping) or value.get("id") in (None, "", 0):
        return None
    found = PERSON_OBJECTS.get(value.get("type") or "user")
    return None if found is None else (found, value["id"])


def team(value: Any) -> tuple[str, Any] | None:
    """Return the team that an assignee is."""
    if not isinstance(value, Mapping) or value.get("type") != "team" or value.get("id") in (None, "", 0):
        return None
    return "team", value["id"]


def _numbered(object_name: str) -> Callable[[Any], tuple[str, Any] | None]:
    """Return what makes a reference of a bare id; 0 is the vendor's nobody (`closedBy`, `savedReplyId`, folders)."""

    def chosen(value: Any) -> tuple[str, Any] | None:
        return None if value in (None, "", 0) else (object_name, value)

    chosen.__name__ = object_name
    return chosen


customer, user, mailbox, organization = map(_numbered, ("customer", "user", "mailbox", "organization"))


def categories(article: Raw) -> list[tuple[str, Any]] | None:
    """Return all categories that an article is in, the main one first."""
    first = parent(article)
    found = [("category", one) for one in article.get("categories") or ()]
    return found or ([] if first is None else [first]) or None


def parent(article: Raw) -> tuple[str, Any] | None:
    """Return the category that an article is mainly in, else its collection."""
    categories = article.get("categories") or ()
    if categories:
        return "category", categories[0]
    return None if article.get("collectionId") is None else ("collection", article["collectionId"])


# ------------------------------------------------------------------------------------------------------------- people


NOWHERE = "none@nowhere.com"
"""What stands for the address of somebody who has none (conversations/get, its sample)."""


def real_email(value: Any) -> str | None:
    """Return an address in lower case; None for the one that stands for none."""
    found = lower(value)
    return None if found == NOWHERE else found


def full_name(raw: Any) -> str | None:
    """Return first and last name, by either of the vendor's spellings."""
    if not isinstance(raw, Mapping):
        return None
    parts = (as_text(raw.get(long) or raw.get(short)) for long, short in (("firstName", "first"), ("lastName", "last")))
    return " ".join(part for part in parts if part) or None


def emails(raw: Raw) -> list[Raw] | None:
    """Return a customer's addresses; the first one is the primary."""
    unique: dict[str, Raw] = {}
    for one in embedded(raw, "emails"):
        value = lower(one.get("value"))
        if value and value not in unique:
            unique[value] = {"value": value, "type": as_text(one.get("type")), "primary": not unique, "verified": None}
    return list(unique.values()) or None


def email(raw: Raw) -> str | None:
    """Return a customer's primary address."""
    found = emails(raw)
    return found[0]["value"] if found else None


def user_emails(raw: Raw) -> list[Raw] | None:
    """Return a user's address and aliases."""
    values = [lower(raw.get("email")), *(lower(one) for one in raw.get("alternateEmails") or ())]
    unique = dict.fromkeys(value for value in values if value)
    return [{"value": one, "type": None, "primary": n == 0, "verified": None} for n, one in enumerate(unique)] or None


def phones(raw: Raw) -> list[Raw] | None:
    """Return a customer's numbers; the first one is the primary."""
    found = [(as_text(one.get("value")), as_text(one.get("type"))) for one in embedded(raw, "phones")]
    known = [(value, kind) for value, kind in found if value]
    return [
        {"value": v, "type": kind, "primary": n == 0, "verified": None} for n, (v, kind) in enumerate(known)
    ] or None


def phone(raw: Raw) -> str | None:
    """Return a customer's first number."""
    found = phones(raw)
    return found[0]["value"] if found else None


def user_phones(raw: Raw) -> list[Raw] | None:
    """Return a user's number."""
    value = as_text(raw.get("phone"))
    return [{"value": value, "type": None, "primary": True, "verified": None}] if value else None


def identities(raw: Raw) -> list[Raw] | None:
    """Return chat handles and social profiles; the envelope of the latter is spelled in two ways."""
    found = (*embedded(raw, "chats"), *embedded(raw, "social_profiles", "social-profiles"))
    known = [(as_text(one.get("type")) or "other", as_text(one.get("value"))) for one in found]
    return [{"type": kind, "value": value, "name": None} for kind, value in known if value] or None


def address(raw: Raw) -> str | None:
    """Return a customer's postal address, a line each."""
    inside = (raw.get("_embedded") or {}).get("address")
    if not isinstance(inside, Mapping):
        return None
    place = " ".join(str(inside[key]) for key in ("postalCode", "city") if inside.get(key))
    lines = [*(inside.get("lines") or ()), place, inside.get("state"), inside.get("country")]
    return "\n".join(str(line) for line in lines if line) or None


def properties(raw: Raw) -> Raw | None:
    """Return the values of the account's own properties by their slug."""
    listed = raw.get("properties") or embedded(raw, "properties")
    found = {str(one["slug"]): one.get("value") for one in listed if isinstance(one, Mapping) and one.get("slug")}
    return {key: value for key, value in found.items() if value not in (None, "", [])} or None


_ROLES: Mapping[str, str] = {"owner": "admin", "admin": "admin", "user": "agent"}


def role(value: Any) -> str | None:
    """Return a user's role; how the API spells that of light users is not documented, but `light` is in it."""
    if value in (None, ""):
        return None
    told = str(value).casefold()
    return "light_agent" if "light" in told else _ROLES.get(told, "agent")


def is_person(raw: Raw, _raw: Raw) -> bool:
    """Return whether a row of the users is a person: a list may name teams among them."""
    return raw.get("type") != "team"


# ------------------------------------------------------------------------------------------------------------ tickets


def status(conversation: Raw) -> str:
    """Return the canonical status: the disposition first."""
    return "deleted" if conversation.get("state") == "deleted" else real_status(conversation.get("status")) or "unknown"


def real_status(value: Any) -> str | None:
    """Return the canonical status of the vendor's word; `unknown` for a word that nobody knows."""
    if value in (None, ""):
        return None
    found = canonical_status(VENDOR, value)
    return found.value if found is not None else "unknown"


def status_before(conversation: Raw) -> str | None:
    """Return the last real status of a deleted conversation; of spam the vendor does not tell it."""
    return real_status(conversation.get("status")) if conversation.get("state") == "deleted" else None


def deletion(conversation: Raw) -> str | None:
    """Return `vendor` where the vendor says that a conversation is deleted."""
    return "vendor" if conversation.get("state") == "deleted" else None


def deleted_at(conversation: Raw) -> str | None:
    """Return when a deleted conversation was last changed: its deletion is the last thing that happened to it."""
    gone = conversation.get("state") == "deleted"
    return time(conversation.get("userUpdatedAt") or conversation.get("createdAt")) if gone else None


def is_spam(value: Any) -> bool | None:
    """Return whether a status is spam."""
    return None if value is None else value == "spam"


def channel(raw: Raw) -> str | None:
    """Return the canonical channel: chats and calls by their type, the rest by the source."""
    kind = raw.get("type")
    if kind in {"chat", "beaconchat"}:
        return "chat"
    if kind == "phone":
        return "phone"
    told = (raw.get("source") or {}).get("type")
    if told is None:
        return "email" if kind == "email" else None
    found = canonical_channel(VENDOR, told)
    return found.value if found is not None else "other"


def channel_label(raw: Raw) -> str | None:
    """Return the vendor's word for the channel: the source, else the type."""
    told: str | None = as_text((raw.get("source") or {}).get("type")) or as_text(raw.get("type"))
    return told


def waiting_since(value: Any) -> str | None:
    """Return since when the customer waits; None while the customer is to answer."""
    if not isinstance(value, Mapping) or value.get("latestReplyFrom") == "user":
        return None
    return time(value.get("time"))


def web_url(conversation: Raw) -> str | None:
    """Return where a person looks at a record, as the vendor tells it, or as it is built (webhooks/objects)."""
    if link(conversation) or conversation.get("number") is None:
        return link(conversation)
    return f"https://secure.helpscout.net/conversation/{conversation['id']}/{conversation['number']}"


def link(raw: Raw) -> str | None:
    """Return where a person looks at a record, as far as the vendor tells."""
    found: str | None = as_text(((raw.get("_links") or {}).get("web") or {}).get("href"))
    return found


def custom_values(value: Any) -> Raw | None:
    """Return the values of custom fields by their id; options by the option's id, as `options` names them."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise Unreadable("unexpected_type", f"{type(value).__name__} where custom fields are expected")
    found = {str(one["id"]): one.get("value") for one in value if isinstance(one, Mapping)}
    return {key: kept for key, kept in found.items() if kept not in (None, "", [])} or None


def tags(raw: Raw) -> Iterator[Raw]:
    """Yield each tag once: conversations spell the name `tag`; bare texts are seen in webhooks."""
    names = (one.get("tag") or one.get("name") if isinstance(one, Mapping) else one for one in raw.get("tags") or ())
    for name in dict.fromkeys(str(name) for name in names if name):
        yield {"tag": name}


def ccs(raw: Raw) -> Iterator[Raw]:
    """Yield each copied address once."""
    for value in dict.fromkeys(lower(one) for one in raw.get("cc") or ()):
        if value:
            yield {"email": value}


RATING_SCORES: Mapping[str, float] = {"great": 3.0, "ok": 2.0, "not-good": 1.0}
"""The report's names of the ratings, best first."""


def rating_score(value: Any) -> float | None:
    """Return a rating on a scale from 1 to 3."""
    return RATING_SCORES.get(value)


# -------------------------------------------------------------------------------------------------------------- setup

FIELD_TYPES: Mapping[str, str | None] = {
    "singleline": "text", "multiline": "textarea", "date": "date", "number": "decimal", "dropdown": "select",
    "text": "text", "url": "url",
}  # fmt: skip
"""Types of custom fields and of properties; spellings of the former but `dropdown` are those of the older API."""


def field_type(value: Any) -> str | None:
    """Return the canonical type of a field or property; text for one that is not known."""
    return None if value is None else FIELD_TYPES.get(str(value).replace("_", "").lower(), "text")


def options(field: Raw) -> list[Raw] | None:
    """Return the options of a field: values hold the option's id."""
    listed = sorted((one for one in field.get("options") or ()), key=lambda one: one.get("order") or 0)
    return [{"value": str(one["id"]), "label": one.get("label"), "active": True} for one in listed] or None


def property_options(field: Raw) -> list[Raw] | None:
    """Return the options of a property: values hold the option's id, where it has one."""
    listed = [one for one in field.get("options") or () if isinstance(one, Mapping) and one.get("label")]
    found = [(as_text(one.get("id")) or str(one["label"]), str(one["label"])) for one in listed]
    return [{"value": value, "label": label, "active": True} for value, label in found] or None


def only_inbox(value: Any) -> Raw | None:
    """Return what a field is confined to: its inbox."""
    return None if value is None else {"inboxes": [str(value)]}


def is_switched_on(value: Any) -> bool | None:
    """Return whether a workflow runs."""
    return None if value is None else value == "active"
