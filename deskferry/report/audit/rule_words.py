"""What rules are called and what to do about their findings, in a language; in English where nobody translated it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from deskferry.report.excerpt import excerpt
from deskferry.report.wording import Words, tables
from deskferry.validate.references import target_of
from deskferry.validate.rule import Rule

_NAME = 160
_FILES = "rules"
"""Words of rules lie in files of this name, or that begin with it."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in English, as the rule itself says it."""

    name: str
    advice: str
    details: Mapping[str, str] = field(default_factory=dict)
    """Templates of what its findings say; each is called as its translation is, after the id of the rule."""


@dataclass(frozen=True, slots=True)
class Told:
    """A rule in words."""

    name: str
    advice: str
    translated: bool
    """False: these are English on a page of another language."""


def told(words: Words, rule: str, english: Mapping[str, RuleText], advice: str = "") -> Told:
    """Return a rule in words; one that nobody describes (of an older version, say) is named by its id."""
    own = {what: rule_text(words.language, f"{rule}.{what}") for what in ("name", "advice")}
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


def rule_text(language: str, key: str) -> str | None:
    """Return a text of the files of rules; None where there is none."""
    return _texts(language).get(key)


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Return the texts of all files of rules."""
    split = ((key.partition("."), text) for key, text in tables(language).items())
    return {rest: str(text) for (file, _, rest), text in split if file.startswith(_FILES)}


def _family(words: Words, rule: str) -> Told | None:
    """Return the words of a rule that there is for every reference, or for every measure that vendors declare."""
    family = rule.partition(".")[0]
    if not words.has(f"audit.family.{family}.name"):
        return None
    values = family_values(words, rule)
    name, advice = (words(f"audit.family.{family}.{what}", **values) for what in ("name", "advice"))
    return Told(name, advice, translated=True)


def family_values(words: Words, rule: str) -> dict[str, str]:
    """Return what the texts of a family are filled in with: what the id of one of its rules tells."""
    _family, _, rest = rule.partition(".")
    kind, _, column = rest.partition(".")
    return {"kind": words.or_code(f"kinds.{kind}"), "column": column or rest,
            "target": words.or_code(f"kinds.{target_of(kind, column)}"),
            "measure": words.or_code(f"audit.measure.{rest}")}  # fmt: skip


def english_of(rules: Iterable[Rule]) -> dict[str, RuleText]:
    """Return the English words of rules by their ids."""
    return {one.id: RuleText(one.name, one.advice, _details_of(one)) for one in rules}


def _details_of(rule: Rule) -> dict[str, str]:
    several = {f"detail_{name}": text for name, text in rule.details.items()}
    return several or ({"detail": rule.detail} if rule.detail else {})
