"""Alembic's entry: runs the scripts on the connection that the store hands in."""

from alembic import context

from deskferry.store.machinery import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
