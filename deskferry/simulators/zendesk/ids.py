"""Zendesk's identifiers and times: 64-bit ids everywhere but on tickets, ISO seconds in UTC.

Ids are arithmetic on the keys of the account, so that any record can be found from its id without an index. Events
follow their audit in steps of 128, as they do in real accounts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

STEP: Final = 128
AUDIT_STEP: Final = 8192
MAX_AUDITS: Final = 8192
_AUDIT_BASE: Final = 24_000_000_000_000
BASES: Final = {
    "user": 23_111_599_000_020,
    "organization": 23_112_100_000_020,
    "group": 18_239_270_000_011,
    "brand": 23_111_567_000_036,
    "field": 23_111_598_000_068,
    "form": 23_111_598_700_036,
    "status": 23_111_598_900_044,
    "identity": 23_113_000_000_020,
    "membership": 23_114_000_000_020,
    "group_membership": 23_115_000_000_020,
    "address": 23_116_000_000_020,
    "rule": 23_117_000_000_020,
    "macro": 23_118_000_000_020,
    "sla": 23_119_000_000_020,
    "schedule": 23_120_000_000_020,
    "holiday": 23_121_000_000_020,
    "option": 23_122_000_000_020,
    "rating": 7_235_633_000_007,
    "metric": 23_304_514_000_008,
    "attachment": 23_400_000_000_001,
    "category": 23_130_000_000_020,
    "section": 23_131_000_000_020,
    "article": 23_132_000_000_020,
    "translation": 23_133_000_000_020,
    "segment": 23_134_000_000_020,
    "permission": 23_135_000_000_020,
    "article_attachment": 23_136_000_000_020,
    "role": 23_137_000_000_020,
}


def id_of(kind: str, key: int) -> int:
    """Return the id of the record with a key."""
    return BASES[kind] + key * STEP


def key_of(kind: str, identifier: int) -> int:
    """Return the key behind an id; whatever is no id of that kind has a key that nothing has."""
    key, rest = divmod(identifier - BASES[kind], STEP)
    return key if rest == 0 else -1


def id_range(kind: str, count: int) -> range:
    """Return the ids of the keys 1 to `count`."""
    return range(id_of(kind, 1), id_of(kind, count + 1), STEP)


def audit_id(ordinal: int, sequence: int) -> int:
    """Return the id of an audit: the n-th of the ticket at a position."""
    return _AUDIT_BASE + (ordinal * MAX_AUDITS + sequence) * AUDIT_STEP


def event_id(audit: int, place: int) -> int:
    """Return the id of an event of an audit."""
    return audit + STEP * (place + 1)


@lru_cache(maxsize=65536)
def iso(moment: int) -> str:
    """Return a time as Zendesk writes it: `2024-01-31T10:00:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_or_none(moment: int | None) -> str | None:
    """Return a time as text, or None."""
    return None if moment is None else iso(moment)


def seconds(text: str) -> int:
    """Return the Unix seconds of a time as Zendesk writes it."""
    return int(datetime.fromisoformat(text).timestamp())
