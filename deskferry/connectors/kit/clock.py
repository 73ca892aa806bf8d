"""The only place that tells the time and waits: governor, retries and search-lag waits take a clock as an argument.

Times are Unix seconds. `DESKFERRY_CLOCK=URL` names the clock of a simulator in another process, so that an hour of
rate limit costs no real second.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

import httpx
import orjson

from deskferry.errors import ConfigError, Interrupted, Stopped

VARIABLE = "DESKFERRY_CLOCK"


def give_way() -> None:
    """Let another thread go on that waits for Python's lock: one that computes would keep it for five milliseconds.

    Without it, a thread that writes waits after each statement, during which the lock was free, for the one that reads
    ahead, and the two take their turns instead of working at once.
    """
    time.sleep(0)


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> float:
        """Return the time in Unix seconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed; raises Interrupted when the run is being stopped."""
        ...


@runtime_checkable
class SleepsUntil(Protocol):
    """A clock that several threads move: between the look at it and the sleep another one may have moved it."""

    def sleep_until(self, moment: float) -> None:
        """Return when it is so late."""
        ...


def wait_until(clock: Clock, moment: float) -> float:
    """Let time pass until `moment`; return the seconds waited.

    Threads that wait for the same moment on a virtual clock move it once, not once each.
    """
    seconds = moment - clock.now()
    if seconds <= 0:
        return 0.0
    if isinstance(clock, SleepsUntil):
        clock.sleep_until(moment)
    else:
        clock.sleep(seconds)
    return seconds


def utc(seconds: float) -> datetime:
    """Return the aware time of a clock's reading."""
    return datetime.fromtimestamp(seconds, UTC)


class SystemClock:
    """The machine's clock. `interrupt()` wakes every sleeper, so that Ctrl-C need not wait out a rate limit."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now(self) -> float:
        """Return the machine's time."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; raises Interrupted once `interrupt()` was called."""
        if self._stop.wait(max(seconds, 0.0)):
            raise Interrupted("Interrupted while waiting.", "Run the same command again to go on.")

    def interrupt(self) -> None:
        """Wake all sleepers for good."""
        self._stop.set()


def interrupt(clock: Clock) -> None:
    """Wake the threads that wait on a clock, where it can wait for real: after Ctrl-C they raise Interrupted."""
    if isinstance(clock, SystemClock):
        clock.interrupt()


class VirtualClock:
    """A clock that moves only when somebody sleeps; `slept` is the total."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()
        self.slept = 0.0

    def now(self) -> float:
        """Return the virtual time."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock on at once."""
        with self._lock:
            self._now += max(seconds, 0.0)
            self.slept += max(seconds, 0.0)

    def sleep_until(self, moment: float) -> None:
        """Move the clock on to a moment, unless it is there."""
        with self._lock:
            self.slept += max(moment - self._now, 0.0)
            self._now = max(moment, self._now)


class RemoteClock:
    """The clock of a simulator in another process, by its control plane."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._url = f"{url.rstrip('/')}/__sim/clock"
        # No proxy and no environment: the simulator is on this machine.
        self._client = httpx.Client(transport=transport, trust_env=False)
        # Whoever takes a clock does not own it: its connection closes with it.
        weakref.finalize(self, self._client.close)

    def now(self) -> float:
        """Return the simulator's time."""
        return _seconds(self._ask("GET")["now"])

    def sleep(self, seconds: float) -> None:
        """Let time pass at the simulator."""
        if seconds > 0:
            self._ask("POST", {"sleep": float(seconds)}, seconds)  # also of a float that is more (tenacity's)

    def sleep_until(self, moment: float) -> None:
        """Let time pass at the simulator until a moment."""
        self._ask("POST", {"until": float(moment)}, moment - self.now())

    def _ask(self, method: str, body: Mapping[str, float] | None = None, lasts: float = 0.0) -> dict[str, Any]:
        content = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json"}
        try:
            # A simulator on a real clock answers when the time has passed.
            patience = 30.0 + max(lasts, 0.0)
            answer = self._client.request(method, self._url, content=content, headers=headers, timeout=patience)
            value = orjson.loads(answer.content) if answer.content else {}
        except (httpx.HTTPError, orjson.JSONDecodeError) as error:
            raise Stopped(
                f"The clock at {self._url} does not answer ({error}).",
                f"Start the simulator, or unset {VARIABLE} to use this machine's clock.",
            ) from error
        if answer.status_code >= 400 or not isinstance(value, dict):
            raise Stopped(
                f"The clock at {self._url} answered {answer.status_code}.",
                f"{VARIABLE} must name a simulator of deskferry.",
            )
        return value


def _seconds(value: float | str) -> float:
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)


def clock_from_environment(environment: Mapping[str, str] | None = None) -> Clock:
    """Return the simulator's clock where DESKFERRY_CLOCK names one, else the machine's."""
    url = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not url:
        return SystemClock()
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{VARIABLE} is not a URL: {url!r}.", "It looks like http://127.0.0.1:8123.")
    return RemoteClock(url)
