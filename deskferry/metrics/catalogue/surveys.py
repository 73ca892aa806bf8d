"""M21,M22,M23,M24,M30."""

from __future__ import annotations

from deskferry.metrics.definition import Metric

METRICS: tuple[Metric, ...] = ()
