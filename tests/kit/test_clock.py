"""Clocks: the machine's, a virtual one, and a simulator's in another process."""

from __future__ import annotations

import threading
import time

import httpx
import orjson
import pytest

from deskferry.connectors.kit.clock import (
    RemoteClock,
    SystemClock,
    VirtualClock,
    clock_from_environment,
    interrupt,
    utc,
    wait_until,
)
from deskferry.errors import ConfigError, Interrupted, Stopped


def test_a_virtual_clock_moves_only_by_sleeping() -> None:
    clock = VirtualClock(100)
    clock.sleep(5)
    clock.sleep(-5)
    assert (clock.now(), clock.slept) == (105, 5)
    assert wait_until(clock, 110) == 5
    assert wait_until(clock, 100) == 0
    assert utc(0).isoformat() == "1970-01-01T00:00:00+00:00"


def test_threads_that_wait_for_the_same_moment_move_a_shared_clock_once() -> None:
    class Late(VirtualClock):
        """Everybody looks at it before anybody sleeps."""

        def now(self) -> float:
            found = super().now()
            together.wait(5)
            return found

    together = threading.Barrier(4)
    clock = Late(100)
    threads = [threading.Thread(target=wait_until, args=(clock, 160)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert clock.slept == 60


def test_the_machines_clock_can_be_interrupted() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    clock.sleep(0)
    raised: list[BaseException] = []

    def sleeper() -> None:
        try:
            clock.sleep(60)
        except Interrupted as error:
            raised.append(error)

    thread = threading.Thread(target=sleeper)
    thread.start()
    interrupt(VirtualClock())
    interrupt(clock)
    thread.join(5)
    assert raised
    with pytest.raises(Interrupted):
        clock.sleep(1)


def test_a_simulators_clock() -> None:
    simulated = {"now": 1000.0}
    seen: list[tuple[str, str, bytes]] = []

    def simulator(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url), request.content))
        if request.method == "POST":
            simulated["now"] += orjson.loads(request.content)["sleep"]
        return httpx.Response(200, json=simulated)

    clock = RemoteClock("http://127.0.0.1:8123/", httpx.MockTransport(simulator))
    assert clock.now() == 1000
    clock.sleep(30)
    clock.sleep(0)
    assert clock.now() == 1030
    assert seen[1] == ("POST", "http://127.0.0.1:8123/__sim/clock", b'{"sleep":30.0}')
    assert len(seen) == 3


def test_a_clock_that_does_not_answer() -> None:
    def down(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Stopped, match="unset DESKFERRY_CLOCK"):
        RemoteClock("http://127.0.0.1:1", httpx.MockTransport(down)).now()
    with pytest.raises(Stopped, match="answered 404"):
        RemoteClock("http://127.0.0.1:1", httpx.MockTransport(lambda _request: httpx.Response(404))).now()


def test_the_environment_chooses() -> None:
    assert isinstance(clock_from_environment({}), SystemClock)
    assert isinstance(clock_from_environment({"DESKFERRY_CLOCK": "http://127.0.0.1:9"}), RemoteClock)
    with pytest.raises(ConfigError, match="DESKFERRY_CLOCK is not a URL"):
        clock_from_environment({"DESKFERRY_CLOCK": "fast"})
