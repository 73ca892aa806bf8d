"""A migration on one page of Markdown: what was declared, read, written, verified and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEADINGS = ("kind", "declared", "read", "mapped", "rejected", "written", "verified")
_LEGEND = (
    "`declared` is what the source vendor states about its own data, where it does; `read` and `mapped` are in the "
    "store; `written` went through the destination's API; `verified` was read back and is equal but for the losses."
)


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind's way through the migration; None: the vendor declares no number."""

    kind: str
    declared: int | None
    read: int
    mapped: int
    rejected: int
    written: int
    verified: int

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row."""
        numbers = (self.declared, self.read, self.mapped, self.rejected, self.written, self.verified)
        return (self.kind, *("-" if number is None else str(number) for number in numbers))


@dataclass
class Summary:
    """What a migration came to."""

    source: str
    destination: str
    kinds: Sequence[KindLine]
    losses: Mapping[str, int]
    differences: int
    calls: Mapping[str, int]
    mails: int
    edit: tuple[str, int, bool] | None = None
    """A later edit: its record, the operations it took, whether it was verified and proven."""

    def table(self) -> list[str]:
        """Return the kinds as lines of text in columns."""
        rows = [HEADINGS, *(line.cells() for line in self.kinds)]
        widths = [max(len(row[n]) for row in rows) for n in range(len(HEADINGS))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def crossing_summary(summary: Summary) -> str:
    """Return the page."""
    lines = [
        f"# {summary.source} → {summary.destination}",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|" + "---|" * len(HEADINGS),
        *("| " + " | ".join(line.cells()) + " |" for line in summary.kinds),
        "",
        _LEGEND,
        "",
        f"- Differences found by reading back: {summary.differences}",
        f"- Mails that customers would have received: {summary.mails}",
        *(f"- Calls used at {name}: {calls}" for name, calls in summary.calls.items()),
        "",
        "## Lost, by cause",
        "",
        "| cause | records |",
        "|---|---|",
        *(f"| {cause} | {count} |" for cause, count in sorted(summary.losses.items())),
        "",
        "Each is a row of the table `loss` with its record, field and value; the plan declared every cause beforehand.",
    ]
    if summary.edit is not None:
        record, operations, held = summary.edit
        verdict = "verified and proven" if held else "NOT verified"
        lines += ["", f"A later edit of {record} moved alone, with {operations} operations; {verdict}."]
    return "\n".join(lines) + "\n"
