"""Tells the vendor's assistants from users: version 2 of the API calls both users, a list of version 3 names them.

Facts: developer.helpscout.com/mailbox-api, endpoints/system-users/list and endpoints/conversations/threads/list-v3.
"""

from __future__ import annotations

import threading

from deskferry.connectors.help_scout.conversation import embedded_threads
from deskferry.connectors.help_scout.hal import every_row
from deskferry.connectors.help_scout.lists import REFUSED
from deskferry.connectors.help_scout.streams import BY_NAME, SYSTEM_USERS
from deskferry.connectors.kit.contract import Raw
from deskferry.connectors.kit.session import Session, VendorStatus

_TYPE = "system_user"
_PLACES = ("createdBy", "assignedTo", "assignee", "closedByUser")


class SystemUsers:
    """The assistants of one account. Thread-safe."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ids: frozenset[str] | None = None
        self._asking = threading.Lock()

    def ids(self) -> frozenset[str]:
        """Return their ids, asked for once; none where the account may not list them."""
        with self._asking:
            if self._ids is None:
                self._ids = self._listed()
            return self._ids

    def _listed(self) -> frozenset[str]:
        try:
            rows = every_row(self._session, BY_NAME[SYSTEM_USERS].path, SYSTEM_USERS)
        except VendorStatus as refusal:
            if refusal.status in REFUSED:
                return frozenset()
            raise
        return frozenset(str(row["id"]) for row in rows)

    def named(self, row: Raw) -> Raw:
        """Return a conversation or thread in which they are called what they are."""
        ids = self.ids()
        if not ids:
            return row
        threads = embedded_threads(row)
        found = {**row, **_renamed(row, ids)}
        if threads is not None:
            inside = [{**one, **_renamed(one, ids)} for one in threads]
            found["_embedded"] = {**row["_embedded"], "threads": inside}
        return found


def _renamed(row: Raw, ids: frozenset[str]) -> Raw:
    told = {place: row.get(place) for place in _PLACES}
    return {
        place: {**who, "type": _TYPE}
        for place, who in told.items()
        if isinstance(who, dict) and who.get("type") == "user" and str(who.get("id")) in ids
    }
