"""The exports: what is asked, what comes out, where it goes on after a crash and next time."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.contract import Child, Declared, DeclaredClass, Measure, PullRequest, RawRecord, Tombstone
from deskferry.connectors.kit.paging import PagingLoop
from deskferry.errors import Refused
from tests.connectors.zendesk.desk import NOW, Desk, connection, ids, pull, source

TICKETS, USERS = "incremental/tickets/cursor", "incremental/users/cursor"
EVENTS, ORGANIZATIONS = "incremental/ticket_events", "incremental/organizations"


def ticket(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "status": "open", "updated_at": "2025-01-01T00:00:00Z", **more}


def test_tickets_come_by_cursor_with_their_metric_sets() -> None:
    first = {
        "tickets": [ticket(1, comment_count=3), ticket(2)],
        "metric_sets": [{"id": 9, "ticket_id": 1, "replies": 2}],
        "after_cursor": "c1",
        "end_of_stream": False,
    }
    second = {"tickets": [ticket(3)], "metric_sets": [], "after_cursor": "c2", "end_of_stream": True}
    desk = Desk(**{TICKETS: [first, second]})
    pages = pull(desk, "tickets")
    assert ids(pages) == ["1", "2", "3"]
    assert [page.cursor for page in pages] == [{"cursor": "c1"}, {"cursor": "c2"}]
    record = pages[0].records[0]
    assert isinstance(record, RawRecord)
    assert record.payload["metric_set"]["replies"] == 2
    asked = {"per_page": "1000", "support_type_scope": "all", "include": "metric_sets,comment_count"}
    assert [call for _, call in desk.calls] == [{**asked, "start_time": "0"}, {**asked, "cursor": "c1"}]


def test_tickets_declare_their_comments() -> None:
    body = {
        "tickets": [ticket(1, comment_count=3, metric_set={"replies": 2}), ticket(2)],
        "after_cursor": "c",
        "end_of_stream": True,
    }
    (page,) = pull(Desk(**{TICKETS: body}), "tickets")

    def one(parent: str, measure: Measure, count: int) -> Declared:
        return Declared("comments", "ticket", parent, measure, count, DeclaredClass.BOUND)

    assert page.declared == (
        one("1", Measure.MESSAGES, 3),
        one("1", Measure.AGENT_REPLIES, 2),
        one("1", Measure.OPENING, 1),
        one("2", Measure.OPENING, 1),
    )
    assert page.children == ()


def test_a_deleted_ticket_is_a_tombstone_without_children() -> None:
    gone = ticket(5, status="deleted", subject="SCRUBBED", comment_count=2)
    (page,) = pull(Desk(**{TICKETS: {"tickets": [gone], "after_cursor": "c", "end_of_stream": True}}), "tickets")
    assert page.records == (Tombstone("ticket", "5", "vendor", "2025-01-01T00:00:00Z", gone),)
    assert page.declared == ()


def test_the_next_pull_goes_on_from_the_last_cursor() -> None:
    desk = Desk(**{TICKETS: {"tickets": [], "after_cursor": None, "end_of_stream": True}})
    (page,) = pull(desk, "tickets", {"cursor": "c2"})
    assert desk.calls[0][1]["cursor"] == "c2"
    assert "start_time" not in desk.calls[0][1]
    assert page.cursor == {"cursor": "c2"}


def test_cursors_that_never_end_are_a_fault_and_no_endless_call() -> None:
    """The same rows again and again: with a cursor that leads back, or with a new one each time."""
    numbers = iter(range(100))
    for cursor in (lambda: "c", lambda: f"c{next(numbers)}"):
        desk = Desk(**{TICKETS: lambda _, c=cursor: {"tickets": [ticket(1)], "after_cursor": c()}})
        with pytest.raises(PagingLoop, match="the same page came twice"):
            pull(desk, "tickets")
        assert len(desk.calls) < 10
    # Nothing came, and the cursor stays where it is: that is the end.
    desk = Desk(**{TICKETS: {"tickets": [], "after_cursor": "c", "end_of_stream": False}})
    assert len(pull(desk, "tickets", {"cursor": "c"})) == 1


def test_a_time_export_ends_with_the_newest_minute_whatever_it_says() -> None:
    desk = Desk(**{EVENTS: {"ticket_events": [event(1, NOW)], "end_time": NOW, "end_of_stream": False}})
    pages = pull(desk, "ticket_events")
    assert set(ids(pages)) == {"1"}
    assert len(desk.calls) < 10


@pytest.mark.parametrize(
    ("since", "start"),
    [
        ("2025-02-01T00:00:00Z", 1738368000),
        ("2025-02-01", 1738368000),
        ("2025-02-01T01:00:00+01:00", 1738368000),
        ("2035-01-01T00:00:00Z", NOW - 61),  # the newest minute is withheld, and a later start refused
    ],
)
def test_since_is_where_a_first_pull_begins(since: str, start: int) -> None:
    desk = Desk(**{TICKETS: {"tickets": [], "after_cursor": "c", "end_of_stream": True}})
    pull(desk, "tickets", since=since)
    assert desk.calls[0][1]["start_time"] == str(start)


def test_the_page_size_is_the_users() -> None:
    desk = Desk(**{TICKETS: {"tickets": [], "after_cursor": "c", "end_of_stream": True}, "brands": {"brands": []}})
    small = connection(subdomain="acme", oauth_token=connection().settings["oauth_token"], page_size=7)
    pull(desk, "tickets", configured=small)
    pull(desk, "brands", configured=small)
    assert desk.calls[0][1]["per_page"] == "7"
    assert desk.calls[1][1]["page[size]"] == "7"


def event(number: int, second: int, kind: str = "Change", of: int = 1) -> dict[str, Any]:
    return {"id": number, "ticket_id": of, "timestamp": second, "child_events": [{"id": 1, "event_type": kind}]}


def test_events_come_by_time_with_the_comments() -> None:
    first = {"ticket_events": [event(1, 100)], "end_time": 200, "end_of_stream": False, "count": 1000}
    second = {"ticket_events": [event(1, 100), event(2, 200)], "end_time": 201, "end_of_stream": True, "count": 2}
    desk = Desk(**{EVENTS: [first, second]})
    pages = pull(desk, "ticket_events")
    assert ids(pages) == ["1", "1", "2"]  # duplicates between pages are normal
    assert [page.cursor for page in pages] == [{"start": 200}, {"start": 201}]
    asked = {"per_page": "1000", "support_type_scope": "all", "include": "comment_events"}
    assert [call for _, call in desk.calls] == [{**asked, "start_time": "0"}, {**asked, "start_time": "200"}]
    assert all(isinstance(record, RawRecord) and record.parent_id == "1" for record in pages[0].records)


def test_a_second_that_holds_more_than_a_page_is_no_endless_loop() -> None:
    full = [event(number, 500) for number in range(1000)]
    looping = {"ticket_events": full, "end_time": 500, "end_of_stream": False}
    rest = {"ticket_events": [event(2000, 501)], "end_time": 502, "end_of_stream": True}
    desk = Desk(**{EVENTS: [looping, looping, looping, rest]})
    pages = pull(desk, "ticket_events")
    # The page that is the one before, again, is asked for once more: it might have come from a cache.
    assert [call["start_time"] for _, call in desk.calls] == ["0", "500", "500", "501"]
    assert pages[0].notes == ()
    assert "2" not in ids(pages[2:])
    assert "1970-01-01T00:08:20Z" in pages[1].notes[0]


def test_a_small_page_size_loses_nothing_of_a_full_second() -> None:
    def answer(asked: dict[str, str]) -> dict[str, Any]:
        rows = [event(number, 500 if number < 5 else 501) for number in range(7)]
        rest = [row for row in rows if row["timestamp"] >= int(asked["start_time"])]
        page = rest[: int(asked["per_page"])]
        over = len(page) == len(rest)
        return {"ticket_events": page, "end_time": page[-1]["timestamp"] + over, "end_of_stream": over}

    desk = Desk(**{EVENTS: answer})
    small = connection(subdomain="acme", oauth_token=connection().settings["oauth_token"], page_size=3)
    pages = pull(desk, "ticket_events", configured=small)
    assert set(ids(pages)) == {str(number) for number in range(7)}
    assert not any(page.notes for page in pages)


def test_an_export_that_never_says_that_it_ends_ends_on_an_empty_page() -> None:
    empty = {"ticket_events": [], "end_time": None, "next_page": None}
    (page,) = pull(Desk(**{EVENTS: empty}), "ticket_events", {"start": 700})
    assert page.cursor == {"start": 700}


@pytest.mark.parametrize("kind", ["CommentPrivacyChange", "CommentRedactionEvent", "AttachmentRedactionEvent"])
def test_a_comment_that_was_changed_later_is_read_as_it_is_now(kind: str) -> None:
    rows = [event(1, 1, kind, 42), event(2, 2), event(3, 3, kind, 42)]
    body = {"ticket_events": rows, "end_time": 4, "end_of_stream": True}
    (page,) = pull(Desk(**{EVENTS: body}), "ticket_events")
    assert page.children == (Child("comments", "42", {"history": False}),)


def test_users_bring_their_identities() -> None:
    body = {
        "users": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}],
        "identities": [{"id": 7, "user_id": 2, "type": "email", "value": "b@x.org"}],
        "after_cursor": "u1",
        "end_of_stream": True,
    }
    desk = Desk(**{USERS: body})
    (page,) = pull(desk, "users")
    payloads = [record.payload for record in page.records if isinstance(record, RawRecord)]
    assert [one["identities"] for one in payloads] == [[], body["identities"]]
    assert desk.calls == [(USERS, {"per_page": "1000", "include": "identities", "start_time": "0"})]


def test_a_deleted_organization_is_a_tombstone() -> None:
    gone = {"id": 2, "name": "2_deleted_Nandu", "deleted_at": "2025-01-02T00:00:00Z"}
    body = {"organizations": [{"id": 1, "name": "A", "deleted_at": None}, gone], "end_time": 9, "end_of_stream": True}
    (page,) = pull(Desk(**{ORGANIZATIONS: body}), "organizations")
    assert page.records[1] == Tombstone("organization", "2", "vendor", "2025-01-02T00:00:00Z", gone)


def test_metric_events_come_a_thousand_a_page() -> None:
    body = {"ticket_metric_events": [{"id": 1, "ticket_id": 2}], "end_time": 5, "end_of_stream": True}
    desk = Desk(**{"incremental/ticket_metric_events": body})
    (page,) = pull(desk, "ticket_metric_events")
    assert ids([page]) == ["1"]
    assert desk.calls[0][1] == {"per_page": "1000", "start_time": "0"}


# ------------------------------------------------------------------------------------------- a role without the exports


def listed(*changes: str, **more: Any) -> Desk:
    """A desk whose exports are refused; its tickets were changed on these days of January 2025, two a page."""
    rows = sorted(
        (ticket(int(day), updated_at=f"2025-01-{day}T00:00:00Z") for day in changes), key=lambda row: -row["id"]
    )

    def tickets(asked: dict[str, str]) -> dict[str, Any]:
        at = int(asked.get("page[after]", "0"))
        return {
            "tickets": rows[at : at + 2],
            "metric_sets": [],
            "meta": {"has_more": at + 2 < len(rows), "after_cursor": str(at + 2)},
        }

    return Desk(**{TICKETS: 403, USERS: 403, ORGANIZATIONS: 403, EVENTS: 403, "tickets": tickets, **more})


def test_without_the_export_tickets_are_listed_and_each_is_to_be_read() -> None:
    desk = listed("10", "11", "12")
    pages = pull(desk, "tickets")
    assert ids(pages) == ["12", "11", "10"]
    assert [child for page in pages for child in page.children] == [
        Child("comments", one) for one in ("12", "11", "10")
    ]
    assert "archived and deleted" in pages[0].notes[0]
    assert desk.calls[1][1]["sort"] == "-updated_at"
    assert desk.calls[1][1]["support_type_scope"] == "all"
    assert pages[-1].cursor == {"listed": {"since": "2025-01-12T00:00:00Z"}}
    again = pull(desk, "tickets", pages[0].cursor)  # stopped after the first page
    assert (ids(again), again[-1].cursor) == (["10"], pages[-1].cursor)


def test_a_list_that_stood_in_goes_down_to_where_the_last_one_began() -> None:
    desk = listed("10", "11", "12", "13", "14", "15")
    pages = pull(desk, "tickets", {"listed": {"since": "2025-01-13T00:00:00Z"}})
    assert ids(pages) == ["15", "14", "13"]
    assert pages[-1].cursor == {"listed": {"since": "2025-01-15T00:00:00Z"}}
    assert ids(pull(listed(), "tickets", pages[-1].cursor)) == []


def test_an_export_that_is_permitted_again_takes_over() -> None:
    body = {"tickets": [ticket(1)], "after_cursor": "c", "end_of_stream": True}
    (page,) = pull(listed(**{TICKETS: body}), "tickets", {"listed": {"since": "2025-01-13T00:00:00Z"}})
    assert page.cursor == {"cursor": "c"}
    assert page.children == ()


def test_without_the_export_the_history_is_a_note_and_no_error() -> None:
    (page,) = pull(listed(), "ticket_events")
    assert page.records == ()
    assert "one ticket at a time" in page.notes[0]


def test_without_the_export_users_and_organizations_are_listed() -> None:
    users = {"users": [{"id": 1}], "identities": [], "meta": {"has_more": False}}
    desk = listed(users=users, organizations={"organizations": [{"id": 3}], "meta": {"has_more": False}})
    assert ids(pull(desk, "users")) == ["1"]
    assert ids(pull(desk, "organizations")) == ["3"]


def test_without_export_and_list_the_stream_is_refused() -> None:
    with pytest.raises(Refused, match="tickets"):
        pull(listed(tickets=403), "tickets")


def test_an_api_token_is_said_to_be_on_its_way_out_once() -> None:
    body = {"tickets": [], "after_cursor": "c", "end_of_stream": True}
    desk = Desk(**{TICKETS: body, "brands": {"brands": []}})
    token = connection().settings["oauth_token"]
    old = source(desk, connection(subdomain="acme", email="a@x.org", api_token=token))
    notes = [page.notes for name in ("brands", "tickets") for page in old.pages(name, PullRequest(None))]
    assert "2027-04-30" in notes[0][0]
    assert notes[1] == ()


def test_html_in_place_of_an_export_is_asked_again() -> None:
    good = {"tickets": [ticket(1)], "after_cursor": "c", "end_of_stream": True}
    desk = Desk(**{TICKETS: [httpx.Response(200, html="<h1>Oops</h1>"), httpx.Response(503), good]})
    assert ids(pull(desk, "tickets")) == ["1"]


# --------------------------------------------------------------------------------------------- stopped and begun again


def cursor_export(rows: str, count: int) -> Any:
    def answer(asked: dict[str, str]) -> dict[str, Any]:
        at = int(asked.get("cursor", "0"))
        found = [ticket(number) for number in range(at, min(at + 2, count))]
        return {rows: found, "after_cursor": str(at + len(found)), "end_of_stream": at + 2 >= count}

    return answer


def time_export(rows: str, count: int) -> Any:
    def answer(asked: dict[str, str]) -> dict[str, Any]:
        at = int(asked["start_time"])
        found = [{"id": number, "ticket_id": 1, "child_events": []} for number in range(at, min(at + 2, count))]
        return {rows: found, "end_time": at + len(found), "end_of_stream": at + 2 >= count}

    return answer


def paged_list(rows: str, count: int) -> Any:
    def answer(asked: dict[str, str]) -> dict[str, Any]:
        at = int(asked.get("page[after]", "0"))
        found = [
            {"id": number, "updated_at": f"2025-01-0{number + 1}T00:00:00Z"} for number in range(at, min(at + 2, count))
        ]
        return {rows: found, "meta": {"has_more": at + 2 < count, "after_cursor": str(at + 2)}}

    return answer


def linked(asked: dict[str, str]) -> dict[str, Any]:
    page = int(asked.get("page", "1"))
    path = "/api/v2/help_center/incremental/articles.json"
    link = f"https://acme.zendesk.com{path}?start_time=0&page={page + 1}" if page < 3 else None
    found = [{"id": number, "translations": []} for number in (page * 2, page * 2 + 1)]
    return {"articles": found, "next_page": link}


@pytest.mark.parametrize(
    ("stream", "path", "answer"),
    [
        ("tickets", TICKETS, cursor_export("tickets", 7)),
        ("users", USERS, cursor_export("users", 7)),
        ("ticket_events", EVENTS, time_export("ticket_events", 7)),
        ("organizations", ORGANIZATIONS, time_export("organizations", 7)),
        ("satisfaction_ratings", "satisfaction_ratings", paged_list("satisfaction_ratings", 7)),
        ("groups", "groups", paged_list("groups", 7)),
        ("articles", "help_center/incremental/articles.json", linked),
    ],
)
def test_stopped_after_any_page_a_stream_goes_on_where_it_stopped(stream: str, path: str, answer: Any) -> None:
    desk = Desk(**{path: answer})
    whole = pull(desk, stream)
    assert len(whole) >= 3
    for stop, page in enumerate(whole[:-1], start=1):
        again = pull(desk, stream, page.cursor)
        assert ids(whole[:stop]) + ids(again) == ids(whole)
        assert again[-1].cursor == whole[-1].cursor
        assert again[-1].complete == whole[-1].complete
