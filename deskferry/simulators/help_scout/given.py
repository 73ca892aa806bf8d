"""What requests carry: people, custom values, times, files; checked, and made where the vendor makes them."""

from __future__ import annotations

import re
from typing import Any

from deskferry.simulators.help_scout import customers
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, fault, invalid, wrong
from deskferry.simulators.help_scout.times import read_time

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
NAME = 40


def required(body: Row, *names: str) -> None:
    """Raise the validation error of what is missing or empty."""
    missing = [name for name in names if body.get(name) in (None, "", [], {})]
    if missing:
        raise invalid(*(fault(name, "may not be empty") for name in missing))


def one_of(value: Any, allowed: tuple[str, ...], path: str) -> str:
    """Return a value that is one of some; raises the 400."""
    if value not in allowed:
        raise wrong(path, f"must be one of {list(allowed)}", "Enum", rejectedValue=value)
    return str(value)


def customer_id(account: Account, value: Any, path: str = "customer") -> int:
    """Return the customer that a request means, by id or address; an unknown address makes a customer.

    Of a customer who is known the other values are ignored.
    """
    given = value if isinstance(value, dict) else {"id": value}
    row_id, address = given.get("id"), given.get("email")
    if row_id is not None:
        if row_id not in account.tables["customers"]:
            raise wrong(f"{path}.id", "does not exist", "Exists", rejectedValue=row_id)
        return int(row_id)
    if not isinstance(address, str) or not _ADDRESS.match(address):
        raise wrong(f"{path}.email", "must be a valid email address", "Email", rejectedValue=address)
    known = account.emails.get(address.casefold())
    if known is not None:
        return known
    names = {name: given[name] for name in ("firstName", "lastName", "jobTitle", "photoUrl") if name in given}
    check_names(names)
    made = customers.add(account, {**names, "_emails": [{"value": address, "type": "work"}]})
    return int(made["id"])


def check_names(values: Row) -> None:
    """Raise the 400 of a name that is empty or too long."""
    for name in ("firstName", "lastName"):
        text = values.get(name)
        if name in values and text is not None and not 1 <= len(str(text)) <= NAME:
            raise wrong(name, f"size must be between 1 and {NAME}", "Size", rejectedValue=text)


def user_id(account: Account, value: Any, path: str) -> int:
    """Return a user who is there; raises the 400."""
    if value not in account.tables["users"]:
        raise wrong(path, "does not exist", "Exists", rejectedValue=value)
    return int(value)


def assignee(account: Account, value: Any, path: str = "assignTo") -> int | None:
    """Return the user or team that is to have something; null is nobody."""
    if value is None:
        return None
    if not isinstance(value, int) or not account.assignable(value):
        raise wrong(path, "does not exist", "Exists", rejectedValue=value)
    return value


def moment(account: Account, body: Row, imported: bool, path: str = "createdAt") -> str:
    """Return the time of something: now, or the given one, which only an import may carry."""
    text = body.get(path)
    if text is None:
        return account.now()
    if not imported:
        raise wrong(path, "can be set only when imported is true", "Imported", rejectedValue=text)
    return time(text, path)


def time(value: Any, path: str) -> str:
    """Return a time in the one form that is taken; raises the 400 of others."""
    text = read_time(value)
    if text is None:
        raise wrong(path, "must be a date in the format yyyy-MM-dd'T'HH:mm:ss'Z'", "Format", rejectedValue=value)
    return text


def values(account: Account, mailbox: int, items: Any, path: str = "fields") -> dict[int, str]:
    """Return custom values by field; raises for a field of another inbox and a value that does not fit."""
    found: dict[int, str] = {}
    for place, item in enumerate(items or ()):
        field = account.tables["fields"].get(item.get("id"))
        if field is None or field["_mailbox"] != mailbox:
            raise wrong(f"{path}[{place}].id", "does not exist", "Exists", rejectedValue=item.get("id"))
        text = "" if item.get("value") is None else str(item["value"])
        if text:
            _fits(field, text, f"{path}[{place}].value")
            found[int(field["id"])] = text
    return found


def _fits(field: Row, text: str, path: str) -> None:
    kind = field["type"]
    fits = {
        "dropdown": lambda: any(str(option["id"]) == text for option in field["options"]),
        "number": lambda: text.lstrip("-").isdigit(),
        "date": lambda: _DATE.match(text) is not None and read_time(f"{text}T00:00:00Z") is not None,
    }
    if kind in fits and not fits[kind]():
        raise wrong(path, f"is not a valid {kind}", "Value", rejectedValue=text)


def addresses(body: Row, name: str) -> list[str]:
    """Return a list of addresses."""
    items = body.get(name) or []
    for place, item in enumerate(items):
        if not isinstance(item, str) or not _ADDRESS.match(item):
            raise wrong(f"{name}[{place}]", "must be a valid email address", "Email", rejectedValue=item)
    return list(items)
