"""Merging users: everything of the loser becomes the winner's."""

from __future__ import annotations

import copy

from deskferry.simulators.zendesk import memberships
from deskferry.simulators.zendesk.identities import identities_of, keep_identities
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import editable, keep
from deskferry.simulators.zendesk.users import delete_user, keep_user


def requested_tickets(state: State, user_id: int) -> list[int]:
    """Return the tickets that a user asked for, those in the bin left out."""
    return [
        file.record["id"] for file in state.tickets if not file.is_deleted and file.record["requester_id"] == user_id
    ]


def merge_users(state: State, loser: Record, winner: Record) -> Record:
    """Give the loser's tickets, addresses and organizations to the winner; the loser is deleted."""
    moved = copy.deepcopy(identities_of(state, loser["id"]))
    organizations = memberships.organizations_of(state, loser["id"])
    tickets = requested_tickets(state, loser["id"])
    delete_user(state, loser)
    own = copy.deepcopy(identities_of(state, winner["id"]))
    known = {(one["type"], one["value"]) for one in own}
    new = [
        {**one, "user_id": winner["id"], "primary": False} for one in moved if (one["type"], one["value"]) not in known
    ]
    keep_identities(state, winner["id"], [*own, *new])
    for one in organizations:
        if one not in memberships.organizations_of(state, winner["id"]):
            memberships.add(state, winner["id"], one)
    for identifier in tickets:
        file = editable(state, identifier)
        for name in ("requester_id", "submitter_id"):
            if file.record[name] == loser["id"]:
                file.record[name] = winner["id"]
        for audit in file.audits:
            for event in audit["events"]:
                if event.get("author_id") == loser["id"]:
                    event["author_id"] = winner["id"]
        keep(state, file, updated=False)
    merged = {**copy.deepcopy(winner), "organization_id": memberships.default_of(state, winner["id"])}
    keep_user(state, merged)
    return merged
