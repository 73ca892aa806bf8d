"""Batches as they leave, and what the answers mean: rows that fail, twins that were there, jobs, uploads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.contract import (
    Amends,
    Appends,
    Destination,
    FilePart,
    Headers,
    Operation,
    Outcome,
    Reassigns,
    Ref,
    Reimports,
    SpellsTags,
    TellsValues,
    Undoes,
    Updates,
)
from deskferry.connectors.zendesk import CONNECTOR, delta
from deskferry.connectors.zendesk.write import ZendeskDestination
from deskferry.errors import Refused
from tests.connectors.zendesk.desk import NOW, connection

Answer = Callable[[dict[str, Any]], Any]


class Account:
    """Answers by `METHOD path`; a job is done when it is looked at. Remembers the calls with their bodies."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {key.replace("__", " ").replace("_of_", "/"): value for key, value in answers.items()}
        self.calls: list[tuple[str, Any]] = []
        self.clock = VirtualClock(NOW)
        self.results: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.path.removeprefix("/api/v2/")
        json_body = "json" in request.headers.get("content-type", "")
        body = json.loads(request.content) if json_body and request.content else dict(request.url.params)
        self.calls.append((f"{request.method} {path}", body))
        if path.startswith("job_statuses/"):
            job = {"id": "j", "status": "completed", "progress": 1, "results": self.results}
            return httpx.Response(200, json={"job_status": job})
        answer = self.answers.get(f"{request.method} {path}", 404)
        if isinstance(answer, list):
            answer = answer.pop(0)
        found = answer(body) if callable(answer) else answer
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(found, json={}) if isinstance(found, int) else httpx.Response(200, json=found)

    def destination(self) -> ZendeskDestination:
        chosen = connection()
        return ZendeskDestination(CONNECTOR.session(chosen, self.clock, httpx.MockTransport(self)), chosen)

    def named(self, call: str) -> list[Any]:
        return [body for name, body in self.calls if name == call]


JOB = {"job_status": {"id": "j", "status": "queued"}}


def ticket(number: int, text: str = "<p>x</p>", **more: Any) -> Operation:
    part = f"old:comment:{number}"
    return Operation(
        f"old:ticket:{number}", "", "ticket", "create", "ticket.import", "ticket",
        {"subject": f"{number}", "comments": [{"html_body": text, "public": True}], **more.pop("body", {})},
        mark=f"old:ticket:{number}", carries=(part,), **more,
    )  # fmt: skip


def user(number: int) -> Operation:
    body = {"name": "Zoë", "email": f"z{number}@x.example", "external_id": f"old:user:{number}"}
    return Operation(f"old:user:{number}", "", "person", "create", "user.create", "user", body,
                     mark=f"old:user:{number}", adopt=True)  # fmt: skip


def refused(field: str, description: str) -> httpx.Response:
    details = {field: [{"description": description, "error": "InvalidValue"}]}
    return httpx.Response(422, json={"error": "RecordInvalid", "description": "no", "details": details})


def _no_ids(_ref: Ref) -> str:
    raise LookupError("nobody")


def send(account: Account, *operations: Operation, folder: Path = Path()) -> list[Outcome]:
    return list(account.destination().send(operations, _no_ids, lambda _part: folder / "blob"))


def test_it_is_all_that_the_engine_asks_for() -> None:
    there: Destination = Account().destination()
    for offered in (Updates, Amends, Headers, TellsValues, SpellsTags, Reimports, Appends, Undoes, Reassigns):
        assert isinstance(there, offered), offered


def test_rows_go_together_and_one_alone() -> None:
    account = Account(**{"POST imports/tickets/create_many": JOB})
    account.results = [{"id": 11, "index": 0}, {"id": 12, "index": 1}]
    found = send(account, ticket(1), ticket(2))
    assert [(one.state, one.remote_id) for one in found] == [("done", "11"), ("done", "12")]
    account = Account(**{"POST imports/tickets": {"ticket": {"id": 13}}})
    (only,) = send(account, ticket(3))
    assert (only.state, only.remote_id) == ("done", "13")
    assert only.url == "https://acme.zendesk.com/agent/tickets/13"


def test_a_row_without_a_result_is_in_doubt_and_harms_no_other() -> None:
    account = Account(**{"POST imports/tickets/create_many": JOB})
    account.results = [{"id": 11, "index": 0}]
    assert [one.state for one in send(account, ticket(1), ticket(2))] == ["done", "in_doubt"]


def test_a_row_that_fails_is_sent_alone_without_what_its_refusal_names() -> None:
    alone = [refused("assignee", "Assignee: is invalid"), {"ticket": {"id": 12}}]
    account = Account(**{"POST imports/tickets/create_many": JOB, "POST imports/tickets": alone})
    account.results = [
        {"id": 11, "index": 0},
        {"index": 1, "action": "create", "success": False, "error": "RecordInvalid", "details": "Assignee: is invalid"},
    ]
    first, second = send(account, ticket(1), ticket(2, body={"assignee_id": 5}))
    assert (first.remote_id, second.remote_id) == ("11", "12")
    assert second.receipt["dropped"] == ["assignee_id"]
    assert "assignee_id" not in account.named("POST imports/tickets")[1]["ticket"]


def test_what_cannot_be_mended_is_refused_by_its_words(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"0123456789")
    upload = {"upload": {"token": "t1", "attachment": {"id": 5, "content_url": "https://acme.zendesk.com/a"}}}
    account = Account(**{
        "POST uploads": upload, "POST imports/tickets": refused("base", "Order number: is required"),
        "DELETE uploads/t1": 204,
    })  # fmt: skip
    file = FilePart("old:attachment:1", "a.txt", "text/plain", 10, "aa")
    one = ticket(1, files=(file,), file_of={"old:attachment:1": "old:comment:1"})
    (only,) = send(account, one, folder=tmp_path)
    assert (only.state, only.code, only.detail) == ("refused", "RecordInvalid", "Order number: is required")
    assert account.named("POST imports/tickets")[0]["ticket"]["comments"][0]["uploads"] == ["t1"]
    assert [name for name, _body in account.calls][-1] == "DELETE uploads/t1"


def test_pictures_show_the_address_that_the_upload_answers(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"0123456789")
    upload = {"upload": {"token": "t1", "attachment": {"id": 5, "content_url": "https://acme.zendesk.com/a?name=p"}}}
    account = Account(**{"POST uploads": upload, "POST imports/tickets": {"ticket": {"id": 1}}})
    text = '<p><img src="deskferry-file:old:attachment:1"></p>'
    file = FilePart("old:attachment:1", "p.png", "image/png", 10, "aa")
    send(account, ticket(1, text, files=(file,), file_of={"old:attachment:1": "old:comment:1"}), folder=tmp_path)
    (sent,) = account.named("POST imports/tickets")
    assert sent["ticket"]["comments"][0]["html_body"] == '<p><img src="https://acme.zendesk.com/a?name=p"></p>'


def test_keys_that_the_vendor_says_it_removed_are_losses() -> None:
    warned = {
        "X-Zendesk-API-Warn": 'Removed restricted keys ["due_at", "other"] from parameters according to whitelist'
    }
    answer = httpx.Response(201, json={"ticket": {"id": 7}}, headers=warned)
    account = Account(**{"POST imports/tickets": answer})
    (only,) = send(account, ticket(1, body={"due_at": "2025-01-01T00:00:00Z"}))
    assert only.receipt["dropped"] == ["due_at"]


def test_a_twin_is_adopted_and_not_overwritten() -> None:
    account = Account(**{
        "POST users": refused("email", "Email: z1@x.example is already being used by another user"),
        "GET users/show_many": {"users": []},
        "GET users/search": {"users": [{"id": 77, "email": "Z1@x.example", "active": True}]},
    })  # fmt: skip
    (only,) = send(account, user(1))
    assert (only.state, only.remote_id, only.receipt) == ("adopted", "77", {"adopted": True})
    assert {name.split()[0] for name, _body in account.calls} == {"POST", "GET"}


def test_users_go_alone_where_bulk_imports_are_off() -> None:
    account = Account(**{"POST users/create_many": 403, "POST users": lambda _body: {"user": {"id": 5}}})
    there = account.destination()
    for _ in range(2):
        found = there.send([user(1), user(2)], _no_ids, lambda _part: Path())
        assert [one.remote_id for one in found] == ["5", "5"]
    assert len(account.named("POST users/create_many")) == 1


def test_long_tickets_go_in_smaller_batches() -> None:
    def taken(body: dict[str, Any]) -> Any:
        account.results = [{"id": 100 + place, "index": place} for place in range(len(body["tickets"]))]
        return JOB

    alone = {"ticket": {"id": 7}}
    account = Account(**{"POST imports/tickets/create_many": taken, "POST imports/tickets": alone})
    found = send(account, *(ticket(number, "x" * 1_500_000) for number in range(1, 6)))
    assert [one.state for one in found] == ["done"] * 5
    sizes = [len(json.dumps(body)) for body in account.named("POST imports/tickets/create_many")]
    assert max(sizes) < 5_000_000
    assert len(account.named("POST imports/tickets/create_many")) == 2
    assert len(account.named("POST imports/tickets")) == 1


def test_a_full_queue_of_jobs_is_waited_for() -> None:
    full = httpx.Response(429, json={"error": "TooManyJobs"}, headers={"Retry-After": "10"})
    account = Account(**{"POST imports/tickets/create_many": [full, JOB]})
    account.results = [{"id": 11, "index": 0}, {"id": 12, "index": 1}]
    assert [one.state for one in send(account, ticket(1), ticket(2))] == ["done", "done"]
    assert account.clock.slept >= 10


def test_who_may_not_import_stops_the_run() -> None:
    account = Account(**{"POST imports/tickets": httpx.Response(403, json={"error": {"message": "Forbidden"}})})
    with pytest.raises(Refused, match="Only administrators"):
        send(account, ticket(1))


def test_what_lies_in_the_trash_is_not_found() -> None:
    rows = [{"id": 1, "external_id": "old:ticket:1", "status": "deleted"}]
    stale = [{"id": 1, "external_id": "old:ticket:1", "status": "open"}]
    account = Account(**{
        "GET job_statuses": {"job_statuses": []}, "GET tickets": {"tickets": rows}, "GET search": {"results": stale},
        "GET tickets/1": 404,
    })  # fmt: skip
    assert account.destination().find(ticket(1), _no_ids) == []


def test_removing_a_ticket_twice_does_no_harm() -> None:
    account = Account(**{"DELETE tickets/9": [204, 404]})
    there = account.destination()
    for _ in range(2):
        (only,) = there.send([delta.removal(ticket(1))], lambda _ref: "9", lambda _part: Path())
        assert (only.state, only.remote_id) == ("done", "9")
