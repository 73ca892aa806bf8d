"""Where a child can be killed: named points, laid around every transaction and every call, without touching the code.

A point is `<what>:<n>:<when>`: `page:7:before` lies inside the transaction of the seventh page, before its commit.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from deskferry.migrate import pull as pull_module
from deskferry.store import blobs, engine
from deskferry.store.page_writer import PageWriter


class Points:
    """Counts the points that a process passes, and ends it by signal 9 at one of them."""

    def __init__(self, kill: str | None) -> None:
        self.kill = kill
        self.passed: list[str] = []
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._here = threading.local()

    def number(self, what: str) -> str:
        """Return the next number of a kind of point."""
        with self._lock:
            self._numbers[what] += 1
            return f"{what}:{self._numbers[what]}"

    def hit(self, name: str) -> None:
        """Pass a point; the last one of the process, if it is the one."""
        if name == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        with self._lock:
            self.passed.append(name)

    def install(self) -> None:
        """Lay the points. For good: this process is a child that does one job."""
        self._around_transactions("write")
        self._around_transactions("journal")
        self._label(PageWriter, "write_page", "page")
        self._label(PageWriter, "write_child", "child")
        self._label(pull_module.Pull, "_record_file", "file", outside=True)
        self._label(pull_module, "settle", "settle")
        self._label(pull_module, "compare_declared", "settle")
        self._label(pull_module, "reset_streams", "reset")
        self._inside_files()
        self._around_writes()

    def _label(self, owner: Any, name: str, label: str, *, outside: bool = False) -> None:
        original = getattr(owner, name)

        def labelled(*arguments: Any, **named: Any) -> Any:
            if outside:
                self._here.next = label
            else:
                self._here.label = label
            return original(*arguments, **named)

        setattr(owner, name, labelled)

    def _around_transactions(self, name: str) -> None:
        original = getattr(engine.Store, name)
        here, points = self._here, self

        @contextmanager
        def transaction(store: engine.Store) -> Iterator[Any]:
            here.label, here.next = getattr(here, "next", None), None
            with original(store) as database:
                yield database
                place = points.number(here.label or ("journal" if name == "journal" else "other"))
                points.hit(f"{place}:before")
            points.hit(f"{place}:after")

        setattr(engine.Store, name, transaction)

    def _inside_files(self) -> None:
        original, points = blobs._spool, self

        def halved(chunks: Iterable[bytes]) -> Iterator[bytes]:
            first = True
            for chunk in chunks:
                if first:
                    first, middle = False, len(chunk) // 2
                    place = points.number("download")
                    yield chunk[:middle]
                    points.hit(f"{place}:half")
                    yield chunk[middle:]
                else:
                    yield chunk

        def spool(partial: Any, chunks: Iterable[bytes]) -> Any:
            return original(partial, halved(chunks))

        blobs._spool = spool

    def _around_writes(self) -> None:
        original, points = httpx.HTTPTransport.handle_request, self

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            if request.method == "GET" or "/__sim/" in request.url.path or "/oauth/" in request.url.path:
                return original(transport, request)
            place = points.number("send")
            points.hit(f"{place}:before")
            try:
                response = original(transport, request)
                response.read()
            finally:  # also where the answer was lost on its way
                points.hit(f"{place}:after")
            return response

        httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign]
