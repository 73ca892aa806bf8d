"""The rate governor: one a connection, shared by its threads, a function of clock, declared limits and headers.

It counts the calls of the last window itself (a sliding log), so that a call is never sent which the vendor would
refuse, and it leaves room for the people who work on the account.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from deskferry.connectors.kit.clock import Clock, wait_until
from deskferry.connectors.kit.limits import ACCOUNT, Bucket, Pace, Reading, ReadLimits, standard_readings

OVERRIDE = "requests_per_minute"
"""The user's own limit: it counts every call, and the share is not taken of it."""
_MARGIN = 0.005
"""Part of a window by which a call is remembered longer: clocks differ, and floats round."""
_TINY = 1e-6
_ELSEWHERE = Bucket("elsewhere", math.inf)
"""Counts calls that no limit of the vendor counts, such as those to its storage: a 429 from there holds them up."""
_IDLE_INSTANCES = 4096
"""Instances of keyed buckets (one a ticket) that are kept before idle ones are dropped."""


class _Window:
    """What one bucket, or one instance of a keyed bucket, has used."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.limit = bucket.per_minute * bucket.window / 60.0
        self.told: float | None = None  # the limit that headers tell
        self.finished: deque[tuple[float, float]] = deque()
        self.counted = 0.0  # credits in `finished`
        self.in_flight = 0.0
        self.blocked_until = -math.inf
        self.interval = 0.0  # seconds between calls while other people use the account up
        self.next_at = -math.inf
        self.kept = bucket.window  # seconds for which a call is remembered

    def allowance(self, share: float) -> tuple[float, float]:
        """Return the credits that we may use, and in how many seconds."""
        window = self.bucket.window
        allowed = self.limit if self.told is None else self.told
        if self.bucket.name != OVERRIDE:
            allowed *= share
        if math.isinf(allowed):
            return allowed, window
        if allowed < 1.0:  # less than one call a window: one call in a longer window
            return 1.0, window / max(allowed, _TINY)
        return math.floor(allowed + _TINY), window

    def earliest(self, now: float, cost: float, allowed: float, window: float) -> float:
        """Return when a call may go: `now`, later, or infinity while calls in flight must end first."""
        keep = self.kept = window * (1.0 + _MARGIN)
        while self.finished and self.finished[0][0] + keep <= now:
            self.counted -= self.finished.popleft()[1]
        if not self.finished:
            self.counted = 0.0
        moment = max(now, self.blocked_until, self.next_at if self.interval else -math.inf)
        over = self.counted + self.in_flight + cost - allowed
        if over <= _TINY:
            return moment
        for stamp, cost_then in self.finished:
            over -= cost_then
            if over <= _TINY:
                return max(moment, stamp + keep)
        if self.in_flight > 0:
            return math.inf
        # A call that costs more than the whole allowance goes alone.
        return max(moment, self.finished[-1][0] + keep) if self.finished else moment

    def idle(self, now: float) -> bool:
        """Return whether forgetting this window would lose nothing."""
        used = self.finished and self.finished[-1][0] + self.kept > now
        return not (used or self.in_flight or self.blocked_until > now)


@dataclass(eq=False, slots=True)
class Permit:
    """Leave for one call. `waits` tells what it waited for, in seconds by bucket."""

    windows: tuple[tuple[_Window, float], ...]
    waits: dict[str, float] = field(default_factory=dict)
    finished: bool = False

    @property
    def bucket(self) -> str:
        """Return the most specific bucket of the call."""
        return self.windows[-1][0].bucket.name


class _Waiter:
    def __init__(self, windows: tuple[tuple[_Window, float], ...]) -> None:
        self.windows = windows
        self.used = {id(window) for window, _ in windows}
        self.blocked: set[int] = set()
        self.why = ACCOUNT


_SLOTS = -1
"""Stands for the concurrency cap among the things that block a waiter."""


class Governor:
    """Grants leave for calls, first come first served in each bucket."""

    def __init__(
        self,
        clock: Clock,
        buckets: Sequence[Bucket] = (),
        pace: Pace | None = None,
        read_limits: ReadLimits = standard_readings,
    ) -> None:
        self.clock = clock
        self.pace = pace if pace is not None else Pace()
        self._read_limits = read_limits
        self._buckets = _with_override(buckets, self.pace.requests_per_minute)
        self._windows: dict[tuple[str, str], _Window] = {}
        self._queue: list[_Waiter] = []
        self._flying = 0
        self._changed = threading.Condition()

    def acquire(self, method: str, target: str, bucket: str | None = None) -> Permit:
        """Wait until this call may go. `bucket` names one that counts it in addition to those that match."""
        now = self.clock.now()
        with self._changed:
            waiter = _Waiter(self._choose(method, target, bucket, now))
            self._queue.append(waiter)
        waits: dict[str, float] = {}
        try:
            while True:
                with self._changed:
                    moment = self._attempt(waiter, now)
                    if moment is None:
                        self._queue.remove(waiter)
                        self._take(waiter, now)
                        self._changed.notify_all()
                        return Permit(waiter.windows, waits)
                    if math.isinf(moment):
                        # A time-out, so that Ctrl-C is noticed on every system.
                        self._changed.wait(1.0)
                        why = ""
                    else:
                        why = waiter.why
                if why:
                    waits[why] = waits.get(why, 0.0) + wait_until(self.clock, moment)
                now = self.clock.now()
        except BaseException:
            with self._changed:
                self._queue.remove(waiter)
                self._changed.notify_all()
            raise

    def finish(self, permit: Permit, headers: Mapping[str, str] | None = None) -> None:
        """Note that the call ended, and what the answer's headers say. Idempotent."""
        now = self.clock.now()
        with self._changed:
            if permit.finished:
                return
            permit.finished = True
            self._flying -= 1
            for window, cost in permit.windows:
                # Counted from its end: the vendor cannot have counted it later than that.
                window.in_flight = max(window.in_flight - cost, 0.0)
                window.finished.append((now, cost))
                window.counted += cost
            if headers is not None:
                for reading in self._read_limits(headers, now):
                    self._heed(permit, reading, now)
            self._changed.notify_all()

    def block(self, permit: Permit, seconds: float) -> None:
        """Let no call of the permit's most specific bucket go for so many seconds: the vendor said 429."""
        until = self.clock.now() + max(seconds, 0.0)
        with self._changed:
            window = permit.windows[-1][0]
            window.blocked_until = max(window.blocked_until, until)
            self._changed.notify_all()

    def learn(self, limits: Mapping[str, float]) -> None:
        """Take the limits of this account (calls a minute by bucket), as far as `Account.limits` knows them.

        What the connector knows by itself gives way to the user's `requests_per_minute`.
        """
        if self.pace.requests_per_minute is not None:
            return
        with self._changed:
            self._buckets = [
                replace(bucket, per_minute=limits[bucket.name]) if bucket.name in limits else bucket
                for bucket in self._buckets
            ]
            for (name, _), window in self._windows.items():
                if name in limits:
                    window.limit = limits[name] * window.bucket.window / 60.0
            self._changed.notify_all()

    def limits(self) -> dict[str, float]:
        """Return the calls a minute that are allowed now, by bucket, for the plan's estimate of time."""
        share = self.pace.share_at(self.clock.now())
        with self._changed:
            result: dict[str, float] = {}
            for bucket in self._buckets:
                window = self._windows.get((bucket.name, "")) or _Window(bucket)
                allowed, seconds = window.allowance(share)
                result[bucket.name] = allowed * 60.0 / seconds
            return result

    def _choose(self, method: str, target: str, named: str | None, now: float) -> tuple[tuple[_Window, float], ...]:
        chosen = []
        for bucket in self._buckets:
            key = "" if bucket.name == named else bucket.key(method, target)
            if key is not None:
                cost = 1.0 if bucket.cost is None else bucket.cost(method, target)
                chosen.append((self._window(bucket, key, now), cost))
        return tuple(chosen) or ((self._window(_ELSEWHERE, "", now), 1.0),)

    def _window(self, bucket: Bucket, key: str, now: float) -> _Window:
        window = self._windows.get((bucket.name, key))
        if window is None:
            if len(self._windows) > _IDLE_INSTANCES:
                self._windows = {
                    name: kept for name, kept in self._windows.items() if not name[1] or not kept.idle(now)
                }
            window = _Window(bucket)
            self._windows[bucket.name, key] = window
        return window

    def _attempt(self, waiter: _Waiter, now: float) -> float | None:
        """Return None when the waiter may go, else until when to wait (infinity: until something changes)."""
        share = self.pace.share_at(now)
        moment, waiter.blocked = now, set()
        for window, cost in waiter.windows:
            allowed, seconds = window.allowance(share)
            when = window.earliest(now, cost, allowed, seconds)
            if when > now:
                waiter.blocked.add(id(window))
            if when > moment:
                moment, waiter.why = when, window.bucket.name
        if self.pace.concurrency is not None and self._flying >= self.pace.concurrency:
            waiter.blocked.add(_SLOTS)
            moment = math.inf
        if self._behind(waiter):
            return math.inf
        return moment if waiter.blocked else None

    def _behind(self, waiter: _Waiter) -> bool:
        """Return whether someone who came earlier waits for a bucket that this call needs too.

        Whoever stands behind keeps that bucket's later comers behind: it counts as blocked by it.
        """
        behind: set[int] = set()
        for earlier in self._queue:
            if earlier is waiter:
                break
            behind |= earlier.blocked & (waiter.used | {_SLOTS})
        waiter.blocked |= behind
        return bool(behind)

    def _take(self, waiter: _Waiter, now: float) -> None:
        self._flying += 1
        for window, cost in waiter.windows:
            window.in_flight += cost
            if window.interval:
                window.next_at = now + window.interval

    def _heed(self, permit: Permit, reading: Reading, now: float) -> None:
        windows = [window for window, _ in permit.windows if window.bucket.name != OVERRIDE]
        named = [window for window in windows if window.bucket.name == reading.bucket]
        if not named and reading.bucket == ACCOUNT:
            named = windows[:1]  # an area with limits of its own tells them under the usual names
        for window in named:
            _learn(window, reading, now, self.pace)


def _with_override(buckets: Sequence[Bucket], override: float | None) -> list[Bucket]:
    """Return the buckets in order from general to specific, without their own limits where the user gives one."""
    if not any(bucket.name == ACCOUNT for bucket in buckets):
        # Without a declared account limit only headers and 429s hold us back.
        buckets = (Bucket(ACCOUNT, math.inf), *buckets)
    ordered = sorted(buckets, key=lambda bucket: bucket.match is not None)
    if override is None:
        return ordered
    return [Bucket(OVERRIDE, override), *(replace(bucket, per_minute=math.inf) for bucket in ordered)]


def _learn(window: _Window, reading: Reading, now: float, pace: Pace) -> None:
    """Take the vendor's own numbers, and slow down when the people's part of the limit is being used."""
    if reading.limit is not None and reading.limit > 0:
        window.told = reading.limit
    limit = window.told if window.told is not None else window.limit
    if reading.remaining is None or math.isinf(limit):
        return
    share = pace.share_at(now)
    reserve = (1.0 - share) * limit
    if reading.remaining <= 0:
        pause = reading.resets_in if reading.resets_in is not None else window.bucket.window / 4
        window.blocked_until = max(window.blocked_until, now + pause)
    elif reading.remaining < reserve - _TINY:
        allowed, seconds = window.allowance(share)
        window.interval = seconds / allowed * (reserve / reading.remaining)
        pause = window.interval if reading.resets_in is None else min(window.interval, reading.resets_in)
        window.next_at = max(window.next_at, now + pause)
    else:
        window.interval = 0.0
