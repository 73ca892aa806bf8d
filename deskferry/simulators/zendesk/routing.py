"""Which function answers which path. Handlers take (desk state, request, caller, ids of the path)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from deskferry.simulators.kernel import SimRequest, SimResponse
from deskferry.simulators.zendesk.auth import Caller
from deskferry.simulators.zendesk.state import State


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way to a handler: who asks, and the parts of its path."""

    state: State
    request: SimRequest
    caller: Caller
    ids: tuple[int, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def includes(self) -> frozenset[str]:
        """The sideloads that were asked for."""
        return frozenset((self.request.param("include") or "").replace(" ", "").split(",")) - {""}

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        return (self.request.param(name) or "").lower() in ("true", "1")


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A path with its handler. `admin` keeps agents out, `feature` plans without it; `broad` wants a global scope.

    End users get in only where `end_user` or `anonymous` says so.
    """

    method: str
    template: str
    handler: Handler
    admin: bool = False
    feature: str | None = None
    broad: bool = False
    anonymous: bool = False
    end_user: bool = False
    pattern: re.Pattern[str] = field(init=False, repr=False, default=re.compile(""))

    def __post_init__(self) -> None:
        """Compile the template: `{id}` is a number, `{word}` anything without a slash."""
        pattern = re.escape(self.template).replace(r"\{id\}", r"(?P<id>-?\d+)").replace(r"\{word\}", r"(?P<word>[^/]+)")
        counter = iter(range(9))
        pattern = re.sub(r"\(\?P<(id|word)>", lambda found: f"(?P<{found[1]}{next(counter)}>", pattern)
        object.__setattr__(self, "pattern", re.compile(f"^{pattern}$"))

    @property
    def resource(self) -> str:
        """The resource by which scopes name the path."""
        parts = self.template.split("/")
        return parts[3] if len(parts) > 3 else parts[-1]


class Router:
    """Finds the route of a request; `.json` at the end of a path makes no difference."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = list(routes)

    def find(self, request: SimRequest) -> tuple[Route, tuple[int, ...], tuple[str, ...]] | None:
        """Return the route with the ids and the words of the path, or None."""
        path = request.path.removesuffix(".json")
        for route in self._routes:
            found = route.pattern.match(path) if route.method == request.method else None
            if found is not None:
                parts = found.groupdict()
                ids = tuple(int(value) for name, value in parts.items() if name.startswith("id"))
                return route, ids, tuple(value for name, value in parts.items() if name.startswith("word"))
        return None


def routes(*rows: tuple[str, Handler] | Route) -> list[Route]:
    """Return the routes of a table: rows of (`METHOD /path`, handler), or whole routes."""
    found = []
    for row in rows:
        if isinstance(row, Route):
            found.append(row)
        else:
            method, _, template = row[0].partition(" ")
            found.append(Route(method, template, row[1]))
    return found


__all__ = ["Call", "Handler", "Route", "Router", "SimResponse", "routes"]
