"""What findings say, in a language: a kept English text is read by the template of its rule and said by another.

A text that cannot be read so, or in two ways, stays English: one of an older version, say, or of a rule of one's own.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from deskferry.report.audit.kept_values import form_of
from deskferry.report.audit.rule_words import RuleText, english_of, family_values, rule_text
from deskferry.report.wording import Words
from deskferry.validate.crossing_checks import DECLARED, declared_check
from deskferry.validate.references import target_of


@dataclass(frozen=True, slots=True)
class Detail:
    """What a finding says."""

    text: str | None
    translated: bool
    """False: it is English in a report of another language."""


class Details:
    """What the findings of an audit say, in its language."""

    def __init__(self, words: Words, english: Mapping[str, RuleText]) -> None:
        self._words, self._english = words, english
        self._sentences: dict[str, tuple[Sentence, ...]] = {}

    def told(self, rule: str, detail: str | None) -> Detail:
        """Return the detail of a finding of a rule; as it is kept where the language has no words for it."""
        if self._words.language == "en" or not detail:
            return Detail(detail, translated=True)
        for sentence in self.sentences(rule):
            values = sentence.read(detail)
            if values is not None:
                return Detail(sentence.said(values, self._words), translated=True)
        return Detail(detail, translated=False)

    def sentences(self, rule: str) -> tuple[Sentence, ...]:
        """Return what a rule can say, as far as the language has words for it."""
        if rule not in self._sentences:
            self._sentences[rule] = tuple(self._translated(rule))
        return self._sentences[rule]

    def _translated(self, rule: str) -> Iterator[Sentence]:
        for name, english in self._details(rule).items():
            own = rule_text(self._words.language, f"{rule}.{name}") or self._of_family(rule)
            if own is not None and _fields(own) == _fields(english):
                yield _sentence(english, own, self._words.language)

    def _details(self, rule: str) -> Mapping[str, str]:
        found = self._english.get(rule)
        if found is None and rule.startswith(DECLARED):
            found = english_of([declared_check(rule.removeprefix(DECLARED))])[rule]
        return {} if found is None else found.details

    def _of_family(self, rule: str) -> str | None:
        """Return the template of a rule that there is for every reference, or for every declared measure."""
        family, _, rest = rule.partition(".")
        template = rule_text(self._words.language, f"family.{family}.detail")
        kind, _, column = rest.partition(".")
        # A rule of one's own may be called alike; its detail says something else.
        known = target_of(kind, column) is not None or self._words.has(f"audit.measure.{rest}")
        return template.format(**family_values(self._words, rule)) if template is not None and known else None


class Sentence:
    """An English template and that of another language, whose fields tell of what kind each value is."""

    def __init__(self, english: str, own: str, language: str) -> None:
        self.english = english
        self._parts = tuple(_parts(own))
        self.kinds = {name: kind for _text, name, kind in self._parts if name}
        self._forms = {name: form_of(kind, language) for name, kind in self.kinds.items()}
        # Of all ways to read a text these are the first and the last; they are the same where it is the only one.
        self._shortest, self._longest = self._pattern(".*?"), self._pattern(".*")

    def _pattern(self, anything: str) -> re.Pattern[str]:
        found = ""
        for text, name, _kind in _parts(self.english):
            found += re.escape(text)
            if name:
                pattern = self._forms[name].pattern
                found += f"(?P<{name}>{anything if pattern is None else f'{pattern}|None'})"
        return re.compile(found, re.DOTALL | re.ASCII)

    def read(self, text: str) -> dict[str, str] | None:
        """Return the values that the English template was filled in with; None where that is not certain."""
        found, other = self._shortest.fullmatch(text), self._longest.fullmatch(text)
        if found is None or other is None or found.groupdict() != other.groupdict():
            return None
        return found.groupdict()

    def said(self, values: Mapping[str, str], words: Words) -> str:
        """Return the sentence with these values in the other language."""
        return "".join(
            text + (self._forms[name].shown(values[name], words) if name else "") for text, name, _kind in self._parts
        )


@cache
def _sentence(english: str, own: str, language: str) -> Sentence:
    return Sentence(english, own, language)


def _parts(template: str) -> Iterator[tuple[str, str, str]]:
    """Yield text, the field after it and the kind of its values; both are empty at the end."""
    for text, name, kind, _conversion in string.Formatter().parse(template):
        yield text, name or "", kind or ""


def _fields(template: str) -> list[str]:
    return sorted(name for _text, name, _kind in _parts(template) if name)
