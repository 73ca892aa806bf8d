"""Killed between any two transactions and run again, it comes to the same end; what is on hold stays."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deskferry.config import Hold
from deskferry.connectors.kit.mapping import Context
from deskferry.errors import ConfigError
from deskferry.migrate.normalize import normalize
from deskferry.migrate.progress import Silent
from deskferry.privacy import forget as forgetting
from deskferry.privacy import sweep_raw
from deskferry.privacy.forget import Forget
from deskferry.privacy.sweep import Sweep
from deskferry.store import Store, machinery, open_store
from tests.migrate.world import World
from tests.privacy.account import ADDRESS, CONNECTOR, SECRETS, Account, account, everything
from tests.privacy.deep import Search
from tests.privacy.dying import Killed, dying


def _die(*_given: Any) -> None:
    raise Killed


def test_killed_anywhere(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    with open_store(store_url) as store:
        full = account(store, tmp_path)
        deaths = 0
        monkeypatch.setattr(sweep_raw, "_BATCH", 60)
        monkeypatch.setattr(sweep_raw, "_SAMPLES", 100)
        for point in range(400):
            with dying(store, monkeypatch, point):
                try:
                    full.forget()
                    break
                except Killed:
                    deaths += 1
            if point % 3 == 0:
                full.pull()
            if point % 7 == 0:
                normalize(store, "old", CONNECTOR, "run")
        assert deaths > 8
        with monkeypatch.context() as patched:  # at last, when all is removed and the room is not given back
            patched.setattr(forgetting, "compact", _die)
            with store.write() as database:
                database.execute(machinery.suppression.update().values(finished_at=None))
            with pytest.raises(Killed):
                full.forget()
        assert full.forget().state == "forgotten"
        search = Search(store, SECRETS)
        assert search.tables() == {}
        assert full.forget().state == "already"


@pytest.mark.parametrize(
    "hold",
    [
        Hold(people=(ADDRESS.upper(),)), Hold(people=("old:user:7",)), Hold(people=("old 7",)),
        Hold(organizations=("acme.example",)), Hold(organizations=("old:organization:9",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("person", [ADDRESS, "old:user:7", "old 7"])
def test_a_hold_blocks(store: Store, tmp_path: Path, hold: Hold, person: str) -> None:
    full = Account(store, tmp_path)
    full.desk.put_user("7", name="Zoë Quillfeather", email=ADDRESS, role="end_user", organization_id="9")
    full.pull()
    before = everything(store)
    full.hold = hold
    with pytest.raises(ConfigError, match="on hold") as refusal:
        full.forget(person)
    assert refusal.value.exit_code == 2
    assert ADDRESS not in str(refusal.value)
    assert everything(store) == before


def test_nobody_of_that_id(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        Account(store, tmp_path).forget("old:user:404")
    with pytest.raises(ConfigError, match="names no person"):
        Account(store, tmp_path).forget("Zoe")


def test_a_namesake_stays(store: Store, tmp_path: Path) -> None:
    full = Account(store, tmp_path)
    full.desk.put_user("7", name="Zoë Quillfeather", email=ADDRESS, role="end_user")
    full.desk.put_user("8", name="zoë quillfeather", email="other@acme.example", role="end_user")
    full.desk.put_ticket("1", subject="From Zoë Quillfeather", requester_id="7")
    full.desk.put_ticket("2", subject="From Zoë Quillfeather", requester_id="8")
    full.pull()
    before = everything(store)
    assert full.forget().shared_names == 2
    after = everything(store)
    assert "From [erased]" in after["ticket"]["('old:ticket:1',)"]
    for table, key in (
        ("person", "('old:user:8',)"),
        ("ticket", "('old:ticket:2',)"),
        ("raw_record", "('old:user:8',)"),
    ):
        assert after[table][key] == before[table][key]
    full.pull(full=True)
    assert everything(store)["ticket"] == after["ticket"]


def test_a_pseudonym_is_the_same_everywhere(store: Store, tmp_path: Path) -> None:
    full = Account(store, tmp_path)
    full.desk.put_user("7", name="Zoë Quillfeather", email=ADDRESS, role="end_user")
    full.desk.put_ticket("1", subject=f"Zoë Quillfeather, {ADDRESS}", requester_id="7")
    full.pull()
    full.forget(mode="pseudonymize")
    with store.read() as database:
        row = database.execute(select(machinery.suppression).where(machinery.suppression.c.what == "record")).one()
    found = everything(store)
    assert f"{row.token}, {row.address}" in found["ticket"]["('old:ticket:1',)"]
    assert row.token in found["person"]["('old:user:7',)"]
    assert row.address in found["person"]["('old:user:7',)"]
    assert full.work().key_file.stat().st_mode & 0o777 == 0o600
    full.pull(full=True)
    assert everything(store)["raw_record"] == found["raw_record"]


def test_only_one_connection(store: Store, tmp_path: Path) -> None:
    full = Account(store, tmp_path)
    full.desk.put_user("7", name="Zoë Quillfeather", email=ADDRESS, role="end_user")
    full.pull()
    assert full.forget(connection="other").records == []
    assert ADDRESS in everything(store)["person"]["('old:user:7',)"]
    assert full.forget(connection="old").records == ["old:user:7"]
    assert ADDRESS not in everything(store)["person"]["('old:user:7',)"]


@pytest.mark.parametrize("person", ["cora@acme.org", "ana@desk.org"])
def test_nothing_crosses_again(store: Store, tmp_path: Path, person: str) -> None:
    """Neither who was created there nor who was matched is sent once more, and what changes later still crosses."""
    world = World(store).fill()
    assert world.migrate().load is not None
    people = copy.deepcopy(world.desk.people)
    Forget(store, Hold(), person, "erase", tmp_path / "key", "old").run(
        Sweep(store, "old", "run", "2026-05-01T08:00:00.000000Z", lambda name: (Context(name, "", ""), {}), Silent()),
        ["old"],
    )
    world.desk.calls.clear()
    again = world.migrate(verify=False)
    assert world.desk.calls == []
    assert world.desk.people == people
    assert again.load is not None
    world.source.message("1", "19", "Something new.", author_id="old:user:1", seq=9)
    world.migrate(verify=False)
    assert [call for call, _record, _part in world.desk.calls] == ["note.create"]
