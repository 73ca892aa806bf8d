"""Creating, changing and deleting organizations: their names and external ids are unique in any case."""

from __future__ import annotations

import copy
from typing import Any, Final

from deskferry.simulators.zendesk import custom_values, memberships
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import tags_of, whole
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.user_values import empty_fields

KEYS: Final = frozenset(
    {
        *("id", "name", "external_id", "domain_names", "details", "notes", "group_id", "shared_tickets"),
        *("shared_comments", "tags", "organization_fields"),
    }
)


def _index(state: State) -> tuple[dict[str, int], dict[str, int]]:
    def make() -> tuple[dict[str, int], dict[str, int]]:
        found = list(state.organizations)
        names = {one["name"].lower(): one["id"] for one in found}
        return names, {one["external_id"].lower(): one["id"] for one in found if one["external_id"]}

    index: tuple[dict[str, int], dict[str, int]] = state.remembered("organizations", state.organizations.version, make)
    return index


def by_external(state: State, external: Any) -> Record | None:
    """Return the organization of an external id, in whatever case."""
    return state.organizations.get(_index(state)[1].get(str(external).lower(), 0)) if external else None


def named(state: State, name: str) -> Record:
    """Return the organization of a name, made if there is none."""
    found = state.organizations.get(_index(state)[0].get(name.lower(), 0))
    return write(state, {"name": name}, None) if found is None else found


def write(state: State, given: Record, before: Record | None) -> Record:
    """Create or change an organization."""
    values = _values(state, given, before)
    names, externals = _index(state)
    own = None if before is None else before["id"]
    if "name" in values and names.get(values["name"].lower(), own) != own:
        raise record_invalid(name=problem(f"Name: {values['name']} has already been taken", "DuplicateValue"))
    external = values.get("external_id")
    if external and externals.get(external.lower(), own) != own:
        raise record_invalid(external_id=problem("External has already been taken", "DuplicateValue"))
    now = iso(state.now())
    record = {**(_blank(state, now) if before is None else copy.deepcopy(before)), **values, "updated_at": now}
    state.organizations.put(record["id"], record, state.now())
    if before is not None:
        return record
    names[record["name"].lower()] = record["id"]
    if external:
        externals[external.lower()] = record["id"]
    # The index is told, so that a thousand new ones do not make it anew each time.
    state.cache["organizations"] = (state.organizations.version, (names, externals))
    return record


def _values(state: State, given: Record, before: Record | None) -> Record:
    values: Record = {}
    if "name" in given or before is None:
        values["name"] = str(given.get("name") or "").strip()
        if not values["name"]:
            raise record_invalid(name=problem("Name: cannot be blank", "BlankValue"))
    for name in ("details", "notes", "external_id"):
        if name in given:
            values[name] = None if given[name] in (None, "") else str(given[name])
    values |= {name: bool(given[name]) for name in ("shared_tickets", "shared_comments") if name in given}
    if "domain_names" in given:
        values["domain_names"] = [str(one).lower() for one in given["domain_names"] or ()]
    if "tags" in given:
        values["tags"] = tags_of(given["tags"])
    if "group_id" in given:
        values["group_id"] = whole(given["group_id"], "group_id")
        groups = {one["id"] for one in state.lists.get("groups", []) if not one["deleted"]}
        if values["group_id"] is not None and values["group_id"] not in groups:
            raise record_invalid(group=problem("Group: is invalid"))
    if "organization_fields" in given:
        fields = state.lists.get("organization_fields", [])
        known = before["organization_fields"] if before else empty_fields(state, "organization_fields")
        values["organization_fields"] = custom_values.keyed(fields, given["organization_fields"], known)
    return values


def _blank(state: State, now: str) -> Record:
    identifier = state.new_id("organization")
    return {
        "url": f"{state.host}/api/v2/organizations/{identifier}.json",
        "id": identifier,
        "name": "",
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "created_at": now,
        "updated_at": now,
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": [],
        "organization_fields": empty_fields(state, "organization_fields"),
    }


def delete(state: State, record: Record) -> None:
    """Delete an organization for good; its members and tickets lose it."""
    state.organizations.remove(record["id"])
    members = {one["user_id"] for one in memberships.all_rows(state) if one["organization_id"] == record["id"]}
    for user_id in members:
        memberships.remove(state, user_id, record["id"])
        user = state.users.get(user_id)
        if user is not None and user["organization_id"] == record["id"]:
            changed = {**copy.deepcopy(user), "organization_id": memberships.default_of(state, user_id)}
            state.users.put(user_id, {**changed, "updated_at": iso(state.now())}, state.now())
