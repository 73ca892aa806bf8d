"""What became of each rule, over all connections of the audit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from deskferry.report.audit.facts import Facts
from deskferry.validate.rule_results import EXAMINED, RuleResult, results_of


@dataclass
class RuleTotal:
    """One rule: its results in the connections, and their sums."""

    rule: str
    parts: list[RuleResult] = field(default_factory=list)

    @property
    def severity(self) -> str:
        """How bad its findings are."""
        return self.parts[0].severity.value

    @property
    def dimension(self) -> str:
        """Which virtue of data it looks after."""
        return self.parts[0].dimension.value

    @property
    def kind(self) -> str | None:
        """Of the records that it checks."""
        return self.parts[0].kind

    @property
    def state(self) -> str:
        """Whether it was examined anywhere, else why not."""
        states = [one.state for one in self.parts]
        return EXAMINED if EXAMINED in states else states[0]

    @cached_property
    def checked(self) -> int:
        """Records that it looked at."""
        return sum(one.checked or 0 for one in self.parts)

    @cached_property
    def offending(self) -> int:
        """Records that it objects to."""
        return sum(one.offending or 0 for one in self.parts)

    @cached_property
    def findings(self) -> int:
        """Its findings."""
        return sum(one.findings or 0 for one in self.parts)

    @property
    def appeared(self) -> int | None:
        """Findings that the run before did not have; None where there was none."""
        return _known_sum(one.appeared for one in self.parts)

    @property
    def gone(self) -> int | None:
        """Findings of the run before that are no more; None where there was none."""
        return _known_sum(one.gone for one in self.parts)


def results(facts: Facts) -> list[RuleTotal]:
    """Return every rule that the run knew, in its order."""
    found: dict[str, RuleTotal] = {}
    for one in results_of(facts.store, facts.run_id):
        found.setdefault(one.rule, RuleTotal(one.rule)).parts.append(one)
    return list(found.values())


def _known_sum(values: Iterable[int | None]) -> int | None:
    known = [one for one in values if one is not None]
    return sum(known) if known else None
