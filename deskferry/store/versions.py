"""Versions of the machinery tables: Alembic scripts inside the package, each additive."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from deskferry.errors import StoreTooNew


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def upgrade_machinery(connection: Connection) -> None:
    """Bring the machinery tables to the newest version; raises StoreTooNew for one that we do not know."""
    config = _config()
    held = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    if held == script.get_current_head():
        return
    if held is not None and held not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreTooNew(
            "This store was written by a newer version of deskferry.",
            "Upgrade deskferry (pipx upgrade deskferry), or name another store.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
