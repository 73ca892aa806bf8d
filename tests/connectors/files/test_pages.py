"""What a file gives does not depend on where its pages end, nor on how its rows came into the store."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from folder import Folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from deskferry.canonical_schema import column_names
from deskferry.connectors.files import source as files_source
from deskferry.store import machinery

LAYOUT = """
[[files]]
path = "log.csv"
track = { by = ["Case"] }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "status", old_value_chained = true }

    [files.rows.fields]
    ticket_id = { column = "Case", ref = "ticket" }
    occurred_at = { column = "Time", zone = "Europe/Madrid" }
    actor_id = { column = "Who", ref = "agent" }
    new_value = { column = "What", table = { Open = "open", Solve = "solved", Reopen = "open" } }

  [[files.rows]]
  kind = "ticket_event"
  object = "event"
  constants = { field = "assignee_id", old_value_chained = true }
  when = { column = "Who", changed = true }

    [files.rows.fields]
    ticket_id = { column = "Case", ref = "ticket" }
    occurred_at = { column = "Time", zone = "Europe/Madrid" }
    new_value = { column = "Who", ref = "agent" }

  [[files.rows]]
  kind = "ticket"
  key = "Case"
  when = { first = true }

    [files.rows.fields]
    created_at = { column = "Time", zone = "Europe/Madrid" }

  [[files.rows]]
  kind = "person"
  object = "agent"
  key = "Who"
  when = { column = "Who", not_empty = true }

    [files.rows.fields]
    name = "Who"
"""
KINDS = ("ticket_event", "ticket", "person")
CASES = st.sampled_from(["A/1", "B", " B ", "%", "é", "", '"two\nlines"', "B\x00"])
WORDS = st.sampled_from(["Open", "Solve", "Reopen", "open ", "", "Strange"])
TIMES = st.sampled_from([
    "2024-01-01 10:00:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00+05:00", "2024-03-31 02:30:00", "2024-02-29",
    "2023-02-29", "never", "",
])  # fmt: skip
PEOPLE = st.sampled_from(["ann", "bob", "", "🎫 x", '"a ""b"" c"'])
ROWS = st.one_of(
    st.tuples(CASES, WORDS, TIMES, PEOPLE).map(",".join), st.sampled_from(["", ",,,", "B,Open", "\xff,Open,,ann"])
)
FILES = st.tuples(st.booleans(), st.lists(ROWS, max_size=14))


def _write(folder: Folder, mark: bool, rows: list[str]) -> None:
    text = "\n".join(["Case,What,Time,Who", *rows, ""])
    data = text.encode().replace("\xff".encode(), b"\xff")
    folder.write("log.csv", (b"\xef\xbb\xbf" if mark else b"") + data)


def _held(folder: Folder) -> list[Any]:
    """Return all canonical rows, raw records and rejects, without the times of writing."""
    found: list[Any] = []
    for kind in KINDS:
        names = [name for name in column_names(kind) if name not in {"synced_at", "deleted_at"}]
        found.append(folder.rows(kind, *names, live=False))
    raw = machinery.raw_record
    statement = select(raw.c.id, raw.c.payload_hash, raw.c.deletion_evidence).order_by(raw.c.id)
    with folder.bench() as bench, bench.store.read() as database:
        found.append([tuple(row) for row in database.execute(statement)])
    return [*found, folder.rejects()]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=FILES, then=FILES)
def test_pages_and_normalize_make_no_difference(
    first: tuple[bool, list[str]], then: tuple[bool, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ugly rows in one page, in pages of two, and mapped once more; then another file in the place of the first.

    In one page events are settled as they come; in pages of two most cases are settled in the database, and persons
    come again, so that rows taken to be new are not.
    """
    with tempfile.TemporaryDirectory() as name:
        whole = Folder(Path(name, "whole"), f"sqlite:///{name}/whole.db", LAYOUT)
        paged = Folder(Path(name, "paged"), f"sqlite:///{name}/paged.db", LAYOUT)
        for mark, rows in (first, then):
            for folder, size in ((whole, 5_000), (paged, 2)):
                monkeypatch.setattr(files_source, "PAGE_ROWS", size)
                _write(folder, mark, rows)
                folder.pull()
            assert _held(whole) == _held(paged)
        with paged.bench() as bench:
            bench.normalize("f")
        live = [[row for row in rows if "absent" not in row] for rows in _held(paged)[:3]]
        assert live == [[row for row in rows if "absent" not in row] for rows in _held(whole)[:3]]
