"""Imports killed anywhere, jobs that vanish, answers that never came: each ticket is there once, whatever happens.

So is each category, section, article, translation, file and macro.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journey.content import copy
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import unlike
from tests.journey.picture_zendesk import picture_guide, picture_zendesk, twice_zendesk
from tests.journey.seeds import crash_seed

KINDS = ["organization", "person", "ticket"]
KNOWLEDGE = ["article_category", "article", "macro"]
CHOSEN = 2
ALL_SHARES = 12
IMPORTS, HELP_CENTRE = "imports", "help centre"
FAULTS = {
    IMPORTS: {
        "tickets: no answer, but there": "timeout_after@POST /imports/tickets/create_many:nth=1,seconds=0.01",
        "users: reset, but there": "reset_after@POST /users/create_many:nth=1",
        "organizations: an error, but there": "503@POST /organizations/create_many:nth=1,after=1",
        "never reached": "reset@POST /api:every=5;429@/api:every=7,retry_after=4",
        "uploads": "reset_after@POST /uploads:every=4",
    },
    HELP_CENTRE: {
        "no answer, but there": (
            "timeout_after@POST /help_center:every=2,seconds=0.01;timeout_after@POST /macros:every=2,seconds=0.01;"
            "timeout_after@PUT /help_center:nth=1,seconds=0.01"
        ),
        "reset, but there": "reset_after@POST /help_center:every=3;reset_after@POST /macros:nth=1",
        "an error, but there": "503@POST /help_center:every=4,after=1;500@POST /macros:nth=2,after=1",
        "never reached": "reset@POST /help_center:every=3;429@POST /macros:nth=1,retry_after=4",
    },
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
    kinds: list[str]
    picture: Callable[[Desk], dict[str, Counter[str]]]

    def begin(self, directory: Path) -> Path:
        """Return the configuration of a store that has pulled; the destination is as an administrator left it."""
        self.new.host.reset(self.old, self.new)
        config = write_config(directory, {"old": self.old, "new": self.new})
        copy(self.template, directory / "store.db")
        return config

    def values(self, config: Path, **options: Any) -> dict[str, Any]:
        """Return the arguments of a load."""
        return {"config": str(config), "clock": self.old.base_url, "only": self.kinds, **options}

    def again(self, config: Path, why: str, **options: Any) -> dict[str, Any]:
        """Run to the end: the proof holds, and all is there as if nothing had happened."""
        found = self.crasher.well("load", **self.values(config, **options))
        result: dict[str, Any] = found["result"]
        assert result["proof"]["holds"], why
        assert result["exit_code"] == 0, (why, result["load"])
        assert not twice_zendesk(self.new), why
        assert not unlike(self.there, self.picture(self.new)), why
        return result


def whole_load(
    host: DeskHost, crasher: Crasher, directory: Path, kinds: list[str],
    picture: Callable[[Desk], dict[str, Counter[str]]], **options: Any,
) -> Undisturbed:  # fmt: skip
    """Return a load of these kinds that nobody disturbed."""
    old = host.zendesk(seed=3, tickets=26, profile="plain")
    new = host.empty_zendesk(like=old, **options)
    template = write_config(directory / "template", {"old": old}).parent / "store.db"
    crasher.well("pull", config=str(template.parent / "deskferry.toml"), clock=old.base_url, names=["old"])
    whole = Undisturbed(old, new, crasher, template, [], {}, kinds, picture)
    config = whole.begin(directory / "whole")
    found = crasher.well("load", **whole.values(config))
    assert found["result"]["proof"]["holds"]
    whole.points = [one for one in found["points"] if one.startswith(("send:", "journal:"))]
    whole.there = picture(new)
    assert whole.there["mails"] == Counter()
    return whole


@pytest.fixture(scope="module")
def undisturbed(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the undisturbed load."""
    return whole_load(host, crasher, tmp_path_factory.mktemp("imports"), KINDS, picture_zendesk)


@pytest.fixture(scope="module")
def knowledge(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Give the undisturbed load of a help centre and of macros."""
    directory = tmp_path_factory.mktemp("knowledge")
    whole = whole_load(host, crasher, directory, KNOWLEDGE, picture_guide, knowledge=False)
    held = {table: sum(rows.values()) for table, rows in whole.there.items()}
    assert all(held[table] for table in held if table != "mails"), held
    return whole


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> Undisturbed:
    """Give the undisturbed load of either."""
    found: Undisturbed = request.getfixturevalue({IMPORTS: "undisturbed", HELP_CENTRE: "knowledge"}[request.param])
    return found


either = pytest.mark.parametrize("whole", [IMPORTS, HELP_CENTRE], indirect=True)


@either
def test_killed_at_points_by_a_printed_seed(whole: Undisturbed, tmp_path: Path) -> None:
    """Killed at one, resumed and killed at another; then to the end."""
    chance = random.Random(f"{crash_seed()}/{whole.kinds}")
    sends = [one for one in whole.points if one.startswith("send:")]
    for number in range(CHOSEN):
        first, second = chance.choice(sends), chance.choice(whole.points)
        why = f"seed {crash_seed()}: killed at {first}, and maybe at {second}"
        print(why)
        config = whole.begin(tmp_path / str(number))
        whole.crasher.killed("load", first, **whole.values(config))
        whole.crasher.run("load", kill=second, **whole.values(config))
        whole.again(config, why)


def test_killed_between_a_job_and_its_result(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """The last write is the import of all tickets: taken by the vendor, and the process is gone before it ends."""
    imports = [one["path"] for one in _writes(undisturbed)].index("/api/v2/imports/tickets/create_many") + 1
    config = undisturbed.begin(tmp_path)
    undisturbed.crasher.killed("load", f"send:{imports}:after", **undisturbed.values(config))
    result = undisturbed.again(config, "killed after the import was queued", verify=True)
    assert result["settled"]["found"] > 20
    assert result["verify"]["differences"] == []


def _writes(whole: Undisturbed) -> list[dict[str, Any]]:
    whole.new.host.reset(whole.old, whole.new)
    config = whole.begin(whole.template.parent.parent / "counted")
    whole.crasher.well("load", **whole.values(config))
    return [one for one in whole.new.requests() if one["method"] != "GET"]


@either
@pytest.mark.exhaustive
@pytest.mark.parametrize("share", range(ALL_SHARES))
def test_killed_at_every_point(whole: Undisturbed, tmp_path: Path, share: int) -> None:
    """Before a call leaves, after the vendor took it, and inside the transaction of its outcome."""
    for number, point in enumerate(whole.points[share::ALL_SHARES]):
        config = whole.begin(tmp_path / str(number))
        whole.crasher.killed("load", point, **whole.values(config))
        whole.again(config, f"killed at {point}")


@pytest.mark.parametrize(
    ("whole", "faults"),
    [pytest.param(of, faults, id=f"{of}: {what}") for of in FAULTS for what, faults in FAULTS[of].items()],
    indirect=["whole"],
)
def test_answers_that_never_came(whole: Undisturbed, tmp_path: Path, faults: str) -> None:
    """The write took effect, its answer was lost: found by external id, or by place and name, and not sent again."""
    config = whole.begin(tmp_path)
    whole.new.faults(faults)
    stopped = whole.crasher.run("load", **whole.values(config))
    if stopped["error"] is not None:  # one operation had bad luck too often: a clear stop
        assert stopped["exit_code"] == 4, stopped["trace"]
    assert all(whole.new.struck())
    whole.new.faults()
    result = whole.again(config, faults, verify=True)
    assert result["verify"]["differences"] == []


@pytest.mark.parametrize("what", JOBS)
def test_jobs_that_end_badly(undisturbed: Undisturbed, tmp_path: Path, what: str) -> None:
    """Each of the three jobs fails, is killed, vanishes, forgets results or stands still after a few rows."""
    config = undisturbed.begin(tmp_path)
    undisturbed.new.change(*({"op": "job_fault", "do": what, "after": after} for after in (1, 7, 11)))
    undisturbed.again(config, f"jobs that {what}")
