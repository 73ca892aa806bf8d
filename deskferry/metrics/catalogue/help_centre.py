"""M38,M39,M40,M41,M42."""

from __future__ import annotations

from deskferry.metrics.definition import Metric

METRICS: tuple[Metric, ...] = ()
