"""Time on every engine alike. Zones are those of Python's data: no engine is asked for a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from deskferry.metrics.result import Period

_MONTHS = {"month": 1, "quarter": 3}


def offsets(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, float]]:
    """Return from when on which UTC offset holds, in seconds, between two instants; the first entry is `first`."""
    found = [(first, _offset(zone, first))]
    day = first
    while day < last:
        after = min(day + timedelta(days=1), last)
        while (change := _next_change(zone, day, after)) is not None:
            found.append((change, _offset(zone, change)))
            day = change
        day = after
    return found


def _offset(zone: ZoneInfo, at: datetime) -> float:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found.total_seconds()


def _next_change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime | None:
    """Return the first second in (low, high] with another offset than `low`; a day has one at most."""
    before = _offset(zone, low)
    if _offset(zone, high) == before:
        return None
    span = int((high - low).total_seconds())
    near, far = 0, span
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if _offset(zone, low + timedelta(seconds=middle)) == before else (near, middle)
    return low + timedelta(seconds=far)


def moment(at: datetime) -> Any:
    """Return an instant as an expression: in UTC without a zone, as a snapshot has all times."""
    return ibis.literal(at.astimezone(UTC).replace(tzinfo=None), "timestamp(6)")


def aware(at: datetime | None) -> datetime | None:
    """Return an instant that an engine gave."""
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def local(at: ir.TimestampValue, changes: list[tuple[datetime, float]]) -> ir.TimestampValue:
    """Return the wall-clock time of an instant; `changes` as `offsets` returns them."""
    seconds = [int(offset) for _since, offset in changes]
    if len(changes) == 1:
        return at + ibis.interval(seconds=seconds[0]) if seconds[0] else at
    branches = [(at < moment(since), offset) for (since, _o), offset in zip(changes[1:], seconds[:-1], strict=True)]
    return at + ibis.cases(*branches, else_=seconds[-1]).as_interval("s")


def seconds_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.FloatingValue:
    """Return seconds with their fraction; NULL where the end lies before the start."""
    return (end >= start).ifelse(end.delta(start, unit="microsecond") / 1e6, ibis.null("float64"))


@lru_cache(4096)
def instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins (the first of two midnights, or the end of a skipped one)."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def start_of(day: date, period: str) -> date:
    """Return the first day of the period that a day lies in; weeks begin on Monday."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period in _MONTHS:
        return date(day.year, (day.month - 1) // _MONTHS[period] * _MONTHS[period] + 1, 1)
    return day


def after(start: date, period: str) -> date:
    """Return the first day of the next period."""
    if period in _MONTHS:
        months = start.year * 12 + start.month - 1 + _MONTHS[period]
        return date(months // 12, months % 12 + 1, 1)
    return start + timedelta(days=7 if period == "week" else 1)


def label_of(start: date, period: str) -> str:
    """Return how a period is called: 2026-01-05, 2026-W02, 2026-01, 2026-Q1."""
    if period == "week":
        year, week, _day = start.isocalendar()
        return f"{year}-W{week:02}"
    if period == "month":
        return f"{start:%Y-%m}"
    return f"{start.year}-Q{start.month // 3 + 1}" if period == "quarter" else start.isoformat()


@lru_cache(4096)
def period_at(start: date, period: str, zone: ZoneInfo, first: date, end: date, as_of: datetime) -> Period:
    """Return a period; `first` (included) and `end` (not) are the range asked for, in local days."""
    following = after(start, period)
    stop = instant(following, zone)
    today = as_of.astimezone(zone).date() + timedelta(days=1)
    days = (min(following, end, today) - max(start, first)).days
    return Period(
        label_of(start, period), instant(start, zone), stop, max(days, 0),
        is_complete=stop <= as_of and start >= first and following <= end,
    )  # fmt: skip


def starts(first: date, end: date, period: str) -> Iterator[date]:
    """Yield the starts of all periods that touch the days from `first` to before `end`."""
    start = start_of(first, period)
    while start < end:
        yield start
        start = after(start, period)
