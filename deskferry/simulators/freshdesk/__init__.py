"""A fake Freshdesk account, written from the vendor's API reference and what its users report."""

from __future__ import annotations

from deskferry.simulators.freshdesk.desk import FreshdeskDesk, build
from deskferry.simulators.freshdesk.generated import staff, teams

__all__ = ["FreshdeskDesk", "build", "staff", "teams"]
