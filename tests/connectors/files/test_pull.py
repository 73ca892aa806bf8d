"""Files through the real pull: once, again, changed, killed, with bad rows; on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from folder import Folder, killed_pull

from deskferry.connectors.files import source as files_source
from deskferry.errors import Refused

TICKETS = """
[[files]]
path = "tickets*.csv"

  [[files.rows]]
  kind = "ticket"
  key = "Id"

    [files.rows.fields]
    subject = "Subject"
    created_at = "Created"
    requester_id = { column = "Email", ref = "user", lower = true }
    status = { column = "Status", table = { Open = "open", Done = "solved" } }

  [[files.rows]]
  kind = "person"
  object = "user"
  key = "Email"
  lower = true
  when = { column = "Email", not_empty = true }

    [files.rows.fields]
    email = "Email"
"""
HEADER = "Id,Subject,Created,Email,Status,Mood\n"
LOG = """
[[files]]
path = "log.csv"
track = { by = ["Case"] }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "status", old_value_chained = true }

    [files.rows.fields]
    ticket_id = { column = "Case", ref = "ticket" }
    occurred_at = "Time"
    actor_id = { column = "Who", ref = "agent" }
    new_value = { column = "What", table = { Open = "open", Solve = "solved", Reopen = "open" } }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "assignee_id", old_value_chained = true }
  when = { column = "Who", changed = true }

    [files.rows.fields]
    ticket_id = { column = "Case", ref = "ticket" }
    occurred_at = "Time"
    new_value = { column = "Who", ref = "agent" }

  [[files.rows]]
  kind = "ticket"
  key = "Case"
  when = { first = true }

    [files.rows.fields]
    created_at = "Time"
"""
LOG_ROWS = """Case,What,Time,Who
A/1,Open,2024-01-01 10:00:00,ann
A/1,Solve,2024-01-01 11:00:00,ann
B,Open,2024-01-01 11:30:00,bob
A/1,Reopen,2024-01-01 12:00:00,bob
"""


def _ticket(n: int, status: str = "Open") -> str:
    return f"{n},Subject {n},2024-01-{n % 28 + 1:02d},P{n}@X.org,{status},good\n"


def test_one_row_gives_several_kinds_and_keeps_what_it_does_not_map(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + _ticket(1) + _ticket(2, "Done"))
    result = folder.pull()
    assert folder.rows("ticket", "id", "vendor", "status", "requester_id", "extra") == [
        ("f:ticket:1", "files", "open", "f:user:p1@x.org", {"Mood": "good"}),
        ("f:ticket:2", "files", "solved", "f:user:p2@x.org", {"Mood": "good"}),
    ]
    assert folder.rows("person", "id", "email") == [("f:user:p1@x.org", "p1@x.org"), ("f:user:p2@x.org", "p2@x.org")]
    fields = {path: what for path, what, _why, _count in result.coverage["ticket"]}
    assert (fields["Mood"], fields["Subject"], fields["Email"]) == ("unknown", "mapped", "mapped")
    assert result.calls == 0


def test_an_event_log_becomes_a_history_with_reopens_and_assignees(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, LOG)
    folder.write("log.csv", LOG_ROWS)
    folder.pull()
    events = folder.rows("ticket_event", "ticket_id", "seq", "field", "old_value", "new_value")
    history = sorted(event for event in events if event[0] == "f:ticket:A%2F1")
    assert [(field, old, new) for _ticket_id, _seq, field, old, new in history if field == "status"] == [
        ("status", None, "open"), ("status", "open", "solved"), ("status", "solved", "open"),
    ]  # fmt: skip
    assert [(old, new) for _ticket_id, _seq, field, old, new in history if field == "assignee_id"] == [
        (None, "f:agent:ann"), ("f:agent:ann", "f:agent:bob"),
    ]  # fmt: skip
    assert [row[0] for row in folder.rows("ticket", "id")] == ["f:ticket:A%2F1", "f:ticket:B"]


def test_a_second_pull_reads_nothing_and_a_changed_file_writes_what_changed(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 9))))
    folder.pull()
    assert folder.pull().tally["raw"] == {}
    folder.write("tickets.csv", HEADER + _ticket(99) + _ticket(1, "Done") + "".join(map(_ticket, range(2, 8))))
    again = folder.pull()
    assert again.tally["raw"]["ticket"] == {"inserted": 1, "updated": 2, "unchanged": 6}
    assert again.tally["kinds"]["ticket"] == {"inserted": 1, "updated": 2, "unchanged": 0}
    assert folder.rows("ticket", "source_id", "status", "deletion_evidence", live=False) == [
        ("1", "solved", None), *((str(n), "open", None) for n in range(2, 8)), ("8", "deleted", "absent"),
        ("99", "open", None),
    ]  # fmt: skip


def test_a_file_that_suddenly_lacks_most_rows_is_not_believed_twice(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 61))))
    folder.pull()
    folder.write("tickets.csv", HEADER + _ticket(1))
    for _ in range(2):
        with pytest.raises(Refused, match="suddenly absent"):
            folder.pull()
    assert len(folder.rows("ticket", "id")) == 60


def test_bad_rows_are_rejects_with_their_line_and_stop_nothing(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    bad = "2,too,few\n3,S,not a time,a@x.org,Open,\n4,S,2024-01-01,a@x.org,Strange,\n,S,2024-01-01,a@x.org,Open,\n"
    folder.write(
        "tickets.csv",
        (HEADER + '1,"two\nlines",2024-01-01,a@x.org,Open,\n\n').encode()
        + bad.encode()
        + b"7,\xff,2024-01-01,,Open,\n",
    )
    result = folder.pull()
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["1"]
    assert folder.rejects() == [
        ("too_few_cells", "tickets.csv:5: 3 cells under 6 columns"),
        ("bad_time", "tickets.csv:6: 'not a time' is not a time"),
        ("unknown_word", "tickets.csv:7: 'Strange' is not in the table of the layout (Open, Done)"),
        ("no_key", "tickets.csv:8: the column 'Id' is empty, and the id is made of it"),
        ("bad_encoding", "tickets.csv:9: bytes that are not of the file's encoding: name it in the layout"),
    ]
    assert result.exit_code(partial=False) == 1
    folder.write("tickets.csv", HEADER + "1,fine,2024-01-01,a@x.org,Open,\n3,S,2024-01-01,a@x.org,Open,\n")
    assert folder.pull().exit_code(partial=False) == 0
    assert folder.rejects() == []


def test_a_row_that_cannot_be_read_any_more_is_no_deletion(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 6))))
    folder.pull()
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 4))) + "4,too,few\n")
    result = folder.pull()
    assert result.notes == ["ticket: 1 rows could not be read, so that nothing that is missing was marked as deleted."]
    assert (result.exit_code(partial=False), dict(result.tally["deleted"])) == (1, {})
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["1", "2", "3", "4", "5"]
    unknown = [path for lines in result.coverage.values() for path, what, _why, _n in lines if what == "unknown"]
    assert unknown == ["Mood"]
    folder.write("tickets.csv", HEADER + _ticket(1) + "4,too,few\n" + "".join(map(_ticket, range(2, 4))))
    folder.pull()
    assert [detail.split(": ")[0] for _code, detail in folder.rejects()] == ["tickets.csv:3"]
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 5))))
    result = folder.pull()
    assert (result.exit_code(partial=False), dict(result.tally["deleted"])) == (0, {"ticket": 1})
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["1", "2", "3", "4"]


def test_many_rejects_that_are_mended_at_once_are_nothing_strange(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + _ticket(1) + "too,few\n" * 30)
    assert folder.pull().open_rejects == 30
    folder.write("tickets.csv", HEADER + _ticket(1))
    result = folder.pull()
    assert (result.open_rejects, dict(result.tally["deleted"])) == (0, {})


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_killed_pull_remembers_that_rows_could_not_be_read(
    page: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_source, "PAGE_ROWS", 1)
    folder = Folder(tmp_path, f"sqlite:///{tmp_path / 's.db'}", TICKETS)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 6))))
    folder.pull()
    folder.write("tickets.csv", HEADER + "1,too,few\n" + "".join(map(_ticket, range(2, 5))))
    killed_pull(folder, monkeypatch, page=page)
    folder.pull()
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["1", "2", "3", "4", "5"]


def test_words_and_json_are_those_of_the_schema_where_the_layout_has_no_table(tmp_path: Path, store_url: str) -> None:
    layout = """
[[files]]
path = "t.ndjson"

  [[files.rows]]
  kind = "ticket"
  key = "id"

    [files.rows.fields]
    created_at = "at"
    status = "status"
    priority = { column = "priority", as = "text" }
    channel = { column = "via", other = "other" }
    custom_fields = "fields"
"""
    folder = Folder(tmp_path, store_url, layout)
    rows: list[dict[str, Any]] = [
        {"status": "Open", "priority": "HIGH", "via": "Email", "fields": {"a": 1}},
        {"status": "on_hold", "via": "pigeon", "fields": '{"a": 2}'},
        {"status": "Offen"}, {"priority": "p1"}, {"fields": [{"a": 1}]}, {"fields": 5},
    ]  # fmt: skip
    folder.write("t.ndjson", b"".join(orjson.dumps({"id": n, **row}) + b"\n" for n, row in enumerate(rows)))
    folder.pull()
    assert folder.rows("ticket", "source_id", "status", "priority", "channel", "custom_fields") == [
        ("0", "open", "high", "email", {"a": 1}), ("1", "on_hold", None, "other", {"a": 2}),
    ]  # fmt: skip
    assert [code for code, _detail in folder.rejects()] == ["unknown_word", "unknown_word", "bad_json", "bad_json"]
    assert "closed" in folder.rejects()[0][1]


def test_normalize_makes_the_same_rows(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, LOG)
    folder.write("log.csv", LOG_ROWS)
    folder.pull()
    columns = ("id", "content_hash", "seq", "old_value", "new_value")
    before = folder.rows("ticket_event", *columns)
    with folder.bench() as bench:
        bench.normalize("f")
    assert folder.rows("ticket_event", *columns) == before


@pytest.mark.parametrize("page", [0, 1, 2, 3])
def test_a_killed_pull_goes_on_to_the_same_end(
    page: int, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_source, "PAGE_ROWS", 3)
    text = LOG_ROWS + "".join(f"C{n % 2},Open,2024-02-01 10:00:00,ann\n" for n in range(5)) + "B,Solve,2024-03-01,bob\n"
    whole = Folder(tmp_path / "whole", f"sqlite:///{tmp_path / 'whole.db'}", LOG)
    whole.write("log.csv", text)
    whole.pull()
    folder = Folder(tmp_path / "killed", store_url, LOG)
    folder.write("log.csv", text)
    killed_pull(folder, monkeypatch, page=page)
    folder.pull()
    columns = ("id", "occurred_at", "field", "old_value", "new_value", "seq")
    assert folder.rows("ticket_event", *columns) == whole.rows("ticket_event", *columns)
    assert folder.rows("ticket", "id", "created_at") == whole.rows("ticket", "id", "created_at")


def test_a_file_that_changes_while_a_scan_is_broken_off_is_read_whole_once_more(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_source, "PAGE_ROWS", 2)
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(1, 7))))
    killed_pull(folder, monkeypatch, page=1)
    folder.write("tickets.csv", HEADER + "".join(map(_ticket, range(2, 7))))
    folder.pull()
    folder.pull()
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["2", "3", "4", "5", "6"]
    assert folder.pull().tally["raw"] == {}


def test_two_files_of_one_pattern_are_one_scan(tmp_path: Path, store_url: str) -> None:
    folder = Folder(tmp_path, store_url, TICKETS)
    folder.write("tickets-1.csv", HEADER + _ticket(1))
    folder.write("tickets-2.csv", HEADER + _ticket(2))
    folder.pull()
    folder.write("tickets-2.csv", HEADER + _ticket(3))
    folder.pull()
    assert [row[0] for row in folder.rows("ticket", "source_id")] == ["1", "3"]
