"""Every kind with its table, and what the tables say of their columns: the seam for plain tuples."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Boolean, Column, Table
from sqlalchemy.types import TypeEngine

from deskferry.canonical_schema import (
    activity,
    inventory,
    knowledge,
    messages,
    people,
    service_levels,
    surveys,
    tickets,
)
from deskferry.canonical_schema.canonical import Canonical, metadata
from deskferry.canonical_schema.columns import Json, UtcTime
from deskferry.canonical_schema.enums import Kind

KINDS: tuple[Kind, ...] = tuple(Kind)

TABLES: dict[str, type[Canonical]] = {
    Kind.ORGANIZATION.value: people.Organization,
    Kind.PERSON.value: people.Person,
    Kind.PERSON_ORGANIZATION.value: people.PersonOrganization,
    Kind.ROLE_CHANGE.value: people.RoleChange,
    Kind.TEAM.value: people.Team,
    Kind.TEAM_MEMBER.value: people.TeamMember,
    Kind.INBOX.value: inventory.Inbox,
    Kind.STATUS_DEFINITION.value: inventory.StatusDefinition,
    Kind.CUSTOM_FIELD.value: inventory.CustomField,
    Kind.SCHEDULE.value: service_levels.Schedule,
    Kind.SLA_POLICY.value: service_levels.SlaPolicy,
    Kind.MACRO.value: inventory.Macro,
    Kind.CONFIG_ITEM.value: inventory.ConfigItem,
    Kind.ARTICLE_CATEGORY.value: knowledge.ArticleCategory,
    Kind.ARTICLE.value: knowledge.Article,
    Kind.ARTICLE_TRANSLATION.value: knowledge.ArticleTranslation,
    Kind.ARTICLE_COMMENT.value: knowledge.ArticleComment,
    Kind.TICKET.value: tickets.Ticket,
    Kind.SIDE_CONVERSATION.value: messages.SideConversation,
    Kind.MESSAGE.value: messages.Message,
    Kind.ATTACHMENT.value: messages.Attachment,
    Kind.TICKET_EVENT.value: tickets.TicketEvent,
    Kind.TICKET_FOLLOWER.value: tickets.TicketFollower,
    Kind.TICKET_LINK.value: tickets.TicketLink,
    Kind.TAGGING.value: tickets.Tagging,
    Kind.SURVEY_RESPONSE.value: surveys.SurveyResponse,
    Kind.SLA_EVENT.value: service_levels.SlaEvent,
    Kind.TICKET_SCHEDULE.value: service_levels.TicketSchedule,
    Kind.TIME_ENTRY.value: service_levels.TimeEntry,
    Kind.INTERACTION.value: messages.Interaction,
    Kind.REVIEW.value: surveys.Review,
    Kind.VENDOR_METRIC.value: surveys.VendorMetric,
    Kind.AGENT_STATE.value: activity.AgentState,
    Kind.AGENT_SHIFT.value: activity.AgentShift,
    Kind.ARTICLE_VIEW.value: knowledge.ArticleView,
    Kind.PURCHASE.value: activity.Purchase,
    Kind.MENTION.value: activity.Mention,
    Kind.SUBSCRIPTION.value: activity.Subscription,
    Kind.SENTIMENT.value: surveys.Sentiment,
}

_ENGINE_COMMON = frozenset({"content_hash", "synced_at"})
_ENGINE_OWN: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        Kind.TICKET_EVENT.value: frozenset({"seq"}),
        Kind.MESSAGE.value: frozenset({"seq", "opening_by_order"}),
        Kind.ATTACHMENT.value: frozenset({"fetch_state", "sha256", "error"}),
    }
)
_FOUND_ON_WRITING = frozenset({"text_flags"})
ENGINE_COLUMNS: dict[str, frozenset[str]] = {
    kind: _ENGINE_COMMON
    | _ENGINE_OWN.get(kind, frozenset())
    | _FOUND_ON_WRITING.intersection(metadata.tables[kind].columns.keys())
    for kind in TABLES
}
"""By kind the columns that the store fills: mappings never write them, `content_hash` leaves them out."""

VOLATILE_COLUMNS: dict[str, frozenset[str]] = {
    kind: frozenset({"url"}) if kind == Kind.ATTACHMENT else frozenset() for kind in TABLES
}
"""By kind the columns that mappings write and `content_hash` leaves out: they change without a change."""


def sql_table(kind: str) -> Table:
    """Return the SQLAlchemy table of a kind, for Core statements."""
    return metadata.tables[kind]


def _columns(kind: str) -> list[Column[Any]]:
    return list(sql_table(kind).columns)


def _names_of_type(kind: str, sa_type: type[TypeEngine[Any]]) -> frozenset[str]:
    return frozenset(column.name for column in _columns(kind) if isinstance(column.type, sa_type))


@cache
def column_names(kind: str) -> tuple[str, ...]:
    """Return all columns of a kind in the order of its table, which is the order of a plain tuple."""
    return tuple(column.name for column in _columns(kind))


@cache
def required_columns(kind: str) -> frozenset[str]:
    """Return the columns that are never NULL, those that the store fills itself included."""
    return frozenset(column.name for column in _columns(kind) if not column.nullable)


@cache
def json_columns(kind: str) -> frozenset[str]:
    """Return the columns that hold JSON: in a plain tuple JSON text, or None."""
    return _names_of_type(kind, Json)


@cache
def time_columns(kind: str) -> frozenset[str]:
    """Return the columns that hold instants: in a plain tuple canonical text, or None."""
    return _names_of_type(kind, UtcTime)


@cache
def bool_columns(kind: str) -> frozenset[str]:
    """Return the columns that hold true, false or unknown: in a plain tuple a Python bool, or None."""
    return _names_of_type(kind, Boolean)
