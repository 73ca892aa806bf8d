"""A migration into a Zendesk taken back, from another Zendesk and from a Freshdesk, on both databases; then anew."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journey.content import content
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import unlike
from tests.journey.picture_zendesk import picture_guide, picture_zendesk, twice_zendesk
from tests.journey.seeds import crash_seed
from tests.journey.test_rollback import assert_as_published, hashes, unequal

Row = dict[str, Any]
KNOWLEDGE = ("article_category", "article", "macro")
ERASED = "Permanently Deleted User"


class Route:
    """A desk, a Zendesk in which people work already, and a store between them."""

    def __init__(self, crasher: Crasher, directory: Path, old: Desk, new: Desk, store: str) -> None:
        self.crasher, self.directory, self.new = crasher, directory, new
        self.config = str(write_config(directory, {"old": old, "new": new}, store=store))
        self._pulls = 0

    def do(self, job: str, **values: Any) -> Row:
        return dict(self.crasher.well(job, **self.values(**values))["result"])

    def values(self, **values: Any) -> Row:
        """Return the arguments of a job."""
        return {"config": self.config, "clock": self.new.base_url, **values}

    def live(self, *, erased: int = 0) -> dict[str, dict[str, Row]]:
        """Return the live rows of a fresh pull of the destination, without the people that must have been erased."""
        self._pulls += 1
        place = self.directory / f"fresh{self._pulls}"
        self.new.wait(3600)  # exports keep the last minute to themselves
        fresh = write_config(place, {"new": self.new})
        self.crasher.well("pull", config=str(fresh), clock=self.new.base_url, names=["new"])
        held = content(place / "store.db")
        tickets = {key for key, row in held["ticket"].items() if row["deleted_at"] is None}
        gone = [key for key, row in held["person"].items() if row["name"] == ERASED and row["deleted_at"] is None]
        assert len(gone) == erased
        return {
            kind: {key: row for key, row in rows.items()
                   if row["deleted_at"] is None and row.get("ticket_id") in (None, *tickets) and key not in gone}
            for kind, rows in held.items() if rows and all("content_hash" in row for row in rows.values())
        }  # fmt: skip


def living(desk: Desk) -> dict[str, Counter[str]]:
    """Return what lives at a desk by content, its help centre, macros and mails too; of users who were not deleted."""
    found = {**picture_zendesk(desk), **picture_guide(desk)}
    found["users"] = Counter({row: count for row, count in found["users"].items() if '"active": true' in row})
    return found


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """Give the address of a store."""
    return "sqlite:///store.db" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


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
    ("vendor", "store"), [("zendesk", "sqlite"), ("zendesk", "postgresql"), ("freshdesk", "sqlite"),
                          ("freshdesk", "postgresql")],
    indirect=["store"],
)  # fmt: skip
def test_the_desk_is_as_it_was_and_the_migration_can_be_done_again(
    host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str, store: str
) -> None:
    full = host.zendesk if vendor == "zendesk" else host.full_freshdesk
    old = full(seed=3, tickets=12, profile="plain")
    new = host.zendesk(seed=5, tickets=3, profile="plain")
    only_its_own(new)
    route = Route(crasher, tmp_path, old, new, store)
    route.do("pull", names=["old"])
    before, seen_before = route.live(), living(new)
    assert all(len(before[kind]) >= 1 for kind in KNOWLEDGE)
    first = route.do("load", verify=True, prove=True)
    assert (first["exit_code"], first["verify"]["differences"]) == (0, []), first["load"]["problems"]
    assert first["proof"]["holds"]
    created = {kind: counts["created"] for kind, counts in first["load"]["kinds"].items() if "created" in counts}
    for kind in KNOWLEDGE:
        found = first["verify"]["kinds"][kind]
        assert found["written"] == found["checked"] == found["verified"] == created[kind] > 0, kind
    there = living(new)
    assert unlike(seen_before, there)

    back = route.do("rollback", run=first["run_id"])
    assert_as_published("rollback", back)
    assert back["exit_code"] == 0, back["left_alone"]
    assert back["residues"] == {
        "used_number": created["ticket"], "erased_user": created["person"], "archived_article": created["article"],
    }  # fmt: skip
    assert unequal(hashes(before), hashes(route.live(erased=created["person"])), aside=frozenset()) == []
    assert not unlike(seen_before, living(new))

    again = route.do("load", verify=True)
    assert (again["exit_code"], again["verify"]["differences"]) == (0, []), again["load"]["problems"]
    assert again["load"]["kinds"] == first["load"]["kinds"]
    assert not unlike(there, living(new))
    assert twice_zendesk(new) == []


def test_killed_while_it_is_taken_back(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    old, new = host.zendesk(seed=3, tickets=12, profile="plain"), host.zendesk(seed=5, tickets=3, profile="plain")
    route = Route(crasher, tmp_path, old, new, "sqlite:///store.db")
    route.do("pull", names=["old"])
    before = living(new)
    run = route.do("load", verify=True, only=["organization", "person", "ticket"])["run_id"]
    chance = random.Random(f"{crash_seed()}/zendesk rollback")
    for _ in range(3):
        point = f"send:{chance.randint(1, 3)}:{chance.choice(('before', 'after'))}"
        crasher.run("rollback", kill=point, **route.values(run=run))
    found = crasher.run("rollback", **route.values(run=run))
    assert found["error"] is None or "rolled back already" in str(found["error"]), found
    assert not unlike(before, living(new))
