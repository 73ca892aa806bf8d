"""Imports killed anywhere, jobs that vanish, answers that never came: each ticket is there once, whatever happens."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journey.content import copy
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import unlike
from tests.journey.picture_zendesk import picture_zendesk, twice_zendesk
from tests.journey.seeds import crash_seed

KINDS = ["organization", "person", "ticket"]
CHOSEN = 4
ALL_SHARES = 12
FAULTS = {
    "tickets: no answer, but there": "timeout_after@POST /imports/tickets/create_many:nth=1,seconds=0.01",
    "users: reset, but there": "reset_after@POST /users/create_many:nth=1",
    "organizations: an error, but there": "503@POST /organizations/create_many:nth=1,after=1",
    "never reached": "reset@POST /api:every=5;429@/api:every=7,retry_after=4",
    "uploads": "reset_after@POST /uploads:every=4",
}
JOBS = ("fail", "kill", "lose", "truncate", "stall")


@dataclass
class Undisturbed:
    """A load that nobody disturbed: its points, and what the destination holds."""

    old: Desk
    new: Desk
    crasher: Crasher
    template: Path
    points: list[str]
    there: dict[str, Counter[str]]

    def begin(self, directory: Path) -> Path:
        """Return the configuration of a store that has pulled; the destination is as an administrator left it."""
        self.new.host.reset(self.old, self.new)
        config = write_config(directory, {"old": self.old, "new": self.new})
        copy(self.template, directory / "store.db")
        return config

    def values(self, config: Path, **options: Any) -> dict[str, Any]:
        """Return the arguments of a load."""
        return {"config": str(config), "clock": self.old.base_url, "only": KINDS, **options}

    def again(self, config: Path, why: str, **options: Any) -> dict[str, Any]:
        """Run to the end: the proof holds, and all is there as if nothing had happened."""
        found = self.crasher.well("load", **self.values(config, **options))
        result: dict[str, Any] = found["result"]
        assert result["proof"]["holds"], why
        assert result["exit_code"] == 0, (why, result["load"])
        assert not twice_zendesk(self.new), why
        assert not unlike(self.there, picture_zendesk(self.new)), why
        return result


@pytest.fixture(scope="module")
def undisturbed(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the undisturbed load."""
    directory = tmp_path_factory.mktemp("imports")
    old = host.zendesk(seed=3, tickets=40, profile="plain")
    new = host.empty_zendesk(like=old)
    template = write_config(directory / "template", {"old": old}).parent / "store.db"
    crasher.well("pull", config=str(template.parent / "deskferry.toml"), clock=old.base_url, names=["old"])
    whole = Undisturbed(old, new, crasher, template, [], {})
    config = whole.begin(directory / "whole")
    found = crasher.well("load", **whole.values(config))
    assert found["result"]["proof"]["holds"]
    whole.points = [one for one in found["points"] if one.startswith(("send:", "journal:"))]
    whole.there = picture_zendesk(new)
    assert whole.there["mails"] == Counter()
    return whole


def test_killed_at_points_by_a_printed_seed(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Killed at one, resumed and killed at another; then to the end."""
    chance = random.Random(f"{crash_seed()}/imports")
    sends = [one for one in undisturbed.points if one.startswith("send:")]
    for number in range(CHOSEN):
        first, second = chance.choice(sends), chance.choice(undisturbed.points)
        why = f"seed {crash_seed()}: killed at {first}, and maybe at {second}"
        print(why)
        config = undisturbed.begin(tmp_path / str(number))
        undisturbed.crasher.killed("load", first, **undisturbed.values(config))
        undisturbed.crasher.run("load", kill=second, **undisturbed.values(config))
        undisturbed.again(config, why)


def test_killed_between_a_job_and_its_result(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """The last write is the import of all tickets: taken by the vendor, and the process is gone before it ends."""
    imports = [one["path"] for one in _writes(undisturbed)].index("/api/v2/imports/tickets/create_many") + 1
    config = undisturbed.begin(tmp_path)
    undisturbed.crasher.killed("load", f"send:{imports}:after", **undisturbed.values(config))
    result = undisturbed.again(config, "killed after the import was queued", verify=True)
    assert result["settled"]["found"] > 30
    assert result["verify"]["differences"] == []


def _writes(whole: Undisturbed) -> list[dict[str, Any]]:
    whole.new.host.reset(whole.old, whole.new)
    config = whole.begin(whole.template.parent.parent / "counted")
    whole.crasher.well("load", **whole.values(config))
    return [one for one in whole.new.requests() if one["method"] != "GET"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", range(ALL_SHARES))
def test_killed_at_every_point(undisturbed: Undisturbed, tmp_path: Path, share: int) -> None:
    """Before a call leaves, after the vendor took it, and inside the transaction of its outcome."""
    for number, point in enumerate(undisturbed.points[share::ALL_SHARES]):
        config = undisturbed.begin(tmp_path / str(number))
        undisturbed.crasher.killed("load", point, **undisturbed.values(config))
        undisturbed.again(config, f"killed at {point}")


@pytest.mark.parametrize("what", FAULTS)
def test_answers_that_never_came(undisturbed: Undisturbed, tmp_path: Path, what: str) -> None:
    """The write took effect, its answer was lost: found by external id, and not sent again."""
    config = undisturbed.begin(tmp_path)
    undisturbed.new.faults(FAULTS[what])
    stopped = undisturbed.crasher.run("load", **undisturbed.values(config))
    if stopped["error"] is not None:  # one operation had bad luck too often: a clear stop
        assert stopped["exit_code"] == 4, stopped["trace"]
    assert all(undisturbed.new.struck())
    undisturbed.new.faults()
    undisturbed.again(config, what)


@pytest.mark.parametrize("what", JOBS)
def test_jobs_that_end_badly(undisturbed: Undisturbed, tmp_path: Path, what: str) -> None:
    """Each of the three jobs fails, is killed, vanishes, forgets results or stands still after a few rows."""
    config = undisturbed.begin(tmp_path)
    undisturbed.new.change(*({"op": "job_fault", "do": what, "after": after} for after in (1, 7, 11)))
    undisturbed.again(config, f"jobs that {what}")
