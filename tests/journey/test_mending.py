"""What failed is taken up once more, placeholders become real people, and a rehearsal touches nothing real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.journey.changes import work_an_hour
from tests.journey.command import Command
from tests.journey.content import content
from tests.journey.crashing import Crasher
from tests.journey.desks import DeskHost, write_config
from tests.journey.test_rollback import Both, assert_as_published

EFFECTS = (
    "new_ticket_emails", "agent_assignment_emails", "public_note_emails", "status_emails", "automations",
    "activation_emails",
)  # fmt: skip
YES = ("--yes", *(word for name in EFFECTS for word in ("--accept", name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, host: DeskHost, crasher: Crasher, tmp_path: Path) -> Both:
    """Give both sides, the source pulled, with a store of either kind."""
    url = "sqlite:///store.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Both(host, crasher, tmp_path, url, tickets=12)
    made.pull()
    return made


def commands(both: Both) -> Command:
    """Return the command line in the directory of both, on their clock."""
    return Command(both.directory, {"DESKFERRY_CLOCK": both.old.base_url}, crasher=both.crasher)


def writes(both: Both) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in both.new.requests() if one["method"] != "GET"]


def test_a_refused_ticket_is_taken_up_when_its_cause_was_mended(both: Both) -> None:
    both.new.faults("400@POST /tickets$:nth=3")
    first = both.do("load", verify=True, prove=False)
    assert first["exit_code"] == 1
    assert first["load"]["kinds"]["ticket"]["refused"] == 1
    waiting = first["load"]["kinds"]["message"].get("not_sent", 0)
    both.new.faults()
    both.new.forget_requests()
    run = commands(both)
    found = run.well("retry", first["run_id"], "--format", "json", *YES).json()
    assert_as_published("retry", found)
    assert found["failed"]["refused"] == 1
    assert found["load"]["kinds"]["ticket"] == {"created": 1}
    assert found["load"]["kinds"]["message"].get("created", 0) >= waiting
    assert found["verify"]["differences"] == []
    assert found["verify"]["kinds"]["ticket"]["checked"] == 1
    sent = writes(both)
    assert sum(one == "POST /api/v2/tickets" for one in sent) == 1
    assert not [one for one in sent if "contacts" in one or "companies" in one]
    again = run.well("retry", first["run_id"], *YES)
    assert "Nothing of run" in again.out
    assert both.migrate(verify=True)["load"]["sent"] == 0


def test_one_record_is_taken_up_and_the_others_wait(both: Both) -> None:
    both.new.faults("400@POST /tickets$:every=4")
    first = both.do("load", prove=False)
    refused = first["load"]["kinds"]["ticket"]["refused"]
    assert refused > 1
    both.new.faults()
    run = commands(both)
    missing = run("retry", first["run_id"], "--id", "no-such-record", *YES)
    assert missing.code == 2
    assert "Nothing of no-such-record failed" in missing.last
    held = {row["custom_fields"].get("cf_deskferry_origin") for row in both.new.state()["tickets"]}
    numbers = sorted(one["id"] for one in both.old.state()["tickets"])
    chosen = next(one for one in numbers if f"old:ticket:{one}" not in held
                  and run("retry", first["run_id"], "--kind", "ticket", "--id", str(one), *YES).code == 0)  # fmt: skip
    now = {row["custom_fields"].get("cf_deskferry_origin") for row in both.new.state()["tickets"]}
    assert now - held == {f"old:ticket:{chosen}"}


def test_placeholders_become_real_people(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    both = Both(host, crasher, tmp_path)
    both.new = host.freshdesk(like=both.old, agents=[{"name": "Only One", "email": "only@acme.example"}])
    both.config = write_config(tmp_path, {"old": both.old, "new": both.new})
    both.pull()
    both.migrate(verify=True)
    crossings = content(tmp_path / "store.db")["crossing"].values()
    stands = [row for row in crossings if row["placeholder"] and not row["part"]]
    assert len(stands) >= 2
    people = content(tmp_path / "store.db")["person"]
    promoted, merged = (people[row["record_id"]] for row in stands[:2])
    real = both.post("contacts", {"name": "Real Person", "email": "real@acme.example"})
    file = tmp_path / "who.csv"
    run = commands(both)
    file.write_text(f"placeholder,to\nnobody@acme.example,agent\n{merged['id']},no@acme.example\n")
    wrong = run("reassign", "new", file, *YES)
    assert wrong.code == 2
    assert "line 2: no placeholder" in wrong.last
    assert "line 3: nobody at the destination" in wrong.last
    file.write_text(f"placeholder,to\n{promoted['email']},agent\n{merged['id']},real@acme.example\n")
    unsaid = run("reassign", "new", file, "--yes")
    assert unsaid.code == 2
    assert "activation_emails" in unsaid.last
    both.new.forget_requests()
    dry = run.well("reassign", "new", file, "--dry-run", "--format", "json").json()
    assert_as_published("reassign", dry)
    assert dry["done"] == {"merge": 1, "promote": 1}
    assert writes(both) == []
    done = run.well("reassign", "new", file, "--format", "json", *YES).json()
    assert done["done"] == {"merge": 1, "promote": 1}
    held = {row["record_id"]: row for row in content(tmp_path / "store.db")["crossing"].values() if not row["part"]}
    assert held[merged["id"]]["remote_id"] == str(real["id"])
    assert not held[merged["id"]]["placeholder"]
    assert not held[promoted["id"]]["placeholder"]
    agents = {row["id"]: row["contact"]["email"] for row in both.new.state()["agents"]}
    assert agents[int(held[promoted["id"]]["remote_id"])] == promoted["email"]
    contacts = len(both.new.state()["contacts"])
    work_an_hour(both.old)
    both.pull()
    both.do("load", prove=True)
    # Nobody is created a second time, and the real people are left as they are.
    assert len(both.new.state()["contacts"]) == contacts
    now = next(row for row in both.new.state()["contacts"] if row["id"] == real["id"])
    assert now["name"] == "Real Person"


def test_a_rehearsal_touches_nothing_real(both: Both) -> None:
    both.do("pull", names=["new"])
    both.new.forget_requests()
    before = _rows(both)
    found = commands(both).well("migrate", "old", "new", "--rehearse", "--yes", "--format", "json").json()
    assert_as_published("rehearsal", found)
    assert both.new.requests() == []
    assert _rows(both) == before
    assert found["kinds"]["ticket"] == {"created": len(both.old.state()["tickets"])}
    assert found["refusals"] == []
    assert found["differences"] == 0
    assert found["mailbox"]["new_ticket_requester"] > 0
    assert found["calls"]["POST"] > 12
    real = both.migrate()
    assert real["load"]["kinds"] == found["kinds"]
    assert real["load"]["losses"] == found["losses"]


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_a_rehearsal_with_a_zendesk_meets_what_the_real_one_meets(
    host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str
) -> None:
    """With people, organizations, groups, brands, forms, statuses and a help centre of its own."""
    full = host.full_freshdesk if vendor == "freshdesk" else host.zendesk
    old = full(seed=3, tickets=12, profile="plain")
    new = host.zendesk(seed=3, tickets=4, profile="plain", subdomain="globex")
    both = Both(host, crasher, tmp_path, desks=(old, new))
    both.do("pull", names=["old"])
    run = commands(both)
    unread = run("migrate", "old", "new", "--rehearse", "--yes")
    assert unread.code == 2
    assert "deskferry pull new --only person," in unread.last
    both.do("pull", names=["new"])
    both.new.forget_requests()
    before = _rows(both)
    found = run.well("migrate", "old", "new", "--rehearse", "--yes", "--format", "json").json()
    assert_as_published("rehearsal", found)
    assert both.new.requests() == []
    assert _rows(both) == before
    assert (found["refusals"], found["differences"], found["unplanned_losses"]) == ([], 0, 0)
    assert (found["mailbox"], found["not_rehearsed"], found["not_pulled"]) == ({}, {}, [])
    real = both.migrate(verify=True)
    assert real["load"]["kinds"] == found["kinds"]
    assert real["load"]["losses"] == found["losses"]
    later = run.well("migrate", "old", "new", "--rehearse", "--yes", "--format", "json").json()
    assert later["not_rehearsed"]["ticket"] == found["kinds"]["ticket"]["created"]
    assert "ticket" not in later["kinds"]


def test_a_rehearsal_tells_what_it_refuses_and_what_it_never_heard_of(
    host: DeskHost, crasher: Crasher, tmp_path: Path
) -> None:
    """A field that must be filled in to solve; lists that nobody pulled."""
    old = host.zendesk(seed=3, tickets=12, profile="plain")
    both = Both(host, crasher, tmp_path, desks=(old, host.empty_zendesk(like=old)))
    field = next(one for one in both.new.state()["ticket_fields"] if one["removable"] and one["type"] == "tagger")
    token = both.new.credentials["oauth_token"]
    host.http.put(
        f"{both.new.base_url}/api/v2/ticket_fields/{field['id']}", json={"ticket_field": {"required": True}},
        headers={"Authorization": f"Bearer {token}"},
    ).raise_for_status()  # fmt: skip
    both.do("pull", names=["old"])
    both.do("pull", names=["new"], only=["person", "organization", "team", "custom_field", "status_definition"])
    run = commands(both)
    found = run("migrate", "old", "new", "--rehearse", "--yes", "--format", "json")
    assert found.code == 1
    told = found.json()
    final = {f"old:ticket:{one['id']}" for one in both.old.state()["tickets"] if one["status"] in {"solved", "closed"}}
    refused = {one["record_id"] for one in told["refusals"] if one["kind"] == "ticket"}
    assert refused
    assert refused <= final
    assert "ticket_forms" in told["not_pulled"]
    assert "users" not in told["not_pulled"]
    real = both.do("load", prove=False)
    assert real["load"]["kinds"]["ticket"] == told["kinds"]["ticket"]


def _rows(both: Both) -> dict[str, int]:
    """Return how many rows each table of the store has, runs aside."""
    from sqlalchemy import func, select  # noqa: PLC0415 - of this one test

    from deskferry.canonical_schema import metadata as canonical  # noqa: PLC0415
    from deskferry.config import load_config  # noqa: PLC0415
    from deskferry.store import machinery, open_store  # noqa: PLC0415

    with open_store(load_config(both.config).store_url) as store, store.read() as database:
        tables: list[Any] = [*canonical.tables.values(), *machinery.metadata.tables.values()]
        return {
            table.name: database.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables if table.name != "run"
        }  # fmt: skip
