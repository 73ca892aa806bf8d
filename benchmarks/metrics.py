"""All metrics over a desk: from the store, from a fresh snapshot, and a bare scan of the same columns beside them.

`python -m benchmarks.metrics STORE` prints one JSON line about a run in this process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Any

import duckdb

from benchmarks.desk import PROJECT
from benchmarks.metrics_desk import AS_OF
from benchmarks.pull import peak_mebibytes
from deskferry.metrics.engine import compute, tables_for
from deskferry.metrics.options import Question
from deskferry.metrics.registry import METRICS
from deskferry.store import open_store
from deskferry.store.snapshot import Snapshot

QUESTION = Question(by=("team",), period="month")


def computed(url: str) -> dict[str, Any]:
    """Compute all metrics in another process; return what it prints."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.metrics", url], cwd=PROJECT, stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def scanned(url: str) -> float:
    """Return the seconds that DuckDB takes to read every value of the columns that the metrics ask for."""
    with open_store(url) as store:
        tables = {name: sorted(columns) for name, columns in tables_for(METRICS.values(), QUESTION).items()}
        files = Snapshot.refresh(store, tables).files
    begun = time.perf_counter()
    with duckdb.connect(":memory:") as database:
        for file in files.values():
            names = [row[0] for row in database.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()]
            database.sql(f"SELECT {', '.join(f'max({name})' for name in names)} FROM '{file}'").fetchall()
    return time.perf_counter() - begun


def main(url: str) -> None:
    """Compute, and print what it took: the memory of the process that reads the store is added to that of this one."""
    begun = time.perf_counter()
    with open_store(url) as store:
        results = compute(store, list(METRICS.values()), QUESTION, AS_OF)
    seconds = time.perf_counter() - begun
    reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = [one.ru_utime + one.ru_stime for one in usage]
    told = {"seconds": seconds, "cpu": sum(cpu), "cpu_reading": cpu[1], "peak": max(peak_mebibytes(), reader),
            "own": peak_mebibytes(), "reader": reader, "results": len(results)}  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
