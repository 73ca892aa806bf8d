"""Customers: one, the list by pages, the newer list by cursor, and what hangs on them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from deskferry.simulators.help_scout import queries
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, hal
from deskferry.simulators.kernel import SimResponse

FIELDS = (
    *("firstName", "lastName", "gender", "jobTitle", "location", "organization", "organizationId"),
    *("photoType", "photoUrl", "background", "age"),
)
ENTRIES = ("emails", "phones", "chats", "social_profiles", "websites")
SORTS = {"score": "id", "firstName": "firstName", "lastName": "lastName"}
SORTS |= {"modifiedAt": "modifiedAt", "createdAt": "createdAt"}
BLANK: Row = {**dict.fromkeys(FIELDS), "gender": "Unknown", "photoType": "unknown", "draft": False}


def add(account: Account, values: Row) -> Row:
    """Store a customer; entries (`_emails`, ...) are lists of {type, value}."""
    row: Row = {**BLANK, **{f"_{name}": [] for name in ENTRIES}, "_address": None, "_properties": {}}
    row |= {name: value for name, value in values.items() if not name.startswith("_")}
    for name in ENTRIES:
        row[f"_{name}"] = [{"id": account.new_id("entries"), **entry} for entry in values.get(f"_{name}", ())]
    row |= {name: values[name] for name in ("_address", "_properties") if name in values}
    account.add("customers", row)
    keep(account, row)
    return row


def keep(account: Account, row: Row) -> None:
    """Note a change: the indexes and the addresses follow."""
    for address in row.get("_kept", ()):
        account.emails.pop(address, None)
    row["_kept"] = tuple(entry["value"].casefold() for entry in row["_emails"])
    account.emails.update(dict.fromkeys(row["_kept"], row["id"]))
    account.index("customers", row["id"], document(row))


def forget(account: Account, row: Row) -> None:
    """Remove a customer for good. Conversations stay and name an id that is not there: no source says more."""
    for address in row["_kept"]:
        account.emails.pop(address, None)
    account.tables["customers"].pop(row["id"], None)
    account.index("customers", row["id"], None)


def document(row: Row) -> Row:
    """Return what lists and search know of a customer."""
    found = {name: row[name] or "" for name in ("id", "firstName", "lastName", "createdAt", "organizationId")}
    return {**found, "modifiedAt": row["updatedAt"], "emails": [entry["value"] for entry in row["_emails"]]}


def show(account: Account, row: Row, v3: bool = False) -> Row:
    """Return a customer as the API writes it; unknown texts are empty here and null there."""
    shown: Row = {"id": row["id"]} | {name: row[name] for name in FIELDS if name != "organizationId"}
    if row["organizationId"] is not None:
        shown["organizationId"] = row["organizationId"]
    shown |= {"conversationCount": len(account.of_customer[row["id"]]), "draft": row["draft"]}
    shown |= {"createdAt": row["createdAt"], "updatedAt": row["updatedAt"]}
    # The newer version writes the name of one list with a hyphen.
    names = {name: name.replace("_", "-") if v3 else name for name in ENTRIES}
    embedded: Row = {names[name]: [dict(entry) for entry in row[f"_{name}"]] for name in ENTRIES}
    if row["_address"] is not None:
        embedded["address"] = row["_address"]
    embedded["properties"] = properties(account, row)
    return {**shown, "_embedded": embedded, "_links": _links(account, row["id"])}


def _links(account: Account, row_id: int) -> Row:
    own = f"{account.settings.origin}/v2/customers/{row_id}"
    names = ("address", "chats", "emails", "phones", "social-profiles", "websites")
    return {**{name: {"href": f"{own}/{name}"} for name in names}, "self": {"href": own}}


def properties(account: Account, row: Row, kind: str = "customer_properties") -> list[Row]:
    """Return the values of the account's own properties; those without one have null."""
    found: list[Row] = []
    for definition in account.tables[kind].values():
        slug = definition["slug"]
        value = row["_properties"].get(slug)
        labels = {str(option["id"]): option["label"] for option in definition["options"]}
        shown: Row = {"type": definition["type"], "slug": slug, "name": definition["name"], "value": value}
        shown |= {"text": labels.get(str(value), value), "source": {"name": "api"}}
        found.append(shown)
    return found


def get(call: Call) -> SimResponse:
    """Return one customer."""
    return hal(show(call.account, call.account.get("customers", call.id), call.is_v3))


def list_all(call: Call) -> SimResponse:
    """Return a page of the customers that fit."""
    account = call.account
    rows = found(call, _order(call))
    return paged(
        call,
        "customers",
        rows,
        lambda row_id: show(account, account.tables["customers"][row_id]),
        account.settings.list_page,
    )


def _order(call: Call) -> tuple[str, bool]:
    name, order = call.param("sortField") or "score", call.param("sortOrder") or "desc"
    if name not in SORTS:
        raise wrong("sortField", f"must be one of {sorted(SORTS)}", "Enum", rejectedValue=name)
    if order not in ("asc", "desc"):
        raise wrong("sortOrder", "must be one of [asc, desc]", "Enum", rejectedValue=order)
    return SORTS[name], order == "desc"


def found(call: Call, order: tuple[str, bool]) -> list[int]:
    """Return the ids of the customers that fit, in an order."""
    account = call.account
    tests = _filters(call)
    index = account.search if call.param("query") else account.lists
    field, descending = order
    rest = tuple(pair for pair in call.request.query if pair[0] not in ("page", "size", "cursor"))

    def find() -> list[int]:
        docs = [doc for doc in index.docs["customers"].values() if all(test(doc) for test in tests)]
        docs.sort(key=lambda doc: (doc[field], doc["id"]), reverse=descending)
        return [doc["id"] for doc in docs if doc["id"] in account.tables["customers"]]

    return account.cached(("customers", call.is_v3, order, rest), find)


def _filters(call: Call) -> list[Callable[[Row], bool]]:
    tests: list[Callable[[Row], bool]] = []
    for name, key in (("firstName", "firstName"), ("lastName", "lastName"), ("email", "emails")):
        text = call.param(name)
        if text is not None and (name != "email" or call.is_v3):
            tests.append(_equals(key, text.casefold()))
    for name, key in (("modifiedSince", "modifiedAt"), ("createdSince", "createdAt")):
        since = call.time(name)
        if since is not None and (name != "createdSince" or call.is_v3):
            tests.append(_since(key, since))
    box = call.number("mailbox")
    if box is not None and not call.is_v3:
        tests.append(lambda doc: _writes_to(call.account, doc["id"], box))
    text = call.param("query")
    if text is not None:
        tests.append(queries.parse(text, queries.CUSTOMER_FIELDS, call.account.settings.upper_bounds))
    return tests


def _equals(key: str, wanted: str) -> Callable[[Row], bool]:
    def test(doc: Row) -> bool:
        value: Any = doc[key]
        values = value if isinstance(value, list) else [value]
        return any(str(one).casefold() == wanted for one in values)

    return test


def _since(key: str, since: str) -> Callable[[Row], bool]:
    return lambda doc: bool(doc[key] >= since)


def _writes_to(account: Account, customer: int, box: int) -> bool:
    rows = account.tables["conversations"]
    return any(rows[row_id]["mailboxId"] == box for row_id in account.of_customer[customer] if row_id in rows)


def list_by_cursor(call: Call) -> SimResponse:
    """Return what follows a cursor: customers in order of id, and a link to the rest while there is any."""
    account = call.account
    after = _cursor(call)
    rows = [row_id for row_id in found(call, ("id", False)) if row_id > after]
    size = account.settings.cursor_page
    shown = [show(account, account.tables["customers"][row_id], v3=True) for row_id in rows[:size]]
    query = [pair for pair in call.request.query if pair[0] != "cursor"]
    path = account.settings.origin + call.request.path
    links: Row = {"self": {"href": f"{path}?{urlencode(query)}" if query else path}}
    if len(rows) > size:
        cursor = base64.urlsafe_b64encode(f"after:{rows[size - 1]}".encode()).decode().rstrip("=")
        links["next"] = {"href": f"{path}?{urlencode([*query, ('cursor', cursor)])}"}
    body: Row = {"_embedded": {"customers": shown}} if shown else {}
    return hal({**body, "_links": links})


def _cursor(call: Call) -> int:
    text = call.param("cursor")
    if text is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        word, number = "", ""
    if word != "after" or not number.isdigit():
        raise wrong("cursor", "is not a valid cursor", "Cursor", rejectedValue=text)
    return int(number)


ROUTES = (
    Route("GET", "/v2/customers", list_all),
    Route("GET", "/v2/customers/{id}", get),
    Route("GET", "/v3/customers", list_by_cursor),
)
