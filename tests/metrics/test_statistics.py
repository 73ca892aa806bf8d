"""Quantiles against published tables, and one way of computing them against the other."""

from __future__ import annotations

import pytest

from deskferry.metrics.aggregation import Mean
from deskferry.metrics.statistics import _t_by_halves, _t_by_series, t_of


@pytest.mark.parametrize(
    ("freedom", "level", "expected"),
    # https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
    [(1, 0.95, 12.706), (2, 0.95, 4.303), (10, 0.95, 2.228), (30, 0.99, 2.750), (100, 0.95, 1.984), (100, 0.8, 1.290)],
)
def test_quantiles_are_those_of_the_table(freedom: int, level: float, expected: float) -> None:
    assert t_of(freedom, level) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
@pytest.mark.parametrize("freedom", [200, 201, 999])
def test_the_series_of_many_degrees_goes_on_where_halving_stops(freedom: int, level: float) -> None:
    assert _t_by_series(freedom, level) == pytest.approx(_t_by_halves(freedom, level), rel=2e-11)


def test_a_million_observations_take_no_longer() -> None:
    assert t_of(10**6) == pytest.approx(1.959966, abs=1e-6)


def test_a_mean_has_the_same_interval_in_whatever_order_its_rows_were_added_up() -> None:
    # The two deviations that DuckDB found for the same ten values in two runs.
    told = [
        Mean("contacts").numbers({"mean": 2.0, "median": 2.0, "deviation": deviation, "n_computed": 10}, None)
        for deviation in (0.8528028654224417, 0.8528028654224418)
    ]
    assert told[0] == told[1]
    assert told[0].interval == pytest.approx((1.38994, 2.61006), abs=1e-5)
    assert (
        Mean("contacts").numbers({"mean": 2.0, "median": 2.0, "deviation": None, "n_computed": 1}, None).interval
        is None
    )
