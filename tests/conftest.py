"""Stores to test on: each test that asks for one runs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.store import Store, open_store
from tests.journey.seeds import VARIABLE, crash_seed
from tests.postgresql import Server


def pytest_report_header() -> str:
    """Tell by which seed this session chooses crash points; its workers inherit it."""
    return f"crash points: {VARIABLE}={crash_seed()} chooses the same again"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str, worker_id: str) -> Iterator[Server]:
    """Give the PostgreSQL server of this test session, shared by its workers."""
    base = tmp_path_factory.getbasetemp()
    lock = (base if worker_id == "master" else base.parent) / "postgresql.lock"
    server = Server.shared(testrun_uid, lock)
    yield server
    server.leave()


@pytest.fixture
def postgresql_url(postgresql: Server) -> Iterator[str]:
    """Give the URL of a fresh PostgreSQL database that already has the tables of a store."""
    with postgresql.database(f"t_{secrets.token_hex(6)}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of an empty store, once on each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("DESKFERRY_FILES", str(tmp_path / "store.db.files"))
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Give an open, empty store, once on each database."""
    with open_store(store_url) as opened:
        yield opened
