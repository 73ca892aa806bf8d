"""How one flag is found: a quick pattern that misses nothing, and a judge that counts what is really there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

import jsonschema_rs

from deskferry.text_flags.flags import Flag

Sieve = Callable[[str], bool]


@cache
def sieve(pattern: str) -> Sieve:
    """Return whether a text matches anywhere, in linear time; raises UnicodeEncodeError for lone surrogates.

    The engine is Rust's `regex`, which `pattern` of a JSON Schema brings along: it looks for all alternatives at once,
    fifty times as fast as `re`. It knows no lookaround and no backreference.
    """
    return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()).is_valid


@dataclass(frozen=True)
class Detector:
    """How one flag is found."""

    flag: Flag
    suspects: str
    """Pattern of the sieve: every text with a finding matches it, and few others."""
    places: Callable[[str], Iterable[int]]
    """Yields where in a text something is found."""
    least: int = field(default=1)
    """Places below which there is no finding."""

    def count(self, text: str) -> int:
        """Return how often the flag applies."""
        if not sieve(self.suspects)(text):
            return 0
        found = sum(1 for _at in self.places(text))
        return found if found >= self.least else 0
