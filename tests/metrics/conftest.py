"""A world for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.metrics.build import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give an empty world, as of 2026-03-01 in UTC."""
    return World(tmp_path)
