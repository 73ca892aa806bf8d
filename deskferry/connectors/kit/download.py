"""The bytes of a download, taken up where they broke off."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from deskferry.connectors.kit.clock import Clock
from deskferry.errors import Exhausted

_ATTEMPTS = 5


def resumed(
    first: httpx.Response, open_at: Callable[[int], httpx.Response], clock: Clock, chunk: int
) -> Generator[bytes, None, None]:
    """Yield all bytes of a download; a connection that is lost midway is opened again at the byte that is missing."""
    response, done, failures, skip = first, 0, 0, 0
    while True:
        try:
            for data in response.iter_raw(chunk):
                fresh = data[skip:]
                skip -= len(data) - len(fresh)
                done += len(fresh)
                if fresh:
                    failures = 0
                    yield fresh
        except httpx.TransportError as error:
            failures += 1
            if failures >= _ATTEMPTS:
                raise Exhausted(
                    f"A download broke off {failures} times ({type(error).__name__}).", "Run the same command again."
                ) from error
            clock.sleep(min(2.0**failures, 30.0))
        else:
            return
        finally:
            response.close()
        response = open_at(done)
        # A server that knows no ranges begins again: what we have is skipped.
        skip = 0 if response.status_code == 206 else done
