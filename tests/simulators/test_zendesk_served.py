"""The Zendesk simulator behind a socket, its injected faults in the vendor's words, and its sense of business time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from deskferry.simulators import start
from deskferry.simulators.account.side import SCHEDULES
from deskferry.simulators.server import RunningServer, serve
from deskferry.simulators.zendesk.business import OpenTime

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with serve(start.build("zendesk", seed=7, tickets=40)) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.pipeline.desk.credentials()['oauth_token']}"}
    with httpx.Client(base_url=server.base_url, headers=headers, trust_env=False) as client:
        yield client


def test_large_files_come_from_another_origin(server: RunningServer, http: httpx.Client) -> None:
    (comment, *_) = http.get("/api/v2/tickets/19/comments").json()["comments"]
    large = comment["attachments"][1]
    path = httpx.URL(large["content_url"]).raw_path.decode()
    moved = http.get(path)
    assert moved.status_code == 302
    assert httpx.URL(moved.headers["Location"]).host == "localhost"
    followed = http.get(path, follow_redirects=True)
    assert (followed.status_code, len(followed.content)) == (200, large["size"])


def test_names_beyond_latin_travel_in_headers(http: httpx.Client) -> None:
    pages = (http.get(f"/api/v2/tickets/{number}/comments") for number in range(1, 41))
    comments = [one for page in pages if page.status_code == 200 for one in page.json()["comments"]]
    files = [file for comment in comments for file in comment["attachments"] if not file["file_name"].isascii()]
    assert files
    answer = http.get(httpx.URL(files[0]["content_url"]).raw_path.decode())
    assert len(answer.content) == files[0]["size"]


def test_faults_speak_as_the_vendor_does(server: RunningServer, http: httpx.Client) -> None:
    http.post("/__sim/faults", json={"spec": "429@/tickets:nth=1,retry_after=3;revoke@/users;503@/groups:body=json"})
    limited = http.get("/api/v2/tickets")
    assert (limited.json()["error"], limited.headers["Retry-After"]) == ("APIRateLimitExceeded", "3")
    assert http.get("/api/v2/users").json()["error"]["title"] == "Forbidden"
    assert http.get("/api/v2/groups").json()["error"] == "InternalError"


def test_edits_and_clock_through_the_control_plane(http: httpx.Client) -> None:
    change = {"op": "edit_ticket", "id": 3, "fields": {"priority": "urgent"}}
    assert http.post("/__sim/state", json=change).json() == {"result": {"id": 3}}
    assert http.post("/__sim/state", json={"op": "edit_ticket", "id": 999}).status_code == 400
    before = http.get("/__sim/clock").json()["now"]
    assert http.post("/__sim/clock", json={"sleep": 61}).json()["now"] == before + 61
    state = http.get("/__sim/state").json()
    assert next(one for one in state["tickets"] if one["id"] == 3)["priority"] == "urgent"
    log = http.get("/__sim/log").json()
    assert log["count"] == 0, "the control plane is not in the log"


def moment(zone: ZoneInfo, *parts: int) -> float:
    year, month, day, hour = parts
    return datetime(year, month, day, hour, tzinfo=zone).timestamp()


def test_business_time_keeps_local_hours_and_holidays() -> None:
    madrid = OpenTime(SCHEDULES[0], date(2025, 1, 1), date(2025, 12, 31))
    assert madrid.between(moment(MADRID, 2025, 3, 28, 17), moment(MADRID, 2025, 3, 31, 10)) == 2 * 3600
    assert madrid.between(moment(MADRID, 2025, 4, 16, 17), moment(MADRID, 2025, 4, 21, 10)) == 2 * 3600
    assert madrid.between(moment(MADRID, 2025, 6, 7, 0), moment(MADRID, 2025, 6, 8, 0)) == 0


@pytest.mark.parametrize(("day", "hours"), [((2025, 3, 8), 6), ((2025, 3, 9), 5), ((2025, 11, 2), 7)])
def test_nights_of_the_clock_change_are_shorter_and_longer(day: tuple[int, int, int], hours: int) -> None:
    nights = OpenTime(SCHEDULES[1], date(2025, 1, 1), date(2025, 12, 31))
    assert nights.between(moment(NEW_YORK, *day, 0), moment(NEW_YORK, *day, 12)) == hours * 3600


def test_an_upload_is_streamed_over_the_socket_and_switches_are_on_the_control_plane(
    server: RunningServer, http: httpx.Client
) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 100_000 for _ in range(30))

    sent = http.post("/api/v2/uploads", params={"filename": "a.bin"}, content=chunks())
    assert sent.json()["upload"]["attachment"]["size"] == 3_000_000
    limit = http.post("/__sim/state", json={"op": "settings", "max_upload": 10})
    assert limit.json()["result"]["max_upload"] == 10
    assert http.post("/api/v2/uploads", params={"filename": "a.bin"}, content=chunks()).status_code == 413
    ticket = {
        "ticket": {"subject": "S", "comment": {"body": "x"}, "requester": {"name": "N", "email": "n@new.example"}}
    }
    assert http.post("/api/v2/tickets", json=ticket).status_code == 201
    mails = http.get("/__sim/mailbox").json()["mails"]
    assert [(mail["kind"], mail["to"]) for mail in mails] == [
        ("verify_email", "n@new.example"),
        ("notify_requester_of_received_request", "n@new.example"),
    ]


def test_an_account_without_tickets_is_a_destination() -> None:
    with serve(start.build("zendesk", seed=7, tickets=0)) as running:
        headers = {"Authorization": f"Bearer {running.pipeline.desk.credentials()['oauth_token']}"}
        with httpx.Client(base_url=running.base_url, headers=headers, trust_env=False) as client:
            assert client.get("/api/v2/tickets").json()["tickets"] == []
            body = {"ticket": {"subject": "S", "comments": [{"value": "x"}]}}
            assert client.post("/api/v2/imports/tickets", json=body).json()["ticket"]["id"] == 1
