"""The published crosswalk: which canonical status, priority or channel each vendor's value reaches.

`closed` is said only where it is final or where the vendor tells it from solved; else the status is `solved`.
A value that no row names is unknown (`None`): statuses that an account adds are read from its definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from deskferry.canonical_schema.enums import Channel, Priority, Status

Canonical = TypeVar("Canonical", bound=StrEnum)


class Level(StrEnum):
    """Whether a status row speaks of a status itself or of the category that custom statuses belong to."""

    STATUS = "status"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class CrosswalkRow(Generic[Canonical]):
    """One vendor value; `label` is what people see, "" where it is the code; `canonical` None: no value."""

    vendor: str
    code: str
    label: str
    canonical: Canonical | None
    note: str = ""
    level: Level = Level.STATUS


_CATEGORY = Level.CATEGORY
_NOT_FINAL = "customers and agents can reopen it, and the vendor does not tell closed from solved"

STATUSES: tuple[CrosswalkRow[Status], ...] = (
    CrosswalkRow("zendesk", "new", "New", Status.NEW),
    CrosswalkRow("zendesk", "open", "Open", Status.OPEN),
    CrosswalkRow("zendesk", "pending", "Pending", Status.PENDING),
    CrosswalkRow("zendesk", "hold", "On-hold", Status.ON_HOLD),
    CrosswalkRow("zendesk", "solved", "Solved", Status.SOLVED),
    CrosswalkRow("zendesk", "closed", "Closed", Status.CLOSED, "final: only a follow-up leads on"),
    CrosswalkRow("zendesk", "deleted", "Deleted", Status.DELETED, "in incremental exports only"),
    CrosswalkRow("zendesk", "new", "", Status.NEW, "status_category of a custom status", _CATEGORY),
    CrosswalkRow("zendesk", "open", "", Status.OPEN, "status_category of a custom status", _CATEGORY),
    CrosswalkRow("zendesk", "pending", "", Status.PENDING, "status_category of a custom status", _CATEGORY),
    CrosswalkRow("zendesk", "hold", "", Status.ON_HOLD, "status_category of a custom status", _CATEGORY),
    CrosswalkRow("zendesk", "solved", "", Status.SOLVED, "status_category of a custom status", _CATEGORY),
    CrosswalkRow("freshdesk", "2", "Open", Status.OPEN),
    CrosswalkRow("freshdesk", "3", "Pending", Status.PENDING),
    CrosswalkRow("freshdesk", "4", "Resolved", Status.SOLVED),
    CrosswalkRow("freshdesk", "5", "Closed", Status.CLOSED, "not final, but told from Resolved"),
    CrosswalkRow("freshdesk", "6", "Waiting on Customer", Status.PENDING),
    CrosswalkRow("freshdesk", "7", "Waiting on Third Party", Status.ON_HOLD),
    CrosswalkRow("zoho_desk", "Open", "", Status.OPEN),
    CrosswalkRow("zoho_desk", "On Hold", "", Status.ON_HOLD, "stops the service level clocks"),
    CrosswalkRow("zoho_desk", "Escalated", "", Status.OPEN, "a status of type Open; see ticket.is_escalated"),
    CrosswalkRow("zoho_desk", "Closed", "", Status.SOLVED, _NOT_FINAL),
    CrosswalkRow("zoho_desk", "Open", "", Status.OPEN, "statusType", _CATEGORY),
    CrosswalkRow("zoho_desk", "On Hold", "", Status.ON_HOLD, "statusType", _CATEGORY),
    CrosswalkRow("zoho_desk", "Closed", "", Status.SOLVED, f"statusType; {_NOT_FINAL}", _CATEGORY),
    CrosswalkRow("help_scout", "active", "Active", Status.OPEN, "the vendor has no status for untouched"),
    CrosswalkRow("help_scout", "open", "", Status.OPEN, "seen in samples of the reference beside active"),
    CrosswalkRow("help_scout", "pending", "Pending", Status.PENDING),
    CrosswalkRow("help_scout", "closed", "Closed", Status.SOLVED, _NOT_FINAL),
    CrosswalkRow("help_scout", "spam", "Spam", Status.SPAM),
    CrosswalkRow("hubspot", "1", "New", Status.NEW, "stage of the default pipeline; others by their label"),
    CrosswalkRow("hubspot", "2", "Waiting on contact", Status.PENDING, "stage of the default pipeline"),
    CrosswalkRow("hubspot", "3", "Waiting on us", Status.OPEN, "stage of the default pipeline"),
    CrosswalkRow("hubspot", "4", "Closed", Status.SOLVED, f"stage of the default pipeline; {_NOT_FINAL}"),
    CrosswalkRow("hubspot", "OPEN", "", Status.OPEN, "ticketState of a stage, status of a thread", _CATEGORY),
    CrosswalkRow("hubspot", "CLOSED", "", Status.SOLVED, f"ticketState of a stage; {_NOT_FINAL}", _CATEGORY),
    CrosswalkRow("intercom", "open", "Open", Status.OPEN, "state of a conversation"),
    CrosswalkRow("intercom", "snoozed", "Snoozed", Status.PENDING, "hidden until a reply or snoozed_until"),
    CrosswalkRow("intercom", "closed", "Closed", Status.SOLVED, _NOT_FINAL),
    CrosswalkRow("intercom", "submitted", "", Status.NEW, "category of a ticket state", _CATEGORY),
    CrosswalkRow("intercom", "in_progress", "", Status.OPEN, "category of a ticket state", _CATEGORY),
    CrosswalkRow("intercom", "waiting_on_customer", "", Status.PENDING, "category of a ticket state", _CATEGORY),
    CrosswalkRow("intercom", "resolved", "", Status.SOLVED, "category of a ticket state", _CATEGORY),
)

PRIORITIES: tuple[CrosswalkRow[Priority], ...] = (
    CrosswalkRow("zendesk", "low", "Low", Priority.LOW),
    CrosswalkRow("zendesk", "normal", "Normal", Priority.NORMAL),
    CrosswalkRow("zendesk", "high", "High", Priority.HIGH),
    CrosswalkRow("zendesk", "urgent", "Urgent", Priority.URGENT),
    CrosswalkRow("freshdesk", "1", "Low", Priority.LOW, "also what a ticket gets when none is sent"),
    CrosswalkRow("freshdesk", "2", "Medium", Priority.NORMAL),
    CrosswalkRow("freshdesk", "3", "High", Priority.HIGH),
    CrosswalkRow("freshdesk", "4", "Urgent", Priority.URGENT),
    CrosswalkRow("zoho_desk", "Low", "", Priority.LOW),
    CrosswalkRow("zoho_desk", "Medium", "", Priority.NORMAL),
    CrosswalkRow("zoho_desk", "High", "", Priority.HIGH),
    CrosswalkRow("zoho_desk", "Urgent", "", Priority.URGENT, "only where the account added it"),
    CrosswalkRow("hubspot", "LOW", "Low", Priority.LOW),
    CrosswalkRow("hubspot", "MEDIUM", "Medium", Priority.NORMAL),
    CrosswalkRow("hubspot", "HIGH", "High", Priority.HIGH),
    CrosswalkRow("hubspot", "URGENT", "Urgent", Priority.URGENT, "newer accounts only"),
    CrosswalkRow("intercom", "low", "Low", Priority.LOW, "from API version 2.16"),
    CrosswalkRow("intercom", "medium", "Medium", Priority.NORMAL, "from API version 2.16"),
    CrosswalkRow("intercom", "high", "High", Priority.HIGH, "from API version 2.16"),
    CrosswalkRow("intercom", "urgent", "Urgent", Priority.URGENT, "from API version 2.16"),
    CrosswalkRow("intercom", "none", "", None, "from API version 2.16: nobody set one"),
    CrosswalkRow("intercom", "priority", "", Priority.HIGH, "up to API version 2.15: a star, no scale"),
    CrosswalkRow("intercom", "not_priority", "", None, "up to API version 2.15: nobody set one"),
)

_IMPORTER = "made by an import or another product, not by a customer's channel"
_INTERNAL = "made inside the vendor's product"
_MESSENGER = "a messenger of a social network"

CHANNELS: tuple[CrosswalkRow[Channel], ...] = (
    CrosswalkRow("zendesk", "web", "", Channel.WEB, "web form, or an agent in the web interface"),
    CrosswalkRow("zendesk", "email", "", Channel.EMAIL),
    CrosswalkRow("zendesk", "api", "", Channel.API),
    CrosswalkRow("zendesk", "rule", "", Channel.OTHER, _INTERNAL),
    CrosswalkRow("zendesk", "system", "", Channel.OTHER, _INTERNAL),
    CrosswalkRow("zendesk", "chat", "", Channel.CHAT),
    CrosswalkRow("zendesk", "voice", "", Channel.PHONE),
    CrosswalkRow("zendesk", "twitter", "", Channel.SOCIAL),
    CrosswalkRow("zendesk", "facebook", "", Channel.SOCIAL),
    CrosswalkRow("zendesk", "sms", "", Channel.SMS),
    CrosswalkRow("zendesk", "mobile", "", Channel.WEB, "an agent in the mobile app"),
    CrosswalkRow("zendesk", "mobile_sdk", "", Channel.WEB, "a form inside the customer's own app"),
    CrosswalkRow("zendesk", "web_widget", "", Channel.WEB),
    CrosswalkRow("zendesk", "help_center", "", Channel.PORTAL),
    CrosswalkRow("zendesk", "any_channel", "", Channel.OTHER, "an integration; which one is in via.source"),
    CrosswalkRow("zendesk", "native_messaging", "", Channel.CHAT),
    CrosswalkRow("zendesk", "side_conversation", "", Channel.OTHER, "a child ticket of a side conversation"),
    CrosswalkRow("zendesk", "0", "web form", Channel.WEB, "via_id"),
    CrosswalkRow("zendesk", "4", "mail", Channel.EMAIL, "via_id"),
    CrosswalkRow("zendesk", "5", "API/web service", Channel.API, "via_id"),
    CrosswalkRow("zendesk", "8", "", Channel.OTHER, "via_id: rule"),
    CrosswalkRow("zendesk", "15", "iPhone", Channel.WEB, "via_id"),
    CrosswalkRow("zendesk", "17", "dropbox/web widget", Channel.WEB, "via_id"),
    CrosswalkRow("zendesk", "23", "Twitter favourite", Channel.SOCIAL, "via_id"),
    CrosswalkRow("freshdesk", "1", "Email", Channel.EMAIL),
    CrosswalkRow("freshdesk", "2", "Portal", Channel.PORTAL, "also what an API call gets that sends no source"),
    CrosswalkRow("freshdesk", "3", "Phone", Channel.PHONE),
    CrosswalkRow("freshdesk", "4", "Forum", Channel.PORTAL),
    CrosswalkRow("freshdesk", "5", "Twitter", Channel.SOCIAL),
    CrosswalkRow("freshdesk", "6", "Facebook", Channel.SOCIAL),
    CrosswalkRow("freshdesk", "7", "Chat", Channel.CHAT),
    CrosswalkRow("freshdesk", "8", "Mobihelp", Channel.WEB, "a form inside the customer's own app"),
    CrosswalkRow("freshdesk", "9", "Feedback Widget", Channel.WEB),
    CrosswalkRow("freshdesk", "10", "Outbound Email", Channel.EMAIL),
    CrosswalkRow("freshdesk", "11", "E-commerce", Channel.OTHER),
    CrosswalkRow("freshdesk", "12", "Bot", Channel.CHAT),
    CrosswalkRow("freshdesk", "13", "WhatsApp", Channel.SOCIAL, f"{_MESSENGER}; code unverified"),
    CrosswalkRow("freshdesk", "15", "", Channel.CHAT, "seen for web chat; unverified"),
    CrosswalkRow("zoho_desk", "Phone", "", Channel.PHONE),
    CrosswalkRow("zoho_desk", "Email", "", Channel.EMAIL),
    CrosswalkRow("zoho_desk", "Chat", "", Channel.CHAT),
    CrosswalkRow("zoho_desk", "Forums", "", Channel.PORTAL),
    CrosswalkRow("zoho_desk", "Feedback Widget", "", Channel.WEB),
    CrosswalkRow("zoho_desk", "Feedback", "", Channel.WEB, "of threads"),
    CrosswalkRow("zoho_desk", "Twitter", "", Channel.SOCIAL),
    CrosswalkRow("zoho_desk", "TWITTER_DM", "", Channel.SOCIAL, "of threads"),
    CrosswalkRow("zoho_desk", "Facebook", "", Channel.SOCIAL),
    CrosswalkRow("zoho_desk", "Web", "", Channel.WEB),
    CrosswalkRow("zoho_desk", "ONLINE_CHAT", "", Channel.CHAT, "of threads"),
    CrosswalkRow("zoho_desk", "OFFLINE_CHAT", "", Channel.CHAT, "of threads"),
    CrosswalkRow("zoho_desk", "CUSTOMERPORTAL", "", Channel.PORTAL, "of threads"),
    CrosswalkRow("help_scout", "email", "", Channel.EMAIL),
    CrosswalkRow("help_scout", "emailfwd", "", Channel.EMAIL, "forwarded by an agent"),
    CrosswalkRow("help_scout", "chat", "", Channel.CHAT),
    CrosswalkRow("help_scout", "phone", "", Channel.PHONE, "type of a conversation"),
    CrosswalkRow("help_scout", "web", "", Channel.WEB),
    CrosswalkRow("help_scout", "beacon", "", Channel.WEB, "a form in the widget; its chats have type chat"),
    CrosswalkRow("help_scout", "docs", "", Channel.PORTAL, "the contact form of the knowledge base"),
    CrosswalkRow("help_scout", "mobile", "", Channel.WEB, "an agent in the mobile app"),
    CrosswalkRow("help_scout", "api", "", Channel.API),
    CrosswalkRow("help_scout", "coreapi", "", Channel.API),
    CrosswalkRow("help_scout", "heymarket", "", Channel.SMS, "a text message service"),
    *(
        CrosswalkRow("help_scout", code, "", Channel.OTHER, _INTERNAL)
        for code in ("channel", "consumer", "internal", "manual", "notification", "orchestration", "support")
    ),
    CrosswalkRow("help_scout", "workflows", "", Channel.OTHER, _INTERNAL),
    CrosswalkRow("help_scout", "unknown", "", Channel.OTHER, "the vendor's own word"),
    *(
        CrosswalkRow("help_scout", code, "", Channel.OTHER, _IMPORTER)
        for code in ("csv", "cvs", "desk", "jira", "uservoice", "zendesk")
    ),
    CrosswalkRow("hubspot", "CHAT", "", Channel.CHAT),
    CrosswalkRow("hubspot", "EMAIL", "", Channel.EMAIL),
    CrosswalkRow("hubspot", "FORM", "", Channel.WEB),
    CrosswalkRow("hubspot", "PHONE", "", Channel.PHONE),
    CrosswalkRow("hubspot", "SMS", "", Channel.SMS, "of logged communications"),
    CrosswalkRow("hubspot", "WHATS_APP", "", Channel.SOCIAL, f"of logged communications; {_MESSENGER}"),
    CrosswalkRow("hubspot", "LINKEDIN_MESSAGE", "", Channel.SOCIAL, "of logged communications"),
    CrosswalkRow("intercom", "conversation", "", Channel.CHAT, "the messenger on the customer's site"),
    CrosswalkRow("intercom", "email", "", Channel.EMAIL),
    CrosswalkRow("intercom", "facebook", "", Channel.SOCIAL),
    CrosswalkRow("intercom", "instagram", "", Channel.SOCIAL),
    CrosswalkRow("intercom", "twitter", "", Channel.SOCIAL),
    CrosswalkRow("intercom", "whatsapp", "", Channel.SOCIAL, _MESSENGER),
    CrosswalkRow("intercom", "phone_call", "", Channel.PHONE),
    CrosswalkRow("intercom", "phone_switch", "", Channel.PHONE, "a call that went on in the messenger"),
    CrosswalkRow("intercom", "push", "", Channel.OTHER, "a push notification to an app"),
    CrosswalkRow("intercom", "sms", "", Channel.SMS),
)

_ON_HOLD_SPELLINGS = frozenset({"hold", "on_hold", "onhold"})


def _spelling(value: str | int) -> str:
    return re.sub(r"[\s_-]+", "_", str(value).strip()).casefold()


def _by_value(rows: Iterable[CrosswalkRow[Canonical]]) -> MappingProxyType[tuple[str, str], Canonical | None]:
    """Return the crosswalk by vendor and spelling; two rows that disagree are refused."""
    found: dict[tuple[str, str], Canonical | None] = {}
    for row in rows:
        for value in filter(None, (row.code, row.label)):
            known = found.setdefault((row.vendor, _spelling(value)), row.canonical)
            if known != row.canonical:
                raise ValueError(f"{row.vendor} {value!r} reaches both {known} and {row.canonical}")
    return MappingProxyType(found)


_STATUS_BY_VALUE = _by_value(STATUSES)
_PRIORITY_BY_VALUE = _by_value(PRIORITIES)
_CHANNEL_BY_VALUE = _by_value(CHANNELS)


def canonical_status(vendor: str, value: str | int | None) -> Status | None:
    """Return the canonical status of a vendor's code, label or category; None where the crosswalk knows none.

    Case, spaces, hyphens and underscores do not matter, and every spelling of on hold is one at any vendor.
    """
    if value is None:
        return None
    spelling = _spelling(value)
    if spelling in _ON_HOLD_SPELLINGS:
        return Status.ON_HOLD
    return _STATUS_BY_VALUE.get((vendor, spelling))


def canonical_priority(vendor: str, value: str | int | None) -> Priority | None:
    """Return the canonical priority of a vendor's code or label; None where it has none or is not known."""
    return None if value is None else _PRIORITY_BY_VALUE.get((vendor, _spelling(value)))


def canonical_channel(vendor: str, value: str | int | None) -> Channel | None:
    """Return the canonical channel of a vendor's source code or name; None where the crosswalk knows none."""
    return None if value is None else _CHANNEL_BY_VALUE.get((vendor, _spelling(value)))
