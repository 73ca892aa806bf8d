"""Rates of what has had its time: what happened too lately to tell is told apart, not counted as a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir

from deskferry.metrics.aggregation import Numbers
from deskferry.metrics.statistics import wilson


@dataclass(frozen=True, slots=True)
class MatureRate:
    """Share of mature rows that are 1, pooled; beside it the rate with the immature ones, and sums of further columns.

    Rows bring `is_mature`, never NULL; n is of mature rows, as are the sums.
    """

    sums: tuple[str, ...] = ()
    per_row: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Figure → column that it is the mean of."""
    statistic: str = "rate"
    unit: str = "share"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads besides `value`."""
        return ("is_mature", *self.sums, *self.per_row.values())

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Add up."""
        known = rows.value.notnull()
        value, mature = rows.value.cast("float64"), rows.is_mature
        found: dict[str, ir.Scalar] = {
            "n_eligible": rows.count(where=mature),
            "n_computed": rows.count(where=mature & known),
            "successes": value.sum(where=mature),
            "all_n": rows.count(where=known),
            "all_successes": value.sum(),
            "immature": rows.count(where=~mature),
        }
        summed = {*self.sums, *self.per_row.values()}
        return found | {name: rows[name].cast("float64").sum(where=mature & known) for name in sorted(summed)}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the rate of mature rows, its parts, and the rate of all."""
        n, all_n = found["n_computed"], found["all_n"]
        successes = float(found["successes"] or 0)
        figures: dict[str, float | None] = {
            "numerator": successes,
            "denominator": float(n),
            "immature": float(found["immature"] or 0),
            "rate_with_immature": float(found["all_successes"] or 0) / all_n if all_n else None,
        }
        figures |= {name: float(found[name] or 0) for name in self.sums}
        figures |= {name: float(found[column] or 0) / n if n else None for name, column in self.per_row.items()}
        return Numbers(successes / n if n else None, figures, wilson(successes, n) if n else None)
