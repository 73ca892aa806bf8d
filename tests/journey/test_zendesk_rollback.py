"""A migration into a Zendesk taken back: what lives there is as before, and it can be done anew. On both databases."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import unlike
from tests.journey.picture_zendesk import live_tickets, picture_zendesk, twice_zendesk
from tests.journey.seeds import crash_seed
from tests.journey.test_rollback import assert_as_published

KINDS = ["organization", "person", "ticket"]


class Both:
    """A full desk, a Zendesk in which people work already, and a store between them."""

    def __init__(self, host: DeskHost, crasher: Crasher, directory: Path, vendor: str, url: str) -> None:
        self.old = host.zendesk(seed=3, tickets=40, profile="plain") if vendor == "zendesk" else host.full_freshdesk()
        self.new = host.empty_zendesk(like=self.old)
        self.crasher = crasher
        self.config = write_config(directory, {"old": self.old, "new": self.new}, store=url)
        text = self.config.read_text().replace("[store]\n", f'[store]\nfiles = "{directory / "files"}"\n', 1)
        self.config.write_text(text)
        self.people_were_here()
        self.do("pull", names=["old"])

    def people_were_here(self) -> None:
        """Put in what an account in use has."""
        person = self.post("users", {"user": {"name": "Bea Fore", "email": "bea@before.example", "verified": True}})
        requester = person["user"]["id"]
        self.new.change({"op": "create_ticket", "requester": requester, "subject": "Was here", "body": "Hm."})
        self.new.wait(3600)

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.new.credentials['oauth_token']}"}
        answer = self.new.host.http.post(f"{self.new.base_url}/api/v2/{path}", json=body, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def do(self, job: str, **values: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.crasher.well(job, **self.values(**values))["result"]
        return found

    def values(self, **values: Any) -> dict[str, Any]:
        return {"config": str(self.config), "clock": self.old.base_url, **values}

    def live(self) -> dict[str, Counter[str]]:
        """Return what lives there, by content."""
        return living(self.new)


def living(desk: Desk) -> dict[str, Counter[str]]:
    """Return the live records of a desk; of users those who were not deleted."""
    found = picture_zendesk(desk)
    found["users"] = Counter({row: count for row, count in found["users"].items() if '"active": true' in row})
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Give the address of a store."""
    return "sqlite:///store.db" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_a_migration_is_taken_back_and_done_anew(
    host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str, url: str
) -> None:
    both = Both(host, crasher, tmp_path, vendor, url)
    before = both.live()
    first = both.do("load", verify=True, only=KINDS)
    assert first["exit_code"] == 0, first["load"]
    assert first["verify"]["differences"] == []
    there = both.live()
    assert unlike(before, there)
    back = both.do("rollback", run=first["run_id"])
    assert_as_published("rollback", back)
    assert back["exit_code"] == 0, back["left_alone"]
    assert not unlike(before, both.live())
    created = first["load"]["kinds"]
    assert back["residues"] == {
        "used_number": created["ticket"]["created"], "erased_user": created["person"]["created"],
    }  # fmt: skip
    again = both.do("load", verify=True, only=KINDS)
    assert again["exit_code"] == 0, again["load"]
    assert again["load"]["kinds"] == first["load"]["kinds"]
    assert not unlike(there, both.live())
    assert twice_zendesk(both.new) == []


def test_killed_while_it_is_taken_back(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    both = Both(host, crasher, tmp_path, "zendesk", "sqlite:///store.db")
    before = both.live()
    run = both.do("load", verify=True, only=KINDS)["run_id"]
    chance = random.Random(f"{crash_seed()}/zendesk rollback")
    for _ in range(3):
        point = f"send:{chance.randint(1, 3)}:{chance.choice(('before', 'after'))}"
        crasher.run("rollback", kill=point, **both.values(run=run))
    found = crasher.run("rollback", **both.values(run=run))
    assert found["error"] is None or "rolled back already" in str(found["error"]), found
    assert not unlike(before, both.live())
    assert {row["subject"] for row in live_tickets(both.new)} == {"Was here"}
