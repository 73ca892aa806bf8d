"""Versions of the machinery tables: Alembic scripts inside the package, each additive."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from deskferry.errors import StoreTooNew

VERSION_TABLE = "store_version"
"""Not Alembic's usual name: a PostgreSQL database may hold another program that uses it."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


@cache
def _known() -> tuple[str, ...]:
    """Return the revisions that this version knows, the newest first."""
    return tuple(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def held_revision(connection: Connection) -> str | None:
    """Return the revision of a store's machinery tables; None where there are none."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def is_current(connection: Connection) -> bool:
    """Whether the machinery tables are those of this version; raises StoreTooNew for a revision that we do not know."""
    held = held_revision(connection)
    if held is not None and held not in _known():
        raise too_new()
    return held == _known()[0]


def too_new() -> StoreTooNew:
    """Return the error of a store that a newer version wrote."""
    return StoreTooNew(
        "This store was written by a newer version of deskferry.",
        "Upgrade deskferry (pipx upgrade deskferry), or name another store.",
    )


def upgrade_machinery(connection: Connection) -> None:
    """Bring the machinery tables to the newest version; raises StoreTooNew for one that we do not know."""
    if is_current(connection):
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
