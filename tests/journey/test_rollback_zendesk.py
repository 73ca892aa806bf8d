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
KNOWLEDGE = ("article_category", "article", "macro")
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


class Route:
    """A desk, a Zendesk in which people work already, and a store between them."""

    def __init__(self, crasher: Crasher, directory: Path, old: Desk, new: Desk, store: str) -> None:
        self.crasher, self.directory, self.new = crasher, directory, new
        self.config = str(write_config(directory, {"old": old, "new": new}, store=store))
        self._pulls = 0

    def do(self, job: str, **values: Any) -> Row:
        return dict(self.crasher.well(job, config=self.config, clock=self.new.base_url, **values)["result"])

    def live(self) -> dict[str, dict[str, Row]]:
        """Return the live rows of a fresh pull of the destination; of deleted users nothing."""
        self._pulls += 1
        place = self.directory / f"fresh{self._pulls}"
        self.new.wait(3600)  # exports keep the last minute to themselves
        fresh = write_config(place, {"new": self.new})
        self.crasher.well("pull", config=str(fresh), clock=self.new.base_url, names=["new"])
        held = content(place / "store.db")
        tickets = {key for key, row in held["ticket"].items() if row["deleted_at"] is None}
        return {
            kind: {key: row for key, row in rows.items()
                   if row["deleted_at"] is None and row.get("ticket_id") in (None, *tickets)}
            for kind, rows in held.items() if rows and all("content_hash" in row for row in rows.values())
        }  # fmt: skip


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """Give the address of a store."""
    return "sqlite:///store.db" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_the_desk_is_as_it_was(host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str) -> None:
    old = host.zendesk(seed=3, tickets=12, profile="plain") if vendor == "zendesk" else a_freshdesk(host)
    route = Route(crasher, tmp_path, old, host.zendesk(seed=5, tickets=3, profile="plain"), "sqlite:///store.db")
    route.do("pull", names=["old"])
    before = route.live()
    first = route.do("load", verify=True)
    assert first["verify"]["differences"] == []
    created = first["load"]["kinds"]
    assert created["ticket"]["created"] >= 3
    back = route.do("rollback", run=first["run_id"])
    assert_as_published("rollback", back)
    assert back["exit_code"] == 0, back["left_alone"]
    after = route.live()
    erased = [key for key, row in after["person"].items() if row["name"] == ERASED]
    assert len(erased) == back["residues"]["erased_user"] == created["person"]["created"]
    for key in erased:
        del after["person"][key]
    assert back["residues"]["used_number"] == created["ticket"]["created"]
    assert unequal(hashes(before), hashes(after)) == []
    assert route.new.mails() == []
    again = route.do("load", verify=True)
    assert again["verify"]["differences"] == []
    assert {one: again["load"]["kinds"][one] for one in ("person", "ticket", "message")} == {
        one: created[one] for one in ("person", "ticket", "message")
    }


def only_its_own(desk: Desk) -> None:
    """Take away what the simulator's help centre and macros are filled with, and put in one of each."""
    http, base = desk.host.http, f"{desk.base_url}/api/v2"
    headers = {"Authorization": f"Bearer {desk.credentials['oauth_token']}"}
    for path, name in (("help_center/categories", "categories"), ("macros", "macros")):
        for row in http.get(f"{base}/{path}", headers=headers).json()[name]:
            http.delete(f"{base}/{path}/{row['id']}", headers=headers).raise_for_status()

    def made(path: str, envelope: str, **values: Any) -> Any:
        answer = http.post(f"{base}/{path}", json={envelope: values}, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()[envelope]["id"]

    group = http.get(f"{base}/guide/permission_groups", headers=headers).json()["permission_groups"][0]["id"]
    category = made("help_center/categories", "category", name="Ours", locale="en-us")
    section = made(f"help_center/categories/{category}/sections", "section", name="First", locale="en-us")
    made(f"help_center/sections/{section}/articles", "article", title="Was here", body="<p>Yes</p>", locale="en-us",
         user_segment_id=None, permission_group_id=group)  # fmt: skip
    made("macros", "macro", title="Thank you", actions=[{"field": "comment_value", "value": "Thanks"}])


@pytest.mark.parametrize(
    ("vendor", "store"), [("zendesk", "sqlite"), ("freshdesk", "sqlite"), ("freshdesk", "postgresql")],
    indirect=["store"],
)  # fmt: skip
def test_knowledge_base_and_macros_are_taken_back_too(
    host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str, store: str
) -> None:
    full = host.zendesk if vendor == "zendesk" else host.full_freshdesk
    old = full(seed=3, tickets=12, profile="plain")
    new = host.zendesk(seed=5, tickets=3, profile="plain")
    only_its_own(new)
    mails = len(new.mails())
    route = Route(crasher, tmp_path, old, new, store)
    route.do("pull", names=["old"])
    before = route.live()
    assert all(len(before[kind]) >= 1 for kind in KNOWLEDGE)
    first = route.do("load", verify=True, prove=True)
    assert (first["exit_code"], first["verify"]["differences"]) == (0, []), first["load"]["problems"]
    assert first["proof"]["holds"]
    created = {kind: counts["created"] for kind, counts in first["load"]["kinds"].items() if "created" in counts}
    for kind in KNOWLEDGE:
        found = first["verify"]["kinds"][kind]
        assert found["written"] == found["checked"] == found["verified"] == created[kind] > 0, kind
    back = route.do("rollback", run=first["run_id"])
    assert_as_published("rollback", back)
    assert back["exit_code"] == 0, back["left_alone"]
    assert back["residues"] == {
        "used_number": created["ticket"], "erased_user": created["person"], "archived_article": created["article"],
    }  # fmt: skip
    after = route.live()
    for key in [key for key, row in after["person"].items() if row["name"] == ERASED]:
        del after["person"][key]
    assert unequal(hashes(before), hashes(after), aside=frozenset()) == []
    assert len(new.mails()) == mails
