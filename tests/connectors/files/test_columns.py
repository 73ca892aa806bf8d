"""Columns that a layout names and a file lacks, or spells otherwise; paths into nested rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from folder import Folder
from pyarrow import parquet

from deskferry.connectors.files.layout import parse_layout
from deskferry.errors import ConfigError

TICKETS = """
[[files]]
path = "t*.csv"
may_lack = ["Closed"]

  [[files.rows]]
  kind = "ticket"
  key = "Id"

    [files.rows.fields]
    subject = "Subject"
    created_at = "Created"
    closed_at = "Closed"
"""


def test_a_missing_column_is_named_once_and_one_that_the_layout_allows_is_not(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("t1.csv", "Id,Subjects,Created\n1,a,2024-01-01\n")
    folder.write("t2.csv", "Id,Subjects,Created\n2,a,2024-01-01\n")
    result = folder.pull()
    assert result.notes == ["t1.csv has no column 'Subject' (subject): it is taken as empty. Did you mean 'Subjects'?"]
    assert result.exit_code(partial=False) == 0


def test_without_the_column_of_the_key_nothing_is_read(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("t.csv", "Idd,Subject,Created\n1,a,2024-01-01\n")
    with pytest.raises(ConfigError, match=r"t.csv has no column 'Id', of which the id is made.*Did you mean 'Idd'"):
        folder.pull()


def test_case_and_blanks_of_a_header_do_not_matter_where_no_column_has_the_very_name(
    tmp_path: Path, store_url: str
) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("t1.csv", "ID, SUBJECT ,created,CLOSED\n1,a,2024-01-01,2024-01-02\n")
    folder.write("t2.csv", "id,Id,Subject,Created\nx,2,b,2024-01-01\n")
    assert folder.pull().notes == []
    assert folder.rows("ticket", "source_id", "subject", "extra") == [("1", "a", None), ("2", "b", {"id": "x"})]


def test_a_header_in_another_encoding_says_so(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS.replace('"Subject"', '"Título"'))
    folder.write("t.csv", "Id,Título,Created\n1,a,2024-01-01\n".encode("cp1252"))
    with pytest.raises(ConfigError, match="the header has bytes that are not UTF-8"):
        folder.pull()


def test_parquet_is_looked_at_alike(tmp_path: Path, store_url: str) -> None:
    layout = TICKETS.replace("t*.csv", "t.parquet").replace('"Subject"', '"about.Subject"')
    folder = Folder(tmp_path, store_url, layout)
    parquet.write_table(pa.table({"id": [1], "about": [{"Subject": "x"}], "At": ["y"]}), folder.data / "t.parquet")
    assert folder.pull().notes == ["t.parquet has no column 'Created' (created_at): it is taken as empty."]
    assert folder.rows("ticket", "source_id", "subject") == [("1", "x")]
    parquet.write_table(pa.table({"no": [1]}), folder.data / "t.parquet")
    with pytest.raises(ConfigError, match="has no column 'Id'"):
        folder.pull()


@pytest.mark.parametrize(
    ("pattern", "nested"),
    [
        ("acme.tickets.ndjson", True), ("a.csv.old.json.gz", True), ("tickets.parquet", True), ("tickets*", True),
        ("acme.tickets.csv", False), ("a.csv.gz", False), ("a.tsv", False), ("a.txt", False), ("a.dat", False),
    ],
)  # fmt: skip
def test_the_ending_tells_whether_a_dot_is_a_path(pattern: str, nested: bool) -> None:
    assert parse_layout(TICKETS.replace("t*.csv", pattern), "layout.toml").entries[0].nested is nested


def test_conditions_on_the_row_before_go_into_nested_rows(tmp_path: Path, store_url: str) -> None:
    layout = """
[[files]]
path = "log.ndjson"
track = { by = ["case.id"] }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "assignee_id", old_value_chained = true }
  when = { column = "who.id", changed = true }

    [files.rows.fields]
    ticket_id = { column = "case.id", ref = "ticket" }
    occurred_at = "at"
    new_value = { column = "who.id", ref = "agent" }

  [[files.rows]]
  kind = "ticket"
  key = "case.id"
  when = { first = true }

    [files.rows.fields]
    created_at = "at"
"""
    folder = Folder(tmp_path, store_url, layout)
    rows = [(1, "ann"), (2, "ann"), (1, "ann"), (1, "bob")]
    folder.write(
        "log.ndjson",
        "".join(
            f'{{"case": {{"id": {case}}}, "at": "2024-01-0{n + 1}", "who": {{"id": "{who}"}}}}\n'
            for n, (case, who) in enumerate(rows)
        ),
    )
    folder.pull()
    assert sorted(folder.rows("ticket_event", "ticket_id", "old_value", "new_value"), key=str) == [
        ("f:ticket:1", "f:agent:ann", "f:agent:bob"), ("f:ticket:1", None, "f:agent:ann"),
        ("f:ticket:2", None, "f:agent:ann"),
    ]  # fmt: skip
    assert [row[0] for row in folder.rows("ticket", "id")] == ["f:ticket:1", "f:ticket:2"]
