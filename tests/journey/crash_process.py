"""The process that forks: every case runs in a child of its own, which ends by itself or by signal 9.

It has one thread and has imported everything, so that a fork is cheap and safe; the simulator stands outside. One JSON
command a line on stdin, one JSON answer a line on stdout.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from tests.journey import jobs
from tests.journey.points import Points


def child(asked: dict[str, Any], answer: Path) -> None:
    """Do a job, with a kill at a point if one is asked for."""
    points = Points(asked.get("kill"))
    found: dict[str, Any] = {"error": None}
    try:
        points.install()
        found["result"] = jobs.JOBS[asked["job"]](**asked.get("values", {}))
    except BaseException as error:  # noqa: BLE001 - told to the test
        found["error"] = f"{type(error).__name__}: {error}"
        found["exit_code"] = getattr(error, "exit_code", 5)
        found["trace"] = traceback.format_exc()
    found["points"] = points.passed
    answer.write_text(json.dumps(found, default=str), encoding="utf-8")


def run(asked: dict[str, Any], place: Path) -> dict[str, Any]:
    """Fork, wait, and tell how it ended."""
    answer = place / "answer.json"
    answer.unlink(missing_ok=True)
    number = os.fork()
    if number == 0:
        try:
            child(asked, answer)
        finally:
            os._exit(0)
    _number, status = os.waitpid(number, 0)
    found = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    found["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return dict(found)


def main() -> None:
    """Answer commands until stdin ends."""
    jobs.prepare()
    with tempfile.TemporaryDirectory() as place:
        for line in sys.stdin:
            print(json.dumps(run(json.loads(line), Path(place))), flush=True)


if __name__ == "__main__":
    main()
