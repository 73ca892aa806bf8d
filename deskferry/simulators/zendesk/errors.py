"""Zendesk's error bodies, each as its API words it."""

from __future__ import annotations

from typing import Any, Final

import orjson

from deskferry.simulators.kernel import SimResponse, json_response

NO_ACCESS: Final = (
    "You do not have access to this page. Please contact the account owner of this help desk for further help."
)


class VendorRefusal(Exception):
    """An answer that ends a request early."""

    def __init__(self, response: SimResponse) -> None:
        super().__init__(response.status)
        self.response = response


def refuse(status: int, body: Any, headers: dict[str, str] | None = None) -> VendorRefusal:
    """Return the refusal to raise."""
    return VendorRefusal(json_response(body, status, headers))


def unauthenticated() -> VendorRefusal:
    """Return what wrong credentials meet."""
    return refuse(401, {"error": "Couldn't authenticate you"}, {"WWW-Authenticate": 'Basic realm="Web Password"'})


def expired_token() -> VendorRefusal:
    """Return what an expired or revoked access token meets."""
    text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    headers = {"WWW-Authenticate": f'Bearer realm="Zendesk API", error="invalid_token", error_description="{text}"'}
    return refuse(401, {"error": "invalid_token", "error_description": text}, headers)


def forbidden(message: str = NO_ACCESS) -> VendorRefusal:
    """Return what a missing role, scope or plan meets."""
    return refuse(403, {"error": {"title": "Forbidden", "message": message}})


def no_record() -> VendorRefusal:
    """Return what an unknown id meets."""
    return refuse(404, {"error": "RecordNotFound", "description": "Not found"})


def no_endpoint() -> VendorRefusal:
    """Return what an unknown path meets."""
    return refuse(404, {"error": {"title": "Invalid Endpoint", "message": "Not found"}})


def bad_parameter(name: str, detail: str) -> VendorRefusal:
    """Return what a query parameter of the wrong form meets, in the style of JSON:API."""
    error = {"code": name, "title": detail, "detail": detail, "source": {"parameter": "page"}}
    return refuse(400, {"errors": [error]})


def invalid(description: str, error: str = "InvalidValue", status: int = 422) -> VendorRefusal:
    """Return what a value that cannot be meets."""
    return refuse(status, {"error": error, "description": description})


def record_invalid(**details: list[dict[str, Any]] | str) -> VendorRefusal:
    """Return what a record that cannot be meets: by field (`base` for the whole), one text or a list of problems."""
    found = {name: problem(value) if isinstance(value, str) else value for name, value in details.items()}
    return refuse(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": found})


def problem(description: str, error: str | None = "InvalidValue", **more: Any) -> list[dict[str, Any]]:
    """Return the problems of one field."""
    return [{"description": description, "error": error, **more}]


def described(refusal: VendorRefusal) -> tuple[str, str]:
    """Return the error of a refusal and its details in one line, as the results of jobs have them."""
    body = orjson.loads(refusal.response.body)
    problems = [one["description"] for found in body.get("details", {}).values() for one in found]
    error = body.get("error")
    title = error if isinstance(error, str) else "Forbidden"
    return title, " ".join(problems) or str(body.get("description", title))


def too_many(retry_after: int, headers: dict[str, str]) -> SimResponse:
    """Return a 429."""
    body = {
        "error": "APIRateLimitExceeded",
        "description": "Number of allowed API requests per minute exceeded",
    }
    return json_response(body, 429, {**headers, "Retry-After": str(retry_after)})


def worded(status: int) -> SimResponse:
    """Return the vendor's answer for a status, as an injected fault wants it."""
    if status == 429:
        return too_many(30, {})
    if status == 401:
        return unauthenticated().response
    if status == 403:
        return forbidden().response
    if status == 404:
        return no_record().response
    return json_response({"error": "InternalError", "description": "Something went wrong"}, status)
