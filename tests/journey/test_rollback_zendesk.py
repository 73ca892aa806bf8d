"""A migration into Zendesk taken back: from another Zendesk and from a Freshdesk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey.content import content
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.test_rollback import assert_as_published, hashes, unequal

Row = dict[str, Any]
ERASED = "Permanently Deleted User"


def a_freshdesk(host: DeskHost) -> Desk:
    """Give a Freshdesk with two customers and three tickets."""
    desk = host.freshdesk()
    key = desk.credentials["api_key"]

    def post(path: str, body: Row) -> Row:
        answer = desk.host.http.post(f"{desk.base_url}/api/v2/{path}", json=body, auth=(key, "X"))
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()
        return found

    people = [post("contacts", {"name": f"Customer {n}", "email": f"c{n}@f.example"}) for n in (1, 2)]
    for number in range(3):
        body = {"requester_id": people[number % 2]["id"], "subject": f"Question {number}", "description": "Why?",
                "status": 2, "priority": 1, "source": 2}  # fmt: skip
        ticket = post("tickets", body)
        post(f"tickets/{ticket['id']}/notes", {"body": "We look into it.", "private": True})
    desk.wait(600)
    return desk


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_the_desk_is_as_it_was(host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str) -> None:
    old = host.zendesk(seed=3, tickets=12, profile="plain") if vendor == "zendesk" else a_freshdesk(host)
    new = host.zendesk(seed=5, tickets=3, profile="plain")
    config = str(write_config(tmp_path, {"old": old, "new": new}))

    def do(job: str, **values: Any) -> Row:
        return dict(crasher.well(job, config=config, clock=new.base_url, **values)["result"])

    def live(place: Path) -> dict[str, dict[str, Row]]:
        new.wait(3600)  # exports keep the last minute to themselves
        fresh = write_config(place, {"new": new})
        crasher.well("pull", config=str(fresh), clock=new.base_url, names=["new"])
        held = content(place / "store.db")
        tickets = {key for key, row in held["ticket"].items() if row["deleted_at"] is None}
        return {
            kind: {key: row for key, row in rows.items()
                   if row["deleted_at"] is None and row.get("ticket_id") in (None, *tickets)}
            for kind, rows in held.items() if rows and all("content_hash" in row for row in rows.values())
        }  # fmt: skip

    do("pull", names=["old"])
    before = live(tmp_path / "before")
    first = do("load", verify=True)
    assert first["verify"]["differences"] == []
    created = first["load"]["kinds"]
    assert created["ticket"]["created"] >= 3
    back = do("rollback", run=first["run_id"])
    assert_as_published("rollback", back)
    assert back["exit_code"] == 0, back["left_alone"]
    after = live(tmp_path / "after")
    erased = [key for key, row in after["person"].items() if row["name"] == ERASED]
    assert len(erased) == back["residues"]["erased_user"] == created["person"]["created"]
    for key in erased:
        del after["person"][key]
    assert back["residues"]["used_number"] == created["ticket"]["created"]
    assert unequal(hashes(before), hashes(after)) == []
    assert new.mails() == []
    again = do("load", verify=True)
    assert again["verify"]["differences"] == []
    assert {one: again["load"]["kinds"][one] for one in ("person", "ticket", "message")} == {
        one: created[one] for one in ("person", "ticket", "message")
    }
