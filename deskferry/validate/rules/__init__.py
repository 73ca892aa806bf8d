"""Every rule, by the file of its subject."""

from __future__ import annotations

from deskferry.validate.rule import Rule
from deskferry.validate.rules import ticket_times

RULES: tuple[Rule, ...] = (*ticket_times.RULES,)
"""In the order of reports."""
