"""Which tickets are odd, and how: a fixed cast in front, so that small accounts have it too, then again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Final

from deskferry.simulators.account.people import Population

_PERIOD: Final = 97
_CAST: Final = {
    3: "no_subject",
    4: "empty_body",
    5: "huge_body",
    6: "inline_part",
    7: "inline_bare",
    8: "spam",
    9: "deleted",
    10: "merge_winner",
    11: "merge_loser",
    12: "problem",
    13: "incident",
    14: "incident",
    15: "closed",
    16: "follow_up",
    17: "long",
    18: "deleted_requester",
    19: "big_files",
    20: "huge_file",
    21: "file_gone",
    22: "file_flaky",
    23: "voice",
    24: "ai",
    25: "private_only",
    26: "dst",
    27: "dst",
    28: "dst",
    29: "dst",
    30: "burst",
    31: "burst",
    32: "burst",
    33: "burst",
    34: "astral",
    35: "rtl",
    36: "suspended_requester",
    37: "no_email",
    38: "ccs",
    39: "erased_requester",
    40: "duplicate",
    41: "task",
    42: "outbound",
}
_AGAIN: Final = frozenset(
    {3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 21, 23, 24, 25, 30, 31, 32, 33, 34, 35, 38, 41, 42}
)
_DST_EDGES: Final = {
    26: datetime(2025, 3, 30, 0, 59, 59, tzinfo=UTC),  # Europe/Madrid jumps from 02:00 to 03:00
    27: datetime(2025, 10, 26, 0, 30, 0, tzinfo=UTC),  # Europe/Madrid, 02:30 for the first time
    28: datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC),  # America/New_York jumps from 02:00 to 03:00
    29: datetime(2025, 11, 2, 5, 30, 0, tzinfo=UTC),  # America/New_York, 01:30 for the first time
}
_CHANNELS: Final = ("email",) * 6 + ("web", "web", "api", "chat", "help_center", "social")


def role_of(key: int, total: int) -> str:
    """Return what is odd about a ticket, or an empty string."""
    if not 1 <= key <= total:
        return ""
    if key <= _PERIOD - 1:
        role = _CAST.get(key, "")
        return "" if role == "huge_file" and total < 100 else role
    place = key % _PERIOD
    return _CAST.get(place, "") if place in _AGAIN else ""


def moment_of(population: Population, key: int, total: int, role: str) -> int:
    """Return when a ticket was created: keys follow time, but for a few that were brought in later."""
    if role == "dst" and key in _DST_EDGES:
        return int(_DST_EDGES[key].timestamp())
    slot = (population.now - population.start - 7200) / total
    place = key - 1
    if role == "burst":  # the four of a burst in one second
        place -= (key % _PERIOD) - 30
    jitter = random.Random(f"{population.seed}/moment/{place}").random()
    return population.start + int((place + jitter) * slot)


def channel_of(role: str, rng: random.Random) -> str:
    """Return how a ticket came in."""
    fixed = {"voice": "phone", "private_only": "web", "ai": "chat", "huge_body": "web", "outbound": "web"}
    return fixed.get(role) or rng.choice(_CHANNELS)
