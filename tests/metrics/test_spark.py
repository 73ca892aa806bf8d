"""The same expressions on DuckDB and on Spark: every metric and every rule says the same of one ugly desk.

Numbers may differ by the last digits of a double: engines add up in other orders.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from deskferry.metrics import joint_history
from deskferry.metrics.desk import Desk
from deskferry.metrics.engine import compute, measure, tables_for
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS
from deskferry.metrics.result import Computed
from deskferry.store import Store, open_store
from deskferry.validate.rules import RULES
from deskferry.validate.run_rules import checked, findings, opened
from tests.metrics.build import World
from tests.metrics.rich_desk import rich_desk
from tests.metrics.test_joint_history import two_desks

pytestmark = pytest.mark.xdist_group("spark")  # one session, whichever worker has it

ENGINES = ("duckdb", "spark")
WEEKLY = Question(timezone="Europe/Madrid", period="week")
SPLIT = (
    ("M07", {"by": ("agent", "field:plan"), "clock": "business"}),
    ("M01", {"by": ("tag", "team"), "period": "month"}),
    ("M45", {"settings": {"M45": {"of": "field:plan", "value": "created"}}}),
    ("M45", {"by": ("field:plan", "connection")}),
    ("M09", {"settings": {"M09": {"schedules": "last"}}, "clock": "business"}),
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a small Spark of this process, which listens on loopback alone and leaves nothing behind.

    Its time zone is a wrong one on purpose: what connects to it has to see to that.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415 - only `make exhaustive` brings it; missing, this fails

    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "1g",
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF",
        "spark.local.dir": str(folder), "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory", "spark.sql.session.timeZone": "Asia/Tokyo",
        "spark.sql.shuffle.partitions": "2", "spark.sql.adaptive.enabled": "false",
        # Hundreds of questions about few rows: to compile each costs more than it saves.
        "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }  # fmt: skip
    session = SparkSession.builder.master("local[2]").appName("tests").config(map=settings).getOrCreate()
    yield
    session.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Give the desk."""
    return rich_desk(tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="module")
def store(world: World) -> Iterator[Store]:
    """Give the store that it is written into."""
    with open_store(world.write()) as held:
        yield held


@pytest.fixture(scope="module")
def desks(spark: None, store: Store, world: World) -> dict[str, Desk]:
    """Give the desk on each engine, with what all metrics read."""
    found = {}
    for engine in ENGINES:
        opened = joint_history.opened(store, tables_for(METRICS.values(), WEEKLY), engine, WEEKLY)
        found[engine] = Desk(opened.backend, WEEKLY, world.as_of, opened.held)
    return found


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Return where two results differ, in type or in value."""
    if type(one) is not type(other):
        return [f"{place}: {one!r} is no {type(other).__name__} {other!r}"]
    if is_dataclass(one):
        parts = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(one)}
    elif isinstance(one, Mapping) and one.keys() == other.keys():
        parts = {str(key): (one[key], other[key]) for key in one}
    elif isinstance(one, list | tuple) and len(one) == len(other):
        parts = {str(number): pair for number, pair in enumerate(zip(one, other, strict=True))}
    elif isinstance(one, float):
        return [] if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9) else [f"{place}: {one} is not {other}"]
    else:
        return [] if one == other else [f"{place}: {one!r} is not {other!r}"]
    return [told for name, (left, right) in parts.items() for told in differences(left, right, f"{place}.{name}")]


@pytest.mark.parametrize("card_id", METRICS)
def test_a_metric_is_the_same_on_both_engines(desks: dict[str, Desk], card_id: str) -> None:
    on_duckdb, on_spark = (measure(desks[engine], METRICS[card_id]) for engine in ENGINES)
    assert [one.status for one in on_duckdb if one.status is Computed.NOT_COMPUTABLE] == [], "nothing was compared"
    assert all(one.total.n_eligible for one in on_duckdb)
    assert differences(on_duckdb, on_spark) == []


@pytest.mark.parametrize(("card_id", "asked"), SPLIT)
def test_split_and_with_options_too(
    spark: None, store: Store, world: World, card_id: str, asked: dict[str, Any]
) -> None:
    question = Question(**{"timezone": "Europe/Madrid", **asked})
    on_duckdb, on_spark = (
        compute(store, [METRICS[card_id]], question, world.as_of, engine=engine) for engine in ENGINES
    )
    assert any(line.group for one in on_duckdb for line in one.lines) or not question.by
    assert differences(on_duckdb, on_spark) == []


@pytest.mark.parametrize("card_id", ["M09", "M25"])
def test_the_joint_history_of_two_desks_too(spark: None, tmp_path: Path, card_id: str) -> None:
    found = two_desks(World(tmp_path))
    question = Question(by=("connection",))
    with open_store(found.world.write()) as held:
        found.machinery(held)
        on_duckdb, on_spark = (
            compute(held, [METRICS[card_id]], question, found.world.as_of, engine=engine) for engine in ENGINES
        )
    assert on_duckdb[0].total.n_computed
    assert differences(on_duckdb, on_spark) == []


def test_rules_object_to_the_same(spark: None, store: Store, world: World) -> None:
    told: dict[str, Any] = {}
    for engine in ENGINES:
        desk = opened(store, RULES, ("old", "new"), world.as_of, engine=engine)
        found = {rule.id: sorted(map(repr, findings(desk, rule))) for rule in RULES}
        told[engine] = (found, checked(desk, RULES))
    assert any(told["duckdb"][0].values()), "nothing was compared"
    assert told["duckdb"] == told["spark"]
