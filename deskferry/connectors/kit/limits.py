"""What is known of a vendor's limits: declared buckets, what headers say, and the user's own settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.clock import utc
from deskferry.errors import ConfigError

ACCOUNT = "account"
"""The name of the bucket that every call counts in, unless the connector names it otherwise."""

Match = str | Callable[[str, str], bool] | None
Cost = Callable[[str, str], float]
"""Credits of a call, by method and target (path with query)."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit as the vendor states it: calls (or credits) a minute, counted over `window` seconds.

    `match` chooses the calls that it counts: a regular expression, searched in `METHOD /path?query`, or a function of
    method and target; None is every call. A named group `key` in the expression makes one bucket a value
    (`^PUT /api/v2/tickets/(?P<key>\\d+)` is one a ticket). `cost` gives the credits of a call, 1 by default.
    """

    name: str
    per_minute: float
    window: float = 60.0
    match: Match = None
    cost: Cost | None = None

    @classmethod
    def of(cls, name: str, calls: float, seconds: float, match: Match = None, cost: Cost | None = None) -> Bucket:
        """Return a bucket of so many calls in so many seconds."""
        return cls(name, calls * 60.0 / seconds, seconds, match, cost)

    def key(self, method: str, target: str) -> str | None:
        """Return which instance of this bucket counts a call ("" where there is one), or None if none does."""
        if self.match is None:
            return ""
        if callable(self.match):
            return "" if self.match(method, target) else None
        found = re.search(self.match, f"{method} {target}")
        return None if found is None else found.groupdict().get("key") or ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer's headers say of one bucket; None where they do not."""

    bucket: str = ACCOUNT
    limit: float | None = None
    """Calls in the bucket's window."""
    remaining: float | None = None
    resets_in: float | None = None
    """Seconds until the vendor counts from zero."""


ReadLimits = Callable[[Mapping[str, str], float], Iterable[Reading]]
"""Headers and the time now → readings. Header names are compared without case (httpx.Headers)."""

_LIMITS = ("x-rate-limit", "x-ratelimit-limit", "x-ratelimit-total", "x-ratelimit-limit-minute", "ratelimit-limit")
_REMAINING = (
    "x-rate-limit-remaining", "x-ratelimit-remaining", "x-ratelimit-remaining-minute", "ratelimit-remaining",
)  # fmt: skip
_RESETS = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")


def standard_readings(headers: Mapping[str, str], now: float) -> tuple[Reading, ...]:
    """Return what the usual header names say of the account's bucket; they cover four of six vendors."""
    limit, remaining = _first(headers, _LIMITS), _first(headers, _REMAINING)
    resets = _first(headers, _RESETS)
    if resets is not None and resets > 1_000_000_000:  # a Unix time, not seconds from now
        resets = max(resets - now, 0.0)
    if limit is None and remaining is None:
        return ()
    return (Reading(ACCOUNT, limit, remaining, resets),)


def _first(headers: Mapping[str, str], names: Iterable[str]) -> float | None:
    return next((value for name in names if (value := number(headers.get(name))) is not None), None)


def number(text: str | None) -> float | None:
    """Return a header's number (`100`, `100.0`, `100;w=60`), or None where it has none."""
    found = re.match(r"\s*(\d+(?:\.\d+)?)", text or "")
    return float(found.group(1)) if found else None


_RETRY_AFTER = ("retry-after", "x-ratelimit-retry-after")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that the vendor asks us to wait (a number or an HTTP date), or None if it does not."""
    for name in _RETRY_AFTER:
        text = headers.get(name)
        if text is None:
            continue
        if (seconds := number(text)) is not None:
            return seconds
        try:
            return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
        except (ValueError, TypeError):
            continue
    return None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the day in which nobody works on the account: the whole limit may be used."""

    begin: time
    end: time
    zone: ZoneInfo

    def at(self, now: float) -> bool:
        """Return whether it is quiet at this Unix time."""
        local = utc(now).astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


def quiet_hours(text: str, place: str = "") -> QuietHours:
    """Return the hours that a text such as `22:00-06:00 Europe/Madrid` names; raises ConfigError."""
    found = re.fullmatch(r"\s*(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})\s+(\S+)\s*", text)
    advice = 'Write it as quiet_hours = "22:00-06:00 Europe/Madrid".'
    if not found:
        raise ConfigError(f"{place}quiet_hours {text!r} cannot be read.", advice)
    try:
        begin, end = (datetime.strptime(part, "%H:%M").time() for part in found.groups()[:2])  # noqa: DTZ007 - local
        return QuietHours(begin, end, ZoneInfo(found.group(3)))
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise ConfigError(f"{place}quiet_hours {text!r} names no such time or time zone.", advice) from error


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of the limits the user lets us use."""

    share: float = 0.7
    requests_per_minute: float | None = None
    """Replaces every declared limit; what headers say and 429s still count."""
    quiet: QuietHours | None = None
    concurrency: int | None = None
    """Calls at the same time."""

    def share_at(self, now: float) -> float:
        """Return the share of a limit that may be used at this time."""
        return 1.0 if self.quiet is not None and self.quiet.at(now) else self.share


def pace_of(connection: ConnectionConfig, concurrency: int | None = None) -> Pace:
    """Return the pace that a ConnectionConfig asks for."""
    quiet = None
    if connection.quiet_hours is not None:
        quiet = quiet_hours(connection.quiet_hours, f"[connections.{connection.name}]: ")
    return Pace(connection.share_of_limit, connection.requests_per_minute, quiet, concurrency)
