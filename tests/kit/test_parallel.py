"""Threads for calls that wait: everything once, bounded, in order of completion, the first error raised."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deskferry.connectors.kit.meter import current_stream, stream_label
from deskferry.connectors.kit.parallel import fetch_children


def test_everything_comes_once() -> None:
    for threads in (1, 4):
        assert sorted(fetch_children(range(50), lambda number: number * 2, threads)) == [(n, n * 2) for n in range(50)]


def test_in_order_of_completion() -> None:
    release = threading.Event()

    def worker(number: int) -> int:
        if number == 0:
            release.wait(5)
        return number

    order = []
    for item, _ in fetch_children(range(4), worker, 2):
        order.append(item)
        if len(order) == 3:
            release.set()
    assert order[-1] == 0


def test_the_source_is_read_in_the_callers_thread_and_not_far_ahead() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            assert threading.current_thread() is threading.main_thread()
            taken.append(number)
            yield number

    results = fetch_children(source(), lambda number: number, 3)
    next(results)
    assert len(taken) <= 7
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= 7


def test_the_first_error_is_raised_after_the_others_ended() -> None:
    begun: list[int] = []
    both = threading.Barrier(2, timeout=5)

    def worker(number: int) -> int:
        begun.append(number)
        if number < 2:
            both.wait()
        if number == 0:
            raise ValueError("the first")
        return number

    results: list[tuple[int, int]] = []
    with pytest.raises(ValueError, match="the first"):
        results.extend(fetch_children(range(100), worker, 2))
    assert (1, 1) in results
    assert len(begun) < 100


def test_the_label_of_the_stream_goes_along() -> None:
    with stream_label("comments"):
        assert [label for _, label in fetch_children([1, 2, 3], lambda _n: current_stream(), 2)] == ["comments"] * 3
    assert current_stream() == ""


def test_closing_early_waits_for_what_is_under_way() -> None:
    ended: list[int] = []

    def worker(number: int) -> int:
        threading.Event().wait(0.01)
        ended.append(number)
        return number

    results = fetch_children(range(1000), worker, 4)
    next(results)
    results.close()  # type: ignore[attr-defined]
    count = len(ended)
    threading.Event().wait(0.05)
    assert len(ended) == count < 20
