"""A small migration to report on, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deskferry.report.sign_off.write import write_sign_off
from deskferry.store import Store
from tests.migrate.world import World

Report = Callable[..., dict[str, Any]]


@pytest.fixture
def world(store: Store) -> World:
    return World(store).fill()


@pytest.fixture
def sign_off(store: Store, tmp_path: Path) -> Report:
    """Give what writes the JSON report of a run and reads it."""

    def write(run_id: str, language: str = "en") -> dict[str, Any]:
        path = tmp_path / "report.json"
        write_sign_off(store, run_id, path, language)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    return write
