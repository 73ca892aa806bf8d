"""Counts what goes over the wire: calls, bytes, retries and waits, by bucket."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from typing import Any


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
            for count in self._of(bucket):
                count.calls += 1
                count.bytes_sent += sent
            self._counts.statuses[status] = self._counts.statuses.get(status, 0) + 1

    def received(self, bucket: str, size: int) -> None:
        """Count bytes as they came over the wire."""
        with self._lock:
            for count in self._of(bucket):
                count.bytes_received += size

    def waited(self, bucket: str, seconds: float) -> None:
        """Count seconds that a call waited for its bucket."""
        if seconds <= 0:
            return
        with self._lock:
            for count in self._of(bucket):
                count.waited += seconds

    def retried(self) -> None:
        """Count a repeated attempt."""
        with self._lock:
            self._counts.retries += 1

    def snapshot(self) -> dict[str, Any]:
        """Return all counts as plain values: calls, bytes_sent, bytes_received, waited, retries, statuses, by_bucket"""
        with self._lock:
            counts = self._counts
            return {
                **asdict(counts.total),
                "retries": counts.retries,
                "statuses": dict(sorted(counts.statuses.items())),
                "by_bucket": {name: asdict(count) for name, count in sorted(counts.by_bucket.items())},
            }

    def _of(self, bucket: str) -> tuple[Count, Count]:
        return self._counts.total, self._counts.by_bucket.setdefault(bucket, Count())
