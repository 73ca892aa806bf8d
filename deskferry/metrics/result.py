"""What a metric answers: never a bare number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Computed(StrEnum):
    """Whether a metric could be computed for what it is about."""

    OK = "ok"
    PARTIAL = "partial"
    NOT_COMPUTABLE = "not_computable"


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period of the reporting zone, half-open."""

    label: str
    """`2026-01-05`, `2026-W02`, `2026-01`, `2026-Q1`."""
    start: datetime
    end: datetime
    days: float
    """Calendar days of it that lie in the range asked for and before `as_of`."""
    is_complete: bool
    """False when it has not ended at `as_of`, or the range asked for cuts it."""


@dataclass(frozen=True, slots=True)
class Line:
    """The numbers of one group and period; both empty: of everything."""

    value: float | None
    """The headline: see `Result.statistic`. None: not computable, or nothing to compute it of; never a stand-in 0."""
    n_eligible: int
    """Rows of the population."""
    n_computed: int
    """Those that have a value."""
    status: Computed
    reason: str | None = None
    group: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    """Dimension → key (an id or a value; None: the ticket has none)."""
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Dimension → the name that people know the key by."""
    period: Period | None = None
    figures: Mapping[str, float | None] = field(default_factory=lambda: _NOTHING)
    """Further statistics of the same rows: mean, median, p90, share, …"""
    interval: tuple[float, float] | None = None
    """95 % confidence interval of the value, where it is an estimate from a sample."""
    below_floor: bool = False
    """Too few rows to go by (option `floor`): show it greyed or not at all."""

    @property
    def n_missing(self) -> int:
        """How many rows of the population have no value."""
        return self.n_eligible - self.n_computed


@dataclass(frozen=True, slots=True)
class Result:
    """One metric under one clock and set of options."""

    metric: str
    slug: str
    definition_id: str
    unit: str
    """`tickets`, `seconds`, `share`, `points`, …"""
    statistic: str
    """What the value is of its rows: `count`, `median`, `rate`, …"""
    clock: str
    """`calendar`, `business`, or `none` where no clock is involved."""
    anchor: str
    """`cohort`, `event` or `as_of`: which instant puts a row into a period."""
    anchor_column: str
    options: Mapping[str, Any]
    as_of: datetime
    timezone: str
    total: Line
    lines: tuple[Line, ...] = ()
    """By period, by group, by both: in this order; a line without group or period is over all of them."""
    notes: tuple[str, ...] = ()
    """What a reader must know: assumptions, sources without the input, maturity."""
    preset: str | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """What only this metric has: a histogram, a back-test."""

    @property
    def value(self) -> float | None:
        """The headline over everything."""
        return self.total.value

    @property
    def status(self) -> Computed:
        """Whether it could be computed."""
        return self.total.status

    @property
    def reason(self) -> str | None:
        """Why it could not be computed, or not for all."""
        return self.total.reason
