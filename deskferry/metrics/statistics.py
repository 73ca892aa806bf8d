"""Confidence intervals, 95 % unless told otherwise."""

from __future__ import annotations

import math
from statistics import NormalDist

Interval = tuple[float, float]
_DIGITS = 12
"""Significant digits of a deviation: the last of its sixteen depend on the order in which threads add up."""


def z_of(level: float = 0.95) -> float:
    """Return the normal quantile of a two-sided level."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: float, n: float, level: float = 0.95) -> Interval | None:
    """Return the Wilson score interval of a proportion; None without observations."""
    if n <= 0:
        return None
    z = z_of(level)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def adjusted_wald_nps(promoters: float, detractors: float, n: float, level: float = 0.95) -> Interval | None:
    """Return the adjusted Wald interval of promoters less detractors, as a share: three added, 3/4 to the extremes.

    Sauro and Lewis: add 3/4 of a promoter and of a detractor and 1.5 neutrals, then take the Wald interval.
    """
    if n <= 0:
        return None
    more, least, adjusted = promoters + 0.75, detractors + 0.75, n + 3
    difference = (more - least) / adjusted
    spread = math.sqrt(((more + least) / adjusted - difference**2) / adjusted)
    half = z_of(level) * spread
    return max(-1.0, difference - half), min(1.0, difference + half)


def steady(deviation: float | None) -> float | None:
    """Return a standard deviation as every run finds it: to twelve significant digits."""
    return None if deviation is None else float(f"{deviation:.{_DIGITS}g}")


def t_interval(mean: float, deviation: float | None, n: int, level: float = 0.95) -> Interval | None:
    """Return the t interval of a mean from its sample standard deviation; None for fewer than two observations."""
    if n < 2 or deviation is None:
        return None
    half = t_of(n - 1, level) * deviation / math.sqrt(n)
    return mean - half, mean + half


def t_of(freedom: int, level: float = 0.95) -> float:
    """Return the quantile of Student's t of a two-sided level."""
    return _t_by_halves(freedom, level) if freedom < _LARGE else _t_by_series(freedom, level)


_LARGE = 200
"""From so many degrees of freedom on a series about the normal quantile is exact to eleven digits."""


def _t_by_halves(freedom: int, level: float) -> float:
    """Return the quantile by bisection of the distribution function, which takes as long as there are degrees."""
    low, high = 0.0, 1e4
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if _t_inside(middle, freedom) < level else (low, middle)
    return middle


def _t_by_series(freedom: int, level: float) -> float:
    """Return the quantile by its expansion in the inverse of the degrees (Abramowitz and Stegun, 26.7.5)."""
    z = z_of(level)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, 1))


def _t_inside(t: float, freedom: int) -> float:
    """Return the probability of lying within ±t, by the finite series for whole degrees of freedom."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine, total = math.cos(angle), 0.0
    if freedom % 2:
        term = cosine
        for step in range(1, (freedom - 1) // 2 + 1):
            total += term
            term *= cosine * cosine * (2 * step) / (2 * step + 1)
        return 2 / math.pi * (angle + math.sin(angle) * total)
    term = 1.0
    for step in range(1, freedom // 2 + 1):
        total += term
        term *= cosine * cosine * (2 * step - 1) / (2 * step)
    return math.sin(angle) * total
