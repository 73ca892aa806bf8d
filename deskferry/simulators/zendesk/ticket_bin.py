"""The bin of tickets, and merging: deleted ones can come back for thirty days, erased ones never."""

from __future__ import annotations

import copy

from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import MERGE, add_audit, comment, editable, keep, set_fields
from deskferry.simulators.zendesk.tickets import TicketFile

_SCRUBBED = {"status": "deleted", "subject": "SCRUBBED", "raw_subject": "SCRUBBED", "description": "SCRUBBED"}


def bin_ticket(state: State, file: TicketFile, actor: int) -> None:
    """Throw a ticket into the bin: exports show a tombstone, everything else no longer finds it."""
    file.live = copy.deepcopy(file.record)
    file.state_before = file.record["status"]
    file.deleted_at, file.deleted_by = state.now(), actor
    file.record |= _SCRUBBED
    keep(state, file)


def restore(state: State, file: TicketFile) -> None:
    """Take a ticket out of the bin as it was."""
    file.record |= file.live or {"status": file.state_before}
    file.deleted_at, file.live, file.state_before = None, None, None
    keep(state, file)


def erase(state: State, identifier: int) -> None:
    """Delete a ticket in the bin for good: nothing but its tombstone is left."""
    file = editable(state, identifier)
    kept = ("id", "url", "created_at", "updated_at", "status", "generated_timestamp", "support_type")
    blank: Record = {
        name: [] if isinstance(value, list) else None for name, value in file.record.items() if name not in kept
    }
    file.record |= {**blank, **_SCRUBBED, "via": file.record["via"], "is_public": False, "has_incidents": False}
    file.make_audits, file.live, file.erased = list, None, True
    file.forget_audits()
    keep(state, file)


def merge(
    state: State,
    winner: TicketFile,
    losers: list[TicketFile],
    author: int,
    target: tuple[str | None, bool] = (None, False),
    source: tuple[str | None, bool] = (None, False),
) -> None:
    """Close tickets into another one: the losers are tagged, and both sides get a comment (text, public)."""
    for loser in losers:
        text = source[0] or f"This request was closed and merged into request #{winner.record['id']}."
        tags = sorted({*loser.record["tags"], "closed_by_merge"})
        events = [comment(author, text, source[1]), *set_fields(loser, {"status": "closed", "tags": tags})]
        add_audit(state, loser, author, events, _via(winner.record))
        keep(state, loser)
    names = ", ".join(f"#{loser.record['id']}" for loser in losers)
    note = comment(author, target[0] or f"Requests {names} were closed and merged into this request.", target[1])
    note["attachments"] = [
        copy.deepcopy(one) for loser in losers for said in loser.comments() for one in said["attachments"]
    ]
    add_audit(state, winner, author, [note], MERGE)
    keep(state, winner)


def _via(winner: Record) -> Record:
    source = {"from": {"ticket_id": winner["id"], "subject": winner["subject"]}, "to": {}, "rel": "merge"}
    return {"channel": "system", "source": source}
