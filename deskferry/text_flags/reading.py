"""Text → flags, by what kind of text it is."""

from __future__ import annotations

from collections import Counter
from enum import Enum

from deskferry.text_flags import characters, credentials, numbers
from deskferry.text_flags.detector import Detector, Sieve, sieve
from deskferry.text_flags.flags import Found
from deskferry.text_flags.markup import IN_PLAIN, PLACEHOLDERS

_ANYWHERE = (*characters.DETECTORS, *numbers.DETECTORS, *credentials.DETECTORS)


class Reading(Enum):
    """As what a text is read."""

    PLAIN = (*_ANYWHERE, PLACEHOLDERS, *IN_PLAIN)
    """Without markup."""
    MARKUP = (*_ANYWHERE, PLACEHOLDERS)
    """HTML."""
    TEMPLATE = _ANYWHERE
    """Of macros and articles, where tags and placeholders are in their place; and JSON of custom fields."""

    def __init__(self, *detectors: Detector) -> None:
        self.detectors = detectors
        self.suspects: Sieve = sieve("|".join(f"(?:{one.suspects})" for one in detectors))


def scan(text: str, reading: Reading = Reading.PLAIN) -> Found | None:
    """Return what is found in a text and how often; None for nothing. Never raises."""
    try:
        suspect = reading.suspects(text)
    except UnicodeEncodeError:  # a lone surrogate
        text = text.encode("utf-8", "replace").decode()
        suspect = reading.suspects(text)
    if not suspect:
        return None
    found = Counter({one.flag: count for one in reading.detectors if (count := one.count(text))})
    return found or None
