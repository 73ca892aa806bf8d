"""A second pull costs the fixed calls and the pages that hold what changed, and changes only their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.journey.changes import work_an_hour
from tests.journey.content import Content, content, differences
from tests.journey.crashing import Crasher
from tests.journey.desks import Desk, DeskHost, write_config

EVERY_TIME = [
    *("users/me", "oauth/tokens/current"),
    *("ticket_fields", "custom_statuses", "slas/policies", "group_slas/policies", "business_hours/schedules"),
    *("brands", "recipient_addresses", "groups", "group_memberships", "user_fields", "organization_fields"),
    *("ticket_forms", "macros", "triggers", "automations", "views", "organization_memberships"),
    *("help_center/categories.json", "help_center/sections.json"),
    *("incremental/organizations", "incremental/users/cursor", "incremental/tickets/cursor"),
    *("incremental/ticket_events", "incremental/ticket_metric_events", "satisfaction_ratings"),
    "help_center/incremental/articles.json",
]
"""The fixed calls of an account whose lists all fit a page; and one for the holidays of each schedule."""


@pytest.fixture
def desk(host: DeskHost) -> Desk:
    """Give a Zendesk of 40 tickets."""
    return host.zendesk(seed=3, tickets=40)


class Puller:
    """Pulls one desk into one store, and tells what that cost and changed."""

    def __init__(self, directory: Path, desk: Desk, crasher: Crasher) -> None:
        self.desk = desk
        self.config = write_config(directory, {"old": desk})
        self.store = directory / "store.db"
        self._crasher = crasher

    def pull(self, **options: Any) -> tuple[dict[str, Any], Counter[str]]:
        """Pull; returns the result and the calls by path."""
        self.desk.forget_requests()
        found = self._crasher.well(
            "pull", config=str(self.config), clock=self.desk.base_url, names=["old"], **options
        )  # fmt: skip
        calls = Counter(one["path"].removeprefix("/api/v2/") for one in self.desk.requests())
        result: dict[str, Any] = found["result"]["old"]
        assert result["calls"] == sum(calls.values())
        return result, calls

    def content(self) -> Content:
        """Return what the store holds."""
        return content(self.store)


def fixed(desk: Desk) -> Counter[str]:
    """Return the calls that every pull of this account takes."""
    state = desk.state()
    holidays = [f"business_hours/schedules/{one['id']}/holidays" for one in state["schedules"]]
    return Counter([*EVERY_TIME, *holidays])


def helpers_of_articles(calls: Counter[str]) -> Counter[str]:
    """Return the calls for an article that the export repeats: its beginning is inclusive."""
    beginnings = ("help_center/articles/", "help_center/user_segments.json")
    return Counter({path: count for path, count in calls.items() if path.startswith(beginnings)})


def changed(before: Content, after: Content) -> dict[str, set[str]]:
    """Return the keys of rows that came, went or changed, by table."""
    found: dict[str, set[str]] = {}
    for table in {*before, *after}:
        old, new = before.get(table, {}), after.get(table, {})
        keys = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        if keys:
            found[table] = keys
    return found


def tickets_of(rows: Iterable[dict[str, Any]], *columns: str) -> set[str]:
    """Return the tickets that rows belong to."""
    return {row[column] for row in rows for column in columns if str(row.get(column)).startswith("old:ticket:")}


def test_an_unchanged_account_costs_the_fixed_calls_and_changes_nothing(
    desk: Desk, crasher: Crasher, tmp_path: Path
) -> None:
    puller = Puller(tmp_path, desk, crasher)
    puller.pull()
    before = puller.content()
    desk.wait(3600)
    result, calls = puller.pull()
    assert calls - fixed(desk) == helpers_of_articles(calls)
    assert fixed(desk) - calls == Counter()
    assert sum(helpers_of_articles(calls).values()) <= 3
    assert not changed(before, puller.content()).keys() - {"stream_cursor"}
    assert all(not one["inserted"] and not one["updated"] for one in result["tally"]["kinds"].values())
    assert all(not one["inserted"] and not one["updated"] for one in result["tally"]["raw"].values())


def test_changes_cost_their_pages_and_change_their_rows(desk: Desk, crasher: Crasher, tmp_path: Path) -> None:
    puller = Puller(tmp_path, desk, crasher)
    puller.pull()
    before = puller.content()
    worked = work_an_hour(desk)
    result, calls = puller.pull()
    # All changes fit the first page of each export, which is read anyway: they cost no call of their own.
    assert calls - fixed(desk) == helpers_of_articles(calls)
    assert fixed(desk) - calls == Counter()
    after = puller.content()
    ids = {what: f"old:ticket:{number}" for what, number in worked.items()}
    rows = changed(before, after)
    assert rows["ticket"] == set(ids.values())
    held = after["ticket"]
    assert held[ids["deleted"]]["deletion_evidence"] == "vendor"
    assert held[ids["deleted"]]["status"] == "deleted"
    assert held[ids["deleted"]]["status_before"] == before["ticket"][ids["deleted"]]["status"]
    assert held[ids["edited"]]["priority"] != before["ticket"][ids["edited"]]["priority"]
    assert held[ids["created"]]["subject"] == "One more thing"
    new_messages = {key for key in rows["message"] if key not in before["message"]}
    assert sorted(after["message"][key]["ticket_id"] for key in new_messages) == sorted(
        [ids["answered"], ids["created"]]
    )
    assert {after["tagging"][key]["tag"] for key in rows["tagging"] if key in after["tagging"]} == {"looked_at"}
    touched = set(ids.values())
    for table in ("message", "ticket_event", "vendor_metric", "sla_event", "attachment", "ticket_link"):
        those = [
            holder[table][key] for key in rows.get(table, ()) for holder in (before, after) if key in holder[table]
        ]
        assert tickets_of(those, "ticket_id") <= touched, table
    allowed = {
        "ticket", "message", "ticket_event", "vendor_metric", "sla_event", "tagging", "raw_record", "stream_cursor",
        "declared_count", "ticket_link", "ticket_follower", "raw_dictionary",
    }  # fmt: skip
    assert set(rows) <= allowed
    assert {key.split("/")[2] for key in rows.get("declared_count", ())} <= touched
    assert result["exit_code"] == 0
    assert _raw_tickets(rows["raw_record"], after) <= touched


def _raw_tickets(keys: set[str], held: Content) -> set[str]:
    found = set()
    for key in keys:
        record = held["raw_record"][key]
        payload = record["payload"] or record["tombstone"]
        found.add(f"old:ticket:{payload['id'] if record['object'] == 'ticket' else payload['ticket_id']}")
    return found


def test_two_pulls_hold_what_one_would(desk: Desk, crasher: Crasher, tmp_path: Path) -> None:
    """Read step by step or at once, the live rows are the same; only a deleted ticket was once known better."""
    steps = Puller(tmp_path / "steps", desk, crasher)
    steps.pull()
    worked = work_an_hour(desk)
    steps.pull()
    at_once = Puller(tmp_path / "once", desk, crasher)
    at_once.pull()
    gone = f"old:ticket:{worked['deleted']}"

    def alive(held: Content) -> Content:
        return {
            table: {
                key: row for key, row in rows.items()
                if key != gone and not (isinstance(row, dict) and gone in (row.get("ticket_id"), row.get("record_id")))
                and not key.startswith(f"{gone}/") and f"/{gone}/" not in key
            }
            for table, rows in held.items() if table not in {"raw_record", "stream_cursor", "sla_event"}
        }  # fmt: skip

    assert not differences(alive(steps.content()), alive(at_once.content()))
