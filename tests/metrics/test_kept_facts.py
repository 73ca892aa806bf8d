"""Facts kept beside a snapshot say what they would say made anew, and only as long as they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deskferry.metrics import desk, kept_facts
from deskferry.metrics.engine import compute
from deskferry.metrics.facts import FACTS
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS, metric_named
from deskferry.metrics.result import Result
from deskferry.store import Store, open_store
from deskferry.store.snapshot import folder_of
from tests.metrics.build import World
from tests.metrics.rich_desk import rich_desk

KEPT = [name for name, fact in FACTS.items() if fact.is_kept]
ASKED = Question(by=("team",), period="month")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give a desk that has everything."""
    return rich_desk(tmp_path)


@pytest.fixture
def store(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Give its store; its facts are worth keeping."""
    monkeypatch.setattr(kept_facts, "WORTH", 0)
    with open_store(world.write()) as found:
        yield found


def files(store: Store) -> set[str]:
    """Return the facts that lie beside the snapshot."""
    return {one.name for one in folder_of(store).glob("fact-*")}


def numbers(store: Store, world: World, *names: str, **asked: Any) -> list[Result]:
    """Return the results of metrics, of all of them where none is named."""
    metrics = [metric_named(one) for one in names] or list(METRICS.values())
    return compute(store, metrics, replace(ASKED, **asked), world.as_of)


def steady(value: Any) -> Any:
    """Return results as plain values, numbers to twelve digits: threads add up in any order."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if is_dataclass(value):
        return {one.name: steady(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: steady(one) for key, one in value.items()}
    return [steady(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.exhaustive
def test_all_metrics_say_the_same_of_kept_facts(store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made anew of what was kept, and every number of every line is the same."""
    first = numbers(store, world)
    kept = files(store)
    assert {one.split("-")[1] for one in kept} == {*KEPT, "base"}

    def made(_desk: object, _beside: object = ()) -> None:
        raise AssertionError("made anew")

    monkeypatch.setattr(desk, "FACTS", {name: replace(fact, build=made) if fact.is_kept else fact
                                        for name, fact in FACTS.items()})  # fmt: skip
    monkeypatch.setattr(desk, "base_population", made)
    assert steady(numbers(store, world)) == steady(first)
    assert files(store) == kept


def test_what_was_written_since_counts(store: Store, world: World) -> None:
    """Files of the snapshot are others then, and so are the facts'."""
    before = numbers(store, world, "M01")[0].total
    kept = files(store)
    with store.write() as database:
        database.exec_driver_sql("UPDATE ticket SET is_spam = TRUE")
    after = numbers(store, world, "M01")[0].total
    assert (before.n_eligible > 0, after.n_eligible) == (True, 0)
    assert files(store) - kept


def test_what_is_left_out_and_other_code_have_files_of_their_own(
    store: Store, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that leaves a brand out does not get the population of another; nor does code that derives else."""
    numbers(store, world, "M09", exclude=("old:brand:1",))  # first: it reads columns that the others do not
    without = files(store)
    numbers(store, world, "M09")
    whole = files(store) - without
    assert {one.split("-")[1] for one in whole} == {one.split("-")[1] for one in without}
    monkeypatch.setattr(kept_facts, "_code", lambda: "another")
    numbers(store, world, "M09")
    assert len(files(store)) == 3 * len(whole) > 0


def test_small_facts_are_not_kept(store: Store, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made sooner than written."""
    monkeypatch.setattr(kept_facts, "WORTH", 1 << 20)
    numbers(store, world, "M09")
    assert not files(store)
