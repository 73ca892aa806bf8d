"""What hangs on a customer: addresses of mail, phones, chats, profiles, websites, and the one postal address."""

from __future__ import annotations

from collections.abc import Callable

from deskferry.simulators.help_scout import customers
from deskferry.simulators.help_scout.customer_writes import address_of, entry, unused
from deskferry.simulators.help_scout.errors import Row, not_found, refused
from deskferry.simulators.help_scout.paging import listed
from deskferry.simulators.help_scout.routing import Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimResponse

# In the path with a hyphen, in the answer without: seen in a live account.
PATHS = {
    "emails": "emails",
    "phones": "phones",
    "chats": "chats",
    "social-profiles": "social_profiles",
    "websites": "websites",
}


def _changed(call: Call, row: Row) -> None:
    call.account.touch(row)
    customers.keep(call.account, row)


def _list(kind: str) -> Callable[[Call], SimResponse]:
    def handler(call: Call) -> SimResponse:
        row = call.account.get("customers", call.id)
        own = f"{call.account.settings.origin}{call.request.path.rstrip('/')}"
        shown = [{**one, "_links": {"self": {"href": f"{own}/{one['id']}"}}} for one in row[f"_{kind}"]]
        return listed(call, kind, shown)

    return handler


def _create(kind: str) -> Callable[[Call], SimResponse]:
    def handler(call: Call) -> SimResponse:
        row = call.account.get("customers", call.id)
        made = entry(kind, call.body(), kind)
        if kind == "emails":
            unused(call.account, made["value"], row["id"])
        made = {"id": call.account.new_id("entries"), **made}
        row[f"_{kind}"].append(made)
        _changed(call, row)
        return created(call, call.request.path.rstrip("/"), made["id"])

    return handler


def _find(row: Row, kind: str, row_id: int) -> Row:
    found: Row | None = next((one for one in row[f"_{kind}"] if one["id"] == row_id), None)
    if found is None:
        raise not_found()
    return found


def _replace(kind: str) -> Callable[[Call], SimResponse]:
    def handler(call: Call) -> SimResponse:
        row = call.account.get("customers", call.id)
        found = _find(row, kind, int(call.args[1]))
        values = entry(kind, call.body(), kind)
        if kind == "emails":
            unused(call.account, values["value"], row["id"])
        found |= values
        _changed(call, row)
        return empty()

    return handler


def _delete(kind: str) -> Callable[[Call], SimResponse]:
    def handler(call: Call) -> SimResponse:
        row = call.account.get("customers", call.id)
        row[f"_{kind}"].remove(_find(row, kind, int(call.args[1])))
        _changed(call, row)
        return empty()

    return handler


def get_address(call: Call) -> SimResponse:
    """Return the postal address; 404 without one."""
    row = call.account.get("customers", call.id)
    if row["_address"] is None:
        raise not_found()
    own = f"{call.account.settings.origin}{call.request.path.rstrip('/')}"
    return hal({**row["_address"], "_links": {"self": {"href": own}}})


def create_address(call: Call) -> SimResponse:
    """Store the postal address of a customer who has none."""
    row = call.account.get("customers", call.id)
    if row["_address"] is not None:
        raise refused(409, "The customer has an address already")
    row["_address"] = address_of(call.body())
    _changed(call, row)
    return created(call, f"/v2/customers/{row['id']}/address", row["id"])


def replace_address(call: Call) -> SimResponse:
    """Replace the postal address."""
    row = call.account.get("customers", call.id)
    if row["_address"] is None:
        raise not_found()
    row["_address"] = address_of(call.body())
    _changed(call, row)
    return empty()


def delete_address(call: Call) -> SimResponse:
    """Remove the postal address."""
    row = call.account.get("customers", call.id)
    row["_address"] = None
    _changed(call, row)
    return empty()


def _routes() -> list[Route]:
    found: list[Route] = []
    for path, kind in PATHS.items():
        base = f"/v2/customers/{{id}}/{path}"
        found += [Route("GET", base, _list(kind)), Route("POST", base, _create(kind))]
        found += [Route("PUT", f"{base}/{{id}}", _replace(kind)), Route("DELETE", f"{base}/{{id}}", _delete(kind))]
    return found


ADDRESS = "/v2/customers/{id}/address"
ROUTES = (
    *_routes(),
    Route("GET", ADDRESS, get_address),
    Route("POST", ADDRESS, create_address),
    Route("PUT", ADDRESS, replace_address),
    Route("DELETE", ADDRESS, delete_address),
)
