"""A level that flows in and out, forecast day by day: weekday means, bootstrapped bands, and a test on held-back weeks.

The method `seasonal_naive`: what comes in and goes out on a weekday is the mean of that weekday over the last complete
weeks. `exponential_smoothing`: the same, but a week counts `1 - ALPHA` times as much as the one after it. The level of
a day is that of the day before, plus what comes, less what goes; no more can go than there is.

The bands come from what was left over: the daily net flows of those weeks less their forecasts, by weekday. Drawn at
random they make another past, of which other weekday means follow, and another future, a thousand times over. (Without
the other past the bands are too narrow: eight weeks do not tell a weekday exactly.) Days are drawn one by one, so that
a run of bad days is rarer in the bands than in life; the test says how many held-back days they really held.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

ALPHA = 0.3
PATHS = 1000
LEAST_WEEKS = 4
"""Weeks that a forecast of the test is made of at least."""
BANDS: Mapping[int, tuple[float, float]] = {80: (0.10, 0.90), 95: (0.025, 0.975)}
_SEED = 20_260_105
_WEEK = 7


@dataclass(frozen=True, slots=True)
class History:
    """Complete days, of which the first is a Monday; after the last complete week up to six days more."""

    before: float
    """The level when the first day began."""
    came: Sequence[float]
    went: Sequence[float]

    @property
    def weeks(self) -> int:
        """How many complete weeks there are."""
        return len(self.came) // _WEEK

    @property
    def levels(self) -> list[float]:
        """The level at the end of each day."""
        found, level = [], self.before
        for came, went in zip(self.came, self.went, strict=True):
            level += came - went
            found.append(level)
        return found


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a forecast."""

    level: float
    came: float
    went: float
    bands: Mapping[int, tuple[float, float]]
    """80 and 95 → the range that holds the level with this probability."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """What the method is worth: forecasts of weeks that it did not see, against `everything stays as it is`."""

    weeks: int
    """Held-back weeks from whose beginning a forecast was made."""
    mae: float
    """Mean absolute error, in tickets, over all days of all these forecasts."""
    mae_no_change: float
    """The same of the forecast that the level stays."""
    held: Mapping[int, float]
    """80 and 95 → the share of held-back days that lay within that band; empty where the bands were not asked for."""

    @property
    def mase(self) -> float | None:
        """`mae` over `mae_no_change`; None where the level never moved."""
        return self.mae / self.mae_no_change if self.mae_no_change else None

    @property
    def is_better(self) -> bool:
        """Whether it errs less than the forecast that nothing changes."""
        return self.mae < self.mae_no_change


@dataclass(frozen=True, slots=True)
class _Fit:
    profile: Sequence[tuple[float, float]]
    """What comes and goes, by weekday."""
    residuals: Sequence[Sequence[float]]
    """Net flows less their forecasts, by weekday and week."""
    weights: Sequence[float]
    """Of the weeks, the oldest first; together 1."""


class Forecaster:
    """Forecasts `days` days, from the last `weeks` complete weeks."""

    def __init__(self, days: int, weeks: int, *, smoothing: bool = False) -> None:
        self.days, self.weeks, self.smoothing = days, weeks, smoothing
        draw = random.Random(_SEED).random
        self._draws = [
            ([draw() for _ in range(days)], [[draw() for _ in range(weeks)] for _ in range(_WEEK)])
            for _ in range(PATHS)
        ]
        """For each path: which residual each day gets, and of which the means of the weekdays are made anew."""

    def forecast(self, history: History) -> list[Day]:
        """Return the days after the history."""
        fit = self._fitted(history, history.weeks)
        start, next_day = history.levels[-1], len(history.came)
        path = _path(start, fit.profile, next_day, self.days)
        bands = self._bands(start, fit, next_day)
        return [Day(*day, band) for day, band in zip(path, bands, strict=True)]

    def tested(self, history: History, held_back: int, *, with_bands: bool = True) -> BackTest:
        """Return how forecasts from the beginnings of the last weeks, at most `held_back` of them, turned out."""
        levels, last = history.levels, history.weeks
        origins = range(max(LEAST_WEEKS, last - held_back), last)
        errors, naive, held = [], [], dict.fromkeys(BANDS, 0)
        for origin in origins:
            day = origin * _WEEK
            actual = levels[day : day + self.days]
            fit = self._fitted(history, origin)
            path = _path(levels[day - 1], fit.profile, day, len(actual))
            errors += [abs(one[0] - real) for one, real in zip(path, actual, strict=True)]
            naive += [abs(levels[day - 1] - real) for real in actual]
            bands = self._bands(levels[day - 1], fit, day) if with_bands else []
            for band, real in zip(bands, actual, strict=False):
                for level, (low, high) in band.items():
                    held[level] += low <= real <= high
        shares = {level: count / len(errors) for level, count in held.items()} if with_bands else {}
        return BackTest(len(origins), sum(errors) / len(errors), sum(naive) / len(naive), shares)

    def _fitted(self, history: History, week: int) -> _Fit:
        """Return what the weeks before one teach."""
        begin = max(0, week - self.weeks)
        raw = [(1 - ALPHA) ** age if self.smoothing else 1.0 for age in range(week - begin - 1, -1, -1)]
        weights = [one / sum(raw) for one in raw]
        days = slice(begin * _WEEK, week * _WEEK)
        came, went = history.came[days], history.went[days]
        profile = [
            (_weighted(came[weekday::_WEEK], weights), _weighted(went[weekday::_WEEK], weights))
            for weekday in range(_WEEK)
        ]
        nets = [profile[day % _WEEK][0] - profile[day % _WEEK][1] for day in range(len(came))]
        # What a mean was made of lies nearer to it than what it was not made of: by this factor.
        wider = 1 / math.sqrt(1 - sum(weight * weight for weight in weights))
        left = [wider * (one - other - net) for one, other, net in zip(came, went, nets, strict=True)]
        return _Fit(profile, [left[weekday::_WEEK] for weekday in range(_WEEK)], weights)

    def _bands(self, start: float, fit: _Fit, first: int) -> list[dict[int, tuple[float, float]]]:
        """Return the bands of each day."""
        number = len(fit.weights)
        weekdays = [(first + day) % _WEEK for day in range(self.days)]
        steps = [fit.profile[weekday][0] - fit.profile[weekday][1] for weekday in weekdays]
        columns: list[list[float]] = [[] for _ in steps]
        for draws, pasts in self._draws:
            means = [_weighted([left[int(draw * number)] for draw in past], fit.weights)
                     for past, left in zip(pasts, fit.residuals, strict=True)]  # fmt: skip
            level = start
            for column, weekday, step, draw in zip(columns, weekdays, steps, draws, strict=True):
                level = max(level + step + means[weekday] + fit.residuals[weekday][int(draw * number)], 0.0)
                column.append(level)
        found = []
        for column in columns:
            column.sort()
            found.append({level: (_quantile(column, low), _quantile(column, high))
                          for level, (low, high) in BANDS.items()})  # fmt: skip
        return found


def _path(
    level: float, profile: Sequence[tuple[float, float]], first: int, days: int
) -> Iterator[tuple[float, float, float]]:
    """Yield level, what came and what went of each day."""
    for day in range(first, first + days):
        came, wanted = profile[day % _WEEK]
        went = min(wanted, level + came)
        level = max(level + came - went, 0.0)
        yield level, came, went


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    """Return the sum of values times weights, as far as there are weights."""
    found: float = sum(map(mul, values, weights))
    return found


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values, by linear interpolation (type 7)."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
