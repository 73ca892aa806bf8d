"""The people of a ticket: requester, submitter, assignee with group, organization, brand, copies, followers."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.kit.composing import AGENT_ROLES, display_name, is_email, source_hash
from deskferry.connectors.kit.contract import Loss, Operation, Ref, TicketAggregate
from deskferry.connectors.zendesk.ticket_draft import Draft

REQUESTER_PART = "requester"
"""Part of the operation that makes a stand-in for a requester who does not cross."""
_ASSIGNABLE = AGENT_ROLES - {"light_agent"}


def put_people(draft: Draft) -> tuple[Operation, ...]:
    """Put in requester, submitter, assignee and group; return what makes a stand-in for the requester."""
    row, crossings, body = draft.ticket, draft.crossings, draft.body
    made: tuple[Operation, ...] = ()
    requester = row.get("requester_id")
    if requester is not None and crossings.target(requester) is not None:
        body["requester_id"] = Ref(requester)
    else:
        draft.lose("requester_id", requester, "requester_unmatched")
        body["requester_id"] = Ref(row["id"], REQUESTER_PART)
        made = (_stand_in(draft, requester),)
    submitter = row.get("submitter_id")
    if submitter is not None and submitter != requester:
        if crossings.target(submitter) is not None:
            body["submitter_id"] = Ref(submitter)
        else:
            draft.lose("submitter_id", submitter, "requester_unmatched")
    _team_and_assignee(draft)
    for name in ("brand_id", "inbox_id"):
        _inbox(draft, name)
    return made


def _team_and_assignee(draft: Draft) -> None:
    """Put in group and assignee; an import refuses an assignee who does not work in the group."""
    row, crossings = draft.ticket, draft.crossings
    team, assignee = row.get("team_id"), row.get("assignee_id")
    group = crossings.target(team)
    if group is not None:
        draft.body["group_id"] = Ref(str(team))
    elif team is not None:
        draft.lose("team_id", team, "team_unmatched")
    if assignee is None:
        return
    agent = crossings.target(assignee)
    if agent is None or agent.placeholder or agent.role not in _ASSIGNABLE:
        draft.lose("assignee_id", assignee, "assignee_unmatched")
        return
    members = draft.desk.members.get(str(group.remote_id)) if group is not None else None
    if members is not None and agent.remote_id not in members:
        draft.lose("assignee_id", assignee, "assignee_not_in_group")
        return
    draft.body["assignee_id"] = Ref(assignee)
    if group is None and team is None:
        draft.lose("team_id", None, "team_defaulted")


def _stand_in(draft: Draft, requester: str | None) -> Operation:
    """Return what makes a requester for one ticket, known by name alone."""
    row = draft.ticket
    person = draft.crossings.person(requester) or {}
    mark = f"{row['id']}/{REQUESTER_PART}"
    name = (display_name(person) if person else None) or draft.say("unknown_person")
    return Operation(
        record_id=row["id"],
        part=REQUESTER_PART,
        kind="person",
        action="create",
        call="user.create",
        object="user",
        body={"name": name, "external_id": mark, "skip_verify_email": True},
        mark=mark,
        source_hash=source_hash(row),
        adopt=True,
    )


def _inbox(draft: Draft, name: str) -> None:
    inbox = draft.ticket.get(name)
    if inbox is None:
        return
    target = draft.crossings.target(inbox)
    if target is not None and target.object == "brand":
        draft.body["brand_id"] = Ref(inbox)
    else:
        draft.lose(name, inbox, "inbox_unmatched")


def put_organization(draft: Draft) -> None:
    """Put in the organization, where it is one of a requester who is made by this migration."""
    row, crossings = draft.ticket, draft.crossings
    organization = row.get("organization_id")
    if organization is None:
        return
    requester = row.get("requester_id")
    target = crossings.target(requester)
    person = crossings.person(requester) or {}
    own = {person.get("organization_id"), *(person.get("memberships") or ())}
    if target is None or target.remote_id is not None or target.placeholder or organization not in own:
        draft.lose("organization_id", organization, "organization_derived")
    elif crossings.target(organization) is None:
        draft.lose("organization_id", organization, "organization_unmatched")
    else:
        draft.body["organization_id"] = Ref(organization)


def put_copies(draft: Draft, aggregate: TicketAggregate) -> None:
    """Put in who is copied and which agents follow."""
    copied: list[dict[str, Any]] = []
    following: list[dict[str, Any]] = []
    for one in aggregate.followers:
        person = one.get("person_id")
        target = draft.crossings.target(person)
        email = one.get("email") or (draft.crossings.person(person) or {}).get("email")
        follows = one.get("kind") == "follower"
        if target is not None and not target.placeholder and (not follows or target.role in AGENT_ROLES):
            (following if follows else copied).append({"user_id": Ref(str(person)), "action": "put"})
        elif not follows and person is None and is_email(email) and str(email).isascii():
            copied.append({"user_email": str(email), "action": "put"})
        else:
            draft.losses.append(Loss(one["id"], "ticket_follower", email or person, "follower_not_written"))
    if copied:
        draft.body["email_ccs"] = copied
    if following:
        draft.body["followers"] = following
