"""Writing customers: an address belongs to one of them, so a second one with it is refused."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.help_scout import customers, effects, given
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, invalid, refused, wrong
from deskferry.simulators.help_scout.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse

TEXTS = ("firstName", "lastName", "gender", "jobTitle", "location", "organization", "photoUrl", "background", "age")
# Beyond names these lengths come from a second-hand document only; refusing is the stricter reading.
LENGTHS = {"jobTitle": 60, "location": 60, "organization": 60, "background": 200, "photoUrl": 200}
ENTRIES = {"emails": "emails", "phones": "phones", "chats": "chats"}
ENTRIES |= {"socialProfiles": "social_profiles", "websites": "websites"}
TYPES = {
    "emails": ("home", "work", "other"),
    "phones": ("home", "work", "mobile", "fax", "pager", "other"),
    "chats": ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "yahoo", "qq", "other"),
    "social_profiles": (
        *("twitter", "facebook", "linkedin", "aboutme", "google", "googleplus", "tungleme", "quora"),
        *("foursquare", "youtube", "flickr", "other"),
    ),
}
GENDERS = {"male": "Male", "female": "Female", "unknown": "Unknown"}


def _texts(body: Row) -> Row:
    values: Row = {name: body[name] for name in TEXTS if name in body}
    given.check_names(values)
    for name, most in LENGTHS.items():
        if len(str(values.get(name) or "")) > most:
            raise wrong(name, f"size must be between 0 and {most}", "Size")
    if values.get("gender") is not None:
        key = str(values["gender"]).casefold()
        values["gender"] = GENDERS[given.one_of(key, tuple(GENDERS), "gender")]
    return values


def entry(kind: str, value: Any, path: str) -> Row:
    """Return one entry of a customer as it is kept; raises for what is missing and for an unknown type."""
    item = value if isinstance(value, dict) else {}
    given.required({f"{path}.value": item.get("value")}, f"{path}.value")
    if kind not in TYPES:
        return {"value": item["value"]}
    return {"value": item["value"], "type": given.one_of(item.get("type") or "other", TYPES[kind], f"{path}.type")}


def unused(account: Account, address: str, owner: int | None = None) -> None:
    """Raise the 409 of an address that is somebody else's."""
    if account.emails.get(address.casefold(), owner) != owner:
        raise refused(409, "A customer with this email address exists already")


def create(call: Call) -> SimResponse:
    """Store a customer; that an organization may be given by its id holds here only."""
    account, body = call.account, call.body()
    values = _texts(body)
    for name, kind in ENTRIES.items():
        values[f"_{kind}"] = [entry(kind, item, f"{name}[{n}]") for n, item in enumerate(body.get(name) or ())]
    for item in values["_emails"]:
        unused(account, item["value"])
    if not values.get("firstName") and not values["_emails"] and not values["_phones"]:
        raise wrong("firstName", "may not be empty", "NotEmpty")
    if body.get("organizationId") is not None:
        if body["organizationId"] not in account.tables["organizations"]:
            raise wrong("organizationId", "does not exist", "Exists", rejectedValue=body["organizationId"])
        values["organizationId"] = body["organizationId"]
    if body.get("address"):
        values["_address"] = address_of(body["address"])
    row = customers.add(account, values)
    effects.fire(account, "customer.created")
    return created(call, "/v2/customers", row["id"])


def address_of(value: Any) -> Row:
    """Return an address as it is kept."""
    names = ("city", "state", "postalCode", "country", "lines")
    given.required(value, "city", "state", "postalCode", "country")
    return {name: value.get(name) for name in names} | {"lines": list(value.get("lines") or [])}


def replace(call: Call) -> SimResponse:
    """Overwrite the basic fields: what is left out becomes empty."""
    row = call.account.get("customers", call.id)
    blank: Row = {name: customers.BLANK[name] for name in TEXTS}
    row |= blank | _texts(call.body())
    return _changed(call, row)


def change(call: Call) -> SimResponse:
    """Carry out a list of operations; `/organization` is the old free text, `/organizationId` moves nobody."""
    row, operations = call.account.get("customers", call.id), call.json()
    if not isinstance(operations, list):
        raise invalid(message="Bad request")
    for operation in operations:
        name = str(operation.get("path", ""))[1:]
        given.one_of(operation.get("op"), ("replace", "remove"), "op")
        if name not in TEXTS:
            raise wrong("path", "is not supported", "Operation", rejectedValue=operation.get("path"))
        value = operation.get("value") if operation["op"] == "replace" else None
        row |= _texts({name: value})
    return _changed(call, row)


def _changed(call: Call, row: Row) -> SimResponse:
    call.account.touch(row)
    customers.keep(call.account, row)
    effects.fire(call.account, "customer.updated")
    return empty()


def delete(call: Call) -> SimResponse:
    """Remove a customer for good; one with very many conversations cannot be."""
    account = call.account
    row = account.get("customers", call.id)
    if len(account.of_customer[row["id"]]) > account.settings.max_customer_conversations:
        raise refused(412, "The customer has too many conversations")
    customers.forget(account, row)
    effects.fire(account, "customer.deleted")
    return empty()


ROUTES = (
    Route("POST", "/v2/customers", create),
    Route("PUT", "/v2/customers/{id}", replace),
    Route("PATCH", "/v2/customers/{id}", change),
    Route("DELETE", "/v2/customers/{id}", delete),
)
