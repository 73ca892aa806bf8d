"""Alembic's entry: runs the scripts on the connection that the store hands in."""

from alembic import context

from deskferry.store.machinery import metadata
from deskferry.store.versions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
