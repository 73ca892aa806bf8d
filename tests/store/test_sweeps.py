"""Sweeps of incremental streams, parents held whole by a page of a list, records that were merged into others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from deskferry.connectors.kit.contract import Page, RawRecord, Tombstone
from deskferry.connectors.kit.mapping import Context
from deskferry.errors import Refused
from deskferry.store import Store
from deskferry.store.page_writer import PageWriter
from tests.fake_desk import MAPS

NOW = "2026-01-01T00:00:00.000000Z"


class Writer:
    """Writes pages of an incremental stream."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.pages = PageWriter(Context("old", "fake", "https://fake.example"), MAPS, "run-1")

    def page(self, *records: RawRecord | Tombstone, **page: Any) -> Refused | None:
        with self.store.write() as database:
            return self.pages.write_page(database, "s", Page(records, **page), NOW, full=False)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.store.read() as database:
            return [tuple(row) for row in database.execute(text(statement))]


@pytest.fixture
def writer(store: Store) -> Writer:
    """Give a writer of pages of the connection `old`."""
    return Writer(store)


def ticket(key: str) -> RawRecord:
    return RawRecord("ticket", key, {"id": key, "subject": "Hello", "status": "open", "created_at": NOW})


def comment(key: str, parent: str) -> RawRecord:
    return RawRecord("comment", key, {"id": key, "ticket_id": parent, "body": "x", "created_at": NOW}, parent)


def test_what_a_sweep_does_not_see_is_gone_and_nothing_else(writer: Writer) -> None:
    writer.page(ticket("1"), ticket("2"), ticket("3"), comment("7", "1"))
    writer.page(ticket("1"), sweep=("ticket",))
    assert writer.rows("SELECT id FROM ticket WHERE deleted_at IS NOT NULL") == []
    writer.page(ticket("3"), sweep=("ticket",), complete=True)
    assert writer.rows("SELECT id, status, deletion_evidence FROM ticket WHERE deleted_at IS NOT NULL") == [
        ("old:ticket:2", "deleted", "absent")
    ]
    assert writer.rows("SELECT id FROM message WHERE deleted_at IS NOT NULL") == []
    assert writer.rows("SELECT * FROM stream_seen") == []


def test_a_complete_page_without_a_sweep_buries_nothing(writer: Writer) -> None:
    writer.page(ticket("1"), ticket("2"))
    writer.page(ticket("1"), complete=True)
    assert writer.rows("SELECT id FROM ticket WHERE deleted_at IS NOT NULL") == []


def test_a_sweep_that_misses_too_much_is_not_believed(writer: Writer) -> None:
    writer.page(*(ticket(str(number)) for number in range(60)))
    refusal = writer.page(ticket("1"), sweep=("ticket",), complete=True)
    assert isinstance(refusal, Refused)
    assert writer.rows("SELECT id FROM ticket WHERE deleted_at IS NOT NULL") == []


def test_children_that_a_whole_parent_lacks_are_gone(writer: Writer) -> None:
    writer.page(ticket("1"), comment("7", "1"), comment("8", "1"), ticket("2"), comment("9", "2"))
    writer.page(ticket("1"), comment("8", "1"), ticket("2"), whole=(("comment", "1"),))
    assert writer.rows("SELECT id FROM message WHERE deleted_at IS NOT NULL") == [("old:comment:7",)]


def test_a_merged_ticket_is_merged_and_not_deleted(writer: Writer) -> None:
    writer.page(ticket("1"), ticket("2"))
    gone = Tombstone("ticket", "1", "vendor", payload={"id": "1"}, merged_into="2")
    writer.page(gone)
    merged = "SELECT status, status_before, merged_into_id, deleted_at, subject FROM ticket WHERE id = 'old:ticket:1'"
    assert writer.rows(merged) == [("merged", "open", "old:ticket:2", None, "Hello")]
    counts = writer.pages.tally.raw["s"].updated
    writer.page(gone)
    assert writer.pages.tally.raw["s"].updated == counts


def test_a_merged_ticket_that_was_never_seen_is_there_too(writer: Writer) -> None:
    writer.page(Tombstone("ticket", "1", "vendor", payload={"id": "1"}, merged_into="2"))
    found = writer.rows("SELECT status, merged_into_id FROM ticket WHERE id = 'old:ticket:1'")
    assert found == [("merged", "old:ticket:2")]
