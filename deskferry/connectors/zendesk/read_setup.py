"""How the desk is set up: fields, forms, statuses, macros, rules: vendor → canonical."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.connectors.kit.converters import html_to_text, whole
from deskferry.connectors.kit.mapping import Const, Link, Map, ObjectMap, Raw, Table, as_text
from deskferry.connectors.zendesk.read_people import API_URL, CREATED
from deskferry.connectors.zendesk.values import field_type, is_added_field, options_of, status_of

RAW_WORDS = "the placeholder behind the text, where it has dynamic content"

# --------------------------------------------------------------------------------------------------------------- fields

_FIELD_ROWS = (
    *CREATED,
    Map("label", "title"),
    Map("type", "type", field_type),
    Map("options", "custom_field_options", options_of),
    Map("is_active", "active"),
)

TICKET_FIELD = ObjectMap(
    "ticket_field",
    (
        Table(
            "custom_field",
            (*_FIELD_ROWS, Map("kind", via=Const("ticket")), Map("key", "id", as_text), Map("is_required", "required")),
            when=is_added_field,
        ),
    ),
    ignored={
        "url": API_URL, "raw_title": RAW_WORDS, "raw_description": RAW_WORDS, "raw_title_in_portal": RAW_WORDS,
        "system_field_options": "options of a field that is a column of the ticket",
        "custom_statuses": "repeats the custom statuses",
    },
    kept={
        "description": "what customers read", "agent_description": "what agents read", "position": "its place",
        "collapsed_for_agents": "shown or hidden", "regexp_for_validation": "its pattern",
        "key": "API name, often null",
        "title_in_portal": "its title for customers", "visible_in_portal": "seen by customers",
        "editable_in_portal": "editable by customers", "required_in_portal": "must be filled by customers",
        "tag": "tag that a checkbox sets", "removable": "whether it may be deleted",
        "agent_can_edit": "editable by agents",
        "sub_type_id": "variant of a system field", "relationship_target_type": "what a lookup names",
        "relationship_filter": "filter of a lookup", "creator_user_id": "who made it",
        "creator_app_name": "app that made it",
        "custom_field_options": "options", "permissions": "who may see and edit it",
        "required": "must be filled to solve",
    },
)  # fmt: skip


def _keyed_field(name: str, kind: str) -> ObjectMap:
    """Return the map of user or organization fields: their key is their API name."""
    return ObjectMap(
        name,
        (Table("custom_field", (*_FIELD_ROWS, Map("kind", via=Const(kind)), Map("key", "key"))),),
        ignored={"url": API_URL, "raw_title": RAW_WORDS, "raw_description": RAW_WORDS},
        kept={
            "description": "what it is for", "position": "its place", "regexp_for_validation": "its pattern",
            "system": "made by the vendor", "tag": "tag that a checkbox sets",
            "relationship_target_type": "what a lookup names", "relationship_filter": "filter of a lookup",
        },
    )  # fmt: skip


USER_FIELD = _keyed_field("user_field", "person")
ORGANIZATION_FIELD = _keyed_field("organization_field", "organization")

CUSTOM_STATUS = ObjectMap(
    "custom_status",
    (
        Table(
            "status_definition",
            (
                *CREATED,
                Map("label", "agent_label"),
                Map("category", "status_category", status_of),
                Map("kind", via=Const("ticket")),
            ),
        ),
    ),
    ignored={
        "url": API_URL, "raw_agent_label": RAW_WORDS, "raw_end_user_label": RAW_WORDS, "raw_description": RAW_WORDS,
        "raw_end_user_description": RAW_WORDS,
    },
    kept={
        "end_user_label": "what customers see", "description": "what it means", "active": "whether it is in use",
        "end_user_description": "what it means to customers", "default": "default of its category",
    },
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ macros, rules, forms


def _action(actions: Any, *names: str) -> str | None:
    """Return the text of the first action of one of these names; a comment may come as [channel, text]."""
    for one in actions or ():
        if one.get("field") in names:
            value = one.get("value")
            text = value[-1] if isinstance(value, list) and value else value
            return text if isinstance(text, str) and text else None
    return None


def macro_html(actions: Any) -> str | None:
    """Return the answer of a macro as HTML."""
    return _action(actions, "comment_value_html")


def macro_text(actions: Any) -> str | None:
    """Return the answer of a macro without markup."""
    return _action(actions, "comment_value") or html_to_text(_action(actions, "comment_value_html"))


def macro_visibility(macro: Raw) -> str:
    """Return who may use a macro; vendor: a null restriction allows all agents of the account."""
    return "restricted" if macro.get("restriction") else "agents"


MACRO = ObjectMap(
    "macro",
    (
        Table(
            "macro",
            (
                *CREATED,
                Map("source_url", "id", Link("/admin/workspaces/agent-workspace/macros/{}")),
                Map("name", "title"),
                Map("body_html", "actions", macro_html),
                Map("body_text", "actions", macro_text),
                Map("actions", "actions", whole),
                Map("visibility", ".", macro_visibility),
                Map("is_active", "active"),
            ),
        ),
    ),
    ignored={
        "url": API_URL, "raw_title": RAW_WORDS,
        **{f"usage_{span}": "a counter that moves by itself" for span in ("1h", "24h", "7d", "30d")},
    },
    kept={
        "description": "what it is for", "position": "its place", "default": "a standard macro",
        "restriction": "whose it is", "categories": "its categories", "permissions": "what the reader may do with it",
        "app_installation": "app that brought it",
    },
    volatile=("usage_1h", "usage_24h", "usage_7d", "usage_30d"),
)  # fmt: skip


def _definition(*keys: str) -> Callable[[Raw], dict[str, Any] | None]:
    """Return a function that takes what a rule does, by the vendor's own names."""

    def definition(rule: Raw) -> dict[str, Any] | None:
        return {key: rule[key] for key in keys if rule.get(key) not in (None, "", [], {})} or None

    return definition


def _item(name: str, kind: str, title: str, keys: tuple[str, ...], page: str, **kept: str) -> ObjectMap:
    """Return the map of something that no API moves: its definition is kept whole."""
    rows = (
        *CREATED,
        Map("source_url", "id", Link(page)),
        Map("kind", via=Const(kind)),
        Map("name", title),
        Map("definition", ".", _definition(*keys)),
        Map("is_active", "active"),
    )
    raw_words = {f"raw_{one}": RAW_WORDS for one in ("title", "name", "display_name")}
    return ObjectMap(name, (Table("config_item", rows, takes=keys),), {"url": API_URL, **raw_words}, kept)


_RULE = {"description": "what it is for", "default": "a standard rule", "restriction": "whose it is"}
_MAPS_OF_RULES = (
    _item(
        "trigger", "trigger", "title", ("conditions", "actions", "position", "category_id", "all", "any"),
        "/admin/objects-rules/rules/triggers/{}", brand_id="its brand", category="its category", **_RULE,
    ),
    _item(
        "automation", "automation", "title", ("conditions", "actions", "position", "all", "any"),
        "/admin/objects-rules/rules/automations/{}", **_RULE,
    ),
    _item(
        "view", "view", "title", ("conditions", "execution", "position"), "/admin/workspaces/agent-workspace/views/{}",
        sla_id="its service level", **_RULE,
    ),
    _item(
        "ticket_form", "form", "name",
        ("ticket_field_ids", "agent_conditions", "end_user_conditions", "in_all_brands", "restricted_brand_ids",
         "position"),
        "/admin/objects-rules/tickets/ticket-forms/edit/{}",
        display_name="its name for customers", end_user_visible="seen by customers",
        default="the account's default form",
        in_all_organizations="open to all organizations", restricted_organization_ids="organizations that have it",
        deleted_at="when it was deleted", deletion="state of its deletion", form_type="kind of form",
    ),
)  # fmt: skip

MAPS = (TICKET_FIELD, USER_FIELD, ORGANIZATION_FIELD, CUSTOM_STATUS, MACRO, *_MAPS_OF_RULES)
