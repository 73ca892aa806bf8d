"""What is inserted in bulk is what lies there afterwards, whatever its characters are."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from deskferry.store import Store
from deskferry.store.bulk_insert import insert_rows

ODD = ["", "\\", "\\N", "\\.", "\\x41", "a\tb", "a\nb\r\n", "\x01", "\x02\x01", "\x03", "\x03N", "\x08\x0b\x0c\x7f",
       "'\"", "{}", "🎫 é ﷽", "\u2028", "x" * 100_000]  # fmt: skip
COLUMNS = ("name", "value")


def held(store: Store) -> dict[str, str]:
    with store.read() as database:
        return {row.name: row.value for row in database.execute(text("SELECT name, value FROM store_meta"))}


@pytest.mark.parametrize("count", [1, 99, 100, 101, 499, 500, 1999, 2000, 2001, 4501])
def test_odd_texts_stay_as_they_are(store: Store, count: int) -> None:
    """Of each number of rows, among them those that fill statements exactly and those that leave a rest."""
    rows = [(f"n{n}", ODD[n % len(ODD)]) for n in range(count)]
    before = held(store)
    with store.write() as database:
        insert_rows(database, "store_meta", COLUMNS, rows)
    assert held(store) == before | dict(rows)


@pytest.mark.parametrize("odd", ["plain", "\x01"])
def test_every_type(store: Store, odd: str) -> None:
    """Numbers, booleans, bytes, times and what is unknown; beside ordinary texts, and beside odd ones."""
    table = "raw_record"
    columns = ("id", "connection", "stream", "object", "source_id", "payload", "dictionary_id", "arrival", "fetched_at",
               "run_id", "parent_id")  # fmt: skip
    at = "2026-01-01T00:00:00.000000Z"
    row = ("old:x:1", "old", odd, "x", "1", b"\x00\x01\\\xff\n", None, 2**62, at, "", None)
    with store.write() as database:
        insert_rows(database, table, columns, [row])
        declared = ("old", "s", "p", "m", "exact", -7, True, "run")
        names = ("connection", "stream", "parent_id", "measure", "class", "declared", "reread", "run_id")
        insert_rows(database, "declared_count", names, [declared])
    with store.read() as database:
        found = database.execute(text(f"SELECT {', '.join(columns)} FROM {table}")).one()
        assert tuple(found)[:8] == row[:8]
        assert str(found.fetched_at)[:10] == at[:10]
        assert (found.run_id, found.parent_id) == ("", None)
        flag = database.execute(text("SELECT declared, reread FROM declared_count")).one()
        assert tuple(flag) == (-7, True)


def test_columns_of_one_value(store: Store) -> None:
    """One text, or NULL, in all rows; in the first and the last only; in all but one."""
    columns = ("id", "command", "connection", "started_at", "version")
    at = "2026-01-01T00:00:00.000000Z"
    rows = [
        [("a1", "pull", None, at, "1"), ("a2", "pull", None, at, "1"), ("a3", "pull", None, at, "1")],
        [("b1", "pull", None, at, "1"), ("b2", "sync", "old", at, "2"), ("b3", "pull", None, at, "1")],
        [("c1", "pull", None, at, "1"), ("c2", "pull", None, at, "2")],
        [("d1", "pull", None, at, None)],
    ]
    with store.write() as database:
        for some in rows:
            insert_rows(database, "run", columns, some)
    with store.read() as database:
        found = database.execute(text("SELECT id, command, connection, version FROM run ORDER BY id")).all()
    assert [tuple(row) for row in found] == [(*row[:3], row[4]) for some in rows for row in some]


@pytest.mark.parametrize("count", [2, 1000])
def test_failures_are_those_of_the_database(store: Store, count: int) -> None:
    """A key that is there already is told as such, and nothing of the statement stays."""
    rows = [(f"n{n}", "x") for n in range(count)]
    before = held(store)
    with pytest.raises(IntegrityError), store.write() as database:
        insert_rows(database, "store_meta", COLUMNS, [*rows, rows[0]])
    assert held(store) == before


@pytest.mark.parametrize("others", [[], ["x", "x"]])
def test_a_value_that_no_column_takes(store: Store, others: list[str]) -> None:
    """It is refused, and not written as something else, beside whatever other values."""
    rows: list[tuple[str, object]] = [(f"o{n}", value) for n, value in enumerate(others)]
    rows.insert(1, ("a", {"b": 1}))
    with pytest.raises(DBAPIError, match=r"cannot dump|binding"), store.write() as database:
        insert_rows(database, "store_meta", COLUMNS, rows)
    assert "a" not in held(store)
