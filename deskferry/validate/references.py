"""Which column refers to which kind, and rows whose reference leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from deskferry.canonical_schema import KINDS, column_names, sql_table

Weight = Literal["error", "warning"]

_NOT_REFERENCES = frozenset({
    "source_id", "raw_record_id", "external_id", "content_id", "rfc_message_id", "chat_session_id", "update_id",
})  # fmt: skip

_TARGETS = {
    "ticket_id": "ticket", "other_ticket_id": "ticket", "parent_id": "ticket", "follow_up_of_id": "ticket",
    "message_id": "message", "side_conversation_id": "side_conversation", "article_id": "article",
    "category_id": "article_category", "organization_id": "organization", "team_id": "team",
    "inbox_id": "inbox", "brand_id": "inbox", "form_id": "config_item", "policy_id": "sla_policy",
    "schedule_id": "schedule", "status_definition_id": "status_definition",
    "requester_id": "person", "submitter_id": "person", "assignee_id": "person", "author_id": "person",
    "person_id": "person", "agent_id": "person", "actor_id": "person", "reviewer_id": "person",
    "customer_id": "person",
}  # fmt: skip

_OWN_KIND = {"merged_into_id"}
_PARENTS = {"article_category": "article_category", "ticket": "ticket"}

_ESSENTIAL = frozenset({
    ("message", "ticket_id"), ("ticket_event", "ticket_id"), ("ticket", "requester_id"), ("attachment", "message_id"),
    ("attachment", "ticket_id"), ("tagging", "record_id"), ("article_translation", "article_id"),
    ("person_organization", "person_id"),
})  # fmt: skip
"""References without which a row means nothing; a lost one is an error, any other a warning."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that holds the id of a row of another kind."""

    kind: str
    column: str
    target: str
    weight: Weight


@dataclass(frozen=True, slots=True)
class Orphan:
    """A row whose reference leads nowhere."""

    reference: Reference
    record_id: str
    missing_id: str


def references() -> tuple[Reference, ...]:
    """Return every reference of the canonical schema that is bound to one kind."""
    found = []
    for kind in KINDS:
        for column in column_names(kind.value):
            target = target_of(kind.value, column)
            if target is not None:
                weight: Weight = "error" if (kind.value, column) in _ESSENTIAL else "warning"
                found.append(Reference(kind.value, column, target, weight))
    return tuple(found)


def target_of(kind: str, column: str) -> str | None:
    """Return the kind that a column refers to; None for what is no reference, or one to several kinds."""
    if not column.endswith("_id") or column in _NOT_REFERENCES or column == "record_id":
        return None
    if column in _OWN_KIND:
        return kind
    if column == "parent_id":
        return _PARENTS.get(kind)
    return _TARGETS.get(column)


def orphans(database: Connection, connection: str | None) -> Iterator[Orphan]:
    """Yield live rows whose reference leads to no row, reference by reference."""
    for reference in references():
        child = sql_table(reference.kind)
        parent = sql_table(reference.target).alias("parent")
        column = child.c[reference.column]
        statement = (
            select(child.c.id, column)
            .select_from(child.outerjoin(parent, parent.c.id == column))
            .where(column.is_not(None), parent.c.id.is_(None), child.c.deleted_at.is_(None))
            .order_by(child.c.id)
        )
        if connection is not None:
            statement = statement.where(child.c.connection == connection)
        for record_id, missing in database.execute(statement.execution_options(yield_per=1000)):
            yield Orphan(reference, record_id, missing)
