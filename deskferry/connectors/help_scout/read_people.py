"""Help Scout → canonical rows: customers, users, teams, organizations."""

from __future__ import annotations

from deskferry.connectors.help_scout import converters as own
from deskferry.connectors.kit.converters import lower, text, time, whole
from deskferry.connectors.kit.mapping import Const, Map, ObjectMap, RefBy, RefTo, Table

_NAMES = (Map("name", ".", own.full_name), Map("first_name", "firstName"), Map("last_name", "lastName"))
TIMES = (Map("created_at", "createdAt", time), Map("updated_at", "updatedAt", time))
LINKS = {"_links": "addresses of the API; the one for people is the record's address"}

_KEPT = {
    "gender": "of the person",
    "age": "of the person",
    "location": "of the person",
    "organization": "the older field: a text and no organization",
    "photoType": "where the picture is from",
    "photoUrl": "a picture",
    "draft": "a customer of an unfinished conversation",
    "conversationCount": "a counter",
}
_TAKEN = (
    "id", "firstName", "lastName", "jobTitle", "background", "organizationId", "createdAt", "updatedAt", "_embedded",
    "_links",
)  # fmt: skip

CUSTOMER = ObjectMap(
    "customer",
    (
        Table(
            "person",
            (
                Map("source_url", ".", own.link),
                *_NAMES,
                Map("email", ".", own.email),
                Map("emails", ".", own.emails),
                Map("phone", ".", own.phone),
                Map("phones", ".", own.phones),
                Map("identities", ".", own.identities),
                Map("role", via=Const("end_user")),
                Map("job_title", "jobTitle"),
                Map("address", ".", own.address),
                Map("notes", "background"),
                Map("organization_id", "organizationId", RefBy(own.organization)),
                Map("custom_fields", ".", own.properties),
                Map("extra", ".", own.beyond(_TAKEN, "websites")),
                *TIMES,
            ),
            takes=("_embedded",),
        ),
        Table(
            "person_organization",
            (
                Map("person_id", "id", RefTo("customer")),
                Map("organization_id", "organizationId", RefBy(own.organization)),
                Map("is_primary", via=Const(True)),
            ),
            source_id=None,
            part="organization",
            key="organizationId",
            when=lambda customer, _raw: bool(customer.get("organizationId")),
        ),
    ),
    ignored=LINKS,
    kept=_KEPT,
    volatile=("conversationCount",),
)

USER = ObjectMap(
    "user",
    (
        Table(
            "person",
            (
                *_NAMES,
                Map("email", "email", lower),
                Map("emails", ".", own.user_emails),
                Map("phone", "phone"),
                Map("phones", ".", own.user_phones),
                Map("role", "role", own.role),
                Map("job_title", "jobTitle"),
                Map("timezone", "timezone"),
                *TIMES,
            ),
            when=own.is_person,
            takes=("alternateEmails",),
        ),
    ),
    ignored=LINKS,
    kept={
        "companyId": "the account",
        "photoUrl": "a picture",
        "type": "user or team",
        "mention": "the name by which notes call the user",
        "initials": "of the user",
    },
)

SYSTEM_USER = ObjectMap(
    "system_user",
    (
        Table(
            "person",
            (
                *_NAMES,
                Map("email", "email", lower),
                Map("role", via=Const("bot")),
                Map("timezone", "timezone"),
                *TIMES,
            ),
        ),
    ),
    ignored=LINKS,
    kept={
        "type": "always system_user",
        "role": "a user's",
        "photoUrl": "a picture",
        "mention": "the name by which notes call it",
        "initials": "of the name",
    },
)
"""An assistant of the vendor: it writes, and is no user (developer.helpscout.com, system-users/list)."""

TEAM = ObjectMap(
    "team",
    (
        Table("team", (Map("name", "name"), *TIMES)),
        Table(
            "team_member",
            (Map("team_id", "^id", RefTo("team")), Map("person_id", ".", RefTo("user"))),
            each="members",
            source_id=None,
            part="member",
            key=".",
        ),
    ),
    ignored=LINKS,
    kept=dict.fromkeys(("timezone", "photoUrl", "mention", "initials", "companyId", "type"), "of the team"),
)

ORGANIZATION = ObjectMap(
    "organization",
    (
        Table(
            "organization",
            (
                Map("name", "name"),
                Map("domains", "domains", whole),
                Map("address", "location"),
                Map("details", "description"),
                Map("notes", "note"),
                Map("custom_fields", ".", own.properties),
                *TIMES,
            ),
            takes=("properties",),
        ),
    ),
    ignored={
        **LINKS,
        "customerCount": "a counter that moves by itself",
        "conversationCount": "a counter that moves by itself",
        "lastInteractionAt": "moves by itself",
    },
    kept={
        "website": "the canonical organization has no such field",
        "phones": "the canonical organization has no such field",
        "logoUrl": "a picture",
        "brandColor": "of the picture",
    },
    volatile=("customerCount", "conversationCount", "lastInteractionAt"),
)

RATING = ObjectMap(
    "rating",
    (
        Table(
            "survey_response",
            (
                Map("kind", via=Const("csat")),
                Map("ticket_id", "id", RefTo("conversation")),
                Map("person_id", "ratingCustomerId", RefBy(own.customer)),
                Map("agent_id", "ratingUserId", RefBy(own.user)),
                Map("score", "rating", own.rating_score),
                Map("scale_min", via=Const(1.0)),
                Map("scale_max", via=Const(3.0)),
                Map("label", "rating", text),
                Map("comment", "ratingComments"),
                Map("answered_at", "ratingCreatedAt", time),
                Map("created_at", "ratingCreatedAt", time),
            ),
            source_id="key",
        ),
    ),
    id_path="key",
    kept={
        "number": "of the conversation",
        "threadid": "the thread that was rated",
        "threadCreatedAt": "when the thread that was rated came into being",
        "type": "of the conversation",
        "ratingId": "the vendor's code of the rating",
        "ratingCustomerName": "the person comes as a customer",
        "ratingUserName": "the person comes as a user",
    },
)
