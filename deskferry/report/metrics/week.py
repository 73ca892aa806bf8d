"""The hours of a week as a drawing with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from babel.dates import get_day_names

from deskferry.report.metrics import charts


def week(language: str, counts: Mapping[tuple[int, int], int], says: Callable[[str, str, int], str]) -> dict[str, Any]:
    """Return cells, names of days, rows and measures for `drawings.html.j2`, by (weekday, hour).

    `says` is told the day, the hour as two digits, and the number, and returns what a cell says.
    """
    names = get_day_names("abbreviated", locale=language)
    days = [names[number] for number in range(7)]

    def cell(weekday: int, hour: int, count: int) -> str:
        return says(days[weekday], f"{hour:02}", count)

    return {
        "cells": charts.cells(counts, cell), "days": days, "cell": (charts.CELL, charts.ROW),
        "rows": [{"day": day, "values": [counts.get((number, hour), 0) for hour in range(24)]}
                 for number, day in enumerate(days)],
        "place": (charts.LEFT, charts.TOP), "height": charts.TOP + 7 * charts.ROW + 26,
        "most": max([*counts.values(), 0]),
    }  # fmt: skip
