"""Addresses, numbers and names as they are compared: what is written in several ways comes out the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

from deskferry.store.snapshot import needed

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "herr", "frau", "sr", "sra", "srta", "don", "dona", "mme",
    "mlle", "ing", "lic",
})  # fmt: skip
_SUFFIXES = frozenset({"jr", "junior", "senior", "ii", "iii", "iv"})
_EXTENSION = re.compile(r"(?:ext\.?|x|#)\s*(\d{1,6})\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An e-mail address as it is compared."""

    address: str
    """What the provider takes for one address: case, Gmail's dots and tags (https://support.google.com/mail/answer/7436150)."""
    box: str
    """Without the tag after a plus: many providers deliver there, not all do."""


def mailbox(address: str | None) -> Mailbox | None:
    """Return an e-mail address as it is compared; None for what is no address."""
    text = (address or "").strip().strip("<>").casefold()
    if not _ADDRESS.fullmatch(text):
        return None
    local, _, domain = text.rpartition("@")
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    bare = local.split("+", 1)[0] or local
    if domain in _GMAIL:
        only = f"{bare.replace('.', '') or bare}@gmail.com"
        return Mailbox(only, only)
    return Mailbox(f"{local}@{domain}", f"{bare}@{domain}")


class Phones:
    """Phone numbers as E.164; those without a country code are taken for numbers of the account's country."""

    def __init__(self, country: str | None) -> None:
        (self._library,) = needed("phonenumbers", extra="duplicates")
        self.country = country

    def e164(self, number: str | None) -> str | None:
        """Return a number as E.164, its extension after `;ext=`; None for what is no number."""
        return _e164(self._library, (number or "").strip(), self.country)


@lru_cache(maxsize=100_000)
def _e164(library: ModuleType, number: str, country: str | None) -> str | None:
    text = "+" + number[2:] if number.startswith("00") else number
    if sum(one.isdigit() for one in text) < 6:
        return None
    try:
        parsed = library.parse(text, country)
    except library.NumberParseException:
        digits = re.sub(r"\D", "", _EXTENSION.sub("", text))
        return digits if len(digits) >= 7 else None
    if not library.is_possible_number(parsed):
        return None
    plain = str(library.format_number(parsed, library.PhoneNumberFormat.E164))
    return f"{plain};ext={parsed.extension}" if parsed.extension else plain


def country_of(numbers: Iterable[str], languages: Iterable[str | None] = ()) -> str | None:
    """Return the country that most international numbers are of, else the one that languages name."""
    (library,) = needed("phonenumbers", extra="duplicates")
    found: Counter[str] = Counter()
    for number in numbers:
        text = "+" + number.strip()[2:] if number.strip().startswith("00") else number.strip()
        if not text.startswith("+"):
            continue
        try:
            region = library.region_code_for_number(library.parse(text, None))
        except library.NumberParseException:
            continue
        found.update([region] if region and region != "001" else [])
    if not found:
        found.update(
            tag.rsplit("-", 1)[-1].upper()
            for tag in languages
            if tag and re.fullmatch(r"[A-Za-z]{2,3}-[A-Za-z]{2}", tag)
        )
    return found.most_common(1)[0][0] if found else None


def folded_text(text: Any) -> str | None:
    """Return a text in plain lower-case letters and digits: accents, scripts, punctuation and blanks do not differ."""
    (anyascii,) = needed("anyascii", extra="duplicates")
    plain = str(anyascii.anyascii(str(text))).casefold() if text is not None else ""
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.replace("'", "")).split()) or None


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is compared."""

    given: str | None
    family: str | None
    suffix: str | None
    """What tells a son from his father."""

    @property
    def key(self) -> str | None:
        """All words in the order of the alphabet: the same when given and family name are swapped."""
        words = sorted((f"{self.given or ''} {self.family or ''}").split())
        return " ".join(words) if len(words) > 1 else None


def person_name(name: str | None, first: str | None, last: str | None, addresses: Iterable[str] = ()) -> Name:
    """Return the name of a person; an address in the place of a name is none."""
    if first is None and last is None:
        if not name or "@" in name or not any(one.isalpha() for one in name):
            return Name(None, None, None)
        first, last = _split(name)
    given, suffix = _words(first)
    family, other = _words(last)
    found = Name(given, family, suffix or other)
    local_parts = {folded_text(one.split("@", 1)[0]) for one in addresses}
    alone = found.given if found.family is None else found.family if found.given is None else None
    return Name(None, None, None) if alone is not None and alone in local_parts else found


def _split(name: str) -> tuple[str | None, str | None]:
    family, comma, given = name.partition(",")
    if comma and given.strip() and (folded_text(given) or "") not in _SUFFIXES:
        return given, family
    words = name.replace(",", " ").split()
    while len(words) > 1 and (folded_text(words[0]) or "") in _TITLES:
        words = words[1:]
    return (words[0], " ".join(words[1:]) or None) if words else (None, None)


def _words(part: str | None) -> tuple[str | None, str | None]:
    """Return a part of a name without titles, and its suffix."""
    words = (folded_text(part) or "").split()
    suffix = next((word for word in words if word in _SUFFIXES), None)
    kept = [word for word in words if word not in _SUFFIXES]
    while len(kept) > 1 and kept[0] in _TITLES:
        kept = kept[1:]
    return " ".join(kept) or None, {"junior": "jr", "senior": "sr"}.get(suffix or "", suffix)
