"""The flags, and how a record keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Flag(StrEnum):
    """Something about a text that a rule objects to."""

    BLANK = "blank"
    CARD_NUMBER = "card_number"
    CONTROL_CHARACTER = "control_character"
    CUT_OFF = "cut_off"
    ENTITY_IN_PLAIN = "entity_in_plain"
    HTML_IN_PLAIN = "html_in_plain"
    MOJIBAKE = "mojibake"
    NATIONAL_ID = "national_id"
    PASSWORD = "password"  # noqa: S105 - the name of a flag
    QUOTED_ONLY = "quoted_only"
    REPLACEMENT_CHARACTER = "replacement_character"
    SECRET = "secret"  # noqa: S105 - the name of a flag
    TEMPLATE = "template"


Found = Counter[Flag]
"""How often each flag applies to one text."""


def told(found: Mapping[str, Found]) -> str | None:
    """Return the flags of a record's columns as `flag@column:count`, sorted and comma-separated; None for none."""
    parts = sorted(f"{flag}@{column}:{count}" for column, one in found.items() for flag, count in one.items())
    return ",".join(parts) or None
