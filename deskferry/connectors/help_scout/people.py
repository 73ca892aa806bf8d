"""People whom conversations name and no list does: they were deleted, and what is told of them there is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from deskferry.connectors.help_scout.converters import PERSON_OBJECTS, real_email
from deskferry.connectors.help_scout.streams import PEOPLE
from deskferry.connectors.kit.contract import Child, Page, Raw, RawRecord, Tombstone
from deskferry.connectors.kit.session import Session

_PATHS = {"customer": "customers", "user": "users"}
_REMEMBERED = 20_000
"""People of whom a scan remembers that they are known."""
_ROLES = ("createdBy", "customer", "assignedTo", "primaryCustomer", "assignee", "closedByUser")


class Unlisted:
    """Finds the people whom records name and the store has never heard of."""

    def __init__(self, holds: Callable[[str, str], bool]) -> None:
        self._holds = holds
        self._known: set[tuple[str, str]] = set()

    def asked_for(self, page: Page) -> Page:
        """Return a page that asks for them, each once."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        found = []
        for record in page.records:
            for object_name, told in _named_in(record.payload) if isinstance(record, RawRecord) else ():
                key = (object_name, str(told["id"]))
                if key in self._known:
                    continue
                self._known.add(key)
                if not self._holds(*key):
                    found.append(
                        Child(PEOPLE, "-".join(key), {"object": object_name, "told": _stub(object_name, told)})
                    )
        return replace(page, children=(*page.children, *found)) if found else page


def _named_in(payload: Raw) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for role in _ROLES:
        told = payload.get(role)
        if type(told) is int and told and "collectionId" in payload:
            yield "user", {"id": told}  # an article tells its author by the number alone
        if not isinstance(told, Mapping) or told.get("id") in (None, "", 0):
            continue
        object_name = PERSON_OBJECTS.get(told.get("type") or ("customer" if "ustomer" in role else "user"))
        if object_name in _PATHS:
            yield str(object_name), told


def _stub(object_name: str, told: Mapping[str, Any]) -> Raw:
    """Return what a conversation tells of a person, in the words of the person's own record."""
    stub: Raw = {"id": told["id"], "firstName": told.get("first"), "lastName": told.get("last")}
    email = real_email(told.get("email"))
    if object_name == "user":
        return {**stub, "email": email}
    return {**stub, "_embedded": {"emails": [{"value": email}] if email else []}}


def named(session: Session, child: Child) -> Page:
    """Return a person by the number that conversations name; of a deleted one what they tell."""
    object_name, own = str(child.args["object"]), child.parent.partition("-")[2]
    answer = session.request_json("GET", f"{_PATHS[object_name]}/{own}", allow=(403, 404, 410))
    if answer.status == 200 and isinstance(answer.body, dict) and str(answer.body.get("id")) == own:
        return Page((RawRecord(object_name, own, answer.body),))
    if answer.status == 403:
        return Page((), notes=(f"{_PATHS[object_name]}: {object_name} {own} may not be read (403).",))
    return Page((Tombstone(object_name, own, "404", payload=child.args["told"]),))
