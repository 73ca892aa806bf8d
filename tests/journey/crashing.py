"""The test's hand on the process that forks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.journey.desks import PROJECT


class Crasher:
    """Runs jobs in forked children; `kill` names the point at which one dies."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journey.crash_process"],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, job: str, *, kill: str | None = None, **values: Any) -> dict[str, Any]:
        """Run a job and return how it ended: its result or error, the points that it passed, its signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"job": job, "kill": kill, "values": values}) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def well(self, job: str, **values: Any) -> dict[str, Any]:
        """Run a job that must end well."""
        found = self.run(job, **values)
        assert found["signal"] is None, found["signal"]
        assert found["error"] is None, found["trace"]
        return found

    def killed(self, job: str, at: str, **values: Any) -> None:
        """Run a job that must die at a point, by signal 9."""
        found = self.run(job, kill=at, **values)
        assert found["signal"] == 9, f"not killed at {at}: {found.get('trace') or found['points']}"

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
