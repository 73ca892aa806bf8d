"""The text of a ticket as it is compared: a hash of what it says, and a sketch that tells near equality."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

SKETCH = 32
_COMPARED = 6_000
_LEAST_WORDS = 5
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r"^\s*>.*$", re.MULTILINE)
_AUTOMATIC = re.compile(
    r"\b(?:auto(?:matic|mated|matische|matica|matique)?[ -]?(?:reply|response|antwort|respuesta)"
    r"|respuesta autom[aá]tica|r[eé]ponse automatique|out of (?:the )?office|abwesenheit|fuera de (?:la )?oficina"
    r"|undeliver(?:able|ed)"
    r"|delivery (?:status|failure)|mail delivery|returned mail|failure notice)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is compared."""

    digest: str
    sketch: tuple[int, ...]
    """The smallest hashes of its runs of three words: how many two texts have in common estimates their likeness."""


def compared_text(text: str | None) -> Text | None:
    """Return a text as it is compared; None for one that is too short to say that two are the same."""
    words = _WORD.findall(_QUOTED.sub("", (text or "")[:_COMPARED]).casefold())
    if len(words) < _LEAST_WORDS:
        return None
    digest = hashlib.blake2b(" ".join(words).encode(errors="replace"), digest_size=12).hexdigest()
    runs = {zlib.crc32(" ".join(words[at : at + 3]).encode(errors="replace")) for at in range(len(words) - 2)}
    return Text(digest, tuple(sorted(runs)[:SKETCH]))


def likeness(one: tuple[int, ...] | list[int], other: tuple[int, ...] | list[int]) -> float:
    """Return about which share of their runs of words two texts have in common."""
    first, second = set(one), set(other)
    smallest = sorted(first | second)[:SKETCH]
    return sum(run in first and run in second for run in smallest) / len(smallest) if smallest else 0.0


def is_automatic(subject: str | None) -> bool:
    """Whether a subject is that of an automatic answer or a bounce."""
    return _AUTOMATIC.search(subject or "") is not None
