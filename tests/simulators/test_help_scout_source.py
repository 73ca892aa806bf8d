"""The Help Scout simulator as a source: a generated account, read as a client reads it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from deskferry.simulators import account as neutral
from deskferry.simulators.help_scout import HelpScoutDesk, build
from tests.simulators.help_scout_client import Client

TICKETS = 120


@pytest.fixture(scope="module")
def filled() -> HelpScoutDesk:
    return build(seed=1, tickets=TICKETS, plan="pro")


@pytest.fixture
def desk(filled: HelpScoutDesk) -> Client:
    filled.clock.sleep(60)
    return Client(filled)


@pytest.fixture(scope="module")
def source() -> neutral.Account:
    return neutral.generate(1, TICKETS)


def everything(desk: Client) -> list[Any]:
    return list(desk.pages("/conversations", "conversations", status="all", embed="threads"))


def test_every_ticket_is_there_but_the_merged_and_the_deleted(desk: Client, source: neutral.Account) -> None:
    rows = everything(desk)
    gone = {t.key for t in source.tickets if t.disposition == "deleted" or t.merged_into is not None}
    numbers = {row["number"] for row in rows}
    assert numbers & set(range(1, TICKETS + 1)) == set(range(1, TICKETS + 1)) - gone
    beside = [row for row in rows if row["number"] > TICKETS]
    assert {row["source"]["type"] for row in beside} == {"emailfwd", "web"}
    assert sum(row["state"] == "draft" for row in beside) >= 1


def test_messages_of_a_ticket_are_threads_of_its_conversation(desk: Client, source: neutral.Account) -> None:
    rows = {row["number"]: row for row in everything(desk)}
    extra = {t.merged_into: len(t.messages) for t in source.tickets if t.merged_into}
    for ticket in source.tickets:
        if ticket.key in rows:
            said = [t for t in rows[ticket.key]["_embedded"]["threads"] if t["type"] != "lineitem"]
            said = [t for t in said if t["type"] != "forwardparent"]
            assert len(said) == len(ticket.messages) + extra.get(ticket.key, 0), ticket.key


def test_the_declared_count_is_that_of_published_threads(desk: Client) -> None:
    for row in everything(desk):
        threads = row["_embedded"]["threads"]
        counted = [one for one in threads if one["type"] != "lineitem" and one["state"] == "published"]
        assert row["threads"] == len(counted), row["id"]


def test_what_is_ugly_in_real_accounts_is_in_this_one(desk: Client) -> None:
    rows = everything(desk)
    threads = [thread for row in rows for thread in row["_embedded"]["threads"]]
    kinds = Counter(thread["type"] for thread in threads)
    wanted = {"customer", "message", "note", "lineitem", "beaconchat", "chat", "phone", "forwardparent", "forwardchild"}
    assert set(kinds) == wanted
    assert {thread["state"] for thread in threads} >= {"published", "draft", "hidden"}
    assert max(len(row["_embedded"]["threads"]) for row in rows) > 300
    assert any(thread["createdBy"] is None for thread in threads)
    assert any(row["primaryCustomer"] is None for row in rows)
    assert any(len(row["primaryCustomer"] or {}) == 2 for row in rows)
    assert any(row["subject"] is None for row in rows)
    assert any(len(thread.get("body") or "") > 60_000 for thread in threads)
    assert any("🙏" in (thread.get("body") or "") for thread in threads)
    assert {row["status"] for row in rows} == {"active", "pending", "closed", "spam"}
    assert any(one["action"].get("type") == "merged" for one in threads)
    assert any("snooze" in row for row in rows)
    assert any("scheduled" in one for one in threads)
    assert any("assignee" not in row for row in rows)
    assert {row["assignee"]["type"] for row in rows if "assignee" in row} == {"user", "team"}


def test_files_are_those_of_the_account_or_gone(desk: Client, source: neutral.Account) -> None:
    files = [f for t in source.tickets if t.disposition is None for _, m in t.messages for f in m.files]
    wanted = {f.sha256() for f in files if f.inline != "bare" and f.health != "gone"}
    seen: set[str] = set()
    lost = 0
    for row in everything(desk):
        for thread in row["_embedded"]["threads"]:
            for item in thread["_embedded"]["attachments"]:
                url = urlsplit(item["_links"]["data"]["href"]).path
                desk.desk.clock.sleep(2)
                answers = [desk.send("GET", url) for _ in range(2)]
                if answers[1].status == 404:
                    lost += 1
                    continue
                data = base64.b64decode(desk.ok("GET", url)["data"])
                assert len(data) == item["size"]
                seen.add(hashlib.sha256(data).hexdigest())
    assert wanted <= seen
    assert lost == sum(f.health == "gone" for f in files)


def test_people_are_there_but_for_those_who_left(desk: Client, source: neutral.Account) -> None:
    staff = [person for person in source.agents if person.active]
    assert {row["email"] for row in desk.pages("/users", "users")} == {person.emails[0] for person in staff}
    customers = list(desk.pages("/customers", "customers"))
    alive = [p for p in source.people if not p.is_staff and p.active and not p.erased]
    assert len(customers) == len(alive)
    assert {c["id"] for c in desk.pages("/v3/customers", "customers")} == {c["id"] for c in customers}
    assert len(list(desk.pages("/organizations", "organizations"))) == len(source.organizations)
    assert any(c["firstName"] is None for c in customers)
    assert any(not c["_embedded"]["emails"] for c in customers)


def test_a_merged_conversation_redirects_for_sixty_days() -> None:
    desk = Client(build(seed=1, tickets=60, plan="pro"))
    rows = desk.desk.account.tables["conversations"].values()
    loser = next(row for row in rows if row["_merged_into"])
    assert desk.send("GET", f"/conversations/{loser['id']}").status == 404
    loser["_merged_at"] = desk.desk.account.now()
    moved = desk.send("GET", f"/conversations/{loser['id']}")
    assert moved.status == 301
    assert moved.headers["Location"].endswith(f"/v2/conversations/{loser['_merged_into']}")
    desk.desk.clock.sleep(61 * 86_400)
    desk = Client(desk.desk)
    assert desk.send("GET", f"/conversations/{loser['id']}").status == 404
