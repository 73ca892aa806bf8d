"""What a user asks, as words: names with options, and the section `[metrics]` → metrics and a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from deskferry.errors import ConfigError
from deskferry.metrics.cards import CARDS
from deskferry.metrics.definition import Metric
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS, metric_named
from deskferry.toml_table import Table

_OWN = ("timezone", "preset", "floor", "partial_below", "schedule", "exclude")
"""Keys of `[metrics]` that hold for all metrics; every other key is the table of one."""


def asked(names: Iterable[str], given: Mapping[str, Any], section: Table) -> tuple[list[Metric], Question]:
    """Return the metrics that words such as `M07` or `volume:include_merged=true` name, and the question with options.

    No name: all metrics. `given` are fields of the question; what it leaves out comes from the section, and options of
    the words win over its own.
    """
    chosen, options = _named(names)
    settings = {key: dict(values) for key, values in _sections(section).items()}
    for metric, values in options.items():
        settings[metric] = settings.get(metric, {}) | values
    return chosen, Question(**{**_configured(section), **given}, settings=MappingProxyType(settings))


def question_of(given: Mapping[str, Any], section: Table) -> Question:
    """Return what is asked of all metrics alike."""
    return Question(**{**_configured(section), **given})


def _named(names: Iterable[str]) -> tuple[list[Metric], dict[str, dict[str, str]]]:
    chosen: dict[str, Metric] = {}
    options: dict[str, dict[str, str]] = {}
    for words in names:
        name, _colon, rest = words.partition(":")
        metric = metric_named(name.strip())
        chosen[metric.card_id] = metric
        for part in filter(None, rest.split(",")):
            key, equals, value = part.partition("=")
            if not equals:
                raise ConfigError(f"{words!r}: {part!r} is no option.", "Write NAME:option=value,option=value.")
            options.setdefault(metric.card.slug, {})[key.strip()] = value.strip()
    return list(chosen.values()) or list(METRICS.values()), options


def _configured(section: Table) -> dict[str, Any]:
    """Return what the configuration says of every question."""
    section.only(*_OWN, *(card.slug for card in CARDS.values()))
    told: dict[str, Any] = {
        "timezone": section.text("timezone"), "preset": section.text("preset"), "schedule": section.text("schedule"),
        "floor": section.whole("floor", 1_000_000), "partial_below": section.number("partial_below", 0, 1),
        "exclude": section.texts("exclude"),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _sections(section: Table) -> Mapping[str, Mapping[str, Any]]:
    tables = Table({key: value for key, value in section.values.items() if key not in _OWN}, section.place,
                   section.directory)  # fmt: skip
    return {name: table.values for name, table in tables.tables()}
