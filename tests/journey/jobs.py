"""What a forked child can be asked to do."""

from __future__ import annotations

import errno
import gc
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import event

from deskferry.cli.app import run
from deskferry.config import load_config
from deskferry.connectors.kit.clock import RemoteClock
from deskferry.connectors.registry import known_settings
from deskferry.migrate.lanes import LoadOptions
from deskferry.migrate.migrate import MigrateOptions, migrate
from deskferry.migrate.migrate import verify as verify_route
from deskferry.migrate.pull import PullOptions
from deskferry.migrate.rollback import rollback as roll_back
from deskferry.migrate.rollback_result import RollbackOptions, route_of
from deskferry.migrate.scope import Scope
from deskferry.migrate.verify import Depth
from deskferry.store import blobs, engine, open_store
from deskferry.workbench import Workbench


class NearClock(RemoteClock):
    """The clock of the desks, asked only when it moves: nobody but this process lets time pass while it runs."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._last: float | None = None

    def now(self) -> float:
        """Return the desks' time."""
        if self._last is None:
            self._last = super().now()
        return self._last

    def sleep(self, seconds: float) -> None:
        """Let time pass at the desks."""
        super().sleep(seconds)
        self._last = None


def bench(config: str | Path, clock: str) -> Workbench:
    """Return a workbench on a configuration, on the clock of a desk."""
    return Workbench(load_config(config, known_settings()), clock=NearClock(clock))


def pull(config: str, clock: str, names: list[str], **options: Any) -> dict[str, Any]:
    """Pull; returns what it did, by connection."""
    with bench(config, clock) as opened:
        counted = _count_pages(opened, names)
        results = opened.pull(names, PullOptions(**options))
        return {
            name: {
                "tally": one.tally, "calls": one.calls, "files": one.files, "notes": one.notes,
                "refused": one.refused, "shortfalls": len(one.shortfalls), "rejects": one.open_rejects,
                "exit_code": one.exit_code(partial=False), **counted[name],
            }
            for name, one in results.items()
        }  # fmt: skip


def _count_pages(opened: Workbench, names: list[str]) -> dict[str, dict[str, int]]:
    """Count what a source yields, apart from what is written."""
    counted: dict[str, dict[str, int]] = {}
    for name in names:
        source = opened.connection(name).source
        counts = counted[name] = {"pages": 0, "children": 0}
        pages, child = source.pages, source.child

        def counted_pages(*given: Any, _pages: Any = pages, _counts: dict[str, int] = counts) -> Any:
            for page in _pages(*given):
                _counts["pages"] += 1
                yield page

        def counted_child(*given: Any, _child: Any = child, _counts: dict[str, int] = counts) -> Any:
            _counts["children"] += 1
            return _child(*given)

        source.pages, source.child = counted_pages, counted_child  # type: ignore[method-assign]
    return counted


def load(
    config: str, clock: str, *, verify: bool = False, prove: bool = True, threads: int = 1, mapping: str | None = None,
    early: bool = False, only: Sequence[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Migrate `old` into `new` with a yes to every effect; returns what came of it."""
    with bench(config, clock) as opened:
        scope = Scope(tuple(only), early=early)
        job = opened.migration("old", "new", None if mapping is None else Path(mapping), scope)
        accepted = frozenset(effect.name for effect in job.writer.effects())
        options = MigrateOptions(load=LoadOptions(accepted, threads=threads), verify=verify, prove=prove)
        return migrate(job, options).as_json()


def verify(config: str, clock: str) -> dict[str, Any]:
    """Compare what `new` holds with what `old` is, files included."""
    with bench(config, clock) as opened:
        return verify_route(opened.migration("old", "new", None, Scope()), Depth.FILES).as_json()


def rollback(config: str, clock: str, run: str, **options: Any) -> dict[str, Any]:
    """Take a run back, with a yes to every effect; returns what came of it."""
    with bench(config, clock) as opened:
        source, destination = route_of(opened.store, run)
        job = opened.migration(source, destination, None, Scope())
        accepted = frozenset(effect.name for effect in job.writer.effects())
        return roll_back(job, run, RollbackOptions(accept=accepted, **options)).as_json()


def normalize(config: str, clock: str, name: str) -> dict[str, Any]:
    """Map everything anew from the raw archive."""
    with bench(config, clock) as opened:
        result = opened.normalize(name)
        return {"raw": result.raw, "rows": result.rows, "rejected": result.rejected}


def command_line(
    arguments: list[str], directory: str, environment: dict[str, str], stdin: str = "", inject: str = ""
) -> dict[str, Any]:
    """Run the command line as a process of its own would: directory, environment and standard streams are its own."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    if inject:
        INJECTIONS[inject]()
    with tempfile.TemporaryDirectory() as place:
        out, err, into = Path(place) / "out", Path(place) / "err", Path(place) / "in"
        into.write_text(stdin, encoding="utf-8")
        with (
            out.open("w", encoding="utf-8") as sys.stdout,
            err.open("w", encoding="utf-8") as sys.stderr,
            into.open(encoding="utf-8") as sys.stdin,
        ):
            code = run(arguments)
        found = {"code": code, "out": out.read_text(encoding="utf-8"), "err": err.read_text(encoding="utf-8")}
    sys.stdout = sys.stderr = sys.__stderr__
    return found


def _few_pages() -> None:
    """Let the database grow to 800 kilobytes and no further, as on a full disk."""
    make = engine._sqlite_engine

    def limited(url: Any, synchronous: str) -> Any:
        made = make(url, synchronous)

        @event.listens_for(made, "connect")
        def limit(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA max_page_count = 200")

        return made

    engine._sqlite_engine = limited


def _no_room_for_files() -> None:
    """Let every file of an attachment end in ENOSPC, as on a full disk."""

    def spool(partial: Path, chunks: Any) -> Any:
        partial.write_bytes(next(iter(chunks))[:1])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(partial))

    blobs._spool = spool


INJECTIONS: dict[str, Callable[[], None]] = {"few pages": _few_pages, "no room for files": _no_room_for_files}

JOBS: dict[str, Callable[..., dict[str, Any]]] = {
    "pull": pull, "load": load, "verify": verify, "rollback": rollback, "normalize": normalize,
    "command line": command_line,
}  # fmt: skip


def prepare() -> None:
    """Do once what every job would do for the first time: the forks inherit it.

    What a process wrote survives its death by signal 9 without any fsync, which only a power cut asks for.
    """
    make = engine._sqlite_engine
    engine._sqlite_engine = lambda url, _synchronous: make(url, "OFF")
    os.fsync = lambda _file: None
    with tempfile.TemporaryDirectory() as directory, open_store(f"sqlite:///{directory}/store.db"):
        known_settings()

    httpx.Client().close()
    gc.collect()
    gc.freeze()
