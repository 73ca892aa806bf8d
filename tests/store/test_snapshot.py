"""The analysis snapshot: the same from both databases, exact types, written anew when and only when it must be."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import insert

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError
from deskferry.store import Store, export_processes, open_store
from deskferry.store import snapshot as snapshot_module
from deskferry.store.snapshot import Snapshot, needed, state_token
from tests.postgresql import Server

AT = "2026-01-02T03:04:05.123456Z"
HOSTILE = 'a "quoted", comma\nline\r\n\\N \\. é 漢字'


def put(store: Store, kind: str, number: int, **values: Any) -> None:
    row = {
        "id": f"old:{kind}:{number}", "connection": "old", "vendor": "zendesk", "source_object": kind,
        "source_id": str(number), "content_hash": "h", "synced_at": AT, **values,
    }  # fmt: skip
    with store.write() as database:
        database.execute(insert(sql_table(kind)).values(**row))


def rows(snapshot: Snapshot, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(snapshot.files[kind]).to_pylist()
    return sorted(found, key=lambda one: one["id"])


ASKED = {
    "ticket": ["id", "vendor", "created_at", "subject", "is_spam", "custom_fields"],
    "survey_response": ["id", "score", "revision"],
}


def test_both_databases_yield_the_same_schema_and_values(store: Store) -> None:
    put(store, "ticket", 1, created_at=AT, subject=HOSTILE, is_spam=True, custom_fields={"a": [1, None]})
    put(store, "ticket", 2, subject="", is_spam=False)
    put(store, "ticket", 3)
    put(store, "survey_response", 1, score=4, revision=2)
    put(store, "survey_response", 2, score=4.25)
    snapshot = Snapshot.refresh(store, ASKED)
    first, second, third = rows(snapshot, "ticket")
    assert (first["subject"], second["subject"], third["subject"]) == (HOSTILE, "", None)
    assert (first["is_spam"], second["is_spam"], third["is_spam"]) == (True, False, None)
    assert first["created_at"] == datetime.fromisoformat(AT).replace(tzinfo=None)
    assert first["custom_fields"].replace(" ", "") == '{"a":[1,null]}'
    assert [(one["score"], one["revision"]) for one in rows(snapshot, "survey_response")] == [(4.0, 2), (4.25, None)]
    assert pq.read_schema(snapshot.files["ticket"]) == pa.schema(
        {
            "id": pa.string(), "connection": pa.string(), "vendor": pa.string(),
            "created_at": pa.timestamp("us"), "deleted_at": pa.timestamp("us"),
            "subject": pa.string(), "is_spam": pa.bool_(), "custom_fields": pa.string(),
        }
    )  # fmt: skip


def test_an_empty_table_has_its_schema(store: Store) -> None:
    snapshot = Snapshot.refresh(store, {"purchase": ["amount", "occurred_at"]})
    assert snapshot.connect().table("purchase").count().to_pyarrow().as_py() == 0
    assert pq.read_schema(snapshot.files["purchase"]).field("amount").type == pa.float64()


def test_a_type_is_not_guessed_from_the_first_rows(store: Store) -> None:
    for number in range(3):
        put(store, "survey_response", number)
    put(store, "survey_response", 9, score=0.5, comment="12")
    found = rows(Snapshot.refresh(store, {"survey_response": ["id", "score", "comment"]}), "survey_response")
    assert (found[-1]["score"], found[-1]["comment"]) == (0.5, "12")


def test_nothing_is_written_anew_while_nothing_changed(store: Store) -> None:
    put(store, "ticket", 1)
    first = Snapshot.refresh(store, ASKED)
    assert Snapshot.refresh(store, ASKED).files == first.files
    assert Snapshot.refresh(store, {"ticket": ["subject"]}).files["ticket"] == first.files["ticket"]


def test_writing_to_another_database_of_the_server_writes_nothing_anew(postgresql: Server, postgresql_url: str) -> None:
    with open_store(postgresql_url) as ours, postgresql.database("neighbour") as other, open_store(other) as theirs:
        put(ours, "ticket", 1)
        first = Snapshot.refresh(ours, ASKED)
        put(theirs, "ticket", 1)
        second = Snapshot.refresh(ours, ASKED)
        assert (second.token != first.token, second.files) == (True, first.files)
        put(ours, "ticket", 2)
        third = Snapshot.refresh(ours, ASKED)
    assert third.files["ticket"] != first.files["ticket"]
    assert third.files["survey_response"] == first.files["survey_response"], "nothing was written to this table"


def test_a_new_column_keeps_those_of_a_table_that_a_neighbour_did_not_touch(
    postgresql: Server, postgresql_url: str
) -> None:
    with open_store(postgresql_url) as ours, postgresql.database("bystander") as other, open_store(other) as theirs:
        put(ours, "ticket", 1, subject="s", status="open")
        Snapshot.refresh(ours, ASKED)
        put(theirs, "ticket", 1)
        kept = Snapshot.refresh(ours, {"ticket": ["status"]})
        put(ours, "ticket", 2)
        anew = Snapshot.refresh(ours, {"ticket": ["status"]})
    assert {"status", "subject"} <= set(kept.columns["ticket"])
    assert "subject" not in anew.columns["ticket"], "rows that changed are read for what is asked"


def test_a_new_column_keeps_those_that_are_there(store: Store) -> None:
    put(store, "ticket", 1, subject="s", status="open")
    first = Snapshot.refresh(store, ASKED)
    second = Snapshot.refresh(store, {"ticket": ["status"]})
    assert second.files["ticket"] != first.files["ticket"]
    assert {"status", "subject"} <= set(second.columns["ticket"])
    assert first.files["ticket"].exists(), "whoever reads the earlier state is not disturbed"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticket SET subject = 'other'",  # not even synced_at tells
        "DELETE FROM ticket WHERE source_id = '2'",
        f"UPDATE ticket SET deleted_at = '{AT}'",
    ],
)
def test_every_change_is_seen(store: Store, change: str) -> None:
    put(store, "ticket", 1, subject="s")
    put(store, "ticket", 2, subject="t")
    before = rows(Snapshot.refresh(store, ASKED), "ticket")
    with store.write() as database:
        database.exec_driver_sql(change)
    assert rows(Snapshot.refresh(store, ASKED), "ticket") != before


def test_a_change_is_seen_that_is_committed_during_the_refresh(store: Store) -> None:
    put(store, "ticket", 1)
    with store.write() as database:
        database.exec_driver_sql("UPDATE ticket SET subject = 'late'")
        token = state_token(store)
    assert state_token(store) != token


def test_opening_and_reading_is_no_change(store: Store, store_url: str) -> None:
    put(store, "ticket", 1)
    first = Snapshot.refresh(store, ASKED)
    with store.read() as database:
        database.exec_driver_sql("SELECT COUNT(*) FROM ticket").all()
    assert Snapshot.refresh(store, ASKED).files == first.files


def test_a_refresh_leaves_the_open_store_alone(store: Store) -> None:
    """Two SQLite libraries in one process undo each other's locks: a commit after the refresh was lost."""
    put(store, "ticket", 1)
    with store.read() as reading:
        reading.exec_driver_sql("SELECT * FROM ticket").all()
        Snapshot.refresh(store, ASKED)
        put(store, "ticket", 2)
    with store.read() as reading:
        assert reading.exec_driver_sql("SELECT COUNT(*) FROM ticket").scalar_one() == 2
    assert len(rows(Snapshot.refresh(store, ASKED), "ticket")) == 2


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_failure_of_the_export_is_told_like_any_other_of_the_database(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match="not a SQLite database"):
        Snapshot.refresh(dataclasses.replace(store, path=other), ASKED)


def test_duckdb_has_every_table_under_its_name(store: Store) -> None:
    put(store, "ticket", 1, subject="s")
    backend = Snapshot.refresh(store, ASKED).connect("duckdb")
    assert backend.table("ticket").subject.to_pyarrow().to_pylist() == ["s"]
    assert backend.table("survey_response").count().to_pyarrow().as_py() == 0


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no_such_package.*pip install 'deskferry\[analysis\]'"):
        needed("no_such_package")


def test_unknown_columns_tables_and_engines_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="ticket has no column colour"):
        Snapshot.refresh(store, {"ticket": ["colour"]})
    with pytest.raises(ValueError, match="no table 'colour'"):
        Snapshot.refresh(store, {"colour": []})
    with pytest.raises(ConfigError, match="no engine 'polars'"):
        Snapshot.refresh(store, ASKED).connect("polars")


KEYS = {"ticket": ["key_of_id", "key_of_requester_id", "requester_id"], "person": ["key_of_id", "id"]}


def people_and_tickets(store: Store) -> None:
    for number in range(5):
        put(store, "person", number)
        put(store, "ticket", number, requester_id=f"old:person:{number}")
    put(store, "ticket", 9)


def test_a_key_stands_for_the_same_text_in_every_table(store: Store) -> None:
    people_and_tickets(store)
    backend = Snapshot.refresh(store, KEYS).connect()
    tickets, people = backend.table("ticket"), backend.table("person")
    joined = tickets.join(people, tickets.key_of_requester_id == people.key_of_id)
    found = joined.select("requester_id", id=people.id).to_pyarrow().to_pylist()
    assert len(found) == 5
    assert all(one["requester_id"] == one["id"] for one in found)
    without = tickets.filter(tickets.requester_id.isnull()).key_of_requester_id.to_pyarrow().to_pylist()
    assert without == [None], "nothing has no key"


def test_keys_are_made_anew_when_two_records_share_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    people_and_tickets(store)
    has_twins, asked = snapshot_module._has_twins, []

    def once(file: Path) -> bool:
        asked.append(file)
        return len(asked) == 1 or has_twins(file)

    monkeypatch.setattr(snapshot_module, "_has_twins", once)
    first = Snapshot.refresh(store, KEYS)
    assert first.salt == 1
    keys = {one["id"]: one["key_of_id"] for one in rows(first, "person")}
    assert keys.items() >= {one["requester_id"]: one["key_of_requester_id"] for one in pq.read_table(
        first.files["ticket"]).to_pylist() if one["requester_id"]}.items(), "all tables, not the one alone"  # fmt: skip
    assert Snapshot.refresh(store, {"survey_response": ["key_of_id"]}).salt == 1, "and later ones go with them"


def test_ids_of_one_form_have_keys_of_their_own(store: Store) -> None:
    """DuckDB's hash alone is the same for hundreds of these pairs, with any salt."""
    names = [f"alone{first}:conversation:23919381{last}" for first in range(101, 110) for last in range(10, 100)]
    common = {"vendor": "v", "source_object": "o", "content_hash": "h", "synced_at": AT, "connection": "c"}
    with store.write() as database:
        rows = [{"id": one, "source_id": one, **common} for one in names]
        database.execute(insert(sql_table("ticket")), rows)
    found = Snapshot.refresh(store, {"ticket": ["key_of_id"]})
    keys = pq.read_table(found.files["ticket"]).column("key_of_id").to_pylist()
    assert (len(set(keys)), found.salt) == (len(names), 0)


def test_two_records_that_share_a_key_are_seen(tmp_path: Path) -> None:
    for keys, twins in (([1, 2, 1], True), ([1, 2, 3], False)):
        pq.write_table(pa.table({"key_of_id": keys}), tmp_path / "some.parquet")
        assert snapshot_module._has_twins(tmp_path / "some.parquet") is twins


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_all_programs_that_export_together_see_the_same_state(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    people_and_tickets(store)
    monkeypatch.setattr(export_processes, "_WORTH_A_PROCESS", 1)
    monkeypatch.setattr(export_processes.os, "cpu_count", lambda: 2)
    started, send = [], export_processes._send

    def late(program: Any, order: str) -> None:
        if not started:  # all have begun to read: this comes too late for each
            with store.write() as database:
                database.exec_driver_sql("DELETE FROM ticket")
                database.exec_driver_sql("DELETE FROM person")
        started.append(program)
        send(program, order)

    monkeypatch.setattr(export_processes, "_send", late)
    found = Snapshot.refresh(store, KEYS)
    assert len(started) == 2
    assert [pq.read_metadata(found.files[kind]).num_rows for kind in ("ticket", "person")] == [6, 5]
