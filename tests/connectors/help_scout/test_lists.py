"""Pages, totals, walks: what a list must not be allowed to lose."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deskferry.connectors.help_scout.hal import every_row, rows_of, walk
from deskferry.connectors.kit.contract import Page, PullRequest, RawRecord
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.errors import Refused
from tests.connectors.help_scout.hs_account import Desk, answered, envelope, paged, query


def read(desk: Desk, stream: str, cursor: Any = None, **more: Any) -> list[Page]:
    return list(desk.source().pages(stream, PullRequest(cursor, **more)))


def ids(pages: list[Page]) -> list[str]:
    return [record.source_id for page in pages for record in page.records]


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"n{number}"} for number in range(1, count + 1)]


def test_a_list_is_read_to_its_end_and_declares_its_total() -> None:
    pages = read(Desk({"users": paged("users", rows(120))}), "users")
    assert ids(pages) == [str(number) for number in range(1, 121)]
    assert [page.complete for page in pages] == [False, False, True]
    assert [(one.parent_object, one.count, one.trust) for one in pages[-1].declared] == [("user", 120, "exact")]


def test_an_empty_list_has_no_envelope() -> None:
    (page,) = read(Desk({"users": paged("users", [])}), "users")
    assert page.complete
    assert page.records == ()


@pytest.mark.parametrize("body", [[], {}, {"_embedded": {}}, {"_embedded": None}, None, "no"])
def test_no_rows_are_no_error(body: Any) -> None:
    assert rows_of(body, "users") == []


def test_a_row_that_leaves_the_list_while_it_is_read_pulls_no_other_out_of_sight() -> None:
    held = rows(150)
    answer = paged("users", held)

    def leaving(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        if query(request)["page"] == "1" and len(held) == 150:
            del held[3]
        return found

    pages = read(Desk({"users": leaving}), "users")
    assert set(ids(pages)) == {str(number) for number in range(1, 151)}
    assert not any(page.complete for page in pages)


def test_a_page_that_lacks_rows_is_asked_for_again_and_then_the_list_is_not_complete() -> None:
    answer = paged("users", rows(120))

    def hollow(request: httpx.Request) -> httpx.Response:
        if query(request)["page"] == "2":
            return answered(envelope("users", [], 2, 120, 50))
        return answer(request)

    desk = Desk({"users": hollow})
    pages = read(desk, "users")
    assert [query(one)["page"] for one in desk.seen] == ["1", "2", "2", "3"]
    assert not any(page.complete for page in pages)
    assert pages[-1].declared[0].count == 120


def test_another_page_than_the_one_that_was_asked_for_stops_the_run() -> None:
    stuck = answered(envelope("users", rows(50), 1, 120, 50))
    desk = Desk({"users": lambda _request: httpx.Response(200, content=stuck.content, headers=stuck.headers)})
    with pytest.raises(PagingLoop, match="another one came"):
        read(desk, "users")


def test_a_link_that_never_ends_ends_where_rows_do() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        number = int(query(request)["page"])
        body = envelope("users", rows(70)[(number - 1) * 50 : number * 50], number, 70, 50)
        return answered({**body, "_links": {"next": {"href": "https://api.helpscout.net/v2/users?page=9"}}})

    desk = Desk({"users": endless})
    assert len(set(ids(read(desk, "users")))) == 70
    assert len(desk.seen) <= 4


def test_the_same_rows_again_and_again_stop_the_run() -> None:
    def circling(request: httpx.Request) -> httpx.Response:
        number = int(query(request)["page"])
        return answered(
            {"_embedded": {"users": rows(2)}, "page": {"number": number}, "_links": {"next": {"href": "x"}}}
        )

    with pytest.raises(PagingLoop, match="came twice"):
        list(walk(Desk({"users": circling}).session(), "users", "users"))


def test_saved_replies_come_as_a_bare_array_and_are_asked_for_their_texts() -> None:
    desk = Desk(
        {
            "mailboxes": paged("mailboxes", [{"id": 85}]),
            "mailboxes/85/saved-replies": [{"id": 7, "name": "Hello", "preview": "Hi th"}],
            "mailboxes/85/saved-replies/7": {"id": 7, "name": "Hello", "text": "Hi there"},
        }
    )
    pages = read(desk, "saved_replies")
    (record,) = [one for page in pages for one in page.records]
    assert isinstance(record, RawRecord)
    assert (record.payload["text"], record.payload["mailboxId"]) == ("Hi there", 85)


def test_organizations_are_asked_for_their_properties_only_where_the_account_has_any() -> None:
    listed = paged("organizations", [{"id": 10, "name": "Acme"}])
    bare = Desk({"organizations": listed, "organizations/properties": paged("organization-properties", [])})
    read(bare, "organizations")
    assert not [path for path in bare.paths() if path.endswith("/10")]
    full = Desk(
        {
            "organizations": listed,
            "organizations/properties": paged("organization-properties", [{"slug": "tier"}]),
            "organizations/10": {"id": 10, "name": "Acme", "properties": [{"slug": "tier", "value": "gold"}]},
        }
    )
    (page,) = read(full, "organizations")
    (record,) = page.records
    assert isinstance(record, RawRecord)
    assert record.payload["properties"][0]["value"] == "gold"


def test_teams_come_with_their_members() -> None:
    desk = Desk(
        {"teams": paged("teams", [{"id": 1, "name": "A"}]), "teams/1/members": paged("users", [{"id": 9}, {"id": 4}])}
    )
    (page,) = read(desk, "teams")
    assert [one.payload["members"] for one in page.records if isinstance(one, RawRecord)] == [[4, 9]]


def test_an_interrupted_walk_goes_on_after_the_inbox_that_it_had() -> None:
    desk = Desk({
        "mailboxes": paged("mailboxes", [{"id": 1}, {"id": 2}]),
        "mailboxes/1/folders": paged("folders", [{"id": 11}]),
        "mailboxes/2/folders": paged("folders", [{"id": 22}]),
    })  # fmt: skip
    first, second = read(desk, "folders")
    assert (ids([first]), ids([second]), second.complete) == (["11"], ["22"], True)
    (rest,) = read(desk, "folders", first.cursor)
    assert (ids([rest]), rest.complete, rest.last) == (["22"], False, True)


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_is_refused_raises_refused(status: int) -> None:
    with pytest.raises(Refused):
        read(Desk({"workflows": httpx.Response(status, json={"message": "no"})}), "workflows")


def test_rows_of_a_child_list_come_once_each() -> None:
    held = [{"id": 1}, {"id": 2}, {"id": 1}]
    assert every_row(Desk({"teams/1/members": paged("users", held)}).session(), "teams/1/members", "users") == [
        {"id": 1}, {"id": 2},
    ]  # fmt: skip


def test_organizations_come_in_an_order_that_visits_do_not_move() -> None:
    desk = Desk({"organizations": paged("organizations", [{"id": 10, "name": "Acme"}])})
    read(desk, "organizations")
    asked = query(desk.seen[0])
    assert (asked["sort"], asked["sortField"], asked["sortOrder"]) == ("name,asc", "name", "asc")


RATED = {"id": 7, "ratingCustomerId": 3, "ratingCreatedAt": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(("code", "label"), [(1, "great"), (2, "ok"), (3, "not-good")])
def test_a_rating_is_what_its_own_code_says_whichever_it_was_asked_for_as(code: int, label: str) -> None:
    report = {"results": [{**RATED, "ratingId": code}], "page": 1, "pages": 1}
    found = [one.payload["rating"] for page in read(Desk({"reports/happiness/ratings": report}), "ratings")
             for one in page.records if isinstance(one, RawRecord)]  # fmt: skip
    assert found == [label] * 3


def test_a_rating_without_a_code_is_what_it_was_asked_for_as() -> None:
    report = {"results": [RATED], "page": 1, "pages": 1}
    desk = Desk({"reports/happiness/ratings": report})
    found = [one.payload["rating"] for page in read(desk, "ratings") for one in page.records
             if isinstance(one, RawRecord)]  # fmt: skip
    assert found == ["great", "ok", "not-good"]
    assert {query(one)["sortField"] for one in desk.seen} == {"number"}
