"""The section `[validate]` of deskferry.toml: severities, thresholds, exceptions, own rules."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from deskferry.canonical_schema import KINDS, column_names
from deskferry.errors import ConfigError
from deskferry.toml_table import Table, did_you_mean
from deskferry.validate.crossing_checks import DECLARED
from deskferry.validate.finding import Severity
from deskferry.validate.own_rules import own_rule
from deskferry.validate.rule import Rule

KEEP_RUNS = 30
_KEYS = ("keep_runs", "rules", "own")
_RULE_KEYS = ("severity", "except")
_OFF = "off"
_KINDS = tuple(kind.value for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Records that a rule may not object to."""

    records: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()
    """Column of the rule's kind, and the value in it that is allowed."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What is configured for one rule."""

    severity: Severity | None = None
    """None: its own."""
    off: bool = False
    exceptions: Exceptions = Exceptions()
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Settings:
    """What is configured for validation."""

    rules: Mapping[str, RuleSettings] = field(default_factory=lambda: MappingProxyType({}))
    own: tuple[Rule, ...] = ()
    keep_runs: int = KEEP_RUNS
    """Runs whose findings are kept; scores of all are."""

    def of(self, rule: str) -> RuleSettings:
        """Return what is configured for a rule."""
        return self.rules.get(rule, RuleSettings())

    def applied(self, rule: Rule) -> Rule:
        """Return a rule with its severity and thresholds as configured."""
        told = self.of(rule.id)
        options = MappingProxyType({**rule.options, **told.options})
        return replace(rule, severity=told.severity or rule.severity, options=options)


def settings_of(section: Table, rules: Iterable[Rule]) -> Settings:
    """Return the settings of a section; raises ConfigError that names what is near to what is unknown."""
    section.only(*_KEYS)
    own = tuple(own_rule(one) for one in _own_tables(section))
    known: dict[str, Rule] = {}
    for rule in (*rules, *own):
        if rule.id in known:
            raise ConfigError(f"{section.place}: there are two rules {rule.id!r}.", "Give yours another id.")
        known[rule.id] = rule
    found = dict(_rule_settings(name, table, known) for name, table in section.table("rules").tables())
    keep_runs = section.whole("keep_runs", 100_000)
    if keep_runs == 1:
        raise section.wrong("keep_runs", "must be at least 2.", "What is new is told by the run before.")
    return Settings(MappingProxyType(found), own, KEEP_RUNS if keep_runs is None else keep_runs)


def _own_tables(section: Table) -> list[Table]:
    given = section.values.get("own", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise section.wrong("own", "must be tables.", "Write [[validate.own]] and the rule below.")
    outer = section.place.removesuffix("]")
    return [Table(one, f"{outer}.own] number {place}", section.directory) for place, one in enumerate(given, 1)]


def _rule_settings(name: str, table: Table, known: Mapping[str, Rule]) -> tuple[str, RuleSettings]:
    rule = known.get(name)
    if rule is None and not name.startswith(DECLARED):
        advice = did_you_mean(name, known) or "docs/validation.md lists all rules."
        raise ConfigError(f"{table.place}: there is no rule {name!r}.", advice)
    options = {} if rule is None else rule.options
    table.only(*_RULE_KEYS, *options)
    severity = table.text("severity")
    words = (*(one.value for one in Severity), _OFF)
    if severity is not None and severity not in words:
        raise table.wrong(
            "severity", f"is {severity!r}.", did_you_mean(severity, words) or f"Choose {', '.join(words)}."
        )
    chosen = {key: _like(table, key, options[key]) for key in options if key in table.values}
    return name, RuleSettings(
        severity=Severity(severity) if severity not in (None, _OFF) else None,
        off=severity == _OFF,
        exceptions=_exceptions(table, None if rule is None else rule.kind),
        options=MappingProxyType(chosen),
    )


def _like(table: Table, key: str, default: Any) -> Any:
    """Return a threshold; it must be of the kind of its default."""
    value = table.values[key]
    if isinstance(default, bool):
        return table.flag(key)
    if isinstance(default, numbers.Real):
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise table.wrong(key, f"must be a number, not {value!r}.")
        return value
    if isinstance(default, tuple):
        return table.texts(key)
    return table.text(key)


def _exceptions(table: Table, kind: str | None) -> Exceptions:
    records, values = [], []
    for given in table.texts("except") or ():
        name, equals, value = (part.strip() for part in given.partition("="))
        if not equals:
            records.append(given)
            continue
        if kind not in _KINDS:
            raise table.wrong("except", f"names {given!r}, and these records have no fields.", "Name their ids.")
        known = column_names(kind)
        if name not in known:
            advice = did_you_mean(name, known) or f"Columns of {kind}: docs/canonical-schema.md."
            raise table.wrong("except", f"names {name!r}: {kind} has no such column.", advice)
        values.append((name, value))
    return Exceptions(frozenset(records), tuple(values))
