"""Names and labels: on one line to be written, folded to be compared."""

from __future__ import annotations

from typing import Any


def one_line(name: Any) -> str:
    """Return a name or title without line ends and runs of blanks; nothing is an empty text."""
    return " ".join(str(name or "").split())


def folded(name: Any) -> str:
    """Return a name as it is compared: on one line, without case."""
    return one_line(name).casefold()
