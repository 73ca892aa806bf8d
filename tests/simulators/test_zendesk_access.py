"""Who may ask the Zendesk simulator what, how often, and how tokens come and go."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deskferry.errors import ConfigError
from deskferry.simulators.account import generate
from deskferry.simulators.zendesk import ZendeskDesk
from tests.simulators.zendesk_client import Client, client


@pytest.fixture
def desk() -> Client:
    return client(30)


def bearer(desk: Client, token: str, path: str = "users/me") -> httpx.Response:
    request = desk.http.build_request("GET", f"/api/v2/{path}", headers={"Authorization": f"Bearer {token}"})
    return desk.http.send(request, auth=None)


def grant(desk: Client, **values: Any) -> httpx.Response:
    request = desk.http.build_request("POST", "/oauth/tokens", json=values)
    return desk.http.send(request, auth=None)


def test_wrong_credentials_are_401_and_none_are_anonymous(desk: Client) -> None:
    wrong = httpx.BasicAuth("agent1@acme.example/token", "wrong")
    answer = desk.http.get("/api/v2/users/me", auth=wrong)
    assert (answer.status_code, answer.json()) == (401, {"error": "Couldn't authenticate you"})
    request = desk.http.build_request("GET", "/api/v2/users/me")
    nobody = desk.http.send(request, auth=None)
    assert (nobody.status_code, nobody.json()["user"]["id"]) == (200, None)
    request = desk.http.build_request("GET", "/api/v2/tickets")
    assert desk.http.send(request, auth=None).status_code == 401
    assert desk.json("users/me")["user"]["role"] == "admin"


def test_refresh_tokens_work_once_and_rotate(desk: Client) -> None:
    secrets = desk.desk.credentials()
    client_of = {"client_id": secrets["client_id"], "client_secret": secrets["client_secret"]}
    first = grant(desk, grant_type="refresh_token", refresh_token=secrets["refresh_token"], **client_of)
    assert first.status_code == 200
    pair = first.json()
    assert bearer(desk, pair["access_token"]).json()["user"]["id"]
    again = grant(desk, grant_type="refresh_token", refresh_token=secrets["refresh_token"], **client_of)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    desk.desk.clock.sleep(pair["expires_in"] + 1)
    expired = bearer(desk, pair["access_token"])
    assert (expired.status_code, expired.json()["error"]) == (401, "invalid_token")
    second = grant(desk, grant_type="refresh_token", refresh_token=pair["refresh_token"], **client_of).json()
    assert bearer(desk, second["access_token"]).status_code == 200
    current = bearer(desk, second["access_token"], "oauth/tokens/current").json()["token"]
    assert current["token"] == second["access_token"][:10]


def test_authorization_code_with_pkce(desk: Client) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    where = "http://127.0.0.1:9/back"

    def code(**extra: str) -> dict[str, list[str]]:
        params = {"response_type": "code", "client_id": "deskferry_public", "redirect_uri": where, "scope": "read"}
        answer = desk.http.get("/oauth/authorizations/new", params={**params, "state": "s1", **extra})
        assert answer.status_code == 302
        return parse_qs(urlsplit(answer.headers["Location"]).query)

    assert code()["error"] == ["invalid_request"], "a public client must prove itself"
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    found = code(**asked)
    assert found["state"] == ["s1"]
    values = {"grant_type": "authorization_code", "client_id": "deskferry_public", "redirect_uri": where}
    wrong = grant(desk, **values, code=found["code"][0], code_verifier="w" * 64)
    assert wrong.json()["error"] == "invalid_grant"
    fresh = code(**asked)["code"][0]
    pair = grant(desk, **values, code=fresh, code_verifier=verifier)
    assert pair.json()["scope"] == "read"
    assert grant(desk, **values, code=fresh, code_verifier=verifier).status_code == 400, "a code works once"


def test_client_credentials_have_no_refresh_token(desk: Client) -> None:
    values = {"grant_type": "client_credentials", "client_id": "deskferry", "client_secret": "sim-client-secret"}
    pair = grant(desk, **values, scope="read").json()
    assert "refresh_token" not in pair
    assert grant(desk, **(values | {"client_secret": "x"})).status_code == 401


def test_scopes(desk: Client) -> None:
    token = desk.desk.credentials()["oauth_token"]
    desk.patch("set_scopes", scopes=["tickets:read"])
    assert bearer(desk, token, "tickets").status_code == 200
    assert bearer(desk, token, "organizations").status_code == 403
    assert bearer(desk, token, "tickets/1/audits").status_code == 403, "audits want the global scope"
    desk.patch("set_scopes", scopes=["no_such_thing"])
    assert bearer(desk, token, "tickets").status_code == 403
    desk.patch("set_scopes", scopes=["read"])
    assert bearer(desk, token, "tickets/1/audits").status_code == 200


def test_agents_get_no_exports_and_only_their_tickets() -> None:
    desk = client(120)
    everything = desk.json("tickets/count")["count"]["value"]
    desk.patch("set_role", role="agent")
    assert desk.json("users/me")["user"]["role"] == "agent"
    assert desk.get("incremental/tickets/cursor", start_time=0).status_code == 403
    assert desk.get("slas/policies").status_code == 403
    seen = desk.json("tickets/count")["count"]["value"]
    assert 0 < seen < everything
    assert len(desk.listed("tickets", "tickets")) == seen
    desk.patch("set_role", role="end-user")
    assert desk.get("tickets").status_code == 403


def test_revoked_credentials_and_another_account(desk: Client) -> None:
    desk.patch("account", subdomain="other", id=99)
    assert desk.json("users/me")["user"]["url"].startswith("https://other.zendesk.com/")
    assert desk.json("tickets", per_page=1)["next_page"].startswith("https://other.zendesk.com/")
    assert desk.desk.credentials()["subdomain"] == "other"
    desk.patch("revoke")
    assert desk.get("users/me").status_code == 401


@pytest.mark.parametrize(
    ("plan", "path", "status"),
    [
        ("suite_team", "slas/policies", 403),
        ("suite_team", "ticket_forms", 403),
        ("suite_team", "satisfaction_ratings", 403),
        ("suite_professional", "custom_roles", 403),
        ("suite_enterprise", "custom_roles", 200),
        ("support_essential", "user_fields", 403),
    ],
)
def test_plans_gate_features(plan: str, path: str, status: int) -> None:
    desk = client(20, plan=plan)
    answer = desk.get(path)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["title"] == "Forbidden"


def test_unknown_plans_are_refused() -> None:
    with pytest.raises(ConfigError):
        ZendeskDesk(generate(1, 5), plan="golden")


def test_tickets_of_plans_without_surveys_have_no_rating() -> None:
    assert client(20, plan="suite_team").json("tickets/1")["ticket"]["satisfaction_rating"] is None


def test_exports_are_limited_to_ten_a_minute() -> None:
    desk = client(20, limits=True)
    answers = [desk.get("incremental/tickets/cursor", start_time=0) for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert answers[0].headers["Zendesk-RateLimit-incremental-exports"].startswith("total=10; remaining=9; resets=")
    wait = int(answers[-1].headers["Retry-After"])
    desk.desk.clock.sleep(wait - 1)
    assert desk.get("incremental/users/cursor", start_time=0).status_code == 429, "one limit for all exports"
    desk.desk.clock.sleep(1)
    assert desk.get("incremental/users/cursor", start_time=0).status_code == 200


def test_high_volume_gives_thirty() -> None:
    desk = client(20, limits=True, high_volume=True)
    statuses = [desk.get("incremental/tickets/cursor", start_time=0).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]


def test_account_and_help_centre_have_their_own_buckets() -> None:
    desk = client(20, limits=True, plan="support_essential")
    statuses = [desk.get("groups").status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert desk.get("groups").headers["X-Rate-Limit-Remaining"] == "0"
    assert desk.get("help_center/articles").status_code == 200
    assert desk.get("help_center/articles").headers["ratelimit-remaining"] == "8"
    desk.desk.clock.sleep(61)
    assert desk.get("groups").headers["X-Rate-Limit-Remaining"] == "9"
