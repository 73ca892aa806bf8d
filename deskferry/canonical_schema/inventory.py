"""How the desk is set up: inboxes, statuses, fields, macros, and what no API can move."""

from __future__ import annotations

from typing import Any

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.canonical import Canonical, text_flags
from deskferry.canonical_schema.columns import choice, flag, json_value, position, text
from deskferry.canonical_schema.enums import (
    ConfigItemKind,
    FieldType,
    InboxKind,
    Kind,
    Status,
    StatusDefinitionKind,
    Visibility,
)


class Inbox(Canonical, table=True):
    """A place where tickets arrive or belong."""

    __tablename__ = "inbox"

    name: str | None = text("Its name")
    email: str | None = text("The address that it receives at, lower-cased")
    kind: str | None = choice(InboxKind, "What it is at the vendor")


class StatusDefinition(Canonical, table=True):
    """One status that the account knows, and the canonical one that it counts as."""

    __tablename__ = "status_definition"

    label: str | None = text("What agents see")
    category: str | None = choice(Status, "The canonical status that it counts as")
    kind: str | None = choice(StatusDefinitionKind, "What has this status")
    inbox_id: str | None = text("The inbox (a pipeline) that it is confined to; NULL: none")
    position: int | None = position("Place in the order, as the vendor numbers it")


class CustomField(Canonical, table=True):
    """A field that the account added."""

    __tablename__ = "custom_field"

    kind: str = choice(Kind, "What kind of record has it: ticket, person or organization", required=True)
    key: str = text("The vendor's API name, or its numeric id as text; the key in `custom_fields`", required=True)
    label: str | None = text("Its title")
    type: str | None = choice(FieldType, "What values it holds")
    options: Any = json_value(shapes.OPTIONS, "The values that may be chosen")
    applies_to: Any = json_value(shapes.OBJECT, "What it is confined to: lists of inboxes, forms, types")
    is_required: bool | None = flag("True when agents must fill it")
    is_active: bool | None = flag("False when it was switched off")


class Macro(Canonical, table=True):
    """A prepared answer or set of actions."""

    __tablename__ = "macro"

    name: str | None = text("Its name")
    body_html: str | None = text("The answer as HTML")
    body_text: str | None = text("The answer without markup")
    actions: Any = json_value(shapes.ANY, "What it does to a ticket, in the vendor's words")
    visibility: str | None = choice(Visibility, "Who may use it; the stricter where unknown")
    is_active: bool | None = flag("False when it was switched off")
    text_flags: str | None = text_flags()


class ConfigItem(Canonical, table=True):
    """A trigger, automation, view, form or workflow: kept as an inventory, moved by hand."""

    __tablename__ = "config_item"

    kind: str | None = choice(ConfigItemKind, "What it is")
    name: str | None = text("Its name")
    definition: Any = json_value(shapes.ANY, "What it does, as the vendor tells it")
    is_active: bool | None = flag("False when it was switched off")
