"""What a rule is: data with one expression that yields the records it objects to."""

from __future__ import annotations

import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from deskferry.validate.finding import Severity

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from deskferry.validate.desk import Desk

    Rows = Callable[[Desk], ir.Table]
    Predicate = Callable[[ir.Table, Desk], ir.BooleanValue]


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
    """A rule over the canonical tables: `where` for what a row tells by itself, else `offending`.

    A rule with neither is found by other means (see `crossing_checks`).
    """

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
    reads: Mapping[str, Collection[str]] = field(default_factory=lambda: MappingProxyType({}))
    """Tables and columns of the snapshot; `id`, `connection` and `deleted_at` need not be named."""
    offending: Rows | None = None
    """Yields a row a finding: `connection`, `record_id` (NULL: no single record is to blame), what `detail` names."""
    where: Predicate | None = None
    """Whether it objects to a live row of its kind; all such rules of a kind are counted in one scan."""
    among: Predicate | None = None
    """Which live rows of its kind it looks at; None: all."""
    checked: Rows | None = None
    """Yields the rows that were looked at, with `connection`, where they are no live rows of its kind."""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Thresholds and their defaults, which `[validate.rules."<id>"]` may set; `desk.options` has those in force."""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What it says instead of `detail` where it finds several things, each by a name."""

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that `detail` is filled in with."""
        return tuple(dict.fromkeys(name for _text, name, _form, _how in string.Formatter().parse(self.detail) if name))
