"""What the Help Scout connector can do, each with its cause."""

from __future__ import annotations

from deskferry.connectors.kit.capabilities import Both, Capabilities, not_yet, partly, same, vendor_cannot, yes

_WRITE = not_yet("the connector reads; writing into Help Scout comes next")
_NO = vendor_cannot("the API has no such thing")
_READ_ONLY = vendor_cannot("the API makes none: they are set up by hand")

CAPABILITIES = Capabilities(
    vendor="help_scout",
    kinds={
        "organization": Both(yes("with properties"), _WRITE),
        "person": Both(
            yes("customers and users; deleted ones with what conversations tell of them"),
            _WRITE,
        ),
        "person_organization": Both(yes("a customer has one at most"), _WRITE),
        "team": Both(yes(), _READ_ONLY),
        "team_member": Both(yes(), _READ_ONLY),
        "inbox": Both(yes(), _READ_ONLY),
        "custom_field": Both(yes("fields of inboxes, properties of customers and organizations"), _READ_ONLY),
        "macro": Both(yes("saved replies"), _WRITE),
        "config_item": Both(partly("workflows by name and state, folders, routing: no API tells rules"), _READ_ONLY),
        "ticket": Both(
            partly("deletions are in no list: they show when totals differ, or with --full"),
            _WRITE,
        ),
        "message": Both(yes("drafts, hidden and scheduled ones included"), _WRITE),
        "attachment": Both(partly("of messages; images inside a text stay links"), _WRITE),
        "ticket_event": Both(
            partly("statuses and assignments as threads and line items tell them"),
            vendor_cannot("line items cannot be written"),
        ),
        "ticket_follower": Both(yes("copied addresses"), _WRITE),
        "ticket_link": Both(
            partly("merges, as the surviving conversation tells them"),
            vendor_cannot("the API merges nothing"),
        ),
        "tagging": Both(yes("of conversations"), _WRITE),
        "survey_response": Both(
            partly("where the plan has the report; an answer that was changed later comes with --full"),
            vendor_cannot("ratings cannot be written"),
        ),
        **same(
            ("article_category", "article"),
            partly("with docs_api_key; the published text, none of its drafts and revisions"),
            _WRITE,
        ),
    },
    rest=Both(_NO, _NO),
    keeps_created_at=_WRITE,
    keeps_author=_WRITE,
    writes_silently=_WRITE,
    appends_silently=_WRITE,
    finds_by_origin=_WRITE,
    keeps_threading=_WRITE,
    plan_gated={
        "reports/happiness/ratings": "reports of the plan",
        "organizations": "organizations of the plan",
        "mailboxes/{id}/routing": "routing of the plan",
        "Docs": "docs_api_key",
    },
)
