"""The account's own properties of customers and organizations: definitions and values."""

from __future__ import annotations

import re
from typing import Any

from deskferry.simulators.help_scout import customers
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, fault, invalid, not_found, refused, wrong
from deskferry.simulators.help_scout.paging import listed
from deskferry.simulators.help_scout.routing import Call, Route, created, empty, hal
from deskferry.simulators.kernel import SimResponse

TYPES = ("text", "number", "url", "date", "dropdown")
KEYS = {"customer_properties": "customer-properties", "organization_properties": "organization-properties"}


def define(
    account: Account, table: str, name: str, kind: str, labels: tuple[str, ...] = (), slug: str | None = None
) -> Row:
    """Store a definition."""
    options = [{"id": f"{account.seed:08x}-{account.new_id('options'):012x}", "label": label} for label in labels]
    own = slug or re.sub(r"\W+", "-", name.casefold()).strip("-")
    return account.add(
        table, {"id": account.new_id("properties"), "slug": own, "name": name, "type": kind, "options": options}
    )


def _show(account: Account, table: str, row: Row) -> Row:
    shown = {name: row[name] for name in ("type", "slug", "name")}
    if row["type"] == "dropdown":
        shown["options"] = row["options"]
    path = "customer-properties" if table == "customer_properties" else "organizations/properties"
    return {**shown, "_links": {"self": {"href": f"{account.settings.origin}/v2/{path}/{row['slug']}"}}}


def _table(call: Call) -> str:
    return "customer_properties" if "customer-properties" in call.request.path else "organization_properties"


def list_all(call: Call) -> SimResponse:
    """Return the definitions."""
    account, table = call.account, _table(call)
    return listed(call, KEYS[table], [_show(account, table, row) for row in account.tables[table].values()])


def _by_slug(account: Account, table: str, slug: str) -> Row:
    row = next((one for one in account.tables[table].values() if one["slug"] == slug), None)
    if row is None:
        raise not_found()
    return row


def get(call: Call) -> SimResponse:
    """Return one definition."""
    table = _table(call)
    return hal(_show(call.account, table, _by_slug(call.account, table, call.args[0])))


def create(call: Call) -> SimResponse:
    """Store a definition; its slug is new, and there are fifty at most."""
    account, table, body = call.account, _table(call), call.body()
    name, kind = str(body.get("name") or ""), body.get("type")
    if not name:
        raise invalid(fault("name", "may not be empty"))
    if kind not in TYPES:
        raise wrong("type", f"must be one of {list(TYPES)}", "Enum", rejectedValue=kind)
    if len(account.tables[table]) >= account.settings.max_properties:
        raise refused(400, "Too many properties")
    slug = str(body.get("slug") or "") or None
    if slug and any(row["slug"] == slug for row in account.tables[table].values()):
        raise refused(409, "Property already exists")
    labels = tuple(str(option.get("label") or "") for option in body.get("options") or ())
    row = define(account, table, name, str(kind), labels, slug)
    return created(call, call.request.path, row["slug"])


def delete(call: Call) -> SimResponse:
    """Remove a definition; its values go with it."""
    table = _table(call)
    row = _by_slug(call.account, table, call.args[0])
    del call.account.tables[table][row["id"]]
    owners = "customers" if table == "customer_properties" else "organizations"
    for owner in call.account.tables[owners].values():
        owner["_properties"].pop(row["slug"], None)
    return empty()


def of_customer(call: Call) -> SimResponse:
    """Return the values of a customer."""
    row = call.account.get("customers", call.id)
    return listed(call, "properties", customers.properties(call.account, row))


def change(call: Call) -> SimResponse:
    """Change values of a customer: a list of `replace` and `remove`, each with a slug for a path."""
    row, operations = call.account.get("customers", call.id), call.json()
    if not isinstance(operations, list):
        raise invalid(message="Bad request")
    for operation in operations:
        _set(call.account, "customer_properties", row, str(operation.get("path", ""))[1:], operation.get("value"))
    call.account.touch(row)
    customers.keep(call.account, row)
    return empty()


def set_of_organization(call: Call) -> SimResponse:
    """Set one value of an organization."""
    row = call.account.get("organizations", call.id)
    _set(call.account, "organization_properties", row, call.args[1], call.body().get("value"))
    call.account.touch(row)
    return empty()


def _set(account: Account, table: str, row: Row, slug: str, value: Any) -> None:
    definition = _by_slug(account, table, slug)
    options = [option["id"] for option in definition["options"]]
    if value is not None and definition["type"] == "dropdown" and value not in options:
        raise wrong(slug, "is not one of the options", "Option", rejectedValue=value)
    if value is None:
        row["_properties"].pop(slug, None)
    else:
        row["_properties"][slug] = str(value)


ROUTES = (
    Route("GET", "/v2/customer-properties", list_all),
    Route("POST", "/v2/customer-properties", create),
    Route("GET", "/v2/customer-properties/{text}", get),
    Route("DELETE", "/v2/customer-properties/{text}", delete),
    Route("GET", "/v2/organizations/properties", list_all),
    Route("POST", "/v2/organizations/properties", create),
    Route("GET", "/v2/organizations/properties/{text}", get),
    Route("DELETE", "/v2/organizations/properties/{text}", delete),
    Route("PUT", "/v2/organizations/{id}/properties/{text}", set_of_organization),
    Route("GET", "/v2/customers/{id}/properties", of_customer),
    Route("PATCH", "/v2/customers/{id}/properties", change),
)
