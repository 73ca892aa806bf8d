"""What every canonical table has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

from deskferry.canonical_schema import json_shapes as shapes
from deskferry.canonical_schema.columns import choice, json_value, key, text, time
from deskferry.canonical_schema.enums import DeletionEvidence

_REGISTRY = registry()
metadata: MetaData = _REGISTRY.metadata


class Canonical(SQLModel, registry=_REGISTRY):
    """The columns that every canonical table begins with."""

    id: str = key("`<connection>:<object>:<vendor id>`, or `<parent id>/<what>/<key>` for a part without an id")
    connection: str = text("The account that the row comes from, as the user named it", required=True)
    vendor: str = text("The platform of that account, e.g. `zendesk`, or `files`", required=True)
    source_object: str = text("The vendor's own name for the object, singular, e.g. `comment`", required=True)
    source_id: str = text("The vendor's id as text", required=True)
    source_url: str | None = text("Where a person can look at the record at the vendor")
    created_at: datetime | None = time("When the record was created at the vendor")
    updated_at: datetime | None = time("When the record was last changed at the vendor")
    deleted_at: datetime | None = time("When the record was deleted, or first found to be gone; NULL while it lives")
    deletion_evidence: str | None = choice(DeletionEvidence, "How we know that the record is gone")
    content_hash: str = text("Hash of the content without volatile columns: equal means unchanged", required=True)
    synced_at: datetime = time("When this row's content was last written here", required=True)
    extra: Any = json_value(shapes.OBJECT, "What the vendor has and this schema does not, by the vendor's names")
    raw_record_id: str | None = text("The raw record that this row was mapped from")


def by_raw_record(table: str) -> Index:
    """Return the index by which the parts that one raw record yields are found and replaced together."""
    return Index(f"ix_{table}_raw_record_id", "raw_record_id")


def text_flags() -> Any:
    """Return the column of what is wrong with a record's texts."""
    return text("What is wrong with its texts: `flag@column:count`, sorted, comma-separated; never the text itself")
