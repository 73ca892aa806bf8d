"""What the tables make of payloads, where the vendor says the same thing in several ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deskferry.canonical_schema import column_names
from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.kit.converters import addresses
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context

CONTEXT = Context("old", "freshdesk", "https://acme.freshdesk.com")


def rows(name: str, payload: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the canonical rows of a payload, by kind."""
    out: dict[str, list[Any]] = {}
    assert Mapper(MAPS[name], CONTEXT).apply(payload, str(payload["id"]), "2026-01-01T00:00:00.000000Z", out) is None
    return {kind: [dict(zip(column_names(kind), row, strict=True)) for row in found] for kind, found in out.items()}


@pytest.mark.parametrize("others", [[8, 9], [{"company_id": 8, "view_all_tickets": True}, {"company_id": 9}]])
def test_further_companies_come_from_a_list_and_from_a_view(others: list[Any]) -> None:
    found = rows("user", {"id": 1, "name": "Zoë", "company_id": 8, "other_companies": others})["person_organization"]
    assert [(row["organization_id"], row["is_primary"]) for row in found] == [
        ("old:company:8", True),
        ("old:company:9", False),
    ]


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("Smith, John <John@x.org>", [("john@x.org", "Smith, John")]),
        ("Team: Sales <s@x.org>", [("s@x.org", "Team: Sales")]),
        ("John Smith <john@x.org>", [("john@x.org", "John Smith")]),
        ('"Smith, John" <john@x.org>', [("john@x.org", "Smith, John")]),
        ("john@x.org <john@x.org>", [("john@x.org", "john@x.org")]),
        ("john@x.org", [("john@x.org", None)]),
        ("a@x.org, Bob <b@x.org>", [("a@x.org", None), ("b@x.org", "Bob")]),
    ],
)
def test_an_item_of_a_list_of_addresses_is_one_address(item: str, found: list[tuple[str, str | None]]) -> None:
    read = [(one["address"], one["name"]) for one in addresses([item, "last@x.org"]) or ()]
    assert read == [*found, ("last@x.org", None)]


@pytest.mark.parametrize(
    ("payload", "seconds"),
    [
        ({"time_spent": "00:01", "time_spent_in_seconds": 103}, 103.0),
        ({"time_spent": "00:00", "time_spent_in_seconds": 0}, 0.0),
        ({"time_spent": "01:30", "time_spent_in_seconds": None}, 5400.0),
        ({"time_spent": "100:05"}, 360_300.0),
        ({"time_spent": "00:10:30"}, 630.0),
        ({"time_spent": None}, None),
    ],
)
def test_the_seconds_of_a_time_entry_are_exact_where_the_account_tells_them(
    payload: dict[str, Any], seconds: float | None
) -> None:
    (entry,) = rows("time_entry", {"id": 1, "ticket_id": 2, **payload})["time_entry"]
    assert (entry["seconds"], entry["extra"]) == (seconds, None)


@pytest.mark.parametrize("spent", ["3.5", "-1:00", "1:", "12", "a:b"])
def test_a_duration_that_cannot_be_read_is_a_reject(spent: str) -> None:
    rejected = Mapper(MAPS["time_entry"], CONTEXT).apply({"id": 1, "time_spent": spent}, "1", "", {})
    assert rejected is not None
    assert rejected.code == "bad_duration"


@pytest.mark.parametrize(
    ("told", "suspended"),
    [({}, False), ({"blocked": True}, True), ({"deleted": False}, False), ({"deleted": True}, None)],
)
def test_who_is_blocked_is_known_of_those_who_are_not_deleted(told: dict[str, bool], suspended: bool | None) -> None:
    (person,) = rows("user", {"id": 1, "name": "Zoë", **told})["person"]
    assert (person["suspended"], person["extra"]) == (suspended, None)


@pytest.mark.parametrize("agent", [False, True])
def test_the_parts_of_a_name_come_where_the_account_tells_them(agent: bool) -> None:
    told = {"name": "Zoë van Müller", "first_name": "Zoë", "last_name": "van Müller"}
    (person,) = rows("user", {"id": 1, "contact": told} if agent else {"id": 1, **told})["person"]
    assert (person["first_name"], person["last_name"], person["extra"]) == ("Zoë", "van Müller", None)


def test_what_no_column_holds_of_an_agent_is_kept() -> None:
    contact = {"name": "Ann", "email": "ann@x.org", "active": True, "address": "Street", "last_login_at": "x"}
    agent = {"id": 1, "type": "support_agent", "org_agent_id": "7", "deactivated": True, "available": True}
    (person,) = rows("user", {**agent, "news": {"a": 1}, "occasional": False, "contact": contact})["person"]
    assert (person["is_active"], json.loads(person["extra"])) == (
        False,
        {
            "type": "support_agent", "org_agent_id": "7", "news": {"a": 1}, "occasional": False,
            "contact": {"active": True, "address": "Street"},
        },
    )  # fmt: skip
