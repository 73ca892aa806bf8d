"""The seed by which crash points rotate: one a session, printed at its head (`tests/conftest.py`)."""

from __future__ import annotations

import os
import secrets

VARIABLE = "DESKFERRY_CRASH_SEED"


def crash_seed() -> int:
    """Return the seed; workers inherit it by the environment."""
    return int(os.environ.setdefault(VARIABLE, str(secrets.randbelow(1_000_000))))
