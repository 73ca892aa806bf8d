"""How people appear inside other records: as small persons with `first` and `last`, not `firstName` and `lastName`."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row

NOBODY = "none@nowhere.com"
SYSTEM_USER = "system_user"


def user_person(account: Account, user_id: int | None, *, v3: bool = False, photo: bool = True) -> Row | None:
    """Return a user, team or system user as a person; None for nobody.

    The second version says `user` of a system user, the third tells. Of a user who left, name and address stay.
    """
    row = account.user(user_id)
    if row is None:
        return None
    kind = row.get("type", "user")
    if kind == SYSTEM_USER and not v3:
        kind = "user"
    person: Row = {"id": row["id"], "type": kind, "first": row.get("firstName") or row.get("name") or ""}
    person |= {"last": row.get("lastName") or ""}
    if photo and row.get("photoUrl"):
        person["photoUrl"] = row["photoUrl"]
    person["email"] = row.get("email") or NOBODY
    return person


def customer_person(account: Account, customer_id: int | None) -> Row | None:
    """Return a customer as a person; of one who was deleted only the id is left, of nobody None."""
    if customer_id is None:
        return None
    row = account.tables["customers"].get(customer_id)
    if row is None:
        return {"id": customer_id, "type": "customer"}
    person: Row = {
        "id": customer_id,
        "type": "customer",
        "first": row["firstName"] or "",
        "last": row["lastName"] or "",
    }
    if row.get("photoUrl"):
        person["photoUrl"] = row["photoUrl"]
    address = first_email(row)
    # Without an address the key is there and empty.
    person["email"] = address or ""
    return person


def creator(account: Account, who: tuple[str, int] | None, *, v3: bool = False) -> Row | None:
    """Return who made something; None where nobody is known any more."""
    if who is None:
        return None
    kind, row_id = who
    return customer_person(account, row_id) if kind == "customer" else user_person(account, row_id, v3=v3)


def first_email(row: Row) -> str | None:
    """Return the first address of a customer."""
    emails: list[Any] = row["_emails"]
    return emails[0]["value"] if emails else None
