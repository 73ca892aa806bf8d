"""Canonical rows as JSON: the form of the interchange files, of the schemas and of every JSON output."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deskferry.canonical_schema import time_text
from deskferry.connectors.kit.contract import Row


def as_json(row: Row) -> dict[str, Any]:
    """Return a row with its times as canonical text."""
    return {name: time_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
