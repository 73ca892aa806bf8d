"""Who a ticket is from: one of six identities, and a new contact where nobody has it."""

from __future__ import annotations

from deskferry.simulators.freshdesk import contacts
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, no_match

IDENTITIES = ("requester_id", "email", "phone", "twitter_id", "unique_external_id", "facebook_id")


def must_name(values: Row) -> None:
    """Refuse a ticket from nobody."""
    if not any(values.get(name) for name in IDENTITIES):
        text = f"Please fill at least 1 of {', '.join(IDENTITIES)} fields"
        raise invalid(fault("requester_id", text, "missing_field"))


def check(account: Account, values: Row) -> Row:
    """Take the identity out of a call's values; raises for an id of nobody and a phone without a name."""
    given = {name: values.pop(name, None) for name in (*IDENTITIES, "name")}
    if given["requester_id"]:
        person = account.person(given["requester_id"])
        if person is None or person.get("deleted") or person.get("_blocked"):
            raise no_match("requester_id")
    elif given["email"] and not contacts.EMAIL.match(given["email"]):
        raise invalid(fault("email", "It should be in the 'valid email address' format"))
    elif given["facebook_id"]:
        raise no_match("facebook_id")
    elif given["phone"] and not given["email"] and not given["name"]:
        raise invalid(fault("name", "It should not be blank when phone is set without email", "missing_field"))
    found = None if given["requester_id"] else _find(account, given)
    if found is not None and found in account.tables["contacts"] and account.tables["contacts"][found]["deleted"]:
        raise invalid(fault("email", "The contact with this identity is deleted"))
    return given


def resolve(account: Account, given: Row) -> int:
    """Return the id of the requester, a new contact's where nobody matches."""
    found = given["requester_id"] or _find(account, given)
    if found is not None:
        return int(found)
    email = (given["email"] or "").lower() or None
    name = given["name"] or (email or "").partition("@")[0] or given["phone"] or given["twitter_id"]
    values = {key: given[key] for key in ("phone", "twitter_id", "unique_external_id")}
    return int(contacts.add(account, {**values, "email": email, "name": name or given["unique_external_id"]})["id"])


def _find(account: Account, given: Row) -> int | None:
    if given["email"]:
        return account.people_by["email"].get(given["email"].lower())
    for key in ("unique_external_id", "twitter_id"):
        if given[key]:
            return account.people_by[key].get(given[key])
    rows = account.tables["contacts"].values()
    return next((row["id"] for row in rows if given["phone"] and given["phone"] in (row["phone"], row["mobile"])), None)
