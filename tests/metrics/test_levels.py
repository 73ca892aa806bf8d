"""Sums that are added up from the finest level are those that the engine finds at each level."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from deskferry.metrics.aggregation import Rate
from deskferry.metrics.levels import PERIOD, Added, Asked

_DAYS = (date(2026, 1, 1), date(2026, 2, 1))


def _measures(rows: ir.Table) -> dict[str, ir.Scalar]:
    return {"n_eligible": rows.count(), "n_computed": rows.value.count(), **Rate(columns=("extra",)).measures(rows)}


def _asked(number: int) -> Asked:
    table = pa.table(
        {
            "value": pa.array([None if n % 4 == 0 else float(n % 3 == 0) for n in range(number)], pa.float64()),
            "extra": pa.array([None if n % 5 else n for n in range(number)], pa.int64()),
            "team": pa.array([None if n % 7 == 0 else f"team {n % 3}" for n in range(number)], pa.string()),
            PERIOD: pa.array([_DAYS[n % 2] for n in range(number)], pa.date32()),
        }
    )
    rows = ibis.duckdb.connect().create_table("rows", table)
    return Asked(rows, rows, _measures)


def _sorted(found: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    return sorted((sorted(one.items()) for one in found), key=str)


@pytest.mark.parametrize("by_period", [False, True])
@pytest.mark.parametrize("by", [(), ("team",)])
@pytest.mark.parametrize("number", [0, 1, 60])
def test_added_up_is_as_asked(number: int, by: tuple[str, ...], by_period: bool) -> None:
    asked = _asked(number)
    added = Added(asked, ("team",), by_period=True, multiplies=False)
    assert _sorted(added.at(by, by_period=by_period)) == _sorted(asked.at(by, by_period=by_period))


def test_a_row_of_two_values_counts_once_in_the_total() -> None:
    asked = _asked(60)
    twice = Asked(asked.rows, asked.rows.union(asked.rows), _measures)
    added = Added(twice, ("team",), by_period=True, multiplies=True)
    assert added.at((), by_period=False)[0]["n_eligible"] == 60
    assert sum(one["n_eligible"] for one in added.at(("team",), by_period=False)) == 120
