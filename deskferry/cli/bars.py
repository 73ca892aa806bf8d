"""Progress on stderr: tqdm bars on a terminal, plain sentences elsewhere."""

from __future__ import annotations

import sys
import threading
from typing import Any

import click
from tqdm import tqdm

from deskferry.redaction import redact


class Bars:
    """Draws what a step does. Thread-safe: each thread has a bar of its own."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty() and not quiet
        self._mine = threading.local()

    def begin(self, what: str, total: int | None = None, unit: str = "rows") -> None:
        """Open a bar."""
        if self._terminal:
            self._mine.bar = tqdm(desc=what, total=total, unit=f" {unit}", leave=False, file=sys.stderr)

    def advance(self, count: int = 1) -> None:
        """Move the bar on."""
        bar: Any = getattr(self._mine, "bar", None)
        if bar is not None:
            bar.update(count)

    def end(self) -> None:
        """Close the bar."""
        bar: Any = getattr(self._mine, "bar", None)
        if bar is not None:
            bar.close()
            self._mine.bar = None

    def say(self, sentence: str) -> None:
        """Print a sentence above the bars."""
        if self._quiet:
            return
        if self._terminal:
            tqdm.write(redact(sentence), file=sys.stderr)
        else:
            click.echo(redact(sentence), err=True)
