"""Authentication, limits, verbs and formats of the Freshdesk simulator."""

from __future__ import annotations

import base64

import orjson
import pytest

from deskferry.errors import ConfigError
from deskferry.simulators.freshdesk import FreshdeskDesk, build
from deskferry.simulators.freshdesk.plans import PLANS
from deskferry.simulators.kernel import Desk, SimClock
from tests.simulators.freshdesk_client import START, Client


def test_it_is_a_desk() -> None:
    desk: Desk = build(SimClock(START))
    assert (desk.vendor, desk.credentials()["domain"], desk.mailbox) == ("freshdesk", "acme", [])
    with pytest.raises(ConfigError, match="wrong_one"):
        FreshdeskDesk(SimClock(START), wrong_one=1)
    with pytest.raises(ConfigError, match="Plans"):
        FreshdeskDesk(SimClock(START), plan="gold")
    with pytest.raises(ConfigError):
        desk.patch({"op": "dance"})


@pytest.mark.parametrize("header", ["", "Basic !!", "Bearer abc", "Basic " + base64.b64encode(b"wrong:X").decode()])
def test_a_wrong_key_is_refused(header: str) -> None:
    desk = Client()
    answer = desk.send("GET", "/agents/me", authorization=header)
    assert answer.status == 401
    assert orjson.loads(answer.body)["code"] == "invalid_credentials"


def test_a_revoked_key_no_longer_works() -> None:
    desk = Client()
    desk.desk.patch({"op": "revoke"})
    assert desk.send("GET", "/tickets").status == 401


def test_paths_verbs_and_formats() -> None:
    desk = Client()
    assert desk.send("GET", "/nowhere").status == 404
    assert desk.last.body == b""
    assert desk.send("GET", "/tickets/7").status == 404
    assert desk.send("PUT", "/tickets", {}).status == 405
    assert desk.last.headers["Allow"] == "GET, POST"
    assert desk.send("POST", "/tickets", b"<x/>", content_type="application/xml").status == 415
    assert desk.send("GET", "/tickets", accept="text/html").status == 406
    assert desk.send("POST", "/tickets", b"{nope", content_type="application/json").status == 400
    assert orjson.loads(desk.last.body)["code"] == "invalid_json"


@pytest.mark.parametrize(("plan", "total"), [("trial", 50), ("growth", 200), ("pro", 400), ("enterprise", 700)])
def test_the_account_has_its_calls_a_minute(plan: str, total: int) -> None:
    desk = Client(plan=plan)
    for _ in range(total):
        assert desk.send("GET", "/agents/me").status == 200
    desk.desk.clock.sleep(20)
    refused = desk.send("GET", "/agents/me")
    assert (refused.status, refused.body, refused.headers["Retry-After"]) == (429, b"", "40")
    desk.desk.clock.sleep(40)
    assert desk.send("GET", "/agents/me").status == 200


@pytest.mark.parametrize(
    ("method", "url", "limit"), [("GET", "/tickets", 20), ("GET", "/contacts", 20), ("POST", "/tickets", 80)]
)
def test_some_endpoints_have_less(method: str, url: str, limit: int) -> None:
    desk = Client(plan="growth")
    for _ in range(limit):
        assert desk.send(method, url, {} if method == "POST" else None).status in (200, 400)
    assert desk.send(method, url).status == 429
    assert desk.send("GET", "/agents/me").status == 200


def test_what_is_embedded_costs_credits() -> None:
    desk = Client(plan="pro")
    desk.ticket()

    def cost(url: str) -> float:
        answer = desk.send("GET", url)
        return next(
            float(value) for key, value in answer.headers.items() if key.lower() == "x-ratelimit-used-currentrequest"
        )

    assert cost("/tickets") == 1
    assert cost("/tickets?include=stats") == 3
    assert cost("/tickets?include=stats,description") == 5
    assert cost("/tickets/1?include=conversations") == 2
    assert cost("/tickets/1?include=company,requester") == 3
    left = next(float(v) for k, v in desk.last.headers.items() if k.lower() == "x-ratelimit-remaining")
    assert left == 400 - 1 - 14


def test_limit_headers_are_written_in_several_ways() -> None:
    desk = Client()
    seen = {(key, "." in value) for _ in range(20) for key, value in desk.send("GET", "/agents/me").headers.items()}
    assert {("X-RateLimit-Total", False), ("X-Ratelimit-Total", False), ("X-RateLimit-Total", True)} <= seen


def test_a_feature_that_the_plan_lacks_is_refused() -> None:
    desk = Client(plan="growth")
    for body in ({"language": "de"}, {"time_zone": "Berlin"}, {"other_companies": [{"company_id": 1}]}):
        assert desk.send("POST", "/contacts", {"name": "K", "phone": "1", **body}).status == 403
        assert orjson.loads(desk.last.body)["code"] == "require_feature"
    desk.desk.patch({"op": "plan", "plan": "pro"})
    desk.ok("POST", "/contacts", {"name": "K", "phone": "1", "language": "de"})
    assert set(PLANS) >= {"trial", "growth", "pro", "enterprise"}


def test_two_desks_with_the_same_history_are_equal() -> None:
    pictures = []
    for _ in range(2):
        desk = Client(seed=3)
        kim = desk.contact()
        desk.ticket(requester_id=kim["id"])
        desk.form("POST", "/tickets/1/notes", [("body", "x"), ("attachments[]", ("a.txt", "text/plain", b"abc"))])
        pictures.append(desk.desk.snapshot())
    assert pictures[0] == pictures[1]
    assert orjson.dumps(pictures[0])
    assert pictures[0]["contacts"][0]["id"] > 2**32
