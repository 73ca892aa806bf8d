"""Calls that wait, made by a few threads: results as they come, bounded, interruptible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from deskferry.connectors.kit.meter import current_stream, stream_label

T = TypeVar("T")
R = TypeVar("R")


def fetch_children(items: Iterable[T], worker: Callable[[T], R], threads: int = 4) -> Iterator[tuple[T, R]]:
    """Yield each item with its result in order of completion; at most `2 * threads` items are taken ahead.

    `items` is iterated in the caller's thread. After the first error no further item is begun; what is under way ends,
    its results are yielded, and then the error is raised. Closing the iterator early waits only for calls under way
    (`SystemClock.interrupt()` wakes those that wait for a limit).
    """
    if threads <= 1:
        for item in items:
            yield item, worker(item)
        return
    label, source = current_stream(), iter(items)

    def labelled(item: T) -> R:
        with stream_label(label):
            return worker(item)

    pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="fetch")
    pending: dict[Future[R], T] = {}
    failure: BaseException | None = None
    try:
        while True:
            room = 2 * threads - len(pending) if failure is None else 0
            pending.update({pool.submit(labelled, item): item for item in islice(source, room)})
            if not pending:
                break
            # A time-out, so that Ctrl-C is noticed on every system.
            done, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in done:
                item = pending.pop(future)
                error = future.exception()
                if error is None:
                    yield item, future.result()
                elif failure is None:
                    failure = error
            if failure is not None:
                pending = {future: item for future, item in pending.items() if not future.cancel()}
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if failure is not None:
        raise failure
