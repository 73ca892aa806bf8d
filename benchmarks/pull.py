"""Pull the connection `old` of a configuration in a process of its own; print one JSON line about it.

`python -m benchmarks.pull CONFIG`, with the clock of the desk in DESKFERRY_CLOCK.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.desk import PROJECT, Served
from deskferry.config import load_config
from deskferry.connectors.kit.clock import VARIABLE
from deskferry.migrate.pull import PullOptions
from deskferry.workbench import Workbench


def peak_mebibytes() -> float:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's rusage begins with what the parent held
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    try:
        import resource  # noqa: PLC0415 - POSIX
    except ImportError:
        peak: int = getattr(psutil.Process().memory_info(), "peak_wset", 0)
        return peak / 2**20
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def pulled(config: Path, desk: Served) -> dict[str, Any]:
    """Pull in another process; return what it prints."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.pull", str(config)],
        cwd=PROJECT, env={**os.environ, VARIABLE: desk.base_url}, stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def main() -> None:
    """Pull without attachments: the bytes of files never lie in memory as a whole."""
    begun = time.perf_counter()
    with Workbench(load_config(sys.argv[1])) as bench:
        result = bench.pull(["old"], PullOptions(attachments=False))["old"]
    rows = {kind: one["inserted"] for kind, one in result.tally["kinds"].items()}
    told = {
        "peak": peak_mebibytes(), "calls": result.calls, "rows": rows, "shortfalls": len(result.shortfalls),
        "seconds": time.perf_counter() - begun,
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
