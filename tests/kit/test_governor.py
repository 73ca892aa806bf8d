"""The rate governor: never more than its share in any window, fair, and hardly slower than the limits."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.kit.governor import Governor
from deskferry.connectors.kit.limits import ACCOUNT, Bucket, Pace, Reading, quiet_hours

QUIET = "22:00-06:00 Europe/Madrid"


def spend(governor: Governor, clock: VirtualClock, calls: int, latency: float = 0.0, target: str = "/x") -> list[float]:
    """Make calls one after the other; return when each was let go."""
    moments = []
    for _ in range(calls):
        permit = governor.acquire("GET", target)
        moments.append(clock.now())
        clock.sleep(latency)
        governor.finish(permit)
    return moments


def most_in_window(moments: Iterable[float], window: float) -> int:
    ordered = sorted(moments)
    most = begin = 0
    for end, moment in enumerate(ordered):
        while ordered[begin] <= moment - window:
            begin += 1
        most = max(most, end - begin + 1)
    return most


@settings(max_examples=150, deadline=None)
@given(
    per_minute=st.floats(0.5, 300),
    window=st.sampled_from([1.0, 10.0, 60.0, 600.0]),
    share=st.floats(0.05, 1.0),
    calls=st.integers(1, 200),
    latency=st.sampled_from([0.0, 0.05, 0.4]),
)
def test_never_more_than_the_share_in_any_window(
    per_minute: float, window: float, share: float, calls: int, latency: float
) -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, per_minute, window)], Pace(share))
    moments = spend(governor, clock, calls, latency)
    allowed = share * per_minute * window / 60
    if allowed >= 1:
        assert most_in_window(moments, window) <= math.floor(allowed + 1e-6)
        cycles = math.ceil(calls / math.floor(allowed + 1e-6)) - 1
        ideal = cycles * window
    else:
        assert most_in_window(moments, window / allowed) <= 1
        ideal = (calls - 1) * window / allowed
    assert moments[-1] - moments[0] <= 1.10 * ideal + calls * latency


@settings(max_examples=60, deadline=None)
@given(costs=st.lists(st.sampled_from([1, 2, 3, 5]), min_size=1, max_size=120), limit=st.integers(1, 60))
def test_credits_are_counted(costs: list[int], limit: int) -> None:
    clock = VirtualClock()
    bucket = Bucket(ACCOUNT, limit, cost=lambda _method, target: float(target[1:]))
    governor = Governor(clock, [bucket], Pace(1.0))
    spent: list[tuple[float, int]] = []
    for cost in costs:
        permit = governor.acquire("GET", f"/{cost}")
        spent.append((clock.now(), cost))
        governor.finish(permit)
    for moment, _ in spent:
        used = [cost for at, cost in spent if moment - 60 < at <= moment]
        # A call that costs more than the whole limit goes alone.
        assert sum(used) <= limit or len(used) == 1


def test_a_bucket_of_an_endpoint_does_not_hold_others_up() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 600), Bucket("export", 10, match=r"^GET /incremental/")], Pace(1.0))
    spend(governor, clock, 10, target="/incremental/tickets?cursor=1")
    begin = clock.now()
    spend(governor, clock, 100, target="/tickets/1")
    assert clock.now() == begin
    spend(governor, clock, 1, target="/incremental/tickets")
    assert clock.now() - begin == pytest.approx(60, abs=1)


def test_a_keyed_bucket_counts_each_value_for_itself() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket.of("ticket", 3, 600, match=r"^GET /tickets/(?P<key>\d+)$")], Pace(1.0))
    for ticket in range(20):
        spend(governor, clock, 3, target=f"/tickets/{ticket}")
    assert clock.slept == 0
    spend(governor, clock, 1, target="/tickets/3")
    assert clock.slept == pytest.approx(600, rel=0.01)


def test_idle_instances_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deskferry.connectors.kit.governor._IDLE_INSTANCES", 50)
    clock = VirtualClock()
    governor = Governor(clock, [Bucket.of("ticket", 3, 10, match=r"^GET /tickets/(?P<key>\d+)$")], Pace(1.0))
    for ticket in range(500):
        spend(governor, clock, 1, target=f"/tickets/{ticket}")
        clock.sleep(11)
    assert len(governor._windows) < 60


def test_requests_per_minute_replaces_what_the_connector_knows() -> None:
    clock = VirtualClock()
    buckets = [Bucket(ACCOUNT, 10), Bucket("export", 1, match="export")]
    governor = Governor(clock, buckets, Pace(0.7, requests_per_minute=50))
    governor.learn({ACCOUNT: 5})
    assert most_in_window(spend(governor, clock, 150, target="/export"), 60) == 50
    assert 118 < clock.slept < 123


def test_headers_and_refusals_count_beside_requests_per_minute() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 10)], Pace(0.5, requests_per_minute=50))
    governor.finish(governor.acquire("GET", "/"), {"x-rate-limit": "40", "x-rate-limit-remaining": "39"})
    moments = spend(governor, clock, 60)
    assert most_in_window(moments, 60) == 20
    begin = clock.now()
    permit = governor.acquire("GET", "/")
    governor.finish(permit)
    governor.block(permit, 500)
    spend(governor, clock, 1)
    assert clock.now() - begin >= 500


def test_headers_correct_a_declared_limit() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 10)], Pace(1.0))
    headers = {"x-rate-limit": "200", "x-rate-limit-remaining": "199"}
    governor.finish(governor.acquire("GET", "/"), headers)
    assert governor.limits() == {ACCOUNT: 200}
    spend(governor, clock, 199)
    assert clock.slept == 0


class People:
    """A vendor's fixed minute, shared with people who use half of it."""

    def __init__(self, clock: VirtualClock, limit: int, used_by_people: int) -> None:
        self.clock, self.limit, self.people, self.minute, self.used = clock, limit, used_by_people, -1, 0
        self.ours: list[float] = []
        self.refused = 0

    def call(self) -> dict[str, str]:
        minute = int(self.clock.now() // 60)
        if minute != self.minute:
            self.minute, self.used = minute, self.people
        self.used += 1
        self.ours.append(self.clock.now())
        self.refused += self.used > self.limit
        return {"x-rate-limit": str(self.limit), "x-rate-limit-remaining": str(max(self.limit - self.used, 0))}


def test_it_slows_down_where_people_use_the_account() -> None:
    clock = VirtualClock(start=1_700_000_000 // 60 * 60)
    vendor = People(clock, 100, used_by_people=50)
    governor = Governor(clock, [Bucket(ACCOUNT, 100)], Pace(0.7))
    for _ in range(300):
        governor.finish(governor.acquire("GET", "/"), vendor.call())
    assert vendor.refused == 0
    assert most_in_window(vendor.ours, 60) < 70
    # Not much slower than the fifty a minute that people leave.
    assert clock.slept < 300 / 30 * 60


def test_nothing_is_slowed_down_where_we_are_alone() -> None:
    clock = VirtualClock(start=1_700_000_000 // 60 * 60)
    vendor = People(clock, 100, used_by_people=0)
    governor = Governor(clock, [Bucket(ACCOUNT, 100)], Pace(0.7))
    for _ in range(350):
        governor.finish(governor.acquire("GET", "/"), vendor.call())
    assert clock.slept <= 4 * 60 * 1.1
    assert vendor.refused == 0


def test_an_exhausted_limit_waits_for_its_reset() -> None:
    clock = VirtualClock()
    governor = Governor(
        clock, [Bucket(ACCOUNT, 1000)], Pace(1.0), lambda _headers, _now: [Reading(ACCOUNT, 1000, 0, resets_in=33)]
    )
    governor.finish(governor.acquire("GET", "/"), {})
    governor.finish(governor.acquire("GET", "/"))
    assert clock.slept == pytest.approx(33)


def test_the_whole_limit_is_used_in_quiet_hours() -> None:
    night = 1_700_000_000 // 86400 * 86400 + 3600 * 1  # two in the morning in Madrid
    for start, allowed in ((night, 100), (night + 8 * 3600, 70)):
        clock = VirtualClock(start)
        governor = Governor(clock, [Bucket(ACCOUNT, 100)], Pace(0.7, quiet=quiet_hours(QUIET)))
        assert most_in_window(spend(governor, clock, 250), 60) == allowed


def test_a_later_limit_of_the_account_is_learned() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 700), Bucket("list", math.inf, match="^GET /tickets")], Pace(1.0))
    spend(governor, clock, 100, target="/tickets")
    governor.learn({"list": 20})
    clock.sleep(61)
    assert most_in_window(spend(governor, clock, 60, target="/tickets"), 60) == 20


def test_concurrency_is_capped() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [], Pace(concurrency=3))
    flying, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal flying, most
        for _ in range(20):
            permit = governor.acquire("GET", "/")
            with lock:
                flying += 1
                most = max(most, flying)
            threading.Event().wait(0.001)
            with lock:
                flying -= 1
            governor.finish(permit)

    crew = [threading.Thread(target=work) for _ in range(8)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(20)
    assert most == 3


class Yielding(VirtualClock):
    """Time passes when everybody is in the queue, as it does where waiting takes time."""

    queued: Callable[[], int] = staticmethod(lambda: 0)

    def sleep_until(self, moment: float) -> None:
        for _try in range(1000):
            if self.queued() >= 5:
                break
            threading.Event().wait(0.001)
        super().sleep_until(moment)


def test_threads_share_fairly_and_stay_within_the_limit() -> None:
    clock = Yielding()
    governor = Governor(clock, [Bucket(ACCOUNT, 20)], Pace(1.0))
    clock.queued = lambda: len(governor._queue)
    spend(governor, clock, 20)  # nothing is left: from here on all of them queue
    order: list[int] = []
    moments: list[float] = []
    lock, ready = threading.Lock(), threading.Barrier(5)

    def work(number: int) -> None:
        ready.wait()
        for _ in range(25):
            permit = governor.acquire("GET", "/")
            with lock:
                order.append(number)
                moments.append(clock.now())
            governor.finish(permit)

    crew = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join(60)
    assert len(order) == 125
    for end in range(10, 100, 10):
        counts = [order[:end].count(number) for number in range(5)]
        assert max(counts) - min(counts) <= 3, (end, counts)
    assert most_in_window(moments, 60) <= 20
    assert clock.slept <= 7 * 60 * 1.1


def test_a_call_that_no_limit_counts_waits_only_for_its_own_kind() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 1, match="^GET /api/")], Pace(1.0))
    spend(governor, clock, 1, target="/api/tickets")
    stored = governor.acquire("GET", "/storage/1")
    assert (stored.bucket, clock.slept) == ("elsewhere", 0)
    governor.block(stored, 30)
    governor.finish(stored)
    governor.finish(governor.acquire("GET", "/storage/2"))
    assert clock.slept == 30


def test_an_interrupted_waiter_leaves_the_queue() -> None:
    class Stopping(VirtualClock):
        def sleep_until(self, moment: float) -> None:
            raise KeyboardInterrupt

    clock = Stopping()
    governor = Governor(clock, [Bucket(ACCOUNT, 1)], Pace(1.0))
    spend_one = governor.acquire("GET", "/")
    governor.finish(spend_one)
    with pytest.raises(KeyboardInterrupt):
        governor.acquire("GET", "/")
    assert governor._queue == []


def test_finishing_twice_counts_once() -> None:
    clock = VirtualClock()
    governor = Governor(clock, [Bucket(ACCOUNT, 2)], Pace(1.0))
    permit = governor.acquire("GET", "/")
    governor.finish(permit)
    governor.finish(permit)
    spend(governor, clock, 1)
    assert clock.slept == 0
