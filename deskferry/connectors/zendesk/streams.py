"""The lists of a Zendesk account, in the order in which they are pulled, with how each is paged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from deskferry.connectors.kit.contract import Mode, Stream

WHOLE = "whole_tickets"
LIST_SIZE = 100
"""Rows a page of a list at most (Pagination)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is read whole every time. `paged` False: the vendor sends everything at once."""

    path: str
    envelope: str
    object: str
    paged: bool = True
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def _full(name: str, kind: str, path: str, object_name: str, note: str = "", *, gated: bool = False) -> Stream:
    return Stream(name, Mode.FULL, (kind,), (object_name,), path, optional=gated, note=note)


_EXPORT = "administrators only; without it the list is read instead, which costs more and misses what is archived"
_PLAN = "gated by plan or role"

STREAMS: tuple[Stream, ...] = (
    _full("brands", "inbox", "brands", "brand"),
    _full("recipient_addresses", "inbox", "recipient_addresses", "recipient_address", gated=True),
    _full("groups", "team", "groups", "group", "deleted ones included"),
    _full("group_memberships", "team_member", "group_memberships", "group_membership"),
    _full("ticket_fields", "custom_field", "ticket_fields", "ticket_field", "all at once"),
    _full("user_fields", "custom_field", "user_fields", "user_field", _PLAN, gated=True),
    _full("organization_fields", "custom_field", "organization_fields", "organization_field", _PLAN, gated=True),
    _full("custom_statuses", "status_definition", "custom_statuses", "custom_status", _PLAN, gated=True),
    _full("ticket_forms", "config_item", "ticket_forms", "ticket_form", _PLAN, gated=True),
    _full("sla_policies", "sla_policy", "slas/policies", "sla_policy", _PLAN, gated=True),
    _full("group_sla_policies", "sla_policy", "group_slas/policies", "group_sla_policy", _PLAN, gated=True),
    _full("schedules", "schedule", "business_hours/schedules", "schedule", "one call each for holidays", gated=True),
    _full("macros", "macro", "macros", "macro", gated=True),
    _full("triggers", "config_item", "triggers", "trigger", _PLAN, gated=True),
    _full("automations", "config_item", "automations", "automation", _PLAN, gated=True),
    _full("views", "config_item", "views", "view", _PLAN, gated=True),
    Stream(
        "organizations", Mode.INCREMENTAL, ("organization", "tagging"), ("organization",), "incremental/organizations",
        note=_EXPORT,
    ),
    Stream(
        "users", Mode.INCREMENTAL, ("person", "tagging"), ("user",), "incremental/users/cursor",
        note=f"identities come along; {_EXPORT}",
    ),
    _full("organization_memberships", "person_organization", "organization_memberships", "organization_membership"),
    Stream(
        "tickets", Mode.INCREMENTAL,
        ("ticket", "tagging", "ticket_follower", "ticket_link", "vendor_metric"), ("ticket",),
        "incremental/tickets/cursor", note=f"metric sets come along; {_EXPORT}",
    ),
    Stream(
        "ticket_events", Mode.INCREMENTAL, ("message", "attachment", "ticket_event", "ticket_link"), ("ticket_event",),
        "incremental/ticket_events", note=_EXPORT,
    ),
    Stream(
        "comments", Mode.CHILD, ("message", "attachment", "ticket_event", "ticket_link"), ("comment", "audit"),
        "tickets/{id}/comments", note="with the audits; of tickets that came short or had comments changed",
    ),
    Stream(
        WHOLE, Mode.CHILD,
        ("ticket", "tagging", "ticket_follower", "ticket_link", "vendor_metric", "message", "attachment"),
        ("ticket", "comment"), "tickets/{id}", note="with its comments, to verify what was written",
    ),
    Stream("audits", Mode.CHILD, ("ticket_event", "ticket_link"), ("audit",), "tickets/{id}/audits"),
    Stream(
        "satisfaction_ratings", Mode.INCREMENTAL, ("survey_response",), ("satisfaction_rating",),
        "satisfaction_ratings", optional=True, note=_PLAN,
    ),
    Stream(
        "ticket_metric_events", Mode.INCREMENTAL, ("sla_event",), ("ticket_metric_event",),
        "incremental/ticket_metric_events", optional=True, note="administrators only",
    ),
    _full("categories", "article_category", "help_center/categories.json", "category", "help centre", gated=True),
    _full("sections", "article_category", "help_center/sections.json", "section", "help centre", gated=True),
    Stream(
        "articles", Mode.INCREMENTAL, ("article", "article_translation"), ("article",),
        "help_center/incremental/articles.json", optional=True, note="help centre; with its user segments",
    ),
    Stream(
        "article_attachments", Mode.CHILD, ("attachment",), ("article_attachment",),
        "help_center/articles/{id}/attachments.json", optional=True, note="one call an article that changed",
    ),
    Stream(
        "translations", Mode.CHILD, ("article_translation",), ("translation",),
        "help_center/articles/{id}/translations.json", optional=True,
        note="only where the list of articles does not bring them along",
    ),
)  # fmt: skip
BY_NAME = MappingProxyType({stream.name: stream for stream in STREAMS})

_UNPAGED = frozenset({"ticket_fields", "custom_statuses", "sla_policies", "group_sla_policies", "schedules"})
LISTINGS: Mapping[str, Listing] = MappingProxyType({
    stream.name: Listing(
        stream.path,
        stream.name,
        stream.objects[0],
        stream.name not in _UNPAGED,
        MappingProxyType({"exclude_deleted": False} if stream.name == "groups" else {}),
    )
    for stream in STREAMS
    if stream.mode is Mode.FULL
})  # fmt: skip
