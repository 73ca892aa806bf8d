"""All rules over a desk: the snapshot that they read, what they look at and find, and findings kept in the store.

`python -m benchmarks.rules STORE` prints one JSON line about a run in this process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks.desk import PROJECT
from benchmarks.metrics_desk import AS_OF
from benchmarks.pull import peak_mebibytes
from deskferry.store import open_store, state
from deskferry.store.engine import now_text
from deskferry.validate.kept_findings import keep
from deskferry.validate.rules import RULES
from deskferry.validate.run_rules import batches, looked_at, objections, opened


def examined(url: str) -> dict[str, Any]:
    """Run all rules in another process; return what it prints."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.rules", url], cwd=PROJECT, stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main(url: str) -> None:
    """Run the rules, and print what it took; `reader` is the most memory of the processes that read the store."""
    with open_store(url) as store:
        run_id = state.begin_run(store, "validate", None, now_text(AS_OF.timestamp()))
        begun = time.perf_counter()
        desk = opened(store, RULES, ["old"], AS_OF)
        told: dict[str, Any] = {"snapshot": time.perf_counter() - begun}
        begun, before = time.perf_counter(), _cpu()
        looked = looked_at(desk, RULES)
        told |= {"scans": time.perf_counter() - begun, "findings": 0, "dearest": [0.0, ""]}
        for rule in RULES:
            at = time.perf_counter()
            if looked.worth_asking(rule):
                for found in batches(rule, objections(desk, rule)):
                    told["findings"] += len(found)
                    with store.write() as database:
                        keep(database, run_id, found)
            told["dearest"] = max(told["dearest"], [time.perf_counter() - at, rule.id])
        told |= {"seconds": time.perf_counter() - begun, "cpu": _cpu() - before, "rules": len(RULES)}
    told |= {"peak": peak_mebibytes(), "reader": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}
    print(json.dumps(told))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1])
