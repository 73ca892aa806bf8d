"""What the Zendesk connector can do, each with its cause."""

from __future__ import annotations

from deskferry.connectors.kit.capabilities import Ability, Both, Capabilities, not_yet, partly, same, vendor_cannot, yes

_LATER: Ability = not_yet("the connector reads only, so far")
_SETUP = not_yet("part of the set-up: matched with what the administrator made, never created")
_NOWHERE = vendor_cannot("the API has no such thing")

CAPABILITIES = Capabilities(
    vendor="zendesk",
    kinds={
        **same(("organization", "person", "person_organization"), yes(), _LATER),
        **same(("ticket", "tagging", "ticket_follower"), yes(), _LATER),
        **same(("team", "team_member", "inbox", "status_definition", "custom_field"), yes(), _SETUP),
        "message": Both(yes("comments, with those of AI agents"), _LATER),
        "attachment": Both(yes("pictures that a text shows by their address alone included"), _LATER),
        "ticket_link": Both(partly("merges as far as the history tells them; follow-ups; problems"), _LATER),
        "ticket_event": Both(
            partly("the value before comes from the change before, where the export does not tell it"),
            vendor_cannot("no API writes the history of a ticket"),
        ),
        "survey_response": Both(
            yes("where the plan has ratings"), vendor_cannot("only the customer who asked can rate a ticket")
        ),
        "vendor_metric": Both(yes("the metric set of each ticket"), vendor_cannot("the vendor computes them itself")),
        "sla_event": Both(yes("administrators only"), vendor_cannot("the vendor makes them itself")),
        "sla_policy": Both(yes("where the plan has them"), not_yet("could be created")),
        "schedule": Both(yes("holidays included"), not_yet("could be created")),
        "macro": Both(yes(), partly("text, and the actions that name nothing of their own account")),
        "config_item": Both(
            yes("triggers, automations, views, forms"), vendor_cannot("rules name ids of their own account")
        ),
        "article_category": Both(
            yes("categories and sections"), partly("two levels: what lies deeper is a section that names those above")
        ),
        "article": Both(
            partly("deleted articles are not signalled"),
            partly("times cannot be written; named readers become agents only"),
        ),
        "article_translation": Both(yes(), partly("in the languages that the help centre has")),
        **same(
            ("article_comment", "side_conversation", "interaction", "role_change", "agent_state", "ticket_schedule"),
            not_yet("the vendor has it in an API of its own"),
            not_yet("the vendor has it in an API of its own"),
        ),
        "time_entry": Both(
            vendor_cannot("no such resource: the time tracking app keeps seconds in custom fields"),
            vendor_cannot("no such resource"),
        ),
    },
    rest=Both(_NOWHERE, _NOWHERE),
    keeps_created_at=yes("the import of tickets takes the times of tickets and comments"),
    keeps_author=yes("any existing user can be the author of an imported comment"),
    writes_silently=yes("the import of tickets fires no trigger and sends no mail"),
    appends_silently=vendor_cannot("an ordinary update fires triggers and mails"),
    finds_by_origin=partly("the external id, which is not unique; the search lags by minutes"),
    keeps_threading=vendor_cannot(
        "the import takes no message ids, and the encoded id in an old mail is another account's: a reply opens a "
        "new ticket, to be merged by hand"
    ),
    search_lag=300.0,
    read_lag=62.0,
    list_caps={},
    plan_gated={
        "custom_statuses": "custom ticket statuses switched on", "ticket_forms": "Suite Growth or Support Enterprise",
        "sla_policies": "Suite Growth or Support Professional", "group_sla_policies": "Enterprise",
        "schedules": "Suite Growth or Support Professional", "user_fields": "Team",
        "organization_fields": "Team", "satisfaction_ratings": "Growth or Professional", "articles": "a help centre",
        "categories": "a help centre", "sections": "a help centre",
    },
)  # fmt: skip
