"""Pages by number: bounds, and the Link header that is there only when another page exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from deskferry.simulators.freshdesk.errors import Row, fault, invalid
from deskferry.simulators.freshdesk.routing import Call
from deskferry.simulators.kernel import SimResponse, json_response

LAST_TICKET_PAGE = 300


def bounds(call: Call, last_page: int | None = None) -> tuple[int, int]:
    """Return page and page size; raises the 400 of values out of range."""
    page = _number(call, "page", 1, None)
    size = _number(call, "per_page", 30, 100)
    if last_page is not None and page > last_page:
        text = f"You cannot access tickets beyond the {last_page}th page. Please provide a smaller page number."
        raise invalid(fault("page", text))
    return page, size


def paged(call: Call, rows: Sequence[Row], show: Callable[[Row], Row] = dict) -> SimResponse:
    """Return one page of a list that is at hand."""
    page, size = bounds(call)
    start = (page - 1) * size
    shown = [show(row) for row in rows[start : start + size]]
    return json_response(shown, headers=link(call, page, more=len(rows) > start + size))


def link(call: Call, page: int, *, more: bool) -> dict[str, str]:
    """Return the header that names the next page."""
    if not more:
        return {}
    query = [(key, value) for key, value in call.request.query if key != "page"]
    url = f"{call.account.origin()}{call.request.path}?{urlencode([*query, ('page', str(page + 1))])}"
    return {"Link": f'<{url}>; rel="next"'}


def _number(call: Call, name: str, default: int, most: int | None) -> int:
    text = call.request.param(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) < 1 or (most is not None and int(text) > most):
        limit = f" less than or equal to {most}" if most else ""
        raise invalid(fault(name, f"It should be a Positive Integer{limit}"))
    return int(text)
