"""The list of tickets: thirty days unless asked, three modes, three hundred pages."""

from __future__ import annotations

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import one_of
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, no_match
from deskferry.simulators.freshdesk.paging import LAST_TICKET_PAGE, bounds, link
from deskferry.simulators.freshdesk.routing import Call, Route
from deskferry.simulators.freshdesk.ticket_index import mode_of
from deskferry.simulators.freshdesk.ticket_views import listed
from deskferry.simulators.freshdesk.times import read_time, stamp
from deskferry.simulators.kernel import SimResponse, json_response

WINDOW = 30 * 86_400
MODES = ("new_and_my_open", "watching", "spam", "deleted")
ORDERS = ("created_at", "due_by", "updated_at", "status")
NAMES = (
    *("filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since"),
    *("order_by", "order_type", "include"),
)


def listing(call: Call) -> SimResponse:
    """Return one page of tickets."""
    account = call.account
    query = call.query(*NAMES)
    include = call.includes("stats", "requester", "description", "company")
    one_of("filter", query.get("filter"), MODES)
    one_of("order_by", query.get("order_by"), ORDERS)
    one_of("order_type", query.get("order_type"), ("asc", "desc"))
    page, size = bounds(call, LAST_TICKET_PAGE)
    ids = _page(account, query, call.caller, (page - 1) * size, size + 1)
    rows = [listed(account, account.tickets.rows[row_id], include) for row_id in ids[:size]]
    return json_response(rows, headers=link(call, page, more=len(ids) > size))


def _page(account: Account, query: dict[str, str], caller: Row, start: int, count: int) -> list[int]:
    since = _since(query)
    order = query.get("order_by", "created_at")
    descending = query.get("order_type", "desc") == "desc"
    mode = query.get("filter", "live")
    narrow = {"requester_id", "email", "unique_external_id", "company_id"} & set(query)
    if not narrow and mode in ("live", "deleted", "spam"):
        if since is None and order == "created_at":
            found = account.tickets.created[mode]
            return list(found.page(found.since(_cutoff(account)), start, count, descending=descending))
        if since is not None and order == "updated_at":
            found = account.tickets.updated[mode]
            return list(found.page(found.since(since), start, count, descending=descending))
    asked = tuple(sorted(item for item in query.items() if item[0] not in ("page", "per_page")))
    key = ("tickets", asked, caller["id"], since or _cutoff(account))
    ids = account.cached(key, lambda: _select(account, query, caller, since))
    return ids[start : start + count]


def _select(account: Account, query: dict[str, str], caller: Row, since: str | None) -> list[int]:
    order = query.get("order_by", "created_at")
    mode = query.get("filter", "live")
    rows = [row for row in _candidates(account, query, mode, since) if _fits(row, mode, caller)]
    cutoff = _cutoff(account)
    rows = [row for row in rows if (row["updated_at"] >= since if since else row["created_at"] >= cutoff)]
    descending = query.get("order_type", "desc") == "desc"
    rows.sort(key=lambda row: (row[order] is not None, row[order] or 0, row["id"]), reverse=descending)
    return [row["id"] for row in rows]


def _candidates(account: Account, query: dict[str, str], mode: str, since: str | None) -> list[Row]:
    rows = account.tickets.rows
    requester = _requester(account, query)
    if requester is not None:
        ids: list[int] = list(account.tickets.by_requester.get(requester, ()))
    elif "company_id" in query:
        ids = list(account.tickets.by_company.get(_number("company_id", query["company_id"]), ()))
    else:
        updated = account.tickets.updated[mode if mode in ("deleted", "spam") else "live"]
        ids = updated.ids(updated.since(since))
    found = [rows[row_id] for row_id in ids]
    if "company_id" in query:
        company = _number("company_id", query["company_id"])
        found = [row for row in found if row["company_id"] == company]
    return found


def _requester(account: Account, query: dict[str, str]) -> int | None:
    if "requester_id" in query:
        found: int | None = _number("requester_id", query["requester_id"])
        found = found if account.person(found) else None
    elif "email" in query:
        found = account.people_by["email"].get(query["email"].lower())
    elif "unique_external_id" in query:
        found = account.people_by["unique_external_id"].get(query["unique_external_id"])
    else:
        return None
    if found is None:
        raise no_match(next(name for name in ("requester_id", "email", "unique_external_id") if name in query))
    return found


def _fits(row: Row, mode: str, caller: Row) -> bool:
    if row.get("_archived"):
        return False
    place = mode_of(row)
    if mode in ("deleted", "spam"):
        return place == mode
    if place != "live":
        return False
    if mode == "watching":
        return caller["id"] in row["_watchers"]
    if mode == "new_and_my_open":
        return row["status"] == 2 and row["responder_id"] in (None, caller["id"])
    return True


def _since(query: dict[str, str]) -> str | None:
    if "updated_since" not in query:
        return None
    found = read_time(query["updated_since"])
    if found is None:
        raise invalid(fault("updated_since", "It should be in the 'combined date and time ISO8601' format"))
    return found


def _number(name: str, text: str) -> int:
    if not text.isdigit():
        raise invalid(fault(name, "It should be a/an Positive Integer", "datatype_mismatch"))
    return int(text)


def _cutoff(account: Account) -> str:
    return stamp(account.clock.now() - WINDOW)


ROUTES = (Route("GET", "/tickets", listing, endpoint="ticket_list", include_cost=2),)
