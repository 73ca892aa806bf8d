"""Background jobs, uploads and faults that strike after a write of the Zendesk simulator."""

from __future__ import annotations

import httpx
import pytest

from deskferry.simulators.faults import parse_faults
from tests.simulators.zendesk_client import Client, client

ROWS = [{"subject": f"S{number}", "comments": [{"value": "x"}]} for number in range(4)]


@pytest.fixture
def desk() -> Client:
    return client(3)


def test_a_job_is_queued_works_and_completes(desk: Client) -> None:
    before = desk.json("tickets/count")["count"]["value"]
    job = desk.wrote("POST", "imports/tickets/create_many", {"tickets": ROWS})["job_status"]
    assert (job["status"], job["total"], job["progress"], job["results"]) == ("queued", 4, None, None)
    path = f"job_statuses/{job['id']}"
    desk.desk.clock.sleep(1.05)
    working = desk.json(path)["job_status"]
    assert (working["status"], working["progress"]) == ("working", 2)
    assert desk.json("tickets/count")["count"]["value"] == before + 2
    desk.desk.clock.sleep(1)
    done = desk.json(path)["job_status"]
    assert (done["status"], done["progress"], len(done["results"])) == ("completed", 4, 4)
    assert done["message"].startswith("Completed at 20")
    assert desk.json("job_statuses/show_many", ids=f"{job['id']},nothing")["job_statuses"] == [done]
    assert desk.json("job_statuses")["job_statuses"] == [done]
    desk.desk.clock.sleep(3700)
    assert desk.get(path).status_code == 404


def test_thirty_jobs_are_enough(desk: Client) -> None:
    body = {"tickets": ROWS[:1]}
    answers = [desk.send("POST", "imports/tickets/create_many", body) for _ in range(31)]
    assert [one.status_code for one in answers[:30]] == [200] * 30
    refused = answers[30]
    assert (refused.status_code, refused.json()["error"]) == (429, "TooManyJobs")
    assert len(refused.json()["current_job_ids"]) == 30
    assert refused.headers["Zendesk-RateLimit-inflight-jobs"].startswith("total=30; remaining=0")
    assert "Retry-After" in refused.headers
    desk.desk.clock.sleep(10)
    assert desk.send("POST", "imports/tickets/create_many", body).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [("fail", "failed"), ("kill", "killed"), ("stall", "working")])
def test_a_job_that_ends_badly_has_done_some_rows(desk: Client, fault: str, status: str) -> None:
    before = desk.json("tickets/count")["count"]["value"]
    desk.patch("job_fault", do=fault, after=2)
    job = desk.job("POST", "imports/tickets/create_many", {"tickets": ROWS})
    assert job["status"] == status
    assert desk.json("tickets/count")["count"]["value"] == before + 2


def test_a_job_can_be_forgotten_or_its_results_cut(desk: Client) -> None:
    desk.patch("job_fault", do="truncate", after=1)
    job = desk.job("POST", "imports/tickets/create_many", {"tickets": ROWS})
    assert (job["status"], job["total"], len(job["results"])) == ("completed", 4, 1)
    desk.patch("job_fault", do="lose")
    before = desk.json("tickets/count")["count"]["value"]
    lost = desk.wrote("POST", "imports/tickets/create_many", {"tickets": ROWS})["job_status"]["id"]
    desk.desk.clock.sleep(60)
    assert desk.get(f"job_statuses/{lost}").status_code == 404
    assert desk.json("tickets/count")["count"]["value"] == before + 4


def test_a_write_can_take_effect_and_never_be_answered(desk: Client) -> None:
    before = desk.json("tickets/count")["count"]["value"]
    desk.transport.faults.extend(parse_faults("timeout_after@POST /imports/tickets:nth=1,seconds=0"))
    desk.transport.faults.extend(parse_faults("reset_after@POST /imports/tickets:nth=2"))
    desk.transport.faults.extend(parse_faults("503@POST /imports/tickets:nth=3"))
    body = {"ticket": {"subject": "S", "comments": [{"value": "x"}]}}
    with pytest.raises(httpx.ReadTimeout):
        desk.send("POST", "imports/tickets", body)
    with pytest.raises(httpx.ReadError):
        desk.send("POST", "imports/tickets", body)
    assert desk.send("POST", "imports/tickets", body).status_code == 503
    assert desk.json("tickets/count")["count"]["value"] == before + 2
    desk.transport.faults.extend(parse_faults("drop@/job_statuses/:at=job_status.results,index=0"))
    assert len(desk.job("POST", "imports/tickets/create_many", {"tickets": ROWS})["results"]) == 3


def test_an_uploaded_file_is_attached_by_its_token(desk: Client) -> None:
    upload = desk.upload("a b.png", b"one")
    more = desk.upload("ü.txt", b"two!", "text/plain", token=upload["token"])
    assert (more["token"], len(more["attachments"])) == (upload["token"], 2)
    made = desk.imports(comments=[{"value": "x", "uploads": [upload["token"]]}])
    shown = desk.json(f"tickets/{made['id']}/comments")["comments"][0]["attachments"]
    assert [(one["file_name"], one["size"], one["content_type"]) for one in shown] == [
        ("a b.png", 3, "image/png"),
        ("ü.txt", 4, "text/plain"),
    ]
    assert desk.get(shown[1]["content_url"]).content == b"two!"
    assert desk.json(f"attachments/{shown[0]['id']}")["attachment"]["id"] == shown[0]["id"]
    again = {"ticket": {"comments": [{"value": "x", "uploads": [upload["token"]]}]}}
    assert desk.refused("POST", "imports/tickets", again)["details"]["uploads"]


def test_a_token_lives_for_an_hour_and_the_file_goes_with_it(desk: Client) -> None:
    upload = desk.upload("a.png", b"one")
    desk.desk.clock.sleep(3601)
    assert desk.get(upload["attachment"]["content_url"]).status_code == 404
    body = {"ticket": {"comments": [{"value": "x", "uploads": [upload["token"]]}]}}
    assert desk.refused("POST", "imports/tickets", body)["error"] == "RecordInvalid"
    desk.patch("settings", dead_uploads_refused=False)
    made = desk.wrote("POST", "imports/tickets", body)["ticket"]
    assert desk.json(f"tickets/{made['id']}/comments")["comments"][0]["attachments"] == []


def test_unused_uploads_are_deleted_and_attached_ones_stay(desk: Client) -> None:
    upload, other = desk.upload("a.png", b"one"), desk.upload("b.png", b"two")
    made = desk.imports(comments=[{"value": "x", "uploads": other["token"]}])
    assert desk.send("DELETE", f"uploads/{upload['token']}").status_code == 204
    assert desk.send("DELETE", f"uploads/{upload['token']}").status_code == 404
    desk.desk.clock.sleep(4000)
    url = desk.json(f"tickets/{made['id']}/comments")["comments"][0]["attachments"][0]["content_url"]
    assert desk.get(url).content == b"two"


def test_uploads_have_a_name_a_size_and_a_type(desk: Client) -> None:
    desk.patch("settings", max_upload=10, blocked_extensions=("exe",))
    assert desk.http.post("/api/v2/uploads", content=b"x").status_code == 400
    for name, data, status in (("a.txt", b"x" * 11, 413), ("a.EXE", b"x", 422), ("a.txt", b"", 422)):
        answer = desk.http.post("/api/v2/uploads", content=data, params={"filename": name})
        assert answer.status_code == status


def test_a_comment_of_files_alone_is_refused(desk: Client) -> None:
    token = desk.upload("a.png", b"one")["token"]
    body = {"ticket": {"comments": [{"value": "", "uploads": [token]}]}}
    assert desk.refused("POST", "imports/tickets", body)["error"] == "RecordInvalid"
    desk.patch("settings", blank_comments_refused=False)
    made = desk.wrote("POST", "imports/tickets", body)["ticket"]
    assert len(desk.json(f"tickets/{made['id']}/comments")["comments"][0]["attachments"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "allowed", "span"),
    [
        ("PUT", "tickets/{ticket}", {"ticket": {"priority": "low"}}, 30, 600),
        ("PUT", "users/{user}", {"user": {"notes": "x"}}, 5, 60),
        ("PUT", "organizations/{organization}", {"organization": {"notes": "x"}}, 5, 60),
        ("POST", "users/create_or_update", {"user": {"name": "A", "external_id": "a"}}, 60, 60),
    ],
)
def test_writes_of_one_record_have_limits_of_their_own(
    method: str, path: str, body: dict[str, object], allowed: int, span: int
) -> None:
    desk = client(3, limits=True, plan="suite_enterprise_plus")
    ids = {
        "ticket": desk.imports()["id"],
        "user": desk.wrote("POST", "users", {"user": {"name": "U"}})["user"]["id"],
        "organization": desk.wrote("POST", "organizations", {"organization": {"name": "O"}})["organization"]["id"],
    }
    target = path.format(**ids)
    answers = [desk.send(method, target, body) for _ in range(allowed + 1)]
    assert [one.is_success for one in answers] == [True] * allowed + [False]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) <= span
    desk.desk.clock.sleep(span)
    assert desk.send(method, target, body).is_success


def test_other_tickets_are_not_held_up_but_the_account_allows_a_hundred_updates() -> None:
    desk = client(3, limits=True, plan="suite_enterprise_plus")
    numbers = [desk.imports()["id"] for _ in range(101)]
    codes = [desk.send("PUT", f"tickets/{one}", {"ticket": {"priority": "low"}}).status_code for one in numbers]
    assert codes == [200] * 100 + [429]
