"""Who is gone after a rollback: what it deleted, not what was only found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deskferry.migrate.journal import UNDO, Route
from deskferry.migrate.rollback import _Rollback
from deskferry.migrate.written_run import WrittenRun
from deskferry.store import Store, machinery, open_store

AT = "2026-01-02T03:04:05.000000Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def _taken_back(store: Store, remote_id: str, receipt: dict[str, Any] | None) -> None:
    common = {
        "source": "old", "destination": "new", "account_id": "acc", "record_id": f"old:user:{remote_id}", "part": "",
        "kind": "person", "call": "user.create", "request_hash": "", "source_hash": "", "intended_at": AT,
        "remote_id": remote_id,
    }  # fmt: skip
    table = machinery.write_op
    with store.write() as database:
        made = database.execute(
            table.insert().values(
                run_id="r", action="create", state="undone", receipt=receipt, request={"object": "user"}, **common
            )
        )
        assert made.inserted_primary_key is not None
        undoes = made.inserted_primary_key[0]
        database.execute(table.insert().values(run_id="b", action=UNDO, state="done", undoes=undoes, **common))


def test_a_twin_that_stayed_as_it_was_is_not_noted_as_gone(store: Store) -> None:
    _taken_back(store, "1", None)
    _taken_back(store, "2", {"adopted": True})
    _taken_back(store, "3", {"adopted": True, "restored": True})
    buried: list[tuple[str, str]] = []
    back = object.__new__(_Rollback)
    back.wrote = WrittenRun(store, Route("old", "new", "acc"), "r")
    back.job = SimpleNamespace(bury=buried.extend)
    back._bury_all()
    assert buried == [("user", "1"), ("user", "3")], "3 came out of the trash, and lies there again"
