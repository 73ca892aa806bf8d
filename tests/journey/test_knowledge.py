"""Knowledge base, macros and ratings on their way: verified, proven, silent; nobody reads there who could not here."""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journey.command import Command
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config

KINDS = ("article_category", "article", "macro")
OF_KNOWLEDGE = ("help_center", "/hc/", "solutions", "sim-storage", "macros", "canned_response")
READERS = {1: "public", 2: "signed_in", 3: "agents"}


class Journey:
    """A Zendesk with a help centre that crosses into a Freshdesk whose administrator has switched the mails off."""

    def __init__(self, host: DeskHost, crasher: Crasher, directory: Path, **options: Any) -> None:
        self.crasher = crasher
        self.old = host.zendesk(seed=3, tickets=12, profile="plain")
        self.new = host.freshdesk(like=self.old, notifications=False, automations=False, **options.pop("desk", {}))
        self.config = write_config(directory, {"old": self.old, "new": self.new}, **options)
        self.pull()

    def pull(self) -> None:
        self.crasher.well("pull", config=str(self.config), clock=self.old.base_url, names=["old"])

    def migrate(self) -> dict[str, Any]:
        self.new.forget_requests()
        found = self.crasher.well("load", config=str(self.config), clock=self.old.base_url, verify=True, prove=True)
        result: dict[str, Any] = found["result"]
        assert result["proof"]["holds"]
        assert result["verify"]["differences"] == []
        assert result["exit_code"] == 0
        return result

    def writes(self) -> list[str]:
        return [
            f"{one['method']} {one['path'].removeprefix('/api/v2')}" for one in self.new.requests()
            if one["method"] != "GET"
        ]  # fmt: skip


def edit(old: Desk, article: str, **values: Any) -> None:
    """Change an article at the source, as an editor would."""
    answer = old.host.http.put(
        f"{old.base_url}/api/v2/help_center/articles/{article}/translations/en-us",
        json={"translation": values}, headers={"Authorization": f"Bearer {old.credentials['oauth_token']}"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text


def checked(result: dict[str, Any]) -> None:
    for kind in KINDS:
        found = result["verify"]["kinds"][kind]
        assert found["declared"] == found["written"] == found["checked"] == found["verified"] > 0


@pytest.fixture(scope="module")
def moved(host: DeskHost, crasher: Crasher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Journey, dict[str, Any]]:
    """Give a journey that is at its end."""
    journey = Journey(host, crasher, tmp_path_factory.mktemp("knowledge"))
    return journey, journey.migrate()


def test_all_of_it_arrives_and_nobody_hears_of_it(moved: tuple[Journey, dict[str, Any]]) -> None:
    journey, result = moved
    checked(result)
    state = journey.new.state()
    kinds = result["load"]["kinds"]
    assert len(state["solution_articles"]) == kinds["article"]["created"] == 6
    assert len(state["satisfaction_ratings"]) == kinds["survey_response"]["created"] > 0
    assert len(state["canned_responses"]) == kinds["macro"]["created"] == 3
    assert result["load"]["unplanned_losses"] == 0
    assert journey.new.mails() == []


def test_nobody_reads_there_who_could_not_read_here(moved: tuple[Journey, dict[str, Any]]) -> None:
    """By the state of both desks, not by what was pulled of them."""
    journey, _result = moved
    state = journey.new.state()
    folders = {row["id"]: READERS[row["visibility"]] for row in state["solution_folders"]}
    there = {row["title"]: (folders[row["folder_id"]], row["status"]) for row in state["solution_articles"]}
    assert there == {
        "Getting started": ("public", 2), "Invoices": ("signed_in", 2), "Devoluciones": ("public", 2),
        "On-call runbook": ("agents", 2), "Coming soon": ("public", 1), "Written by someone who left": ("public", 2),
    }  # fmt: skip
    private = next(row for row in state["canned_responses"] if row["title"] == "Internal::Escalate")
    assert (private["visibility"], len(private["group_ids"])) == (2, 2)


def test_only_the_article_that_was_edited_moves(moved: tuple[Journey, dict[str, Any]]) -> None:
    journey, _result = moved
    (article,) = [row for row in journey.new.state()["solution_articles"] if row["title"] == "Invoices"]
    source = article["seo_data"]["meta_keywords"].rpartition(":")[2]
    edit(journey.old, source, body="<p>Another text, with care</p>")
    journey.old.wait(3600)
    journey.pull()
    journey.migrate()
    assert journey.writes() == [f"PUT /solutions/articles/{article['id']}"]
    (after,) = [row for row in journey.new.state()["solution_articles"] if row["id"] == article["id"]]
    assert after["description"] == "<p>Another text, with care</p>"
    journey.migrate()
    assert journey.writes() == []


def test_without_surveys_ratings_stand_in_private_notes(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    journey = Journey(host, crasher, tmp_path, desk={"surveys": False})
    result = journey.migrate()
    notes = [row for row in journey.new.state()["conversations"] if "#ratings]" in row["body"]]
    assert len(notes) == result["load"]["losses"]["rating_as_note"] > 0
    assert all(row["private"] for row in notes)
    assert journey.new.state()["satisfaction_ratings"] == []


def test_what_stands_there_already_is_used_and_not_doubled(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    journey = Journey(host, crasher, tmp_path)
    there = {"Authorization": httpx_basic(journey.new.credentials["api_key"])}

    def made(path: str, **values: Any) -> int:
        answer = host.http.post(f"{journey.new.base_url}/api/v2/{path}", json=values, headers=there)
        assert answer.status_code == 201, answer.text
        identifier: int = answer.json()["id"]
        return identifier

    category = made("solutions/categories", name="general")
    open_folder = made(f"solutions/categories/{category}/folders", name="First steps", visibility=1)
    made(f"solutions/folders/{open_folder}/articles", title="Getting started", description="Ours", status=2)
    billing = made("solutions/categories", name="FAQ")
    made(f"solutions/categories/{billing}/folders", name="Billing", visibility=1)
    result = journey.migrate()
    state = journey.new.state()
    names = Counter(row["name"].casefold() for row in state["solution_categories"])
    assert (names["general"], names["faq"]) == (1, 1)
    own = [row for row in state["solution_articles"] if row["title"] == "Getting started"]
    assert [row["description"] for row in own] == ["<div>Ours</div>"]
    assert result["planned"]["article"] == {"create": 5, "matched": 1}
    assert result["load"]["losses"]["existing_record_kept"] > 0
    # A folder of that name is open to all: the article for whoever is signed in gets one of its own.
    folders = {row["id"]: row for row in state["solution_folders"]}
    (invoices,) = [row for row in state["solution_articles"] if row["title"] == "Invoices"]
    assert folders[invoices["folder_id"]]["name"] == "Billing (for whoever is signed in)"
    assert folders[invoices["folder_id"]]["visibility"] == 2


def httpx_basic(key: str) -> str:
    """Return the header of a key."""
    return "Basic " + base64.b64encode(f"{key}:X".encode()).decode()


def test_on_postgresql_too(host: DeskHost, crasher: Crasher, tmp_path: Path, postgresql_url: str) -> None:
    journey = Journey(host, crasher, tmp_path, store=postgresql_url)
    checked(journey.migrate())


def test_from_one_help_centre_into_another(host: DeskHost, crasher: Crasher, tmp_path: Path) -> None:
    """With who wrote and who may read, and pictures at their new addresses; who follows a section hears nothing."""
    old = host.zendesk(seed=3, tickets=12, profile="plain")
    new = host.zendesk(seed=9, tickets=0, profile="plain")
    headers = {"Authorization": f"Bearer {new.credentials['oauth_token']}"}
    for path, name in (("help_center/categories.json", "categories"), ("macros", "macros")):
        for row in host.http.get(f"{new.base_url}/api/v2/{path}", headers=headers).json()[name]:
            gone = host.http.delete(f"{new.base_url}/api/v2/{path.removesuffix('.json')}/{row['id']}", headers=headers)
            assert gone.status_code == 204
    config = write_config(tmp_path, {"old": old, "new": new})
    crasher.well("pull", config=str(config), clock=old.base_url, names=["old"])
    result = crasher.well("load", config=str(config), clock=old.base_url, verify=True, prove=True)["result"]
    assert (result["verify"]["differences"], result["proof"]["holds"], result["exit_code"]) == ([], True, 0)
    checked(result)
    assert new.mails() == []
    answer = host.http.get(f"{new.base_url}/api/v2/help_center/articles.json", headers=headers).json()["articles"]
    there = {row["title"]: row for row in answer}
    assert {title: row["user_segment_id"] is None for title, row in there.items()} == {
        "Getting started": True, "Invoices": False, "Devoluciones": True, "On-call runbook": False,
        "Coming soon": True, "Written by someone who left": True,
    }  # fmt: skip
    assert there["Coming soon"]["draft"] is True
    files = host.http.get(
        f"{new.base_url}/api/v2/help_center/articles/{there['Devoluciones']['id']}/attachments.json", headers=headers
    ).json()["article_attachments"]
    assert len(files) == 2
    assert f"/hc/article_attachments/{files[0]['id']}" in there["Devoluciones"]["body"]
    # An article that is edited moves alone: what is its own, and its text.
    state = host.http.get(
        f"{old.base_url}/api/v2/help_center/articles.json",
        headers={"Authorization": f"Bearer {old.credentials['oauth_token']}"},
    ).json()["articles"]
    source = next(row["id"] for row in state if row["title"] == "Invoices")
    edit(old, str(source), body="<p>Another text</p>")
    old.wait(3600)
    crasher.well("pull", config=str(config), clock=old.base_url, names=["old"])
    new.forget_requests()
    again = crasher.well("load", config=str(config), clock=old.base_url, verify=True, prove=True)["result"]
    assert (again["verify"]["differences"], again["proof"]["holds"], again["exit_code"]) == ([], True, 0)
    written = [one["path"].removeprefix("/api/v2/help_center/") for one in new.requests() if one["method"] != "GET"]
    place = f"articles/{there['Invoices']['id']}"
    assert written == [f"{place}.json", f"{place}/translations/en-us.json"]
    assert new.mails() == []


def test_time_and_closed_circles_from_one_freshdesk_into_another(
    host: DeskHost, crasher: Crasher, tmp_path: Path
) -> None:
    """Time with its day, agent and note; an article for chosen companies is for agents alone."""
    like = host.zendesk(seed=3, tickets=12, profile="plain")
    old = host.freshdesk(like=like, notifications=False, automations=False)
    new = host.freshdesk(like=like, notifications=False, automations=False)
    headers = {"Authorization": httpx_basic(old.credentials["api_key"])}

    def made(path: str, **values: Any) -> Any:
        answer = host.http.post(f"{old.base_url}/api/v2/{path}", json=values, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    agent = old.state()["agents"][1]["id"]
    company = made("companies", name="Acme")
    ticket = made("tickets", subject="s", description="d", email="a@x.example", status=2, priority=1, source=1)
    made(f"tickets/{ticket}/time_entries", time_spent="01:30", executed_at="2025-03-02T10:00:00Z", agent_id=agent,
         billable=False, note="On the phone", timer_running=False)  # fmt: skip
    category = made("solutions/categories", name="Contracts")
    folder = made(f"solutions/categories/{category}/folders", name="Acme's", visibility=4, company_ids=[company])
    made(f"solutions/folders/{folder}/articles", title="Prices", description="secret", status=2)
    config = write_config(tmp_path, {"old": old, "new": new})
    crasher.well("pull", config=str(config), clock=like.base_url, names=["old"])
    found = crasher.well("load", config=str(config), clock=like.base_url, verify=True, prove=True)["result"]
    assert (found["verify"]["differences"], found["proof"]["holds"], found["exit_code"]) == ([], True, 0)
    state = new.state()
    (entry,) = state["time_entries"]
    assert (entry["time_spent"], entry["executed_at"], entry["billable"]) == ("01:30", "2025-03-02T10:00:00Z", False)
    assert entry["note"].startswith("On the phone\n[old:time_entry:")
    emails = {row["id"]: row["contact"]["email"] for row in state["agents"]}
    assert emails[entry["agent_id"]] == old.state()["agents"][1]["contact"]["email"]
    (there,) = [row for row in state["solution_folders"] if row["name"].startswith("Acme's")]
    assert there["visibility"] == 3
    assert found["load"]["losses"]["visibility_narrowed"] == 1
    assert new.mails() == []


@pytest.mark.parametrize("vendor", ["zendesk", "freshdesk"])
def test_the_plan_names_what_reading_it_back_costs(
    host: DeskHost, crasher: Crasher, tmp_path: Path, vendor: str
) -> None:
    """What verifying a knowledge base asks for, within a third; people and set-up aside."""
    old = host.zendesk(seed=3, tickets=0, profile="plain")
    new = (
        host.empty_zendesk(like=old, knowledge=False) if vendor == "zendesk"
        else host.freshdesk(like=old, notifications=False, automations=False)
    )  # fmt: skip
    planned, asked = 0, {}
    for verify in (False, True):
        host.reset(new)
        directory = tmp_path / str(verify)
        values = {"config": str(write_config(directory, {"old": old, "new": new})), "clock": old.base_url}
        crasher.well("pull", **values, names=["old"])
        run = Command(directory, {"DESKFERRY_CLOCK": old.base_url}, crasher=crasher)
        planned = run("plan", "old", "new", "--format", "json").json()["calls"]["by_call"]["verify"]
        new.forget_requests()
        found = crasher.well("load", **values, verify=verify, prove=False)["result"]
        read = [one["path"] for one in new.requests() if one["method"] == "GET"]
        asked[verify] = sum(any(word in path for word in OF_KNOWLEDGE) for path in read)
    assert found["verify"]["kinds"]["article"]["verified"] > 0
    assert planned == pytest.approx(asked[True] - asked[False], rel=0.34)
    again = run("plan", "old", "new", "--format", "json").json()
    assert "verify" not in again["calls"]["by_call"]  # all is there: nothing is written, nothing read back
