"""A fake Help Scout account, written from the vendor's API reference and what its users report."""

from __future__ import annotations

from deskferry.simulators.help_scout.desk import HelpScoutDesk, build

__all__ = ["HelpScoutDesk", "build"]
