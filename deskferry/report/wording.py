"""The words of reports in a language, with its numbers, dates and plurals (CLDR, by Babel)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from deskferry.canonical_schema import parse_time_text

LANGUAGES = ("en", "es")
_UNITS = ("B", "kB", "MB", "GB", "TB")
_PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
Leaf = str | Mapping[str, str]


@cache
def tables(language: str) -> Mapping[str, Leaf]:
    """Return every word of a language by its dotted key; the first step of a key is the name of its file."""
    folder = resources.files("deskferry.report").joinpath("words", language)
    found: dict[str, Leaf] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            found.update(_flat(document, (file.name.removesuffix(".toml"),)))
    return found


def _flat(document: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, Leaf]]:
    for name, value in document.items():
        if isinstance(value, str) or (isinstance(value, dict) and set(value) <= _PLURALS):
            yield ".".join((*path, name)), value
        else:
            yield from _flat(value, (*path, name))


class Words:
    """One language: texts by key, and how it writes numbers and times."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._locale = Locale.parse(language)
        self._tables = tables(language)

    def has(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in self._tables

    def __call__(self, key: str, **values: Any) -> str:
        """Return a text with its values filled in; numbers as the language writes them, `n` chooses the plural."""
        found = self._tables[key]
        if not isinstance(found, str):
            form = self._locale.plural_form(values.get("n", 0))
            found = found.get(form, found["other"])
        return found.format(**{name: self._shown(value) for name, value in values.items()})

    def or_code(self, key: str) -> str:
        """Return a text, or the last step of its key where there is none: a code of a newer connector, say."""
        return self(key) if self.has(key) else key.rpartition(".")[2].replace("_", " ")

    def _shown(self, value: Any) -> str:
        return self.number(value) if isinstance(value, (int, float)) else str(value)

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Return a number; "–" where it is unknown."""
        if value is None:
            return "–"
        pattern = None if digits is None else "#,##0." + "#" * digits
        return format_decimal(value, format=pattern, locale=self._locale, group_separator=True)

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share of 1 as a percentage; 100 % is said of all only, never of nearly all."""
        if share < 1:
            share = min(share, 1 - 10 ** -(2 + digits))
        pattern = self._locale.percent_formats[None].pattern
        if digits:
            pattern = pattern.replace("0", "0." + "#" * digits, 1)
        return format_percent(share, format=pattern, locale=self._locale)

    def moment(self, value: Any) -> str:
        """Return an instant (canonical text) as date and time in UTC; "–" where it is unknown."""
        if not value:
            return "–"
        instant = value if isinstance(value, datetime) else parse_time_text(str(value))
        return format_datetime(instant.astimezone(UTC), "medium", locale=self._locale) + " UTC"

    def size(self, count: int) -> str:
        """Return a number of bytes in the unit that suits it."""
        amount, unit = float(count), 0
        while amount >= 1000 and unit < len(_UNITS) - 1:
            amount, unit = amount / 1000, unit + 1
        return f"{self.number(amount, 1)} {_UNITS[unit]}"

    def hours(self, hours: float | None) -> str:
        """Return a length of time in hours, or in minutes where it is short."""
        if hours is None:
            return "–"
        minutes = hours * 60
        if minutes < 90:
            return self("page.minutes", n=max(1, round(minutes)))
        return self("page.hours", n=hours if hours < 10 else round(hours), hours=self.number(hours, 1))
