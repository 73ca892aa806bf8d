"""The lists of the Help Scout APIs that are read, in order."""

from __future__ import annotations

from types import MappingProxyType

from deskferry.connectors.kit.contract import Mode, Stream

CONVERSATIONS, CUSTOMERS, ORGANIZATIONS, RATINGS = "conversations", "customers", "organizations", "ratings"
SYSTEM_USERS = "system_users"
WHOLE, PEOPLE = "whole_conversations", "named_people"
COLLECTIONS, CATEGORIES, ARTICLES = "docs_collections", "docs_categories", "docs_articles"
DOCS = frozenset({COLLECTIONS, CATEGORIES, ARTICLES})
_TICKET = ("ticket", "tagging", "ticket_follower", "message", "attachment", "ticket_event", "ticket_link")
_KEY = "needs docs_api_key"


def _full(
    name: str, kinds: tuple[str, ...], object_name: str, path: str, note: str = "", *, gated: bool = False
) -> Stream:
    return Stream(name, Mode.FULL, kinds, (object_name,), path, optional=gated, note=note)


STREAMS: tuple[Stream, ...] = (
    _full("mailboxes", ("inbox",), "mailbox", "mailboxes"),
    _full("fields", ("custom_field",), "field", "mailboxes/{id}/fields", "one call an inbox", gated=True),
    _full("folders", ("config_item",), "folder", "mailboxes/{id}/folders", "one call an inbox", gated=True),
    _full("routing", ("config_item",), "routing", "mailboxes/{id}/routing", "one call an inbox", gated=True),
    _full(
        "saved_replies", ("macro",), "saved_reply", "mailboxes/{id}/saved-replies",
        "the list cuts texts off: one call a reply", gated=True,
    ),
    _full("workflows", ("config_item",), "workflow", "workflows", gated=True),
    _full("users", ("person",), "user", "users"),
    _full(SYSTEM_USERS, ("person",), "system_user", "/v3/system-users", "assistants of the vendor", gated=True),
    _full("teams", ("team", "team_member"), "team", "teams", "one call a team for its members", gated=True),
    _full("customer_properties", ("custom_field",), "customer_property", "customer-properties", gated=True),
    _full(
        "organization_properties", ("custom_field",), "organization_property", "organizations/properties", gated=True
    ),
    _full(
        ORGANIZATIONS, ("organization",), "organization", "organizations",
        "the list leaves out the properties: one call an organization where the account has any", gated=True,
    ),
    Stream(
        CUSTOMERS, Mode.INCREMENTAL, ("person", "person_organization"), ("customer",), "customers",
        note="by modifiedSince, the latest first",
    ),
    Stream(
        CONVERSATIONS, Mode.INCREMENTAL, _TICKET, ("conversation", "thread"), "conversations?embed=threads",
        note="with their threads, 25 a call; first all by their number, then by modifiedSince, the latest first",
    ),
    Stream(
        WHOLE, Mode.CHILD, _TICKET, ("conversation", "thread"), "conversations/{id}",
        note="of conversations whose threads did not all come along, and to verify",
    ),
    Stream(
        PEOPLE, Mode.CHILD, ("person", "person_organization"), ("customer", "user"), "customers/{id}, users/{id}",
        note="whom conversations name and no list does: deleted ones are kept with the name and address told there",
    ),
    Stream(
        RATINGS, Mode.INCREMENTAL, ("survey_response",), ("rating",), "reports/happiness/ratings", optional=True,
        note="gated by plan; one pass for each of the three ratings",
    ),
    _full(COLLECTIONS, ("article_category",), "collection", "Docs: collections", _KEY, gated=True),
    _full(
        CATEGORIES, ("article_category",), "category", "Docs: collections/{id}/categories", f"{_KEY}; one call each",
        gated=True,
    ),
    _full(
        ARTICLES, ("article",), "article", "Docs: collections/{id}/articles",
        f"{_KEY}; the lists leave out the texts: one call an article, none where nothing moved", gated=True,
    ),
)  # fmt: skip
BY_NAME = MappingProxyType({stream.name: stream for stream in STREAMS})
