"""The bytes of a download, taken up where they broke off."""

from __future__ import annotations

from collections.abc import Callable, Generator

import httpx

from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.faults import VendorStatus
from deskferry.errors import Exhausted

_ATTEMPTS = 5


def resumed(
    first: httpx.Response, open_at: Callable[[int], httpx.Response], clock: Clock
) -> Generator[bytes, None, None]:
    """Yield all bytes of a download; a connection that is lost midway is opened again at the byte that is missing."""
    response, done, failures, skip = first, 0, 0, 0
    while True:
        try:
            for data in response.iter_bytes():
                fresh = data[skip:]
                skip -= len(data) - len(fresh)
                done += len(fresh)
                if fresh:
                    failures = 0
                    yield fresh
        except httpx.RequestError as error:
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
        response, skip = _reopened(response, open_at, done)


def _reopened(
    broken: httpx.Response, open_at: Callable[[int], httpx.Response], done: int
) -> tuple[httpx.Response, int]:
    """Return a response that goes on, and how many of its bytes we have already."""
    if done == 0 or "content-encoding" in broken.headers:  # a range would count the encoded bytes
        return open_at(0), done
    try:
        response = open_at(done)
    except VendorStatus as refused:
        if refused.status != 416:
            raise
        return open_at(0), done
    if response.status_code != 206:  # a server that knows no ranges begins again
        return response, done
    if response.headers.get("content-range", f"bytes {done}-").startswith(f"bytes {done}-"):
        return response, 0
    response.close()
    return open_at(0), done
