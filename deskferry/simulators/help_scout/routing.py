"""From a method and a path to the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import ApiError, Row, invalid, not_found, refused, wrong
from deskferry.simulators.help_scout.times import read_time
from deskferry.simulators.kernel import SimRequest, SimResponse

HAL = "application/hal+json;charset=UTF-8"


@dataclass(slots=True)
class Call:
    """One call under way: the account, the request, who asks, and the values in the path."""

    account: Account
    request: SimRequest
    user_id: int
    args: tuple[str, ...]

    @property
    def id(self) -> int:
        """Return the first id of the path."""
        return int(self.args[0])

    @property
    def is_v3(self) -> bool:
        """Say whether the newer version is asked."""
        return self.request.path.startswith("/v3/")

    def param(self, name: str) -> str | None:
        """Return a query parameter; an empty one is none."""
        return self.request.param(name) or None

    def time(self, name: str) -> str | None:
        """Return a time of the query; raises the 400 of another form, milliseconds included."""
        text = self.param(name)
        if text is not None and read_time(text) is None:
            raise wrong(name, "must be a date in the format yyyy-MM-dd'T'HH:mm:ss'Z'", "Format", rejectedValue=text)
        return text

    def number(self, name: str) -> int | None:
        """Return a whole number of the query; raises the 400 of anything else."""
        text = self.param(name)
        if text is not None and not text.isdigit():
            raise wrong(name, "must be a number", "Number", rejectedValue=text)
        return None if text is None else int(text)

    def body(self) -> Row:
        """Return the JSON object of the body."""
        value = self.json()
        if not isinstance(value, dict):
            raise invalid(message="Bad request")
        return value

    def json(self) -> Any:
        """Return the JSON of the body, whatever it is; raises for another media type and for no JSON."""
        if "json" not in self.request.headers.get("content-type", ""):
            raise refused(415)
        if len(self.request.body) > self.account.settings.max_request_bytes:
            raise refused(413)
        try:
            return self.request.json()
        except ValueError:
            raise invalid(message="Bad request") from None


Handler = Callable[[Call], SimResponse]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb on one path: `{id}` is a number, `{text}` anything without a slash."""

    method: str
    path: str
    handler: Handler


class Router:
    """All routes, found by number of segments and pattern; fixed paths come before those with a value."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_size: dict[int, list[tuple[re.Pattern[str], dict[str, Route]]]] = {}
        found: dict[str, dict[str, Route]] = {}
        for route in routes:
            if route.path not in found:
                found[route.path] = {}
                self._by_size.setdefault(route.path.count("/"), []).append((_pattern(route.path), found[route.path]))
            found[route.path][route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the path's values; raises the 404 of a path and the 405 of a verb."""
        allowed: set[str] = set()
        for pattern, by_method in self._by_size.get(path.count("/"), ()):
            match = pattern.match(path)
            if match is None:
                continue
            if method in by_method:
                return by_method[method], match.groups()
            allowed.update(by_method)
        if not allowed:
            raise not_found()
        error = refused(405)
        raise ApiError(405, error.body, {"Allow": ", ".join(sorted(allowed))})


def _pattern(path: str) -> re.Pattern[str]:
    number = path.replace("{id}", r"(\d+)")
    return re.compile(number.replace("{text}", r"([^/]+)") + r"\Z")


def hal(value: Row, status: int = 200) -> SimResponse:
    """Return a HAL document."""
    return SimResponse(status, orjson.dumps(value), {"Content-Type": HAL})


def created(call: Call, path: str, row_id: int | str) -> SimResponse:
    """Return a 201 without a body: the id is in a header, and at the end of the Location."""
    location = f"{call.account.settings.origin}{path}/{row_id}"
    return SimResponse(201, b"", {"Resource-ID": str(row_id), "Location": location})


def empty() -> SimResponse:
    """Return a 204."""
    return SimResponse(204)
