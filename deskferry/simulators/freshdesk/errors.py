"""The vendor's refusals: status, body and codes as its reference lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.simulators.kernel import SimResponse, json_response

Row = dict[str, Any]


class ApiError(Exception):
    """An answer that is a refusal. Without a body it goes out empty, as 404 and 405 do."""

    def __init__(self, status: int, body: Row | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers

    def response(self) -> SimResponse:
        """Return the HTTP answer."""
        if self.body is None:
            return SimResponse(self.status, b"", {"Content-Type": "application/json", **(self.headers or {})})
        return json_response(self.body, self.status, self.headers)


def fault(field: str, message: str, code: str = "invalid_value", **more: Any) -> Row:
    """Return one entry of a validation error."""
    return {"field": field, "message": message, "code": code, **more}


def invalid(*faults: Row, status: int = 400) -> ApiError:
    """Return a validation error of one or more entries."""
    return ApiError(status, {"description": "Validation failed", "errors": list(faults)})


def unknown_fields(names: list[str]) -> ApiError:
    """Return the refusal of fields that the call does not list."""
    return invalid(*(fault(name, "Unexpected/invalid field in request", "invalid_field") for name in names))


def no_match(field: str, what: str = "contact") -> ApiError:
    """Return the refusal of an id or address that belongs to nobody."""
    return invalid(fault(field, f"There is no {what} matching the given {field}"))


def duplicate(field: str, **info: Any) -> ApiError:
    """Return the 409 of a value that must be unique; `info` names the twin."""
    more = {"additional_info": info} if info else {}
    return invalid(fault(field, "It should be a unique value", "duplicate_value", **more), status=409)


def denied(code: str = "access_denied", message: str = "You are not authorized to perform this action.") -> ApiError:
    """Return a 403."""
    return ApiError(403, {"code": code, "message": message})


def needs_feature(feature: str) -> ApiError:
    """Return the 403 of a plan that lacks a feature."""
    title = feature.replace("_", " ").title()
    text = f"The {title} feature(s) is/are not supported in your plan. Please upgrade your account to use it."
    return denied("require_feature", text)


def not_found() -> ApiError:
    """Return the 404, which has no body."""
    return ApiError(404)


def not_allowed() -> ApiError:
    """Return the 405 of a record that sits in the trash, in spam, or may not be changed at all."""
    return ApiError(405)
