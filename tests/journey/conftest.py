"""What the journeys share: a process of desks, a process that forks, and the command line in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.command import Command
from tests.journey.crashing import Crasher
from tests.journey.desks import DeskHost

LONG = (
    "test_rollback.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[postgresql]",
    "test_rollback.py::test_a_delta_is_taken_back_and_then_what_it_stood_on[postgresql]",
    "test_rollback.py::test_what_people_changed_since_is_left_alone_unless_forced[postgresql]",
    "test_rollback_zendesk.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[zendesk-postgresql]",
    "test_rollback_zendesk.py::test_the_desk_is_as_it_was_and_the_migration_can_be_done_again[freshdesk-postgresql]",
    "test_mending.py::test_a_rehearsal_touches_nothing_real[postgresql]",
    "test_mending.py::test_a_refused_ticket_is_taken_up_when_its_cause_was_mended[postgresql]",
    "test_mending.py::test_a_rehearsal_with_a_zendesk_meets_what_the_real_one_meets[freshdesk]",
    "test_zendesk_delta.py::test_a_reimport_is_killed",
    "test_zendesk_moves.py::test_a_desk_moves_into_a_zendesk[ugly-freshdesk]",
    "test_zendesk_moves.py::test_a_desk_moves_into_a_zendesk[plain-zendesk]",
    "test_report.py::test_a_migration_into_a_zendesk_is_reported_too[freshdesk]",
    "test_vendor_numbers.py",
)
"""The same once more: on PostgreSQL where SQLite was looked at, for a second vendor. `make exhaustive` has them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long ones to `make exhaustive`."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here) and any(name in item.nodeid for name in LONG):
            item.add_marker(pytest.mark.exhaustive)


@pytest.fixture(scope="session")
def host() -> Iterator[DeskHost]:
    """Give the process of desks of this worker."""
    with DeskHost() as running:
        yield running


@pytest.fixture(scope="session")
def crasher() -> Iterator[Crasher]:
    """Give the process that forks children of this worker."""
    running = Crasher()
    yield running
    running.close()


@pytest.fixture
def command(tmp_path: Path, crasher: Crasher) -> Command:
    """Give the command line, run in an empty directory."""
    return Command(tmp_path, crasher=crasher)
