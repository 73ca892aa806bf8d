"""Killed anywhere in a load, by signal 9, and run again: both sides are as if nothing had happened.

Nothing is there twice, nothing is missing, and nobody gets a mail that an undisturbed load would not have sent.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journey.content import Content, content, copy, differences
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import picture, twice, unlike
from tests.journey.seeds import crash_seed

CHAINS = 8
WORKERS = 2
ALL_SHARES = 24
KINDS = ("send", "journal", "other")
COMPARED = ("crossing", "loss")

WRITTEN = (
    "tickets", "conversations", "contacts", "companies", "satisfaction_ratings", "solution_categories",
    "solution_folders", "solution_articles", "canned_response_folders", "canned_responses",
)  # fmt: skip
TRANSLATIONS = 2
"""Of the articles of the account, in languages that the desk has."""
LAG = "the search lags by hours"

FAULTS = {
    "no answer, but there": (
        "timeout_after@POST /tickets$:every=7,seconds=0.01;timeout_after@POST /notes:every=6,seconds=0.01;"
        "timeout_after@PUT /tickets:every=4,seconds=0.01"
    ),
    "reset, but there": (
        "reset_after@POST /tickets$:every=5;reset_after@POST /contacts:every=3;reset_after@POST /companies:nth=2;"
        "reset_after@POST /admin/ticket_fields:nth=1"
    ),
    "an error, but there": "503@POST /tickets$:every=6,after=1;500@POST /notes:every=8,after=1",
    "beside tickets": (
        "reset_after@POST /solutions:every=2;reset_after@POST /canned:every=2;reset_after@POST /satisfaction:every=2"
    ),
    "never reached": "reset@POST /api:every=9;429@/api:every=7,retry_after=4",
    LAG: "reset_after@POST /notes:every=6;reset_after@POST /tickets$:every=6;reset_after@POST /contacts:every=5",
}


@dataclass
class Undisturbed:
    """A load that nobody disturbed: its points, and what both sides hold."""

    old: Desk
    new: Desk
    crasher: Crasher
    template: Path
    points: list[str]
    sends: int
    held: Content
    there: dict[str, Counter[str]]
    before: Counter[str]
    """How many of each an administrator had left there."""

    def begin(self, directory: Path) -> Path:
        """Return the configuration of a store that has pulled; the destination is as an administrator left it."""
        self.new.host.reset(self.old, self.new)
        config = write_config(directory, {"old": self.old, "new": self.new})
        copy(self.template, directory / "store.db")
        return config

    def values(self, config: Path, **options: Any) -> dict[str, Any]:
        """Return the arguments of a load."""
        return {"config": str(config), "clock": self.old.base_url, **options}

    def compare(self, config: Path, why: str) -> None:
        """Both sides must hold what the undisturbed load left."""
        held = chosen(content(config.parent / "store.db", remote_ids=False))
        different = unlike(self.there, picture(self.new))
        assert not different, "\n".join([why, *different])
        assert not twice(self.new), why
        assert not differences(self.held, held), why


def chosen(held: Content) -> Content:
    """Return what a load writes, and all that it must leave as it is."""
    return {
        table: {key: row for key, row in rows.items() if table in COMPARED or key.startswith("old:")}
        for table, rows in held.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the undisturbed load."""
    directory = tmp_path_factory.mktemp("load")
    old = host.zendesk(seed=3, tickets=26, profile="plain")
    new = host.freshdesk(like=old)
    template = write_config(directory / "template", {"old": old}).parent / "store.db"
    crasher.well("pull", config=str(template.parent / "deskferry.toml"), clock=old.base_url, names=["old"])
    whole = Undisturbed(old, new, crasher, template, [], 0, {}, {}, Counter())
    config = whole.begin(directory / "whole")
    whole.before = Counter({table: sum(rows.values()) for table, rows in picture(new).items()})
    found = crasher.well("load", **whole.values(config))
    assert found["result"]["proof"]["holds"]
    whole.points = [point for point in found["points"] if point.split(":")[0] in KINDS]
    whole.sends = sum(one["method"] != "GET" for one in new.requests())
    whole.held = chosen(content(config.parent / "store.db", remote_ids=False))
    whole.there = picture(new)
    return whole


def _again(whole: Undisturbed, config: Path, why: str, **options: Any) -> dict[str, Any]:
    """Run to the end; the proof must hold."""
    found = whole.crasher.well("load", **whole.values(config, **options))
    assert found["result"]["proof"]["holds"], why
    assert found["result"]["exit_code"] == 0, why
    result: dict[str, Any] = found["result"]
    return result


def test_every_write_of_a_load_is_a_point(undisturbed: Undisturbed) -> None:
    """As many as the destination took, and as the journal has."""
    counted = Counter(tuple(point.split(":")[::2]) for point in undisturbed.points)
    created = {name: sum(rows.values()) for name, rows in undisturbed.there.items()}
    written = sum(created[name] - undisturbed.before[name] for name in WRITTEN)
    assert written > 100
    assert all(created[name] > undisturbed.before[name] for name in WRITTEN if name != "solution_categories")
    assert counted["send", "before"] == counted["send", "after"] == undisturbed.sends
    # One more for the field of the origin mark, one for each translation; and an update closes each ticket that could
    # not be born closed.
    updates = undisturbed.sends - written - 1 - TRANSLATIONS
    assert 0 < updates <= created["tickets"]
    assert counted["journal", "before"] == counted["journal", "after"] > undisturbed.sends


@pytest.mark.parametrize("worker", range(WORKERS))
def test_killed_three_times(undisturbed: Undisturbed, tmp_path: Path, worker: int) -> None:
    """Points by a printed seed: each store is killed at one, resumed and killed again, and once more."""
    for number in range(worker, CHAINS, WORKERS):
        chain = _chain(undisturbed, number)
        why = f"seed {crash_seed()}, chain {number}: killed at {', '.join(chain)}"
        print(why)
        config = undisturbed.begin(tmp_path / str(number))
        for point in chain:
            undisturbed.crasher.killed("load", point, **undisturbed.values(config))
        result = _again(undisturbed, config, why, verify=number < WORKERS)
        if number < WORKERS:
            assert result["verify"]["differences"] == [], why
        undisturbed.compare(config, why)


def _chain(whole: Undisturbed, number: int) -> list[str]:
    """Return three points, each counted from where the load before it died."""
    chance = random.Random(f"{crash_seed()}/{number}")
    left, chain = whole.sends, []
    for turn in range(3):
        what = chance.choice(("send", "send", "journal"))
        place = chance.randint(2, max(2, left // (4 - turn) - 2))
        when = chance.choice(("before", "after"))
        chain.append(f"{what}:{place}:{when}")
        left -= place + 2
    return chain


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", range(ALL_SHARES))
def test_killed_at_every_point(undisturbed: Undisturbed, tmp_path: Path, share: int) -> None:
    """Before a call leaves, after the vendor took it, and inside the transaction of its outcome.

    After that transaction is before the next call leaves: the same disk, and not tried twice.
    """
    points = [one for one in undisturbed.points if not re.fullmatch(r"journal:\d+:after", one)]
    for number, point in enumerate(points[share::ALL_SHARES]):
        config = undisturbed.begin(tmp_path / str(number))
        undisturbed.crasher.killed("load", point, **undisturbed.values(config))
        _again(undisturbed, config, f"killed at {point}")
        undisturbed.compare(config, f"killed at {point}")


@pytest.mark.parametrize(("what", "threads"), [*((name, 1) for name in FAULTS), ("reset, but there", 4), (LAG, 4)])
def test_answers_that_never_came(undisturbed: Undisturbed, tmp_path: Path, what: str, threads: int) -> None:
    """The write took effect, the answer was lost, the search does not know it yet: found, and not sent again."""
    config = undisturbed.begin(tmp_path)
    if what == LAG:
        undisturbed.new.change({"op": "settings", "search_lag": 4 * 3600})
    undisturbed.new.faults(FAULTS[what])
    stopped = undisturbed.crasher.run("load", **undisturbed.values(config, threads=threads))
    if stopped["error"] is not None:  # one operation had bad luck too often: a clear stop
        assert stopped["exit_code"] == 4, stopped["trace"]
    assert all(undisturbed.new.struck())
    undisturbed.new.faults()
    _again(undisturbed, config, what, threads=threads)
    undisturbed.compare(config, what)


@pytest.mark.parametrize("threads", [1, 4])
def test_killed_while_answers_are_lost(undisturbed: Undisturbed, tmp_path: Path, threads: int) -> None:
    """In doubt, and then killed; several calls at once under way."""
    config = undisturbed.begin(tmp_path)
    undisturbed.new.faults("reset_after@POST /api:every=4")
    chance = random.Random(crash_seed())
    for _turn in range(3):
        undisturbed.crasher.killed(
            "load", f"send:{chance.randint(5, 25)}:after", **undisturbed.values(config, threads=threads)
        )
    undisturbed.new.faults()
    _again(undisturbed, config, f"seed {crash_seed()}", threads=threads)
    undisturbed.compare(config, f"seed {crash_seed()}")
