"""Tokens, limits, pages, filters and refusals of the Help Scout simulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from deskferry.errors import ConfigError
from deskferry.simulators.help_scout import HelpScoutDesk, build
from deskferry.simulators.help_scout.limits import PLANS
from deskferry.simulators.kernel import Desk, SimClock, VendorErrors
from deskferry.simulators.start import build as start
from tests.simulators.help_scout_client import START, Client

FORM = "application/x-www-form-urlencoded"


def token(desk: Client, **values: str) -> Any:
    credentials = desk.desk.credentials()
    own = {"client_id": credentials["app_id"], "client_secret": credentials["app_secret"], **values}
    answer = desk.send("POST", "/v2/oauth2/token", urlencode(own).encode(), authorization="", content_type=FORM)
    return answer.status, orjson.loads(answer.body)


def test_it_is_a_desk() -> None:
    desk: Desk = start("help_scout", tickets=0)
    assert desk.vendor == "help_scout"
    assert isinstance(desk, VendorErrors)
    assert set(desk.credentials()) == {"app_id", "app_secret", "access_token", "docs_api_key"}
    for wrong in ({"wrong_one": 1}, {"plan": "gold"}):
        with pytest.raises(ConfigError):
            HelpScoutDesk(SimClock(START), **wrong)
    with pytest.raises(ConfigError):
        desk.patch({"op": "dance"})


def test_client_credentials_last_two_days_and_cannot_be_renewed() -> None:
    desk = Client()
    status, reply = token(desk, grant_type="client_credentials")
    assert (status, reply["token_type"], reply["expires_in"], "refresh_token" in reply) == (
        200,
        "bearer",
        172_800,
        False,
    )
    desk.auth = f"Bearer {reply['access_token']}"
    desk.desk.clock.sleep(172_799)
    assert desk.send("GET", "/users/me").status == 200
    desk.desk.clock.sleep(1)
    assert desk.send("GET", "/users/me").status == 401
    assert token(desk, grant_type="client_credentials")[0] == 200


def test_tokens_are_given_for_json_too_and_refused_without_the_secret() -> None:
    desk = Client()
    assert token(desk, grant_type="client_credentials", client_secret="no")[0] == 401
    assert token(desk, grant_type="password")[0] == 400
    credentials = desk.desk.credentials()
    body = {
        "grant_type": "client_credentials",
        "client_id": credentials["app_id"],
        "client_secret": credentials["app_secret"],
    }
    assert desk.send("POST", "/v2/oauth2/token", body, authorization="").status == 200


def test_a_refresh_token_is_used_once() -> None:
    desk = Client()
    status, first = token(desk, grant_type="authorization_code", code="sim-authorization-code")
    assert status == 200
    assert token(desk, grant_type="authorization_code", code="sim-authorization-code")[0] == 400
    status, second = token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert token(desk, grant_type="refresh_token", refresh_token=first["refresh_token"])[0] == 400


@pytest.mark.parametrize("change", [{"op": "expire_tokens"}, {"op": "revoke"}])
def test_a_token_can_die_in_the_middle(change: dict[str, str]) -> None:
    desk = Client()
    assert desk.send("GET", "/conversations").status == 200
    desk.desk.patch(change)
    assert desk.send("GET", "/conversations").status == 401
    assert token(desk, grant_type="client_credentials")[0] == (401 if change["op"] == "revoke" else 200)


def test_calls_a_minute_by_plan_and_writes_count_twice() -> None:
    for plan, total in PLANS.items():
        desk = Client(plan=plan)
        for _ in range(total):
            assert desk.send("GET", "/users/me").status == 200
        desk.desk.clock.sleep(20)
        refused = desk.send("GET", "/users/me")
        assert (refused.status, orjson.loads(refused.body)) == (429, {"message": "API rate limit exceeded"})
        assert refused.headers["X-RateLimit-Retry-After"] == "40"
        assert "Retry-After" not in refused.headers
        desk.desk.clock.sleep(40)
        assert desk.send("GET", "/users/me").headers["X-RateLimit-Remaining-Minute"] == str(total - 1)
        desk.send("PATCH", "/conversations/1", {})
        assert desk.last.headers["X-RateLimit-Remaining-Minute"] == str(total - 3)
        assert desk.last.headers["X-RateLimit-Limit-Minute"] == str(total)
    desk.desk.patch({"op": "settings", "plan": "standard"})
    assert desk.send("GET", "/users/me").headers["X-RateLimit-Limit-Minute"] == "200"


def test_a_burst_of_writes_can_be_limited() -> None:
    desk = Client(burst=12)
    statuses = [desk.send("PATCH", "/conversations/1", {}).status for _ in range(13)]
    assert statuses == [404] * 12 + [429]
    assert desk.send("GET", "/users/me").status == 200
    assert desk.last.headers.get("X-RateLimit-Retry-After") is None


def test_the_docs_api_has_a_limit_of_its_own() -> None:
    desk = Client(plan="standard")
    for _ in range(2000):
        assert desk.send("GET", "/v1/sites").status == 200
    assert desk.send("GET", "/v1/sites").status == 429
    assert desk.last.headers["X-RateLimit-Remaining"] == "0"
    assert desk.send("GET", "/users/me").status == 200
    desk.desk.clock.sleep(600)
    assert desk.send("GET", "/v1/sites").status == 200


def test_refusals_are_worded_as_the_vendor_does() -> None:
    desk = Client()
    gone = desk.send("GET", "/conversations/1")
    assert (gone.status, set(orjson.loads(gone.body))) == (404, {"logRef", "message", "_links"})
    bad = desk.send("POST", "/conversations", {})
    assert (bad.status, bad.headers["Content-Type"]) == (400, "application/vnd.error+json")
    body = orjson.loads(bad.body)
    assert (body["message"], body["_embedded"]["errors"][0]["message"]) == ("Validation failed", "may not be empty")
    assert desk.send("GET", "/nowhere").status == 404
    assert desk.send("DELETE", "/users/me").status == 405
    assert desk.send("POST", "/conversations", b"<x/>", content_type="text/xml").status == 415
    assert desk.send("POST", "/conversations", b"{nope").status == 400
    assert desk.desk.error(429).headers["X-RateLimit-Retry-After"] == "30"
    assert (
        desk.send("GET", "/users/me").headers["Correlation-Id"]
        != desk.send("GET", "/users/me").headers["Correlation-Id"]
    )


def test_too_large_a_request_is_refused() -> None:
    desk = Client(max_request_bytes=1000)
    assert desk.send("POST", "/conversations", {"subject": "x" * 1000}).status == 413


def test_an_empty_list_has_no_embedded_and_says_page_zero() -> None:
    desk = Client()
    body = desk.get("/conversations", status="all")
    assert "_embedded" not in body
    assert body["page"] == {"size": 25, "totalElements": 0, "totalPages": 0, "number": 0}
    assert "next" not in body["_links"]


@pytest.fixture(scope="module")
def filled() -> HelpScoutDesk:
    return build(seed=2, tickets=110, plan="pro")


@pytest.fixture
def desk(filled: HelpScoutDesk) -> Client:
    filled.clock.sleep(60)
    return Client(filled)


def test_pages_have_fixed_sizes_and_links_that_keep_the_query(desk: Client) -> None:
    first = desk.get("/conversations", status="all", size=100)
    assert first["page"]["size"] == len(first["_embedded"]["conversations"]) == 25
    assert first["page"]["number"] == 1
    assert first["_links"]["page"]["templated"] is True
    following = first["_links"]["next"]["href"]
    assert following.startswith("https://api.helpscout.net/v2/conversations?")
    assert "status=all" in following
    assert "page=2" in following
    rows = list(desk.pages("/conversations", "conversations", status="all"))
    assert len(rows) == len({row["id"] for row in rows}) == first["page"]["totalElements"]
    last = desk.get("/conversations", status="all", page=first["page"]["totalPages"])
    assert "next" not in last["_links"]
    assert "prev" in last["_links"]
    beyond = desk.get("/conversations", status="all", page=first["page"]["totalPages"] + 1)
    assert "_embedded" not in beyond
    assert desk.get("/customers")["page"]["size"] == 50
    assert desk.bad("GET", "/conversations?page=0") == ["page"]


def test_conversations_are_active_ones_unless_the_caller_says_otherwise(desk: Client) -> None:
    def total(**query: str) -> int:
        return int(desk.get("/conversations", **query)["page"]["totalElements"])

    counts = {status: total(status=status) for status in ("active", "pending", "closed", "spam")}
    assert all(counts.values())
    assert total() == counts["active"]
    assert total(status="open") == counts["active"] + counts["pending"]
    assert total(status="all") == sum(counts.values())
    assert desk.bad("GET", "/conversations?status=solved") == ["status"]


def test_modified_since_filters_a_time_that_is_in_no_record(desk: Client) -> None:
    rows = list(desk.pages("/conversations", "conversations", status="all", sortField="modifiedAt", sortOrder="asc"))
    assert not any({"modifiedAt", "updatedAt"} & set(row) for row in rows)
    tables = desk.desk.account.tables["conversations"]
    stamps = [tables[row["id"]]["_modified"] for row in rows]
    assert stamps == sorted(stamps)
    middle = stamps[len(stamps) // 2]
    since = list(desk.pages("/conversations", "conversations", status="all", modifiedSince=middle))
    assert {row["id"] for row in since} == {row["id"] for row, at in zip(rows, stamps, strict=True) if at >= middle}


@pytest.mark.parametrize("text", ["2025-01-01T00:00:00.000Z", "2025-01-01", "2025-01-01T00:00:00+00:00"])
def test_times_are_taken_in_one_form_only(desk: Client, text: str) -> None:
    assert desk.bad("GET", "/conversations?" + urlencode({"modifiedSince": text})) == ["modifiedSince"]
    query = f"(modifiedAt:[{text} TO *])"
    assert desk.bad("GET", "/conversations?" + urlencode({"query": query})) == ["query"]


def test_filters_and_queries(desk: Client) -> None:
    tables = desk.desk.account.tables
    rows = [row for row in tables["conversations"].values() if not row["_merged_into"] and row["state"] != "deleted"]

    def ids(**query: Any) -> set[int]:
        return {row["id"] for row in desk.pages("/conversations", "conversations", status="all", **query)}

    box = desk.inbox()
    assert ids(mailbox=box) == {row["id"] for row in rows if row["mailboxId"] == box}
    assert ids(number=7) == ids(query="(number:7)") == {row["id"] for row in rows if row["number"] == 7}
    customer = next(row["_customer"] for row in rows if row["_customer"])
    wanted = {row["id"] for row in rows if row["_customer"] == customer}
    assert ids(query=f"(customerIds:{customer})") == wanted
    bug = next(row["id"] for row in tables["tags"].values() if row["name"] == "bug")
    assert ids(tag="bug") == ids(query='(tag:"bug")') == {row["id"] for row in rows if bug in row["_tags"]}
    assert ids(query='(NOT tag:"bug")') == {row["id"] for row in rows if bug not in row["_tags"]}
    folder = rows[0]["folderId"]
    assert ids(folder=folder) == {row["id"] for row in rows if row["folderId"] == folder}
    since = "2026-01-01T00:00:00Z"
    late = {row["id"] for row in rows if row["_modified"] >= since}
    # The upper end of a range is not to be relied on.
    assert (
        ids(query=f"(modifiedAt:[{since} TO 2026-01-02T00:00:00Z])")
        == ids(query=f"(modifiedAt:[{since} TO *])")
        == late
    )
    assert desk.bad("GET", "/conversations?query=(nonsense:1)") == ["query"]
    assert desk.bad("GET", "/conversations?query=(subject:") == ["query"]


def test_search_lags_and_lists_do_not() -> None:
    desk = Client()
    number = desk.conversation()
    assert desk.get("/conversations")["page"]["totalElements"] == 1
    assert "_embedded" not in desk.get("/conversations", query='(subject:"broken")')
    desk.desk.clock.sleep(61)
    assert desk.get("/conversations", query='(subject:"broken")')["_embedded"]["conversations"][0]["id"] == number
    desk.ok("PATCH", f"/conversations/{number}", {"op": "replace", "path": "/status", "value": "closed"})
    assert "_embedded" not in desk.get("/conversations")
    assert desk.get("/conversations", query='(subject:"broken")')["page"]["totalElements"] == 1
    desk.desk.patch({"op": "settings", "list_lag": 30})
    desk.conversation()
    assert "_embedded" not in desk.get("/conversations")
    desk.desk.clock.sleep(31)
    assert desk.get("/conversations")["page"]["totalElements"] == 1


def test_a_plain_user_may_not_see_everything() -> None:
    desk = Client()
    assert desk.get("/users/me")["role"] == "owner"
    desk.desk.patch({"op": "role", "role": "user"})
    assert desk.get("/users/me")["role"] == "user"
    assert desk.send("GET", "/workflows").status == 403
    assert desk.send("GET", "/conversations").status == 200
