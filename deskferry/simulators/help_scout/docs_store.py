"""How the knowledge base is kept: records by id or number, pages in the envelope of the Docs API, answers to writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, not_found, wrong
from deskferry.simulators.help_scout.routing import Call
from deskferry.simulators.kernel import SimResponse, json_response

PAGE = 50
MOST = 100
NUMBERED = ("collections", "categories", "articles")


def add(account: Account, table: str, row: Row) -> Row:
    """Store a record with an id, a number where there is one, and who made it when."""
    row.setdefault("id", account.docs_id(table))
    if table in NUMBERED:
        row.setdefault("number", account.next_number(table))
    row.setdefault("createdAt", account.now())
    row.setdefault("updatedAt", None)
    account.docs[table][row["id"]] = row
    account.version += 1
    return row


def find(account: Account, table: str, key: str) -> Row:
    """Return a record by id or number; raises the 404."""
    row = account.docs[table].get(key)
    if row is None and key.isdigit():
        row = next((one for one in account.docs[table].values() if one.get("number") == int(key)), None)
    if row is None:
        raise not_found()
    return row


def paged(
    call: Call, key: str, rows: Sequence[Row], show: Callable[[Row], Row] = dict, *, sized: bool = False
) -> SimResponse:
    """Return one page in the envelope that is called as what is in it."""
    size = PAGE
    asked = call.number("pageSize") if sized else None
    if asked is not None:
        if not 1 <= asked <= MOST:
            raise wrong("pageSize", f"must be between 1 and {MOST}", "Size")
        size = asked
    page = max(call.number("page") or 1, 1)
    shown = [show(row) for row in rows[(page - 1) * size : page * size]]
    pages = -(-len(rows) // size)
    return json_response({key: {"page": page, "pages": pages, "count": len(rows), "items": shown}})


def ordered(call: Call, rows: Sequence[Row], allowed: Sequence[str], default: str) -> list[Row]:
    """Return rows as `sort` and `order` say; records that never changed count as changed when they were made."""
    name, order = call.param("sort") or default, call.param("order") or "asc"
    if name not in allowed or order not in ("asc", "desc"):
        raise wrong("sort", "is not supported", "Sort")

    def key(row: Row) -> tuple[str | int, str]:
        value = row.get(name)
        if name == "updatedAt":
            value = value or row["createdAt"]
        return (value.casefold() if isinstance(value, str) else value or 0), row["id"]

    return sorted(rows, key=key, reverse=order == "desc")


def made(call: Call, path: str, name: str, row: Row) -> SimResponse:
    """Return the answer to a record that was made: without a body unless `reload=true`."""
    location = {"Location": f"{call.account.settings.docs_origin}/v1{path}/{row['id']}"}
    if call.param("reload") == "true":
        return json_response({name: public(row)}, 201, location)
    return SimResponse(201, b"", location)


def changed(call: Call, name: str, row: Row) -> SimResponse:
    """Note a change and return the answer to it: 200 and empty unless `reload=true`."""
    row |= {"updatedAt": call.account.now(), "updatedBy": call.user_id}
    if call.param("reload") == "true":
        return json_response({name: public(row)})
    return SimResponse(200)


def public(row: Row) -> Row:
    """Return a record without what is not shown."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


def given(body: Row, names: Sequence[str]) -> Row:
    """Return the known values of a request."""
    return {name: body[name] for name in names if name in body}
