"""What the Freshdesk connector can do, each with its cause."""

from __future__ import annotations

from deskferry.connectors.freshdesk.streams import LAST_PAGE
from deskferry.connectors.kit.capabilities import Both, Capabilities, not_yet, partly, vendor_cannot, yes

_SETUP = not_yet("part of the set-up: matched with what the administrator made, never created")
_INVENTORY = not_yet("part of the set-up: `deskferry inventory` lists it, to be made by hand")

CAPABILITIES = Capabilities(
    vendor="freshdesk",
    kinds={
        "organization": Both(yes(), partly("the name is unique: a second company of that name is adopted")),
        "person": Both(
            yes("agents and contacts share one id space"),
            partly(
                "contacts are created, agents are matched by e-mail; language and time zone where the plan has them"
            ),
        ),
        "person_organization": Both(yes(), partly("the main organization; the others need a feature of the plan")),
        "team": Both(yes(), _SETUP),
        "team_member": Both(yes(), _SETUP),
        "inbox": Both(yes("products and mail addresses"), _SETUP),
        "status_definition": Both(yes(), _SETUP),
        "custom_field": Both(yes(), partly("only the field that holds the origin mark is created")),
        "ticket": Both(
            partly("archived tickets are in no list; those that were read before they were archived are kept"),
            partly("times, number and history cannot be written; the text keeps the times"),
        ),
        "message": Both(
            yes("the description is the opening message"),
            partly("as notes, public or private, with their author; times are kept in the text"),
        ),
        "attachment": Both(
            partly("of descriptions and of conversations; images inside a text stay links"),
            partly("20 MB a call; inline images become attachments"),
        ),
        "ticket_follower": Both(yes("copied addresses"), partly("copied addresses; followers are lost")),
        "ticket_link": Both(yes("parents and trackers"), not_yet("links are named in a private note")),
        "tagging": Both(yes("tickets and contacts"), partly("32 characters at most")),
        "survey_response": Both(
            yes("dates of answers are the ratings' own"),
            partly("where a survey is active, else as a private note; the date stands in the text"),
        ),
        "time_entry": Both(
            yes("where the plan has time tracking"),
            partly("with its date, in whole minutes; without time tracking as a note"),
        ),
        "ticket_event": Both(
            not_yet("the activity export of administrators"), vendor_cannot("no API writes the history of a ticket")
        ),
        "article_category": Both(
            partly("categories and folders; their names in other languages are not read"),
            partly("two levels: what lies deeper is a folder that names those above it; a folder for each readers"),
        ),
        "article": Both(
            yes("who may read it is its folder's"),
            partly("times cannot be written; named groups of readers become agents only; images are attached"),
        ),
        "article_translation": Both(
            yes("in every language of the desk; needs several languages in the plan"),
            partly("in the languages that the desk has"),
        ),
        "macro": Both(
            partly(
                "canned responses, with an administrator's key, their files stay links; scenarios with their actions"
            ),
            partly("the text with the vendor's placeholders; actions, and what is somebody's own, stay behind"),
        ),
        "sla_policy": Both(yes("with an administrator's key"), _INVENTORY),
        "schedule": Both(
            partly("business hours, with an administrator's key; which of them a ticket has is not told"), _INVENTORY
        ),
        "config_item": Both(
            partly("rules, forms and skills, with an administrator's key, and surveys; no API tells views"), _INVENTORY
        ),
    },
    rest=Both(vendor_cannot("the API has no such thing"), vendor_cannot("the API has no such thing")),
    keeps_created_at=vendor_cannot("the public API sets every time itself; the text keeps the original ones"),
    keeps_author=partly("the person's id goes with each note; an agent without a seat becomes a contact"),
    writes_silently=vendor_cannot(
        "creation mails, automations and SLA clocks are switched off by an administrator only"
    ),
    appends_silently=vendor_cannot("public notes may mail and fire automations; private notes mail nobody"),
    finds_by_origin=yes("a custom field of tickets, a mark in each text, the external id of contacts"),
    keeps_threading=vendor_cannot(
        "no API takes message ids; a reply to an old mail opens a new ticket, or lands on the one whose number stands "
        "in its subject as [#123]: give the ticket ids a prefix (Admin, Email, Advanced settings) before the cut-over"
    ),
    search_lag=30.0,
    list_caps={"tickets": LAST_PAGE * 100},
    plan_gated={
        "time_entries": "time tracking",
        "satisfaction_ratings": "surveys switched on",
        "products": "multiple products",
        "tickets/archived/{id}": "archiving",
        "admin/ticket_fields": "an administrator's key",
        "canned_responses": "an administrator's key",
        "sla_policies": "an administrator's key",
        "business_hours": "an administrator's key",
        "ticket_forms": "an administrator's key",
        "automation_rules": "an administrator's key",
        "skills": "an administrator's key, and skill-based assignment",
        "surveys": "surveys switched on",
        "solutions/{…}/{language}": "several languages",
    },
    rollback_leaves=(
        "tickets in the trash until the vendor purges them",
        "ticket numbers that were used",
        "contacts that were deleted softly, where a hard delete is refused",
        "the field of the origin mark",
    ),
)
