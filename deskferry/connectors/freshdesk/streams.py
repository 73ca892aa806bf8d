"""The lists of the Freshdesk API that are read, in order."""

from __future__ import annotations

from deskferry.connectors.kit.contract import Mode, Stream

_ADMINISTRATORS = "administrators only"
LAST_PAGE = 300
"""`GET /tickets` refuses page 301 (reference; airbytehq/airbyte#3858, zammad/zammad#3681)."""

SETUP = (
    Stream(
        "sla_policies", Mode.FULL, ("sla_policy",), ("sla_policy",), "sla_policies", optional=True,
        note=_ADMINISTRATORS,
    ),
    Stream(
        "business_hours", Mode.FULL, ("schedule",), ("business_hour",), "business_hours", optional=True,
        note=_ADMINISTRATORS,
    ),
    Stream(
        "ticket_forms", Mode.FULL, ("config_item",), ("ticket_form",), "ticket-forms", optional=True,
        note="administrators only; the list leaves out the fields: one more call a form",
    ),
    Stream("surveys", Mode.FULL, ("config_item",), ("survey",), "surveys", optional=True),
    Stream(
        "scenario_automations", Mode.FULL, ("macro",), ("scenario_automation",), "scenario_automations", optional=True,
    ),
    Stream(
        "automation_rules", Mode.FULL, ("config_item",), ("automation_rule",), "automations/{type}/rules",
        optional=True, note="administrators only; a call for each of the types 1, 3 and 4",
    ),
    Stream("skills", Mode.FULL, ("config_item",), ("skill",), "admin/skills", optional=True, note=_ADMINISTRATORS),
)  # fmt: skip
"""What an administrator set up: read, and moved by hand."""

STREAMS = (
    Stream("companies", Mode.FULL, ("organization",), ("company",), "companies"),
    Stream(
        "agents", Mode.FULL, ("person",), ("user",), "agents",
        note="an agent that is deleted becomes a contact with the same id",
    ),
    Stream(
        "groups", Mode.FULL, ("team", "team_member"), ("group",), "groups",
        note="the list leaves out the members: one more call a group",
    ),
    Stream("ticket_fields", Mode.FULL, ("custom_field", "status_definition"), ("ticket_field",), "ticket_fields"),
    Stream("contact_fields", Mode.FULL, ("custom_field",), ("contact_field",), "contact_fields"),
    Stream("company_fields", Mode.FULL, ("custom_field",), ("company_field",), "company_fields"),
    Stream("products", Mode.FULL, ("inbox",), ("product",), "products", optional=True),
    Stream(
        "email_configs", Mode.FULL, ("inbox",), ("email_config",), "email_configs", optional=True,
        note="where it is refused, the mailboxes (`email/mailboxes`), which have the same ids",
    ),
    *SETUP,
    Stream(
        "contacts", Mode.INCREMENTAL, ("person", "person_organization", "tagging"), ("user",), "contacts",
        note="three passes: live, deleted, blocked; the list leaves out tags and further addresses, so that each "
        "contact that is new or changed is a call more, unless `whole_contacts = false`",
    ),
    Stream(
        "tickets", Mode.INCREMENTAL, ("ticket", "message", "attachment", "tagging", "ticket_follower", "ticket_link"),
        (), "tickets", cap=LAST_PAGE * 100,
        note="three passes: live, deleted, spam; in the order of updated_at, a new window a page; the list leaves out "
        "files, so that it only names what changed; archived tickets are in no list",
    ),
    Stream(
        "whole_tickets", Mode.CHILD,
        ("ticket", "message", "attachment", "tagging", "ticket_follower", "ticket_link"), ("ticket", "conversation"),
        "tickets/{parent}?include=conversations",
        note="a call for every ticket that changed; the view shows ten conversations at most, so that from ten on they "
        "are read from tickets/{parent}/conversations, a hundred a call",
    ),
    Stream(
        "satisfaction_ratings", Mode.INCREMENTAL, ("survey_response",), ("satisfaction_rating",),
        "surveys/satisfaction_ratings", optional=True,
    ),
    Stream("time_entries", Mode.FULL, ("time_entry",), ("time_entry",), "time_entries", optional=True),
    Stream(
        "solution_categories", Mode.FULL, ("article_category",), ("category",), "solutions/categories", optional=True,
    ),
    Stream(
        "solution_folders", Mode.FULL, ("article_category",), ("folder",), "solutions/categories/{id}/folders",
        optional=True, note="one call a category, one more for each folder that has folders in it",
    ),
    Stream(
        "solution_articles", Mode.FULL, ("article", "article_translation", "attachment"), ("article",),
        "solutions/folders/{id}/articles", optional=True,
        note="one call a folder, one more for each further language of the desk; who may read it is the folder's",
    ),
    Stream(
        "canned_responses", Mode.FULL, ("macro",), ("canned_response",), "canned_response_folders/{id}/responses",
        optional=True, note="administrators only; one call a folder",
    ),
)  # fmt: skip

BY_NAME = {stream.name: stream for stream in STREAMS}
