"""M25,M26,M27,M28,M29."""

from __future__ import annotations

from deskferry.metrics.definition import Metric

METRICS: tuple[Metric, ...] = ()
