"""A process that dies at a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from deskferry.store import Store


class Killed(BaseException):
    """Stands for the process dying."""


@contextmanager
def dying(store: Store, monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[list[int]]:
    """Die at a transaction: after it for an even number, before its commit for an odd one; counts them."""
    seen = [0]
    write = Store.write

    @contextmanager
    def counted(self: Store) -> Iterator[Any]:
        number, seen[0] = seen[0], seen[0] + 1
        with write(self) as database:
            yield database
            if after == 2 * number + 1:
                raise Killed
        if after == 2 * number:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", counted)
        yield seen
