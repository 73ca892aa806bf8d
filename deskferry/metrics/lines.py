"""Makes lines: the numbers of each group and period, with what they are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from deskferry.metrics import dimensions, zones
from deskferry.metrics.desk import Ask, Desk
from deskferry.metrics.levels import FIRST, PERIOD, Levels
from deskferry.metrics.result import Computed, Line, Period

_Named = Mapping[str, Mapping[Any, tuple[str, str | None]]]
"""Dimension → key → value and name."""


@dataclass(frozen=True, slots=True)
class Range:
    """The local days that the lines cover."""

    first: date
    end: date


def covered(desk: Desk, first_row: datetime | None) -> Range:
    """Return the days asked for; where an end is left open, from the first row to the day of `as_of`."""
    question, zone = desk.question, desk.question.zone
    today = desk.as_of.astimezone(zone).date()
    first, end = question.start, question.end
    if first is None:
        found = zones.aware(first_row)
        first = found.astimezone(zone).date() if found else end or today
    return Range(first, max(end or today + timedelta(days=1), first))


class Teller:
    """Makes lines of what is found at each level."""

    def __init__(self, ask: Ask, levels: Levels, *, has_time: bool, lacking: tuple[str, ...]) -> None:
        self.ask, self.levels, self.has_time, self.lacking = ask, levels, has_time, lacking
        self.zone = ask.desk.question.zone

    @cached_property
    def _whole(self) -> Mapping[str, Any]:
        (found,) = self.levels.at((), by_period=False)
        return found

    @cached_property
    def covered(self) -> Range | None:
        """The days asked for; where the begin is left open, from the first row; to the day of `as_of` at most."""
        return covered(self.ask.desk, self._whole.get(FIRST)) if self.has_time else None

    def lines(self, by: tuple[str, ...], period: str | None) -> list[Line]:
        """Return a line for each group and period."""
        found = self.levels.at(by, by_period=period is not None) if by or period else [self._whole]
        found = [one for one in found if not period or one[PERIOD] is not None]
        named = {name: dimensions.names(self.ask.desk, name, [one[name] for one in found]) for name in by}
        lines = [self._line(one, by, period, named) for one in found]
        if period and not by:
            lines += self._empty(period, {line.period.start for line in lines if line.period})
        return sorted(lines, key=_place)

    def _line(self, found: Mapping[str, Any], by: tuple[str, ...], period: str | None, named: _Named) -> Line:
        within = self._period(found[PERIOD], period) if period else None
        days = within.days if within else self._all_days()
        numbers = self.ask.metric.aggregation.numbers(found, days)
        eligible, computed = int(found["n_eligible"]), int(found["n_computed"])
        status, reason = self._status(eligible, computed, numbers.value)
        known = {name: named[name].get(found[name], (None, None)) for name in by}
        group = {name: key for name, (key, _label) in known.items()}
        return Line(
            numbers.value, eligible, computed, status, reason, MappingProxyType(group),
            MappingProxyType({name: label for name, (_key, label) in known.items() if label is not None}),
            within, MappingProxyType(dict(numbers.figures)), numbers.interval,
            below_floor=self.ask.metric.aggregation.is_estimate and computed < self.ask.desk.question.floor,
        )  # fmt: skip

    def _all_days(self) -> float | None:
        if self.covered is None:
            return None
        tomorrow = self.ask.as_of.astimezone(self.zone).date() + timedelta(days=1)
        return max((min(self.covered.end, tomorrow) - self.covered.first).days, 0)

    def _period(self, start: date, period: str) -> Period:
        assert self.covered is not None
        return zones.period_at(start, period, self.zone, self.covered.first, self.covered.end, self.ask.as_of)

    def _status(self, eligible: int, computed: int, value: float | None) -> tuple[Computed, str | None]:
        if self.lacking:
            message = self.ask.metric.message
            return Computed.PARTIAL, f"{message}: {', '.join(self.lacking)}"
        if eligible and computed / eligible < self.ask.desk.question.partial_below:
            return Computed.PARTIAL, f"{eligible - computed} of {eligible} without a value"
        if value is None:
            return Computed.OK, "nothing to compute it of" if not eligible else None
        return Computed.OK, None

    def _empty(self, period: str, told: set[datetime]) -> list[Line]:
        """Return lines for periods of the range that no row lies in."""
        assert self.covered is not None
        last = min(self.covered.end, self.ask.as_of.astimezone(self.zone).date() + timedelta(days=1))
        nothing: dict[str, Any] = {**dict.fromkeys(self._whole), "n_eligible": 0, "n_computed": 0}
        if self.ask.metric.aggregation.is_count:
            nothing = dict.fromkeys(nothing, 0)
        return [
            self._line({**nothing, PERIOD: start}, (), period, {})
            for start in zones.starts(self.covered.first, last, period)
            if zones.instant(start, self.zone) not in told
        ]


class StockTeller(Teller):
    """Makes lines of levels: what is there at the end of each period, and the mean over the ends of its days."""

    def lines(self, by: tuple[str, ...], period: str | None) -> list[Line]:
        """Return a line for each group and period."""
        found = [one for one in self.levels.at(by, by_period=True) if one[PERIOD] is not None]
        named = {name: dimensions.names(self.ask.desk, name, [one[name] for one in found]) for name in by}
        moves: dict[tuple[Any, ...], dict[date, int]] = {} if by else {(): {}}
        for one in found:
            moves.setdefault(tuple(one[name] for name in by), {})[one[PERIOD]] = one["delta"]
        lines = [
            self._line({**dict(zip(by, group, strict=True)), **level}, by, period, named)
            for group, deltas in moves.items()
            for level in self._levels(deltas, period)
        ]
        return sorted(lines, key=_place)

    def _levels(self, deltas: Mapping[date, int], period: str | None) -> list[dict[str, Any]]:
        """Return the level at the end of each period, or of the whole range, and the mean over its days."""
        assert self.covered is not None
        today = self.ask.as_of.astimezone(self.zone).date()
        last = min(self.covered.end - timedelta(days=1), today)
        level = sum(delta for day, delta in deltas.items() if day < self.covered.first)
        found: dict[Any, list[int]] = {}
        for number in range((last - self.covered.first).days + 1):
            day = self.covered.first + timedelta(days=number)
            level += deltas.get(day, 0)
            found.setdefault(zones.start_of(day, period) if period else None, []).append(level)
        return [
            {
                PERIOD: start,
                "level": levels[-1],
                "mean": sum(levels) / len(levels),
                "n_eligible": levels[-1],
                "n_computed": levels[-1],
            }
            for start, levels in found.items()
        ] or [{PERIOD: None, "level": level, "mean": None, "n_eligible": level, "n_computed": level}]


def _place(line: Line) -> tuple[Any, ...]:
    period = line.period.start.timestamp() if line.period else 0.0
    return (period, *((key is None, key or "") for key in line.group.values()))
