"""Sentences that the metrics make in English (populations, notes, reasons) → the same in another language.

Numbers and names stand in them, so that they are found by templates: the keys of `words/<language>/sentences.toml`.
"""

from __future__ import annotations

import re
import string
from functools import cache

from deskferry.metrics.cards import CARDS
from deskferry.report.wording import Words, tables

_FILE = "sentences."


def in_language(words: Words, text: str | None) -> str | None:
    """Return a sentence of the metrics in a language; as it is where nobody has translated it."""
    if text is None or words.language == "en":
        return text
    known = _known(words.language)
    if text in known:
        return known[text]
    for pattern, template in _patterns(words.language):
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            return template.format(**{name: known.get(value, value) for name, value in parts.items()})
    message, colon, rest = text.partition(": ")
    return f"{known[message]}: {rest}" if colon and message in known else text


@cache
def _known(language: str) -> dict[str, str]:
    """Return every sentence without a number or name, and the messages of the cards."""
    told = {card.message.en: card.message.in_language(language) for card in CARDS.values()}
    return told | {key: text for key, text in _templates(language).items() if not _fields(key)}


@cache
def _patterns(language: str) -> list[tuple[re.Pattern[str], str]]:
    return [(pattern_of(key), text) for key, text in _templates(language).items() if _fields(key)]


@cache
def _templates(language: str) -> dict[str, str]:
    found = tables(language)
    return {key.removeprefix(_FILE): str(text) for key, text in found.items() if key.startswith(_FILE)}


def _fields(template: str) -> list[str]:
    return [name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name]


def pattern_of(template: str) -> re.Pattern[str]:
    """Return what recognises the sentences that a template makes."""
    parts = string.Formatter().parse(template)
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _spec, _c in parts), re.DOTALL
    )
