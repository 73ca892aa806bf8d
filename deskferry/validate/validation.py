"""All checks of some connections, their findings kept under a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from deskferry.store import Store
from deskferry.validate.crossing_checks import checks
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.kept_findings import keep

_BATCH = 1000


def validate(store: Store, connections: list[str], run_id: str) -> Counter[tuple[str, Severity]]:
    """Check the connections, keep the findings under the run, and return their number by rule and severity."""
    counted: Counter[tuple[str, Severity]] = Counter()
    for connection in connections:
        with store.read() as database:
            for found in _batches(checks(database, connection)):
                with store.write() as writing:
                    keep(writing, run_id, found)
                counted.update((one.rule, one.severity) for one in found)
    return counted


def _batches(found: Iterator[Finding]) -> Iterator[list[Finding]]:
    while batch := list(islice(found, _BATCH)):
        yield batch
