"""Reading: who we are, windows, passes, files. Tickets that are read whole have a file of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from fd_account import CONNECTION, NOW, ORIGIN, Desk, answered, paged, query

from deskferry.connectors.freshdesk import CONNECTOR, scan
from deskferry.connectors.freshdesk.api import FreshdeskSource
from deskferry.connectors.freshdesk.limits import BUCKETS, plan_limits, price
from deskferry.connectors.freshdesk.streams import STREAMS
from deskferry.connectors.kit.capabilities import Support
from deskferry.connectors.kit.contract import BlobRef, Child, Page, PullRequest, RawRecord
from deskferry.connectors.kit.session import Denied, Gone
from deskferry.errors import Refused, Stopped

OLD = int(NOW) - 1_000_000


def stamp(seconds: int) -> str:
    return datetime.fromtimestamp(OLD + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket(number: int, seconds: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "updated_at": stamp(seconds), "subject": f"t{number}", "source": 2, **more}


class Tickets:
    """`GET /tickets` as the vendor answers it: 30 days without `updated_since`, its order, three lists, page 300."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = query(request)
        self.asked.append(asked)
        if int(asked["page"]) > 300:
            return answered({"description": "Validation failed"}, 400)
        wanted = asked.get("filter", "live")
        include = "stats" if wanted == "live" else "description,stats"
        assert (asked["order_by"], asked["order_type"], asked["include"]) == ("updated_at", "asc", include)
        found = [
            row
            for row in self.rows
            if row.get("list", "live") == wanted and row["updated_at"] >= asked["updated_since"]
        ]
        found.sort(key=lambda row: (row["updated_at"], row["id"]))
        return paged(found)(request)


def read(desk: Desk, stream: str, cursor: Any = None, **more: Any) -> list[Page]:
    return list(desk.source().pages(stream, PullRequest(cursor, **more)))


def ids(pages: list[Page]) -> list[str]:
    return [record.source_id for page in pages for record in page.records]


def named(pages: list[Page]) -> list[str]:
    """Return the tickets that pages of the list have read whole."""
    assert not ids(pages)
    assert {child.stream for page in pages for child in page.children} <= {"whole_tickets"}
    return [child.parent for page in pages for child in page.children]


def test_who_we_are() -> None:
    desk = Desk(
        {
            "GET agents/me": answered(
                {"id": 6001, "type": "support_agent", "ticket_scope": 1, "contact": {"email": "ann@desk.example"}},
                **{"X-RateLimit-Total": "400.0"},
            ),
            "GET account": answered({"account_id": 5, "account_name": "Acme", "tier_type": "Pro"}),
        }
    )
    account = desk.source().account()
    assert (account.id, account.name, account.user, account.plan, account.hides) == (
        "5",
        "Acme",
        "ann@desk.example",
        "Pro",
        (),
    )
    assert account.limits == {
        "account": 400.0, "ticket_create": 160.0, "ticket_update": 160.0, "ticket_list": 100.0, "contact_list": 100.0,
    }  # fmt: skip


def test_a_restricted_role_says_what_it_hides() -> None:
    desk = Desk(
        {
            "GET agents/me": answered({"id": 6001, "ticket_scope": 3, "contact": {"name": "Ann"}}),
            "GET account": answered({"code": "access_denied"}, 403),
        }
    )
    account = desk.source().account()
    assert account.id == ORIGIN
    assert len(account.hides) == 2
    with pytest.raises(Refused, match="belongs to no agent"):
        Desk().source().account()


def test_a_wrong_key_is_refused() -> None:
    desk = Desk({"GET agents/me": answered({"code": "invalid_credentials", "message": "no"}, 401)})
    with pytest.raises(Refused):
        desk.source().account()


def test_limits_of_unknown_plans_are_not_guessed() -> None:
    assert plan_limits(None) == {}
    assert plan_limits(50.0) == {"account": 50.0}
    assert BUCKETS[0].name == "account"


@pytest.mark.parametrize(
    ("target", "cost"),
    [
        ("/api/v2/tickets?include=description,stats&page=1", 5.0),
        ("/api/v2/tickets?include=stats", 3.0),
        ("/api/v2/tickets/1?include=conversations", 2.0),  # "will consume two API calls"
        ("/api/v2/tickets/1?include=conversations,stats", 3.0),
        ("/api/v2/tickets/1?include=stats", 2.0),
        ("/api/v2/tickets/1/conversations?page=1", 1.0),
        ("/api/v2/contacts", 1.0),
    ],
)
def test_includes_cost_credits(target: str, cost: float) -> None:
    assert price("GET", target) == cost


# ------------------------------------------------------------------------------------------------------------- tickets


def test_tickets_come_in_three_passes_with_their_children() -> None:
    rows = [ticket(1, 0), ticket(2, 5, list="deleted"), ticket(3, 9, list="spam"), ticket(4, 7)]
    desk = Desk({"GET tickets": Tickets(rows)})
    pages = read(desk, "tickets")
    assert named(pages) == ["1", "4", "2", "3"]
    assert [page.last for page in pages] == [False, False, True]
    assert [query(request).get("filter") for request in desk.seen] == [None, "deleted", "spam"]


def test_many_tickets_are_read_once_each_without_a_second_page_where_times_differ() -> None:
    tickets = Tickets([ticket(number, number * 10) for number in range(1, 1001)])
    pages = read(Desk({"GET tickets": tickets}), "tickets")
    assert named(pages) == [str(number) for number in range(1, 1001)]
    assert {asked["page"] for asked in tickets.asked} == {"1"}
    assert len(tickets.asked) <= 2 + 11


def test_one_second_with_many_changes_is_paged() -> None:
    rows = [ticket(1, 0)] + [ticket(number, 10) for number in range(2, 352)] + [ticket(400, 20)]
    tickets = Tickets(rows)
    pages = read(Desk({"GET tickets": tickets}), "tickets")
    assert sorted(map(int, named(pages))) == [*range(1, 352), 400]
    assert len(named(pages)) == 352
    assert max(int(asked["page"]) for asked in tickets.asked) == 4


def test_more_changes_in_one_second_than_the_vendor_shows_are_told() -> None:
    rows = [ticket(number, 10) for number in range(1, 402)] + [ticket(999, 20)]
    tickets = Tickets(rows)
    original = scan.LAST_PAGE
    scan.LAST_PAGE = 3
    try:
        pages = read(Desk({"GET tickets": tickets}), "tickets")
    finally:
        scan.LAST_PAGE = original
    assert [note for page in pages for note in page.notes]
    assert "999" in named(pages)


def test_a_second_pull_fetches_only_what_changed() -> None:
    rows = [ticket(number, number * 7) for number in range(1, 151)]
    tickets = Tickets(rows)
    cursor = read(Desk({"GET tickets": tickets}), "tickets")[-1].cursor
    tickets.asked.clear()
    assert named(read(Desk({"GET tickets": tickets}), "tickets", cursor)) == []
    assert len(tickets.asked) == 3
    rows[3] = ticket(4, 5000)
    rows.append(ticket(200, 5001))
    rows[9] = ticket(10, 6000, list="deleted")
    again = read(Desk({"GET tickets": tickets}), "tickets", cursor)
    assert sorted(named(again)) == ["10", "200", "4"]


def test_a_late_record_and_a_change_within_the_same_second_are_seen() -> None:
    recent = int(NOW) - OLD
    rows = [ticket(1, recent - 30), ticket(2, recent)]
    tickets = Tickets(rows)
    cursor = read(Desk({"GET tickets": tickets}), "tickets")[-1].cursor
    rows.append(ticket(3, recent - 20))  # written late, with an earlier time
    assert sorted(named(read(Desk({"GET tickets": tickets}), "tickets", cursor))) == [
        "2",
        "3",
    ]  # 2 may have changed again


def test_every_page_can_be_the_last_before_a_crash() -> None:
    rows = [ticket(number, number // 3) for number in range(1, 260)] + [ticket(300, 50, list="deleted")]
    everything = {str(row["id"]) for row in rows}
    whole = read(Desk({"GET tickets": Tickets(rows)}), "tickets")
    for stopped_after in range(len(whole)):
        seen: set[str] = set()
        cursor = None
        for _ in range(50):
            last = False
            for number, page in enumerate(
                Desk({"GET tickets": Tickets(rows)}).source().pages("tickets", PullRequest(cursor))
            ):
                seen |= {child.parent for child in page.children}
                cursor, last = page.cursor, page.last
                if number == stopped_after:
                    break
            if last:
                break
        assert seen == everything


def test_edits_while_we_read_arrive() -> None:
    rows = [ticket(number, number * 10) for number in range(1, 301)]
    tickets = Tickets(rows)

    def editing(request: httpx.Request) -> httpx.Response:
        answer = tickets(request)
        if len(tickets.asked) == 1:
            rows[4] = ticket(5, 9000)  # moves everything after it one place forward
        return answer

    found = named(read(Desk({"GET tickets": editing}), "tickets"))
    assert set(found) == {str(number) for number in range(1, 301)}
    assert found.count("5") == 2


def test_since_begins_there() -> None:
    tickets = Tickets([ticket(1, 0), ticket(2, 500)])
    assert named(read(Desk({"GET tickets": tickets}), "tickets", since=stamp(100))) == ["2"]


# ------------------------------------------------------------------------------------------------------------ contacts


def contacts(rows: list[dict[str, Any]], knows: str = "_updated_since") -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = query(request)
        if any(name in asked and name != knows for name in ("_updated_since", "updated_since")):
            return answered({"description": "Validation failed"}, 400)
        since = asked.get(knows, "")
        found = [
            row
            for row in sorted(rows, key=lambda row: row["name"])
            if row.get("state", "") == asked.get("state", "") and row["updated_at"] >= since
        ]
        return paged(found)(request)

    return answer


def person(number: int, seconds: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"p{number:04}", "updated_at": stamp(seconds), **more}


def people(pages: list[Page]) -> list[str]:
    """Return the contacts that pages of the list have read whole."""
    assert not ids(pages)
    assert {child.stream for page in pages for child in page.children} <= {"contacts"}
    return [child.parent for page in pages for child in page.children]


def test_contacts_come_in_three_passes_and_then_by_their_change() -> None:
    rows = [person(number, number) for number in range(1, 151)] + [
        person(900, 1, state="deleted"),
        person(901, 1, state="blocked"),
    ]
    desk = Desk({"GET contacts": contacts(rows)})
    pages = read(desk, "contacts")
    assert sorted(map(int, people(pages))) == [*range(1, 151), 900, 901]
    assert len(desk.seen) == 4
    cursor = pages[-1].cursor
    later = int(NOW) - OLD + 5
    rows[0] = person(1, later)
    again = Desk({"GET contacts": contacts(rows)})
    assert people(read(again, "contacts", cursor)) == ["1"]
    assert len(again.seen) == 3


def test_the_other_spelling_of_the_filter_is_tried_once() -> None:
    desk = Desk({"GET contacts": contacts([person(1, 0)], knows="updated_since")})
    assert people(read(desk, "contacts", {"since": stamp(-5)})) == ["1"]
    assert len(desk.seen) == 4


def test_a_contact_deleted_while_we_read_has_the_live_ones_read_again() -> None:
    rows = [person(number, 0) for number in range(1, 251)]
    answer = contacts(rows)
    count = 0

    def deleting(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        found = answer(request)
        if count == 1:
            rows[0] = person(1, int(NOW) - OLD + 60, state="deleted")
        return found

    pages = read(Desk({"GET contacts": deleting}), "contacts")
    assert set(people(pages)) == {str(number) for number in range(1, 251)}
    assert [page.last for page in pages].count(True) == 1


def test_a_contact_that_comes_again_as_it_was_is_not_read_again() -> None:
    now = int(NOW) - OLD
    rows = [person(1, now - 30), person(2, now - 1), person(3, 0)]
    desk = Desk({"GET contacts": contacts(rows)})
    cursor = read(desk, "contacts")[-1].cursor
    assert cursor is not None
    assert people(read(desk, "contacts", cursor)) == ["2"]  # its second may still gain changes
    desk.clock.sleep(30)
    cursor = read(desk, "contacts", cursor)[-1].cursor
    assert people(read(desk, "contacts", cursor)) == []
    rows[1]["state"] = "blocked"
    assert people(read(desk, "contacts", cursor)) == ["2"]


def test_a_contact_without_a_time_is_read_each_time() -> None:
    rows = [{key: value for key, value in person(1, 0).items() if not key.endswith("_at")}, person(2, 0)]
    desk = Desk({"GET contacts": lambda _request: answered(rows)})
    assert set(people(read(desk, "contacts"))) == {"1", "2"}


def whole(desk: Desk, **listed: Any) -> Page:
    return desk.source().child("contacts", Child("contacts", "1", {"listed": {"id": 1, "name": "Zoë", **listed}}))


def payload(page: Page) -> dict[str, Any]:
    (record,) = page.records
    assert isinstance(record, RawRecord)
    return record.payload


def test_a_contact_is_what_its_view_and_the_list_tell() -> None:
    desk = Desk({"GET contacts/1": answered({"id": 1, "name": "Zoë M", "tags": ["vip"], "other_companies": []})})
    assert payload(whole(desk, blocked=True, csat_rating=103, other_companies=[7])) == {
        "id": 1, "name": "Zoë M", "tags": ["vip"], "other_companies": [], "blocked": True, "csat_rating": 103,
    }  # fmt: skip


@pytest.mark.parametrize(("status", "notes"), [(403, 1), (404, 0), (405, 1)])
def test_a_contact_whose_view_is_refused_is_what_the_list_told(status: int, notes: int) -> None:
    page = whole(Desk({"GET contacts/1": httpx.Response(status)}), deleted=True)
    assert payload(page) == {"id": 1, "name": "Zoë", "deleted": True}
    assert len(page.notes) == notes


def test_a_contact_that_became_an_agent_is_left_to_the_list_of_agents() -> None:
    page = whole(Desk({"GET agents/1": answered({"id": 1, "contact": {"name": "Zoë"}})}))
    assert (page.records, page.notes) == ((), ())


def test_an_answer_about_somebody_else_stops_the_run() -> None:
    with pytest.raises(Stopped, match="contact 1"):
        whole(Desk({"GET contacts/1": answered({"id": 2})}))


def test_contacts_may_be_read_by_the_list_alone() -> None:
    desk = Desk({"GET contacts": contacts([person(1, 0), person(2, 0, state="blocked")])})
    settings = MappingProxyType({**CONNECTION.settings, "whole_contacts": False})
    pages = list(
        FreshdeskSource(desk.session(), replace(CONNECTION, settings=settings)).pages("contacts", PullRequest(None))
    )
    assert ids(pages) == ["1", "2"]
    assert not any(page.children for page in pages)


# ---------------------------------------------------------------------------------------------------------- other lists


def test_whole_lists_are_complete_unless_they_were_taken_up() -> None:
    desk = Desk({"GET companies": paged([{"id": number} for number in range(1, 251)])})
    pages = read(desk, "companies")
    assert [len(page.records) for page in pages] == [100, 100, 50]
    assert [page.complete for page in pages] == [False, False, True]
    resumed = read(desk, "companies", {"page": 2})
    assert [page.complete for page in resumed] == [False, False]
    assert resumed[-1].last


def test_groups_are_asked_for_their_members() -> None:
    desk = Desk(
        {
            "GET groups": paged([{"id": 1, "name": "a"}, {"id": 2, "name": "b", "agent_ids": [5]}]),
            "GET groups/1": answered({"id": 1, "name": "a", "agent_ids": [7]}),
        }
    )
    (page,) = read(desk, "groups")
    assert [record.payload["agent_ids"] for record in page.records if isinstance(record, RawRecord)] == [[7], [5]]
    assert desk.calls() == ["GET groups", "GET groups/1"]


def test_fields_are_not_paged() -> None:
    desk = Desk({"GET ticket_fields": answered([{"id": 1}])})
    (page,) = read(desk, "ticket_fields")
    assert page.complete
    assert not desk.seen[0].url.query


def test_ratings_that_may_have_changed_since_are_read_again() -> None:
    desk = Desk({"GET surveys/satisfaction_ratings": paged([{"id": 1}])})
    (page,) = read(desk, "satisfaction_ratings")
    assert "created_since" not in query(desk.seen[0])
    read(desk, "satisfaction_ratings", page.cursor)
    assert query(desk.seen[1])["created_since"] == stamp(int(NOW) - OLD - 60 - 30 * 86_400)


def test_ratings_go_on_where_a_pull_stopped() -> None:
    desk = Desk({"GET surveys/satisfaction_ratings": paged([{"id": number} for number in range(1, 151)])})
    first = next(iter(desk.source().pages("satisfaction_ratings", PullRequest({"since": stamp(0)}))))
    rest = read(desk, "satisfaction_ratings", first.cursor)
    assert len(ids(rest)) == 50
    assert {query(request)["created_since"] for request in desk.seen} == {stamp(0)}


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_is_refused_raises_refused(status: int) -> None:
    desk = Desk({"GET time_entries": answered({"code": "require_feature", "message": "no"}, status)})
    with pytest.raises(Refused):
        read(desk, "time_entries")


def test_an_estimate_takes_one_call() -> None:
    desk = Desk({"GET tickets": answered([{"id": 1234}])})
    by_name = {one.stream: one for one in desk.source().estimate()}
    assert (by_name["tickets"].rows, by_name["tickets"].calls, by_name["whole_tickets"].calls) == (1234, 16, 1234)
    assert len(desk.seen) == 1


# ---------------------------------------------------------------------------------------------------------------- files


def chunks(found: Iterator[bytes]) -> bytes:
    return b"".join(found)


def test_a_file_is_read_without_credentials() -> None:
    def store(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        return httpx.Response(200, content=b"bytes")

    desk = Desk({"GET /signed/1": store})
    with desk.source().blob(BlobRef("new:attachment:1", "https://files.example/signed/1", 5, "42")) as found:
        assert chunks(found) == b"bytes"


def test_an_expired_link_is_asked_for_again() -> None:
    fresh = "https://files.example/fresh"
    desk = Desk(
        {
            "GET /stale": httpx.Response(403),
            "GET tickets/42": answered({"id": 42, "attachments": []}),
            "GET tickets/42/conversations": answered([{"id": 7, "attachments": [{"id": 1, "attachment_url": fresh}]}]),
            "GET /fresh": httpx.Response(200, content=b"bytes"),
        }
    )
    with desk.source().blob(BlobRef("new:attachment:1", "https://files.example/stale", 5, "42")) as found:
        assert chunks(found) == b"bytes"


def test_an_expired_link_of_an_archived_ticket_is_asked_for_in_the_archive() -> None:
    fresh = "https://files.example/fresh"
    desk = Desk(
        {
            "GET /stale": httpx.Response(403),
            "GET tickets/archived/42": answered({"id": 42, "attachments": [{"id": 1, "attachment_url": fresh}]}),
            "GET /fresh": httpx.Response(200, content=b"bytes"),
        }
    )
    with desk.source().blob(BlobRef("new:attachment:1", "https://files.example/stale", 5, "42")) as found:
        assert chunks(found) == b"bytes"
    assert desk.calls() == ["GET /stale", "GET tickets/42", "GET tickets/archived/42", "GET /fresh"]


def test_a_file_that_is_gone_or_stays_forbidden_says_so() -> None:
    source = Desk({"GET /stale": httpx.Response(403)}).source()
    with pytest.raises(Denied), source.blob(BlobRef("new:attachment:1", "https://files.example/stale", 5, "42")):
        pass
    with pytest.raises(Gone), source.blob(BlobRef("new:attachment:1", "https://files.example/none", 5, "42")):
        pass


# --------------------------------------------------------------------------------------------------------- capabilities


def test_capabilities_agree_with_the_streams_and_the_destination() -> None:
    capabilities = CONNECTOR.capabilities
    read_kinds = {kind for stream in STREAMS for kind in stream.kinds}
    assert read_kinds == set(capabilities.kinds_of("read"))
    written = set(Desk().destination().written_kinds())
    assert written <= set(capabilities.kinds_of("write"))
    assert capabilities.writes_silently.support is Support.VENDOR_CANNOT
    assert capabilities.list_caps == {"tickets": 30_000}
