"""Creating, changing and deleting users: what all ways of writing them share."""

from __future__ import annotations

import copy
from typing import Any, Final

from deskferry.simulators.zendesk import memberships, organizations
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.identities import (
    add_identity,
    check_external,
    check_free,
    identities_of,
    keep_identities,
    people,
)
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.user_values import empty_fields

ERASED: Final = "Permanently Deleted User"
_BESIDE: Final = ("identities", "organization_ids", "organization_name", "group_ids", "organization_id", "email")


def by_email(state: State, email: str) -> Record | None:
    """Return the active user of an address, be it their primary one or another."""
    identifier = people(state).emails.get(email.strip().lower()) if email else None
    return None if identifier is None else state.users.get(identifier)


def by_external(state: State, external: str | None) -> Record | None:
    """Return the active user of an external id, in whatever case."""
    identifier = people(state).externals.get(external.lower()) if external else None
    return None if identifier is None else state.users.get(identifier)


def keep_user(state: State, user: Record) -> None:
    """Keep a changed user."""
    user["updated_at"] = iso(state.now())
    before = state.users.get(user["id"])
    if before is not None:
        people(state).forget(user["id"], before["external_id"])
    state.users.put(user["id"], user, state.now())
    people(state).note(user, identities_of(state, user["id"]))


def create_user(state: State, values: Record, *, quiet: bool) -> Record:
    """Create a user from checked values; an address gets a mail unless `quiet`."""
    email = values.get("email")
    if email:
        check_free(state, "email", email, None)
    check_external(state, values.get("external_id"), None)
    for kind, value in values.get("identities", ()):
        check_free(state, kind, value, None)
    _check_seats(state, values, None)
    identifier, now = state.new_id("user"), iso(state.now())
    user = _blank(state, identifier, now)
    user |= {name: value for name, value in values.items() if name not in _BESIDE}
    user["email"] = email
    state.users.put(identifier, user, state.now())
    return _complete(state, user, values, quiet=quiet)


def update_user(state: State, before: Record, values: Record, *, quiet: bool) -> Record:
    """Change a user from checked values: an e-mail address becomes one more identity, not the primary one."""
    if not before["active"]:
        raise record_invalid(base=problem("User: is deleted", "RecordInvalid"))
    check_external(state, values.get("external_id"), before["id"])
    for kind, value in [*values.get("identities", ()), *_mail(values)]:
        check_free(state, kind, value, before["id"])
    _check_seats(state, values, before)
    user = copy.deepcopy(before)
    user |= {name: value for name, value in values.items() if name not in _BESIDE}
    return _complete(state, user, values, quiet=quiet)


def _mail(values: Record) -> list[tuple[str, str]]:
    return [("email", values["email"])] if values.get("email") else []


def _complete(state: State, user: Record, values: Record, *, quiet: bool) -> Record:
    """Write what lies beside the record: identities, organizations, groups; then keep it."""
    _identities(state, user, values, quiet=quiet)
    _organizations(state, user, values)
    _staff(state, user, values)
    keep_user(state, user)
    return user


def _identities(state: State, user: Record, values: Record, *, quiet: bool) -> None:
    wanted = [*_mail(values), *values.get("identities", ())]
    if values.get("phone"):
        wanted.append(("phone_number", values["phone"]))
        user["shared_phone_number"] = False
    for kind, value in wanted:
        add_identity(state, user["id"], kind, value, quiet=quiet, verified=bool(user["verified"]))
    if user["email"] is None:
        user["email"] = next((one["value"] for one in identities_of(state, user["id"]) if one["type"] == "email"), None)


def _organizations(state: State, user: Record, values: Record) -> None:
    wanted = list(values.get("organization_ids", ()))
    if values.get("organization_name"):
        wanted.append(organizations.named(state, values["organization_name"])["id"])
    if "organization_id" in values:
        if values["organization_id"] is None:
            memberships.put(state, user["id"], [])
        else:
            wanted = [values["organization_id"], *wanted]
    known = memberships.organizations_of(state, user["id"])
    for place, one in enumerate(dict.fromkeys(wanted)):
        if one not in known:
            memberships.add(state, user["id"], one, default=place == 0)
        elif place == 0:
            memberships.make_default(state, user["id"], one)
    user["organization_id"] = memberships.default_of(state, user["id"])


def _check_seats(state: State, values: Record, before: Record | None) -> None:
    seats = state.written.settings.agent_seats
    becomes = values.get("role") in ("agent", "admin") and (before is None or before["role"] == "end-user")
    if seats is None or not becomes:
        return
    used = sum(1 for one in state.users if one["active"] and one["role"] != "end-user" and one["role_type"] != 1)
    if used >= seats:
        raise record_invalid(
            base=problem("You have reached the maximum number of agents of your account", "InvalidValue")
        )


def _staff(state: State, user: Record, values: Record) -> None:
    """Give an agent what agents have: a role type, groups, a default group."""
    if user["role"] == "end-user":
        user |= {"role_type": None, "default_group_id": None, "moderator": False, "ticket_restriction": "requested"}
        _leave_groups(state, user["id"])
        return
    if "role" in values:
        user |= {"role_type": 4 if user["role"] == "admin" else None, "restricted_agent": user["role"] != "admin"}
        user["ticket_restriction"] = values.get("ticket_restriction")
    rows = state.lists.setdefault("group_memberships", [])
    own = {one["group_id"] for one in rows if one["user_id"] == user["id"]}
    default = next((one["id"] for one in state.lists.get("groups", []) if one["default"]), None)
    for group in values.get("group_ids") or ([] if own or default is None else [default]):
        if group not in own:
            rows.append(group_membership(state, user["id"], group, default=not own))
            own.add(group)
    user["default_group_id"] = next(
        (one["group_id"] for one in rows if one["user_id"] == user["id"] and one["default"]), None
    )


def group_membership(state: State, user_id: int, group_id: int, *, default: bool) -> Record:
    """Return the row that says who works in which group."""
    identifier, now = state.new_id("group_membership"), iso(state.now())
    return {
        "url": f"{state.host}/api/v2/group_memberships/{identifier}.json",
        "id": identifier,
        "user_id": user_id,
        "group_id": group_id,
        "default": default,
        "created_at": now,
        "updated_at": now,
    }


def _leave_groups(state: State, user_id: int) -> None:
    rows = state.lists.get("group_memberships", [])
    if any(one["user_id"] == user_id for one in rows):
        state.lists["group_memberships"] = [one for one in rows if one["user_id"] != user_id]


def delete_user(state: State, user: Record) -> Record:
    """Delete a user softly: no longer active, their addresses free for others."""
    gone = {**copy.deepcopy(user), "active": False, "role": "end-user"}
    keep_identities(state, user["id"], [])
    memberships.put(state, user["id"], [])
    _leave_groups(state, user["id"])
    keep_user(state, gone)
    return gone


def erase_user(state: State, user: Record) -> Record:
    """Delete a user for good: the row stays, nothing of the person does."""
    empty: dict[str, Any] = {
        **dict.fromkeys(("email", "phone", "alias", "details", "notes", "external_id", "photo", "signature")),
        "name": ERASED,
        "tags": [],
        "user_fields": dict.fromkeys(user["user_fields"]),
        "shared_phone_number": None,
        "organization_id": None,
        "active": False,
    }
    gone = {**copy.deepcopy(user), **empty}
    keep_user(state, gone)
    return gone


def _blank(state: State, identifier: int, now: str) -> Record:
    return {
        "id": identifier,
        "url": f"{state.host}/api/v2/users/{identifier}.json",
        "name": "",
        "email": None,
        "created_at": now,
        "updated_at": now,
        "time_zone": "Madrid",
        "iana_time_zone": "Europe/Madrid",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": "end-user",
        "verified": False,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": None,
        "signature": None,
        "details": None,
        "notes": None,
        "role_type": None,
        "custom_role_id": None,
        "moderator": False,
        "ticket_restriction": "requested",
        "only_private_comments": False,
        "restricted_agent": True,
        "suspended": False,
        "default_group_id": None,
        "report_csv": False,
        "user_fields": empty_fields(state, "user_fields"),
    }
