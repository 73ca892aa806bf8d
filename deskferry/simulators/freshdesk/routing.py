"""From a method and a path to the function that answers, with what it asks of the caller."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import Spec, read
from deskferry.simulators.freshdesk.errors import ApiError, Row, fault, invalid, not_found, unknown_fields
from deskferry.simulators.freshdesk.forms import Payload, Upload, read_payload
from deskferry.simulators.kernel import SimRequest, SimResponse, json_response

ROOT = "/api/v2"
CHANNEL = "/api/channel/v2"


@dataclass(slots=True)
class Call:
    """One call under way: the account, the request, who asks, and the ids in the path."""

    account: Account
    request: SimRequest
    caller: Row
    args: tuple[str, ...]
    cost: int = 1

    @property
    def id(self) -> int:
        """Return the first id of the path."""
        return int(self.args[0])

    def payload(self) -> Payload:
        """Return the decoded body."""
        return read_payload(self.request)

    def values(self, spec: Spec, required: Iterable[str] = ()) -> Row:
        """Return the checked values of the body."""
        return read(self.payload(), spec, required)

    def form(self, spec: Spec, required: Iterable[str] = ()) -> tuple[Row, list[Upload]]:
        """Return the checked values and the files of the body."""
        payload = self.payload()
        return read(payload, spec, required), payload.files

    def query(self, *names: str) -> dict[str, str]:
        """Return the query, refusing parameters that the call does not know."""
        unknown = [key for key, _ in self.request.query if key not in names and key not in ("page", "per_page")]
        if unknown:
            raise unknown_fields(unknown)
        return dict(self.request.query)

    def includes(self, *allowed: str) -> list[str]:
        """Return what `include` asks for."""
        asked = [part for part in (self.request.param("include") or "").split(",") if part]
        if any(part not in allowed for part in asked):
            text = f"It should be one of these values: '{','.join(allowed)}'"
            raise invalid(fault("include", text))
        return asked


Handler = Callable[[Call], SimResponse]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb on one path."""

    method: str
    path: str
    handler: Handler
    admin: bool = False
    feature: str | None = None
    endpoint: str | None = None
    include_cost: int = 0


class Router:
    """All routes, found by number of segments and pattern."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_size: dict[tuple[int, str], list[tuple[re.Pattern[str], dict[str, Route]]]] = {}
        found: dict[str, dict[str, Route]] = {}
        for route in routes:
            if route.path not in found:
                found[route.path] = {}
                pattern = re.compile(_pattern(route.path))
                self._by_size.setdefault(_size(route.path), []).append((pattern, found[route.path]))
            found[route.path][route.method] = route

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the path's ids; raises the 404 of a path and the 405 of a verb."""
        allowed: dict[str, Route] = {}
        for pattern, by_method in self._by_size.get(_size(path), ()):
            match = pattern.match(path)
            if match is None:
                continue
            if method in by_method:
                return by_method[method], match.groups()
            allowed.update(by_method)
        if not allowed:
            raise not_found()
        names = ", ".join(sorted(allowed))
        text = f"{method} method is not allowed. It should be one of these method(s): {names}"
        raise ApiError(405, {"message": text}, {"Allow": names})


def _size(path: str) -> tuple[int, str]:
    parts = path.split("/")
    return len(parts), parts[1]


def _pattern(path: str) -> str:
    number = re.sub(r"\{id\}", r"(\\d+)", path)
    return re.sub(r"\{text\}", r"([^/]+)", number) + r"\Z"


def created(call: Call, path: str, row: Row) -> SimResponse:
    """Return a 201 with its Location."""
    return json_response(row, 201, {"Location": f"{call.account.origin()}{ROOT}{path}/{row['id']}"})


def empty() -> SimResponse:
    """Return a 204."""
    return SimResponse(204)
