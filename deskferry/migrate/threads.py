"""Fetching ahead in threads while one thread writes: bounded, in order of completion, stopped at the first error."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL = 0.2


def fetched_ahead(items: Iterable[Item], ahead: int = 1) -> Generator[Item, None, None]:
    """Yield items that a thread fetches while the caller works on the one before; its error is raised here.

    `ahead` of them wait: one more page of long tickets costs some 15 MiB, and saves no time.
    """
    ready: queue.Queue[tuple[Item] | BaseException] = queue.Queue(maxsize=ahead)
    stop = threading.Event()

    def put(entry: tuple[Item] | BaseException) -> None:
        while not stop.is_set():
            try:
                ready.put(entry, timeout=_POLL)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put((item,))
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that writes
            put(error)
        else:
            put(StopIteration())

    thread = threading.Thread(target=work, name="fetch-ahead", daemon=True)
    thread.start()
    try:
        while True:
            entry = _taken(ready)
            if isinstance(entry, StopIteration):
                return
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        stop.set()


def in_parallel(items: Iterable[Item], work: Callable[[Item], Result], threads: int) -> Iterator[tuple[Item, Result]]:
    """Yield (item, result) in order of completion; at most `threads` calls run and as many results wait.

    After an error what is under way ends, and then the error is raised. An interruption waits for nothing: a slow
    vendor does not hold up Ctrl-C, nor the end of the process.
    """
    inbox: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
    outbox: queue.SimpleQueue[tuple[Item, Result] | BaseException] = queue.SimpleQueue()
    stop = threading.Event()

    def serve() -> None:
        while (item := inbox.get()) is not None and not stop.is_set():
            try:
                outbox.put((item, work(item)))
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that writes
                outbox.put(error)

    workers: list[threading.Thread] = []
    source, under_way, exhausted = iter(items), 0, False
    try:
        while True:
            while not exhausted and under_way < 2 * threads:
                try:
                    inbox.put(next(source))
                except StopIteration:
                    exhausted = True
                    break
                under_way += 1
                if len(workers) < max(threads, 1):
                    workers.append(threading.Thread(target=serve, name="fetch", daemon=True))
                    workers[-1].start()
            if not under_way:
                return
            entry = _taken(outbox)
            under_way -= 1
            if isinstance(entry, BaseException):
                _end(stop, inbox, workers)
                for worker in workers:
                    worker.join()
                raise entry
            yield entry
    finally:
        _end(stop, inbox, workers)


def _end(stop: threading.Event, inbox: queue.SimpleQueue[Item | None], workers: Sequence[threading.Thread]) -> None:
    stop.set()
    for _worker in workers:
        inbox.put(None)


def _taken(outbox: queue.SimpleQueue[Result] | queue.Queue[Result]) -> Result:
    """Wait for a result, with a time-out: so Ctrl-C is noticed on every system."""
    while True:
        try:
            return outbox.get(timeout=1.0)
        except queue.Empty:
            continue
