"""Help Scout → canonical rows: inboxes, custom fields, properties, saved replies, workflows, folders."""

from __future__ import annotations

from deskferry.connectors.help_scout import converters as own
from deskferry.connectors.help_scout.read_people import LINKS, TIMES
from deskferry.connectors.kit.converters import boolean, html_to_text, lower, text, time
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Raw, Table, as_text

MAILBOX = ObjectMap(
    "mailbox",
    (
        Table(
            "inbox",
            (Map("name", "name"), Map("email", "email", lower), Map("kind", via=Const("mailbox")), *TIMES),
        ),
    ),
    ignored=LINKS,
    kept={"slug": "its name in addresses"},
)

FIELD = ObjectMap(
    "field",
    (
        Table(
            "custom_field",
            (
                Map("kind", via=Const("ticket")),
                Map("key", "id", text),
                Map("label", "name"),
                Map("type", "type", own.field_type),
                Map("options", ".", own.options),
                Map("applies_to", "mailboxId", own.only_inbox),
                Map("is_required", "required", boolean),
            ),
            takes=("options",),
        ),
    ),
    ignored=LINKS,
    kept={"order": "its place in the form"},
)


def _property_map(object_name: str, kind: str) -> ObjectMap:
    """Return the map of a property: those of customers and organizations are alike."""
    return ObjectMap(
        object_name,
        (
            Table(
                "custom_field",
                (
                    Map("kind", via=Const(kind)),
                    Map("key", "slug"),
                    Map("label", "name"),
                    Map("type", "type", own.field_type),
                    Map("options", ".", own.property_options),
                    *TIMES,
                ),
                source_id="slug",
                takes=("options",),
            ),
        ),
        ignored=LINKS,
        kept={
            "id": "the vendor names a property by its slug",
            "definitionId": "named by the slug",
            "order": "its place",
        },
        id_path="slug",
    )


CUSTOMER_PROPERTY = _property_map("customer_property", "person")
ORGANIZATION_PROPERTY = _property_map("organization_property", "organization")


def reply_text(reply: Raw) -> str | None:
    """Return a saved reply without markup: its text for chats, else that for mails."""
    found: str | None = as_text(reply.get("chatText")) or html_to_text(reply.get("text"))
    return found


SAVED_REPLY = ObjectMap(
    "saved_reply",
    (
        Table(
            "macro",
            (
                Map("name", "name"),
                Map("body_html", "text"),
                Map("body_text", ".", reply_text),
                Map("visibility", via=Const("agents")),
                *TIMES,
            ),
        ),
    ),
    ignored={**LINKS, "preview": "the beginning of the text", "chatPreview": "the beginning of the text for chats"},
    kept={"mailboxId": "the inbox that has it", "chatText": "the text for chats"},
)

WORKFLOW = ObjectMap(
    "workflow",
    (
        Table(
            "config_item",
            (
                Map("kind", via=Const("workflow")),
                Map("name", "name"),
                Map("definition", ".", own.keeping("type", "status", "order", "mailboxId")),
                Map("is_active", "status", own.is_switched_on),
                Map("created_at", "createdAt", time),
                Map("updated_at", "modifiedAt", time),
            ),
            takes=("type", "order", "mailboxId"),
        ),
    ),
    ignored=LINKS,
)

FOLDER = ObjectMap(
    "folder",
    (
        Table(
            "config_item",
            (
                Map("kind", via=Const("view")),
                Map("name", "name"),
                Map("definition", ".", own.keeping("type", "userId", "mailboxId")),
            ),
            takes=("type", "userId", "mailboxId"),
        ),
    ),
    ignored={
        **LINKS,
        **dict.fromkeys(("totalCount", "activeCount", "updatedAt"), "moves with every conversation in it"),
    },
    volatile=("totalCount", "activeCount", "updatedAt"),
)

ROUTING = ObjectMap(
    "routing",
    (
        Table(
            "config_item",
            (
                Map("kind", via=Const("automation")),
                Map("name", via=Const("Routing")),
                Map("definition", ".", own.keeping("mailboxId", "routing")),
            ),
            takes=("mailboxId", "routing"),
        ),
    ),
    ignored=LINKS,
    volatile=("routing._links",),
)

MAPS = (
    MAILBOX, FIELD, CUSTOMER_PROPERTY, ORGANIZATION_PROPERTY, SAVED_REPLY, WORKFLOW, FOLDER, ROUTING,
)  # fmt: skip
