"""The unified store: canonical tables, raw archive, cursors, journal and blobs on SQLite or PostgreSQL."""

from deskferry.store.engine import Store, open_store

__all__ = ["Store", "open_store"]
