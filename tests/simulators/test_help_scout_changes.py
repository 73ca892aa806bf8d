"""What happens behind the API's back of the Help Scout simulator, and what a served one does."""

from __future__ import annotations

import base64
import hashlib
import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from deskferry.cli import simulating
from deskferry.simulators.help_scout import HelpScoutDesk, build
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.server import SimTransport, serve
from tests.simulators.help_scout_client import START, Client


@pytest.fixture
def desk() -> Client:
    return Client(build(seed=1, tickets=60, plan="pro"))


def long_one(desk: Client) -> Any:
    rows = desk.pages("/conversations", "conversations", status="all")
    return max(rows, key=lambda row: int(row["threads"]))


def test_a_thread_that_is_dropped_in_silence_is_still_declared(desk: Client) -> None:
    row = long_one(desk)
    url = f"/conversations/{row['id']}/threads"
    before = list(desk.pages(url, "threads"))
    victim = next(one for one in before if one["type"] != "lineitem")["id"]
    desk.desk.patch({"op": "drop_thread", "id": victim})
    after = list(desk.pages(url, "threads"))
    assert {one["id"] for one in before} - {one["id"] for one in after} == {victim}
    again = desk.get(f"/conversations/{row['id']}", embed="threads")
    assert again["threads"] == row["threads"]
    assert desk.get(url)["page"]["totalElements"] == len(before)
    assert victim not in {one["id"] for one in again["_embedded"]["threads"]}
    desk.desk.patch({"op": "restore_thread", "id": victim})
    assert len(list(desk.pages(url, "threads"))) == len(before)


@pytest.mark.parametrize("key", ["conversations", "threads", "customers"])
def test_a_page_that_is_dropped_in_silence_is_still_in_the_totals(desk: Client, key: str) -> None:
    path = f"/conversations/{long_one(desk)['id']}/threads" if key == "threads" else f"/{key}"
    query = {"status": "all"} if key == "conversations" else {}
    whole = list(desk.pages(path, key, **query))
    page = desk.get(path, **query)["page"]
    desk.desk.patch({"op": "drop_page", "path": f"/v2{path}", "page": page["totalPages"]})
    rest = list(desk.pages(path, key, **query))
    assert len(rest) == len(whole) - (len(whole) - 1) % page["size"] - 1
    assert desk.get(path, **query)["page"] == page
    desk.desk.patch({"op": "drop_page", "path": f"/v2{path}"})
    assert len(list(desk.pages(path, key, **query))) == len(whole)


def test_a_list_of_conversations_by_time_of_change_moves_what_is_edited_to_its_end(desk: Client) -> None:
    query = {"status": "all", "sortField": "modifiedAt", "sortOrder": "asc"}
    first = desk.get("/conversations", **query)["_embedded"]["conversations"]
    total = desk.get("/conversations", **query)["page"]["totalElements"]
    desk.desk.patch({"op": "edit_conversation", "id": first[3]["id"], "fields": {"subject": "Edited"}})
    rest: list[Any] = []
    for page in range(2, -(-total // 25) + 1):
        rest += desk.get("/conversations", **query, page=page)["_embedded"]["conversations"]
    # What was edited comes again at the end; a row has slipped to the page before, where nobody looks any more.
    assert rest[-1]["id"] == first[3]["id"]
    assert len({row["id"] for row in [*first, *rest]}) == total - 1


def test_a_change_can_arrive_late(desk: Client) -> None:
    row = desk.get("/conversations", status="closed")["_embedded"]["conversations"][0]
    since = desk.desk.account.now()
    desk.desk.clock.sleep(600)
    desk.desk.patch({"op": "touch_conversation", "id": row["id"], "at": "2026-06-01T08:58:00Z"})
    late = {"status": "all", "modifiedSince": since}
    assert desk.get("/conversations", **late)["page"]["totalElements"] == 0
    overlapping = {"status": "all", "modifiedSince": "2026-06-01T08:55:00Z"}
    assert [one["id"] for one in desk.pages("/conversations", "conversations", **overlapping)] == [row["id"]]


def test_embedded_threads_can_be_capped(desk: Client) -> None:
    row = long_one(desk)
    desk.desk.patch({"op": "settings", "embedded_threads": 100})
    capped = desk.get(f"/conversations/{row['id']}", embed="threads")
    assert (len(capped["_embedded"]["threads"]), capped["threads"]) == (100, row["threads"])


def test_lists_end_somewhere_while_the_totals_go_on(desk: Client) -> None:
    whole = list(desk.pages("/conversations", "conversations", status="all"))
    desk.desk.patch({"op": "settings", "window": 50})
    assert len(list(desk.pages("/conversations", "conversations", status="all"))) == 50
    page = desk.get("/conversations", status="all", page=2)["page"]
    assert (page["totalElements"], page["totalPages"]) == (len(whole), 3)
    assert desk.bad("GET", "/conversations?status=all&page=3") == ["page"]
    since = f"(number:[{whole[45]['number']} TO *])"
    assert desk.get("/conversations", status="all", query=since)["page"]["totalElements"] >= 1


def test_spam_can_be_left_out_of_all() -> None:
    desk = Client()
    spam = desk.conversation()
    desk.desk.patch({"op": "spam_conversation", "id": spam})
    assert desk.get("/conversations", status="all")["page"]["totalElements"] == 1
    desk.desk.patch({"op": "settings", "all_includes_spam": False})
    assert desk.get("/conversations", status="all")["page"]["totalElements"] == 0
    assert desk.get("/conversations", status="spam")["page"]["totalElements"] == 1


def test_a_file_whose_bytes_change_says_nothing() -> None:
    desk = Client()
    number = desk.conversation()
    thread_id = desk.get(f"/conversations/{number}/threads")["_embedded"]["threads"][0]["id"]
    data = base64.b64encode(b"abc").decode()
    values = {"name": "a.txt", "mime_type": "text/plain", "data": data}
    row_id = desk.desk.patch({"op": "attach", "thread": thread_id, **values})
    before = desk.get(f"/conversations/{number}", embed="threads")
    desk.desk.patch({"op": "corrupt_attachment", "id": row_id})
    assert desk.get(f"/conversations/{number}", embed="threads") == before
    assert desk.get(f"/conversations/{number}/attachments/{row_id}/data")["data"] != data


@pytest.mark.parametrize(
    "change",
    [
        {"op": "edit_customer", "fields": {"jobTitle": "Boss"}},
        {"op": "delete_customer"},
    ],
)
def test_people_change_too(change: dict[str, Any]) -> None:
    desk = Client()
    row_id = desk.new("/customers", {"firstName": "A"})
    desk.desk.clock.sleep(60)
    desk.desk.patch({**change, "id": row_id})
    found = desk.get("/customers", modifiedSince="2025-06-15T15:07:00Z").get("_embedded", {}).get("customers", [])
    assert [row["jobTitle"] for row in found] == (["Boss"] if change["op"] == "edit_customer" else [])


def test_an_article_can_be_edited_behind_the_apis_back() -> None:
    desk = Client(build(seed=1, tickets=20, plan="pro"))
    key = next(iter(desk.desk.account.docs["articles"]))
    desk.desk.patch({"op": "edit_article", "id": key, "fields": {"text": "New"}})
    url = f"/v1/collections/{desk.desk.account.docs['articles'][key]['collectionId']}/articles"
    count = desk.get(url)["articles"]["count"]
    desk.desk.patch({"op": "drop_page", "path": url, "page": 1})
    page = desk.get(url)["articles"]
    assert (page["count"], page["items"], count > 0) == (count, [], True)
    shown = desk.get(f"/v1/articles/{key}")["article"]
    assert (shown["text"], shown["updatedAt"]) == ("New", desk.desk.account.now())


def test_an_httpx_client_reads_it_over_http_and_files_come_from_another_origin() -> None:
    desk = build(SimClock(START), redirect_above=2)
    client = Client(desk)
    number = client.conversation()
    thread_id = client.get(f"/conversations/{number}/threads")["_embedded"]["threads"][0]["id"]
    values = {"name": "ä.txt", "mime_type": "text/plain", "data": base64.b64encode(b"abc").decode()}
    row_id = desk.patch({"op": "attach", "thread": thread_id, **values})
    with serve(desk) as server, httpx.Client(base_url=server.base_url, headers={"Authorization": client.auth}) as http:
        moved = http.get(f"/v2/conversations/{number}/attachments/{row_id}/file")
        assert moved.status_code == 302
        place = moved.headers["Location"]
        assert httpx.URL(place).host == "localhost"
        assert http.get(place).status_code == 400
        assert httpx.get(place).content == b"abc"
        web = http.get(f"/v2/conversations/{number}", params={"embed": "threads"}).json()
        link = web["_embedded"]["threads"][0]["_embedded"]["attachments"][0]["_links"]["web"]["href"]
        assert httpx.get(server.base_url + httpx.URL(link).raw_path.decode()).content == b"abc"
        http.post("/__sim/state", json={"op": "expire_tokens"}).raise_for_status()
        assert http.get("/v2/users/me").status_code == 401


def test_faults_of_every_desk_strike_this_one_too() -> None:
    transport = SimTransport(build(seed=1, tickets=30, plan="pro"))
    auth = f"Bearer {transport.pipeline.desk.credentials()['access_token']}"
    with httpx.Client(transport=transport, base_url="http://sim", headers={"Authorization": auth}) as http:
        spec = "429@/v2/users:nth=1;401@/v2/users:nth=2;drop@/v2/conversations:at=_embedded.conversations,count=1"
        http.post("/__sim/faults", json={"spec": spec}).raise_for_status()
        limited = http.get("/v2/users")
        assert (limited.status_code, limited.headers["X-RateLimit-Retry-After"]) == (429, "30")
        assert "Retry-After" not in limited.headers
        assert http.get("/v2/users").status_code == 401
        assert http.get("/v2/users").status_code == 200
        short, whole = (http.get("/v2/conversations").json()["_embedded"]["conversations"] for _ in range(2))
        assert len(short) == len(whole) - 1


def test_the_command_serves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = SimpleNamespace(wait=lambda: None)
    monkeypatch.setattr(simulating, "threading", SimpleNamespace(Event=lambda: ended))
    result = CliRunner().invoke(simulating.simulate, ["help_scout", "--tickets", "20", "--clock", "virtual"])
    told = json.loads(result.stdout)
    assert (told["vendor"], told["clock"], told["missing_streams"]) == ("help_scout", "virtual", [])
    assert set(told["credentials"]) == {"app_id", "app_secret", "access_token", "docs_api_key"}


def test_ctrl_c_is_the_end_of_the_command_however_early_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(line: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(simulating.click, "echo", interrupted)
    result = CliRunner().invoke(simulating.simulate, ["help_scout", "--tickets", "1"])
    assert (result.exit_code, result.output) == (0, "")


def test_the_snapshot_has_all_of_it() -> None:
    desk: HelpScoutDesk = build(seed=1, tickets=30)
    picture = desk.snapshot()
    json.dumps(picture)
    assert {"conversations", "threads", "customers", "organizations", "ratings", "docs_articles"} <= set(picture)
    ids = {row["id"] for row in picture["conversations"]}
    assert all(thread["conversation"] in ids for thread in picture["threads"])
    some = next(row for row in picture["attachments"] if row["size"])
    data = desk.account.tables["attachments"][some["id"]]["_made"].content()
    assert some["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_plain_account_has_no_oddities() -> None:
    desk = Client(build(seed=1, tickets=30, profile="plain", messages=3))
    rows = list(desk.pages("/conversations", "conversations", status="all", embed="threads"))
    assert len(rows) == 30
    assert {row["threads"] for row in rows} == {3}
