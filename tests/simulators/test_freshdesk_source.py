"""The Freshdesk simulator as a source: a generated account, read as a client reads it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from deskferry.simulators import account as neutral
from deskferry.simulators.freshdesk import FreshdeskDesk, build, staff, teams
from deskferry.simulators.server import SimTransport
from tests.simulators.freshdesk_client import Client

TICKETS = 120


@pytest.fixture(scope="module")
def filled() -> FreshdeskDesk:
    return build(seed=1, tickets=TICKETS, plan="enterprise-2000")


@pytest.fixture
def desk(filled: FreshdeskDesk) -> Client:
    filled.clock.sleep(60)
    return Client(filled)


def everything(desk: Client, url: str) -> list[Any]:
    rows: list[Any] = []
    page = 1
    while True:
        desk.desk.clock.sleep(1)
        rows += desk.ok("GET", f"{url}{'&' if '?' in url else '?'}per_page=100&page={page}")
        if "Link" not in desk.last.headers:
            return rows
        page += 1


def test_three_passes_give_every_ticket_and_its_conversations(desk: Client) -> None:
    source = neutral.generate(1, TICKETS)
    since = "updated_since=2000-01-01T00:00:00Z&order_by=updated_at&order_type=asc"
    rows = [
        row for mode in ("", "&filter=deleted", "&filter=spam") for row in everything(desk, f"/tickets?{since}{mode}")
    ]
    assert sorted(row["id"] for row in rows) == list(range(1, TICKETS + 1))
    for ticket in source.tickets:
        chat = 1 if ticket.channel == "chat" and ticket.messages else 0
        found = everything(desk, f"/tickets/{ticket.key}/conversations")
        assert len(found) == max(len(ticket.messages) - 1, 0) + chat, ticket.key


def test_files_are_those_of_the_account_or_gone(desk: Client) -> None:
    files = [
        file
        for ticket in neutral.generate(1, TICKETS).tickets
        for _, message in ticket.messages
        for file in message.files
    ]
    wanted = {file.sha256() for file in files if file.inline is None and file.health != "gone"}
    seen, missing = set(), 0
    for number in range(1, TICKETS + 1):
        desk.desk.clock.sleep(3)
        notes = everything(desk, f"/tickets/{number}/conversations")
        for row in [desk.ok("GET", f"/tickets/{number}"), *notes]:
            for item in row["attachments"]:
                url = urlsplit(item["attachment_url"])
                answers = [desk.send("GET", f"{url.path}?{url.query}", authorization="") for _ in range(2)]
                assert answers[1].status in (200, 404)
                missing += answers[1].status == 404
                seen.update([hashlib.sha256(answers[1].body).hexdigest()] if answers[1].status == 200 else [])
    assert wanted <= seen
    assert bool(missing) == any(file.health == "gone" and file.inline is None for file in files)


def test_people_companies_and_articles_are_there(desk: Client) -> None:
    source = neutral.generate(1, TICKETS)
    listed = [
        row for state in ("", "?state=deleted", "?state=blocked") for row in everything(desk, f"/contacts{state}")
    ]
    agents = everything(desk, "/agents")
    assert len(listed) + len(agents) - 1 == len(source.people)
    assert {row["contact"]["email"] for row in agents} >= {person["email"] for person in staff(source)}
    assert len(everything(desk, "/companies")) == len(source.organizations)
    assert {row["name"] for row in everything(desk, "/groups")} == set(teams(source))
    folders = [
        folder
        for category in everything(desk, "/solutions/categories")
        for folder in everything(desk, f"/solutions/categories/{category['id']}/folders")
    ]
    folders += [row for folder in folders for row in everything(desk, f"/solutions/folders/{folder['id']}/subfolders")]
    articles = [row for folder in folders for row in everything(desk, f"/solutions/folders/{folder['id']}/articles")]
    assert len(articles) == len(source.side.articles)


def test_old_closed_tickets_may_be_archived() -> None:
    desk = Client(build(seed=1, tickets=60, plan="enterprise-2000", archive_days=120))
    since = "updated_since=2000-01-01T00:00:00Z"
    live = {
        row["id"]
        for mode in ("", "&filter=deleted", "&filter=spam")
        for row in everything(desk, f"/tickets?{since}{mode}")
    }
    assert 0 < len(live) < 60
    for number in range(1, 61):
        assert desk.send("GET", f"/tickets/{number}").status == (200 if number in live else 404)
        assert desk.send("GET", f"/tickets/archived/{number}").status == (404 if number in live else 200)


def test_a_destination_can_have_the_agents_of_the_source() -> None:
    source = neutral.generate(1, 20)
    desk = Client(agents=staff(source), groups=teams(source))
    emails = {row["contact"]["email"] for row in desk.ok("GET", "/agents?per_page=100")}
    assert emails > {person["email"] for person in staff(source)}
    assert desk.ok("GET", "/contacts") == []
    assert desk.ok("GET", "/tickets?updated_since=2000-01-01") == []


def test_an_httpx_client_reaches_it_with_real_forms() -> None:
    desk = build(seed=2)
    key = desk.credentials()["api_key"]
    with httpx.Client(transport=SimTransport(desk), base_url="https://acme.freshdesk.com", auth=(key, "X")) as client:
        body = {
            "subject": "S",
            "description": "D",
            "email": "k@c.example",
            "status": 2,
            "priority": 1,
            "tags[]": ["a", "b"],
        }
        files = [
            ("attachments[]", ("größe.txt", b"abc", "text/plain")),
            ("attachments[]", ("b.bin", b"\r\n--x\r\n\x00", None)),
        ]
        made = client.post("/api/v2/tickets", data=body, files=files)
        assert made.status_code == 201, made.text
        names = [(item["name"], item["size"]) for item in made.json()["attachments"]]
        assert names == [("größe.txt", 3), ("b.bin", 8)]
        assert made.json()["tags"] == ["a", "b"]
        url = made.json()["attachments"][1]["attachment_url"]
        assert client.get(url, auth=httpx.BasicAuth("x", "y")).status_code == 400
        with httpx.Client(transport=SimTransport(desk)) as anonymous:
            assert anonymous.get(url).content == b"\r\n--x\r\n\x00"
