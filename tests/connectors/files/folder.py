"""A folder with files, a layout and a store, pulled by the real workbench."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from deskferry.canonical_schema import sql_table
from deskferry.config import parse_config
from deskferry.connectors.files.source import FilesSource
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.registry import known_settings
from deskferry.migrate.pull import PullOptions, PullResult
from deskferry.store import machinery
from deskferry.workbench import Workbench


class Folder:
    """One connection named `f` to a folder."""

    def __init__(self, root: Path, store_url: str, layout: str | None = None, *, ready: str | None = None) -> None:
        self.root, self.data = root, root / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        lines = ["[store]", f'url = "{store_url}"', "[connections.f]", 'vendor = "files"', 'path = "data"']
        if layout is not None:
            (root / "layout.toml").write_text(layout, encoding="utf-8")
            lines.append('layout = "layout.toml"')
        if ready is not None:
            lines.append(f'layout = "{ready}"')
        self.config = parse_config("\n".join(lines), root / "deskferry.toml", known_settings())

    def write(self, name: str, text: str | bytes) -> None:
        """Write one file of the folder."""
        data = text.encode() if isinstance(text, str) else text
        (self.data / name).write_bytes(data)

    def bench(self) -> Workbench:
        """Return a workbench on this connection."""
        return Workbench(self.config, clock=VirtualClock())

    def pull(self, **options: Any) -> PullResult:
        """Pull once."""
        with self.bench() as bench:
            return bench.pull(["f"], PullOptions(**options))["f"]

    def rows(self, kind: str, *columns: str, live: bool = True) -> list[tuple[Any, ...]]:
        """Return columns of the rows of a kind, by id."""
        table = sql_table(kind)
        statement = select(*(table.c[name] for name in columns)).order_by(table.c.id)
        if live:
            statement = statement.where(table.c.deleted_at.is_(None))
        with self.bench() as bench, bench.store.read() as database:
            return [tuple(row) for row in database.execute(statement)]

    def rejects(self) -> list[tuple[str, str]]:
        """Return code and detail of the rejects."""
        table = machinery.reject
        with self.bench() as bench, bench.store.read() as database:
            found = database.execute(select(table.c.code, table.c.detail).order_by(table.c.detail))
            return [(row.code, row.detail) for row in found]


class Killed(Exception):
    """Stands for the end of the process."""


def killed_pull(folder: Folder, monkeypatch: pytest.MonkeyPatch, *, page: int) -> None:
    """Pull, and die before a page is written."""
    real = FilesSource.pages

    def dying(self: Any, stream: Any, request: Any) -> Iterator[Any]:
        for n, one in enumerate(real(self, stream, request)):
            if n == page:
                raise Killed
            yield one

    with monkeypatch.context() as patched:
        patched.setattr(FilesSource, "pages", dying)
        with pytest.raises(Killed):
            folder.pull()
