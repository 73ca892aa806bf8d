"""What composing needs to know of the account that is written to: its origin field, types, nested fields, languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from deskferry.connectors.kit.contract import Crossings, Row

ORIGIN_LABEL = "Deskferry origin"
ORIGIN_KEY = "cf_deskferry_origin"
"""What the server makes of the label: `cf_` and a slug, with digits on a clash."""
ORIGIN_SETTING = "origin_field"
TYPE_KEY = "ticket_type"

CALL_LIMIT = 20 * 1024 * 1024
"""Bytes of all files of one call (reference; older texts say 15 MB)."""
TEXT_LIMIT = 60_000
"""Bytes of one text. The vendor documents no limit; columns of 64 KiB are what stays safe."""
SUBJECT_LIMIT = 255
TAG_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Desk:
    """The account as far as its pulled fields tell it."""

    origin_key: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    """Ticket types, folded → as the desk spells them."""
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """First key of a nested field → the keys of the levels below."""
    languages: frozenset[str] = frozenset()
    """Languages that contacts may have; empty: the desk has but one."""
    language: str | None = None
    """The desk's own language."""
    rating_steps: tuple[int, ...] = ()
    """The steps of the active survey, from the worst to the best; empty: there is none."""
    time_tracking: bool = False

    def origin(self, crossings: Crossings) -> str:
        """Return the key of the field that takes the mark of a ticket."""
        return crossings.setting(ORIGIN_SETTING) or self.origin_key or ORIGIN_KEY


def learned(fields: Sequence[Row], languages: frozenset[str] = frozenset()) -> Desk:
    """Return what the custom_field rows of an account tell."""
    types: dict[str, str] = {}
    parents: dict[str, str] = {}
    levels: dict[str, list[tuple[int, str]]] = {}
    origin = None
    for row in fields:
        if row.get("kind") != "ticket" or row.get("deleted_at"):
            continue
        key = str(row["key"])
        if row.get("source_object") == "ticket_field" and "/" not in str(row.get("source_id", "")):
            parents[str(row.get("source_id"))] = key
        if is_origin(row):
            origin = key
        if key == TYPE_KEY:
            types = {str(option["value"]).casefold(): str(option["value"]) for option in row.get("options") or ()}
    for row in fields:
        extra: Mapping[str, Any] = row.get("extra") or {}
        parent = parents.get(str(extra.get("ticket_field_id")))
        if parent is not None and extra.get("level"):
            levels.setdefault(parent, []).append((int(extra["level"]), str(row["key"])))
    below = {parent: tuple(key for _, key in sorted(found)) for parent, found in levels.items()}
    return Desk(origin, types, below, languages)


def is_origin(row: Row) -> bool:
    """Return whether a custom_field row is the field that we made for the mark."""
    return row.get("label") == ORIGIN_LABEL and row.get("is_active") is not False


def with_origin(desk: Desk, key: str) -> Desk:
    """Return the same desk with its origin field."""
    return replace(desk, origin_key=key)
