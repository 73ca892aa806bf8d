"""Killed anywhere in a pull, by signal 9, and run again: the store is as if nothing had happened."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deskferry.store import open_store
from tests.journey.content import Content, content, copy, differences, files
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.seeds import crash_seed

CHAINS = 12
WORKERS = 2
ALL_SHARES = 16
LATE = ("file", "download")
"""Points that are reached from a store in which a pull died just before its first file."""


@dataclass
class Undisturbed:
    """A pull that nobody disturbed: its points, its counts, its store, and stores to begin from."""

    desk: Desk
    crasher: Crasher
    points: list[str]
    counts: dict[str, Any]
    held: Content
    files: dict[str, int]
    empty: Path
    before_files: Path

    def run(self, config: Path, kill: str | None = None) -> None:
        """Pull, to the end or to a point."""
        values = {"config": str(config), "clock": self.desk.base_url, "names": ["old"]}
        if kill is None:
            self.crasher.well("pull", **values)
        else:
            self.crasher.killed("pull", kill, **values)

    def differences(self, store: Path) -> list[str]:
        """Return what a store has otherwise."""
        found = differences(self.held, content(store))
        return [one for one in found if self.desk.vendor not in TIMED or not one.startswith("stream_cursor ")]


DESKS: dict[str, Callable[[DeskHost], Desk]] = {
    "zendesk": lambda host: host.zendesk(seed=3, tickets=26),
    # Several pulls in one minute: one that had to wait would bring links that are signed at another time.
    "freshdesk": lambda host: host.full_freshdesk(seed=3, tickets=40, profile="ugly", plan="enterprise-2000"),
    "help_scout": lambda host: host.help_scout(seed=3, tickets=40, profile="ugly"),
}
AT_LEAST = {"zendesk": (20, 10, 50), "freshdesk": (20, 10, 50), "help_scout": (20, 1, 50)}
"""Pages, children and files of these accounts."""
TIMED = ("freshdesk", "help_scout")
"""Vendors whose last cursor says when a pass began: later, where one was killed before it came to that list."""


@pytest.fixture(scope="module", params=DESKS)
def undisturbed(
    request: pytest.FixtureRequest, host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """Give the undisturbed pull."""
    directory = tmp_path_factory.mktemp("undisturbed")
    desk = DESKS[request.param](host)
    config = write_config(directory / "whole", {"old": desk})
    empty, store = directory / "empty" / "store.db", config.parent / "store.db"
    open_store(f"sqlite:///{empty}").close()
    copy(empty, store)
    found = crasher.well("pull", config=str(config), clock=desk.base_url, names=["old"])
    points = found["points"]
    whole = Undisturbed(
        desk, crasher, points, found["result"]["old"], content(store), files(store), empty, directory / "none"
    )
    early = _begin(whole, directory / "early", empty)
    last_child = f"child:{whole.counts['children']}:after"
    whole.run(early, last_child)
    whole.before_files = early.parent / "store.db"
    return whole


def _begin(whole: Undisturbed, directory: Path, template: Path) -> Path:
    whole.desk.reset()
    config = write_config(directory, {"old": whole.desk})
    copy(template, directory / "store.db")
    return config


def _case(whole: Undisturbed, directory: Path, point: str, *, renormalize: bool) -> None:
    """Die at a point, run again, compare."""
    what = point.partition(":")[0]
    config = _begin(whole, directory, whole.before_files if what in LATE else whole.empty)
    whole.run(config, point)
    whole.run(config)
    _compare(whole, config, f"killed at {point}", renormalize=renormalize)


def _compare(whole: Undisturbed, config: Path, why: str, *, renormalize: bool) -> None:
    store = config.parent / "store.db"
    assert not whole.differences(store), why
    assert files(store) == whole.files, why
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT * FROM run_lock").fetchall() == []
        assert database.execute("SELECT * FROM stream_todo").fetchall() == []
    database.close()
    if renormalize:  # the order of arrival is right, too: made anew from raw, the rows are the same
        whole.crasher.well("normalize", config=str(config), clock=whole.desk.base_url, name="old")
        assert not whole.differences(store), f"{why}, normalized"


def test_every_write_of_a_pull_is_a_point(undisturbed: Undisturbed) -> None:
    """The points are neither more nor fewer than what the source yielded and the pull counted."""
    counted = Counter(tuple(point.split(":")[::2]) for point in undisturbed.points)
    counts = undisturbed.counts
    pages, children, handled = counts["pages"], counts["children"], sum(counts["files"].values())
    least = AT_LEAST[undisturbed.desk.vendor]
    assert all(found > few for found, few in zip((pages, children, handled), least, strict=True))
    assert counts["files"]["missing"] == 1
    for what, number in (("page", pages), ("child", children), ("file", handled)):
        assert counted[what, "before"] == counted[what, "after"] == number
    assert counted["settle", "before"] >= 1
    assert counted["download", "half"] == len(_downloads(undisturbed))
    assert len(undisturbed.points) == len(set(undisturbed.points))


def _downloads(whole: Undisturbed) -> list[str]:
    """Return the attachments whose bytes arrived and were not empty."""
    rows = whole.held["attachment"].values()
    empty = {name.rpartition("/")[2] for name, size in whole.files.items() if size == 0}
    return [row["id"] for row in rows if row["fetch_state"] == "done" and row["sha256"] not in empty]


@pytest.mark.parametrize("worker", range(WORKERS))
def test_killed_three_times(undisturbed: Undisturbed, tmp_path: Path, worker: int) -> None:
    """Points by a printed seed: each store is killed among the pages, resumed, among the children, then the files."""
    for number in range(worker, CHAINS, WORKERS):
        chain = _chain(undisturbed.points, number)
        why = f"seed {crash_seed()}, chain {number}: killed at {', '.join(chain)}"
        print(why)
        config = _begin(undisturbed, tmp_path / str(number), undisturbed.empty)
        for point in chain:
            undisturbed.run(config, point)
        undisturbed.run(config)
        _compare(undisturbed, config, why, renormalize=number < WORKERS)


def _chain(points: list[str], number: int) -> list[str]:
    """Return a point among the lists, one among the children, one among the files or after: by this session's seed."""
    chance = random.Random(f"{crash_seed()}/{number}")
    chain = []
    for among in (("page", "reset"), ("child",), ("file", "download", "settle")):
        kind = chance.choice(sorted({tuple(one.split(":")[::2]) for one in points if one.split(":")[0] in among}))
        chain.append(chance.choice([one for one in points if tuple(one.split(":")[::2]) == kind]))
    return chain


@pytest.mark.exhaustive
@pytest.mark.parametrize("undisturbed", ["zendesk"], indirect=True)
@pytest.mark.parametrize("share", range(ALL_SHARES))
def test_killed_at_every_point(undisturbed: Undisturbed, tmp_path: Path, share: int) -> None:
    """All points."""
    for number, point in enumerate(undisturbed.points[share::ALL_SHARES]):
        _case(undisturbed, tmp_path / str(number), point, renormalize=number % 5 == 0)
