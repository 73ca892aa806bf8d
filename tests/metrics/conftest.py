"""A world for each test; and which themes `make test` looks at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.metrics.build import World

ALWAYS = {
    "test_registry", "test_statistics", "test_levels", "test_calendars", "test_sentences", "test_surveys",
    "test_responses", "test_volume", "test_kept_facts",
}  # fmt: skip
"""Every card needs expressions to be compiled, half a second each time: `make exhaustive` has the other themes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the themes that are not always looked at to `make exhaustive`."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here and item.path.stem not in ALWAYS:
            item.add_marker(pytest.mark.exhaustive)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give an empty world, as of 2026-03-01 in UTC."""
    return World(tmp_path)
