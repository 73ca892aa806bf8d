"""A small client of a desk in process, for the tests of the Help Scout simulator."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from deskferry.simulators.help_scout import HelpScoutDesk, build
from deskferry.simulators.kernel import SimClock, SimRequest, SimResponse

START = 1_750_000_000.0  # 2025-06-15T15:06:40Z


class Client:
    """Calls a desk and remembers the last answer."""

    def __init__(self, desk: HelpScoutDesk | None = None, **options: Any) -> None:
        self.desk = desk or build(SimClock(START), **{"plan": "pro", **options})
        credentials = self.desk.credentials()
        self.auth = f"Bearer {credentials['access_token']}"
        self.docs_auth = "Basic " + base64.b64encode(f"{credentials['docs_api_key']}:X".encode()).decode()
        self.last = SimResponse()

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> SimResponse:
        """Send a request; a path without a version is one of the Inbox API's second."""
        parts = urlsplit(url)
        versioned = parts.path.startswith(("/v1/", "/v2/", "/v3/", "/file/", "/sim-storage/", "/docs-assets/"))
        path = parts.path if versioned else "/v2" + parts.path
        own = self.docs_auth if path.startswith("/v1/") else self.auth
        sent = {"authorization": own, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = {name: value for name, value in sent.items() if value}
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        if raw and "content-type" not in sent:
            sent["content-type"] = "application/json"
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        self.last = self.desk.handle(SimRequest(method, path, query, sent, raw))
        return self.last

    def ok(self, method: str, url: str, body: Any = None, status: int | None = None) -> Any:
        answer = self.send(method, url, body)
        wanted = status or {"POST": 201, "GET": 200}.get(method, 204)
        assert answer.status == wanted, (answer.status, answer.body)
        return orjson.loads(answer.body) if answer.body else None

    def get(self, url: str, **query: Any) -> Any:
        return self.ok("GET", f"{url}?{urlencode(query)}" if query else url)

    def new(self, url: str, body: Any) -> int:
        """Create something and return the id that the header has."""
        assert self.ok("POST", url, body) is None
        return int(self.last.headers["Resource-ID"])

    def bad(self, method: str, url: str, body: Any = None, status: int = 400) -> list[str]:
        """Return the paths of a refusal."""
        answer = self.send(method, url, body)
        assert answer.status == status, (answer.status, answer.body)
        decoded = orjson.loads(answer.body) if answer.body else {}
        return [item["path"] for item in decoded.get("_embedded", {}).get("errors", [])]

    def pages(self, url: str, key: str, **query: Any) -> Iterator[Any]:
        """Follow the links to the next page, with a second between them."""
        target: str | None = f"{url}?{urlencode(query)}" if query else url
        while target:
            self.desk.clock.sleep(1)
            page = self.ok("GET", target)
            yield from page.get("_embedded", {}).get(key, [])
            target = page["_links"].get("next", {}).get("href")

    def kinds(self) -> list[str]:
        return [mail.kind for mail in self.desk.mailbox]

    def inbox(self) -> int:
        return next(iter(self.desk.account.tables["mailboxes"]))

    def conversation(self, **more: Any) -> int:
        """Create an imported conversation with one thread of a customer."""
        customer = {"email": "kim@customer.example", "firstName": "Kim"}
        thread = {"type": "customer", "customer": customer, "text": "It broke.", "imported": True}
        body = {"subject": "Broken", "mailboxId": self.inbox(), "type": "email", "status": "active"}
        body |= {"customer": customer, "threads": [thread], "imported": True}
        return self.new("/conversations", {**body, **more})
