"""Into a Zendesk by the command line: verified by both ways, proven, and nobody hears of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.journey.command import Command
from tests.journey.desks import Desk, DeskHost, write_config
from tests.journey.picture_zendesk import live_tickets, twice_zendesk

SOURCES = ("zendesk", "freshdesk")


class Route:
    """A full desk and an empty Zendesk, and the command line between them."""

    def __init__(self, host: DeskHost, command: Command, vendor: str, **options: Any) -> None:
        profile = options.pop("profile", "plain")
        self.old: Desk = (
            host.zendesk(seed=3, tickets=40, profile=profile)
            if vendor == "zendesk"
            else host.full_freshdesk(seed=3, tickets=40, profile=profile)
        )
        self.new = host.empty_zendesk(like=self.old, **options)
        self.command = command
        self.directory = command.directory
        write_config(self.directory, {"old": self.old, "new": self.new})
        command.environment["DESKFERRY_CLOCK"] = self.old.base_url
        self.run("pull", "old")

    def run(self, *arguments: str | Path, code: int = 0) -> Any:
        """Run a command that must end with this code."""
        return self.command.well(*arguments, code=code)


@pytest.mark.parametrize("vendor", SOURCES)
@pytest.mark.parametrize("profile", ["plain", "ugly"])
def test_a_desk_moves_into_a_zendesk(host: DeskHost, command: Command, vendor: str, profile: str) -> None:
    route = Route(host, command, vendor, profile=profile)
    plan = route.run("plan", "old", "new", "--format", "json").json()
    assert plan["effects"] == []
    route.new.forget_requests()
    result = route.run("migrate", "old", "new", "--prove", "--yes", "--format", "json").json()
    verified = result["verify"]
    assert verified["depth"] == "files"
    assert verified["differences"] == []
    assert result["proof"]["holds"]
    assert result["load"]["problems"] == {}
    for kind in ("organization", "person", "ticket", "message"):
        counted = verified["kinds"][kind]
        assert counted["written"] == counted["verified"] > 0, kind
    assert route.new.mails() == []
    assert twice_zendesk(route.new) == []
    assert len(live_tickets(route.new)) == result["load"]["kinds"]["ticket"]["created"]
    _few_calls(route.new, plan["files"]["count"])


def _few_calls(new: Desk, files: int) -> None:
    """All rows of a kind go into as few calls as they fit into, and a file is one upload."""
    writes = Counter(one["path"].removeprefix("/api/v2/") for one in new.requests() if one["method"] != "GET")
    assert writes["uploads"] == files
    rows = {path: count for path, count in writes.items() if path.startswith(("imports", "users", "organizations"))}
    # A round more, or two, where a ticket waits for others that its text links to.
    assert sum(rows.values()) <= 5, writes
    looks = sum("job_statuses" in one["path"] for one in new.requests())
    assert looks <= 2 * sum(rows.values())


def test_a_second_migration_writes_nothing(host: DeskHost, command: Command) -> None:
    route = Route(host, command, "zendesk")
    route.run("migrate", "old", "new", "--yes")
    route.new.forget_requests()
    result = route.run("migrate", "old", "new", "--yes", "--format", "json").json()
    assert result["load"]["sent"] == 0
    assert [one for one in route.new.requests() if one["method"] != "GET"] == []
    assert route.run("verify", "old", "new", "--depth", "files", "--format", "json").json()["differences"] == []


def test_times_authors_and_sides_are_native(host: DeskHost, command: Command) -> None:
    """Each comment is where and what it was: no line of ours stands before it."""
    route = Route(host, command, "zendesk")
    route.run("migrate", "old", "new", "--yes")
    there = {row["external_id"]: row for row in live_tickets(route.new)}
    people = {row["id"]: row["email"] for row in route.new.state()["users"]}
    staff = {row["id"]: row["email"] for row in route.old.state()["users"]}
    for ticket in route.old.state()["tickets"]:
        copy = there[f"old:ticket:{ticket['id']}"]
        assert copy["created_at"] == ticket["created_at"]
        assert copy["updated_at"] == ticket["updated_at"]
        assert copy["status"] == ticket["status"]
        here = _comments(route.old, ticket["id"])
        written = _comments(route.new, copy["id"])
        if len(written) > len(here):  # the one comment of ours
            assert not written[-1]["public"]
            assert (ticket["external_id"] or "Rating: ") in written.pop()["body"]
        assert [one["created_at"] for one in written] == [one["created_at"] for one in here]
        assert [one["public"] for one in written] == [one["public"] for one in here]
        assert [people[one["author_id"]] for one in written] == [staff[one["author_id"]] for one in here]


def _comments(desk: Desk, ticket: int) -> list[dict[str, Any]]:
    return [one for one in desk.state()["comments"] if one["ticket_id"] == ticket]


def test_bulk_imports_of_users_may_be_switched_off(host: DeskHost, command: Command) -> None:
    route = Route(host, command, "zendesk")
    route.new.change({"op": "settings", "bulk_user_imports": False})
    result = route.run("migrate", "old", "new", "--prove", "--yes", "--format", "json").json()
    assert result["verify"]["differences"] == []
    assert result["load"]["problems"] == {}
    assert route.new.mails() == []


def test_a_row_that_fails_harms_no_other(host: DeskHost, command: Command) -> None:
    """A ticket field must be filled in to solve: those without are refused and listed, the others cross."""
    route = Route(host, command, "zendesk")
    field = next(row for row in route.new.state()["ticket_fields"] if row["removable"] and row["type"] == "tagger")
    _require(route.new, field["id"], required=True)
    route.run("migrate", "old", "new", "--yes", code=1)
    crossed = {row["external_id"] for row in live_tickets(route.new)}
    final = [row for row in route.old.state()["tickets"] if row["status"] in {"solved", "closed"}]
    values = {row["id"]: {one["id"]: one["value"] for one in row["custom_fields"]} for row in final}
    stay = {f"old:ticket:{key}" for key, found in values.items() if not found.get(field["id"])}
    assert stay
    assert {f"old:ticket:{row['id']}" for row in route.old.state()["tickets"]} - crossed == stay
    _require(route.new, field["id"], required=False)
    route.run("migrate", "old", "new", "--prove", "--yes")
    assert len(live_tickets(route.new)) == len(route.old.state()["tickets"])
    assert twice_zendesk(route.new) == []


def _require(desk: Desk, field: int, *, required: bool) -> None:
    """Make a ticket field one that must be filled in to solve, as an administrator does."""
    headers = {"Authorization": f"Bearer {desk.credentials['oauth_token']}"}
    body = {"ticket_field": {"required": required}}
    desk.host.http.put(f"{desk.base_url}/api/v2/ticket_fields/{field}", json=body, headers=headers).raise_for_status()
