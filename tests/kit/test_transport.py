"""Retries, verdicts and the meter: what is repeated, what never is, and how it ends."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest

from deskferry.connectors.kit.auth import TokenAuth
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.faults import InDoubt, VendorStatus
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.limits import ACCOUNT, Bucket, Pace
from deskferry.connectors.kit.transport import RetryPolicy
from deskferry.connectors.kit.verdicts import Accept, Again, Reject, Stop, Verdict
from deskferry.errors import ConfigError, Exhausted, Refused
from deskferry.redaction import Secret
from tests.kit.vendors import Script, Torn, session

OK = httpx.Response(200, json={"ok": True})


def torn(*chunks: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(200, stream=Torn(*chunks))


PASSING = {
    "500": httpx.Response(500),
    "502": httpx.Response(502, text="<html>Bad gateway</html>"),
    "503": httpx.Response(503),
    "504": httpx.Response(504),
    "520": httpx.Response(520),
    "524": httpx.Response(524),
    "429": httpx.Response(429),
    "reset": httpx.ReadError("connection reset"),
    "time-out": httpx.ReadTimeout("timed out"),
    "hung up": httpx.RemoteProtocolError("Server disconnected"),
    "no connection": httpx.ConnectError("refused"),
    "HTML": httpx.Response(200, html="<html>Maintenance</html>"),
    "half JSON": httpx.Response(200, text='{"tickets": [{"id": 1'),
    "empty": httpx.Response(200),
    "torn": torn(b'{"tick'),
}
UNTOUCHED = {"429", "no connection"}


@pytest.mark.parametrize("name", PASSING)
def test_a_read_is_repeated_until_it_succeeds(name: str) -> None:
    vendor = Script(PASSING[name], PASSING[name], OK)
    assert session(vendor).get_json("tickets") == {"ok": True}
    assert len(vendor.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("name", PASSING)
def test_a_write_that_may_have_taken_effect_is_never_sent_again(name: str, method: str) -> None:
    vendor = Script(PASSING[name], OK)
    desk = session(vendor)
    if name in UNTOUCHED:
        assert desk.request_json(method, "tickets", {"a": 1}).body == {"ok": True}
        assert vendor.bodies == [b'{"a":1}'] * 2
    elif name == "empty":  # some vendors answer a write so
        assert desk.request_json(method, "tickets", {"a": 1}).status == 200
    else:
        with pytest.raises(InDoubt) as caught:
            desk.request_json(method, "tickets", {"a": 1})
        assert len(vendor.requests) == 1
        assert caught.value.exit_code == 4
        assert f"acme: {method} https://acme.example.com/tickets" in str(caught.value)


def test_a_search_by_post_is_repeated_where_the_caller_says_so() -> None:
    vendor = Script(httpx.ReadTimeout("timed out"), httpx.Response(500), OK)
    answer = session(vendor).request_json("POST", "search", {"q": 1}, idempotent=True)
    assert answer.body == {"ok": True}


def test_a_deletion_is_repeated() -> None:
    vendor = Script(httpx.ReadTimeout("timed out"), httpx.Response(204))
    assert session(vendor).request_json("DELETE", "tickets/1").body is None


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_out(status: int) -> None:
    clock = VirtualClock()
    date = formatdate(clock.now() + 40, usegmt=True)
    vendor = Script(
        httpx.Response(status, headers={"Retry-After": "37"}),
        httpx.Response(status, headers={"retry-after": date}),
        OK,
    )
    session(vendor, clock=clock).request_json("POST", "tickets", {})  # untouched, so a write is repeated as well
    assert clock.slept == pytest.approx(40, abs=1)


def test_a_429_without_retry_after_waits_for_the_reset_that_headers_tell() -> None:
    clock = VirtualClock()
    vendor = Script(httpx.Response(429, headers={"X-RateLimit-Reset": str(int(clock.now()) + 8)}), OK)
    session(vendor, clock=clock).get_json("x")
    assert clock.slept == pytest.approx(8, abs=1)


def test_a_429_pauses_the_whole_bucket_and_is_no_failed_attempt() -> None:
    clock = VirtualClock()
    vendor = Script(*[httpx.Response(429, headers={"Retry-After": "10"})] * 30, OK)
    desk = session(vendor, clock=clock, policy=RetryPolicy(attempts=2))
    assert desk.get_json("x") == {"ok": True}
    assert clock.slept == pytest.approx(300)
    assert desk.meter.snapshot()["waited"] == pytest.approx(300)


def test_backing_off_is_exponential_with_jitter_and_capped() -> None:
    clock = VirtualClock()
    waits: list[float] = []

    def vendor(_request: httpx.Request) -> httpx.Response:
        waits.append(clock.now())
        return httpx.Response(500)

    with pytest.raises(Exhausted):
        session(vendor, clock=clock, policy=RetryPolicy(attempts=9, longest=20)).get_json("x")
    gaps = [after - before for before, after in itertools.pairwise(waits)]
    for number, gap in enumerate(gaps):
        ceiling = min(2.0**number, 20)
        assert ceiling / 2 - 1e-6 <= gap <= ceiling + 1e-6
    assert len(gaps) == 8


def test_the_total_time_is_capped() -> None:
    clock = VirtualClock()
    with pytest.raises(Exhausted):
        session(Script(httpx.Response(500)), clock=clock, policy=RetryPolicy(attempts=1000, total=100)).get_json("x")
    assert clock.slept <= 100


def test_being_put_off_for_hours_stops_the_run() -> None:
    vendor = Script(httpx.Response(429, headers={"Retry-After": "3000"}))
    with pytest.raises(Exhausted):
        session(vendor).get_json("x")
    vendor = Script(httpx.Response(429, headers={"Retry-After": "40000"}))
    with pytest.raises(Exhausted, match=r"asks to wait 40000 seconds"):
        session(vendor).get_json("x")
    assert len(vendor.requests) == 1


def test_what_is_exhausted_tells_what_a_person_needs() -> None:
    vendor = Script(httpx.Response(200, html="<html>", headers={"X-Request-Id": "req-77"}))
    with pytest.raises(Exhausted) as caught:
        session(vendor).get_json("tickets", {"page": 2, "email": "someone@example.com", "api_key": "k" * 50})
    text = str(caught.value)
    for part in ("acme", "GET", "/tickets?page=2", "status 200", "HTML", "req-77", "goes on where it stopped"):
        assert part in text, part
    assert "someone" not in text
    assert "kkk" not in text
    assert caught.value.exit_code == 4


def test_a_certificate_that_is_not_trusted_is_told_at_once() -> None:
    cause = ssl.SSLCertVerificationError("self-signed certificate")
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.__cause__ = cause
    vendor = Script(error)
    with pytest.raises(ConfigError, match="ca_bundle"):
        session(vendor).get_json("x")
    assert len(vendor.requests) == 1


def test_credentials_that_no_header_can_carry() -> None:
    vendor = Script(httpx.LocalProtocolError("Illegal header value b'Bearer a\\n'"))
    with pytest.raises(ConfigError, match="stray characters"):
        session(vendor).get_json("x")
    assert len(vendor.requests) == 1
    for token in ("two words", "quoted”", "line\nbreak"):
        with pytest.raises(ConfigError, match="Copy it again"):
            session(Script(OK), TokenAuth(Secret(token))).get_json("x")


def test_a_body_whose_encoding_is_broken_is_asked_for_again() -> None:
    def zipped(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    vendor = Script(zipped, OK)
    assert session(vendor).get_json("x") == {"ok": True}


def test_the_vendors_own_verdict_comes_first() -> None:
    def judge(_request: httpx.Request, result: httpx.Response | Exception) -> Verdict | None:
        if isinstance(result, Exception):
            return None
        return {
            423: Again(2, untouched=True, why="locked"),
            409: Reject("duplicate", "it exists"),
            403: Stop(Refused("The account is suspended.")),
            500: Accept(),
        }.get(result.status_code)

    locked = Script(httpx.Response(423), httpx.Response(423), OK)
    assert session(locked, verdict=judge).request_json("POST", "x", {}).status == 200
    with pytest.raises(VendorStatus) as caught:
        session(Script(httpx.Response(409, json={"a": 1})), verdict=judge).request_json("POST", "x", {})
    assert (caught.value.code, caught.value.detail, caught.value.body) == ("duplicate", "it exists", {"a": 1})
    with pytest.raises(Refused, match="suspended"):
        session(Script(httpx.Response(403)), verdict=judge).get_json("x")
    with pytest.raises(VendorStatus, match="answered 500"):
        session(Script(httpx.Response(500)), verdict=judge).get_json("x")


def test_every_attempt_spends_budget() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 4)], Pace(1.0))
    vendor = Script(*[httpx.Response(500)] * 6, OK)
    session(vendor, clock=clock, governor=governor, policy=RetryPolicy(first=0.001)).get_json("x")
    assert clock.slept > 60


def test_the_meter_counts_by_bucket() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 60), Bucket("export", 2, match="incremental")], Pace(1.0))
    vendor = Script(httpx.Response(500), OK)
    desk = session(vendor, clock=clock, governor=governor)
    for _ in range(3):
        desk.get_json("incremental/tickets")
    desk.request_json("POST", "users", {"name": "A"})
    counts = desk.meter.snapshot()
    assert (counts["calls"], counts["retries"]) == (5, 1)
    assert counts["statuses"] == {"200": 4, "500": 1}
    assert counts["by_bucket"]["export"]["calls"] == 4
    assert counts["by_bucket"]["export"]["waited"] > 50
    assert counts["by_bucket"][ACCOUNT]["bytes_sent"] == len(b'{"name":"A"}')
    assert counts["bytes_received"] == 4 * len(OK.content)


def test_an_interrupt_is_not_swallowed() -> None:
    class Stopping(VirtualClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session(Script(httpx.Response(500)), clock=Stopping()).get_json("x")
