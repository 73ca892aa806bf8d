"""Tickets that change at the source after they crossed into a Zendesk: what becomes of them, by the route's policy."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.journey.changes import work_an_hour
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture_zendesk import live_tickets, twice_zendesk
from tests.journey.seeds import crash_seed

KINDS = ["organization", "person", "ticket"]
ROUTE = '\n[routes.move]\nsource = "old"\ndestination = "new"\ndelta = "{}"\n'


class Moved:
    """A Zendesk that has crossed into another, and an hour of work at the first."""

    def __init__(self, host: DeskHost, crasher: Crasher, directory: Path, policy: str) -> None:
        self.old = host.zendesk(seed=3, tickets=40, profile="plain")
        self.new = host.empty_zendesk(like=self.old)
        self.crasher = crasher
        self.config = write_config(directory, {"old": self.old, "new": self.new})
        with self.config.open("a", encoding="utf-8") as file:
            file.write(ROUTE.format(policy))
        self.pull()
        self.migrate()
        self.before = {row["external_id"]: row for row in live_tickets(self.new)}

    def pull(self) -> None:
        """Pull the source."""
        self.crasher.well("pull", config=str(self.config), clock=self.old.base_url, names=["old"])

    def migrate(self, **options: Any) -> dict[str, Any]:
        """Migrate, verify and prove."""
        self.new.forget_requests()
        found = self.crasher.well("load", **self.values(**options))
        result: dict[str, Any] = found["result"]
        return result

    def values(self, **options: Any) -> dict[str, Any]:
        """Return the arguments of a load."""
        return {"config": str(self.config), "clock": self.old.base_url, "verify": True, "only": KINDS, **options}

    def work(self) -> dict[str, str]:
        """Let people work at the source and pull; returns the tickets that changed, by what was done."""
        done = {what: f"old:ticket:{number}" for what, number in work_an_hour(self.old).items()}
        self.pull()
        return done

    def writes(self) -> list[str]:
        """Return the writes since the last migration began."""
        return [f"{one['method']} {one['path']}" for one in self.new.requests() if one["method"] != "GET"]

    def there(self) -> dict[str, dict[str, Any]]:
        """Return the live tickets by external id."""
        return {row["external_id"]: row for row in live_tickets(self.new)}


def _comments(desk: Desk, ticket: int) -> list[dict[str, Any]]:
    return [one for one in desk.state()["comments"] if one["ticket_id"] == ticket]


CHANGED = ("answered", "edited", "tagged")


def test_closed_first_leaves_them_and_counts(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    moved = Moved(host, crasher, tmp_path, "closed_first")
    done = moved.work()
    result = moved.migrate()
    assert result["proof"]["holds"]
    assert result["exit_code"] == 0
    assert result["load"]["losses"]["changed_after_crossing"] == len(CHANGED)
    assert result["load"]["kinds"]["ticket"]["not_updatable"] == len(CHANGED)
    there = moved.there()
    assert done["created"] in there
    for what in CHANGED:
        assert there[done[what]] == moved.before[done[what]], what
    told = {one["record_id"] for one in result["verify"]["not_updated"]}
    assert told <= {done[what] for what in CHANGED}
    assert moved.new.mails() == []


def test_reimport_makes_way_for_the_ticket_as_it_is(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    """One live copy at any time, under a new number; the earlier one lies in the trash; nobody hears of it."""
    moved = Moved(host, crasher, tmp_path, "reimport")
    done = moved.work()
    result = moved.migrate()
    assert result["proof"]["holds"]
    assert result["verify"]["differences"] == []
    assert result["load"]["kinds"]["ticket"]["reimported"] == len(CHANGED)
    there = moved.there()
    for what in CHANGED:
        assert there[done[what]]["id"] != moved.before[done[what]]["id"], what
    assert "looked_at" in there[done["tagged"]]["tags"]
    source = _comments(moved.old, int(done["answered"].rpartition(":")[2]))
    written = _comments(moved.new, there[done["answered"]]["id"])
    assert [one["created_at"] for one in written] == [one["created_at"] for one in source]
    deletes = [one for one in moved.writes() if one.startswith("DELETE")]
    assert sorted(deletes) == sorted(f"DELETE /api/v2/tickets/{moved.before[done[what]]['id']}" for what in CHANGED)
    assert twice_zendesk(moved.new) == []
    assert moved.new.mails() == []
    moved.migrate()
    assert moved.writes() == []


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_a_reimport_is_killed(host: DeskHost, crasher: Crasher, tmp_path: Path, every: bool) -> None:
    """Between the removal and the import, and around both: never two live copies, and in the end one of each."""
    moved = Moved(host, crasher, tmp_path / "whole", "reimport")
    done = moved.work()
    found: list[str] = moved.crasher.well("load", **moved.values())["points"]
    points = [one for one in found if one.startswith("send:")]
    assert len(points) >= 2 * (len(CHANGED) + 1)
    chosen = points if every else random.Random(f"{crash_seed()}/reimport").sample(points, 2)
    for number, point in enumerate(chosen):
        again = Moved(host, crasher, tmp_path / str(number), "reimport")
        assert again.work() == done
        crasher.killed("load", point, **again.values())
        assert twice_zendesk(again.new) == [], point
        result = again.migrate()
        assert result["proof"]["holds"], point
        assert twice_zendesk(again.new) == [], point
        there = again.there()
        assert set(there) == {*again.before, done["created"]}, point
        assert "looked_at" in there[done["tagged"]]["tags"], point


def test_append_needs_a_yes_and_adds_what_is_new(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    moved = Moved(host, crasher, tmp_path, "append_with_consent")
    done = moved.work()
    result = moved.migrate()
    assert result["proof"]["holds"]
    assert result["verify"]["differences"] == []
    there = moved.there()
    for what in CHANGED:
        assert there[done[what]]["id"] == moved.before[done[what]]["id"], what
    assert "looked_at" in there[done["tagged"]]["tags"]
    source = _comments(moved.old, int(done["answered"].rpartition(":")[2]))
    written = _comments(moved.new, there[done["answered"]]["id"])
    assert len(written) == len(source)
    assert source[-1]["body"] in written[-1]["body"]
    assert source[-1]["created_at"] in written[-1]["body"]
    assert written[-1]["public"] == source[-1]["public"]
    puts = [one for one in moved.writes() if one.startswith("PUT")]
    # A comment and maybe values for the answered one, values for the others.
    assert len(CHANGED) <= len(puts) <= len(CHANGED) + 1
    moved.migrate()
    assert moved.writes() == []


def test_append_is_refused_without_a_yes(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    moved = Moved(host, crasher, tmp_path, "append_with_consent")
    moved.work()
    moved.new.forget_requests()
    found = crasher.run(
        "command line", arguments=["--config", str(moved.config), "migrate", "old", "new", "--yes"],
        directory=str(tmp_path), environment={"DESKFERRY_CLOCK": moved.old.base_url},
    )["result"]  # fmt: skip
    assert found["code"] == 2
    assert "--accept ticket_update_triggers" in found["err"]
    assert moved.writes() == []


def test_early_moves_only_what_is_final(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    old = host.zendesk(seed=3, tickets=40, profile="plain")
    new = host.empty_zendesk(like=old)
    config = write_config(tmp_path, {"old": old, "new": new})
    crasher.well("pull", config=str(config), clock=old.base_url, names=["old"])
    values = {"config": str(config), "clock": old.base_url, "only": KINDS}
    crasher.well("load", early=True, **values)
    final = {f"old:ticket:{row['id']}" for row in old.state()["tickets"] if row["status"] == "closed"}
    assert {row["external_id"] for row in live_tickets(new)} == final
    crasher.well("load", **values)
    assert len(live_tickets(new)) == len(old.state()["tickets"])
    assert twice_zendesk(new) == []
