"""How a step tells what it is doing, without knowing who looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives what a step does; the command line draws bars of it."""

    def begin(self, what: str, total: int | None = None, unit: str = "rows") -> None:
        """A part of the work begins; `total` where it is known."""
        ...

    def advance(self, count: int = 1) -> None:
        """So much more of the part is done."""
        ...

    def end(self) -> None:
        """The part is done."""
        ...

    def say(self, sentence: str) -> None:
        """Tell the user something."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, what: str, total: int | None = None, unit: str = "rows") -> None:
        """Ignore."""

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def end(self) -> None:
        """Ignore."""

    def say(self, sentence: str) -> None:
        """Ignore."""
