"""The people of a ticket: requester, submitter, assignee with group, organization, CCs and followers."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.zendesk import memberships, user_values
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.users import by_email, create_user


def read_people(state: State, given: Record, record: Record) -> Record:
    """Return what a request says of the people of a ticket."""
    values: Record = {}
    requester = _requester(state, given)
    if requester is not None:
        values["requester_id"] = requester
    if given.get("submitter_id"):
        values["submitter_id"] = _person(state, whole(given["submitter_id"], "submitter_id"), "Submitter")["id"]
    _staff(state, given, record, values)
    _organization(state, given, record, values)
    _copies(state, given, record, values)
    return values


def _person(state: State, identifier: int | None, title: str) -> Record:
    user = None if identifier is None else state.users.get(identifier)
    if user is None or not user["active"]:
        raise record_invalid(**{title.lower(): f"{title}: is invalid"})
    return user


def _requester(state: State, given: Record) -> int | None:
    wanted, named = whole(given.get("requester_id"), "requester_id"), given.get("requester")
    if wanted is None and not named:
        return None
    if wanted is None and not isinstance(named, dict) and str(named).isdigit():
        wanted = int(str(named))
    user = _person(state, wanted, "Requester") if wanted is not None else _named(state, named)
    if user["suspended"]:
        raise record_invalid(requester=problem(f"Requester: {user['name']} is suspended.", None))
    return int(user["id"])


def _named(state: State, named: Any) -> Record:
    """Return the user of an address; somebody unknown becomes a new user."""
    person = named if isinstance(named, dict) else {"email": str(named)}
    email = str(person.get("email") or "").strip().lower()
    found = by_email(state, email)
    if found is not None:
        return found
    name = person.get("name") or email.partition("@")[0]
    if not name:
        raise record_invalid(requester=problem("Requester: Name: is too short (minimum one character)", "TooShort"))
    values = user_values.read_user(state, {"name": name, "email": email or None}, None)
    return create_user(state, values, quiet=False)


def _staff(state: State, given: Record, record: Record, values: Record) -> None:
    """Set the assignee and the group: an assignee must be an agent of the group."""
    groups = {one["id"] for one in state.lists.get("groups", []) if not one["deleted"]}
    if "group_id" in given:
        group = whole(given["group_id"], "group_id")
        if group is not None and group not in groups:
            raise record_invalid(group=problem("Group: is invalid", "InvalidValue"))
        values["group_id"] = group
    email = given.get("assignee_email")
    if "assignee_id" not in given and not email:
        before = record["assignee_id"]
        # Whoever is not in the new group loses the ticket.
        if "group_id" in values and before is not None and values["group_id"] not in groups_of(state, before):
            values["assignee_id"] = None
        return
    wanted = whole(given.get("assignee_id"), "assignee_id")
    agent = by_email(state, str(email).lower()) if wanted is None and email else None
    wanted = agent["id"] if agent is not None else wanted
    if wanted is None and email:
        raise record_invalid(assignee=problem("Assignee: is invalid", "InvalidValue"))
    values["assignee_id"] = wanted
    if wanted is not None:
        _check_assignee(state, wanted, record, values)


def _check_assignee(state: State, wanted: int, record: Record, values: Record) -> None:
    user = state.users.get(wanted)
    able = user is not None and user["active"] and user["role"] in ("agent", "admin") and user["role_type"] != 1
    if user is None or not able or user["suspended"]:
        raise record_invalid(assignee=problem("Assignee: is invalid", "InvalidValue"))
    member = groups_of(state, wanted)
    group = values.get("group_id", record["group_id"])
    if "group_id" in values and group is not None and group not in member:
        raise record_invalid(assignee=problem(f"Assignee: {user['name']} is not a member of the group", "InvalidValue"))
    if group not in member:
        values["group_id"] = user["default_group_id"] or next(iter(member), None)


def groups_of(state: State, user_id: int) -> list[int]:
    """Return the groups of an agent."""
    rows = state.lists.get("group_memberships", [])
    return [one["group_id"] for one in rows if one["user_id"] == user_id]


def _organization(state: State, given: Record, record: Record, values: Record) -> None:
    """Set the organization, one of the requester's; without a word of it their default one."""
    requester = values.get("requester_id", record["requester_id"])
    user = None if requester is None else state.users.get(requester)
    if "organization_id" in given:
        wanted = whole(given["organization_id"], "organization_id")
        if wanted is not None and wanted not in memberships.organizations_of(state, requester or 0):
            raise record_invalid(base=problem("Organization: is invalid for the requester", "InvalidValue"))
        values["organization_id"] = wanted
    elif user is not None and requester != record["requester_id"]:
        values["organization_id"] = user["organization_id"]


def _copies(state: State, given: Record, record: Record, values: Record) -> None:
    """Set CCs and followers, which together are the collaborators."""
    ccs, followers = list(record["email_cc_ids"]), list(record["follower_ids"])
    if "collaborator_ids" in given or "collaborators" in given:
        named = [*(given.get("collaborator_ids") or ()), *(given.get("collaborators") or ())]
        ccs = [_copied(state, one) for one in named]
    for one in given.get("email_ccs") or ():
        _apply(state, one, ccs)
    for one in given.get("followers") or ():
        _apply(state, one, followers, staff=True)
    if ccs != record["email_cc_ids"] or followers != record["follower_ids"]:
        together = list(dict.fromkeys([*ccs, *followers]))
        values |= {"email_cc_ids": ccs, "follower_ids": followers, "collaborator_ids": together}


def _apply(state: State, entry: Any, people: list[int], staff: bool = False) -> None:
    if not isinstance(entry, dict):
        raise record_invalid(base=problem("Collaborators: is invalid", "InvalidValue"))
    named = entry.get("user_id") or {"email": entry.get("user_email"), "name": entry.get("user_name")}
    user = _copied(state, named)
    found = state.users.get(user)
    if staff and (found is None or found["role"] == "end-user"):
        raise record_invalid(base=problem("Followers: must be agents", "InvalidValue"))
    if user in people:
        people.remove(user)
    if entry.get("action") != "delete":
        people.append(user)


def _copied(state: State, named: Any) -> int:
    if not isinstance(named, dict) and str(named).isdigit():
        return int(_person(state, int(named), "Collaborator")["id"])
    return int(_named(state, named)["id"])
