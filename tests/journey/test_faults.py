"""A vendor that has a bad day: in the end the same rows are there, or the pull stops where it can go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deskferry.store import open_store
from tests.journey.content import Content, content, copy, differences, files
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config

PASSING = {
    "throttled, and told for how long": "429@/incremental/users:nth=1,retry_after=7",
    "throttled, and not told": "429@/incremental/tickets:nth=1,count=1",
    "throttled everywhere, now and then": "429@/api/v2:every=5,retry_after=3",
    "an error of the server": "500@/groups:nth=1;502@/brands:nth=1;503@/incremental/organizations:count=3",
    "errors at any time": "503@/api/v2:probability=0.15,seed=4",
    "no answer": "reset@/incremental/ticket_events:nth=1;reset@/macros:count=2",
    "half an answer": "truncate@/incremental/tickets:nth=1;truncate@/ticket_fields:count=2",
    "a page of HTML": "html@/incremental/users:nth=1;html@/slas/policies:count=2",
    "downloads that break off": "truncate@/attachments/:every=2;reset@/attachments/:nth=3",
    "children that fail": "503@/articles/\\d+/attachments:every=2;reset@/articles/\\d+/translations:nth=1",
    "everything at once": "429@/api:every=7,retry_after=1;500@/api:every=11;reset@/api:every=13;truncate@/api:every=17",
}


@dataclass
class Well:
    """What a good day would have brought."""

    desk: Desk
    crasher: Crasher
    held: Content
    files: dict[str, int]
    empty: Path

    def begin(self, directory: Path, **more: Any) -> Path:
        """Return the configuration of an empty store; the desk is as it was."""
        self.desk.reset()
        config = write_config(directory, {"old": self.desk}, **more)
        copy(self.empty, directory / "store.db")
        return config

    def pull(self, config: Path) -> dict[str, Any]:
        """Pull, however it ends."""
        return self.crasher.run("pull", config=str(config), clock=self.desk.base_url, names=["old"])

    def compare(self, config: Path) -> None:
        """The store must hold what a good day would have brought."""
        assert not differences(self.held, content(config.parent / "store.db"))
        assert files(config.parent / "store.db") == self.files


@pytest.fixture(scope="module")
def well(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Well:
    """Give the good day."""
    directory = tmp_path_factory.mktemp("well")
    desk = host.zendesk(seed=11, tickets=15)
    open_store(f"sqlite:///{directory / 'empty' / 'store.db'}").close()
    found = Well(desk, crasher, {}, {}, directory / "empty" / "store.db")
    config = found.begin(directory / "whole")
    crasher.well("pull", config=str(config), clock=desk.base_url, names=["old"])
    found.held, found.files = content(config.parent / "store.db"), files(config.parent / "store.db")
    assert len(found.files) > 3
    return found


@pytest.mark.parametrize("spec", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_changes_nothing(well: Well, tmp_path: Path, spec: str) -> None:
    config = well.begin(tmp_path)
    well.desk.faults(spec)
    ended = well.pull(config)
    assert ended["error"] is None, ended["trace"]
    assert all(well.desk.struck()), "a fault did not strike"
    assert ended["result"]["old"]["exit_code"] == 0
    well.compare(config)


def test_a_page_that_comes_twice(well: Well, tmp_path: Path) -> None:
    """The page before instead of the page asked for: nothing twice, nothing missing, or a clear stop."""
    config = well.begin(tmp_path, more={"old": {"page_size": 10}})
    well.desk.faults("repeat@/incremental/ticket_metric_events:nth=2;repeat@/organization_memberships:nth=2")
    ended = well.pull(config)
    if ended["error"] is not None:
        assert ended["exit_code"] == 4, ended["trace"]
        well.desk.faults()
        ended = well.pull(config)
        assert ended["error"] is None, ended["trace"]
    held = content(config.parent / "store.db")
    kinds = {table: rows for table, rows in well.held.items() if table != "stream_cursor"}
    assert not differences(kinds, {table: rows for table, rows in held.items() if table != "stream_cursor"})


def test_a_token_that_ends_in_the_middle(well: Well, tmp_path: Path) -> None:
    """Access tokens live half an hour: a long wait in the middle, and the pull renews and goes on."""
    config = well.begin(tmp_path)
    credentials = well.desk.credentials
    more = {"client_id": credentials["client_id"], "client_secret": "file:old.client_secret"}
    write_config(
        tmp_path, {"old": well.desk}, without=("oauth_token",),
        more={"old": {**more, "refresh_token": "file:old.refresh_token"}},
    )  # fmt: skip
    well.desk.faults("429@/incremental/tickets:nth=1,retry_after=2400;429@/macros:nth=1,retry_after=2400")
    ended = well.pull(config)
    assert ended["error"] is None, ended["trace"]
    assert well.desk.struck() == [1, 1]
    renewed = [one for one in well.desk.requests() if one["status"] == 401]
    assert len(renewed) >= 1, "no token ended"
    well.compare(config)
    kept = json.loads((tmp_path / "store.old.tokens.json").read_text(encoding="utf-8"))
    assert credentials["refresh_token"] not in json.dumps(kept)  # it rotated: the one of the configuration is spent
    again = well.pull(config)
    assert again["error"] is None, again["trace"]


@pytest.mark.parametrize("which", ["opening", "reply"])
def test_a_comment_that_is_counted_and_not_sent(well: Well, tmp_path: Path, which: str) -> None:
    """A short ticket is seen, read once more, and said; what comes later makes it whole."""
    config = well.begin(tmp_path)
    rows = [
        row for row in well.held["message"].values()
        if (row["is_opening"] if which == "opening" else row["direction"] == "out" and row["is_public"])
        and row["source_object"] == "comment" and well.held["ticket"][row["ticket_id"]]["status"] != "deleted"
    ]  # fmt: skip
    assert rows
    lost = rows[-1]
    well.desk.change({"op": "drop_comment", "id": int(lost["source_id"])})
    ended = well.pull(config)
    assert ended["error"] is None, ended["trace"]
    assert ended["result"]["old"]["shortfalls"] > 0
    short = content(config.parent / "store.db")
    counted = [
        row for row in short["declared_count"].values()
        if row["parent_id"] == lost["ticket_id"] and row["fetched"] < row["declared"]
    ]  # fmt: skip
    assert "messages" in {row["measure"] for row in counted}
    assert all(row["reread"] for row in counted)
    well.desk.reset()  # the vendor has found it again
    again = well.crasher.run("pull", config=str(config), clock=well.desk.base_url, names=["old"], full=True)
    assert again["error"] is None, again["trace"]
    assert again["result"]["old"]["shortfalls"] == 0
    assert set(content(config.parent / "store.db")["message"]) == set(well.held["message"])
