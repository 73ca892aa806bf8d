"""What calls raise, and how a call is named in an error: method, redacted URL, status, the vendor's request id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx

from deskferry.errors import DeskferryError, Refused, Stopped
from deskferry.redaction import redact

_REQUEST_IDS = (
    "x-request-id", "x-zendesk-request-id", "correlation-id", "x-hubspot-correlation-id", "x-amzn-requestid", "cf-ray",
)  # fmt: skip
_TELLING = re.compile(r"(?i)token|key|secret|signature|password|credential|code|email")


class VendorStatus(DeskferryError):
    """A 4xx that the caller did not allow: `status`, `body`, `headers`; `code` and `detail` of a Reject."""

    def __init__(
        self, call: str, status: int, body: Any, headers: Mapping[str, str], code: str = "", detail: str = ""
    ) -> None:
        said = detail or brief(body)
        super().__init__(f"{call} answered {status}{': ' + said if said else ''}.", _ADVICE.get(status, ""))
        self.exit_code = 3 if status in {401, 402, 403} else 4
        self.status, self.body, self.headers = status, body, headers
        self.code, self.detail = code or f"status_{status}", said

    def refused(self) -> Refused:
        """Return it as the refusal of a whole list."""
        return Refused(self.message, self.advice, status=self.status)


_ADVICE = {
    403: "The role, the scopes or the plan behind these credentials do not permit it.",
    404: "It is gone, or these credentials cannot see it.",
}


class InDoubt(Stopped):
    """A write may or may not have taken effect; it was not sent again. Settled by looking for its origin mark."""

    def __init__(self, call: str, why: str) -> None:
        super().__init__(
            f"{call}: {why}; it may have taken effect.",
            "Run the same command again: it looks for the result before it sends anything.",
        )


class Gone(DeskferryError):
    """What is to be downloaded does not exist any more (404, 410)."""

    exit_code = 1


class Denied(Refused):
    """What is to be downloaded is refused (401, 403), also with fresh credentials."""


def redacted_url(url: httpx.URL | str) -> str:
    """Return a URL fit for an error message: no user, no secret, no value that looks like a signature."""
    parsed = httpx.URL(url)
    query = "&".join(
        f"{name}={'…' if _TELLING.search(name) or '@' in value or len(value) > 40 else value}"
        for name, value in parse_qsl(parsed.query.decode("ascii", "replace"), keep_blank_values=True)
    )
    origin = f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}" if parsed.host else ""
    return redact(f"{origin}{parsed.path}{'?' + query if query else ''}")


def describe(vendor: str, request: httpx.Request) -> str:
    """Return how a call is named in an error."""
    return f"{vendor + ': ' if vendor else ''}{request.method} {redacted_url(request.url)}"


def request_id(headers: Mapping[str, str]) -> str:
    """Return the vendor's own id of a call, by which its support can find it, or ""."""
    return next((value for name in _REQUEST_IDS if (value := headers.get(name))), "")


def brief(body: Any) -> str:
    """Return what a body says, in one short redacted line."""
    if body is None or body in ("", b""):
        return ""
    text = body if isinstance(body, str) else repr(body)
    text = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return redact(text if len(text) <= 300 else text[:297] + "...")
