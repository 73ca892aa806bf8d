"""Credentials, origins, who we are, people that no list has, files, the knowledge base."""

from __future__ import annotations

import base64
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from deskferry.config import ConnectionConfig
from deskferry.connectors.help_scout.docs import NO_KEY
from deskferry.connectors.help_scout.files import decoded
from deskferry.connectors.help_scout.limits import BUCKETS, price
from deskferry.connectors.help_scout.people import named
from deskferry.connectors.help_scout.settings import HelpScoutSettings
from deskferry.connectors.kit.contract import BlobRef, Child, PullRequest, RawRecord, Tombstone
from deskferry.connectors.kit.session import Denied, Gone
from deskferry.connectors.kit.settings import parse_settings
from deskferry.errors import ConfigError, Refused, Stopped
from deskferry.redaction import Secret
from tests.connectors.help_scout.hs_account import Desk, answered, paged

ME = {"id": 4, "companyId": 408001, "email": "jane@acme.example", "role": "owner"}


def connection(base_url: str | None = None, **settings: Any) -> ConnectionConfig:
    return ConnectionConfig("old", "help_scout", base_url=base_url, settings=MappingProxyType(settings))


# --------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "credentials are missing"),
        ({"app_id": "a"}, "belong together"),
        ({"app_secret": Secret("s-123456")}, "belong together"),
        ({"access_token": Secret("t-123456"), "docs_url": "http://elsewhere.example"}, "plain http"),
        ({"access_token": Secret("t-123456"), "api_key": "x"}, "knows no 'api_key'"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_settings(HelpScoutSettings, connection(**settings))


def test_the_connector_adds_the_paths_to_the_origins() -> None:
    told = {"app_id": "a", "app_secret": Secret("s-123456")}
    plain = parse_settings(HelpScoutSettings, connection(**told))
    assert (plain.origin, plain.token_url, plain.docs_origin) == (
        "https://api.helpscout.net",
        "https://api.helpscout.net/v2/oauth2/token",
        "https://docsapi.helpscout.net",
    )
    away = parse_settings(HelpScoutSettings, connection("http://127.0.0.1:8", **told, docs_url="http://127.0.0.1:9"))
    assert (away.origin, away.token_url, away.docs_origin) == (
        "http://127.0.0.1:8", "http://127.0.0.1:8/v2/oauth2/token", "http://127.0.0.1:9",
    )  # fmt: skip
    alone = parse_settings(HelpScoutSettings, connection("http://127.0.0.1:8", **told))
    assert alone.docs_origin == "http://127.0.0.1:8"  # a recording never leads to the vendor


def test_a_token_is_asked_for_by_client_credentials_and_again_when_it_is_refused() -> None:
    tokens = iter(("first-token", "second-token"))

    def token(request: httpx.Request) -> httpx.Response:
        assert b"grant_type=client_credentials" in request.content
        assert b"client_id=a" in request.content
        return answered({"token_type": "bearer", "access_token": next(tokens), "expires_in": 172800})

    def me(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer second-token"
        return answered(ME) if good else answered({"error": "invalid_token"}, 401)

    desk = Desk({"oauth2/token": token, "users/me": me}, connection(app_id="a", app_secret=Secret("s-123456")))
    assert desk.source().account().user == "jane@acme.example"
    assert desk.paths() == ["/v2/oauth2/token", "/v2/users/me", "/v2/oauth2/token", "/v2/users/me"]


def test_who_we_are() -> None:
    account = Desk({"users/me": answered(ME, **{"X-RateLimit-Limit-Minute": "400"})}).source().account()
    assert (account.id, account.role, account.limits, account.hides) == ("408001", "owner", {"account": 400.0}, ())


def test_a_limited_role_says_what_it_hides() -> None:
    assert Desk({"users/me": {**ME, "role": "user"}}).source().account().hides
    with pytest.raises(Refused, match="belongs to no user"):
        Desk().source().account()


def test_writes_cost_two_calls() -> None:
    assert [price(method, "/v2/tags") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")] == [1, 2, 2, 2, 2]
    assert BUCKETS[0].per_minute == 200


# ---------------------------------------------------------------------------------------------------------- people


def person(object_name: str, **told: Any) -> Child:
    return Child("named_people", f"{object_name}-7", {"object": object_name, "told": {"id": 7, **told}})


def test_a_person_that_is_there_after_all_comes_as_a_record() -> None:
    page = named(Desk({"customers/7": {"id": 7, "firstName": "Zoë"}}).session(), person("customer"))
    assert page.records == (RawRecord("customer", "7", {"id": 7, "firstName": "Zoë"}),)


def test_a_deleted_person_is_kept_with_what_was_told() -> None:
    page = named(Desk().session(), person("user", firstName="Gone"))
    assert page.records == (Tombstone("user", "7", "404", payload={"id": 7, "firstName": "Gone"}),)


def test_a_person_that_may_not_be_read_is_said() -> None:
    page = named(Desk({"users/7": httpx.Response(403)}).session(), person("user"))
    assert page.records == ()
    assert "may not be read" in page.notes[0]


def test_conversations_ask_for_whom_the_store_has_never_heard_of() -> None:
    row = {
        "id": 1, "number": 1, "threads": 0, "_embedded": {"threads": []},
        "primaryCustomer": {"id": 7, "type": "customer", "first": "Zoë", "last": None, "email": "Zoe@X.org"},
        "assignee": {"id": 8, "type": "user", "first": "Ann", "last": "A", "email": "none@nowhere.com"},
    }  # fmt: skip
    desk = Desk({"conversations": paged("conversations", [row], 25)})
    request = PullRequest({"at": "changes", "since": "2025-01-01T00:00:00Z"}, holds=lambda what, _own: what == "user")
    (page,) = desk.source().pages("conversations", request)
    (asked,) = page.children
    assert (asked.parent, asked.args["told"]["_embedded"]) == ("customer-7", {"emails": [{"value": "zoe@x.org"}]})
    unknown = PullRequest({"at": "changes", "since": "2025-01-01T00:00:00Z"})
    (page,) = desk.source().pages("conversations", unknown)
    assert [(one.parent, one.args["told"].get("email")) for one in page.children] == [
        ("customer-7", None), ("user-8", None),
    ]  # fmt: skip


def test_a_conversation_that_counts_no_threads_may_have_some() -> None:
    """The counter leaves out drafts and hidden ones: not listed with it, they are asked for, and not taken as gone."""
    desk = Desk({"conversations": paged("conversations", [{"id": 1, "number": 1, "threads": 0}], 25)})
    request = PullRequest({"at": "changes", "since": "2025-01-01T00:00:00Z"}, holds=lambda _what, _own: True)
    (page,) = desk.source().pages("conversations", request)
    assert [(one.stream, one.parent) for one in page.children] == [("whole_conversations", "1")]
    assert not page.whole


# ----------------------------------------------------------------------------------------------------------- files

REF = BlobRef("old:attachment:9", "https://api.helpscout.net/v2/conversations/1/attachments/9/data", 5, "1")


def read(desk: Desk) -> bytes:
    with desk.source().blob(REF) as chunks:
        return b"".join(chunks)


def test_a_file_is_read_from_the_storage_without_credentials() -> None:
    def stored(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        return httpx.Response(200, content=b"bytes")

    away = httpx.Response(302, headers={"Location": "https://storage.example/x"})
    assert read(Desk({"conversations/1/attachments/9/file": away, "/x": stored})) == b"bytes"


def test_a_file_that_has_no_bytes_of_its_own_comes_as_base64() -> None:
    body = {"data": base64.b64encode(b"bytes").decode()}
    assert read(Desk({"conversations/1/attachments/9/data": body})) == b"bytes"


def test_a_file_that_is_gone_or_forbidden_says_so() -> None:
    with pytest.raises(Gone):
        read(Desk())
    with pytest.raises(Denied):
        read(Desk({"conversations/1/attachments/9/file": httpx.Response(403)}))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 1000])
def test_base64_is_read_in_whatever_pieces_it_comes(size: int) -> None:
    content = bytes(range(256)) * 3
    for text in (base64.b64encode(content), base64.b64encode(content).replace(b"/", b"\\/")):
        body = b'{ "data" : "' + text + b'" }'
        pieces = iter([body[place : place + size] for place in range(0, len(body), size)])
        assert b"".join(decoded(pieces)) == content


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data":"YWJj', b'{"data":"!!!!"}', b"<html>" + b"x" * 70_000])
def test_what_is_no_whole_file_stops_the_run(body: bytes) -> None:
    with pytest.raises(Stopped):
        list(decoded(iter([body])))


# -------------------------------------------------------------------------------------------------- knowledge base


def shelf(key: str, items: list[Any]) -> Any:
    return {key: {"page": 1, "pages": 1, "count": len(items), "items": items}}


def test_without_a_key_the_knowledge_base_is_left_alone_and_said_so() -> None:
    desk = Desk()
    (page,) = desk.source().pages("docs_articles", PullRequest(None))
    assert (page.notes, page.complete, desk.seen) == ((NO_KEY,), False, [])


def test_articles_are_read_with_their_texts_and_not_again_while_nothing_moves() -> None:
    config = connection(access_token=Secret("token-123456"), docs_api_key=Secret("docs-123456"))
    listed = [{"id": "a1", "collectionId": "c1", "status": "published", "updatedAt": None}]
    desk = Desk(
        {
            "collections": shelf("collections", [{"id": "c1", "visibility": "private"}]),
            "collections/c1/articles": lambda _request: answered(shelf("articles", listed)),
            "articles/a1": {"article": {"id": "a1", "text": "<p>Hi</p>"}},
        },
        config,
    )
    pages = list(desk.source().pages("docs_articles", PullRequest(None)))
    (record,) = [one for page in pages for one in page.records]
    assert isinstance(record, RawRecord)
    assert (record.payload["text"], record.payload["collection"]["visibility"]) == ("<p>Hi</p>", "private")
    assert pages[-1].complete
    assert desk.seen[0].headers["authorization"] == "Basic " + base64.b64encode(b"docs-123456:X").decode()
    asked = len(desk.seen)
    (quiet,) = desk.source().pages("docs_articles", PullRequest(None, before=pages[-1].cursor))
    assert (quiet.records, quiet.complete, len(desk.seen) - asked) == ((), False, 2)
    listed[0]["updatedAt"] = "2026-01-01T00:00:00Z"
    again = list(desk.source().pages("docs_articles", PullRequest(None, before=pages[-1].cursor)))
    assert [one.source_id for page in again for one in page.records] == ["a1"]


def test_a_list_of_the_knowledge_base_that_is_short_marks_nothing_as_gone() -> None:
    config = connection(access_token=Secret("token-123456"), docs_api_key=Secret("docs-123456"))
    body = {"collections": {"page": 1, "pages": 1, "count": 5, "items": [{"id": "c1"}]}}
    with pytest.raises(Refused, match="counts 5 and shows 1"):
        list(Desk({"collections": body}, config).source().pages("docs_collections", PullRequest(None)))
