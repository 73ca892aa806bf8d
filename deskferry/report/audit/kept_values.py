"""Values as the details of findings keep them: how each is recognised, and how a report in a language writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deskferry.report.wording import Words, tables

_NOTHING, _DASH = "None", "–"
_EXACT = 15
"""Digits that a number has at most to be written anew: more would lose some."""


@dataclass(frozen=True, slots=True)
class ValueForm:
    """What values of one kind look like; without a pattern they are any text, and stay as they are."""

    pattern: str | None
    write: Callable[[str, Words], str]

    def shown(self, value: str, words: Words) -> str:
        """Return a value as the language writes it."""
        return _DASH if value == _NOTHING and self.pattern is not None else self.write(value, words)


def form_of(name: str, language: str) -> ValueForm:
    """Return how values of a kind are read and written; raises KeyError for a kind that is not known."""
    if name in _WORDS:
        return ValueForm(_either(_codes(_WORDS[name], language)), _word(_WORDS[name]))
    if name == "forms":
        named = (code.replace("_", " ") for code in _codes(_FORMS, language) if code != _UNIT)
        one = rf"\d+ (?:{_either(named)}|{_UNIT} [A-Za-z€$£%]+)"
        return ValueForm(f"{one}(?:, {one})*", _forms)
    return _PLAIN[name]


def _as_it_is(value: str, _words: Words) -> str:
    return value


def _amount(value: str, words: Words) -> str:
    whole, _point, rest = value.lstrip("-").partition(".")
    if len(rest) > 3 or len(whole) + len(rest) > _EXACT:
        return value
    return words.number(float(value))


def _word(table: str) -> Callable[[str, Words], str]:
    def write(value: str, words: Words) -> str:
        text = words(f"{table}.{value}")
        return text[:1].lower() + text[1:] if table in _HEADINGS else text

    return write


def _forms(value: str, words: Words) -> str:
    """Return the forms that values of a custom field are written in, each with its number."""
    return ", ".join(_counted_form(one, words) for one in value.split(", "))


def _counted_form(one: str, words: Words) -> str:
    count, _space, name = one.partition(" ")
    key = f"{_FORMS}.{name.replace(' ', '_')}"
    said = words(key) if words.has(key) else words(f"{_FORMS}.{_UNIT}", unit=name.removeprefix(f"{_UNIT} "))
    return f"{_amount(count, words)} {said}"


def _codes(table: str, language: str) -> list[str]:
    return [key.removeprefix(f"{table}.") for key in tables(language) if key.startswith(f"{table}.")]


def _either(codes: Iterable[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(codes, key=len, reverse=True))


_FORMS, _UNIT = "rules_values.form", "in"
_WORDS: Mapping[str, str] = {
    "status": "statuses", "role": "roles", "kind": "kinds", "fetch": "audit.fetch",
    **{name: f"rules_values.{name}" for name in (
        "author", "message", "state", "direction", "survey", "work", "metric", "flag")},
}  # fmt: skip
"""Kinds of canonical words → the table that has them."""
_HEADINGS = frozenset({"statuses", "kinds"})
"""Tables whose words begin with a capital letter, as headings do."""
_PLAIN: Mapping[str, ValueForm] = {
    "": ValueForm(None, _as_it_is),
    "time": ValueForm(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d)?", _as_it_is),
    "month": ValueForm(r"\d{4}-\d\d", _as_it_is),
    "digits": ValueForm(r"-?\d+", _as_it_is),
    "amount": ValueForm(r"-?\d+(?:\.\d+)?", _amount),
    "code": ValueForm(r"[a-z][a-z0-9_]*", _as_it_is),
}
"""Kinds of other values; times keep every digit, since two of them may differ by a part of a second."""
