"""What a migration costs in calls: writing in batches, reading back what was written, and the time by the limits."""

from __future__ import annotations

from collections.abc import Mapping

from deskferry.connectors.kit.contract import Destination
from deskferry.connectors.kit.limits import ACCOUNT
from deskferry.migrate.compose import Composed
from deskferry.migrate.decide import Decided

_READ_PER_TICKET = 3
"""Calls that read a written ticket back: whole for the read mapping, itself and its messages for the witness."""
_READ_PER_FILE = 2
"""A file is downloaded for both."""
_READ_PER_ARTICLE = 4
"""Its files and translations for the read mapping, itself and its readers for the witness, who downloads its files."""
_READ_PER_SHELF = 1
"""What lies on it is listed; macros come by the hundred."""


def reads(composed: Composed, decided: Decided) -> int:
    """Return the calls that read a written record back; lists that are read for many are not counted."""
    files = sum(len(step.operation.files) for step in decided.steps)
    if composed.kind == "ticket":
        return _READ_PER_TICKET + 2 * (composed.messages // 100) + _READ_PER_FILE * files
    if composed.kind == "article":
        return _READ_PER_ARTICLE + files
    return _READ_PER_SHELF * len(decided.steps) if composed.kind == "article_category" else 0


def in_batches(sends: Mapping[str, int], writer: Destination) -> dict[str, int]:
    """Return the calls of what is sent: rows of one call go together, and a bulk call is looked at once more."""
    sizes = {call: writer.batch_size(call) for call in sends}
    return {call: rows if sizes[call] == 1 else 2 * -(-rows // sizes[call]) for call, rows in sends.items()}


def time_needed(calls: Mapping[str, int], limits: Mapping[str, float], share: float) -> tuple[float | None, str]:
    """Return the minutes by the limit that binds, and its name: the account's for all calls, a call's own for its."""
    uses = {name: calls[name] for name in limits if name in calls}
    whole = ACCOUNT if ACCOUNT in limits else max(limits, key=lambda name: limits[name], default=None)
    if whole is not None:
        uses[whole] = sum(calls.values())
    minutes = {name: count / max(limits[name] * share, 1e-9) for name, count in uses.items()}
    if not minutes:
        return None, ""
    binding = max(minutes, key=lambda name: minutes[name])
    return minutes[binding], binding
