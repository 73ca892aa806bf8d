"""Opening a store: what it is, what it is not, what it was; and what a full disk does to it."""

from __future__ import annotations

import random
import sqlite3
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from deskferry.canonical_schema import KINDS, column_names, json_columns, sql_table, time_columns
from deskferry.errors import ConfigError, DiskFull, Stopped, StoreTooNew
from deskferry.migrate.normalize import normalize
from deskferry.store import Store, engine, machinery, open_store
from deskferry.store.engine import CANONICAL_VERSION, canonical_shape, storage_errors
from deskferry.store.versions import VERSION_TABLE
from tests.fake_desk import CONNECTOR, Desk, content, pull_all, small_account
from tests.postgresql import Server

CANONICAL_SHAPES = {1: "dc6868720f6a40a0", 2: "9105398c99a620cb"}
"""By version of the canonical tables the hash of their columns."""


def execute(store: Store, statement: str) -> None:
    """Run one statement that writes."""
    with store.write() as database:
        database.execute(text(statement))


def rows(store: Store, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    with store.read() as database:
        return [tuple(row) for row in database.execute(text(statement))]


# ------------------------------------------------------------------------------------------------------------ versions


def test_the_scripts_make_what_the_models_say(store: Store) -> None:
    """Whoever changes a model writes a script for it."""
    ours = {VERSION_TABLE, *(kind.value for kind in KINDS)}

    def include(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
        return not (kind == "table" and name in ours)

    with store.read() as database:
        options = {"include_object": include, "compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(database, opts=options)
        assert compare_metadata(context, machinery.metadata) == []


def test_the_first_script_is_written_out() -> None:
    """It must make in years what it made on its first day."""
    script = Path(engine.__file__).parent / "migrations" / "versions" / "0001_first.py"
    assert "deskferry" not in script.read_text(encoding="utf-8").replace("revision", "")


def test_canonical_tables_do_not_change_behind_the_version() -> None:
    """After a change of a canonical table raise CANONICAL_VERSION and note its shape here."""
    assert {**CANONICAL_SHAPES, CANONICAL_VERSION: canonical_shape()} == CANONICAL_SHAPES


def test_a_store_of_a_newer_version_is_refused(store_url: str) -> None:
    with open_store(store_url) as store:
        execute(store, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="written by a newer version") as refusal:
        open_store(store_url)
    assert refusal.value.exit_code == 2


def test_newer_canonical_tables_are_refused(store_url: str) -> None:
    with open_store(store_url) as store:
        execute(store, f"UPDATE store_meta SET value = '{CANONICAL_VERSION + 1}' WHERE name = 'canonical_version'")
    with pytest.raises(StoreTooNew):
        open_store(store_url)


def test_older_canonical_tables_are_made_anew(store_url: str) -> None:
    """Their rows come from raw, downloads are kept, and a store that was not rebuilt remembers that it is to be."""
    desk = small_account()
    with open_store(store_url) as store:
        pull_all(store, desk)
        before = content(store)
        execute(store, "UPDATE store_meta SET value = '0' WHERE name = 'canonical_version'")
        execute(store, "DROP TABLE ticket")
        execute(store, "CREATE TABLE ticket (id TEXT PRIMARY KEY, of_old TEXT)")
    with open_store(store_url) as store:
        assert store.needs_normalize == ["old"]
        assert rows(store, "SELECT COUNT(*) FROM ticket") == [(0,)]
    with open_store(store_url) as store:
        assert store.needs_normalize == ["old"], "still: nobody rebuilt it"
        desk.log.clear()
        normalize(store, "old", CONNECTOR, "run")
        assert content(store) == before
        assert desk.log == []
    with open_store(store_url) as store:
        assert store.needs_normalize == []


def test_two_processes_make_the_tables_at_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """One makes them, the other waits."""
    server: Server = request.getfixturevalue("postgresql")
    with server.database("empty_for_two", empty=True) as url:
        for target in (url, f"sqlite:///{tmp_path / 'two.db'}"):
            failures: list[BaseException] = []

            def work(target: str = target, failures: list[BaseException] = failures) -> None:
                try:
                    open_store(target).close()
                except BaseException as error:  # noqa: BLE001 - told to the test
                    failures.append(error)

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert failures == []


def test_a_store_opens_while_another_process_writes(store_url: str) -> None:
    """A long transaction does not keep others from looking."""
    with open_store(store_url) as store, store.write() as database:
        database.execute(text("INSERT INTO store_meta VALUES ('a', 'b')"))
        with open_store(store_url) as other:
            assert rows(other, "SELECT value FROM store_meta WHERE name = 'a'") == []


def test_reading_sees_one_state(store: Store) -> None:
    """What is committed meanwhile is not seen half-way."""
    with store.read() as database:
        count = text("SELECT COUNT(*) FROM store_meta")
        before = database.execute(count).scalar()
        execute(store, "INSERT INTO store_meta VALUES ('a', 'b')")
        assert database.execute(count).scalar() == before


# ------------------------------------------------------------------------------------------------------ physical types


def test_physical_types(store: Store) -> None:
    """jsonb and timestamptz on PostgreSQL; sortable text on SQLite."""
    pull_all(store, small_account())
    with store.read() as database:
        for kind in KINDS:
            types = {one["name"]: str(one["type"]).upper() for one in inspect(database).get_columns(kind.value)}
            assert set(types) == set(column_names(kind.value))
            wanted = ("TEXT", "TEXT") if store.is_sqlite else ("JSONB", "TIMESTAMP")
            assert {types[name] for name in json_columns(kind.value)} <= {wanted[0]}
            assert {types[name] for name in time_columns(kind.value)} <= {wanted[1]}
    if store.is_sqlite:
        assert rows(store, "SELECT created_at FROM ticket LIMIT 1") == [("2026-01-01T08:00:00.000000Z",)]
    else:
        table = "information_schema.columns WHERE table_name = 'ticket' AND column_name = 'created_at'"
        assert rows(store, f"SELECT data_type FROM {table}") == [("timestamp with time zone",)]
        assert rows(store, "SELECT DISTINCT jsonb_typeof(extra) FROM person WHERE extra IS NOT NULL") == [("object",)]


def test_json_null_is_sql_null(store: Store) -> None:
    pull_all(store, small_account())
    with store.read() as database:
        table = sql_table("ticket")
        assert {row.custom_fields for row in database.execute(table.select())} == {None}
        assert database.execute(text("SELECT COUNT(*) FROM ticket WHERE custom_fields IS NOT NULL")).scalar() == 0


# ------------------------------------------------------------------------------------------------------- what is none


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("deskferry.db", "URL is not one"),
        ("mysql://host/name", "SQLite or PostgreSQL, not mysql"),
        ("sqlite://", "in memory would be lost"),
        ("sqlite:///:memory:", "in memory would be lost"),
    ],
)
def test_what_is_no_store(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_store(url)


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(ConfigError, match="cannot be reached"):
        open_store("postgresql://nobody@127.0.0.1:1/none")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("This is no database. " * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match="not a SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8").startswith("This is no database.")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_store(f"sqlite:///{path}").close()
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="damaged"):
        open_store(f"sqlite:///{path}")


def test_a_store_that_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no store at"):
        open_store(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_database_of_another_program(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Its tables that bear our names are not taken for ours."""
    if store_url.startswith("sqlite"):
        path = tmp_path / "other.db"
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE message (text TEXT)")
        other.close()
        url = f"sqlite:///{path}"
        with pytest.raises(ConfigError, match="another program that bear our names: message"):
            open_store(url)
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database("another_program", empty=True) as url:
        with open_store(url) as store:
            execute(store, f"DROP TABLE {VERSION_TABLE}")
        with pytest.raises(ConfigError, match="another program"):
            open_store(url)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_nobody_else_reads_the_file(tmp_path: Path) -> None:
    """Nor its journal, nor its attachments."""
    with open_store(f"sqlite:///{tmp_path / 'new' / 'store.db'}") as store:
        pull_all(store, small_account())
        execute(store, "INSERT INTO store_meta VALUES ('a', 'b')")
        files = list((tmp_path / "new").glob("store.db*"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600, "store.db.files": 0o700}


def test_a_path_with_odd_letters(tmp_path: Path) -> None:
    """Percent signs, question marks and blanks in a path are no part of a URL's syntax."""
    path = tmp_path / "50% of ü?" / "a b.db"
    with open_store(f"sqlite:///{str(path).replace('%', '%25').replace('?', '%3F')}") as store:
        found = store.path
    assert found is not None
    assert found.exists()
    with open_store(f"sqlite:///{tmp_path / 'plain.db'}") as store:
        assert (store.path, store.blobs) == (tmp_path / "plain.db", tmp_path / "plain.db.files")


# ----------------------------------------------------------------------------------------------------------- full disks


def limit(store: Store, spare: int) -> None:
    """Let the file grow by so many pages only, on every connection of the store."""
    with store.read() as database:
        used = database.execute(text("PRAGMA page_count")).scalar_one()
    store.engine.dispose()

    def restrict(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {used + spare}")

    engine.event.listen(store.engine, "connect", restrict)


def wordy_account() -> Desk:
    """Return an account whose texts take room."""
    desk, words = small_account(), random.Random(1)
    for key in ("10", "11", "12", "14"):
        desk.put_ticket(key, description=words.randbytes(4000).hex())
        desk.put_comment(key, f"{key}9", author_id="1", body=words.randbytes(4000).hex())
    return desk


def test_a_full_database_stops_the_pull_and_does_not_spoil_it(tmp_path: Path) -> None:
    """It ends with the code of a resumable stop; with room again, the same pull ends as if nothing had been."""
    with open_store(f"sqlite:///{tmp_path / 'roomy.db'}") as store:
        pull_all(store, wordy_account())
        expected = content(store)
    for spare in range(1, 28, 3):
        url = f"sqlite:///{tmp_path / f'{spare}.db'}"
        with open_store(url) as store:
            limit(store, spare)
            with pytest.raises(DiskFull, match="run the same command again") as full:
                pull_all(store, wordy_account())
            assert full.value.exit_code == 4
        with open_store(url) as store:
            pull_all(store, wordy_account())
            assert content(store) == expected


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('could not extend file "base/5/1": No space left on device', DiskFull),
        ("database or disk is full", DiskFull),
        ("database is locked", Stopped),
        ("attempt to write a readonly database", ConfigError),
        ("disk I/O error", Stopped),
        ("server closed the connection unexpectedly", Stopped),
        ("terminating connection due to administrator command", Stopped),
    ],
)
def test_failures_are_told_in_words(words: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as told, storage_errors():
        raise sqlite3.OperationalError(words)
    assert len(str(told.value).splitlines()) == 1


def test_other_failures_stay_what_they_are() -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column"), storage_errors():
        raise sqlite3.OperationalError("no such column: x")
    with pytest.raises(FileNotFoundError), storage_errors():
        raise FileNotFoundError
