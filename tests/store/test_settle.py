"""What follows from several records: places, openings, authors, old values; only where something moved."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from deskferry.canonical_schema import column_names
from deskferry.store import Store
from deskferry.store import settle as settling
from deskferry.store.settle import settle
from deskferry.store.upsert import upsert


def put(store: Store, table: str, key: str, /, connection: str = "old", **fields: Any) -> None:
    """Write one row as a mapping would."""
    values = {
        "id": f"{connection}:x:{key}", "connection": connection, "vendor": "fake", "source_object": "x",
        "source_id": key, "content_hash": repr(fields), "synced_at": "2026-01-01T00:00:00.000000Z", **fields,
    }  # fmt: skip
    if "ticket_id" in fields:
        values["ticket_id"] = f"{connection}:ticket:{fields['ticket_id']}"
    with store.write() as database:
        upsert(database, table, [tuple(values.get(column) for column in column_names(table))])


def message(store: Store, key: str, hour: int | None = 0, ticket: str = "1", **fields: Any) -> None:
    """Write one message."""
    at = None if hour is None else f"2026-01-01T{hour:02}:00:00.000000Z"
    put(store, "message", key, ticket_id=ticket, created_at=at, **fields)


def change(store: Store, key: str, hour: int, new: str | None, **fields: Any) -> None:
    """Write one event."""
    values = {"field": "status", "ticket_id": "1", "old_value_chained": True, **fields}
    put(store, "ticket_event", key, occurred_at=f"2026-01-01T{hour:02}:00:00.000000Z", new_value=new, **values)


def settled(store: Store, *columns: str, table: str = "message", connection: str = "old") -> dict[str, Any]:
    """Settle, and return columns by source id in the order of the places."""
    with store.write() as database:
        settle(database, connection)
    with store.read() as database:
        found = database.execute(
            text(f"SELECT source_id, {', '.join(columns)} FROM {table} ORDER BY connection, ticket_id, seq, id")
        )
        return {one[0]: one[1] if len(columns) == 1 else tuple(one[1:]) for one in found}


def test_places_follow_time_and_ties_the_ids(store: Store) -> None:
    """Ids of numbers are compared by value; what has no time comes last."""
    message(store, "b", None)
    for key in ("10", "9", "a"):
        message(store, key, 8)
    message(store, "100", 7)
    assert list(settled(store, "seq").items()) == [("100", 1), ("9", 2), ("a", 3), ("10", 4), ("b", 5)]


def test_the_first_opens_the_ticket_unless_the_source_tells(store: Store) -> None:
    message(store, "1", 7)
    message(store, "2", 8)
    message(store, "3", 7, ticket="2")
    message(store, "4", 9, ticket="2", is_opening=True)
    assert settled(store, "seq", "is_opening", "opening_by_order") == {
        "1": (1, True, True), "2": (2, False, True), "4": (1, True, None), "3": (2, False, True),
    }  # fmt: skip


def test_a_late_opening_takes_its_place(store: Store) -> None:
    """What was taken for the opening was only the first that had come."""
    message(store, "2", 8)
    message(store, "3", 9)
    assert settled(store, "seq", "is_opening") == {"2": (1, True), "3": (2, False)}
    message(store, "1", 7)
    assert settled(store, "seq", "is_opening") == {"1": (1, True), "2": (2, False), "3": (3, False)}


def test_authors_by_their_role_and_directions_by_their_authors(store: Store) -> None:
    for role in ("end_user", "agent", "light_agent", "admin", "bot", "system"):
        put(store, "person", role, role=role)
        message(store, f"m-{role}", author_id=f"old:x:{role}", is_public=True)
    message(store, "m-nobody", author_id="old:x:nobody", is_public=True)
    message(store, "m-note", author_id="old:x:agent", is_public=False)
    message(store, "m-told", author_id="old:x:agent", is_public=True, author_kind="bot", direction="in")
    assert settled(store, "author_kind", "direction") == {
        "m-end_user": ("end_user", "in"), "m-agent": ("agent", "out"), "m-light_agent": ("agent", "out"),
        "m-admin": ("agent", "out"), "m-bot": ("bot", "out"), "m-system": ("system", "out"),
        "m-nobody": ("unknown", None), "m-note": ("agent", None), "m-told": ("bot", "in"),
    }  # fmt: skip


def test_an_author_who_arrives_late_is_recognised_and_a_former_agent_stays_one(store: Store) -> None:
    message(store, "1", author_id="old:x:late", is_public=True)
    assert settled(store, "author_kind") == {"1": "unknown"}
    put(store, "person", "late", role="agent")
    assert settled(store, "author_kind", "direction") == {"1": ("agent", "out")}
    put(store, "person", "late", role="end_user")
    assert settled(store, "author_kind", "direction") == {"1": ("agent", "out")}


def test_old_values_are_chained_by_field(store: Store) -> None:
    """A late event in the middle renumbers, and what follows it has another value before."""
    change(store, "1", 1, "new")
    change(store, "3", 3, "solved")
    change(store, "2", 2, "high", field="priority")
    change(store, "4", 4, "closed", old_value="told", old_value_chained=None)
    assert settled(store, "seq", "old_value", table="ticket_event") == {
        "1": (1, None), "2": (2, None), "3": (3, "new"), "4": (4, "told"),
    }  # fmt: skip
    change(store, "25", 2, "open")
    assert settled(store, "seq", "old_value", table="ticket_event") == {
        "1": (1, None), "2": (2, None), "25": (3, "new"), "3": (4, "open"), "4": (5, "told"),
    }  # fmt: skip


def test_deleted_rows_have_no_place(store: Store) -> None:
    message(store, "1", 1)
    message(store, "2", 2)
    settled(store, "seq")
    message(store, "1", 1, deleted_at="2026-02-01T00:00:00.000000Z")
    change(store, "1", 1, "new", deleted_at="2026-02-01T00:00:00.000000Z")
    assert settled(store, "seq", "is_opening") == {"1": (0, None), "2": (1, True)}
    assert settled(store, "seq", table="ticket_event") == {"1": 0}


def test_another_connection_in_the_middle_of_its_pull_is_left_alone(store: Store) -> None:
    """Its deleted rows too: their tickets still have to be numbered."""
    message(store, "1", 1, connection="new")
    message(store, "2", 2, connection="new")
    settled(store, "seq", connection="new")
    message(store, "1", 1, connection="new", deleted_at="2026-02-01T00:00:00.000000Z")
    message(store, "7", 1)
    assert settled(store, "seq") == {"2": 2, "1": None, "7": 1} or settled(store, "seq") == {"1": None, "2": 2, "7": 1}
    assert settled(store, "seq", connection="new") == {"1": 0, "2": 1, "7": 1}


def test_only_what_moved_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new message at the end of one ticket is one row written; nothing new is none."""
    monkeypatch.setattr(settling, "_TICKETS", 2)
    for ticket in range(7):
        for hour in range(3):
            message(store, f"{ticket}{hour}", hour, ticket=str(ticket))
    assert set(settled(store, "seq").values()) == {1, 2, 3}
    message(store, "49", 9, ticket="4")
    written = _written_rows(store)
    assert written == [1]
    assert _written_rows(store) == []


def _written_rows(store: Store) -> list[int]:
    counts: list[int] = []

    def count(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().startswith("UPDATE message") and cursor.rowcount > 0:
            counts.append(cursor.rowcount)

    event.listen(store.engine, "after_cursor_execute", count)
    with store.write() as database:
        settle(database, "old")
    event.remove(store.engine, "after_cursor_execute", count)
    return counts
