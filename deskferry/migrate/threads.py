"""Fetching ahead in threads while one thread writes: bounded, in order of completion, stopped at the first error."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_POLL = 0.2


def fetched_ahead(items: Iterable[Item], ahead: int = 2) -> Iterator[Item]:
    """Yield items that a thread fetches while the caller works on the one before; its error is raised here."""
    ready: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=ahead)
    stop = threading.Event()

    def put(entry: tuple[Item | None, BaseException | None]) -> None:
        while not stop.is_set():
            try:
                ready.put(entry, timeout=_POLL)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put((item, None))
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that writes
            put((None, error))
        else:
            put((None, StopIteration()))

    thread = threading.Thread(target=work, name="fetch-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # None comes only with an error
    finally:
        stop.set()


def in_parallel(items: Iterable[Item], work: Callable[[Item], Result], threads: int) -> Iterator[tuple[Item, Result]]:
    """Yield (item, result) in order of completion; at most `threads` calls run and as many results wait."""
    waiting: dict[Future[Result], Item] = {}
    source = iter(items)
    with ThreadPoolExecutor(max_workers=max(threads, 1), thread_name_prefix="fetch") as pool:
        try:
            exhausted = False
            while waiting or not exhausted:
                while not exhausted and len(waiting) < 2 * threads:
                    try:
                        item = next(source)
                    except StopIteration:
                        exhausted = True
                    else:
                        waiting[pool.submit(work, item)] = item
                if not waiting:
                    return
                done, _rest = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        finally:
            for future in waiting:
                future.cancel()
