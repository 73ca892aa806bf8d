"""The store held against its source: what is counted there, what is missing here, what changed there since."""

from __future__ import annotations

from deskferry.validate.reconcile.compare_source import PlannedCalls, compare_source, planned_calls
from deskferry.validate.reconcile.comparison import Comparison, Counted, Departure, FieldDeparture, State

__all__ = [
    "Comparison",
    "Counted",
    "Departure",
    "FieldDeparture",
    "PlannedCalls",
    "State",
    "compare_source",
    "planned_calls",
]
