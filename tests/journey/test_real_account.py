"""A small real account, as its API returned it: what it holds arrives, and what it lacks is said.

Its folder lies beside the project, not in it; these tests run wherever it lies, and must run in CI.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deskferry.store import open_store
from tests.journey.command import Command
from tests.journey.desks import PROJECT

ACCOUNT = PROJECT.parent / "shared" / "samples" / "zendesk_account"
MISSING = not ACCOUNT.is_dir()

pytestmark = pytest.mark.skipif(MISSING, reason=f"{ACCOUNT} does not lie beside the project")

CONFIG = """
[connections.old]
vendor = "zendesk"
base_url = "{base_url}"
subdomain = "{credentials[subdomain]}"
oauth_token = "env:OLD_TOKEN"
"""
DESTINATION = """
[connections.new]
vendor = "freshdesk"
base_url = "{base_url}"
domain = "{credentials[domain]}"
api_key = "env:NEW_KEY"
"""
ANSWERS = """
[agents]
"cha@example.com" = "agent1@acme.example"
"cowled@example.com" = "agent2@acme.example"
[teams]
"23111598987540" = "Support"
[inboxes]
"23111567404180" = "Acme"
[fields.ticket."23111693329300"]
to = "none"
"""


def records(stream: str) -> list[dict[str, Any]]:
    """Return the recorded objects of a stream."""
    lines = (ACCOUNT / f"{stream}.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


class Pulled:
    """The account after its pull: what the commands said, and its rows."""

    def __init__(self, command: Command, said: dict[str, Any], findings: list[dict[str, Any]]) -> None:
        self.command = command
        self.directory = command.directory
        self.said = said
        self.findings = findings

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        with open_store(f"sqlite:///{self.directory / 'deskferry.db'}") as store, store.read() as database:
            return [dict(row) for row in database.exec_driver_sql(f"SELECT * FROM {table}").mappings()]

    def found(self, rule: str) -> set[str]:
        """Return the records of which a rule complains."""
        return {one["record_id"] for one in self.findings if one["rule"] == rule}


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    """Give the account, pulled and validated by the command line."""
    command = Command(tmp_path_factory.mktemp("real"))
    with command.simulate("zendesk", "--data", ACCOUNT, "--clock", "virtual") as served:
        (command.directory / "deskferry.toml").write_text(CONFIG.format(**served), encoding="utf-8")
        command.environment |= {
            "OLD_TOKEN": served["credentials"]["oauth_token"],
            "DESKFERRY_CLOCK": served["base_url"],
        }
        # 0: short reply counts are warnings here, since the vendor's number is a bound; nothing was rejected
        said = command.well("pull", "old", "--format", "json").json()["old"]
        findings = command.well("validate", "old", "--format", "json").json()["findings"]
        yield Pulled(command, said, findings)


def test_all_of_it_arrives(pulled: Pulled) -> None:
    kinds = {name: counts["inserted"] for name, counts in pulled.said["kinds"].items()}
    assert kinds["ticket"] == len(records("tickets")) == 14
    assert kinds["person"] == len(records("users")) == 15
    assert kinds["team"] == len(records("groups")) == 2
    assert kinds["survey_response"] == len(records("satisfaction_ratings")) == 2
    assert kinds["message"] == 14  # the opening one of each: more was not recorded
    assert pulled.said["rejected"] == {}
    assert pulled.said["open_rejects"] == 0
    assert pulled.rows("reject") == []


def test_every_raw_field_is_accounted_for(pulled: Pulled) -> None:
    unknown = {
        f"{name}.{line['path']}"
        for name, lines in pulled.said["fields"].items() for line in lines if line["is"] == "unknown"
    }  # fmt: skip
    assert unknown == set()
    assert {"ticket", "user", "group", "satisfaction_rating", "ticket_field"} <= set(pulled.said["fields"])


def test_every_metric_of_the_vendor_is_kept(pulled: Pulled) -> None:
    """Each number of the recorded metrics is a row of its own, under the vendor's own name."""
    expected = {}
    for metric in records("ticket_metrics"):
        for name, value in metric.items():
            if name not in {"id", "ticket_id"} and isinstance(value, int):
                expected[f"old:ticket:{metric['ticket_id']}", name] = value
            for clock, minutes in value.items() if isinstance(value, dict) else ():
                if minutes is not None:
                    expected[f"old:ticket:{metric['ticket_id']}", f"{name}.{clock}"] = minutes
    kept = {(row["ticket_id"], row["name"]): row["value"] for row in pulled.rows("vendor_metric")}
    assert len(expected) > 100
    assert kept == expected


def test_people_and_tickets_are_who_they_are(pulled: Pulled) -> None:
    people = {row["source_id"]: row for row in pulled.rows("person")}
    for user in records("users"):
        row = people[str(user["id"])]
        assert (row["name"], row["email"]) == (user["name"], user["email"] and user["email"].lower())
    tickets = {row["source_id"]: row for row in pulled.rows("ticket")}
    tags = Counter(row["record_id"] for row in pulled.rows("tagging"))
    for ticket in records("tickets"):
        row = tickets[str(ticket["id"])]
        assert (row["subject"], row["requester_id"]) == (ticket["subject"], f"old:user:{ticket['requester_id']}")
        assert row["created_at"] == ticket["created_at"].replace("Z", ".000000Z")
        assert tags[row["id"]] == len(ticket["tags"])
    opening = {row["ticket_id"]: row for row in pulled.rows("message")}
    for ticket in records("tickets"):
        words = opening[f"old:ticket:{ticket['id']}"]["body_text"].split()
        assert words == ticket["description"].split()


def test_tickets_lie_in_a_team_that_is_neither_of_the_two(pulled: Pulled) -> None:
    teams = {row["id"]: row for row in pulled.rows("team")}
    assert all(row["deleted_at"] is not None for row in teams.values())
    tickets = pulled.rows("ticket")
    assert not {row["team_id"] for row in tickets} & set(teams)
    assert pulled.found("reference.ticket.team_id") == {row["id"] for row in tickets}


def test_a_rating_has_lost_its_ticket(pulled: Pulled) -> None:
    assert pulled.found("reference.survey_response.ticket_id") == {"old:satisfaction_rating:7235633102607"}
    other = next(row for row in pulled.rows("survey_response") if row["source_id"] == "5909514818319")
    assert (other["ticket_id"], other["label"]) == ("old:ticket:6", "good")


def test_replies_are_counted_but_not_there(pulled: Pulled) -> None:
    counted = {
        f"old:ticket:{metric['ticket_id']}": metric["replies"]
        for metric in records("ticket_metrics") if metric["replies"]
    }  # fmt: skip
    said = {
        short["parent_id"]: short["declared"]
        for short in pulled.said["shortfalls"] if short["measure"] == "agent_replies" and short["fetched"] == 0
    }  # fmt: skip
    assert len(counted) == 12
    assert said == counted
    assert pulled.found("declared.agent_replies") == set(counted)


def test_what_was_not_recorded_is_found_missing(pulled: Pulled) -> None:
    tickets = {row["id"] for row in pulled.rows("ticket")}
    for column in ("brand_id", "form_id", "status_definition_id"):
        assert pulled.found(f"reference.ticket.{column}") == tickets, column
    assert pulled.found("reference.person.organization_id") == {"old:user:23111595978772"}


def test_nothing_else_is_wrong_with_it(pulled: Pulled) -> None:
    assert {one["rule"] for one in pulled.findings} == {
        "reference.ticket.team_id", "reference.ticket.brand_id", "reference.ticket.form_id",
        "reference.ticket.status_definition_id", "reference.survey_response.ticket_id",
        "reference.person.organization_id", "declared.agent_replies",
    }  # fmt: skip


# -------------------------------------------------------------------------------------------------------- migrated


class Migrated:
    """The account in a Freshdesk: what was planned with and without answers, what was done, what is there."""

    def __init__(self, pulled: Pulled, served: dict[str, Any]) -> None:
        self.base_url = served["base_url"]
        command = pulled.command
        command.environment |= {"NEW_KEY": served["credentials"]["api_key"], "DESKFERRY_CLOCK": self.base_url}
        config = command.directory / "deskferry.toml"
        config.write_text(config.read_text(encoding="utf-8") + DESTINATION.format(**served), encoding="utf-8")
        mapping = command.directory / "mapping.toml"
        mapping.write_text(ANSWERS, encoding="utf-8")
        self.unanswered = command.well("plan", "old", "new", "--format", "json").json()
        self.answered = command.well("plan", "old", "new", "--mapping", mapping, "--format", "json").json()
        told = ["migrate", "old", "new", "--mapping", str(mapping), "--yes", "--prove", "--format", "json"]
        self.refused = command(*told)
        self.before = self.state()
        for effect in self.answered["effects"]:
            told += ["--accept", effect["name"]]
        self.result = command.well(*told).json()
        self.there = self.state()
        self.mails = httpx.get(f"{self.base_url}/__sim/mailbox").json()["mails"]

    def state(self) -> dict[str, Any]:
        """Return what is in the destination."""
        found: dict[str, Any] = httpx.get(f"{self.base_url}/__sim/state").json()
        return found


@pytest.fixture(scope="module")
def migrated(pulled: Pulled) -> Iterator[Migrated]:
    """Give the account, migrated by the command line into an empty Freshdesk."""
    with pulled.command.simulate("freshdesk", "--tickets", "0", "--clock", "virtual") as served:
        yield Migrated(pulled, served)


def test_the_plan_asks_about_what_is_not_there(migrated: Migrated) -> None:
    asked = {(one["code"], one["count"]) for one in migrated.unanswered["questions"]}
    assert {("team_unknown", 14), ("inbox_unknown", 14)} <= asked
    assert {cause for cause, _count in asked} >= {"agent_unmatched", "field_unmatched"}


def test_a_mapping_answers(migrated: Migrated) -> None:
    assert migrated.answered["questions"] == []
    causes = {one["cause"] for one in migrated.answered["losses"]}
    assert not causes & {"team_unmatched", "inbox_unmatched", "assignee_unmatched"}


def test_nothing_is_written_without_consent(migrated: Migrated) -> None:
    assert migrated.refused.code == 2
    assert "--accept" in migrated.refused.last
    assert migrated.before["tickets"] == migrated.before["contacts"] == []


def test_all_of_it_crosses_and_is_proven(migrated: Migrated) -> None:
    there, result = migrated.there, migrated.result
    assert result["exit_code"] == 0
    assert result["proof"]["holds"]
    assert result["verify"]["differences"] == []
    assert len(there["tickets"]) == 14
    assert len(there["contacts"]) == 13  # two of the fifteen are agents, and were matched
    groups = {row["id"]: row["name"] for row in there["groups"]}
    agents = {row["id"]: row["contact"]["email"] for row in there["agents"]}
    assert {groups[row["group_id"]] for row in there["tickets"]} == {"Support"}
    mapped = {23111595978772: "agent1@acme.example", 23123038291476: "agent2@acme.example"}
    expected = {f"old:ticket:{ticket['id']}": mapped[ticket["assignee_id"]] for ticket in records("tickets")}
    origins = {row["custom_fields"]["cf_deskferry_origin"]: agents[row["responder_id"]] for row in there["tickets"]}
    assert origins == expected
    subjects = sorted(row["subject"] for row in there["tickets"])
    assert subjects == sorted(ticket["subject"] for ticket in records("tickets"))
    closed = [row for row in there["tickets"] if row["status"] == 5]
    assert len(closed) == sum(ticket["status"] == "closed" for ticket in records("tickets"))


def test_nobody_hears_more_than_was_accepted(migrated: Migrated) -> None:
    accepted = {one["name"] for one in migrated.answered["effects"]}
    mails = {
        "new_ticket_emails": {"new_ticket_requester", "new_ticket_agent"},
        "agent_assignment_emails": {"agent_assigned", "group_assigned"},
        "public_note_emails": {"public_note_requester", "requester_reply_agent"},
        "status_emails": {"ticket_resolved", "ticket_closed", "survey"},
        "automations": {"automation"}, "activation_emails": {"activation"},
    }  # fmt: skip
    allowed = {kind for name in accepted for kind in mails[name]}
    assert {mail["kind"] for mail in migrated.mails} <= allowed


def test_every_loss_was_planned(migrated: Migrated, pulled: Pulled) -> None:
    losses = pulled.rows("loss")
    assert losses
    assert all(row["planned"] for row in losses)
    planned = {one["cause"]: one["count"] for one in migrated.answered["losses"]}
    assert Counter(row["cause"] for row in losses) == planned
