"""The indexes over tickets: by list mode and time, by requester, by company."""

from __future__ import annotations

from collections import defaultdict

from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.ordered import Ordered

MODES = ("live", "deleted", "spam")


def mode_of(row: Row) -> str:
    """Return the list in which a ticket shows: `live`, `deleted` or `spam`."""
    if row["deleted"]:
        return "deleted"
    return "spam" if row["spam"] else "live"


class TicketIndex:
    """Keeps the orders of ticket lists as tickets change."""

    def __init__(self, rows: dict[int, Row]) -> None:
        self.rows = rows
        self.created = {mode: Ordered() for mode in MODES}
        self.updated = {mode: Ordered() for mode in MODES}
        self.by_requester: dict[int, set[int]] = defaultdict(set)
        self.by_company: dict[int, set[int]] = defaultdict(set)
        self._at: dict[int, tuple[str, int | None, int | None]] = {}

    def put(self, row: Row) -> None:
        """Store a ticket, or note that one changed."""
        row_id = row["id"]
        self.rows[row_id] = row
        place = (mode_of(row), row["requester_id"], row["company_id"])
        old = self._at.get(row_id)
        if old is not None and old != place:
            self._forget(row_id, old)
        if old != place:
            self._at[row_id] = place
            self.by_requester[row["requester_id"]].add(row_id)
            if row["company_id"] is not None:
                self.by_company[row["company_id"]].add(row_id)
        self.created[place[0]].put(row_id, row["created_at"])
        self.updated[place[0]].put(row_id, row["updated_at"])

    def drop(self, row_id: int) -> Row | None:
        """Take a ticket out of the table and all lists."""
        old = self._at.pop(row_id, None)
        if old is not None:
            self._forget(row_id, old)
        return self.rows.pop(row_id, None)

    def _forget(self, row_id: int, place: tuple[str, int | None, int | None]) -> None:
        mode, requester, company = place
        self.created[mode].drop(row_id)
        self.updated[mode].drop(row_id)
        if requester is not None:
            self.by_requester[requester].discard(row_id)
        if company is not None:
            self.by_company[company].discard(row_id)
