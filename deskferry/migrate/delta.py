"""What becomes of tickets that changed at the source after they crossed, where nothing can be added in silence.

Some vendors take a ticket with its history in silence and nothing after: an ordinary update fires triggers and mails.
The route says what is to be done then; a vendor where every write is alike follows as it always did.
"""

from __future__ import annotations

from enum import StrEnum

from deskferry.connectors.kit.capabilities import Capabilities
from deskferry.connectors.kit.contract import Loss

CHANGED = "changed_after_crossing"
"""Cause of loss: a ticket changed at the source after it crossed, and the route lets it be as it is."""


class Policy(StrEnum):
    """How later changes of tickets reach a destination."""

    FOLLOW = "follow"
    """Updates as they come: adding there is as loud, or as silent, as writing is."""
    CLOSED_FIRST = "closed_first"
    """They do not: final tickets cross early (`migrate --early`), the others at the cut-over."""
    REIMPORT = "reimport"
    """The earlier copy goes to the trash and the ticket is imported anew, under a new number."""
    APPEND = "append_with_consent"
    """New messages and values are added by updates, whose effects must be accepted."""

    @property
    def says(self) -> str:
        """What the policy means for a ticket that changed."""
        return _SAYS[self]


_SAYS = {
    Policy.FOLLOW: "Changes of tickets that crossed before are written by updates.",
    Policy.CLOSED_FIRST: (
        "A ticket that changes at the source after it crossed stays there as it is, a declared loss: move final "
        "tickets early (`migrate --early`) and the rest at the cut-over, or set delta to reimport or "
        "append_with_consent."
    ),
    Policy.REIMPORT: (
        "A ticket that changes at the source after it crossed is imported anew and gets a new number; the earlier copy "
        "goes to the trash."
    ),
    Policy.APPEND: (
        "New messages and values of tickets that crossed before are added by updates: each needs a yes to their "
        "effects, gets the time of adding, and edits of earlier messages are lost."
    ),
}


def policy_for(capabilities: Capabilities, chosen: str) -> Policy:
    """Return the policy in force: the route's, where a destination writes in silence and cannot add in silence."""
    if capabilities.writes_silently and not capabilities.appends_silently:
        return Policy(chosen)
    return Policy.FOLLOW


def changed_loss(record_id: str) -> Loss:
    """Return the loss of a ticket that changed and is let be."""
    return Loss(record_id, "ticket", f"{Policy.REIMPORT} or {Policy.APPEND} would move it", CHANGED)
