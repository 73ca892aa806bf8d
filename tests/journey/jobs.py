"""What a forked child can be asked to do."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from deskferry.config import load_config
from deskferry.connectors.kit.clock import RemoteClock
from deskferry.connectors.registry import known_settings
from deskferry.migrate.pull import PullOptions
from deskferry.store import open_store
from deskferry.workbench import Workbench


def bench(config: str | Path, clock: str) -> Workbench:
    """Return a workbench on a configuration, on the clock of a desk."""
    return Workbench(load_config(config, known_settings()), clock=RemoteClock(clock))


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


def normalize(config: str, clock: str, name: str) -> dict[str, Any]:
    """Map everything anew from the raw archive."""
    with bench(config, clock) as opened:
        result = opened.normalize(name)
        return {"raw": result.raw, "rows": result.rows, "rejected": result.rejected}


JOBS: dict[str, Callable[..., dict[str, Any]]] = {"pull": pull, "normalize": normalize}


def prepare() -> None:
    """Do once what every job would do for the first time: the forks inherit it."""
    with tempfile.TemporaryDirectory() as directory, open_store(f"sqlite:///{directory}/store.db"):
        known_settings()
    httpx.Client().close()
    gc.collect()
    gc.freeze()
