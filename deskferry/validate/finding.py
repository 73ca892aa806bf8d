"""A finding: something that a check objects to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check objects to."""

    rule: str
    severity: Severity
    connection: str
    kind: str | None
    record_id: str | None
    detail: str
    advice: str
