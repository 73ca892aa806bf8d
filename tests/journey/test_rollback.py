"""A migration taken back: live records are as they were, what stays is declared, people's work is left alone.

Killed anywhere on the way, by signal 9, and run again: the same end. Afterwards the migration can be done anew.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from deskferry.store import open_store
from deskferry.store.state import last_run
from tests.journey.changes import work_an_hour
from tests.journey.content import content, copy
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture import twice
from tests.journey.seeds import crash_seed

Row = dict[str, Any]
KILLS = 2
SHARES = 12
SECOND_POINTS = ("send:1:after", "send:2:before", "journal:2:before", "journal:3:after")


def assert_as_published(name: str, document: Row) -> None:
    """Hold the JSON of a command against its published schema."""
    text = resources.files("deskferry.migrate").joinpath(f"json/{name}.schema.json").read_text("utf-8")
    Draft202012Validator(json.loads(text)).validate(document)


class Both:
    """A Zendesk, a Freshdesk that people use already, and a store between them."""

    def __init__(
        self, host: DeskHost, crasher: Crasher, directory: Path, url: str = "sqlite:///store.db", tickets: int = 40,
        desks: tuple[Desk, Desk] | None = None,
    ) -> None:  # fmt: skip
        if desks is None:
            self.old = host.zendesk(seed=3, tickets=tickets, profile="plain")
            self.new = host.freshdesk(like=self.old)
        else:
            self.old, self.new = desks
        self.crasher, self.directory = crasher, directory
        self.config = write_config(directory, {"old": self.old, "new": self.new}, store=url)
        text = self.config.read_text().replace("[store]\n", f'[store]\nfiles = "{directory / "files"}"\n', 1)
        self.config.write_text(text)
        self._pulls = 0

    def call(self, method: str, path: str, body: Row | None = None) -> httpx.Response:
        """Do what a person of that desk does, through its API."""
        key = self.new.credentials["api_key"]
        return self.new.host.http.request(method, f"{self.new.base_url}/api/v2/{path}", json=body, auth=(key, "X"))

    def people_were_here(self) -> None:
        """Put in what an account in use has: a company, its customer, two tickets."""
        company = self.post("companies", {"name": "Before Ltd", "domains": ["before.example"]})
        person = {"name": "Bea Fore", "email": "bea@before.example", "company_id": company["id"]}
        contact = self.post("contacts", person)
        for subject in ("Was here", "This too"):
            self.ticket(contact["id"], subject)
        self.new.wait(600)  # deadlines come later

    def post(self, path: str, body: Row) -> Row:
        answer = self.call("POST", path, body)
        assert answer.status_code == 201, answer.text
        found: Row = answer.json()
        return found

    def ticket(self, requester: int, subject: str) -> Row:
        """Create a ticket as a person of that desk does."""
        body = {"requester_id": requester, "subject": subject, "description": "Hm.", "status": 2, "priority": 1,
                "source": 2}  # fmt: skip
        return self.post("tickets", body)

    def do(self, job: str, **values: Any) -> Row:
        found = self.crasher.well(job, config=str(self.config), clock=self.old.base_url, **values)["result"]
        return dict(found)

    def pull(self) -> None:
        self.do("pull", names=["old"])

    def migrate(self, **options: Any) -> Row:
        result = self.do("load", **options)
        assert result["exit_code"] == 0, result["load"]
        return result

    def back(self, run: str, **options: Any) -> Row:
        found = self.do("rollback", run=run, **options)
        assert_as_published("rollback", found)
        return found

    def live(self) -> dict[str, dict[str, Row]]:
        """Return the live rows of a fresh pull of the destination."""
        self._pulls += 1
        place = self.directory / f"fresh{self._pulls}"
        config = write_config(place, {"new": self.new})
        self.crasher.well("pull", config=str(config), clock=self.old.base_url, names=["new"])
        held = content(place / "store.db")
        gone = {key for key, row in held["ticket"].items() if row["deleted_at"] is not None}
        return {
            kind: {key: row for key, row in rows.items() if _is_live(row, gone)}
            for kind, rows in held.items()
            if rows and all("content_hash" in row for row in rows.values())
        }

    def trashed(self) -> int:
        return sum(1 for row in self.new.state()["tickets"] if row["deleted"])


def _is_live(row: Row, gone: set[str]) -> bool:
    """Whether a row is neither deleted nor of a deleted ticket, nor the field of the origin mark, which is kept."""
    of_gone = row.get("ticket_id") in gone or row.get("record_id") in gone
    return row["deleted_at"] is None and not of_gone and "Deskferry" not in str(row)


def hashes(rows: dict[str, dict[str, Row]], *, aside: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """Return what makes records equal: their content hashes; of changed ones all but the time of the change."""
    if not aside:
        return {kind: {key: row["content_hash"] for key, row in found.items()} for kind, found in rows.items()}
    return {
        kind: {key: {name: one for name, one in row.items() if name not in aside} for key, row in found.items()}
        for kind, found in rows.items()
    }


def unequal(
    before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], aside: frozenset[str] = frozenset({"macro"})
) -> list[str]:
    """Return the records in which two pulls differ, macros aside: Freshdesk's API deletes none."""
    return [
        f"{kind} {key}"
        for kind in sorted({*before, *after} - aside)
        for key in sorted({*before.get(kind, {}), *after.get(kind, {})})
        if before.get(kind, {}).get(key) != after.get(kind, {}).get(key)
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, host: DeskHost, crasher: Crasher, tmp_path: Path) -> Both:
    """Give both sides, the source pulled, with a store of either kind."""
    url = "sqlite:///store.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Both(host, crasher, tmp_path, url)
    made.people_were_here()
    made.pull()
    return made


def test_the_desk_is_as_it_was_and_the_migration_can_be_done_again(both: Both) -> None:
    before = both.live()
    first = both.migrate(verify=True)
    back = both.back(first["run_id"])
    assert back["left_alone"] == {"by_code": {}, "records": []}
    assert back["exit_code"] == 0
    assert unequal(hashes(before), hashes(both.live())) == []
    assert both.trashed() == back["residues"].get("trashed_ticket", 0)
    created = first["load"]["kinds"]["ticket"]["created"]
    assert back["residues"]["used_number"] + back["residues"].get("trashed_ticket", 0) == created
    assert back["residues"]["kept_field"] == 1
    assert back["residues"]["kept_macro"] == first["load"]["kinds"]["macro"]["created"]
    assert back["effects_had"]["automations"] > 0
    again = both.migrate(verify=True)
    assert again["verify"]["differences"] == []
    kinds = ("organization", "person", "ticket", "message")
    assert {one: again["load"]["kinds"][one] for one in kinds} == {one: first["load"]["kinds"][one] for one in kinds}
    assert [mark for mark in twice(both.new) if mark] == []
    refused = both.crasher.run("rollback", config=str(both.config), clock=both.old.base_url, run=first["run_id"])
    assert refused["exit_code"] == 2
    assert "was rolled back already" in refused["error"]


def test_a_delta_is_taken_back_and_then_what_it_stood_on(both: Both) -> None:
    before = both.live()
    first = both.migrate(verify=True)
    between = both.live()
    work_an_hour(both.old)
    both.pull()
    second = both.migrate(verify=True)
    assert second["load"]["sent"]
    assert unequal(hashes(between), hashes(both.live()))
    early = both.crasher.run("rollback", config=str(both.config), clock=both.old.base_url, run=first["run_id"])
    assert early["exit_code"] == 2
    assert f"deskferry rollback {second['run_id']}" in early["error"]
    back = both.back(second["run_id"])
    assert back["exit_code"] == 0, back["left_alone"]
    moved = ("content_hash", "updated_at", "due_at", "extra", "url")  # of an address, the signature
    assert unequal(hashes(between, aside=moved), hashes(both.live(), aside=moved)) == []
    back = both.back(first["run_id"])
    assert back["exit_code"] == 0, back["left_alone"]
    assert unequal(hashes(before), hashes(both.live())) == []


def test_what_people_changed_since_is_left_alone_unless_forced(both: Both) -> None:
    before = both.live()
    first = both.migrate(verify=True)
    tickets = [row for row in both.new.state()["tickets"] if row["custom_fields"].get("cf_deskferry_origin")]
    noted, edited, asked = tickets[0], tickets[1], tickets[2]
    both.new.change(
        {"op": "add_note", "ticket_id": noted["id"], "body": "<p>We called them.</p>"},
        {"op": "edit_ticket", "id": edited["id"], "fields": {"priority": 4 if edited["priority"] != 4 else 1}},
    )
    own = both.ticket(asked["requester_id"], "A new question of a migrated customer")
    back = both.back(first["run_id"])
    assert back["exit_code"] == 1
    left = {(one["code"], one["record_id"]) for one in back["left_alone"]["records"]}
    marks = {row["id"]: row["custom_fields"]["cf_deskferry_origin"] for row in tickets}
    assert {("changed_since", marks[noted["id"]]), ("changed_since", marks[edited["id"]])} <= left
    assert sum(1 for code, _record in left if code == "changed_since") == 2
    alive = {row["id"]: row for row in both.new.state()["tickets"] if not row["deleted"]}
    assert {noted["id"], edited["id"], own["id"]} <= set(alive)
    people = {row["id"] for row in both.new.state()["contacts"] if not row["deleted"]}
    assert {alive[one]["requester_id"] for one in (noted["id"], edited["id"], own["id"])} <= people
    assert {code for code, _record in left} == {"changed_since", "in_use"}
    # Nothing of what was left alone is forgotten: the next migration does not create it once more.
    both.call("DELETE", f"tickets/{own['id']}")
    forced = both.back(first["run_id"], force=True)
    assert forced["exit_code"] == 0, forced["left_alone"]
    assert unequal(hashes(before), hashes(both.live())) == []


class Killed(Both):
    """A verified migration of which copies are taken back."""

    def __init__(self, host: DeskHost, crasher: Crasher, directory: Path) -> None:
        super().__init__(host, crasher, directory / "template", tickets=12)
        self.whole = directory
        self.run = ""

    def begin(self, directory: Path) -> None:
        """Migrate anew into a fresh desk: the numbers that it gives are the same each time."""
        self.new.host.reset(self.old, self.new)
        self.directory = directory
        self.config = write_config(directory, {"old": self.old, "new": self.new})
        self.people_were_here()
        copy(self.whole / "template" / "store.db", directory / "store.db")
        self.run = self.migrate(verify=True)["run_id"]

    def ends(self) -> tuple[Any, ...]:
        """Return what is there in the end: live records, the trash, what the store knows of crossings."""
        state = self.new.state()
        held = content(self.directory / "store.db")
        return (
            sorted((row["id"], row["deleted"]) for row in state["tickets"]),
            sorted((row["id"], row["deleted"]) for row in state["contacts"]),
            sorted(row["id"] for row in state["companies"]),
            sorted(row["id"] for row in state["conversations"]),
            sorted(key for key, row in held["crossing"].items() if row["state"] != "matched"),
            sorted(key for key, row in held["person"].items() if row["connection"] == "new" and not row["deleted_at"]),
            sorted(held["loss"]),
        )


@pytest.fixture(scope="module")
def killed(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Killed, Any, Any]:
    """Give a migration, the points of an undisturbed rollback of it, and how that ends."""
    made = Killed(host, crasher, tmp_path_factory.mktemp("killed"))
    made.pull()
    made.begin(made.whole / "undisturbed")
    found = crasher.well("rollback", config=str(made.config), clock=made.old.base_url, run=made.run)
    assert found["result"]["exit_code"] == 0
    points = [one for one in found["points"] if one.split(":")[0] in ("send", "journal", "other")]
    return made, points, (made.ends(), found["result"]["residues"])


def _killed_at(case: tuple[Killed, Any, Any], directory: Path, points: list[str]) -> None:
    made, _all, end = case
    why = f"seed {crash_seed()}: killed at {', '.join(points)}"
    made.begin(directory)
    for point in points:
        made.crasher.killed("rollback", point, config=str(made.config), clock=made.old.base_url, run=made.run)
    back = made.crasher.run("rollback", config=str(made.config), clock=made.old.base_url, run=made.run)
    if back["error"] is None:
        assert_as_published("rollback", back["result"])
        assert back["result"]["exit_code"] == 0, (why, back["result"]["left_alone"])
        assert (made.ends(), back["result"]["residues"]) == end, why
    else:
        # The last kill came when nothing was left to do but to end the run: the repeat is told so, and changes nothing.
        assert "was rolled back already" in back["error"], why
        assert made.ends() == end[0], why


def test_every_call_of_a_rollback_is_a_point(killed: tuple[Killed, Any, Any]) -> None:
    counted = _counted(killed[1])
    assert counted["send"] > 30
    assert counted["journal"] > 4


def _kind(point: str) -> str:
    return point.split(":", maxsplit=1)[0]


def _counted(points: list[str]) -> Counter[str]:
    return Counter(_kind(one) for one in points if one.endswith(":after"))


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_twice_and_run_again(killed: tuple[Killed, Any, Any], tmp_path: Path, number: int) -> None:
    chance = random.Random(f"rollback/{crash_seed()}/{number}")
    places = [n for n, one in enumerate(killed[1]) if one.startswith(("send", "journal"))]
    place = chance.choice(places)
    still = _counted(killed[1][place + 1 :])
    # What is left to do after the first death has to reach the second point, with one to spare.
    again = [one for one in SECOND_POINTS if still[_kind(one)] > int(one.split(":")[1])]
    _killed_at(killed, tmp_path, [killed[1][place], *([chance.choice(again)] if again else [])])


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_every_point(killed: tuple[Killed, Any, Any], tmp_path: Path, share: int) -> None:
    for number, point in enumerate(killed[1][share::SHARES]):
        _killed_at(killed, tmp_path / str(number), [point])


def test_a_twin_from_the_trash_goes_back_there(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    """A contact whom people had deleted is restored by the migration, and lies in the trash again afterwards."""
    both = Both(host, crasher, tmp_path)
    both.pull()
    held = content(tmp_path / "store.db")
    asking = {row["requester_id"] for row in held["ticket"].values()}
    person = next(row for row in held["person"].values() if row["id"] in asking and row["role"] == "end_user"
                  and row["email"] and not row["deleted_at"])  # fmt: skip
    twin = both.post("contacts", {"name": "Was deleted", "email": person["email"]})
    assert both.call("DELETE", f"contacts/{twin['id']}").status_code == 204
    found = both.do("load", verify=True)
    assert next(row for row in both.new.state()["contacts"] if row["id"] == twin["id"])["deleted"] is False
    back = both.back(found["run_id"])
    assert back["exit_code"] == 0, back["left_alone"]
    contacts: list[Row] = both.new.state()["contacts"]
    assert [(row["id"], row["deleted"]) for row in contacts] == [(twin["id"], True)]


def _numbers(desk: Desk) -> list[int]:
    return sorted(row["id"] for row in desk.state()["tickets"] if not row["deleted"])


def test_a_run_that_was_never_verified_is_compared_field_by_field(
    host: DeskHost, crasher: Crasher, tmp_path: Path
) -> None:
    both = Both(host, crasher, tmp_path, tickets=12)
    both.pull()
    crasher.killed("load", "send:50:after", config=str(both.config), clock=both.old.base_url)
    run = content_run(tmp_path / "store.db")
    number = _numbers(both.new)[0]
    both.new.change({"op": "edit_ticket", "id": number, "fields": {"subject": "Somebody looked at this"}})
    back = both.back(run)
    assert back["left_alone"]["by_code"]["changed_since"] == 1
    assert _numbers(both.new) == [number]
    assert both.back(run, force=True)["exit_code"] == 0
    assert _numbers(both.new) == []


def content_run(store: Path) -> str:
    """Return the run that migrated."""
    with open_store(f"sqlite:///{store}") as opened, opened.read() as database:
        found = last_run(database, "migrate", "old>new")
    assert found is not None
    return str(found["id"])
