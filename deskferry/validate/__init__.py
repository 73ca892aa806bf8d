"""Checks of the canonical tables: what they find is data, never an exception."""

from deskferry.validate.findings import Finding, Severity, validate

__all__ = ["Finding", "Severity", "validate"]
