"""One metric that has several published scorings: which one is the headline is an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics.aggregation import Aggregation, Numbers


@dataclass(frozen=True, slots=True)
class Scorings:
    """The aggregation that the column `scoring` names, the same in all rows; a share is told in points of a hundred."""

    ways: Mapping[str, Aggregation]
    statistic: str = "score"
    unit: str = "points"
    columns: tuple[str, ...] = ("scoring",)
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Compute what any of them asks for."""
        found: dict[str, ir.Scalar] = {"scoring": rows.scoring.max()}
        for name, way in self.ways.items():
            found |= {f"{name}_{measure}": value for measure, value in way.measures(rows).items()}
        return found

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the numbers of the one that was chosen."""
        name = found["scoring"]
        if name is None:
            return Numbers(None)
        way = self.ways[name]
        told = {measure.removeprefix(f"{name}_"): value for measure, value in found.items()}
        numbers = way.numbers(told, days)
        return _in_points(numbers) if way.unit == "share" else numbers


def _in_points(numbers: Numbers) -> Numbers:
    value, interval = numbers.value, numbers.interval
    return Numbers(
        None if value is None else 100 * value,
        numbers.figures,
        interval and (100 * interval[0], 100 * interval[1]),
    )


def scored(rows: ir.Table, chosen: str, values: Mapping[str, Any]) -> ir.Table:
    """Return rows with the value of the scoring that was chosen, and its name."""
    return rows.mutate(value=values[chosen].cast("float64"), scoring=ibis.literal(chosen))
