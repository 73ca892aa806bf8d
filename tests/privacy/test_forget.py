"""A person who is in every table is in none afterwards, and nothing brings them back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.migrate.normalize import normalize
from deskferry.privacy.forget import Mode
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore
from deskferry.store.snapshot import Snapshot
from tests.postgresql import Server
from tests.privacy.account import CONNECTOR, SECRETS, Account, account, everything
from tests.privacy.deep import Search, relations

NEVER = {"store_meta", "suppression", "run_lock", "stream_seen", "change_log"}
"""Tables that hold no word of a vendor."""


@pytest.fixture
def full(store: Store, tmp_path: Path) -> Account:
    """Give an account with the person in every table."""
    return account(store, tmp_path)


def places(full: Account, request: pytest.FixtureRequest) -> list[Path]:
    """Return where the bytes of the store lie."""
    if full.store.is_sqlite:
        return [full.directory]
    server: Server = request.getfixturevalue("postgresql")
    with full.store.write() as database:
        database.exec_driver_sql("SELECT 1")
    return [full.directory, *relations(full.store, server.directory / "data")]


def checkpoint(full: Account) -> None:
    """Have PostgreSQL write its pages."""
    if not full.store.is_sqlite:
        with full.store.engine.connect() as opened:
            opened.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("CHECKPOINT")


@pytest.mark.parametrize("mode", ["erase", "pseudonymize"])
def test_nothing_is_left(full: Account, mode: Mode, request: pytest.FixtureRequest) -> None:
    search = Search(full.store, SECRETS)
    checkpoint(full)
    found = search.tables()
    named = {table.name for table in (*sql_table("ticket").metadata.sorted_tables, *machinery.metadata.sorted_tables)}
    assert named - NEVER - found.keys() == set()
    snapshot = Snapshot.refresh(full.store, {"person": ["email", "name"], "message": ["body_html"]})
    assert snapshot.files["person"].name in search.files(*places(full, request))
    result = full.forget(mode=mode)
    assert result.state == "forgotten"
    checkpoint(full)
    assert search.tables() == {}
    left = search.files(*places(full, request))
    notes = BlobStore(full.store.blobs).path(_sha(full, "old:file:f8")).name
    assert left.keys() == {notes}, "a text that somebody else sent stays, and is named"
    assert result.files_to_look_at == ["old:file:f8"]


def _sha(full: Account, attachment: str) -> str:
    table = sql_table("attachment")
    with full.store.read() as database:
        return str(database.execute(select(table.c.sha256).where(table.c.id == attachment)).scalar_one())


def test_neither_a_pull_nor_normalize_brings_them_back(full: Account) -> None:
    full.forget()
    search = Search(full.store, SECRETS)
    before = everything(full.store)
    again = full.pull()
    assert all(not one["inserted"] and not one["updated"] for one in again.tally["kinds"].values()), again.tally
    assert search.tables() == {}
    assert everything(full.store)["raw_record"] == before["raw_record"]
    full.pull(full=True)
    assert search.tables() == {}
    for n in range(40):  # new words about the person, and a new account of theirs
        full.desk.put_ticket(f"2{n:03}", subject=f"News of {SECRETS[0]}", description=SECRETS[3], requester_id="8")
    full.desk.put_user("8", name="Z. Q.", email=SECRETS[1].upper(), notes="moved to Paris", role="end_user")
    full.pull()
    assert search.tables() == {}
    table = sql_table("person")
    with full.store.read() as database:
        row = database.execute(select(table).where(table.c.id == "old:user:8")).one()
    assert (row.name, row.email, row.extra) == ("[erased]", None, None)
    normalize(full.store, "old", CONNECTOR, "run")
    assert search.tables() == {}


def test_normalize_makes_the_same_rows(full: Account) -> None:
    full.forget()
    with full.store.write() as database:  # rows that no raw record tells are not made again
        for table in sql_table("ticket").metadata.sorted_tables:
            database.execute(table.delete().where(table.c.source_id.in_(["7000", "hers", "theirs"])))
    before = everything(full.store)
    normalize(full.store, "old", CONNECTOR, "run")
    after = everything(full.store)
    for kind in ("person", "ticket", "message", "ticket_event", "tagging", "attachment", "person_organization"):
        assert after[kind] == before[kind], kind


def test_files(full: Account) -> None:
    blobs = BlobStore(full.store.blobs)
    assert blobs.path(full.sent).exists()
    result = full.forget()
    assert not blobs.path(full.sent).exists()
    assert blobs.path(full.shared).exists(), "somebody else sent it too"
    assert result.removed_files == 1
    full.desk.log.clear()
    full.desk.put_comment("1007", "c777", author_id="7", body="one more", files=[
        {"id": "f777", "name": "new.png", "url": "https://f.example/7"}
    ])  # fmt: skip
    full.pull(full=True)
    assert not [call for call in full.desk.log if call.startswith("blob")]


def test_others_are_left_alone(full: Account) -> None:
    before = everything(full.store)
    full.forget()
    after = everything(full.store)
    marks = (
        "quillfeather", "zoe", "600 123", "600%20123", "old:user:7'", "zoë", "zo&euml;", "'7'", "cm9=", "wmu", "wm/dq",
        "hers", "@zoequill",
    )  # fmt: skip
    untouched = 0
    for table, rows in before.items():
        for key, row in rows.items():
            if after[table].get(key) == row:
                untouched += 1
                continue
            changed = row.lower()
            assert any(mark.lower() in changed for mark in marks) or table == "crossing", (table, key, row)
    assert untouched > 300


def test_a_second_time_is_nothing(full: Account) -> None:
    full.forget()
    before = everything(full.store)
    for person in (SECRETS[1], SECRETS[2].upper(), "old:user:7", "old 7"):
        assert full.forget(person).state == "already"
    assert everything(full.store) == before
