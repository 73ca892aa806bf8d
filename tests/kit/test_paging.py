"""Paging: every row once, whatever the style and the cap, and no list that never ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskferry.connectors.kit.paging import (
    Cursored,
    Fetched,
    Numbered,
    Ordered,
    PagingLoop,
    at,
    cursor,
    links,
    offset,
    rows,
    windows,
)

Params = Mapping[str, Any]
ITEMS = rows("items")


def ids(pages: Iterable[Fetched]) -> list[int]:
    return [row["id"] for page in pages for row in page.items]


class Desk:
    """A list of rows, paged in every style."""

    def __init__(self, count: int, size: int) -> None:
        self.rows, self.size = [{"id": number} for number in range(count)], size
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def part(self, begin: int) -> list[dict[str, int]]:
        return self.rows[begin : begin + self.size]

    def by_page(self, url: str, params: Params) -> Any:
        self.asked.append((url, dict(params)))
        return {"items": self.part((params["page"] - 1) * self.size)}

    def by_row(self, url: str, params: Params) -> Any:
        self.asked.append((url, dict(params)))
        return {"items": self.part(params["from"])} if self.part(params["from"]) else None

    def by_cursor(self, url: str, params: Params) -> Any:
        begin = int(params.get("page[after]", 0))
        more = begin + self.size < len(self.rows)
        return {"items": self.part(begin), "meta": {"has_more": more, "after_cursor": str(begin + self.size)}}

    def by_link(self, url: str, params: Params) -> Any:
        self.asked.append((url, dict(params)))
        begin = int(url.partition("from=")[2] or 0)
        more = begin + self.size < len(self.rows)
        return {"items": self.part(begin), "next_page": f"https://x/list?from={begin + self.size}" if more else None}


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 60), size=st.integers(1, 15))
def test_every_style_gives_every_row_once(count: int, size: int) -> None:
    desk = Desk(count, size)
    whole = list(range(count))
    assert ids(offset(desk.by_page, "list", {"a": 1}, ITEMS, Numbered(size))) == whole
    assert all(params["per_page"] == size and params["a"] == 1 for _, params in desk.asked)
    by_row = Numbered(size, "from", None, begin=0, step=size)
    assert ids(offset(desk.by_row, "list", {}, ITEMS, by_row)) == whole
    assert ids(cursor(desk.by_cursor, "list", {"a": 1}, ITEMS)) == whole
    assert ids(links(desk.by_link, "https://x/list", {"a": 1}, ITEMS)) == whole


def test_the_last_page_says_so_and_a_scan_can_be_taken_up() -> None:
    desk = Desk(25, 10)
    pages = list(offset(desk.by_page, "list", {}, ITEMS, Numbered(10)))
    assert [page.next for page in pages] == [2, 3, None]
    assert ids(offset(desk.by_page, "list", {}, ITEMS, Numbered(10, begin=3))) == list(range(20, 25))
    assert ids(cursor(desk.by_cursor, "list", {}, ITEMS, start="20")) == list(range(20, 25))


def test_parameters_go_only_into_the_first_call_of_links() -> None:
    desk = Desk(3, 1)
    list(links(desk.by_link, "https://x/list", {"a": 1}, ITEMS))
    assert [params for _, params in desk.asked] == [{"a": 1}, {}, {}]


def test_what_tells_that_there_is_more() -> None:
    desk = Desk(30, 10)
    total = Numbered(10, more=lambda body, _found: body["items"][-1]["id"] < 15)
    assert ids(offset(desk.by_page, "list", {}, ITEMS, total)) == list(range(20))
    other = Cursored("starting_after", at("pages", "next", "starting_after"), at("pages", "next"))
    bodies = {
        None: {"items": [{"id": 1}], "pages": {"next": {"starting_after": "c"}}},
        "c": {"items": [{"id": 2}], "pages": {}},
    }
    assert ids(cursor(lambda _url, params: bodies[params.get("starting_after")], "list", {}, ITEMS, other)) == [1, 2]


def test_rows_that_are_missing() -> None:
    assert list(rows("a", "b")({"a": {"b": [1]}})) == [1]
    for body in (None, {}, {"a": None}, {"a": {"b": None}}, [], "text"):
        assert list(rows("a", "b")(body)) == []
    assert list(rows()([1, 2])) == [1, 2]


def test_a_page_that_repeats() -> None:
    def stuck(_url: str, _params: Params) -> Any:
        return {"items": [{"id": 1}, {"id": 2}]}

    with pytest.raises(PagingLoop, match="the same page came twice") as caught:
        list(offset(stuck, "list", {}, ITEMS, Numbered(2)))
    assert caught.value.exit_code == 4


def test_a_link_that_leads_back() -> None:
    numbers = iter(range(100))

    def circle(url: str, _params: Params) -> Any:
        return {"items": [{"id": next(numbers)}], "next_page": "https://x/2" if url.endswith("1") else "https://x/1"}

    with pytest.raises(PagingLoop, match="leads back"):
        list(links(circle, "https://x/1", {}, ITEMS))
    with pytest.raises(PagingLoop, match="leads back"):
        list(
            cursor(
                lambda _url, _params: {
                    "items": [{"id": next(numbers)}],
                    "meta": {"has_more": True, "after_cursor": "c"},
                },
                "list",
                {},
                ITEMS,
            )
        )


def test_more_pages_than_can_be() -> None:
    numbers = iter(range(100))

    def endless(_url: str, _params: Params) -> Any:
        return {"items": [{"id": next(numbers)}]}

    with pytest.raises(PagingLoop, match="more than 20 pages"):
        list(offset(endless, "list", {}, ITEMS, Numbered(1), most=20))


class Capped:
    """A list ordered by mark that stops answering after some pages; rows are touched while it is read."""

    def __init__(self, marks: list[int], size: int, pages: int) -> None:
        self.rows = [{"id": number, "mark": mark} for number, mark in enumerate(marks)]
        self.size, self.pages = size, pages

    def scan(self, mark: Any) -> Iterable[Fetched]:
        def fetch(_url: str, params: Params) -> Any:
            assert params["page"] <= self.pages, "beyond the cap"
            found = sorted(
                (row for row in self.rows if mark is None or row["mark"] >= mark), key=lambda row: row["mark"]
            )
            begin = (params["page"] - 1) * self.size
            return {"items": [dict(row) for row in found[begin : begin + self.size]]}

        return offset(fetch, "list", {}, ITEMS, Numbered(self.size))


def ordered(pages: int, **options: Any) -> Ordered:
    return Ordered(lambda row: row["mark"], lambda row: row["id"], pages, **options)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), size=st.integers(1, 5), pages=st.integers(2, 5))
def test_windows_give_every_row_once(data: st.DataObject, size: int, pages: int) -> None:
    # No mark holds so many rows that a window cannot pass it.
    most = size * pages - 1
    counts = data.draw(st.lists(st.integers(0, most), max_size=25))
    marks = [mark for mark, count in enumerate(counts) for _ in range(count)]
    desk = Capped(marks, size, pages)
    found = list(windows(desk.scan, None, ordered(pages)))
    assert sorted(row["id"] for page in found for row in page.items) == list(range(len(marks)))
    assert [page.last for page in found] == [False] * (len(found) - 1) + [True]
    assert not any(page.note for page in found)
    again = list(windows(desk.scan, found[-1].mark, ordered(pages)))
    assert {row["id"] for page in again for row in page.items} == {
        row["id"] for row in desk.rows if not marks or row["mark"] == max(marks)
    }


def test_a_row_that_is_touched_during_the_scan_comes_again() -> None:
    desk = Capped(list(range(20)), 2, 3)
    seen: list[tuple[int, int]] = []
    for page in windows(desk.scan, None, ordered(3)):
        seen += [(row["id"], row["mark"]) for row in page.items]
        if len(seen) == 6:
            desk.rows[1]["mark"] = 30
            desk.rows[5]["mark"] = 31  # stood at the boundary
    assert {(1, 30), (5, 31)} <= set(seen)
    assert {number for number, _ in seen} == set(range(20))


def test_a_mark_that_holds_too_many_rows_is_told() -> None:
    desk = Capped([1] * 10 + [2, 3], 2, 3)
    found = list(windows(desk.scan, 1, ordered(3)))
    assert found[-1].last
    assert "More rows than can be listed at 1" in found[-1].note
    beyond = list(windows(desk.scan, 1, ordered(3, beyond=lambda mark: mark + 1)))
    seen = [row["id"] for page in beyond for row in page.items]
    assert seen == [0, 1, 2, 3, 4, 5, 10, 11]
    assert sum(bool(page.note) for page in beyond) == 1
    assert [page.last for page in beyond].count(True) == 1
