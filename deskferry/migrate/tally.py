"""What a load did: counts by kind, losses by cause, and what is wrong enough to be named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.contract import Loss, Operation
from deskferry.errors import TooManyErrors
from deskferry.migrate.requests import counts
from deskferry.store import Store, machinery

STATES = (
    "created", "updated", "reimported", "repeated", "adopted", "unchanged", "newer_mapping", "not_updatable",
    "refused", "not_sent", "quarantined", "gone_at_source",
)  # fmt: skip
"""What may become of a record."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that did not cross as it should."""

    code: str
    kind: str
    record_id: str
    detail: str


@dataclass(slots=True)
class Tally:
    """Counts of one load."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Kind → state → records. Messages count for themselves, further parts of a record do not."""
    losses: Counter[str] = field(default_factory=Counter)
    unplanned: list[Loss] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sent: int = 0
    """Operations that were sent and took effect."""
    tried: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    """What became of operations in doubt: found, absent, quarantined."""
    would_send: list[tuple[str, str, str]] = field(default_factory=list)
    """(record, part, call) of a dry run or a proof."""

    def count(self, operation: Operation, state: str, *, carried: int = 0) -> None:
        """Count what became of a record or message; `carried`: messages that the ticket's own operation carries."""
        if counts(operation):
            self.counts.setdefault(operation.kind, Counter())[state] += 1
            if carried and operation.kind == "ticket":
                self.counts.setdefault("message", Counter())[state] += carried

    def keep(self, parts: Sequence[tuple[str, str]]) -> None:
        """Count messages that were written once and are not at the source any more: deletions never cross."""
        gone = sum(1 for _record, part in parts if ":" in part and "#" not in part)
        if gone:
            self.counts.setdefault("message", Counter())["gone_at_source"] += gone

    def gone(self, found: Mapping[str, int]) -> None:
        """Count records that crossed once and are deleted, merged or spam at the source: deletions never cross."""
        for kind, count in found.items():
            self.counts.setdefault(kind, Counter())["gone_at_source"] = count

    def problem(self, code: str, kind: str, record_id: str, detail: str) -> None:
        """Remember what went wrong with a record."""
        self.problems.append(Problem(code, kind, record_id, detail))

    def lose(self, loss: Loss, *, planned: bool) -> None:
        """Count a loss; an unplanned one is a problem."""
        self.losses[loss.cause] += 1
        if not planned:
            self.unplanned.append(loss)

    @property
    def errors(self) -> int:
        """Return how many records failed for themselves (dependents not counted)."""
        return sum(1 for one in self.problems if one.code != "not_sent") + len(self.unplanned)

    def mind_errors(self, most: int | None, share: float | None) -> None:
        """Raise TooManyErrors when `--max-errors` is passed; a share counts from the hundredth operation on."""
        errors = self.errors
        too_many = most is not None and errors > most
        too_large = share is not None and self.tried >= 100 and errors > share * self.tried
        if too_many or too_large:
            bound = f"{most}" if too_many else f"{share:.0%}"
            raise TooManyErrors(
                f"{errors} of {self.tried} operations failed, more than --max-errors {bound}.",
                "Look at them with `deskferry runs`, then run the same command again with a higher bound.",
            )

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and not self.unplanned

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain JSON."""
        return {
            "kinds": {kind: dict(sorted(found.items())) for kind, found in sorted(self.counts.items())},
            "losses": dict(sorted(self.losses.items())),
            "unplanned_losses": len(self.unplanned),
            "problems": dict(sorted(Counter(one.code for one in self.problems).items())),
            "sent": self.sent,
            "settled": dict(self.settled),
        }

    def write_findings(self, store: Store, run_id: str, connection: str) -> None:
        """Write a finding for each thing that is wrong."""
        rows: list[tuple[str, str | None, str, str, str | None]] = [
            (f"migrate.{one.code}", one.kind, one.record_id, one.detail, _ADVICE.get(one.code)) for one in self.problems
        ]
        rows += [
            ("migrate.loss_unplanned", None, one.record_id, f"{one.field}: {one.cause}", _ADVICE["loss_unplanned"])
            for one in self.unplanned
        ]
        if rows:
            with store.write() as database:
                database.execute(
                    machinery.finding.insert(),
                    [
                        {"run_id": run_id, "connection": connection, "rule": rule, "severity": "error", "kind": kind,
                         "record_id": record_id, "detail": detail, "advice": advice}
                        for rule, kind, record_id, detail, advice in rows
                    ],
                )  # fmt: skip


_ADVICE = {
    "refused": "Change what the destination objects to (a mandatory field, a bad address), then run migrate again.",
    "not_sent": "It depends on a record that was refused; it follows by itself once that one is taken.",
    "quarantined": "Look at the destination: keep one of the copies, remove the others.",
    "loss_unplanned": "The plan did not name this loss: look at the record before you sign off.",
}
