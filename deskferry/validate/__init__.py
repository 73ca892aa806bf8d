"""Checks of the canonical tables: what they find is data, never an exception."""

from deskferry.validate.finding import Finding, Severity
from deskferry.validate.kept_findings import findings_of
from deskferry.validate.settings import Settings, settings_of
from deskferry.validate.validation import validate

__all__ = ["Finding", "Settings", "Severity", "findings_of", "settings_of", "validate"]
