"""A desk of any size straight into a SQLite store: what the metrics read, and bodies that they do not.

Five messages and six events a ticket on average, and smaller tables beside them: every metric has its input. Ids look
like a vendor's: long numbers that rise with time. Rows are made and written as a stream.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import metrics_desk_beside as beside
from deskferry.store import open_store

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
_BEGIN = date(2024, 1, 1)
_DAYS = 725
_AGENTS, _TEAMS, _BATCH = 60, 8, 2_000
_CHANNELS = ("email", "web", "chat", "phone", "social")
_PRIORITIES = ("low", "normal", "high", "urgent")
_BODY = "Good morning, the parcel that I was promised for Tuesday is not here. Could you look into it, please? " * 3
_COMMON = ("id", "connection", "vendor", "source_object", "source_id", "content_hash", "synced_at")
_DAY_TEXTS = [str(_BEGIN + timedelta(days=day)) for day in range(_DAYS + 60)]
_CLOCK_TEXTS = [f"T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000Z" for second in range(86_400)]
Row = tuple[str, tuple[Any, ...]]
Rows = dict[str, list[tuple[Any, ...]]]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ticket": ("created_at", "subject", "status", "priority", "channel", "requester_id", "submitter_id", "assignee_id",
               "team_id", "solved_at", "closed_at", "is_spam", "custom_fields"),
    "message": ("created_at", "ticket_id", "seq", "author_id", "author_kind", "kind", "state", "is_public",
                "is_opening", "channel", "body_text"),
    "ticket_event": ("ticket_id", "seq", "occurred_at", "field", "old_value", "new_value", "actor_id", "actor_kind",
                     "update_id"),
    "person": ("name", "role"),
    "team": ("name",),
    "schedule": ("name", "timezone", "intervals", "holidays"),
    "ticket_schedule": ("ticket_id", "schedule_id", "from_at"),
    "tagging": ("kind", "record_id", "tag"),
    "survey_response": ("kind", "ticket_id", "person_id", "agent_id", "score", "scale_min", "scale_max", "sent_at",
                        "answered_at"),
    "time_entry": ("ticket_id", "person_id", "started_at", "seconds", "kind"),
    "interaction": ("ticket_id", "person_id", "agent_id", "channel", "queue_entered_at", "answered_at", "ended_at",
                    "outcome"),
    "sla_event": ("ticket_id", "metric", "instance", "kind", "occurred_at", "target_seconds", "business_hours"),
    "purchase": ("customer_id", "occurred_at", "amount", "currency", "state"),
    **beside.COLUMNS,
}  # fmt: skip
_OFFICE = '[{"day":"%s","start":"09:00","end":"17:00"}]'
_HOURS = "[" + ",".join(_OFFICE[1:-1] % day for day in ("mon", "tue", "wed", "thu", "fri")) + "]"


def write_desk(path: Path, tickets: int) -> str:
    """Write a store of this many tickets; return its URL."""
    url = f"sqlite:///{path}"
    with open_store(url):
        pass
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    desk = _Desk(tickets)
    _insert(database, desk.fixed())
    _insert_all(database, desk.account())
    made = iter(range(tickets))
    while numbers := list(islice(made, _BATCH)):
        _insert_all(database, (row for number in numbers for row in desk.ticket(number)))
        database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return url


def _insert_all(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    found: Rows = {}
    for kind, row in rows:
        found.setdefault(kind, []).append(row)
    _insert(database, found)


def _insert(database: sqlite3.Connection, rows: Rows) -> None:
    for kind, found in rows.items():
        names = (*_COMMON, *COLUMNS[kind])
        database.executemany(f"INSERT INTO {kind} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", found)


class _Desk:
    """Makes rows; times are seconds since the beginning."""

    def __init__(self, tickets: int) -> None:
        self.draw = random.Random(11).random
        self.tickets = tickets
        self.people = max(tickets // 4, 10)
        self.last = 17_000_000_000_000

    def fixed(self) -> Rows:
        """Return the rows that do not hang on a ticket."""
        people = [self._row("user", _person(one), f"Customer {one}", "end_user")[1] for one in range(self.people)]
        people += [self._row("user", _agent(one), f"Agent {one}", "agent")[1] for one in range(_AGENTS)]
        teams = [self._row("team", str(one), f"Team {one}")[1] for one in range(_TEAMS)]
        schedules = [self._row("schedule", str(n), zone, zone, _HOURS, "[]")[1]
                     for n, zone in enumerate(("America/New_York", "Europe/Madrid"))]  # fmt: skip
        return {"person": people, "team": teams, "schedule": schedules}

    def account(self) -> Iterator[Row]:
        """Yield the rows of what else an account has."""
        agents = [f"old:user:{_agent(one)}" for one in range(min(max(self.tickets // 20_000, 2), _AGENTS))]
        customers = [f"old:user:{_person(one)}" for one in range(self.people)]
        for place, (kind, values) in enumerate(beside.of_account(agents, customers, _DAYS, _text)):
            yield self._row(kind, str(place) if kind == "article" else None, *values)

    def ticket(self, number: int) -> Iterator[Row]:
        """Yield a ticket and what hangs on it."""
        created = _DAYS * 86_400 * number // self.tickets + self._below(3_600)
        key = str(100_000_000 + number)
        ticket, requester = f"old:ticket:{key}", f"old:user:{_person(self._below(self.people))}"
        agent = f"old:user:{_agent(self._below(_AGENTS))}"
        turns = [created + 7_200 * n + (self._below(5_000) if n else 0) for n in range(2 + 2 * self._below(4))]
        history = self._history(turns)
        status = history[-1][1]
        solved = [at for at, one in history if one == "solved"] if status in ("solved", "closed") else []
        channel = _CHANNELS[number % 5]
        yield self._row(
            "ticket", key, _text(created), "The parcel", status, _PRIORITIES[number // 5 % 4], channel, requester,
            requester, agent, f"old:team:{number % _TEAMS}", _text(solved[-1]) if solved else None,
            _text(history[-1][0]) if status == "closed" else None, 0, '{"product":"parcel"}',
        )  # fmt: skip
        for seq, at in enumerate(turns):
            yield self._message(ticket, seq, at, requester, agent, channel)
        yield from self._events(ticket, history, agent, created)
        yield from self._further(ticket, number, requester, agent, turns)
        for kind, values in beside.of_ticket(number, ticket, requester, agent, turns, _text):
            yield self._row(kind, None, *values)

    def _history(self, turns: list[int]) -> list[tuple[int, str]]:
        found = [(turns[0], "open"), (turns[1], "pending")]
        end = turns[-1] + 3_600
        if len(turns) > 2:
            found.append((turns[2], "open"))
        if self.draw() < 0.92:
            found.append((end, "solved"))
            if self.draw() < 0.1:
                found += [(end + 18_000, "open"), (end + 100_000, "solved")]
            if self.draw() < 0.7:
                found.append((found[-1][0] + 4 * 86_400, "closed"))
        return found

    def _message(self, ticket: str, seq: int, at: int, requester: str, agent: str, channel: str) -> Row:
        by_agent = seq % 2 == 1
        public = not by_agent or seq % 7 != 3
        return self._row(
            "message", None, _text(at), ticket, seq + 1, agent if by_agent else requester,
            "agent" if by_agent else "end_user", "public_reply" if public else "private_note", "sent", int(public),
            int(seq == 0), channel, _BODY[: 20 + self._below(280)],
        )  # fmt: skip

    def _events(self, ticket: str, history: list[tuple[int, str]], agent: str, created: int) -> Iterator[Row]:
        before, update = "new", self._number()
        for seq, (field, value) in enumerate((("assignee_id", agent), ("priority", "high"))):
            at = _text(created + 60 + seq)
            yield self._row("ticket_event", None, ticket, seq + 1, at, field, None, value, agent, "agent", update)
        for seq, (moved, status) in enumerate(history):
            yield self._row(
                "ticket_event", None, ticket, seq + 3, _text(moved), "status", before, status, agent, "agent",
                self._number(),
            )  # fmt: skip
            before = status

    def _further(self, ticket: str, number: int, requester: str, agent: str, turns: list[int]) -> Iterator[Row]:
        begin, end = _text(turns[0]), _text(turns[-1])
        yield self._row("ticket_schedule", None, ticket, f"old:schedule:{number % 2}", begin)
        yield self._row("tagging", None, "ticket", ticket, f"tag{number % 40}")
        if number % 5 == 0:
            score = 1 + self._below(5)
            yield self._row("survey_response", None, "csat", ticket, requester, agent, score, 1, 5, end, end)
            yield self._row("time_entry", None, ticket, agent, begin, self._below(900), "work")
            yield self._row("purchase", None, requester, end, 20.5, "EUR", "paid")
        if number % 10 == 0:
            yield self._row("interaction", None, ticket, requester, agent, "phone", begin, begin, end, "answered")
        if number % 4 == 0:
            for kind, at in (("activate", begin), ("fulfill" if number % 8 else "breach", end)):
                yield self._row("sla_event", None, ticket, "first_reply_time", 0, kind, at, 3600, 0)

    def _below(self, end: int) -> int:
        return int(self.draw() * end)

    def _number(self) -> str:
        self.last += 7
        return str(self.last)

    def _row(self, what: str, key: str | None, *values: Any) -> Row:
        key = key or self._number()
        kind = "person" if what == "user" else what
        return kind, (f"old:{what}:{key}", "old", "zendesk", what, key, "h", "2026-01-01T00:00:00.000000Z", *values)


def _text(second: int) -> str:
    day, second = divmod(second, 86_400)
    return _DAY_TEXTS[day] + _CLOCK_TEXTS[second]


def _person(number: int) -> str:
    return str(360_000_000_000 + number * 104_729 % 1_000_000_007)


def _agent(number: int) -> str:
    return str(350_000_000_000 + number)
