"""The vendor's words and the canonical ones: channels, statuses, roles, fields, addresses; one pure function each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from deskferry.canonical_schema.enums import Channel, FieldType, Role
from deskferry.canonical_schema.statuses import CHANNELS, PRIORITIES, STATUSES
from deskferry.connectors.kit.converters import choice, lower, time
from deskferry.connectors.kit.mapping import Raw, as_text, plain
from deskferry.connectors.kit.timezones import rails_to_iana

VENDOR = "zendesk"
SYSTEM = -1
"""`author_id` and `updater_id` of what the product did by itself."""

_MORE_CHANNELS = {
    "mail": Channel.EMAIL, "web_form": Channel.WEB, "web_service": Channel.API, "sample_ticket": Channel.OTHER,
    "closed_ticket": Channel.WEB, "follow_up": Channel.WEB, "batch": Channel.WEB, "voicemail": Channel.PHONE,
    "phone_call_inbound": Channel.PHONE, "phone_call_outbound": Channel.PHONE, "text_message": Channel.SMS,
    "twitter_dm": Channel.SOCIAL, "twitter_like": Channel.SOCIAL, "twitter_favorite": Channel.SOCIAL,
    "facebook_post": Channel.SOCIAL, "facebook_message": Channel.SOCIAL, "instagram_dm": Channel.SOCIAL,
    "whatsapp": Channel.SOCIAL, "line": Channel.SOCIAL, "telegram": Channel.SOCIAL, "viber": Channel.SOCIAL,
    "wechat": Channel.SOCIAL, "apple_business_chat": Channel.SOCIAL, "google_business_messages": Channel.SOCIAL,
    "messagebird_sms": Channel.SMS, "mms": Channel.SMS, "messaging": Channel.CHAT, "chat_transcript": Channel.CHAT,
    "chat_offline_message": Channel.CHAT, "web_messaging": Channel.CHAT, "mobile_messaging": Channel.CHAT,
    "sunshine_conversations_api": Channel.CHAT, "helpcenter": Channel.PORTAL, "forum": Channel.PORTAL,
    "topic": Channel.PORTAL, "iphone": Channel.WEB, "dropbox": Channel.WEB, "ticket_sharing": Channel.API,
}  # fmt: skip
_CHANNELS: dict[str, str] = {
    **{name: one.value for name, one in _MORE_CHANNELS.items()},
    **{row.code: row.canonical.value for row in CHANNELS if row.vendor == VENDOR and row.canonical is not None},
}

_VIA_WORDS = {
    "web form": "web", "mail": "email", "email": "email", "web service": "api", "web service (api)": "api",
    "rule": "rule", "trigger": "rule", "automation": "rule", "closed ticket": "web", "batch": "web", "iphone": "mobile",
    "voicemail": "voice", "phone call (incoming)": "voice", "phone call (inbound)": "voice", "web_service": "api",
    "phone call (outgoing)": "voice", "phone call (outbound)": "voice", "text message": "sms", "web_form": "web",
    "facebook post": "facebook", "facebook message": "facebook", "twitter dm": "twitter", "twitter like": "twitter",
}  # fmt: skip
"""What the ticket event export calls a channel (`Web form`), as audits call it (`web`)."""


def channel(value: Any) -> str | None:
    """Return the canonical channel of `via.channel`, a word or a number; what is not known is `other`.

    Vendor: "The channel of a via object … can be expressed as a via type or a via id" (Via types reference).
    """
    name = as_text(value)
    return None if name is None else _CHANNELS.get(str(name), Channel.OTHER.value)


def via_word(value: Any) -> str | None:
    """Return by what a change was made, in the words of audits, from a via object or the export's label."""
    name = value.get("channel") if isinstance(value, dict) else value
    return None if name is None or name == "" else _via_word(str(name))


@lru_cache(maxsize=256)
def _via_word(name: str) -> str:
    spelled = name.strip().lower()
    return _VIA_WORDS.get(spelled, spelled.replace(" ", "_"))


_STATUSES = {row.code: row.canonical.value for row in STATUSES if row.vendor == VENDOR and row.canonical}
_PRIORITIES = {row.code: row.canonical.value for row in PRIORITIES if row.vendor == VENDOR and row.canonical}

status_of = choice(_STATUSES, unknown="unknown", what="status")
"""Canonical status of a status or status category; custom statuses come with their category."""
priority_of = choice(_PRIORITIES, what="priority")


def person_or_none(value: Any) -> Any:
    """Return a user id; the system's -1 is nobody."""
    return None if value == SYSTEM else value


def author_kind(value: Any) -> str | None:
    """Return `system` for the system's -1; anybody else is settled by role."""
    return "system" if value == SYSTEM else None


_AGENT_ROLES = {1: Role.LIGHT_AGENT, 3: Role.LIGHT_AGENT, 4: Role.ADMIN, 5: Role.ADMIN}


def role_of(user: Raw) -> str | None:
    """Return the canonical role of `role` and `role_type`.

    Vendor: role_type 0 custom, 1 light agent, 2 chat agent, 3 contributor, 4 admin, 5 billing admin; null otherwise.
    """
    role = user.get("role")
    if role == "end-user":
        return Role.END_USER.value
    if role == "admin":
        return Role.ADMIN.value
    if role == "agent":
        return _AGENT_ROLES.get(user.get("role_type") or 0, Role.AGENT).value
    return None


def zone_of(user: Raw) -> str | None:
    """Return the IANA time zone of a user; `time_zone` alone may be a name of Ruby on Rails."""
    return rails_to_iana(user.get("iana_time_zone") or user.get("time_zone"))


def emails_of(user: Raw) -> list[dict[str, Any]] | None:
    """Return all addresses of a user, the primary one first, from the identities that came with it."""
    return _points(user, "email", "email", lower)


def phones_of(user: Raw) -> list[dict[str, Any]] | None:
    """Return all phone numbers of a user, the primary one first."""
    return _points(user, "phone_number", "phone", plain)


def _points(user: Raw, kind: str, primary: str, spell: Callable[[Any], Any]) -> list[dict[str, Any]] | None:
    main = spell(user.get(primary))
    found: dict[str, dict[str, Any]] = {}
    if main is not None:
        found[main] = {"value": main, "type": None, "primary": True, "verified": None}
    for identity in user.get("identities") or ():
        if identity.get("type") == kind and (value := spell(identity.get("value"))) is not None:
            first = value == main or (main is None and bool(identity.get("primary")))
            found[value] = {"value": value, "type": None, "primary": first, "verified": identity.get("verified")}
    return list(found.values()) or None


def identities_of(user: Raw) -> list[dict[str, Any]] | None:
    """Return the identities of a user that are neither address nor phone number."""
    found = [
        {"type": str(one.get("type")), "value": str(one["value"]), "name": None}
        for one in user.get("identities") or ()
        if one.get("type") not in {"email", "phone_number"} and one.get("value") not in (None, "")
    ]
    return found or None


def field_values(value: Any) -> dict[str, Any] | None:
    """Return `[{id, value}]` as values by field id; a field without a value is left out."""
    found = {str(one["id"]): one["value"] for one in value or () if one.get("value") not in (None, "", [])}
    return found or None


def keyed_values(value: Any) -> dict[str, Any] | None:
    """Return the values of user or organization fields by key; a field without a value is left out."""
    found = {str(key): one for key, one in (value or {}).items() if one not in (None, "", [])}
    return found or None


_FIELD_TYPES = {
    "text": FieldType.TEXT, "textarea": FieldType.TEXTAREA, "checkbox": FieldType.BOOLEAN, "date": FieldType.DATE,
    "integer": FieldType.NUMBER, "decimal": FieldType.DECIMAL, "currency": FieldType.CURRENCY,
    "regexp": FieldType.REGEXP, "partialcreditcard": FieldType.TEXT, "multiselect": FieldType.MULTI_SELECT,
    "tagger": FieldType.SELECT, "dropdown": FieldType.SELECT, "lookup": FieldType.LOOKUP,
    "multi_lookup": FieldType.LOOKUP, "parent": FieldType.LOOKUP,
}  # fmt: skip
field_type = choice({name: one.value for name, one in _FIELD_TYPES.items()}, what="field type")
SYSTEM_FIELDS = frozenset({
    "subject", "description", "status", "custom_status", "tickettype", "priority", "basic_priority",
    "group", "assignee",
})  # fmt: skip
"""Types of ticket fields that are columns of the ticket itself (the vendor's list may grow: `removable` tells too)."""


def is_added_field(field: Any, _raw: Raw) -> bool:
    """Return whether the account added a ticket field; the others are the ticket's own columns."""
    return field.get("type") not in SYSTEM_FIELDS and not (
        field.get("removable") is False and field.get("type") not in _FIELD_TYPES
    )


def options_of(value: Any) -> list[dict[str, Any]] | None:
    """Return the options of a field; the value is the tag that choosing it sets."""
    found = [
        {"value": str(one["value"]), "label": as_text(one.get("name")), "active": True}
        for one in value or ()
        if one.get("value") not in (None, "")
    ]
    return found or None


def addresses_of(party: Any) -> list[dict[str, str | None]] | None:
    """Return the addressee of a `via.source` side, where it tells an address."""
    if not isinstance(party, dict) or not (address := lower(party.get("address"))):
        return None
    return [{"address": address, "name": as_text(party.get("name"))}]


def copied_of(party: Any) -> list[dict[str, str | None]] | None:
    """Return the addresses in `via.source.to.email_ccs`; ids of users among them stand in `extra`."""
    given = party.get("email_ccs") if isinstance(party, dict) else None
    found: list[dict[str, str | None]] = [
        {"address": one.strip().lower(), "name": None} for one in given or () if isinstance(one, str) and "@" in one
    ]
    return found or None


def sender_of(party: Any) -> str | None:
    """Return the sender as sent: `Name <address>`, or the number or handle."""
    if not isinstance(party, dict):
        return None
    name = as_text(party.get("name"))
    for key in ("address", "formatted_phone", "phone", "username", "profile_url"):
        if (address := as_text(party.get(key))) is not None:
            return f"{name} <{address}>" if name and name != address else str(address)
    return None


def flattened(value: Any) -> str | None:
    """Return a changed value as text: lists and objects as JSON-like text, in a fixed order."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(sorted(text for one in value if (text := flattened(one)) is not None)) or None
    if isinstance(value, dict):
        return ",".join(f"{key}={flattened(one)}" for key, one in sorted(value.items())) or None
    whole: str | None = as_text(value)
    return whole


def minutes_or_seconds(metric: Mapping[str, Any]) -> Iterator[tuple[str, float, str]]:
    """Yield name, value and unit of every number in a metric set; null values are left out.

    Vendor: `*_in_minutes` and `*_in_seconds` hold `calendar` and `business`; the other numbers are counts.
    """
    for name, value in metric.items():
        if name in {"id", "ticket_id"}:
            continue
        if isinstance(value, dict):
            unit = "seconds" if name.endswith("_seconds") else "minutes"
            for part, number in value.items():
                if isinstance(number, int | float) and not isinstance(number, bool):
                    yield f"{name}.{part}", float(number), unit
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value), "count"


def instant(value: Any) -> str | None:
    """Return a time that the ticket event export sends as Unix seconds, and everything else as ISO 8601."""
    return _from_seconds(value) if type(value) is int else time(value)


@lru_cache(maxsize=1024)
def _from_seconds(value: int) -> str:
    return datetime.fromtimestamp(value, UTC).isoformat()[:19] + ".000000Z"
