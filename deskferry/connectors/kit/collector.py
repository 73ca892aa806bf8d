"""Python's collector of cycles, kept out of what makes many values and not one cycle."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Pauses:
    """How many threads have asked for a pause, and whether the collector ran before the first of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.ran = False

    def begin(self) -> None:
        with self.lock:
            if not self.count:
                self.ran = gc.isenabled()
                gc.disable()
            self.count += 1

    def end(self) -> None:
        with self.lock:
            self.count -= 1
            if not self.count and self.ran:
                gc.enable()


_PAUSES = _Pauses()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause it while a page is made or written: to look for cycles among thousands of rows takes a sixth of the time.

    Several threads may pause it at once; it goes on when the last of them is done. Never hold it across a `yield`.
    """
    _PAUSES.begin()
    try:
        yield
    finally:
        _PAUSES.end()
