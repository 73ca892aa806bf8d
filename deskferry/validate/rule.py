"""What a rule is: data with one expression that yields the records it objects to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity


class Dimension(StrEnum):
    """Which virtue of data a rule looks after."""

    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    ACCURACY = "accuracy"
    TIMELINESS = "timeliness"
    UNIQUENESS = "uniqueness"
    REFERENCES = "references"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over the canonical tables."""

    id: str
    """`<kind>.<what is wrong>`; configuration, findings and words in other languages name it."""
    kind: str
    """Of the records that it checks; its score is their share without a finding."""
    dimension: Dimension
    severity: Severity
    name: str
    """What is wrong, in English, as a heading of findings."""
    detail: str
    """What is wrong with one record: filled in with the columns of its row (`solved {solved_at}`).

    Never a text that a customer wrote, a secret or an address: it reaches reports.
    """
    advice: str
    """What to do about it."""
    reads: Mapping[str, Collection[str]]
    """Tables and columns of the snapshot; `id`, `connection` and `deleted_at` need not be named."""
    offending: Callable[[Desk], ir.Table]
    """Yields a row a finding: `connection`, `record_id` (NULL: no single record is to blame), what `detail` names."""
    checked: Callable[[Desk], ir.Table] | None = None
    """Yields the rows that were looked at, with `connection`; None: all live rows of the kind."""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Thresholds and their defaults, which `[validate.rules."<id>"]` may set; `desk.options` has those in force."""
