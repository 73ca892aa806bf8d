"""Organizations, users, groups and what joins them: vendor → canonical."""

from __future__ import annotations

from deskferry.connectors.kit.converters import choice, lower, time
from deskferry.connectors.kit.mapping import Const, Link, Map, ObjectMap, Raw, RefTo, Table
from deskferry.connectors.kit.part_tables import tag_table
from deskferry.connectors.zendesk.values import (
    emails_of,
    identities_of,
    keyed_values,
    phones_of,
    role_of,
    zone_of,
)

API_URL = "address of the record in the API; follows from its id"
CREATED = (Map("created_at", "created_at", time), Map("updated_at", "updated_at", time))


def domains_of(value: object) -> list[str] | None:
    """Return e-mail domains in lower case."""
    given = value if isinstance(value, list) else []
    return [one.strip().lower() for one in given if isinstance(one, str) and one.strip()] or None


def deleted_at(record: Raw) -> str | None:
    """Return when a record that the vendor still lists was deleted: with its last change."""
    gone = record.get("deleted") or record.get("is_deleted")
    return time(record.get("updated_at")) if gone else None


evidence = choice({True: "vendor"}, what="deleted")
"""The vendor itself says that it is deleted, and lists it for the tickets that still name it."""


ORGANIZATION = ObjectMap(
    "organization",
    (
        Table(
            "organization",
            (
                *CREATED,
                Map("source_url", "id", Link("/agent/organizations/{}")),
                Map("name", "name"),
                Map("domains", "domain_names", domains_of),
                Map("external_id", "external_id"),
                Map("details", "details"),
                Map("notes", "notes"),
                Map("custom_fields", "organization_fields", keyed_values),
            ),
        ),
        tag_table("organization", "organization", "tags", "."),
    ),
    ignored={"url": API_URL, "deleted_at": "a deleted organization becomes a tombstone"},
    kept={
        "group_id": "group that new tickets of its people get",
        "shared_tickets": "whether its people see each other's tickets",
        "shared_comments": "whether its people comment on each other's tickets",
    },
)

USER = ObjectMap(
    "user",
    (
        Table(
            "person",
            (
                *CREATED,
                Map("source_url", "id", Link("/agent/users/{}")),
                Map("name", "name"),
                Map("email", "email", lower),
                Map("emails", ".", emails_of),
                Map("phone", "phone"),
                Map("phones", ".", phones_of),
                Map("identities", ".", identities_of),
                Map("role", ".", role_of),
                Map("notes", "notes"),
                Map("organization_id", "organization_id", RefTo("organization")),
                Map("external_id", "external_id"),
                Map("language", "locale"),
                Map("timezone", ".", zone_of),
                Map("is_active", "active"),
                Map("suspended", "suspended"),
                Map("signature", "signature"),
                Map("custom_fields", "user_fields", keyed_values),
            ),
            takes=("identities", "role", "time_zone", "iana_time_zone"),
        ),
        tag_table("person", "user", "tags", "."),
    ),
    ignored={
        "url": API_URL,
        "photo": "profile picture; no part of the canonical schema",
        "last_login_at": "moves with every login",
        "report_csv": "without effect, says the vendor",
        "locale_id": "the vendor's number of `locale`",
        "authenticity_token": "a token against forged requests, sent with the own user only",
        "email_changeable": "a permission of the reader, not a fact about the user",
    },
    kept={
        "role_type": "the vendor's number of the agent's role", "custom_role_id": "the agent's custom role",
        "alias": "name that customers see", "details": "free text about the user",
        "verified": "whether any identity is verified", "shared": "belongs to another account",
        "shared_agent": "agent of another account", "shared_phone_number": "whether the number is an identity",
        "two_factor_auth_enabled": "sign-in setting", "moderator": "forum role",
        "ticket_restriction": "which tickets the user may see", "only_private_comments": "may write notes only",
        "restricted_agent": "whether the agent has restrictions", "default_group_id": "the agent's default group",
        "chat_only": "a chat-only agent", "suspension_details": "suspension by channel",
        "separation": "brand separation", "agent_brand_ids": "brands of the agent",
    },
    volatile=("last_login_at", "photo", "authenticity_token", "identities[].undeliverable_count"),
)  # fmt: skip

ORGANIZATION_MEMBERSHIP = ObjectMap(
    "organization_membership",
    (
        Table(
            "person_organization",
            (
                *CREATED,
                Map("person_id", "user_id", RefTo("user")),
                Map("organization_id", "organization_id", RefTo("organization")),
                Map("is_primary", "default", bool),
            ),
        ),
    ),
    ignored={"url": API_URL, "organization_name": "the name of the organization that `organization_id` names"},
    kept={"view_tickets": "whether the user sees all tickets of the organization"},
)

GROUP = ObjectMap(
    "group",
    (
        Table(
            "team",
            (
                *CREATED,
                Map("source_url", "id", Link("/admin/people/team/groups/{}")),
                Map("name", "name"),
                Map("description", "description"),
                Map("deleted_at", ".", deleted_at),
                Map("deletion_evidence", "deleted", evidence),
            ),
        ),
    ),
    ignored={"url": API_URL},
    kept={"default": "the account's default group", "is_public": "private groups are seen by members only"},
)  # fmt: skip

GROUP_MEMBERSHIP = ObjectMap(
    "group_membership",
    (
        Table(
            "team_member",
            (*CREATED, Map("team_id", "group_id", RefTo("group")), Map("person_id", "user_id", RefTo("user"))),
        ),
    ),
    ignored={"url": API_URL},
    kept={"default": "the agent's default group"},
)

BRAND = ObjectMap(
    "brand",
    (
        Table(
            "inbox",
            (
                *CREATED,
                Map("source_url", "brand_url"),
                Map("name", "name"),
                Map("kind", via=Const("brand")),
                Map("deleted_at", ".", deleted_at),
                Map("deletion_evidence", "is_deleted", evidence),
            ),
        ),
    ),
    ignored={"url": API_URL, "logo": "a picture; no part of the canonical schema"},
    kept={
        "subdomain": "its host name", "host_mapping": "its own host name", "active": "whether it is in use",
        "default": "the account's default brand", "has_help_center": "has a help centre",
        "help_center_state": "enabled, disabled or restricted", "ticket_form_ids": "its forms",
        "signature_template": "signature of its agents", "user_separation": "brand separation",
    },
)  # fmt: skip

RECIPIENT_ADDRESS = ObjectMap(
    "recipient_address",
    (
        Table(
            "inbox",
            (*CREATED, Map("name", "name"), Map("email", "email", lower), Map("kind", via=Const("address"))),
        ),
    ),
    ignored={
        "url": API_URL,
        "domain_verification_code": "proof of a DNS record",
        "dns_results": "state of DNS records, checked by the vendor now and then",
    },
    kept={
        "brand_id": "brand of the address", "default": "the account's default address",
        "forwarding_status": "forwarding check", "spf_status": "SPF check", "cname_status": "CNAME check",
        "domain_verification_status": "domain check",
    },
    volatile=("dns_results",),
)  # fmt: skip

MAPS = (ORGANIZATION, USER, ORGANIZATION_MEMBERSHIP, GROUP, GROUP_MEMBERSHIP, BRAND, RECIPIENT_ADDRESS)
