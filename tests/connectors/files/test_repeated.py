"""Two rows with one key: what was lost without a word is named, and what the layout means stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from folder import Folder, killed_pull
from sqlalchemy import select

from deskferry.connectors.files import look_back
from deskferry.connectors.files import source as files_source
from deskferry.store import machinery

ORDERS = """
[[files]]
path = "*.csv"

  [[files.rows]]
  kind = "purchase"
  key = "Order"

    [files.rows.fields]
    occurred_at = "At"
    amount = "Total"
"""


HEADER = "Order,At,Total\n"


def test_a_key_that_comes_again_with_other_content_is_a_reject(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, ORDERS)
    folder.write("feb.csv", HEADER + "1,2024-02-01,99\n1,2024-02-01,99\n")
    folder.write("jan.csv", HEADER + "1,2024-01-01,10\n2,2024-01-01,10\n2,2024-01-01,11\n")
    for full in (False, True):
        result = folder.pull(full=full)
        assert folder.rows("purchase", "source_id", "amount") == [("1", 99.0), ("2", 10.0)]
        assert folder.rejects() == [
            ("key_repeated", "jan.csv:2: feb.csv:2 has the same key with other content, and is what was read (1)"),
            ("key_repeated", "jan.csv:4: jan.csv:3 has the same key with other content, and is what was read (2)"),
        ]
        assert result.exit_code(partial=False) == 1
    assert result.tally["kinds"] == {}
    with folder.bench() as bench, bench.store.read() as database:
        assert "2024" not in str(database.execute(select(machinery.reject.c.raw)).all())
    folder.write("jan.csv", HEADER + "3,2024-01-01,10\n2,2024-01-01,11\n")
    assert folder.pull().exit_code(partial=False) == 0
    assert folder.rows("purchase", "source_id", "amount") == [("1", 99.0), ("2", 11.0), ("3", 10.0)]


def test_an_export_made_later_replaces_the_rows_of_an_earlier_one(tmp_path: Path, store_url: str) -> None:
    layout = ORDERS.replace('path = "*.csv"', 'path = "*.csv"\nsupersede = true')
    folder = Folder(tmp_path, store_url, layout)
    folder.write("2024-01.csv", HEADER + "1,2024-01-01,10\n2,2024-01-01,10\n")
    assert folder.pull().exit_code(partial=False) == 0
    folder.write("2024-02.csv", HEADER + "1,2024-01-01,11\n")
    assert folder.pull().exit_code(partial=False) == 0
    assert folder.rows("purchase", "source_id", "amount") == [("1", 11.0), ("2", 10.0)]
    folder.write("2024-03.csv", HEADER + "1,2024-01-01,12\n1,2024-01-01,13\n")
    assert folder.pull().exit_code(partial=False) == 1
    assert [code for code, _detail in folder.rejects()] == ["key_repeated"]
    assert folder.rows("purchase", "source_id", "amount") == [("1", 12.0), ("2", 10.0)]


def test_a_killed_pull_knows_the_keys_of_the_pages_before(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_source, "PAGE_ROWS", 1)
    folder = Folder(tmp_path, store_url, ORDERS)
    folder.write("a.csv", HEADER + "1,2024-01-01,10\n2,2024-01-01,10\n")
    folder.write("b.csv", HEADER + "3,2024-01-01,10\n1,2024-01-01,11\n2,2024-01-01,10\n")
    killed_pull(folder, monkeypatch, page=3)
    folder.pull()
    assert [detail.split(" ")[:2] for _code, detail in folder.rejects()] == [["b.csv:3:", "a.csv:2"]]
    assert [amount for (amount,) in folder.rows("purchase", "amount")] == [10.0, 10.0, 10.0]


def test_the_keys_that_are_known_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "KEYS", 10)
    keys = look_back.KnownKeys()
    for n in range(100):
        assert keys.met(str(n), n, "a.csv", n) is None
    assert len(keys._new) + len(keys._old) <= 20
    assert keys.met("99", 99, "b.csv", 1) == (True, "a.csv:99")
    assert keys.met("95", 1, "b.csv", 1) == (False, "a.csv:95")
    assert keys.met("1", 2, "b.csv", 1) is None


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ('key = "Case"\n  when = { first = true }', [("A", "2024-01-01"), ("B", "2024-01-02")]),
        ('key = "Case"\n  shared = true', [("A", "2024-01-03"), ("B", "2024-01-02")]),
    ],
)
def test_rows_that_are_no_records_of_their_own_or_share_one_are_no_mistake(
    main: str, expected: list[tuple[str, str]], tmp_path: Path, store_url: str
) -> None:
    layout = f"""
[[files]]
path = "log.csv"
track = {{ by = ["Case"] }}

  [[files.rows]]
  kind = "ticket"
  {main}

    [files.rows.fields]
    created_at = "Time"

  [[files.rows]]
  kind = "person"
  object = "agent"
  key = "Who"

    [files.rows.fields]
    name = "Who"
"""
    folder = Folder(tmp_path, store_url, layout)
    folder.write("log.csv", "Case,Time,Who\nA,2024-01-01,ann\nB,2024-01-02,ann\nA,2024-01-03,bob\n")
    for full in (False, True):
        assert folder.pull(full=full).exit_code(partial=False) == 0
        assert [
            (key, at.date().isoformat()) for key, at in folder.rows("ticket", "source_id", "created_at")
        ] == expected
    assert len(folder.rows("person", "id")) == 2
