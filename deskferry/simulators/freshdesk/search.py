"""Search: thirty a page, ten pages, over an index that lags behind."""

from __future__ import annotations

from collections.abc import Callable

from deskferry.simulators.freshdesk import companies, contact_lists, markup, search_query, ticket_views
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row, fault, invalid
from deskferry.simulators.freshdesk.routing import Call, Route
from deskferry.simulators.kernel import SimResponse, json_response

PAGE, LAST_PAGE = 30, 10
KNOWN = {
    "tickets": "agent_id group_id priority status tag type due_by fr_due_by created_at updated_at custom_string",
    "contacts": "active company_id twitter_id email phone mobile tag language time_zone created_at updated_at",
    "companies": "domain created_at updated_at",
}
SEARCHABLE = ("custom_text", "custom_number", "custom_checkbox", "custom_dropdown", "custom_date")


def _search(call: Call, kind: str, fields: str, show: Callable[[Account, Row], Row]) -> SimResponse:
    account = call.account
    query = call.query("query")
    customs = {row["name"] for row in account.fields(fields, custom=True) if row["type"] in SEARCHABLE}
    test = search_query.parse(query.get("query"), frozenset((*KNOWN[kind].split(), *customs)))
    page = call.request.param("page") or "1"
    if not page.isdigit() or not 1 <= int(page) <= LAST_PAGE:
        raise invalid(fault("page", f"It should be a Positive Integer less than or equal to {LAST_PAGE}"))
    account.search.advance(account.clock.now())
    table = account.tables[kind]
    found = [row_id for row_id, doc in account.search.docs[kind].items() if row_id in table and test(doc)]
    found.sort(reverse=True)
    start = (int(page) - 1) * PAGE
    shown = [show(account, table[row_id]) for row_id in found[start : start + PAGE]]
    return json_response({"total": len(found), "results": shown})


def _ticket(account: Account, row: Row) -> Row:
    return ticket_views.listed(account, row, ["description"])


def solutions(call: Call) -> SimResponse:
    """Return articles whose title or text holds the term."""
    account = call.account
    term = (call.query("term").get("term") or "").casefold()
    found = []
    for row in account.tables["solution_articles"].values():
        text = f"{row['title']} {markup.plain(row['description'])}".casefold()
        if term and term in text:
            names = {
                "category_name": account.tables["solution_categories"][row["category_id"]]["name"],
                "folder_name": account.tables["solution_folders"][row["folder_id"]]["name"],
            }
            found.append({key: value for key, value in row.items() if key[0] != "_"} | names)
    return json_response(found[: PAGE * LAST_PAGE])


ROUTES = (
    Route("GET", "/search/tickets", lambda call: _search(call, "tickets", "ticket_fields", _ticket)),
    Route("GET", "/search/contacts", lambda call: _search(call, "contacts", "contact_fields", contact_lists.listed)),
    Route("GET", "/search/companies", lambda call: _search(call, "companies", "company_fields", companies.show)),
    Route("GET", "/search/solutions", solutions),
)
