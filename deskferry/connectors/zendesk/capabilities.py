"""What the Zendesk connector can do, each with its cause."""

from __future__ import annotations

from deskferry.connectors.kit.capabilities import Both, Capabilities, not_yet, partly, same, vendor_cannot, yes

_SETUP = not_yet("part of the set-up: matched with what the administrator made, never created")
_NOWHERE = vendor_cannot("the API has no such thing")

CAPABILITIES = Capabilities(
    vendor="zendesk",
    kinds={
        "organization": Both(yes(), partly("the name is unique: a second organization of that name is adopted")),
        "person": Both(
            yes(), partly("end users are created, agents matched by e-mail; nobody is suspended; few social handles")
        ),
        "person_organization": Both(yes(), partly("all of those who are created; of who is there already none")),
        "ticket": Both(
            yes(),
            partly("with times and final status; number and history cannot be written, links stand in a private note"),
        ),
        "tagging": Both(yes(), partly("lower case, without blanks and most signs")),
        "ticket_follower": Both(yes(), partly("agents follow, people with an address are copied")),
        **same(("team", "team_member", "inbox", "status_definition", "custom_field"), yes(), _SETUP),
        "message": Both(
            yes("comments, with those of AI agents"),
            partly("with author, side and time; 5,000 a ticket, 64 KiB each: longer ones go on in the next"),
        ),
        "attachment": Both(
            yes("pictures that a text shows by their address alone included"),
            partly("50 MB a file; pictures are shown where they stood"),
        ),
        "ticket_link": Both(
            partly("merges as far as the history tells them; follow-ups; problems"),
            not_yet("named in a private note: an import takes no problem, and an update would fire triggers"),
        ),
        "ticket_event": Both(
            partly("the value before comes from the change before, where the export does not tell it"),
            vendor_cannot("no API writes the history of a ticket"),
        ),
        "survey_response": Both(
            yes("where the plan has ratings"),
            vendor_cannot("only the customer who asked can rate: the rating stands in a private note"),
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
            vendor_cannot("no such resource: the time stands in a private note"),
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
    rollback_leaves=(
        "ticket numbers that were used",
        "people who were deleted for good, as rows without a name in the list of deleted users",
        "comments that were added to tickets by updates",
        "tickets that made way for a new import of theirs, in the trash for 30 days",
    ),
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
