"""A desk in a few lines: tickets, messages, histories → a real SQLite store → a snapshot → results.

    desk = World(tmp_path)
    ticket = desk.ticket("2026-01-05 09:00", channel="email")      # a number per ticket; the requester is made
    desk.customer(ticket, "2026-01-05 09:00")
    desk.reply(ticket, "2026-01-05 10:30")
    desk.status(ticket, "2026-01-05 11:00", "solved")
    result = desk.compute("M07", clock="calendar")

Times are UTC unless the world has another `zone`; rows are written when something is computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from deskferry.canonical_schema import column_names, json_columns, json_text, parse_time_text, time_text
from deskferry.metrics.desk import Desk
from deskferry.metrics.engine import check, compute, measure, tables_for
from deskferry.metrics.options import Question
from deskferry.metrics.registry import metric_named
from deskferry.metrics.result import Line, Result
from deskferry.store import Store, open_store
from deskferry.store.analysis_engines import duckdb_engine
from deskferry.store.export_processes import KEY_OF
from deskferry.store.snapshot import ALWAYS, column_types
from deskferry.store.upsert import insert_rows

_ARROW = {
    "time": pa.timestamp("us"), "flag": pa.bool_(), "whole": pa.int64(), "real": pa.float64(),
    "text": pa.string(), "key": pa.int64(),
}  # fmt: skip
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
SYNCED = "2026-01-01T00:00:00.000000Z"


class World:
    """One store; `connection` is the account that new rows belong to."""

    def __init__(self, folder: Path, *, as_of: str = "2026-03-01 00:00", zone: str = "UTC") -> None:
        self.folder, self.zone, self.connection = folder, ZoneInfo(zone), "old"
        self.as_of = self.at(as_of)
        self.vendor = "zendesk"
        self.through_store = False
        """Whether what is computed takes the way through a store and a snapshot."""
        self._rows: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self._last = 0
        self._batches = 0

    def at(self, text: str | datetime) -> datetime:
        """Return an instant from `2026-01-05 09:00`, seconds and fractions as well."""
        found = text if isinstance(text, datetime) else datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)

    def put(self, kind: str, /, **values: Any) -> str:
        """Add a row of any kind, or change one that has this id; columns that end in `_at` take texts."""
        self._last += 1
        key: str = values.pop("id", None) or f"{self.connection}:{kind}:{self._last}"
        row = self._rows[kind].setdefault(
            key,
            {
                "id": key, "connection": self.connection, "vendor": self.vendor, "source_object": kind,
                "source_id": key.rsplit(":", 1)[-1], "content_hash": key, "synced_at": SYNCED,
            },
        )  # fmt: skip
        for name, value in values.items():
            timed = name.endswith(("_at", "active_from", "active_to")) and value is not None
            row[name] = time_text(self.at(value)) if timed else value
        return key

    # people, schedules

    def person(self, name: str, role: str = "end_user", **values: Any) -> str:
        """Add a person, or find the one of this name."""
        return self.put("person", id=f"{self.connection}:user:{name}", name=name, role=role, **values)

    def agent(self, name: str = "Ann") -> str:
        """Add an agent, or find the one of this name."""
        return self.person(name, "agent")

    def schedule(
        self, hours: Mapping[str, tuple[str, str]] | None = None, timezone: str = "UTC", name: str = "office",
        holidays: tuple[tuple[str, str], ...] = (),
    ) -> str:  # fmt: skip
        """Add a schedule: Monday to Friday, 09:00 to 17:00, unless told otherwise."""
        open_hours = hours or dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00", "17:00"))
        return self.put(
            "schedule", id=f"{self.connection}:schedule:{name}", name=name, timezone=timezone,
            intervals=[{"day": day, "start": start, "end": end} for day, (start, end) in open_hours.items()],
            holidays=[{"name": None, "start": start, "end": end} for start, end in holidays],
        )  # fmt: skip

    def ticket_schedule(self, ticket: str, schedule: str | None, at: str) -> str:
        """Say from when on a schedule applies to a ticket."""
        return self.put("ticket_schedule", ticket_id=ticket, schedule_id=schedule, from_at=at)

    # tickets and what moves

    def ticket(self, created: str, *, requester: str = "Cleo", tags: tuple[str, ...] = (), **values: Any) -> str:
        """Add a ticket that a customer opened; `status` follows what `status()` is told later."""
        person = self.person(requester)
        key = self.put(
            "ticket",
            **{"created_at": created, "status": "open", "requester_id": person, "submitter_id": person, **values},
        )
        for tag in tags:
            self.put("tagging", id=f"{key}/tag/{tag}", kind="ticket", record_id=key, tag=tag)
        return key

    def change(self, ticket: str, **values: Any) -> None:
        """Change a ticket."""
        self.put("ticket", id=ticket, **values)

    def message(self, ticket: str, at: str, author_kind: str, **values: Any) -> str:
        """Add a message; the first of a ticket is its opening."""
        first = not any(one["ticket_id"] == ticket for one in self._rows["message"].values())
        seq = sum(one["ticket_id"] == ticket for one in self._rows["message"].values()) + 1
        return self.put(
            "message", ticket_id=ticket, created_at=at,
            **{"author_kind": author_kind, "kind": "public_reply", "is_public": True, "is_opening": first, "seq": seq,
               "state": "sent", **values},
        )  # fmt: skip

    def customer(self, ticket: str, at: str, **values: Any) -> str:
        """Add a public message of the requester."""
        author = self._rows["ticket"][ticket]["requester_id"]
        return self.message(ticket, at, "end_user", **{"author_id": author, **values})

    def reply(self, ticket: str, at: str, agent: str = "Ann", **values: Any) -> str:
        """Add a public reply of an agent."""
        return self.message(ticket, at, "agent", **{"author_id": self.agent(agent), **values})

    def note(self, ticket: str, at: str, agent: str = "Ann", **values: Any) -> str:
        """Add a private note of an agent."""
        values = {"kind": "private_note", "is_public": False, **values}
        return self.message(ticket, at, "agent", **{"author_id": self.agent(agent), **values})

    def event(self, ticket: str, at: str, field: str, new: str | None, old: str | None = None, **values: Any) -> str:
        """Add a change of a field; the value before is that of the change before, unless told."""
        earlier = [one for one in self._rows["ticket_event"].values() if one["ticket_id"] == ticket]
        before = [one["new_value"] for one in earlier if one["field"] == field]
        return self.put(
            "ticket_event", ticket_id=ticket, occurred_at=at, field=field, new_value=new,
            **{"old_value": old or (before[-1] if before else None), "seq": len(earlier) + 1, **values},
        )  # fmt: skip

    def status(self, ticket: str, at: str, status: str, agent: str | None = "Ann", **values: Any) -> str:
        """Change the status: an event, and the ticket's own columns."""
        actor = {"actor_id": self.agent(agent), "actor_kind": "agent"} if agent else {"actor_kind": "system"}
        times = {"solved": {"solved_at": at}, "closed": {"closed_at": at}}.get(status, {})
        self.change(ticket, status=status, **times)
        return self.event(ticket, at, "status", status, **{**actor, **values})

    # computing

    def compute(self, name: str, **asked: Any) -> Result:
        """Return the only result of a metric; `start` and `end` may be texts; other words are options of the metric."""
        (found,) = self.compute_all(name, **asked)
        return found

    def compute_all(self, name: str, **asked: Any) -> list[Result]:
        """Return the results of a metric, one a clock."""
        fields = Question.__dataclass_fields__
        for edge in ("start", "end"):
            if isinstance(asked.get(edge), str):
                asked[edge] = date.fromisoformat(asked[edge])
        if isinstance(asked.get("by"), str):
            asked["by"] = (asked["by"],)
        question = {one: value for one, value in asked.items() if one in fields}
        options = {one: value for one, value in asked.items() if one not in fields}
        metric = metric_named(name)
        settings = {metric.card.slug: options} if options else {}
        asking = Question(**{"timezone": str(self.zone), **question}, settings=settings)
        if self.through_store:
            with open_store(self.write()) as store:
                return compute(store, [metric], asking, self.as_of)
        check([metric], asking)
        return measure(Desk(self.backend(tables_for([metric], asking)), asking, self.as_of), metric)

    def backend(self, tables: Mapping[str, Iterable[str]]) -> Any:
        """Return the tables in DuckDB as a snapshot would have them, without the way through a store."""
        backend = duckdb_engine()
        for kind, columns in tables.items():
            types = {name: _ARROW[held] for name, held in column_types(kind, {*ALWAYS, *columns}).items()}
            arrays = {name: pa.array([_value(row, name, of) for row in self._rows[kind].values()], of)
                      for name, of in types.items()}  # fmt: skip
            backend.create_table(kind, pa.table(arrays))
        return backend

    def write(self) -> str:
        """Write everything into a new store and return its URL."""
        self._batches += 1
        url = f"sqlite:///{self.folder / f'store{self._batches}.db'}"
        with open_store(url) as store:
            self.fill(store)
        return url

    def fill(self, store: Store) -> None:
        """Write everything into a store."""
        with store.write() as database:
            for kind, rows in self._rows.items():
                columns, as_json = column_names(kind), json_columns(kind)
                unknown = {name for row in rows.values() for name in row} - set(columns)
                assert not unknown, f"{kind} has no {unknown}"
                insert_rows(
                    database, kind, columns,
                    [
                        tuple(json_text(row.get(one)) if one in as_json else row.get(one) for one in columns)
                        for row in rows.values()
                    ],
                )  # fmt: skip


def _value(row: Mapping[str, Any], name: str, of: pa.DataType) -> Any:
    if not name.startswith(KEY_OF):
        return _plain(row.get(name), of)
    text = row.get(name.removeprefix(KEY_OF))
    return None if text is None else key_of(text)


def key_of(text: str) -> int:
    """Return a key as a snapshot has them, though by another hash."""
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest())


def _plain(value: Any, of: pa.DataType) -> Any:
    if value is None or not (pa.types.is_string(of) or pa.types.is_timestamp(of)):
        return value
    if pa.types.is_timestamp(of):
        return parse_time_text(value).replace(tzinfo=None)
    return value if isinstance(value, str) else json_text(value)


def by_group(result: Result) -> dict[Any, float | None]:
    """Return the values of the lines that have groups and no period, by their key (a tuple where there are several)."""
    return {_key(line): line.value for line in result.lines if line.group and line.period is None}


def by_period(result: Result) -> dict[str, float | None]:
    """Return the values of the lines over all groups, by the label of their period."""
    return {line.period.label: line.value for line in result.lines if line.period and not line.group}


def line_of(result: Result, *group: str | None, period: str | None = None) -> Line:
    """Return one line."""
    (found,) = (
        line for line in result.lines
        if tuple(line.group.values()) == group and (line.period.label if line.period else None) == period
    )  # fmt: skip
    return found


def _key(line: Line) -> Any:
    keys = tuple(line.group.values())
    return keys[0] if len(keys) == 1 else keys
