"""Business time: how many seconds of a span lie inside a schedule's opening hours."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from deskferry.simulators.account.side import Schedule

_DAY_MINUTES = 1440


class OpenTime:
    """The opening hours of a schedule between two years, as a cumulative function of time."""

    def __init__(self, schedule: Schedule, first: date, last: date) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []
        zone = ZoneInfo(schedule.timezone)
        closed = {day for _, start, end in schedule.holidays for day in _days(start, end)}
        total, day = 0.0, first
        while day <= last:
            since_sunday = (day.weekday() + 1) % 7 * _DAY_MINUTES
            for start, end in schedule.intervals:
                if day not in closed and since_sunday <= start < since_sunday + _DAY_MINUTES:
                    opens = _moment(day, start - since_sunday, zone)
                    closes = _moment(day, end - since_sunday, zone)
                    self._starts.append(opens)
                    self._ends.append(closes)
                    self._before.append(total)
                    total += closes - opens
            day += timedelta(days=1)

    def until(self, moment: float) -> float:
        """Return the open seconds from the beginning to a moment."""
        place = bisect_right(self._starts, moment) - 1
        if place < 0:
            return 0.0
        return self._before[place] + min(moment, self._ends[place]) - self._starts[place]

    def between(self, start: float, end: float) -> float:
        """Return the open seconds of a span."""
        return self.until(end) - self.until(start)


def _days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def _moment(day: date, minutes: int, zone: ZoneInfo) -> float:
    following, rest = divmod(minutes, _DAY_MINUTES)
    local = datetime(day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=zone)
    return (local + timedelta(days=following)).timestamp()
