"""What the engine finds of rows at each level: of all of them, by period, by group, by both.

Sums and counts are asked for once, by group and period, and added up from there. What cannot be added up (percentiles,
how many different ones) is asked for at each level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import ibis.expr.types as ir
import pyarrow as pa

from deskferry.metrics import dimensions
from deskferry.metrics.aggregation import Aggregation
from deskferry.metrics.desk import Desk

PERIOD, FIRST = "_period", "_first"
"""Names of the first day of the period that a row lies in, and of the first instant of some rows."""
_UNITS = {"day": "D", "week": "W", "month": "M", "quarter": "Q"}
Found = list[dict[str, Any]]
Measures = Callable[[ir.Table], Mapping[str, ir.Scalar]]


class Levels(Protocol):
    """What is found at each level."""

    def at(self, by: tuple[str, ...], *, by_period: bool) -> Found:
        """Return what is found of each group and period, or of everything."""


def levels_of(
    desk: Desk, rows: ir.Table, by: tuple[str, ...], period: str | None, aggregation: Aggregation
) -> tuple[Levels, tuple[str, ...]]:
    """Return the levels of a metric's rows, and the dimensions that rows of this grain do not have."""
    multiplies = dimensions.multiply(rows, by)
    if period:
        rows = rows.mutate(**{PERIOD: desk.local(rows["at"]).truncate(_UNITS[period]).date()})
    adds_up = aggregation.adds_up(rows)
    is_kept = not adds_up and bool(by or period)
    if multiplies and is_kept:
        rows = rows.cache()
    split, absent = dimensions.attach(desk, rows, by)
    by = tuple(name for name in by if name not in absent)

    def measures(of: ir.Table) -> dict[str, ir.Scalar]:
        found = {"n_eligible": of.count(), "n_computed": of.value.count(), **aggregation.measures(of)}
        asks_first = desk.question.start is None and "at" in of.columns
        return found | ({FIRST: of["at"].min()} if asks_first else {})

    if is_kept:
        kept = ("value", "at", PERIOD, *aggregation.columns, *by)
        split = split.select(*(name for name in split.columns if name in kept)).cache()
    asked = Asked(rows if multiplies else split, split, measures)
    if not adds_up:
        return asked, absent
    return Added(asked, by, by_period=period is not None, multiplies=multiplies), absent


@dataclass(frozen=True, slots=True)
class Asked:
    """The engine is asked for each level."""

    rows: ir.Table
    split: ir.Table
    """The rows with their dimensions; more of them, where a dimension has several values."""
    measures: Measures

    def at(self, by: tuple[str, ...], *, by_period: bool) -> Found:
        """Return what is found of each group and period, or of everything."""
        found: Found = _measured(self.split if by else self.rows, _keys(by, by_period), self.measures).to_pylist()
        return found


class Added:
    """The engine is asked for the finest level; the others are added up."""

    def __init__(self, asked: Asked, by: tuple[str, ...], *, by_period: bool, multiplies: bool) -> None:
        self._asked = asked
        self._split = _Finest(asked.split, _keys(by, by_period), asked.measures)
        self._rows = _Finest(asked.rows, _keys((), by_period), asked.measures) if multiplies else self._split

    def at(self, by: tuple[str, ...], *, by_period: bool) -> Found:
        """Return what is found of each group and period, or of everything."""
        finest, keys = self._split if by else self._rows, _keys(by, by_period)
        if not keys and not finest.found.num_rows:
            return self._asked.at((), by_period=False)  # the engine knows what is 0 of no rows, and what is NULL
        return finest.at(keys)


class _Finest:
    """What is found at the finest level."""

    def __init__(self, rows: ir.Table, keys: list[str], measures: Measures) -> None:
        self.found = _measured(rows, keys, measures)
        self._ways = [(one, "min" if one == FIRST else "sum") for one in self.found.column_names if one not in keys]

    def at(self, keys: list[str]) -> Found:
        """Return the sums of a coarser level."""
        # One thread, so that fractions are added up in one order.
        added = self.found.group_by(keys, use_threads=False).aggregate(self._ways)
        found: Found = added.rename_columns({f"{name}_{way}": name for name, way in self._ways}).to_pylist()
        return found


def _keys(by: tuple[str, ...], by_period: bool) -> list[str]:
    return [*by, *((PERIOD,) if by_period else ())]


def _measured(rows: ir.Table, keys: list[str], measures: Measures) -> pa.Table:
    found = measures(rows)
    return (rows.group_by(keys).aggregate(**found) if keys else rows.aggregate(**found)).to_pyarrow()
