"""How the rows of a metric become numbers: what is computed in the engine, and what Python makes of it for a line.

Every aggregation pools: percentiles are taken over rows, rates are sums over sums. Nothing is an average of averages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import ibis.expr.types as ir

from deskferry.metrics.statistics import Interval, adjusted_wald_nps, steady, t_interval, wilson

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an aggregation makes of some rows."""

    value: float | None
    figures: Mapping[str, float | None] = field(default_factory=lambda: _NOTHING)
    interval: Interval | None = None


class Aggregation(Protocol):
    """One way to aggregate."""

    @property
    def unit(self) -> str:
        """Of the headline: `tickets`, `seconds`, `share`, …"""

    @property
    def statistic(self) -> str:
        """What the headline is: `count`, `median`, `rate`, …"""

    @property
    def is_count(self) -> bool:
        """Whether no row means 0: such lines are made for periods without a row."""

    @property
    def is_estimate(self) -> bool:
        """Whether it is a rate of a sample, to which the sample floor applies."""

    @property
    def is_share(self) -> bool:
        """Whether each line is told its share of all in its period."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads besides `value`."""

    def adds_up(self, rows: ir.Table) -> bool:
        """Return whether what is measured of groups of these rows, added up, is that of all of them."""

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Return what the engine computes of a group of rows, besides `n_eligible` and `n_computed`."""

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the numbers of a line; `found` has the measures and both n; `days`: calendar days that it covers."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows; beside it per calendar day. With `of`: how many different values of a column."""

    unit: str
    of: str | None = None
    is_share: bool = False
    statistic: str = "count"
    is_count: bool = True
    is_estimate: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it reads besides `value`."""
        return () if self.of is None else (self.of,)

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return self.of is None

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        return {"counted": rows.value.count() if self.of is None else rows[self.of].nunique()}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the count, and it per day."""
        counted = float(found["counted"])
        return Numbers(counted, {"per_day": counted / days} if days else {})


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds: median (headline), mean, percentiles, extremes; with a target the share of rows within it."""

    targets: tuple[float, ...] = ()
    statistic: str = "median"
    unit: str = "seconds"
    is_count: bool = False
    is_estimate: bool = False
    is_share: bool = False
    columns: tuple[str, ...] = ()

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Compute the statistics."""
        found: dict[str, ir.Scalar] = {
            "quantiles": rows.value.quantile(list(_QUANTILES.values())),
            "mean": rows.value.mean(),
            "min": rows.value.min(),
            "max": rows.value.max(),
            "total": rows.value.sum(),
        }
        for target in self.targets:
            found[_within(target)] = (rows.value <= target).cast("float64").mean()
        return found

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the headline and all others."""
        told = {**found, **dict(zip(_QUANTILES, found["quantiles"] or (None,) * len(_QUANTILES), strict=True))}
        names = ("median", "mean", "p75", "p90", "p95", "min", "max", "total", *map(_within, self.targets))
        return Numbers(_real(told[self.statistic]), {name: _real(told[name]) for name in names})


_QUANTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95}


def _within(target: float) -> str:
    return f"within_{target:g}"


@dataclass(frozen=True, slots=True)
class Rate:
    """Share of rows that are true (or 1), pooled, with its Wilson interval; beside it sums of further columns."""

    columns: tuple[str, ...] = ()
    statistic: str = "rate"
    unit: str = "share"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Add up."""
        found: dict[str, ir.Scalar] = {"successes": rows.value.cast("float64").sum()}
        return found | {name: rows[name].cast("float64").sum() for name in self.columns}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the rate, its parts and its interval."""
        n = found["n_computed"]
        if not n:
            return Numbers(None, {"numerator": 0.0, "denominator": 0.0})
        successes = float(found["successes"])
        further = {name: _real(found[name]) for name in self.columns}
        figures = {"numerator": successes, "denominator": float(n), **further}
        return Numbers(successes / n, figures, wilson(successes, n))


@dataclass(frozen=True, slots=True)
class Quotient:
    """Sum of the column `numerator` over sum of the column `denominator`: work per contact, tickets per order.

    Rows without a `value` add to neither.
    """

    unit: str
    statistic: str = "quotient"
    is_count: bool = False
    is_estimate: bool = False
    is_share: bool = False
    columns: tuple[str, ...] = ("numerator", "denominator")

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Add up both."""
        known = rows.value.notnull()
        return {name: rows[name].cast("float64").sum(where=known) for name in ("numerator", "denominator")}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the quotient; none over nothing."""
        above, below = float(found["numerator"] or 0), float(found["denominator"] or 0)
        return Numbers(above / below if below else None, {"numerator": above, "denominator": below})


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean with its t interval; beside it median and deviation."""

    unit: str
    statistic: str = "mean"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False
    columns: tuple[str, ...] = ()

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Compute the moments."""
        return {
            "mean": rows.value.mean(),
            "median": rows.value.quantile(0.5),
            "deviation": rows.value.std(how="sample"),
        }

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the mean."""
        mean, deviation = _real(found["mean"]), steady(_real(found["deviation"]))
        interval = None if mean is None else t_interval(mean, deviation, int(found["n_computed"]))
        return Numbers(mean, {"median": _real(found["median"]), "deviation": deviation}, interval)


@dataclass(frozen=True, slots=True)
class NetShare:
    """Share of +1 less share of -1, times 100, over values -1, 0, +1; adjusted Wald interval."""

    unit: str = "points"
    statistic: str = "net"
    is_count: bool = False
    is_estimate: bool = True
    is_share: bool = False
    columns: tuple[str, ...] = ()

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count both ends."""
        return {"promoters": (rows.value > 0).cast("int64").sum(), "detractors": (rows.value < 0).cast("int64").sum()}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the score."""
        n = found["n_computed"]
        if not n:
            return Numbers(None)
        more, less = float(found["promoters"]), float(found["detractors"])
        interval = adjusted_wald_nps(more, less, n)
        figures = {"promoters": more / n, "detractors": less / n, "passives": 1 - (more + less) / n}
        return Numbers(100 * (more - less) / n, figures, interval and (100 * interval[0], 100 * interval[1]))


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many rows there are for each word of the column `what`, and what follows from them.

    Rows without a `value` are missing, in no word; where all are, there is no tally. Rows of one word that have the
    same `key` count once; those whose key is NULL, or that have none, count each.
    """

    words: tuple[str, ...]
    statistic: str
    """The headline: one of the words, or of what is derived."""
    unit: str
    derived: Mapping[str, Callable[[Mapping[str, float]], float]] = field(default_factory=lambda: _NOTHING)
    columns: tuple[str, ...] = ("what", "key")
    is_count: bool = True
    is_estimate: bool = False
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return "key" not in rows.columns

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        known = {word: (rows.what == word) & rows.value.notnull() for word in self.words}
        if "key" not in rows.columns:
            return {word: among.cast("int64").sum() for word, among in known.items()}
        single = rows.key.isnull()
        return {
            word: rows.key.nunique(where=among) + (among & single).cast("int64").sum() for word, among in known.items()
        }

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the tallies."""
        if found["n_eligible"] and not found["n_computed"]:
            return Numbers(None, dict.fromkeys((*self.words, *self.derived)))
        tallies = {word: float(found[word] or 0) for word in self.words}
        figures = tallies | {name: follow(tallies) for name, follow in self.derived.items()}
        return Numbers(figures[self.statistic], figures)


@dataclass(frozen=True, slots=True)
class Stock:
    """How many there are at the end of each period: rows bring `delta` (+1 comes, -1 goes) and `at`; see `stock`."""

    unit: str
    statistic: str = "at_end"
    columns: tuple[str, ...] = ("delta",)
    is_count: bool = True
    is_estimate: bool = False
    is_share: bool = False

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return True

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Add up."""
        return {"delta": rows.delta.sum()}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the level."""
        return Numbers(float(found["level"]), {"mean": _real(found["mean"])})


def _real(value: Any) -> float | None:
    return None if value is None else float(value)
