"""The vendor's refusals: status and body as its reference and its clients' tests show them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from deskferry.simulators.kernel import SimResponse, json_response

Row = dict[str, Any]
_MESSAGES = {
    400: "Bad request",
    403: "Access denied",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Request entity too large",
    415: "Unsupported media type",
    500: "Internal error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


class ApiError(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, body: Row | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> SimResponse:
        """Return the HTTP answer; validation errors have a media type of their own."""
        if self.body is None:
            return SimResponse(self.status, b"", self.headers)
        kind = "application/vnd.error+json" if self.status in (400, 422) else "application/json;charset=UTF-8"
        return SimResponse(self.status, orjson.dumps(self.body), {"Content-Type": kind, **self.headers})


def fault(path: str, message: str, code: str = "NotEmpty", **more: Any) -> Row:
    """Return one entry of a validation error."""
    about = {"about": {"href": f"http://developer.helpscout.net/mailbox-api/overview/errors#{code}"}}
    return {"path": path, "message": message, "source": "JSON", **more, "_links": about}


def invalid(*faults: Row, status: int = 400, message: str = "Validation failed") -> ApiError:
    """Return a validation error of one or more entries."""
    return ApiError(status, _worded(message, {"errors": list(faults)}))


def wrong(path: str, message: str, code: str = "InvalidValue", **more: Any) -> ApiError:
    """Return a validation error of one entry."""
    return invalid(fault(path, message, code, **more))


def refused(status: int, message: str | None = None) -> ApiError:
    """Return a refusal without entries; a throttled call has no reference to the log."""
    text = message or _MESSAGES.get(status, "Error")
    if status == 429:
        return ApiError(429, {"message": message or "API rate limit exceeded"})
    if status == 401:
        # No source shows this body; that of the standard for bearer tokens.
        return ApiError(401, {"error": "invalid_token", "error_description": text}, {"WWW-Authenticate": "Bearer"})
    return ApiError(status, _worded(text))


def not_found() -> ApiError:
    """Return the 404 of a record that is not there, or of a path."""
    return refused(404)


def _worded(message: str, embedded: Row | None = None) -> Row:
    digest = hashlib.sha256(orjson.dumps([message, embedded])).hexdigest()
    reference = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    more = {"_embedded": embedded} if embedded else {}
    about = {"about": {"href": "http://developer.helpscout.net/mailbox-api/overview/errors"}}
    return {"logRef": reference, "message": message, **more, "_links": about}


def docs_error(status: int, text: str | None = None) -> SimResponse:
    """Return a refusal of the Docs API."""
    words = {401: "Invalid API Key", 404: "Resource not found", 429: "Too many requests"}
    return json_response({"code": status, "error": text or words.get(status) or _MESSAGES.get(status, "Error")}, status)
