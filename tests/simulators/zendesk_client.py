"""A thin client of the Zendesk simulator for its own tests: nothing of the product's connector."""

from __future__ import annotations

from typing import Any

import httpx

from deskferry.simulators.account import generate
from deskferry.simulators.server import SimTransport
from deskferry.simulators.zendesk import ZendeskDesk


class Client:
    """Asks a desk through the in-process transport, as the admin with an API token."""

    def __init__(self, desk: ZendeskDesk) -> None:
        self.desk = desk
        self.transport = SimTransport(desk)
        secrets = desk.credentials()
        basic = httpx.BasicAuth(f"{secrets['email']}/token", secrets["api_token"])
        self.http = httpx.Client(transport=self.transport, base_url=desk.state.host, auth=basic)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Return the answer to a GET below /api/v2, or of a whole URL."""
        target = path if path.startswith(("http", "/")) else f"/api/v2/{path}"
        return self.http.get(target, params=params or None)

    def json(self, path: str, **params: Any) -> Any:
        """Return the decoded body of an answer that must be 200."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
        return answer.json()

    def listed(self, path: str, name: str, **params: Any) -> list[Any]:
        """Return a whole list, by cursor."""
        rows: list[Any] = []
        page = self.json(path, **{"page[size]": 100, **params})
        while True:
            rows += page[name]
            if not page["meta"]["has_more"]:
                return rows
            page = self.json(page["links"]["next"])

    def exported(self, path: str, name: str, **params: Any) -> list[Any]:
        """Return a whole export, by its cursor or its time."""
        rows: list[Any] = []
        page = self.json(f"incremental/{path}", **{"start_time": 0, **params})
        while True:
            rows += page[name]
            if page["end_of_stream"]:
                return rows
            page = self.json(page.get("after_url") or page["next_page"])

    def send(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """Return the answer to a write below /api/v2."""
        return self.http.request(method, f"/api/v2/{path}", json=body, params=params or None)

    def wrote(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Return the decoded body of a write that must succeed; None for 204."""
        answer = self.send(method, path, body, **params)
        assert answer.is_success, (path, answer.status_code, answer.text[:600])
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: Any = None, status: int = 422, **params: Any) -> Any:
        """Return the decoded body of a write that must be refused."""
        answer = self.send(method, path, body, **params)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:600])
        return answer.json()

    def job(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Return a job after its end."""
        job = self.wrote(method, path, body, **params)["job_status"]
        self.desk.clock.sleep(60)
        return self.json(f"job_statuses/{job['id']}")["job_status"]

    def upload(self, name: str, data: bytes, kind: str = "image/png", **params: Any) -> Any:
        """Return an upload."""
        headers = {"Content-Type": kind}
        answer = self.http.post("/api/v2/uploads", content=data, params={"filename": name, **params}, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["upload"]

    def imports(self, **ticket: Any) -> Any:
        """Return a ticket that was imported."""
        given = {"subject": "S", "comments": [{"value": "Hello"}], **ticket}
        return self.wrote("POST", "imports/tickets", {"ticket": given})["ticket"]

    def mails(self) -> list[str]:
        """Return the kinds of the mails so far."""
        return [mail.kind for mail in self.desk.mailbox]

    def patch(self, op: str, **change: Any) -> Any:
        """Change the account behind the API's back."""
        return self.desk.patch({"op": op, **change})


def client(tickets: int = 120, seed: int = 7, **options: Any) -> Client:
    """Return a client of a fresh desk without request limits, unless they are asked for."""
    return Client(ZendeskDesk(generate(seed, tickets), **{"limits": False, **options}))
