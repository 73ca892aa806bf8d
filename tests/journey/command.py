"""The real command line in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journey.crashing import Crasher
from tests.journey.desks import PROJECT


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of stderr."""
        return self.err.splitlines()

    @property
    def last(self) -> str:
        """The last line of stderr: where an error says what to do."""
        return self.lines[-1] if self.lines else ""

    def json(self) -> Any:
        """Return stdout as one JSON document, and nothing else."""
        return json.loads(self.out)


@dataclass
class Command:
    """Runs `deskferry` in a directory: in a new interpreter, or in a fork of one, which costs a tenth of the time."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    crasher: Crasher | None = None

    def __call__(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = "", inject: str = ""
    ) -> Ended:
        """Run to the end."""
        if self.crasher is not None:
            done = self.crasher.well(
                "command line", arguments=list(map(str, arguments)), directory=str(self.directory),
                environment=self._env(env), stdin=stdin, inject=inject,
            )["result"]  # fmt: skip
            return Ended(done["code"], done["out"], done["err"])
        assert not inject
        ended = subprocess.run(
            [sys.executable, "-m", "deskferry", *map(str, arguments)],
            cwd=self.directory, env=self._env(env), input=stdin, capture_output=True, text=True, timeout=120,
            check=False, encoding="utf-8",
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def well(self, *arguments: str | Path, code: int = 0, **options: Any) -> Ended:
        """Run to the end, which must have this exit code."""
        ended = self(*arguments, **options)
        assert ended.code == code, f"{arguments} ended with {ended.code}:\n{ended.out[-3000:]}\n{ended.err[-3000:]}"
        return ended

    def start(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start, and do not wait."""
        return subprocess.Popen(
            [sys.executable, "-m", "deskferry", *map(str, arguments)],
            cwd=self.directory, env=self._env(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    @contextmanager
    def simulate(self, vendor: str, *options: str | Path) -> Iterator[dict[str, Any]]:
        """Run `simulate` as long as it is needed; gives the line that it prints."""
        running = self.start("simulate", vendor, *options)
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            if not line:
                raise AssertionError(running.communicate()[1])
            yield json.loads(line)
        finally:
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=10)
        # Its usual end: no word of a run that could be gone on with.
        assert (running.returncode, out, "Stopped" in err) == (0, "", False), err

    def _env(self, more: Mapping[str, str] | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DESKFERRY_")}
        return {**kept, "PYTHONPATH": str(PROJECT), "PYTHONWARNINGS": "default", **self.environment, **(more or {})}
