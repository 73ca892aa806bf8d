"""How tickets are spread: by status, channel, priority, by month, by hour of the week, by their number of messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select
from sqlalchemy import func as sql_function
from sqlalchemy import text as sql

from deskferry.canonical_schema import sql_table
from deskferry.report.audit.facts import Facts, instant
from deskferry.store.upsert import is_sqlite

_OF_TICKET = ("status", "channel", "priority")
CLASSES: tuple[tuple[int, int | None], ...] = (
    (0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, None)
)  # fmt: skip
"""From and to of the classes of messages a ticket."""
_MONTHS = 120
_HOUR_AND_MINUTE = {
    True: ("substr(created_at, 1, 13)", "CAST(substr(created_at, 15, 2) AS INTEGER)"),
    False: ("to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24')", "EXTRACT(minute FROM created_at)"),
}
"""On SQLite and not."""


def distributions(facts: Facts) -> dict[str, Any]:
    """Return the live tickets by what they are and when they came, in the time zone of the audit."""
    with facts.store.read() as database:
        buckets = _half_hours(database, facts.names)
        zone = ZoneInfo(facts.timezone)
        local = Counter[tuple[str, int, int]]()
        for instant, count in buckets:
            there = instant.astimezone(zone)
            local[f"{there:%Y-%m}", there.weekday(), there.hour] += count
        hours = _summed(((day, hour), n) for (_month, day, hour), n in local.items())
        months = _every_month(_summed((month, n) for (month, _day, _hour), n in local.items()))
        return {
            "timezone": facts.timezone,
            "tickets": _number(database, facts.names),
            "without_time": _number(database, facts.names) - sum(local.values()),
            **{name: _by_column(database, facts.names, name) for name in _OF_TICKET},
            "months": [{"month": month, "count": count} for month, count in months[-_MONTHS:]],
            "months_left_out": max(0, len(months) - _MONTHS),
            "hours": [
                {"weekday": day, "hour": hour, "count": count}
                for (day, hour), count in sorted(hours.items())
            ],
            "messages_a_ticket": _messages_a_ticket(database, facts.names),
        }  # fmt: skip


def _summed(counts: Any) -> Counter[Any]:
    found = Counter[Any]()
    for key, count in counts:
        found[key] += count
    return found


def _every_month(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the months from the first to the last, those without a ticket too: they are holes to be seen."""
    if not counts:
        return []
    month, last = min(counts), max(counts)
    found = []
    while month <= last:
        found.append((month, counts.get(month, 0)))
        year, number = int(month[:4]), int(month[5:])
        month = f"{year + number // 12:04}-{number % 12 + 1:02}"
    return found


def _number(database: Connection, names: tuple[str, ...]) -> int:
    ticket = sql_table("ticket")
    statement = select(sql_function.count()).where(ticket.c.connection.in_(names), ticket.c.deleted_at.is_(None))
    return int(database.execute(statement).scalar_one())


def _by_column(database: Connection, names: tuple[str, ...], name: str) -> list[dict[str, Any]]:
    """Return value → tickets, the largest first; null is a value too."""
    ticket = sql_table("ticket")
    count = sql_function.count()
    rows = database.execute(
        select(ticket.c[name], count)
        .where(ticket.c.connection.in_(names), ticket.c.deleted_at.is_(None))
        .group_by(ticket.c[name])
        .order_by(count.desc(), ticket.c[name])
    )
    return [{"value": value, "count": n} for value, n in rows]


def _half_hours(database: Connection, names: tuple[str, ...]) -> Iterator[tuple[datetime, int]]:
    """Yield the tickets of each half hour: zones differ from UTC by whole and half hours."""
    hour, minute = _HOUR_AND_MINUTE[is_sqlite(database)]
    statement = sql(
        f"SELECT {hour}, CASE WHEN {minute} >= 30 THEN 30 ELSE 0 END, COUNT(*) FROM ticket "
        "WHERE connection IN :names AND deleted_at IS NULL AND created_at IS NOT NULL GROUP BY 1, 2"
    ).bindparams(bindparam("names", expanding=True))
    for text, minutes, count in database.execute(statement, {"names": list(names)}):
        yield datetime.fromisoformat(f"{text}:{minutes:02}").replace(tzinfo=UTC), count


def _messages_a_ticket(database: Connection, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return how many live tickets have how many live messages, by class; those that have none too."""
    statement = sql(
        "SELECT n, COUNT(*) FROM (SELECT t.id, COUNT(m.id) AS n FROM ticket t "
        "LEFT JOIN message m ON m.ticket_id = t.id AND m.deleted_at IS NULL "
        "WHERE t.connection IN :names AND t.deleted_at IS NULL GROUP BY t.id) AS counted GROUP BY n"
    ).bindparams(bindparam("names", expanding=True))
    counts = [0] * len(CLASSES)
    for n, tickets in database.execute(statement, {"names": list(names)}):
        place = next(at for at, (_low, high) in enumerate(CLASSES) if high is None or n <= high)
        counts[place] += tickets
    return [{"from": low, "to": high, "count": n} for (low, high), n in zip(CLASSES, counts, strict=True)]


def range_of(facts: Facts) -> dict[str, str | None]:
    """Return the creation of the first and of the last ticket, in UTC."""
    ticket = sql_table("ticket")
    with facts.store.read() as database:
        first, last = database.execute(
            select(sql_function.min(ticket.c.created_at), sql_function.max(ticket.c.created_at)).where(
                ticket.c.connection.in_(facts.names), ticket.c.deleted_at.is_(None)
            )
        ).one()
    return {"first_ticket": instant(first), "last_ticket": instant(last)}
