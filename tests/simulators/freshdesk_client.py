"""A small client of a desk in process, for the tests of the Freshdesk simulator."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from deskferry.simulators.freshdesk import FreshdeskDesk
from deskferry.simulators.kernel import SimClock, SimRequest, SimResponse

START = 1_750_000_000.0  # 2025-06-15T15:06:40Z


class Client:
    """Calls a desk and remembers the last answer."""

    def __init__(self, desk: FreshdeskDesk | None = None, **options: Any) -> None:
        self.desk = desk or FreshdeskDesk(SimClock(START), **{"plan": "enterprise-2000", **options})
        key = self.desk.credentials()["api_key"]
        self.auth = "Basic " + base64.b64encode(f"{key}:X".encode()).decode()
        self.last = SimResponse()

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> SimResponse:
        parts = urlsplit(url)
        path = parts.path if parts.path.startswith(("/api/", "/sim-", "/inline")) else "/api/v2" + parts.path
        sent = {"authorization": self.auth, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = {name: value for name, value in sent.items() if value}
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        if raw and "content-type" not in sent:
            sent["content-type"] = "application/json"
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        self.last = self.desk.handle(SimRequest(method, path, query, sent, raw))
        return self.last

    def ok(self, method: str, url: str, body: Any = None, status: int | None = None) -> Any:
        answer = self.send(method, url, body)
        wanted = status or {"POST": 201, "DELETE": 204}.get(method, 200)
        assert answer.status == wanted, (answer.status, answer.body)
        return orjson.loads(answer.body) if answer.body else None

    def bad(self, method: str, url: str, body: Any = None, status: int = 400) -> list[tuple[str, str]]:
        """Return the (field, code) pairs of a refusal."""
        answer = self.send(method, url, body)
        assert answer.status == status, (answer.status, answer.body)
        decoded = orjson.loads(answer.body) if answer.body else {}
        return [(item["field"], item["code"]) for item in decoded.get("errors", [])]

    def form(self, method: str, url: str, parts: list[tuple[str, Any]], status: int = 201) -> Any:
        """Send a multipart form; a part is text, or (file name, content type, bytes)."""
        body = b""
        for name, value in parts:
            body += b'--BOUND\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
            data = value[2] if isinstance(value, tuple) else str(value).encode()
            if isinstance(value, tuple):
                body += f'; filename="{value[0]}"\r\nContent-Type: {value[1]}'.encode()
            body += b"\r\n\r\n" + data + b"\r\n"
        answer = self.send(method, url, body + b"--BOUND--\r\n", content_type="multipart/form-data; boundary=BOUND")
        assert answer.status == status, (answer.status, answer.body)
        return orjson.loads(answer.body) if answer.body else None

    def kinds(self) -> list[str]:
        return [mail.kind for mail in self.desk.mailbox]

    def contact(self, name: str = "Kim", **more: Any) -> Any:
        return self.ok("POST", "/contacts", {"name": name, "email": f"{name.lower()}@customer.example", **more})

    def ticket(self, **more: Any) -> Any:
        base = {"subject": "Broken", "description": "It broke.", "status": 2, "priority": 1, "source": 2}
        who = {} if "requester_id" in more or "email" in more else {"email": "kim@customer.example"}
        return self.ok("POST", "/tickets", {**base, **who, **more})
