"""Business time as the difference of a cumulative function W: the seconds that a schedule was open before an instant.

W is a table, not a loop: a row for each schedule and UTC day with what was open before that day and the open intervals
within it, cut at midnight UTC; local hours, holidays and changes of the clocks are dealt with when it is made. A ticket
with several schedules has a W of its own: that of the schedule in force, shifted so that it goes on where the one
before stopped. So business time from a to c is that from a to b plus that from b to c, always.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.errors import ConfigError

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {
    "schedule": ("name", "timezone", "intervals", "holidays"),
    "ticket_schedule": ("ticket_id", "schedule_id", "from_at"),
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Span = tuple[datetime, datetime]


def open_intervals(schedule: Mapping[str, Any], first: date, last: date) -> Iterator[Span]:
    """Yield the open intervals of a schedule in UTC, in order and apart, that begin on local days in this range."""
    zone = ZoneInfo(schedule["timezone"])
    hours: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for one in schedule["intervals"] or ():
        hours[_DAYS.index(one["day"])].append((one["start"], one["end"]))
    closed = [(date.fromisoformat(one["start"]), date.fromisoformat(one["end"])) for one in schedule["holidays"] or ()]
    spans: list[Span] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if not any(begin <= day <= end for begin, end in closed):
            spans += (_span(day, start, end, zone) for start, end in hours[day.weekday()])
    yield from _united(spans)


def _span(day: date, start: str, end: str, zone: ZoneInfo) -> Span:
    begin, stop = _instant(day, start, zone), _instant(day, end, zone)
    return begin, stop if stop > begin or start < end else _instant(day + timedelta(days=1), end, zone)


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time in UTC: of two the first; one that is skipped is where the clocks jump."""
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    naive = datetime.combine(day, time.fromisoformat(clock))
    early, late = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return early
    # Skipped: read with the offsets after and before the jump, it lies on both sides of the jump.
    low, high = late, early
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high


def _united(spans: list[Span]) -> Iterator[Span]:
    current: Span | None = None
    for start, end in sorted(spans):
        if end <= start:
            continue
        if current and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def days_of(
    schedule: Mapping[str, Any], first: date, last: date
) -> Iterator[tuple[date, float, list[tuple[float, float]]]]:
    """Yield for each UTC day what was open before it, and its open intervals as seconds of the day."""
    by_day: dict[date, list[tuple[float, float]]] = defaultdict(list)
    for start, end in open_intervals(schedule, first - timedelta(days=2), last + timedelta(days=1)):
        while start < end:
            midnight = datetime.combine(start.date() + timedelta(days=1), time(), tzinfo=UTC)
            until = min(end, midnight)
            base = midnight - timedelta(days=1)
            by_day[start.date()].append(((start - base).total_seconds(), (until - base).total_seconds()))
            start = until  # noqa: PLW2901  # what is left of it
    before = 0.0
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield day, before, by_day[day]
        before += sum(end - start for start, end in by_day[day])


class Calendars:
    """The schedules of a desk, and business time by them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def elapsed(self, rows: ir.Table, start: str, end: str, into: str, *, schedules: str = "cumulative") -> ir.Table:
        """Return rows with business seconds between two columns; NULL without schedule or where the end comes first."""
        if schedules == "last":
            found = self._in_force(rows, end, "_end")
            for column, name in ((start, "_w_start"), (end, "_w_end")):
                found = self._opened(found, column, "_end_schedule", name)
        else:
            found = self._in_force(rows, start, "_start")
            found = self._in_force(found, end, "_end")
            for column, name in ((start, "start"), (end, "end")):
                found = self._opened(found, column, f"_{name}_schedule", f"_w_{name}")
            found = found.mutate(
                _w_start=found["_w_start"] + found["_start_offset"], _w_end=found["_w_end"] + found["_end_offset"]
            )
        known = found[start] <= found[end]
        found = found.mutate(**{into: known.ifelse(found["_w_end"] - found["_w_start"], ibis.null("float64"))})
        return found.select(*rows.columns, *(() if into in rows.columns else (into,)))

    def _in_force(self, rows: ir.Table, column: str, prefix: str) -> ir.Table:
        """Return rows with the schedule of their ticket that is in force at an instant, and its offset."""
        parts = self.segments
        parts = parts.select(
            _ticket=parts.ticket_id, _from=parts.from_at, _to=parts.to_at,
            **{f"{prefix}_schedule": parts.schedule_id, f"{prefix}_offset": parts.offset},
        )  # fmt: skip
        joined = rows.left_join(
            parts,
            (
                rows.ticket_id == parts["_ticket"],
                parts["_from"].isnull() | (rows[column] >= parts["_from"]),
                parts["_to"].isnull() | (rows[column] < parts["_to"]),
            ),
        )
        return joined.drop("_ticket", "_from", "_to")

    def _opened(self, rows: ir.Table, column: str, schedule: str, into: str) -> ir.Table:
        """Return rows with W of a schedule at an instant."""
        days = self.days
        at = rows[column]
        keyed = rows.mutate(_day=at.date())
        joined = keyed.left_join(days, (keyed[schedule] == days.schedule_id, keyed["_day"] == days.day))
        midnight = joined["_day"].cast("timestamp").cast(at.type())
        second = joined[column].delta(midnight, unit="microsecond") / 1e6
        opened = joined["open_before"]
        for number in range(self._most):
            start, end = joined[f"from_{number}"], joined[f"to_{number}"]
            opened += ibis.greatest(ibis.least(second, end) - start, 0.0)
        return joined.mutate(**{into: opened}).select(*rows.columns, into)

    @cached_property
    def schedules(self) -> list[dict[str, Any]]:
        """All schedules, their JSON read."""
        rows = self.desk.table("schedule").to_pyarrow().to_pylist()
        return [
            one | {"intervals": json.loads(one["intervals"] or "[]"), "holidays": json.loads(one["holidays"] or "[]")}
            for one in rows
            if one["timezone"]
        ]

    @cached_property
    def _spans(self) -> dict[str, list[tuple[date, float, list[tuple[float, float]]]]]:
        first, last = self.desk.first_instant.date(), self.desk.as_of.date() + timedelta(days=366)
        return {one["id"]: list(days_of(one, first, last)) for one in self.schedules}

    @cached_property
    def _most(self) -> int:
        """The most open intervals that any schedule has on a UTC day."""
        return max((len(spans) for days in self._spans.values() for _day, _before, spans in days), default=0)

    @cached_property
    def days(self) -> ir.Table:
        """`schedule_id`, `day`, `open_before`, then `from_n`, `to_n` for each interval; empty ones are 0 to 0."""
        rows = [(name, *one) for name, days in self._spans.items() for one in days]
        columns: dict[str, Any] = {
            "schedule_id": pa.array([row[0] for row in rows], pa.string()),
            "day": pa.array([row[1] for row in rows], pa.date32()),
            "open_before": pa.array([row[2] for row in rows], pa.float64()),
        }
        for number in range(self._most):
            for side, name in enumerate(("from", "to")):
                values = [row[3][number][side] if number < len(row[3]) else 0.0 for row in rows]
                columns[f"{name}_{number}"] = pa.array(values, pa.float64())
        return ibis.memtable(pa.table(columns))

    @cached_property
    def segments(self) -> ir.Table:
        """Which schedule a ticket has from when to when, and by how much its W is shifted then."""
        told = self.desk.table("ticket_schedule")
        told = told.filter(told.from_at.notnull()).select("ticket_id", "schedule_id", "from_at")
        by_ticket = ibis.window(group_by="ticket_id", order_by="from_at")
        parts = told.mutate(
            place=ibis.row_number().over(by_ticket), to_at=told.from_at.lead().over(by_ticket)
        )  # fmt: skip
        parts = self._opened(self._opened(parts, "from_at", "schedule_id", "w_from"), "to_at", "schedule_id", "w_to")
        step = (parts.place == 0).ifelse(0.0, parts.w_to.lag().over(by_ticket) - parts.w_from)
        parts = parts.mutate(step=step)
        running = ibis.cumulative_window(group_by="ticket_id", order_by="from_at")
        parts = parts.mutate(
            offset=parts.step.isnull().any().over(running).ifelse(ibis.null("float64"), parts.step.sum().over(running)),
            from_at=(parts.place == 0).ifelse(ibis.null(parts.from_at.type()), parts.from_at),
        )
        columns = ("ticket_id", "schedule_id", "from_at", "to_at", "offset")
        return parts.select(*columns).union(self._by_default(told, parts).select(*columns)).cache()

    def _by_default(self, told: ir.Table, like: ir.Table) -> ir.Table:
        """Return the segments of tickets that name no schedule: the schedule configured, or their connection's only."""
        defaults = self._default_by_connection()
        table = ibis.memtable(
            pa.table({"connection": pa.array(defaults, pa.string()),
                      "schedule_id": pa.array(defaults.values(), pa.string())})
        )  # fmt: skip
        tickets = self.desk.table("ticket", deleted=True).select(ticket_id="id", connection="connection")
        others = tickets.anti_join(told, "ticket_id").inner_join(table, "connection")
        return others.mutate(
            from_at=ibis.null(like.from_at.type()), to_at=ibis.null(like.to_at.type()), offset=ibis.literal(0.0)
        )

    def _default_by_connection(self) -> dict[str, str]:
        wanted = self.desk.question.schedule
        if wanted is not None:
            found = [one["id"] for one in self.schedules if wanted in (one["id"], one["name"])]
            if not found:
                known = ", ".join(sorted(one["name"] or one["id"] for one in self.schedules)) or "none"
                raise ConfigError(f"There is no schedule {wanted!r}.", f"The store has: {known}.")
            return dict.fromkeys(self.desk.connections, found[0])
        by_connection: dict[str, list[str]] = defaultdict(list)
        for one in self.schedules:
            by_connection[one["connection"]].append(one["id"])
        return {name: ids[0] for name, ids in by_connection.items() if len(ids) == 1}
