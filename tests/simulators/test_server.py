"""The simulators' core: one pipeline behind a socket and behind an httpx transport."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from deskferry.errors import ConfigError
from deskferry.simulators.faults import parse_faults, rule_from_json
from deskferry.simulators.kernel import Mail, SimClock, SimRequest, SimResponse, json_response
from deskferry.simulators.server import RunningServer, SimTransport, serve


class CounterDesk:
    """A desk with one number: POST adds one, GET tells it with a list of that length."""

    vendor = "counter"

    def __init__(self) -> None:
        self.clock = SimClock(1000.0)
        self.mailbox: list[Mail] = []
        self.number = 0
        self.bodies: list[bytes] = []

    def handle(self, request: SimRequest) -> SimResponse:
        if request.method == "POST":
            self.number += 1
            self.bodies.append(request.body)
            return json_response({"number": self.number}, 201)
        if request.path == "/nothing":
            return SimResponse(204)
        return json_response({"number": self.number, "rows": list(range(self.number)), "page": request.param("page")})

    def credentials(self) -> dict[str, Any]:
        return {}

    def snapshot(self) -> dict[str, Any]:
        return {"numbers": [self.number]}

    def patch(self, change: Mapping[str, Any]) -> Any:
        self.number = change["number"]
        return self.number


class Both:
    """The same desk over HTTP and over the transport, for a test that runs on either."""

    def __init__(self, kind: str) -> None:
        self.desk = CounterDesk()
        self.server: RunningServer | None = None
        if kind == "http":
            self.server = serve(self.desk)
            self.pipeline = self.server.pipeline
            self.client = httpx.Client(base_url=self.server.base_url, timeout=0.5, trust_env=False)
        else:
            transport = SimTransport(self.desk)
            self.pipeline = transport.pipeline
            self.client = httpx.Client(transport=transport, base_url="http://sim")

    def faults(self, spec: str) -> None:
        self.client.post("/__sim/faults", json={"spec": spec}).raise_for_status()

    def close(self) -> None:
        self.client.close()
        if self.server:
            self.server.close()


@pytest.fixture(params=["http", "transport"])
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    value = Both(request.param)
    yield value
    value.close()


def test_answers_and_logs_without_credentials(both: Both) -> None:
    answer = both.client.get("/a%20b", params={"page": "2", "token": "hush"}, headers={"Authorization": "Basic x"})
    assert answer.json() == {"number": 0, "rows": [], "page": "2"}
    log = both.client.get("/__sim/log").json()
    assert log["count"] == 1
    assert log["requests"][0] == {
        "method": "GET", "path": "/a b",
        "query": "page=2&token=***", "status": 200, "at": 1000.0, "fault": None,
    }  # fmt: skip
    assert both.client.delete("/__sim/log").json()["count"] == 0


def test_bodies_arrive_whole_chunked_or_not(both: Both) -> None:
    both.client.post("/x", content=b"z" * 300_000)
    both.client.post("/x", content=iter([b"ab", b"cd"]))
    assert both.desk.bodies == [b"z" * 300_000, b"abcd"]
    assert both.client.get("/nothing").status_code == 204
    assert both.client.get("/after").status_code == 200


def test_clock_moves_only_on_request(both: Both) -> None:
    assert both.client.get("/__sim/clock").json() == {"now": 1000.0, "mode": "virtual"}
    assert both.client.post("/__sim/clock", json={"sleep": 3600}).json()["now"] == 4600.0
    assert both.client.post("/__sim/clock", json={"set": 50}).json()["now"] == 50.0
    assert both.client.post("/__sim/clock", json={}).status_code == 400


def test_state_mailbox_and_unknown_controls(both: Both) -> None:
    assert both.client.post("/__sim/state", json={"number": 4}).json() == {"result": 4}
    assert both.client.post("/__sim/state", json={"wrong": 4}).status_code == 400
    assert both.client.get("/__sim/state").json() == {"numbers": [4]}
    both.desk.mailbox.append(Mail("k", "a@b", "s", 1, 0.0))
    assert both.client.get("/__sim/mailbox").json()["mails"][0]["to"] == "a@b"
    assert both.client.delete("/__sim/mailbox").json() == {"mails": []}
    assert both.client.get("/__sim/nope").status_code == 404
    assert both.client.put("/__sim/clock").status_code == 405


def test_status_fault_strikes_the_nth_match_only(both: Both) -> None:
    both.faults("429@/tickets:nth=2,retry_after=7")
    statuses = [both.client.get(path).status_code for path in ("/tickets", "/other", "/tickets", "/tickets")]
    assert statuses == [200, 200, 429, 200]
    both.client.delete("/__sim/faults")
    both.faults("429@/tickets:count=1,retry_after=7;503@POST /:count=1,after=1")
    assert both.client.get("/tickets").headers["Retry-After"] == "7"
    gateway = both.client.post("/x")
    assert (gateway.status_code, both.desk.number) == (503, 1)
    assert gateway.headers["Content-Type"].startswith("text/html")


def test_probability_is_reproducible(both: Both) -> None:
    def run() -> list[int]:
        both.client.delete("/__sim/faults")
        both.faults("502@/:probability=0.5,seed=3")
        return [both.client.get("/x").status_code for _ in range(20)]

    first = run()
    assert first == run()
    assert {200, 502} == set(first)


@pytest.mark.parametrize(("fault", "effect"), [("reset", 0), ("reset_after", 1)])
def test_resets_before_and_after_the_write(both: Both, fault: str, effect: int) -> None:
    both.faults(f"{fault}@POST /:nth=1")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        both.client.post("/x")
    assert both.desk.number == effect
    assert both.client.get("/x").status_code == 200
    assert [entry.status for entry in both.pipeline.log] == [0, 200]


@pytest.mark.parametrize(("fault", "effect"), [("timeout", 0), ("timeout_after", 1)])
def test_timeouts_before_and_after_the_write(both: Both, fault: str, effect: int) -> None:
    both.faults(f"{fault}@POST /:nth=1,seconds=2")
    with pytest.raises(httpx.ReadTimeout):
        both.client.post("/x")
    assert both.desk.number == effect


def test_truncated_body_is_an_error_of_the_client(both: Both) -> None:
    both.faults("truncate@/x")
    with pytest.raises(httpx.RemoteProtocolError):
        both.client.get("/x")


def test_html_drop_repeat_stale_and_revoke(both: Both) -> None:
    both.desk.number = 3
    both.faults("html@/html;drop@/drop:at=rows;repeat@/pages:nth=2;stale@/stale:nth=3;revoke@/gone:nth=2")
    assert both.client.get("/html").text.startswith("<!DOCTYPE")
    assert both.client.get("/drop").json()["rows"] == [0, 2]
    pages = [both.client.get("/pages", params={"page": page}).json()["page"] for page in "123"]
    assert pages == ["1", "1", "3"]
    assert both.client.get("/stale").json()["number"] == 3
    both.client.post("/write")
    assert both.client.get("/stale").json()["number"] == 4
    both.client.post("/write")
    assert both.client.get("/stale").json()["number"] == 4, "the answer before the last write"
    assert [both.client.get("/gone").status_code for _ in range(4)] == [200, 403, 403, 403]


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ("explode@/x", "explode"),
        ("nothing", "DO@"),
        ("429@/x:nth=soon", "nth"),
        ("429@/x:nth=0", "start at 1"),
        ("429@/x:colour=red", "colour"),
        ("429@/(", "regular expression"),
        ("drop@/x", "at="),
        ("700@/x", "700"),
    ],
)
def test_wrong_specs_are_named(spec: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_faults(spec)
    assert word in str(caught.value)


def test_text_and_json_forms_agree() -> None:
    (parsed,) = parse_faults("429@POST /tickets(:|$):every=7,query=a=1")
    written = rule_from_json(
        {
            "match": {"method": "POST", "path": "/tickets(:|$)", "every": 7, "query": "a=1"},
            "do": "status",
            "status": 429,
        }
    )
    assert parsed.to_json() == written.to_json()
    assert rule_from_json(parsed.to_json()).to_json() == parsed.to_json()


def test_many_clients_at_once_lose_nothing() -> None:
    with serve(CounterDesk()) as server:

        def work() -> None:
            with httpx.Client(base_url=server.base_url, trust_env=False) as client:
                for _ in range(25):
                    client.post("/x")

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.pipeline.desk.snapshot() == {"numbers": [100]}
        assert len(server.log) == 100


LENGTH = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcdef"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"


@pytest.mark.parametrize("request_bytes", [LENGTH, CHUNKED], ids=["length", "chunked"])
def test_a_request_cut_off_anywhere_has_no_effect(request_bytes: bytes) -> None:
    desk = CounterDesk()
    with serve(desk) as server:
        address = httpx.URL(server.base_url)
        for sent in (*range(1, len(request_bytes)), len(request_bytes)):
            with socket.create_connection((address.host, address.port or 80), timeout=5) as client:
                client.sendall(request_bytes[:sent])
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass
    assert desk.bodies == [b"abcdef"], "only the whole one counts"


def test_close_ends_held_connections_soon() -> None:
    server = serve(CounterDesk())
    server.faults.extend(parse_faults("timeout@/x:seconds=60"))
    errors: list[Exception] = []

    def ask() -> None:
        try:
            httpx.get(f"{server.base_url}/x", timeout=30, trust_env=False)
        except httpx.HTTPError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    server.close()
    thread.join(timeout=5)
    assert errors
    assert not thread.is_alive()
