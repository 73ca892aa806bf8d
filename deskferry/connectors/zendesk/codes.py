"""Canonical values → the vendor's words. Every member of an enumeration is named once, as exact or as lossy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deskferry.canonical_schema.enums import Channel, Priority, Status

STATUS: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        Status.NEW: ("new", True),
        Status.OPEN: ("open", True),
        Status.PENDING: ("pending", True),
        Status.ON_HOLD: ("hold", True),
        Status.SOLVED: ("solved", True),
        Status.CLOSED: ("closed", True),
        Status.UNKNOWN: ("open", False),
        # Dispositions cross by the status before them, and only when the mapping wants them at all.
        Status.DELETED: ("closed", False),
        Status.SPAM: ("closed", False),
        Status.MERGED: ("closed", False),
    }
)
"""Canonical status → the vendor's, and whether nothing is lost."""
PRIORITY: Mapping[str, str] = MappingProxyType(
    {Priority.LOW: "low", Priority.NORMAL: "normal", Priority.HIGH: "high", Priority.URGENT: "urgent"}
)
CHANNEL: Mapping[str, str] = MappingProxyType(
    {
        Channel.EMAIL: "email",
        Channel.WEB: "web",
        Channel.CHAT: "chat",
        Channel.PHONE: "voice",
        Channel.SMS: "sms",
        Channel.SOCIAL: "any_channel",
        Channel.API: "api",
        Channel.PORTAL: "help_center",
        Channel.OTHER: "api",
    }
)
TYPES = ("problem", "incident", "question", "task")

for _table, _members in ((STATUS, Status), (PRIORITY, Priority), (CHANNEL, Channel)):
    if set(_table) != set(_members):
        raise ValueError(f"{_members.__name__}: every member is named once")
