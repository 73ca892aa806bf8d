"""Freshdesk → canonical rows: fields, statuses, products, mail addresses."""

from __future__ import annotations

from deskferry.connectors.freshdesk import choices
from deskferry.connectors.freshdesk import converters as own
from deskferry.connectors.freshdesk.read_people import TIMES
from deskferry.connectors.kit.converters import boolean, choice, lower, whole
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, Table


def _field_map(object_name: str, kind: str, *more: Table) -> ObjectMap:
    """Return the map of a field; those of tickets, contacts and companies differ in what else they yield."""
    return ObjectMap(
        object_name,
        (
            Table(
                "custom_field",
                (
                    Map("kind", via=Const(kind)),
                    Map("key", "name"),
                    Map("label", "label"),
                    Map("type", "type", choice(choices.FIELD_TYPES, what="field type")),
                    Map("options", ".", choices.top_options),
                    Map("is_required", "required_for_agents", boolean),
                    Map("is_active", "archived", own.unless),
                    *TIMES,
                ),
                when=choices.is_offered,
                takes=("choices",),
            ),
            *more,
        ),
        ignored={"field_update_in_progress": "whether a change of choices is still under way"},
        kept=dict.fromkeys(
            (
                "description",
                "position",
                "default",
                "required_for_closure",
                "required_for_customers",
                "label_for_customers",
                "customers_can_edit",
                "displayed_to_customers",
                "displayed_for_customers",
                "portal_cc",
                "portal_cc_to",
                "section_mappings",
                "sections",
                "is_fsm",
                "has_section",
                "editable_in_signup",
                "agents_can_edit",
                "displayed_for_agents",
                "quick_add_for_agent",
                "unique",
                "field_options",
                "column_name",
                "nested_ticket_fields",
                "dependent_fields",
                "parent_id",
            ),
            "how the field behaves in forms and in the portal",
        ),
    )


TICKET_FIELD = _field_map(
    "ticket_field",
    "ticket",
    Table(
        "custom_field",
        (
            Map("kind", via=Const("ticket")),
            Map("key", "name"),
            Map("label", "label"),
            Map("type", via=Const("select")),
            Map("options", "options", whole),
            Map("is_required", "^required_for_agents", boolean),
            Map("is_active", "^archived", own.unless),
            Map("extra", ".", own.keeping("level", "ticket_field_id")),
            *TIMES,
        ),
        each=choices.nested_fields,
        source_id=None,
        part="level",
        key="name",
    ),
    Table(
        "status_definition",
        (
            Map("label", "label"),
            Map("category", ".", choices.status_category),
            Map("kind", via=Const("ticket")),
            Map("position", "position"),
        ),
        each=choices.statuses,
        source_id=None,
        part="status",
        key="code",
    ),
)
CONTACT_FIELD = _field_map("contact_field", "person")
COMPANY_FIELD = _field_map("company_field", "organization")

PRODUCT = ObjectMap(
    "product",
    (
        Table(
            "inbox",
            (
                Map("name", "name"),
                Map("email", "primary_email", lower),
                Map("kind", via=Const("product")),
                *TIMES,
            ),
        ),
    ),
    kept={"description": "of the product", "default": "the product that tickets get", "email_configs": "addresses"},
)

EMAIL_CONFIG = ObjectMap(
    "email_config",
    (
        Table(
            "inbox",
            (
                Map("name", "name"),
                Map("email", ".", own.receiving_address),
                Map("kind", via=Const("address")),
                *TIMES,
            ),
            takes=("reply_email", "support_email"),
        ),
    ),
    ignored={"custom_mailbox": "the mail server that it is fetched from"},
    kept={
        "to_email": "the vendor's own address that mail is forwarded to",
        "product_id": "the product that its tickets get",
        "group_id": "the group that its tickets get",
        "primary_role": "whether it is the main address of its product",
        "active": "whether the address was verified",
        "default_reply_email": "whether it is the main address of its product",
        "mailbox_type": "whose mail server it lies on",
        "failure_code": "why mail is not fetched",
        "freshdesk_mailbox": "the vendor's own address that mail is forwarded to",
    },
)
