"""Numbers → the places of lines, bars and cells in a drawing; the template draws them, nothing is fetched or run."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 12.0, 30.0
_TIMES = (60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000)
_LABELS = 8
_TICKS = 4
_LEAST_SPREAD = 0.02
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands at it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A series: a path broken where a value is missing, its area down to zero, a dot a value."""

    name: str
    path: str
    area: str
    dots: tuple[tuple[float, float, bool, str], ...]
    """x, y, whether its period is complete, what it says."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over periods."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a distribution."""

    x: float
    y: float
    width: float
    height: float
    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of a weekday: how strong its colour is, from 0 to 1."""

    x: float
    y: float
    strength: float
    says: str


def ticks(most: float, unit: str) -> list[float]:
    """Return round values from 0 to at least the most, about four steps apart."""
    if unit == "seconds":
        step = (
            next((one for one in _TIMES if most / one <= _TICKS), 0.0)
            or math.ceil(most / _TICKS / 2_592_000) * 2_592_000
        )
    else:
        step = _round_step(most / _TICKS, whole=unit not in {"share", "points", "score", "ratio"})
    count = max(1, math.ceil(most / step - 1e-9))
    return [step * number for number in range(count + 1)]


def _round_step(raw: float, *, whole: bool) -> float:
    if raw <= 0:
        return 1.0 if whole else 0.25
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw - 1e-12)
    return max(1.0, math.ceil(step)) if whole else step


def plot(
    series: Mapping[str, Sequence[float | None]], labels: Sequence[str], complete: Sequence[bool], unit: str,
    shown: Callable[[float | None], str], *, apart: Collection[int] = (), close: bool = False,
) -> Plot:  # fmt: skip
    """Return lines over periods; values below zero (a net flow) have their place too.

    A line begins anew at the periods whose numbers are `apart`: they do not compare with the ones before. `close`: the
    scale does not begin at zero but near the least value.
    """
    known = [value for values in series.values() for value in values if value is not None]
    marks_up = _close_ticks(known) if close and known else _ticks_from_zero(known, unit)
    bottom, top = marks_up[0], marks_up[-1]

    def across(number: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (number / (len(labels) - 1) if len(labels) > 1 else 0.5)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / (top - bottom)

    lines = []
    for name, values in series.items():
        places = [(across(number), up(value)) if value is not None else None for number, value in enumerate(values)]
        dots = tuple(
            (place[0], place[1], complete[number], f"{labels[number]}: {shown(values[number])}")
            for number, place in enumerate(places) if place is not None
        )  # fmt: skip
        runs = _runs(places, apart)
        lines.append(Line(name, _path(runs), _area(runs, up(max(bottom, 0.0))), dots))
    every = max(1, math.ceil(len(labels) / _LABELS))
    marks = tuple(Tick(across(number), labels[number]) for number in range(0, len(labels), every))
    return Plot(tuple(lines), marks, tuple(Tick(up(value), shown(value)) for value in marks_up))


def _ticks_from_zero(known: Sequence[float], unit: str) -> list[float]:
    """Return round values from the least or zero, whichever is lower, to at least the most, the lowest first."""
    most, least = max([*known, 0.0]), min([*known, 0.0])
    below = [-one for one in ticks(-least, unit)[1:]] if least < 0 else []
    return [*reversed(below), *ticks(most, unit)]


def _close_ticks(known: Sequence[float]) -> list[float]:
    """Return round shares around the values, the lowest first; a hair's breadth of change does not fill the drawing."""
    most = max(known)
    least = max(0.0, min([*known, most - _LEAST_SPREAD]))
    step = _round_step((most - least) / _TICKS, whole=False)
    return [
        step * number for number in range(math.floor(least / step + 1e-9), max(1, math.ceil(most / step - 1e-9)) + 1)
    ]


def _runs(places: Sequence[Place | None], apart: Collection[int]) -> list[list[Place]]:
    """Return the stretches without a gap."""
    runs: list[list[Place]] = [[]]
    for number, place in enumerate(places):
        if place is None or number in apart:
            runs.append([])
        if place is not None:
            runs[-1].append(place)
    return [one for one in runs if one]


def _path(runs: Sequence[Sequence[Place]]) -> str:
    return " ".join("M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in run) for run in runs)


def _area(runs: Sequence[Sequence[Place]], zero: float) -> str:
    return " ".join(
        f"M{run[0][0]:.1f},{zero:.1f} L"
        + " L".join(f"{x:.1f},{y:.1f}" for x, y in run)
        + f" L{run[-1][0]:.1f},{zero:.1f}Z"
        for run in runs
    )


def bars(counts: Sequence[int], labels: Sequence[str], says: Sequence[str]) -> list[Bar]:
    """Return a bar a class, the highest as high as there is room."""
    most, room = max([*counts, 1]), (WIDTH - LEFT - RIGHT) / max(len(counts), 1)
    full = HEIGHT - TOP - BOTTOM - 14  # the numbers stand above
    found = []
    for number, count in enumerate(counts):
        height = full * count / most
        found.append(Bar(LEFT + room * number + room * 0.1, HEIGHT - BOTTOM - height, room * 0.8, height,
                         labels[number], says[number]))  # fmt: skip
    return found


CELL = (WIDTH - LEFT - RIGHT) / 24
ROW = 22.0


def cells(counts: Mapping[tuple[int, int], int], says: Callable[[int, int, int], str]) -> list[Cell]:
    """Return a cell for each hour of each weekday."""
    most = max([*counts.values(), 1])
    return [
        Cell(LEFT + CELL * hour, TOP + ROW * weekday, counts.get((weekday, hour), 0) / most,
             says(weekday, hour, counts.get((weekday, hour), 0)))
        for weekday in range(7) for hour in range(24)
    ]  # fmt: skip
