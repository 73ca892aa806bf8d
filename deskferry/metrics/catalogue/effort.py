"""M15,M16,M17,M18,M19,M36."""

from __future__ import annotations

from deskferry.metrics.definition import Metric

METRICS: tuple[Metric, ...] = ()
