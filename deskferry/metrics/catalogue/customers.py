"""M33,M34,M37,M44."""

from __future__ import annotations

from deskferry.metrics.definition import Metric

METRICS: tuple[Metric, ...] = ()
