"""Freshdesk → canonical rows: companies, contacts, agents, groups."""

from __future__ import annotations

from deskferry.connectors.freshdesk import converters as own
from deskferry.connectors.kit.converters import boolean, choice, lower, text, time, whole
from deskferry.connectors.kit.mapping import Const, Link, Map, ObjectMap, RefTo, Table
from deskferry.connectors.kit.part_tables import tag_table

TIMES = (Map("created_at", "created_at", time), Map("updated_at", "updated_at", time))
DELETED = (
    Map("deleted_at", ".", own.deleted_at),
    Map("deletion_evidence", "deleted", choice({True: "vendor"}, what="deleted")),
)

COMPANY = ObjectMap(
    "company",
    (
        Table(
            "organization",
            (
                Map("source_url", "id", Link("/a/companies/{}")),
                Map("name", "name"),
                Map("domains", "domains", whole),
                Map("details", "description"),
                Map("notes", "note"),
                Map("custom_fields", "custom_fields", own.present),
                *TIMES,
            ),
        ),
    ),
    kept=dict.fromkeys(
        ("health_score", "account_tier", "renewal_date", "industry", "org_company_id"),
        "the canonical organization has no such field",
    ),
)

_CONTACT = Table(
    "person",
    (
        Map("source_url", "id", Link("/a/contacts/{}")),
        Map("name", "name"),
        Map("first_name", "first_name"),
        Map("last_name", "last_name"),
        Map("email", "email", lower),
        Map("emails", ".", own.emails),
        Map("phone", ".", own.phone),
        Map("phones", ".", own.phones),
        Map("identities", ".", own.identities),
        Map("role", via=Const("end_user")),
        Map("job_title", "job_title"),
        Map("address", "address"),
        Map("notes", "description"),
        Map("organization_id", "company_id", RefTo("company")),
        Map("external_id", "unique_external_id", text),
        Map("language", "language"),
        Map("timezone", "time_zone", own.timezone),
        Map("is_active", "deleted", own.unless),
        Map("suspended", ".", own.suspended),
        Map("custom_fields", "custom_fields", own.present),
        *TIMES,
        *DELETED,
    ),
    when=own.is_contact,
    takes=("other_emails", "phone", "mobile", "twitter_id", "facebook_id", "social_handler", "blocked"),
)

_AGENT = Table(
    "person",
    (
        Map("source_url", "id", Link("/a/admin/agents/{}/edit")),
        Map("name", "contact.name"),
        Map("first_name", "contact.first_name"),
        Map("last_name", "contact.last_name"),
        Map("email", "contact.email", lower),
        Map("emails", "contact", own.emails),
        Map("phone", "contact", own.phone),
        Map("phones", "contact", own.phones),
        Map("role", "type", choice({"collaborator": "light_agent"}, unknown="agent", what="agent type")),
        Map("job_title", "contact.job_title"),
        Map("language", "contact.language"),
        Map("timezone", "contact.time_zone", own.timezone),
        Map("is_active", "deactivated", own.unless),
        Map("signature", "signature"),
        Map("extra", ".", own.agent_extra),
        *TIMES,
    ),
    when=own.is_agent,
)

USER = ObjectMap(
    "user",
    (
        _CONTACT,
        _AGENT,
        Table(
            "person_organization",
            (
                Map("person_id", "^id", RefTo("user")),
                Map("organization_id", "company_id", RefTo("company")),
                Map("is_primary", "primary", boolean),
            ),
            each=own.companies,
            source_id=None,
            part="organization",
            key="company_id",
            takes=("company_id", "other_companies"),
        ),
        tag_table("person", "user", own.tags),
    ),
    kept={
        "active": "whether the person confirmed the address; it cannot be written",
        "view_all_tickets": "a right in the portal",
        "avatar": "a picture behind an expiring link",
        "devices": "devices of the vendor's mobile kit",
        "contact_type": "contact or visitor",
        "visitor_id": "of a visitor of the chat widget",
        "org_contact_id": "the person in the vendor's organisation centre",
        "preferred_source": "how the person likes to be reached",
        "org_agent_id": "the agent in the vendor's organisation centre",
        "agent_level_id": "a level of the vendor's arcade",
        "occasional": "a licence by the day",
        "ticket_scope": "which tickets the agent sees",
        "skill_ids": "routing",
        "group_ids": "the groups of an agent; rows come from the groups",
        "role_ids": "rights",
        "focus_mode": "a view of the vendor's own interface",
        "csat_rating": "the last answer of the person to a survey",
    },
    volatile=(
        "available", "available_since", "last_active_at", "contact.last_login_at", "contact.updated_at",
        "avatar.avatar_url", "contact.avatar.avatar_url",
    ),
)  # fmt: skip

GROUP = ObjectMap(
    "group",
    (
        Table("team", (Map("name", "name"), Map("description", "description"), *TIMES)),
        Table(
            "team_member",
            (Map("team_id", "^id", RefTo("group")), Map("person_id", ".", RefTo("user"))),
            each="agent_ids",
            source_id=None,
            part="member",
            key=".",
        ),
    ),
    kept=dict.fromkeys(
        (
            "auto_ticket_assign",
            "business_hour_id",
            "business_calendar_id",
            "escalate_to",
            "unassigned_for",
            "group_type",
            "type",
            "automatic_agent_assignment",
            "allow_agents_to_change_availability",
        ),
        "routing of the vendor",
    ),
)
