"""Lists, what belongs to one parent, files, the account, and how many calls it takes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.contract import BlobRef, Child, Mode, PullRequest, RawRecord, Tombstone
from deskferry.connectors.kit.session import Denied, Gone
from deskferry.connectors.zendesk.streams import LISTINGS, STREAMS
from deskferry.errors import Refused
from deskferry.redaction import Secret
from tests.connectors.zendesk.desk import Desk, connection, ids, pull, source


def paged(name: str, *pages: list[dict[str, Any]]) -> Any:
    def answer(asked: dict[str, str]) -> dict[str, Any]:
        at = int(asked.get("page[after]", "0"))
        more = at + 1 < len(pages)
        return {name: pages[at], "meta": {"has_more": more, "after_cursor": str(at + 1)}, "links": {}}

    return answer


def test_a_list_is_read_whole_by_cursor() -> None:
    desk = Desk(groups=paged("groups", [{"id": 1}], [{"id": 2, "deleted": True}]))
    pages = pull(desk, "groups")
    assert ids(pages) == ["1", "2"]
    assert [page.complete for page in pages] == [False, True]
    assert desk.calls[0][1] == {"page[size]": "100", "exclude_deleted": "false"}
    assert pages[0].cursor == {"after": "1"}


def test_a_list_is_taken_up_where_it_stopped() -> None:
    desk = Desk(groups=paged("groups", [{"id": 1}], [{"id": 2}]))
    pages = pull(desk, "groups", {"after": "1"})
    assert ids(pages) == ["2"]
    assert pages[0].complete


def test_a_list_without_cursors_is_followed_by_link_on_our_own_origin() -> None:
    first = {"ticket_fields": [{"id": 1}], "next_page": "https://acme.zendesk.com/api/v2/ticket_fields.json?page=2"}
    desk = Desk(**{"ticket_fields": first, "ticket_fields.json": {"ticket_fields": [{"id": 2}], "next_page": None}})
    assert ids(pull(desk, "ticket_fields")) == ["1", "2"]
    assert desk.calls == [("ticket_fields", {}), ("ticket_fields.json", {"page": "2"})]


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_that_the_plan_lacks_is_a_note(status: int) -> None:
    for stream in STREAMS:
        if stream.optional and stream.mode is not Mode.CHILD:
            (page,) = pull(Desk(**{stream.path: status}), stream.name)
            assert page.records == ()
            assert not page.complete  # nothing counts as gone
            assert stream.name in page.notes[0]


def test_a_refused_list_that_every_account_has_is_an_error() -> None:
    with pytest.raises(Refused, match="groups"):
        pull(Desk(groups=403), "groups")


def test_schedules_bring_their_holidays() -> None:
    desk = Desk(
        **{
            "business_hours/schedules": {"schedules": [{"id": 1}, {"id": 2}]},
            "business_hours/schedules/1/holidays": {"holidays": [{"id": 9, "start_date": "2025-01-01"}]},
            "business_hours/schedules/2/holidays": 403,
        }
    )
    (page,) = pull(desk, "schedules")
    payloads = [record.payload for record in page.records if isinstance(record, RawRecord)]
    assert payloads == [{"id": 1, "holidays": [{"id": 9, "start_date": "2025-01-01"}]}, {"id": 2}]


def rating(number: int, updated: str) -> dict[str, Any]:
    return {"id": number, "updated_at": updated}


def test_ratings_go_on_from_the_last_change_that_was_seen() -> None:
    first = [rating(1, "2025-02-01T00:00:00Z")]
    second = [rating(2, "2025-01-01T00:00:00Z")]
    desk = Desk(satisfaction_ratings=paged("satisfaction_ratings", first, second))
    pages = pull(desk, "satisfaction_ratings")
    assert ids(pages) == ["1", "2"]
    assert pages[0].cursor == {"start": 0, "high": 1738368000, "after": "1"}
    assert pages[1].cursor == {"start": 1738368000}
    assert ids(pull(desk, "satisfaction_ratings", pages[0].cursor)) == ["2"]
    pull(desk, "satisfaction_ratings", pages[1].cursor)
    assert desk.calls[-2][1]["start_time"] == "1738368000"


def test_ratings_that_come_again_from_a_later_time_are_no_page_that_repeats() -> None:
    """Two pulls of one session: what was changed last comes again, and it may be all there is."""
    reading = source(Desk(satisfaction_ratings=paged("satisfaction_ratings", [rating(1, "2025-02-01T00:00:00Z")])))
    (first,) = reading.pages("satisfaction_ratings", PullRequest(None))
    (again,) = reading.pages("satisfaction_ratings", PullRequest(first.cursor))
    assert ids([first]) == ids([again]) == ["1"]


# --------------------------------------------------------------------------------------------------------- help centre

ARTICLES, SEGMENTS = "help_center/incremental/articles.json", "help_center/user_segments.json"


def article(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "updated_at": "2025-02-01T00:00:00Z", "source_locale": "en-us", **more}


def test_articles_end_when_the_last_page_comes_again() -> None:
    link = "https://acme.zendesk.com/api/v2/help_center/incremental/articles.json?start_time=1738368000"
    body = {"articles": [article(1, translations=[])], "next_page": link}
    desk = Desk(**{ARTICLES: lambda _: dict(body), SEGMENTS: {"user_segments": []}})
    pages = pull(desk, "articles")
    assert ids(pages) == ["1"]
    assert pages[-1].cursor == {"start": 1738368000}
    assert desk.count(ARTICLES) == 3  # what comes again is asked for once more: it might have come from a cache
    assert desk.calls[1][1] == {"include": "translations", "per_page": "100", "start_time": "0"}


def test_articles_name_their_segments_and_what_is_still_to_be_read() -> None:
    segments = [{"id": 5, "user_type": "staff"}, {"id": 6, "user_type": "signed_in_users"}]
    told, untold = article(1, user_segment_id=5, translations=[]), article(2)
    body = {"articles": [told, untold], "next_page": None}
    (page,) = pull(Desk(**{ARTICLES: body, SEGMENTS: {"user_segments": segments}}), "articles")
    payloads = [record.payload for record in page.records if isinstance(record, RawRecord)]
    assert payloads[0]["user_segments"] == [segments[0]]
    assert "user_segments" not in payloads[1]
    assert page.children == (
        Child("article_attachments", "1"),
        Child("article_attachments", "2"),
        Child("translations", "2", {"locale": "en-us"}),
    )


def test_translations_leave_out_the_articles_own_language() -> None:
    rows = [{"id": 1, "locale": "en-us", "source_id": 2}, {"id": 3, "locale": "de", "source_id": 2}]
    desk = Desk(**{"help_center/articles/2/translations.json": {"translations": rows}})
    page = source(desk).child("translations", Child("translations", "2", {"locale": "en-us"}))
    assert ids([page]) == ["3"]


def test_files_of_an_article() -> None:
    desk = Desk(**{"help_center/articles/2/attachments.json": {"article_attachments": [{"id": 8}]}})
    page = source(desk).child("article_attachments", Child("article_attachments", "2"))
    assert page.records == (RawRecord("article_attachment", "8", {"article_id": 2, "id": 8}, "2"),)
    gone = source(Desk()).child("article_attachments", Child("article_attachments", "3"))
    assert gone.records == (Tombstone("article", "3", "404"),)


# ----------------------------------------------------------------------------------------------------------- one ticket


def one_ticket(**more: Any) -> Desk:
    return Desk(
        **{
            "tickets/42/comments": paged("comments", [{"id": 1}], [{"id": 2}]),
            "tickets/42/audits": {"audits": [{"id": 9, "ticket_id": 42, "events": []}], "next_page": None, "count": 1},
            **more,
        }
    )


def test_a_ticket_is_read_with_all_its_comments_and_audits() -> None:
    desk = one_ticket()
    page = source(desk).child("comments", Child("comments", "42", {"short": True}))
    assert [record.object for record in page.records] == ["audit", "comment", "comment"]
    assert ids([page]) == ["9", "1", "2"]
    comment = page.records[1]
    assert isinstance(comment, RawRecord)
    assert (comment.payload, comment.parent_id) == ({"ticket_id": 42, "id": 1}, "42")
    assert desk.calls[0][1] == {"include_inline_images": "true", "page[size]": "100"}


def test_a_ticket_whose_comments_were_changed_costs_no_audits() -> None:
    desk = one_ticket()
    page = source(desk).child("comments", Child("comments", "42", {"history": False}))
    assert {record.object for record in page.records} == {"comment"}
    assert desk.count("tickets/42/audits") == 0


def test_a_ticket_that_is_gone_is_a_tombstone() -> None:
    for stream in ("comments", "audits"):
        page = source(Desk()).child(stream, Child(stream, "42"))
        assert page.records == (Tombstone("ticket", "42", "404"),)


def test_audits_that_may_not_be_read_are_a_note() -> None:
    page = source(one_ticket(**{"tickets/42/audits": 403})).child("comments", Child("comments", "42"))
    assert [record.object for record in page.records] == ["comment", "comment"]
    assert "audits" in page.notes[0]


# ---------------------------------------------------------------------------------------------------------------- files


class Files:
    """A desk whose files lie elsewhere."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bool]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((request.url.host, request.url.path, "authorization" in request.headers))
        if request.url.host == "files.example":
            return httpx.Response(200, content=b"bytes")
        if request.url.path.startswith("/attachments/token/moved"):
            return httpx.Response(302, headers={"location": "https://files.example/x"})
        if request.url.path.startswith("/attachments/token/here"):
            return httpx.Response(200, content=b"here")
        return httpx.Response(404 if "gone" in request.url.path else 403)


def fetched(desk: Files, url: str, **settings: Any) -> bytes:
    configured = connection(oauth_token=Secret("token-123456"), **settings) if settings else connection()
    with source(desk, configured).blob(BlobRef("old:attachment:1", url, 4)) as chunks:
        return b"".join(chunks)


def test_credentials_go_to_the_own_host_and_not_along_a_redirect() -> None:
    desk = Files()
    assert fetched(desk, "https://acme.zendesk.com/attachments/token/moved/?name=a") == b"bytes"
    assert desk.seen == [("acme.zendesk.com", "/attachments/token/moved/", True), ("files.example", "/x", False)]


def test_a_file_named_by_its_path_lies_on_the_own_host() -> None:
    desk = Files()
    assert fetched(desk, "/attachments/token/here/?name=a") == b"here"
    assert desk.seen[0][0] == "acme.zendesk.com"


def test_the_vendors_host_is_called_on_base_url() -> None:
    desk = Files()
    url = "https://whatever.zendesk.com/attachments/token/here/?name=a"
    assert fetched(desk, url, base_url="http://127.0.0.1:8123") == b"here"
    assert desk.seen == [("127.0.0.1", "/attachments/token/here/", True)]


def test_a_foreign_file_is_fetched_without_credentials() -> None:
    desk = Files()
    assert fetched(desk, "https://files.example/x") == b"bytes"
    assert desk.seen == [("files.example", "/x", False)]


def test_files_that_are_gone_or_refused_are_told_apart() -> None:
    with pytest.raises(Gone):
        fetched(Files(), "https://acme.zendesk.com/attachments/token/gone/")
    with pytest.raises(Denied):
        fetched(Files(), "https://acme.zendesk.com/attachments/token/refused/")


# -------------------------------------------------------------------------------------------------------------- account


def me(**more: Any) -> dict[str, Any]:
    url = "https://acme.zendesk.com/api/v2/users/1.json"
    return {"user": {"id": 1, "url": url, "email": "a@x.org", "role": "admin", "ticket_restriction": None, **more}}


def test_who_we_are() -> None:
    desk = Desk(**{"users/me": me(), "oauth/tokens/current": {"token": {"id": 3, "scopes": ["read"]}}})
    found = source(desk).account()
    assert (found.id, found.name, found.user, found.role) == ("acme.zendesk.com", "acme", "a@x.org", "admin")
    assert found.scopes == ("read",)
    assert found.limits == {"account": 700.0}
    assert found.hides == ()


def test_the_account_is_known_behind_a_proxy() -> None:
    configured = connection(oauth_token=Secret("token-123456"), base_url="http://127.0.0.1:8123")
    desk = Desk(**{"users/me": me(), "oauth/tokens/current": 404})
    assert source(desk, configured).account().id == "acme.zendesk.com"


def test_an_api_token_has_no_scopes_to_ask_for() -> None:
    desk = Desk(**{"users/me": me()})
    source(desk, connection(subdomain="acme", email="a@x.org", api_token=Secret("token-123456"))).account()
    assert desk.calls == [("users/me", {})]


def test_what_a_role_hides_is_said() -> None:
    agent = me(role="agent", ticket_restriction="groups")
    scopes = {"token": {"scopes": ["tickets:read"]}}
    hides = source(Desk(**{"users/me": agent, "oauth/tokens/current": scopes})).account().hides
    assert len(hides) == 3
    assert "administrator" in hides[0]
    assert "groups" in hides[1]
    assert "tickets:read" in hides[2]


@pytest.mark.parametrize(
    "answer", [me(id=None), {"user": {}}, httpx.Response(401, json={"error": "Couldn't authenticate you"})]
)
def test_bad_credentials_are_refused(answer: Any) -> None:
    with pytest.raises(Refused, match="credentials"):
        source(Desk(**{"users/me": answer})).account()


# ---------------------------------------------------------------------------------------------------------------- calls


def test_an_account_costs_its_fixed_calls_and_the_pages_of_its_exports() -> None:
    """The formula of docs/vendors/zendesk.md, for a small account: one call a list, and nothing a ticket."""
    answers: dict[str, Any] = {one.path: {one.envelope: [], "meta": {"has_more": False}} for one in LISTINGS.values()}
    answers |= {
        "incremental/tickets/cursor": {"tickets": [{"id": 1}], "after_cursor": "c", "end_of_stream": True},
        "incremental/users/cursor": {"users": [], "identities": [], "after_cursor": "c", "end_of_stream": True},
        "incremental/organizations": {"organizations": [], "end_time": None, "end_of_stream": True},
        "incremental/ticket_events": {"ticket_events": [], "end_time": 5, "end_of_stream": True},
        "incremental/ticket_metric_events": {"ticket_metric_events": [], "end_time": None, "end_of_stream": True},
        "satisfaction_ratings": {"satisfaction_ratings": [], "meta": {"has_more": False}},
        SEGMENTS: {"user_segments": []},
        ARTICLES: {"articles": [], "next_page": None},
    }
    desk = Desk(**answers)
    reading = source(desk)
    for stream in reading.streams():
        if stream.mode is not Mode.CHILD:
            list(reading.pages(stream.name, PullRequest(None)))
    assert len(desk.calls) == len([one for one in STREAMS if one.mode is not Mode.CHILD]) + 1  # the user segments
    assert len(desk.calls) == 27


def test_the_estimate_asks_three_counters() -> None:
    desk = Desk(**{f"{name}/count": {"count": {"value": 2500}} for name in ("tickets", "users")})
    found = {one.stream: one for one in source(desk).estimate()}
    assert (found["tickets"].rows, found["tickets"].calls) == (2500, 3)
    assert found["organizations"].rows is None
    assert [path for path, _ in desk.calls] == ["tickets/count", "users/count", "organizations/count"]
