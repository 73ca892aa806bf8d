"""Fetching ahead and side by side: order, bounds, and errors that reach who waits for the result."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from deskferry.migrate.threads import fetched_ahead, in_parallel


class Fatal(BaseException):
    """No Exception: a test's crash, an interpreter that is told to exit."""


@pytest.mark.parametrize("error", [ValueError, Fatal, SystemExit])
def test_an_error_in_a_thread_reaches_the_one_that_writes(error: type[BaseException]) -> None:
    """Whatever it is: nobody waits for ever for a thread that is no more."""

    def fail(item: int) -> int:
        if item == 3:
            raise error
        return item

    def pages() -> Iterator[int]:
        yield 1
        raise error

    with pytest.raises(error):
        list(in_parallel(range(9), fail, 2))
    with pytest.raises(error):
        list(fetched_ahead(pages()))


def test_all_results_come_and_few_wait() -> None:
    """At most as many are under way as threads, and as many again wait."""
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        return item * item

    results = {}
    for item, result in in_parallel(range(50), work, 3):
        results[item] = result
        assert len(begun) <= len(results) + 6
    assert results == {item: item * item for item in range(50)}


def test_pages_keep_their_order_and_stop_when_nobody_takes_them() -> None:
    fetched = []
    over = threading.Event()

    def pages() -> Iterator[int]:
        try:
            for item in range(1000):
                fetched.append(item)
                yield item
        finally:
            over.set()

    assert list(fetched_ahead(range(100))) == list(range(100))
    ahead = fetched_ahead(pages())
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()  # type: ignore[attr-defined]
    assert over.wait(5)
    assert len(fetched) < 10
