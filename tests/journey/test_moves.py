"""After a migration: a change at the source moves, and only it; a change at the destination is named by verify."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.journey.changes import work_an_hour
from tests.journey.content import copy
from tests.journey.crashing import Crasher
from tests.journey.desks import DeskHost, write_config
from tests.journey.picture import ORIGIN, picture

Row = dict[str, Any]


class Moved:
    """A Zendesk whose tickets have crossed into a Freshdesk."""

    def __init__(self, host: DeskHost, crasher: Crasher, directory: Path) -> None:
        self.old = host.zendesk(seed=3, tickets=40, profile="plain")
        self.new = host.freshdesk(like=self.old)
        self.crasher = crasher
        self.config = write_config(directory, {"old": self.old, "new": self.new})
        self.pull()
        self.migrate()

    def pull(self) -> dict[str, Any]:
        """Pull the source."""
        values = {"config": str(self.config), "clock": self.old.base_url, "names": ["old"]}
        result: dict[str, Any] = self.crasher.well("pull", **values)["result"]["old"]
        return result

    def migrate(self, **options: Any) -> dict[str, Any]:
        """Migrate, verify and prove."""
        self.new.forget_requests()
        found = self.crasher.well(
            "load", config=str(self.config), clock=self.old.base_url, verify=True, prove=True, **options
        )
        result: dict[str, Any] = found["result"]
        assert result["proof"]["holds"]
        return result

    def verify(self, store: Path) -> dict[str, Any]:
        """Look at what crossed, in a copy of the store."""
        config = write_config(store.parent, {"old": self.old, "new": self.new})
        found = self.crasher.well("verify", config=str(config), clock=self.old.base_url)
        result: dict[str, Any] = found["result"]
        return result

    def writes(self) -> list[str]:
        """Return the writes since the last migration began."""
        return [f"{one['method']} {one['path']}" for one in self.new.requests() if one["method"] != "GET"]


def test_a_second_migration_moves_only_what_changed(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    moved = Moved(host, crasher, tmp_path)
    before = picture(moved.new)
    numbers = {row["custom_fields"][ORIGIN]: row["id"] for row in moved.new.state()["tickets"]}
    worked = work_an_hour(moved.old)
    moved.pull()
    result = moved.migrate()
    there = {what: numbers.get(f"old:ticket:{number}") for what, number in worked.items()}
    rows = {row["custom_fields"][ORIGIN]: row for row in moved.new.state()["tickets"]}
    assert f"old:ticket:{worked['created']}" in rows
    written = moved.writes()
    assert sorted(one.replace("/api/v2", "") for one in written if "notes" in one or "POST" in one) == [
        "POST /tickets", f"POST /tickets/{there['answered']}/notes",
    ]  # fmt: skip
    updated = {int(found[1]) for one in written if (found := re.fullmatch(r"PUT /api/v2/tickets/(\d+)", one))}
    assert {there["edited"], there["tagged"]} <= updated <= {there[what] for what in ("edited", "tagged", "answered")}
    assert len(written) == 2 + len(updated)
    assert "looked_at" in rows[f"old:ticket:{worked['tagged']}"]["tags"]
    assert result["verify"]["differences"] == []
    # What is there besides is as it was: nothing of another ticket changed, and no deletion crossed.
    assert f"old:ticket:{worked['deleted']}" in rows
    after = picture(moved.new)
    changed = {f"ticket old:ticket:{number}" for number in worked.values()}
    for table in ("tickets", "conversations", "contacts", "companies"):
        gone = [row for row in (before[table] - after[table]) if not any(name in row for name in changed)]
        come = [row for row in (after[table] - before[table]) if not any(name in row for name in changed)]
        assert (gone, come) == ([], []), table
    moved.migrate()
    assert moved.writes() == []


@pytest.fixture(scope="module")
def moved(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> Moved:
    """Give a migration to look at; tests put back what they corrupt."""
    return Moved(host, crasher, tmp_path_factory.mktemp("moved"))


def _note(moved: Moved, **wanted: Any) -> Row:
    rows = moved.new.state()["conversations"]
    return next(row for row in rows if all(row[key] == value for key, value in wanted.items()))


def _edit(row: Row, **fields: Any) -> Row:
    return {"op": "edit_conversation", "id": row["id"], "fields": fields}


def _mark(row: Row) -> str:
    return re.findall(r"\[(old:comment:\d+)\]", row["body"])[0]


@pytest.mark.parametrize("what", ["author", "visibility", "time", "text", "file"])
def test_verify_names_what_was_corrupted(moved: Moved, tmp_path: Path, what: str) -> None:
    """One written message is corrupted in one way: that message and that way are named, and no others."""
    note = _note(moved, private=False, incoming=False)
    if what == "file":
        rows = moved.new.state()["conversations"]
        note = next(row for row in rows if row["attachments"])
    others = [row["id"] for row in moved.new.state()["agents"] if row["id"] != note["user_id"]]
    day = re.search(r"\d{4}-\d\d-\d\d", note["body"])
    assert day is not None
    changes: Mapping[str, Row] = {
        "author": _edit(note, user_id=others[1]),
        "visibility": _edit(note, private=True),
        "time": _edit(note, body=note["body"].replace(day[0], "2001-01-01", 1)),
        "text": _edit(note, body=note["body"].replace("</p>", " or not</p>", 1)),
        "file": {"op": "corrupt_attachment", "id": note["attachments"][0]["id"] if note["attachments"] else 0},
    }
    store = tmp_path / "store.db"
    copy(moved.config.parent / "store.db", store)
    assert moved.verify(store)["differences"] == []
    moved.new.change(changes[what])
    try:
        found = moved.verify(store)
    finally:
        undo = (
            changes["file"] if what == "file" else _edit(note, **{k: note[k] for k in ("user_id", "private", "body")})
        )
        moved.new.change(undo)
    said = found["differences"]
    assert {(one["record_id"], one["field"]) for one in said} == {(_mark(note), what)}, said
    assert "witness" in {one["seen_by"] for one in said}
    assert moved.verify(store)["differences"] == []


def test_where_notices_are_switched_off_nobody_hears_anything(
    host: DeskHost, crasher: Crasher, moved: Moved, tmp_path: Path
) -> None:
    """The same migration into an account whose administrator has switched them off: an empty mailbox."""
    assert moved.new.mails()
    quiet = host.freshdesk(like=moved.old, notifications=False, automations=False, surveys=False)
    config = write_config(tmp_path, {"old": moved.old, "new": quiet})
    crasher.well("pull", config=str(config), clock=moved.old.base_url, names=["old"], attachments=False)
    crasher.well("load", config=str(config), clock=moved.old.base_url)
    assert len(quiet.state()["tickets"]) == len(moved.new.state()["tickets"])
    assert quiet.mails() == []
