"""Organizations, their customers and conversations."""

from __future__ import annotations

from deskferry.simulators.help_scout import conversations, customers
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import ApiError, Row, fault, invalid, refused, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimResponse

TEXTS = ("website", "description", "location", "logoUrl", "note", "brandColor")
LISTS = ("domains", "phones")
FIELDS = ("id", "name", *TEXTS, *LISTS, "createdAt", "updatedAt")
SORTS = ("name", "customerCount", "conversationCount", "lastInteractionAt")


def add(account: Account, values: Row) -> Row:
    """Store an organization."""
    row: Row = {**dict.fromkeys(TEXTS), **{name: [] for name in LISTS}, "_properties": {}, **values}
    return account.add("organizations", row)


def members(account: Account, row_id: int) -> list[int]:
    """Return the ids of the customers of an organization."""
    return [row["id"] for row in account.tables["customers"].values() if row["organizationId"] == row_id]


def _show(account: Account, row: Row, counts: bool = False, properties: bool = False) -> Row:
    shown = {name: row[name] for name in FIELDS}
    if counts:
        shown |= _counts(account, row["id"])
    if properties:
        shown["properties"] = customers.properties(account, row, "organization_properties")
    own = f"{account.settings.origin}/v2/organizations/{row['id']}"
    links = {"self": own, "customers": f"{own}/customers", "conversations": f"{own}/conversations"}
    return {**shown, "_links": {name: {"href": href} for name, href in links.items()}}


def _counts(account: Account, row_id: int) -> Row:
    people = set(members(account, row_id))
    return {
        "customerCount": len(people),
        "conversationCount": len(conversations.of_customers(account, people)),
    }


def list_all(call: Call) -> SimResponse:
    """Return a page of the organizations; there is no filter by name."""
    account = call.account
    name, _, way = (call.param("sort") or "lastInteractionAt").partition(",")  # endpoints/organizations/list
    if name not in SORTS:
        raise wrong("sort", f"must be one of {list(SORTS)}", "Enum", rejectedValue=name)
    rows = account.cached(("organizations", name, way), lambda: _sorted(call, name, falling=way != "asc"))
    table = account.tables["organizations"]
    return paged(call, "organizations", rows, lambda row_id: _show(account, table[row_id]), account.settings.list_page)


def _sorted(call: Call, name: str, *, falling: bool) -> list[int]:
    account = call.account

    def key(row: Row) -> tuple[str | int, int]:
        if name == "name":
            return row["name"].casefold(), row["id"]
        return (row["updatedAt"] if name == "lastInteractionAt" else _counts(account, row["id"])[name]), row["id"]

    rows = sorted(account.tables["organizations"].values(), key=key, reverse=falling)
    return [row["id"] for row in rows]


def get(call: Call) -> SimResponse:
    """Return one organization, with counts and properties if they are asked for."""
    asked = [call.param(name) == "true" for name in ("includeCounts", "includeProperties")]
    return hal(_show(call.account, call.account.get("organizations", call.id), *asked))


def create(call: Call) -> SimResponse:
    """Store an organization; a name or domain that is there already is 409."""
    values = _given(call)
    row = add(call.account, values)
    return created(call, "/v2/organizations", row["id"])


def replace(call: Call) -> SimResponse:
    """Replace an organization: what is left out becomes null, or empty; only an omitted logo stays."""
    row = call.account.get("organizations", call.id)
    values = _given(call, row["id"])
    blank: Row = {**dict.fromkeys(TEXTS), **{name: [] for name in LISTS}, "logoUrl": row["logoUrl"]}
    row |= {**blank, **values}
    call.account.touch(row)
    return empty()


def _given(call: Call, row_id: int | None = None) -> Row:
    body = call.body()
    if not str(body.get("name") or "").strip():
        raise invalid(fault("name", "may not be empty"))
    domains = {str(one).casefold() for one in body.get("domains") or ()}
    for row in call.account.tables["organizations"].values():
        same = row["name"].casefold() == str(body["name"]).casefold()
        if row["id"] != row_id and (same or domains & {one.casefold() for one in row["domains"]}):
            raise _taken()
    return {name: body[name] for name in ("name", *TEXTS, *LISTS) if name in body}


def _taken() -> ApiError:
    return refused(409, "Organization already exists")


def delete(call: Call) -> SimResponse:
    """Remove an organization; its customers stay, without one."""
    account = call.account
    account.get("organizations", call.id)
    for row_id in members(account, call.id):
        account.tables["customers"][row_id]["organizationId"] = None
    del account.tables["organizations"][call.id]
    account.version += 1
    return empty()


def list_customers(call: Call) -> SimResponse:
    """Return a page of the customers of an organization."""
    account = call.account
    account.get("organizations", call.id)
    table = account.tables["customers"]
    rows = members(account, call.id)
    return paged(
        call, "customers", rows, lambda row_id: customers.show(account, table[row_id]), account.settings.list_page
    )


def list_conversations(call: Call) -> SimResponse:
    """Return a page of the conversations of the customers of an organization, of every status."""
    account = call.account
    account.get("organizations", call.id)
    rows = conversations.of_customers(account, set(members(account, call.id)))
    table = account.tables["conversations"]
    return paged(
        call,
        "conversations",
        rows,
        lambda row_id: conversations.show(call, table[row_id]),
        account.settings.conversation_page,
    )


ROUTES = (
    Route("GET", "/v2/organizations", list_all),
    Route("POST", "/v2/organizations", create),
    Route("GET", "/v2/organizations/{id}", get),
    Route("PUT", "/v2/organizations/{id}", replace),
    Route("DELETE", "/v2/organizations/{id}", delete),
    Route("GET", "/v2/organizations/{id}/customers", list_customers),
    Route("GET", "/v2/organizations/{id}/conversations", list_conversations),
)
