"""Counts and lists of both sides, on both databases: months, what is too long to list, what cannot be counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.count_seam import BeyondList, Countable, Counting, Listed, Span
from deskferry.errors import Refused
from deskferry.migrate.connection import OpenConnection
from deskferry.store import Store
from deskferry.validate.reconcile import Comparison, counting
from tests.fake_desk import Desk, connect
from tests.migrate.builder import Builder

NOW = datetime(2026, 3, 10, tzinfo=UTC).timestamp()


class CountingDesk(Desk):
    """A desk that counts its tickets by month, and its people in all."""

    def counting(self) -> Counting:
        page = Countable("ticket", "ticket", True, frozenset({"deleted"}), page=2, note="at a glance")
        return Counting((page, Countable("person", "user", False)), {"message": "Nobody counts messages."})

    def counts(self, kind: str, spans: Sequence[Span]) -> list[int | None]:
        self.call(f"count {kind} {len(spans)}")
        if kind == "person":
            return [None]
        return [sum(_within(one["created_at"], span) for one in self.tickets.values()) for span in spans]

    def listed(self, kind: str, span: Span) -> Iterator[Sequence[Listed]]:
        self.call(f"list {kind} {span.low}")
        if span.low == "2026-02-01T00:00:00Z":
            raise BeyondList("february is too long")
        yield [
            Listed(key, one["created_at"], one.get("updated_at"))
            for key, one in self.tickets.items()
            if _within(one["created_at"], span)
        ]


def _within(moment: str, span: Span) -> bool:
    return (span.low is None or moment >= span.low) and (span.high is None or moment < span.high)


def world(store: Store) -> tuple[CountingDesk, OpenConnection, Comparison]:
    """Return a desk of six tickets; the store has five of them, and one more."""
    desk = CountingDesk()
    built = Builder(store, "old", "fake", {"ticket": "ticket", "person": "user"})
    for key, at in {
        "1": "2020-05-31T23:59:59Z", "2": "2026-01-01T00:00:00Z", "3": "2026-01-31T23:59:59Z",
        "4": "2026-02-01T00:00:00Z", "5": "2026-03-01T08:00:00Z", "6": "2026-01-15T08:00:00Z",
    }.items():  # fmt: skip
        desk.put_ticket(key, created_at=at, updated_at="2026-03-02T00:00:00Z")
        if key != "6":
            built.ticket(key, "Ours", created_at=f"{at[:19]}.000000Z", updated_at=f"{at[:19]}.000000Z")
    built.ticket("7", "Ours alone", created_at="2026-01-16T08:00:00.000000Z")
    built.ticket("8", "Gone", created_at="2026-01-17T08:00:00.000000Z", deleted_at="2026-01-18T08:00:00.000000Z")
    built.person("1", "Ana", "ana@x.example")
    built.message("1", "11", "Words", author_id=None)
    connection = connect(desk, clock=VirtualClock(NOW))
    return desk, connection, Comparison("old", "fake", connection.now(), None)


def test_both_sides_are_counted_by_month_and_what_cannot_be_is_said(store: Store) -> None:
    desk, connection, result = world(store)
    places = counting.places(store, connection)
    assert len(places) == counting.MONTHS + 2
    counting.compare_counts(store, connection, places, result)
    counted = {one.month: (one.here, one.there) for one in result.counted}
    assert {month: both for month, both in counted.items() if both != (0, 0)} == {
        "before 2024-04": (1, 1), "2026-01": (3, 3), "2026-02": (1, 1), "2026-03": (1, 1),
    }  # fmt: skip
    assert set(result.not_countable) == {"person", "message"}
    assert result.not_countable["message"] == "Nobody counts messages."
    assert {one.kind for one in result.counted} == {"ticket"}
    assert desk.log == [f"count ticket {counting.MONTHS + 1}", "count person 1"]


def test_a_refused_count_is_no_number(store: Store) -> None:
    desk, connection, result = world(store)

    def refuse(_call: str) -> None:
        raise Refused("not for you")

    desk.before = refuse
    counting.compare_counts(store, connection, counting.places(store, connection), result)
    assert result.counted == []
    assert "not for you" in result.not_countable["ticket"]


def test_lists_name_what_is_missing_gone_and_changed_where_counts_differ(store: Store) -> None:
    desk, connection, result = world(store)
    del desk.tickets["4"]
    desk.put_ticket("9", created_at="2026-01-20T00:00:00Z", updated_at="2026-01-20T00:00:00Z")
    places = counting.places(store, connection)
    counting.compare_counts(store, connection, places, result)
    desk.log.clear()
    found = counting.suspects(store, connection, places, result)
    assert desk.log == [
        "list ticket 2026-02-01T00:00:00Z", "list ticket 2026-01-01T00:00:00Z", "list ticket 2026-03-01T00:00:00Z",
    ]  # fmt: skip
    assert set(found.missing["ticket"]) == {"6", "9"}
    assert found.gone["ticket"] == ["7"]
    assert set(found.changed["ticket"]) == {"2", "3", "5"}
    assert any("2026-02: not listed: february is too long" in note for note in result.notes)


def test_what_takes_too_many_calls_is_counted_and_not_listed(store: Store) -> None:
    desk, connection, result = world(store)
    for number in range(counting.LISTING_CALLS * 2):
        desk.put_ticket(f"1{number:03}", created_at="2026-01-20T00:00:00Z")
    places = counting.places(store, connection)
    counting.compare_counts(store, connection, places, result)
    found = counting.suspects(store, connection, places, result)
    assert found.missing == {}
    assert any("2026-01: 3 here, 123 there; not listed" in note for note in result.notes)
