"""Bulk upserts against a dictionary: what was written is what the last page said, and nothing else was touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from deskferry.canonical_schema import column_names
from deskferry.store import Store
from deskferry.store.upsert import Counts, WireRow, delete_ids, lookup, upsert

FIRST, LATER = "2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z"


def row(table: str, key: str, content: str = "a", at: str = FIRST, /, **fields: Any) -> WireRow:
    """Return a canonical row as a mapping would."""
    values = {
        "id": f"old:x:{key}", "connection": "old", "vendor": "fake", "source_object": "x", "source_id": key,
        "content_hash": content, "synced_at": at, "raw_record_id": f"old:x:{key}", **fields,
    }  # fmt: skip
    return tuple(values.get(column) for column in column_names(table))


def held(store: Store, kind: str, *columns: str) -> dict[str, Any]:
    """Return columns of all rows by source id."""
    with store.read() as database:
        found = database.execute(text(f"SELECT source_id, {', '.join(columns)} FROM {kind} ORDER BY id"))
        return {one[0]: one[1] if len(columns) == 1 else tuple(one[1:]) for one in found}


def test_counts_and_contents(store: Store) -> None:
    """New, changed and unchanged rows are told apart by their content hash alone."""
    with store.write() as database:
        first = upsert(database, "team", [row("team", key, name=key) for key in "abc"])
    assert (first.counts, first.updated_ids) == (Counts(inserted=3), [])
    with store.write() as database:
        rows = [
            row("team", "a", "a", LATER, name="not written, the hash is the same"),
            row("team", "b", "b", LATER, name="changed"),
            row("team", "d", "a", LATER, name="d"),
        ]
        second = upsert(database, "team", rows)
    assert (second.counts, second.updated_ids) == (Counts(1, 1, 1), ["old:x:b"])
    assert held(store, "team", "name") == {"a": "a", "b": "changed", "c": "c", "d": "d"}
    times = {key: str(at)[:7] for key, at in held(store, "team", "synced_at").items()}
    assert times == {"a": "2026-01", "b": "2026-02", "c": "2026-01", "d": "2026-02"}


def test_the_last_of_a_page_wins(store: Store) -> None:
    """An id that comes twice in a page is one row."""
    with store.write() as database:
        written = upsert(database, "team", [row("team", "a", "1", name="1"), row("team", "a", "2", name="2")])
    assert written.counts == Counts(inserted=1)
    assert held(store, "team", "name") == {"a": "2"}


def test_an_update_makes_the_store_find_out_anew(store: Store) -> None:
    """Places and downloads belong to the content that they were found for."""
    ticket = {"ticket_id": "old:ticket:1"}
    file = row("attachment", "f", fetch_state="pending", url="https://x/1", **ticket)
    with store.write() as database:
        upsert(database, "message", [row("message", "m", **ticket)])
        upsert(database, "attachment", [file])
        database.execute(text("UPDATE message SET seq = 1, is_opening = TRUE, opening_by_order = TRUE"))
        database.execute(text("UPDATE attachment SET fetch_state = 'done', sha256 = 'x', error = 'y'"))
    with store.write() as database:
        upsert(database, "message", [row("message", "m", "b", **ticket)])
        upsert(database, "attachment", [row("attachment", "f", fetch_state="pending", url="https://x/2", **ticket)])
    assert held(store, "message", "seq", "is_opening", "opening_by_order") == {"m": (None, None, None)}
    same_file = held(store, "attachment", "fetch_state", "sha256", "error", "url")
    assert same_file == {"f": ("done", "x", "y", "https://x/2")}
    with store.write() as database:
        upsert(database, "attachment", [row("attachment", "f", "b", fetch_state="pending", **ticket)])
    assert held(store, "attachment", "fetch_state", "sha256", "error") == {"f": ("pending", None, None)}


def test_the_same_content_from_another_raw_record(store: Store) -> None:
    """The row follows the raw record that came last, counts as unchanged, and keeps the time of its content."""
    with store.write() as database:
        upsert(database, "team", [row("team", "a")])
        written = upsert(database, "team", [row("team", "a", "a", LATER, raw_record_id="old:y:1")])
    assert written.counts == Counts(unchanged=1)
    ((raw, at),) = held(store, "team", "raw_record_id", "synced_at").values()
    assert (raw, str(at)[:7]) == ("old:y:1", "2026-01")


def test_thousands_of_ids(store: Store) -> None:
    """No statement has as many parameters as there are ids."""
    keys = [f"{n:06}" for n in range(40_000)]
    with store.write() as database:
        upsert(database, "tagging", [row("tagging", key, kind="ticket", record_id="r", tag="t") for key in keys])
        ids = [f"old:x:{key}" for key in keys]
        assert len(lookup(database, "tagging", "id", ids)) == 40_000
        assert delete_ids(database, "tagging", ids[:39_999]) == 39_999
    assert list(held(store, "tagging", "tag")) == ["039999"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
PAGES = st.lists(st.lists(st.tuples(st.sampled_from("abcde"), TEXTS), max_size=6), max_size=6)


@pytest.mark.parametrize("kind", ["team", "message"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=PAGES)
def test_any_pages_against_a_dictionary(store: Store, kind: str, pages: list[list[tuple[str, str]]]) -> None:
    """Whatever comes in whatever order, the table is the dictionary, and so are the counts."""
    column = "name" if kind == "team" else "body_text"
    model: dict[str, str] = {}
    with store.write() as database:
        database.execute(text(f"DELETE FROM {kind}"))
    for page in pages:
        expected = Counts()
        for key, value in dict(page).items():
            expected.inserted += key not in model
            expected.updated += key in model and model[key] != value
            expected.unchanged += model.get(key) == value
        model.update(page)
        rows = [row(kind, key, f"#{value}", ticket_id="t", **{column: value}) for key, value in page]
        with store.write() as database:
            assert upsert(database, kind, rows).counts == expected
        assert held(store, kind, column) == model
