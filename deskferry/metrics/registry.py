"""All metrics that are built, by number."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deskferry.errors import ConfigError
from deskferry.metrics.cards import CARDS
from deskferry.metrics.catalogue import (
    agents,
    customers,
    distribution,
    effort,
    forecast,
    handling,
    help_centre,
    resolutions,
    responses,
    service_levels,
    status_times,
    surveys,
    voices,
    volume,
)
from deskferry.metrics.definition import Metric
from deskferry.toml_table import did_you_mean

_THEMES = (volume, responses, resolutions, status_times, forecast, effort, service_levels, surveys, agents, handling,
           customers, help_centre, voices, distribution)  # fmt: skip

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        one.card_id: one
        for one in sorted((one for theme in _THEMES for one in theme.METRICS), key=lambda one: one.card_id)
    }
)
"""Number → metric."""


def metric_named(name: str) -> Metric:
    """Return a metric by its number or its slug."""
    for one in METRICS.values():
        if name.lower() in (one.card_id.lower(), one.card.slug):
            return one
    known = [card.slug for card in CARDS.values()]
    raise ConfigError(f"There is no metric {name!r}.", did_you_mean(name, known) or "See `deskferry metrics --help`.")
