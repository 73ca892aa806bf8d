"""Counts what goes over the wire: calls, bytes, retries and waits, by bucket and by stream."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

_LOCAL = threading.local()


@contextmanager
def stream_label(name: str) -> Iterator[None]:
    """Have the calls that this thread makes inside the block counted under a stream's name."""
    before = getattr(_LOCAL, "stream", "")
    _LOCAL.stream = name
    try:
        yield
    finally:
        _LOCAL.stream = before


def current_stream() -> str:
    """Return the stream that this thread works on, or ""."""
    return str(getattr(_LOCAL, "stream", ""))


@dataclass(slots=True)
class Count:
    """What was counted."""

    calls: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    waited: float = 0.0


@dataclass(slots=True)
class _Counts:
    total: Count = field(default_factory=Count)
    by_bucket: dict[str, Count] = field(default_factory=dict)
    by_stream: dict[str, Count] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    retries: int = 0


class Meter:
    """Thread-safe counters of one connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = _Counts()

    def call(self, bucket: str, status: str, sent: int) -> None:
        """Count one attempt; `status` is the answer's status or the name of the failure."""
        with self._lock:
            for count in self._of(bucket, current_stream()):
                count.calls += 1
                count.bytes_sent += sent
            self._counts.statuses[status] = self._counts.statuses.get(status, 0) + 1

    def received(self, bucket: str, stream: str, size: int) -> None:
        """Count bytes as they came over the wire."""
        with self._lock:
            for count in self._of(bucket, stream):
                count.bytes_received += size

    def waited(self, bucket: str, seconds: float) -> None:
        """Count seconds that a call waited for its bucket."""
        if seconds <= 0:
            return
        with self._lock:
            for count in self._of(bucket, current_stream()):
                count.waited += seconds

    def retried(self) -> None:
        """Count a repeated attempt."""
        with self._lock:
            self._counts.retries += 1

    def snapshot(self) -> dict[str, Any]:
        """Return all counts as plain values: calls, bytes_sent, bytes_received, waited, retries, statuses, by_…"""
        with self._lock:
            counts = self._counts
            return {
                **asdict(counts.total),
                "retries": counts.retries,
                "statuses": dict(sorted(counts.statuses.items())),
                "by_bucket": {name: asdict(count) for name, count in sorted(counts.by_bucket.items())},
                "by_stream": {name: asdict(count) for name, count in sorted(counts.by_stream.items())},
            }

    def _of(self, bucket: str, stream: str) -> tuple[Count, ...]:
        counts = self._counts
        found = [counts.total, counts.by_bucket.setdefault(bucket, Count())]
        if stream:
            found.append(counts.by_stream.setdefault(stream, Count()))
        return tuple(found)
