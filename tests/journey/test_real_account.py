"""A small real account, as its API returned it: what it holds arrives, and what it lacks is said.

Its folder lies beside the project, not in it; these tests run wherever it lies, and must run in CI.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskferry.store import open_store
from tests.journey.command import Command
from tests.journey.desks import PROJECT

ACCOUNT = PROJECT.parent / "shared" / "samples" / "zendesk_account"
MISSING = not ACCOUNT.is_dir()

if MISSING and os.environ.get("DESKFERRY_CI"):
    pytest.fail(f"{ACCOUNT} is missing, and CI needs it", pytrace=False)

pytestmark = pytest.mark.skipif(MISSING, reason=f"{ACCOUNT} does not lie beside the project")

CONFIG = """
[connections.old]
vendor = "zendesk"
base_url = "{base_url}"
subdomain = "{subdomain}"
oauth_token = "env:OLD_TOKEN"
"""


def records(stream: str) -> list[dict[str, Any]]:
    """Return the recorded objects of a stream."""
    lines = (ACCOUNT / f"{stream}.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


class Pulled:
    """The account after its pull: what the commands said, and its rows."""

    def __init__(self, directory: Path, said: dict[str, Any], findings: list[dict[str, Any]]) -> None:
        self.directory = directory
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
        command.environment |= {"OLD_TOKEN": served["oauth_token"], "DESKFERRY_CLOCK": served["base_url"]}
        # 0: short reply counts are warnings here, since the vendor's number is a bound; nothing was rejected
        said = command.well("pull", "old", "--format", "json").json()["old"]
        findings = command.well("validate", "old", "--format", "json").json()["findings"]
        yield Pulled(command.directory, said, findings)


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
