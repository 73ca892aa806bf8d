"""Whether an operation in doubt took effect: looked for by its origin mark, waiting out the vendor's search lag."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from deskferry.connectors.kit.clock import Clock, wait_until
from deskferry.connectors.kit.contract import Destination, Outcome, Resolve
from deskferry.migrate.journal import Intent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: it took effect (once), it did not, or nobody can know."""

    state: Literal["found", "absent", "quarantined"]
    outcome: Outcome | None = None
    detail: str = ""


def settle_doubt(intent: Intent, destination: Destination, resolve: Resolve, clock: Clock) -> Verdict:
    """Return what became of an operation that may have taken effect.

    An update may be sent again as it is. Of something created one result is adopted, several are nobody's guess; none
    counts only once the search lag since the intent has passed.
    """
    operation = intent.operation
    if operation.action == "update":
        return Verdict("absent", detail="an update may be sent again")
    surely_visible = intent.intended_at + destination.search_lag
    try:
        conclusive = clock.now() >= surely_visible
        found = destination.find(operation, resolve)
        if not found and not conclusive:
            wait_until(clock, surely_visible)
            found = destination.find(operation, resolve)
    except LookupError as error:
        # What it would have belonged to does not exist, so it cannot have been sent.
        return Verdict("absent", detail=str(error))
    if not found:
        return Verdict("absent", detail="not found by its mark")
    ids = sorted({outcome.remote_id or "" for outcome in found})
    if len(ids) > 1:
        return Verdict("quarantined", detail=f"{len(ids)} records of the destination carry its mark: {', '.join(ids)}")
    return Verdict("found", replace(found[0], state="done"))
