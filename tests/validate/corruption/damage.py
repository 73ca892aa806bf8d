"""A hand on a clean store: takes records that nobody has damaged yet, and changes, adds and loses rows.

Written from the canonical tables, never from a rule. Each record is taken once, so that defects keep out of each
other's way; what is added is well-formed but for what its defect says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update

from deskferry.canonical_schema import column_names, sql_table
from deskferry.canonical_schema.columns import parse_time_text, time_text
from deskferry.store import Store

LIVE = "deleted_at IS NULL"
SOLVED = (
    "status IN ('solved', 'closed') AND solved_at IS NOT NULL AND assignee_id IS NOT NULL AND requester_id IS NOT NULL "
    "AND julianday(solved_at) - julianday(created_at) > 0.2 AND created_at < '2026-03'"
)
_ASKED = "EXISTS (SELECT 1 FROM survey_response s WHERE s.ticket_id = ticket.id)"
UNASKED = f"NOT {_ASKED}"
"""Nobody was asked about the ticket: its times may move without an answer coming before its question."""
OPEN = "status IN ('new', 'open', 'pending', 'on_hold') AND requester_id IS NOT NULL"
ANSWERED = (
    "EXISTS (SELECT 1 FROM message m WHERE m.ticket_id = ticket.id AND m.is_public AND m.author_kind = 'agent' "
    "AND NOT m.is_opening AND COALESCE(m.state, 'sent') = 'sent')"
)
WITHOUT_FILES = "NOT EXISTS (SELECT 1 FROM attachment a WHERE a.ticket_id = ticket.id)"
REPLY = "is_public AND author_kind = 'agent' AND NOT is_opening AND COALESCE(state, 'sent') = 'sent'"
CUSTOMER = (
    "role = 'end_user' AND email IS NOT NULL AND is_active IS NOT 0 AND merged_into_id IS NULL "
    "AND EXISTS (SELECT 1 FROM ticket t WHERE t.requester_id = person.id)"
)


def later(moment: str, **by: float) -> str:
    """Return a time that is later by so much; negative: earlier."""
    return time_text(parse_time_text(moment) + timedelta(**by))


class Damage:
    """One store that is being damaged."""

    def __init__(self, store: Store, vendor: str, now: str, connection: str) -> None:
        self.store, self.vendor, self.now, self.connection = store, vendor, now, connection
        self.used: set[str] = set()
        """Records that were taken or added."""
        self.made = 0

    # ------------------------------------------------------------------------------------------------------ reading

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.store.read() as database:
            return list(database.execute(text(statement), values))

    def get(self, kind: str, record_id: str, column: str) -> Any:
        """Return a column of a row; times as text."""
        table = sql_table(kind)
        with self.store.read() as database:
            found = database.execute(select(table.c[column]).where(table.c.id == record_id)).scalar_one()
        return time_text(found) if isinstance(found, datetime) else found

    def ids(self, kind: str, where: str, order: str = "id") -> list[str]:
        found = self.rows(f"SELECT id FROM {kind} WHERE connection = :c AND {LIVE} AND {where} ORDER BY {order}",
                          c=self.connection)  # fmt: skip
        return [row[0] for row in found]

    # ------------------------------------------------------------------------------------------------------- taking

    def take(self, kind: str, where: str = "1 = 1") -> str:
        """Return a record of a kind that nobody has taken."""
        for one in self.ids(kind, where):
            if one not in self.used:
                self.used.add(one)
                return one
        raise LookupError(f"{self.vendor}: no {kind} is left where {where}")

    def ticket(self, *where: str) -> str:
        """Return a ticket of which nobody has taken anything; all of it is taken."""
        chosen = " AND ".join(f"({one})" for one in (where or (SOLVED,)))
        for one in self.ids("ticket", chosen, f"{_ASKED} DESC, id"):
            parts = {row[0] for row in self.rows("SELECT id FROM message WHERE ticket_id = :t", t=one)} | {one}
            if not parts & self.used:
                self.used |= parts
                return one
        raise LookupError(f"{self.vendor}: no ticket is left where {chosen}")

    def solved(self, *where: str) -> str:
        """Return a solved and answered ticket."""
        return self.ticket(SOLVED, ANSWERED, *where)

    def message(self, ticket: str, where: str = REPLY) -> str:
        """Return the first message of a ticket that fits."""
        found: str = self.rows(
            f"SELECT id FROM message WHERE ticket_id = :t AND {LIVE} AND {where} ORDER BY seq LIMIT 1", t=ticket
        )[0][0]
        return found

    # ----------------------------------------------------------------------------------------------------- changing

    def set(self, kind: str, record_id: str, /, **values: Any) -> str:
        table = sql_table(kind)
        with self.store.write() as database:
            done = database.execute(update(table).where(table.c.id == record_id).values(**values))
        assert done.rowcount == 1, (kind, record_id)
        return record_id

    def remove(self, kind: str, where: str, **values: Any) -> None:
        with self.store.write() as database:
            database.execute(text(f"DELETE FROM {kind} WHERE {where}"), values)

    def execute(self, statement: str, **values: Any) -> None:
        with self.store.write() as database:
            database.execute(text(statement), values)

    def insert(self, kind: str, /, **values: Any) -> str:
        """Add a row; what every row has is filled in."""
        (record_id,) = self.insert_many(kind, [values])
        return record_id

    def insert_many(self, kind: str, rows: Sequence[Mapping[str, Any]], connection: str | None = None) -> list[str]:
        name = connection or self.connection
        full = []
        for values in rows:
            self.made += 1
            key = f"9{self.made:06}"
            full.append({
                **dict.fromkeys(column_names(kind)),
                "id": f"{name}:{kind}:{key}", "connection": name, "vendor": self.vendor, "source_object": kind,
                "source_id": key, "created_at": "2025-01-07T09:00:00.000000Z",
                "updated_at": "2025-01-07T09:00:00.000000Z", "content_hash": key, "synced_at": self.now, **values,
            })  # fmt: skip
        with self.store.write() as database:
            database.execute(insert(sql_table(kind)), full)
        self.used.update(one["id"] for one in full)
        return [one["id"] for one in full]

    def clone(self, kind: str, where: str = "1 = 1", /, **changes: Any) -> str:
        """Add a row like one that there is."""
        table = sql_table(kind)
        (like, *_) = self.ids(kind, where)
        with self.store.read() as database:
            row = dict(database.execute(select(table).where(table.c.id == like)).mappings().one())
        for own in ("id", "source_id", "content_hash", "raw_record_id"):
            del row[own]
        return self.insert(kind, **{**row, **changes})

    # ---------------------------------------------------------------------------------------------- well-formed rows

    def person(self, **values: Any) -> str:
        """Add somebody who can be reached."""
        number = self.made + 1
        email = values.get("email", f"someone{number}@orchard{number}.example.org")
        listed = [{"value": email, "type": None, "primary": True, "verified": None}]
        made = {"name": f"Olive Branch{number}", "email": email, "emails": listed, "role": "end_user",
                "is_active": True, "suspended": False, "is_placeholder": False}  # fmt: skip
        return self.insert("person", **{**made, **values})

    def organization(self, name: str, **values: Any) -> str:
        """Add an organization that has somebody."""
        made = self.insert("organization", name=name, **values)
        self.insert("person_organization", person_id=self.ids("person", CUSTOMER)[0], organization_id=made,
                    is_primary=False)  # fmt: skip
        return made

    def history(self, ticket: str, *changes: tuple[str | None, str | None, str]) -> list[str]:
        """Give a ticket this history of its status and no other: (before, after, when)."""
        self.remove("ticket_event", "ticket_id = :t", t=ticket)
        rows = [
            {"ticket_id": ticket, "seq": place, "occurred_at": at, "created_at": at, "field": "status",
             "old_value": old, "new_value": new, "actor_kind": "system"}
            for place, (old, new, at) in enumerate(changes, 1)
        ]  # fmt: skip
        return self.insert_many("ticket_event", rows)

    def whole_history(self, ticket: str) -> list[str]:
        """Give a solved ticket a history of its status without fault."""
        created, solved = self.get("ticket", ticket, "created_at"), self.get("ticket", ticket, "solved_at")
        changes = [(None, "new", created), ("new", "open", later(created, minutes=30)), ("open", "solved", solved)]
        if self.get("ticket", ticket, "status") == "closed":
            closed = self.get("ticket", ticket, "closed_at") or later(solved, days=4)
            changes.append(("solved", "closed", closed))
        return self.history(ticket, *changes)

    def beside(self, what: str) -> str:
        """Return the name of a connection of its own."""
        return f"{self.connection}_{what}"

    def desk(self, connection: str, days: int, per_day: int, **columns: Any) -> list[str]:
        """Add a connection of its own: a desk with as many tickets every day, up to today, and one requester.

        A column may be a function of the day, counted back from today.
        """
        requester, agent = self._people_of(connection)
        tickets, number = [], 0
        for back in range(days, 0, -1):
            for place in range(per_day):
                number += 1
                at = later(self.now, days=-back, minutes=-17 * place)
                values = {key: one(back) if callable(one) else one for key, one in columns.items()}
                tickets.append({
                    "number": str(number), "subject": "Plain", "status": "closed", "status_label": "closed",
                    "channel": "email", "requester_id": requester, "assignee_id": agent, "created_at": at,
                    "updated_at": later(at, hours=3), "first_responded_at": later(at, hours=1),
                    "solved_at": later(at, hours=2), "closed_at": later(at, hours=3), "is_spam": False, **values,
                })  # fmt: skip
        made = self.insert_many("ticket", tickets, connection)
        messages = []
        for ticket, row in zip(made, tickets, strict=True):
            at = row["created_at"]
            common = {"ticket_id": ticket, "is_public": True, "kind": "public_reply", "state": "sent",
                      "channel": "email", "body_text": "Plain words.", "body_html": "<p>Plain words.</p>"}  # fmt: skip
            messages.append({**common, "seq": 1, "author_id": requester, "author_kind": "end_user", "direction": "in",
                             "is_opening": True, "created_at": at})  # fmt: skip
            messages.append({**common, "seq": 2, "author_id": agent, "author_kind": "agent", "direction": "out",
                             "is_opening": False, "created_at": later(at, hours=1),
                             "to_addresses": [{"address": f"who@{connection}.example.org", "name": None}]})  # fmt: skip
        self.insert_many("message", messages, connection)
        self.pulled(connection, self.now)
        return made

    def _people_of(self, connection: str) -> tuple[str, str]:
        both = []
        for role, who in (("end_user", "who"), ("agent", "staff")):
            email = f"{who}@{connection}.example.org"
            listed = [{"value": email, "type": None, "primary": True, "verified": None}]
            row = {"name": f"Iris {who.title()}", "email": email, "emails": listed, "role": role, "is_active": True,
                   "suspended": False, "is_placeholder": False}  # fmt: skip
            both += self.insert_many("person", [row], connection)
        return both[0], both[1]

    def pulled(self, connection: str, at: str) -> None:
        """Leave what a pull leaves that ended then."""
        with self.store.write() as database:
            database.execute(
                text("INSERT INTO run (id, command, connection, started_at, ended_at, exit_code) "
                     "VALUES (:id, 'pull', :c, :at, :at, 0)"),
                {"id": f"pull-{connection}", "c": connection, "at": at},
            )  # fmt: skip
            database.execute(
                text("INSERT INTO stream_cursor (connection, stream, cursor, scanning, updated_at, finished_at) "
                     "VALUES (:c, 'tickets', '{}', 0, :at, :at)"),
                {"c": connection, "at": at},
            )  # fmt: skip
