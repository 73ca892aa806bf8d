"""An empty SQLite store, for what is the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.store import Store, open_store


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """Give it, open."""
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened
