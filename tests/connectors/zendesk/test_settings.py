"""Credentials, hosts, limits, and what the connector says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.registry import connector, connectors, known_settings
from deskferry.connectors.zendesk import CONNECTOR
from deskferry.connectors.zendesk.limits import BUCKETS, EXPORTS, readings
from deskferry.errors import ConfigError
from deskferry.redaction import Secret
from tests.connectors.zendesk.desk import NOW, connection

TOKEN = Secret("token-123456")


def called(configured: Any, answer: Any = None) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def desk(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer(request) if answer else httpx.Response(200, json={})

    CONNECTOR.session(configured, VirtualClock(NOW), httpx.MockTransport(desk)).get_json("users/me")
    return seen


def test_an_access_token_is_a_bearer() -> None:
    (request,) = called(connection(subdomain="acme", oauth_token=TOKEN))
    assert str(request.url) == "https://acme.zendesk.com/api/v2/users/me"
    assert request.headers["authorization"] == "Bearer token-123456"


def test_an_api_token_is_basic_with_the_address_before_it() -> None:
    (request,) = called(connection(subdomain="acme", email="a@x.org", api_token=TOKEN))
    assert httpx.BasicAuth("a@x.org/token", "token-123456")._auth_header == request.headers["authorization"]


def test_a_client_comes_first_and_its_refresh_token_rotates(tmp_path: Path) -> None:
    configured = connection(
        subdomain="acme", client_id="app", client_secret=Secret("secret-123456"), refresh_token=Secret("first-refresh"),
        email="a@x.org", api_token=TOKEN,
    )  # fmt: skip
    configured = replace(configured, token_file=tmp_path / "tokens.json")
    posted: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/tokens":
            posted.append(json.loads(request.content))
            number = len(posted)
            return httpx.Response(
                200, json={"access_token": f"access-{number}", "refresh_token": f"refresh-{number}", "expires_in": 10}
            )
        return httpx.Response(200, json={})

    assert called(configured, answer)[-1].headers["authorization"] == "Bearer access-1"
    assert called(configured, answer)[-1].headers["authorization"] == "Bearer access-2"
    assert [one["refresh_token"] for one in posted] == ["first-refresh", "refresh-1"]
    assert posted[0]["grant_type"] == "refresh_token"
    assert posted[0]["client_id"] == "app"


def test_logging_in_needs_a_client() -> None:
    assert CONNECTOR.login is not None
    assert CONNECTOR.login.authorize_url(connection()) == "https://acme.zendesk.com/oauth/authorizations/new"
    with pytest.raises(ConfigError, match="OAuth client"):
        CONNECTOR.login.oauth(connection(), VirtualClock(NOW))


@pytest.mark.parametrize("written", ["acme", "ACME", "acme.zendesk.com", "https://acme.zendesk.com/"])
def test_the_subdomain_may_be_written_as_it_is_seen(written: str) -> None:
    configured = connection(subdomain=written, oauth_token=TOKEN)
    assert CONNECTOR.site(configured) == "https://acme.zendesk.com"


def test_base_url_alone_is_enough() -> None:
    configured = connection(base_url="http://127.0.0.1:9", oauth_token=TOKEN)
    assert str(called(configured)[0].url) == "http://127.0.0.1:9/api/v2/users/me"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"subdomain": "acme"}, "credentials are missing"),
        ({"subdomain": "acme", "email": "a@x.org"}, "credentials are missing"),
        ({"subdomain": "acme", "client_id": "x"}, "belong together"),
        ({"oauth_token": TOKEN}, "subdomain"),
        ({"subdomain": "acme", "oauth_tokn": TOKEN}, "oauth_tokn"),
    ],
)
def test_what_is_missing_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        CONNECTOR.session(connection(**settings), VirtualClock(NOW), None)


def test_an_update_conflict_is_tried_again() -> None:
    answers = [httpx.Response(409, json={"error": "UpdateConflict"}), httpx.Response(200, json={"ticket": {"id": 1}})]
    session = CONNECTOR.session(connection(), VirtualClock(NOW), httpx.MockTransport(lambda _request: answers.pop(0)))
    assert session.request_json("PUT", "tickets/1", {"ticket": {}}).status == 200


def test_the_limits_of_account_and_exports_are_read_from_headers() -> None:
    headers = httpx.Headers({
        "X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "692", "ratelimit-reset": "38",
        "Zendesk-RateLimit-incremental-exports": "total=10; remaining=9; resets=38",
    })  # fmt: skip
    found = {one.bucket: (one.limit, one.remaining, one.resets_in) for one in readings(headers, NOW)}
    assert found == {"account": (700, 692, 38), EXPORTS: (10, 9, 38)}
    assert not list(readings(httpx.Headers(), NOW))


@pytest.mark.parametrize(
    ("call", "buckets"),
    [
        (("GET", "/api/v2/incremental/tickets/cursor?start_time=0"), {"account", EXPORTS}),
        (("GET", "/api/v2/incremental/ticket_events?start_time=0"), {"account", EXPORTS}),
        (("GET", "/api/v2/help_center/incremental/articles.json"), {"account"}),
        (("GET", "/api/v2/tickets/1/comments"), {"account"}),
        (("GET", "/attachments/token/x/"), {"attachments"}),
        (("PUT", "/api/v2/tickets/7"), {"account", "ticket_update", "one_ticket_update"}),
    ],
)
def test_calls_count_in_their_buckets(call: tuple[str, str], buckets: set[str]) -> None:
    assert {one.name for one in BUCKETS if one.key(*call) is not None} == buckets


def test_exports_keep_to_their_own_limit() -> None:
    clock = VirtualClock(NOW)
    session = CONNECTOR.session(connection(), clock, httpx.MockTransport(lambda _request: httpx.Response(200, json={})))
    for _ in range(8):
        session.get_json("incremental/tickets/cursor", {"start_time": 0})
    assert 50 < clock.slept < 70  # seven of ten a minute are ours


def test_every_stream_feeds_kinds_and_objects_that_are_mapped() -> None:
    for stream in CONNECTOR.streams:
        for name in stream.objects:
            assert name in CONNECTOR.maps
        made = {table.kind for name in stream.objects for table in CONNECTOR.maps[name].tables}
        assert set(stream.kinds) == made, stream.name
        for kind in stream.kinds:
            assert CONNECTOR.capabilities.ability(kind, "read")


def test_the_registry_knows_the_vendors() -> None:
    assert connector("zendesk") is CONNECTOR
    assert {"zendesk", "freshdesk"} <= {one.name for one in connectors()}
    assert "oauth_token" in known_settings()["zendesk"]
    with pytest.raises(ConfigError, match="zendesk, freshdesk"):
        connector("zendeks")
