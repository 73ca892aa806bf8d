"""HAL envelopes: pages by number with fixed sizes, links that keep the query, no `_embedded` when empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.routing import Call, hal
from deskferry.simulators.kernel import SimResponse

PAGE = 50
T = TypeVar("T")


def paged(
    call: Call, key: str, rows: Sequence[T], show: Callable[[T], Any], size: int = PAGE, window: int | None = None
) -> SimResponse:
    """Return one page of a list. A `size` in the query is ignored: the vendor's own client never sends one.

    A row of which `show` makes None is missing while the totals have it. With a `window`, rows beyond it cannot be
    paged to: no page before it links there, asking for one is refused, and the totals say all the same how many there
    are.
    """
    page = _page(call)
    if window is not None and (page - 1) * size >= window:
        raise wrong("page", f"only the first {window} results can be listed", "Window", rejectedValue=page)
    total = len(rows)
    pages = -(-total // size)
    shown = [one for row in rows[(page - 1) * size : page * size] if (one := show(row)) is not None]
    # An empty list says that it is page 0 of 0, as the vendor's own sample does.
    number = page if total else 0
    about = {"size": size, "totalElements": total, "totalPages": pages, "number": number}
    body: Row = {"_embedded": {key: shown}} if shown else {}
    reachable = pages if window is None else min(pages, -(-window // size))
    return hal({**body, "_links": _links(call, page, pages, reachable), "page": about})


def listed(call: Call, key: str, shown: list[Row]) -> SimResponse:
    """Return a whole list: sub-entries have no pages."""
    body: Row = {"_embedded": {key: shown}} if shown else {}
    return hal({**body, "_links": {"self": {"href": call.account.settings.origin + call.request.path}}})


def _page(call: Call) -> int:
    page = call.number("page")
    if page is None:
        return 1
    if page < 1:
        raise wrong("page", "must be greater than or equal to 1", "Min", rejectedValue=page)
    return page


def _links(call: Call, page: int, pages: int, reachable: int) -> Row:
    def link(number: int) -> Row:
        query = [(name, value) for name, value in call.request.query if name != "page"]
        path = f"{call.account.settings.origin}{call.request.path}"
        return {"href": f"{path}?{urlencode([*query, ('page', str(number))])}"}

    found = {"self": link(page), "first": link(1), "last": link(max(pages, 1))}
    if page < reachable:
        found["next"] = link(page + 1)
    if 1 < page <= pages:
        found["prev"] = link(page - 1)
    path = f"{call.account.settings.origin}{call.request.path}"
    found["page"] = {"href": path + "{?page}", "templated": True}
    return found
