"""What is said of two records that may be one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deskferry.validate.finding import Severity


class Verdict(StrEnum):
    """How sure it is that two records are one, the surest first."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for the surest."""
        return list(Verdict).index(self)

    @property
    def severity(self) -> Severity:
        """How bad it is as a finding."""
        return list(Severity)[self.rank]


class Decision(StrEnum):
    """What a person decided of a pair."""

    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One field of two records, and how it speaks for or against their being one. It never holds a value."""

    field: str
    how: str
    """same, similar, swapped, nickname, initial, alias; `conflict` speaks against."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be one; `record_id` is the smaller text."""

    kind: str
    record_id: str
    other_id: str
    score: float
    verdict: Verdict
    agreed: tuple[Agreement, ...]
    decision: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON (`json/duplicates.schema.json`)."""
        return {
            "kind": self.kind, "record_id": self.record_id, "other_id": self.other_id, "score": self.score,
            "verdict": self.verdict.value, "decision": self.decision,
            "agreed": [{"field": one.field, "how": one.how} for one in self.agreed],
        }  # fmt: skip


def ordered(one: str, other: str) -> tuple[str, str]:
    """Return two ids as a pair has them."""
    return (one, other) if one < other else (other, one)
