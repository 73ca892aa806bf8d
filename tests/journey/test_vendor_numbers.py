"""The vendor's own metrics against ours: of a small real account, and of a simulated one that computes by its rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journey.command import Command
from tests.journey.test_real_account import ACCOUNT, CONFIG, MISSING, records

AS_OF = "2030-01-01"


def numbers_of(directory: Path, *options: str, section: str = "") -> Iterator[dict[str, dict[str, Any]]]:
    """Give what is told of each number of a simulated account."""
    command = Command(directory)
    with command.simulate("zendesk", *options, "--clock", "virtual") as served:
        (directory / "deskferry.toml").write_text(CONFIG.format(**served) + section, encoding="utf-8")
        command.environment |= {
            "OLD_TOKEN": served["credentials"]["oauth_token"],
            "DESKFERRY_CLOCK": served["base_url"],
        }
        command.well("pull", "old")
    found = command.well("metrics", "--compare-vendor", "--as-of", AS_OF, "--format", "json").json()
    yield {one["name"]: one for one in found["numbers"]}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Give the numbers of the real account."""
    yield from numbers_of(tmp_path_factory.mktemp("real"), "--data", str(ACCOUNT))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """Give the numbers of a simulated account, whose metrics run on the first of its two schedules."""
    section = '[metrics]\nschedule = "Madrid"\n'
    yield from numbers_of(tmp_path_factory.mktemp("sim"), "--tickets", "120", "--seed", "5", section=section)


@pytest.mark.skipif(MISSING, reason=f"{ACCOUNT} does not lie beside the project")
@pytest.mark.parametrize(
    "name", ["first_resolution_time_in_minutes", "full_resolution_time_in_minutes", "requester_wait_time_in_minutes"]
)
def test_the_real_account_has_one_ticket_solved_after_354_minutes(real: dict[str, dict[str, Any]], name: str) -> None:
    (metric,) = [one for one in records("ticket_metrics") if one["ticket_id"] == 6]
    assert metric[name]["calendar"] == 354
    number = real[f"{name}.calendar"]
    assert (number["equal"], number["different"], number["only_ours"]) == (1, 0, 0)
    assert "old:ticket:6" not in {one["ticket_id"] for one in number["tickets"]}


@pytest.mark.skipif(MISSING, reason=f"{ACCOUNT} does not lie beside the project")
def test_what_the_real_account_does_not_hold_is_said(real: dict[str, dict[str, Any]]) -> None:
    said = {cause["cause"] for one in real.values() for cause in one["causes"]}
    assert said == {"replies_differ", "no_history", "no_schedule"}
    waits = real["requester_wait_time_in_minutes.calendar"]["tickets"]
    assert [(one["ticket_id"], one["ours"], one["vendors"]) for one in waits] == [("old:ticket:14", None, 1128)]
    replies = real["reply_time_in_minutes.calendar"]
    assert (replies["equal"], replies["only_vendor"]) == (0, 12)


def test_a_simulated_account_is_equal_ticket_by_ticket(simulated: dict[str, dict[str, Any]]) -> None:
    assert len(simulated) == 14
    for name, number in simulated.items():
        assert number["equal"] > 20, name
        assert {one["cause"] for one in number["causes"]} <= {"not_counted", "vendor_silent"}, name
        assert [
            one for one in number["tickets"] if one["verdict"] == "different" and one["cause"] != "not_counted"
        ] == []
