"""What the journeys share: a process of desks, a process that forks, and the command line in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.command import Command
from tests.journey.crashing import Crasher
from tests.journey.desks import DeskHost


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
