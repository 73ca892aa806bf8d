"""A report as a file: nobody ever sees half of one, and nobody but its owner reads it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replaced(output: Path) -> Iterator[IO[bytes]]:
    """Open a file beside the one that is meant, which takes its place when everything is written."""
    output.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)  # 0600: it names people
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
