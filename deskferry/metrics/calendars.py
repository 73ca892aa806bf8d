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
    "schedule": ("text_of_id", "name", "timezone", "intervals", "holidays"),
    "ticket": ("created_at",),
    "ticket_schedule": ("ticket_id", "schedule_id", "from_at"),
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SLOTS = 1_000_000
"""More than there are days: schedule number times this, and the day since 1970, is one whole number."""
_EPOCH = date(1970, 1, 1)
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
    for begin, end in open_intervals(schedule, first - timedelta(days=2), last + timedelta(days=1)):
        start = begin
        while start < end:
            midnight = datetime.combine(start.date() + timedelta(days=1), time(), tzinfo=UTC)
            until = min(end, midnight)
            base = midnight - timedelta(days=1)
            by_day[start.date()].append(((start - base).total_seconds(), (until - base).total_seconds()))
            start = until
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
        columns = (*rows.columns, *(() if into in rows.columns else (into,)))
        if not self._has_several:
            return self._by_one(rows, start, end, into).select(*columns)
        several = self._of_several
        few = self._by_several(rows.semi_join(several, "ticket_id"), start, end, into, schedules)
        most = self._by_one(rows.anti_join(several, "ticket_id"), start, end, into)
        return most.select(*columns).union(few.select(*columns))

    def _by_one(self, rows: ir.Table, start: str, end: str, into: str) -> ir.Table:
        """Return the same for tickets that have one schedule at most."""
        only = self.only
        key = "connection" if "connection" in only.columns else "ticket_id"
        only = only.rename(_key=key)
        found = rows.left_join(only, rows[key] == only["_key"])
        return self._difference(found.drop("_key"), start, "_schedule", end, "_schedule", into)

    def _by_several(self, rows: ir.Table, start: str, end: str, into: str, schedules: str) -> ir.Table:
        if schedules == "last":
            found = self._in_force(rows, end, "_end")
            return self._difference(found, start, "_end_schedule", end, "_end_schedule", into)
        found = self._in_force(rows, start, "_start")
        found = self._in_force(found, end, "_end")
        shift = found["_end_offset"] - found["_start_offset"]
        found = self._difference(found.mutate(_shift=shift), start, "_start_schedule", end, "_end_schedule", into)
        return found.mutate(**{into: found[into] + found["_shift"]})

    def _difference(
        self, rows: ir.Table, start: str, start_schedule: str, end: str, end_schedule: str, into: str
    ) -> ir.Table:
        """Return rows with W at their end less W at their start; NULL where the end comes first."""
        rows = rows.mutate(_first=_slot(rows, start, start_schedule), _last=_slot(rows, end, end_schedule))
        first, last = (self.days.rename(f"{side}_{{name}}") for side in ("_a", "_b"))
        joined = rows.left_join(first, rows["_first"] == first["_a_slot"])
        joined = joined.left_join(last, rows["_last"] == last["_b_slot"])
        open_between = self._open_until(joined, end, "_b") - self._open_until(joined, start, "_a")
        known = joined[start] <= joined[end]
        seconds = known.ifelse(open_between, ibis.null("float64"))
        return joined.select(*(name for name in rows.columns if name != into), **{into: seconds})

    def _open_until(self, joined: ir.Table, column: str, side: str) -> Any:
        """Return W at an instant, beside which the columns of its day stand."""
        at = joined[column]
        second = at.delta(at.truncate("D"), unit="microsecond") / 1e6
        opened = joined[f"{side}_open_before"]
        for number in range(self._most):
            start, end = joined[f"{side}_from_{number}"], joined[f"{side}_to_{number}"]
            opened += ibis.greatest(ibis.least(second, end) - start, 0.0)
        return opened

    def _in_force(self, rows: ir.Table, column: str, prefix: str) -> ir.Table:
        """Return rows with the schedule of their ticket that is in force at an instant, and its offset."""
        parts = self.segments
        parts = parts.select(
            _ticket=parts.ticket_id, _from=parts.from_at, _to=parts.to_at,
            **{f"{prefix}_schedule": parts.number, f"{prefix}_offset": parts.offset},
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
        """Return rows with W of a schedule, told by its number, at an instant."""
        days = self.days.rename("_a_{name}")
        rows = rows.mutate(_first=_slot(rows, column, schedule))
        joined = rows.left_join(days, rows["_first"] == days["_a_slot"])
        kept = [name for name in rows.columns if name != "_first"]
        return joined.select(*kept, **{into: self._open_until(joined, column, "_a")})

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
    def _spans(self) -> list[list[tuple[date, float, list[tuple[float, float]]]]]:
        first, last = self.desk.first_instant.date(), self.desk.as_of.date() + timedelta(days=366)
        return [list(days_of(one, first, last)) for one in self.schedules]

    @cached_property
    def _most(self) -> int:
        """The most open intervals that any schedule has on a UTC day."""
        return max((len(spans) for days in self._spans for _day, _before, spans in days), default=0)

    @cached_property
    def days(self) -> ir.Table:
        """`slot` (schedule and day), `open_before`, then `from_n`, `to_n` for each interval; empty ones are 0 to 0."""
        rows = [(number * _SLOTS + (one[0] - _EPOCH).days, *one) for number, days in enumerate(self._spans)
                for one in days]  # fmt: skip
        columns: dict[str, Any] = {
            "slot": pa.array([row[0] for row in rows], pa.int64()),
            "open_before": pa.array([row[2] for row in rows], pa.float64()),
        }
        for number in range(self._most):
            for side, name in enumerate(("from", "to")):
                values = [row[3][number][side] if number < len(row[3]) else 0.0 for row in rows]
                columns[f"{name}_{number}"] = pa.array(values, pa.float64())
        return self.desk.held(pa.table(columns))

    @cached_property
    def _told(self) -> ir.Table:
        """What tickets say themselves: `ticket_id`, `from_at`, `number` of the schedule (NULL: none that is known)."""
        told = self.desk.table("ticket_schedule")
        numbers = ibis.memtable(
            pa.table({"_id": pa.array([one["id"] for one in self.schedules], pa.int64()),
                      "number": pa.array(range(len(self.schedules)), pa.int64())})
        )  # fmt: skip
        told = told.filter(told.from_at.notnull())
        return (
            told.left_join(numbers, told.schedule_id == numbers["_id"]).select("ticket_id", "from_at", "number").cache()
        )

    @cached_property
    def _of_several(self) -> ir.Table:
        """Tickets that had more than one schedule."""
        counted = self._told.group_by("ticket_id").aggregate(n=ibis._.count())
        return counted.filter(counted.n > 1).select("ticket_id").cache()

    @cached_property
    def _has_several(self) -> bool:
        return bool(self._of_several.count().to_pyarrow().as_py())

    @cached_property
    def only(self) -> ir.Table:
        """`_schedule` by `ticket_id` for tickets of one schedule; where no ticket names one, by `connection`."""
        defaults = self._default_by_connection()
        table = ibis.memtable(
            pa.table({"connection": pa.array(defaults, pa.string()),
                      "_default": pa.array(defaults.values(), pa.int64())})
        )  # fmt: skip
        if not self._told.count().to_pyarrow().as_py():
            return table.rename(_schedule="_default")
        tickets = self.desk.table("ticket", deleted=True).select(ticket_id="id", connection="connection")
        told = self._told.anti_join(self._of_several, "ticket_id").select("ticket_id", "number", named=True)
        joined = tickets.left_join(table, "connection").drop("connection_right")
        joined = joined.left_join(told, "ticket_id").drop("ticket_id_right")
        # A ticket that names a schedule which is not there has none: it does not get that of its connection.
        number = joined.named.fill_null(False).ifelse(joined.number, joined["_default"])
        return joined.select("ticket_id", _schedule=number).cache()

    @cached_property
    def segments(self) -> ir.Table:
        """Which schedule a ticket of several has from when to when, and by how much its W is shifted then."""
        told = self._told.semi_join(self._of_several, "ticket_id")
        by_ticket = ibis.window(group_by="ticket_id", order_by="from_at")
        parts = told.mutate(
            place=ibis.row_number().over(by_ticket), to_at=told.from_at.lead().over(by_ticket)
        )  # fmt: skip
        parts = self._opened(self._opened(parts, "from_at", "number", "w_from"), "to_at", "number", "w_to")
        step = (parts.place == 0).ifelse(0.0, parts.w_to.lag().over(by_ticket) - parts.w_from)
        parts = parts.mutate(step=step)
        running = ibis.cumulative_window(group_by="ticket_id", order_by="from_at")
        parts = parts.mutate(
            offset=parts.step.isnull().any().over(running).ifelse(ibis.null("float64"), parts.step.sum().over(running)),
            from_at=(parts.place == 0).ifelse(ibis.null(parts.from_at.type()), parts.from_at),
        )
        return parts.select("ticket_id", "number", "from_at", "to_at", "offset").cache()

    def _default_by_connection(self) -> dict[str, int]:
        wanted = self.desk.question.schedule
        texts = {one["key"]: one["text"] for one in self.desk.texts("schedule").to_pyarrow().to_pylist()}
        if wanted is not None:
            found = [number for number, one in enumerate(self.schedules) if wanted in (texts[one["id"]], one["name"])]
            if not found:
                known = ", ".join(sorted(one["name"] or texts[one["id"]] for one in self.schedules)) or "none"
                raise ConfigError(f"There is no schedule {wanted!r}.", f"The store has: {known}.")
            return dict.fromkeys(self.desk.connections, found[0])
        by_connection: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(self.schedules):
            by_connection[one["connection"]].append(number)
        return {name: numbers[0] for name, numbers in by_connection.items() if len(numbers) == 1}


def _slot(rows: ir.Table, column: str, schedule: str) -> Any:
    return rows[schedule] * _SLOTS + rows[column].date().epoch_days()
