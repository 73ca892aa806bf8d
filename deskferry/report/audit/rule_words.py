"""What rules are called and what to do about their findings, in a language; in English where nobody translated it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from deskferry.report.excerpt import excerpt
from deskferry.report.wording import Words, tables
from deskferry.validate.rule import Rule

_NAME = 160
_FILES = "rules"
"""Words of rules lie in files of this name, or that begin with it."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in English, as the rule itself says it."""

    name: str
    advice: str


@dataclass(frozen=True, slots=True)
class Told:
    """A rule in words."""

    name: str
    advice: str
    translated: bool
    """False: these are English on a page of another language."""


def told(words: Words, rule: str, english: Mapping[str, RuleText], advice: str = "") -> Told:
    """Return a rule in words; one that nobody describes (of an older version, say) is named by its id."""
    own = {what: _text(words.language, f"{rule}.{what}") for what in ("name", "advice")}
    if own["name"] is not None:
        return Told(own["name"], own["advice"] or advice, translated=own["advice"] is not None)
    found, in_english = english.get(rule), words.language == "en"
    family = _family(words, rule) if found is None or not in_english else None
    if family is not None:
        return family
    if found is None:
        return Told(rule, advice, translated=in_english)
    name = excerpt(found.name, _NAME) or {"text": rule}
    return Told(name["text"], found.advice, translated=in_english)


def _text(language: str, key: str) -> str | None:
    return _texts(language).get(key)


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Return the texts of all files of rules."""
    split = ((key.partition("."), text) for key, text in tables(language).items())
    return {rest: str(text) for (file, _, rest), text in split if file.startswith(_FILES)}


def _family(words: Words, rule: str) -> Told | None:
    """Return the words of a rule that there is for every reference, or for every measure that vendors declare."""
    family, _, rest = rule.partition(".")
    if not words.has(f"audit.family.{family}.name"):
        return None
    kind, _, column = rest.partition(".")
    values = {"kind": words.or_code(f"kinds.{kind}"), "column": column or rest,
              "measure": words.or_code(f"audit.measure.{rest}")}  # fmt: skip
    name, advice = (words(f"audit.family.{family}.{what}", **values) for what in ("name", "advice"))
    return Told(name, advice, translated=True)


def english_of(rules: Iterable[Rule]) -> dict[str, RuleText]:
    """Return the English words of rules by their ids."""
    return {one.id: RuleText(one.name, one.advice) for one in rules}
