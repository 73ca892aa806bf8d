"""Alembic scripts of the machinery tables."""
