"""Events that come new with their tickets get in memory what `settle` would give them in SQL."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from deskferry.canonical_schema import column_names
from deskferry.store import Store
from deskferry.store.bulk_insert import insert_rows
from deskferry.store.places import placed_events
from deskferry.store.settle import settle

COLUMNS = column_names("ticket_event")
EVENTS = st.lists(
    st.fixed_dictionaries({
        "source_id": st.sampled_from(["1", "2", "9", "10", "é", "z", "A", "🎫", "﷽1"]),
        "ticket_id": st.sampled_from(["old:ticket:1", "old:ticket:2"]),
        "occurred_at": st.sampled_from([None, "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z"]),
        "field": st.sampled_from(["status", "assignee_id"]),
        "old_value": st.sampled_from([None, "told"]),
        "new_value": st.sampled_from([None, "a", "b"]),
        "old_value_chained": st.sampled_from([None, False, True]),
        "deleted_at": st.sampled_from([None, None, None, "2026-02-01T00:00:00.000000Z"]),
    }),
    unique_by=lambda one: one["source_id"],
)  # fmt: skip


def _row(event: dict[str, Any]) -> tuple[Any, ...]:
    common = {
        "id": f"old:event:{event['source_id']}", "connection": "old", "vendor": "fake", "source_object": "event",
        "content_hash": "", "synced_at": "2026-01-01T00:00:00.000000Z",
    }  # fmt: skip
    return tuple({**common, **event}.get(name) for name in COLUMNS)


def _settled(store: Store, pages: list[list[tuple[Any, ...]]], *, placed: bool) -> list[tuple[Any, ...]]:
    with store.write() as database:
        for page in pages:
            insert_rows(database, "ticket_event", COLUMNS, placed_events(database, page) if placed else page)
        settle(database, "old")
        found = database.execute(text("SELECT id, seq, old_value FROM ticket_event ORDER BY id"))
        rows = [tuple(row) for row in found]
        database.execute(text("DELETE FROM ticket_event"))
    return rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, cut=st.integers(0, 9))
def test_places_in_memory_are_those_of_the_database(store: Store, events: list[dict[str, Any]], cut: int) -> None:
    """In one page, or in two whose events share tickets."""
    rows = [_row(event) for event in events]
    pages = [rows[:cut], rows[cut:]]
    assert _settled(store, pages, placed=True) == _settled(store, pages, placed=False)


def test_a_ticket_that_is_whole_leaves_nothing_to_settle(store: Store) -> None:
    at = "2026-01-01T00:00:00.000000Z"
    event = {"source_id": "1", "ticket_id": "old:ticket:1", "occurred_at": at, "field": "status", "new_value": "a"}
    with store.write() as database:
        (row,) = placed_events(database, [_row(event)])
    assert row[COLUMNS.index("seq")] == 1
