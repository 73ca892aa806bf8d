"""All metrics over a desk: from the store, from a fresh snapshot, and a bare scan of the same columns beside them.

A first run reads the store into a snapshot and keeps its large facts beside it; whoever asks next finds both.
`python -m benchmarks.metrics STORE [split]` prints one JSON line about a run in this process; split: by team and month.
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
from deskferry.store.snapshot import Snapshot, folder_of

WHOLE, SPLIT = Question(), Question(by=("team",), period="month")


def computed(url: str, *words: str) -> dict[str, Any]:
    """Compute all metrics in another process; return what it prints."""
    command = [sys.executable, "-m", "benchmarks.metrics", url, *words]
    answer = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def scanned(url: str) -> float:
    """Return the seconds that DuckDB takes to read every value of the columns that the metrics ask for."""
    with open_store(url) as store:
        tables = {name: sorted(columns) for name, columns in tables_for(METRICS.values(), WHOLE).items()}
        files = Snapshot.refresh(store, tables).files
    begun = time.perf_counter()
    with duckdb.connect(":memory:") as database:
        for file in files.values():
            names = [row[0] for row in database.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()]
            database.sql(f"SELECT {', '.join(f'max({name})' for name in names)} FROM '{file}'").fetchall()
    return time.perf_counter() - begun


def forget_facts(url: str) -> None:
    """Remove the facts beside the snapshot, so that they are made anew."""
    with open_store(url) as store:
        for file in folder_of(store).glob("fact-*"):
            file.unlink()


def main(url: str, *words: str) -> None:
    """Compute, and print what it took: the memory of the process that reads the store is added to that of this one."""
    begun = time.perf_counter()
    question = SPLIT if "split" in words else WHOLE
    with open_store(url) as store:
        results = compute(store, list(METRICS.values()), question, AS_OF)
    seconds = time.perf_counter() - begun
    reader = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = [one.ru_utime + one.ru_stime for one in usage]
    told = {"seconds": seconds, "cpu": sum(cpu), "cpu_reading": cpu[1], "peak": max(peak_mebibytes(), reader),
            "own": peak_mebibytes(), "reader": reader, "results": len(results)}  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
