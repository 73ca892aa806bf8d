"""Who belongs to which organization: the rows of the account, and those that were written since."""

from __future__ import annotations

from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.state import Record, State


def rows_of_user(state: State, user_id: int) -> list[Record]:
    """Return the memberships of a user, the default one first."""
    written = state.written.memberships.get(user_id)
    return _base(state).get(user_id, []) if written is None else written


def organizations_of(state: State, user_id: int) -> list[int]:
    """Return the organizations of a user."""
    return [one["organization_id"] for one in rows_of_user(state, user_id)]


def all_rows(state: State) -> list[Record]:
    """Return every membership, in the order of their ids."""

    def make() -> list[Record]:
        written = state.written.memberships
        kept = [one for one in state.organization_memberships() if one["user_id"] not in written]
        return sorted([*kept, *(one for rows in written.values() for one in rows)], key=lambda one: int(one["id"]))

    found: list[Record] = state.remembered("memberships", state.written.counters.get("memberships", 0), make)
    return found


def add(state: State, user_id: int, organization_id: int, default: bool = False) -> Record:
    """Make a user a member; their first organization is the default one."""
    rows = [dict(one) for one in rows_of_user(state, user_id)]
    identifier, now = state.new_id("membership"), iso(state.now())
    organization = state.organizations.get(organization_id)
    row = {
        "url": f"{state.host}/api/v2/organization_memberships/{identifier}.json",
        "id": identifier,
        "user_id": user_id,
        "organization_id": organization_id,
        "default": True if default or not rows else None,
        "created_at": now,
        "organization_name": organization["name"] if organization else None,
        "updated_at": now,
        "view_tickets": True,
    }
    if row["default"]:
        rows = [{**one, "default": None} for one in rows]
    put(state, user_id, [row, *rows] if row["default"] else [*rows, row])
    return row


def make_default(state: State, user_id: int, organization_id: int) -> None:
    """Make one of a user's organizations the default one; the user is kept by whoever calls."""
    rows = [
        {**one, "default": True if one["organization_id"] == organization_id else None}
        for one in rows_of_user(state, user_id)
    ]
    put(state, user_id, sorted(rows, key=lambda one: one["default"] is None))


def remove(state: State, user_id: int, organization_id: int) -> None:
    """End a membership; the next one becomes the default."""
    rows = [dict(one) for one in rows_of_user(state, user_id) if one["organization_id"] != organization_id]
    if rows and not any(one["default"] for one in rows):
        rows[0]["default"] = True
    put(state, user_id, rows)


def put(state: State, user_id: int, rows: list[Record]) -> None:
    """Keep the memberships of a user."""
    state.written.memberships[user_id] = rows
    state.written.counters["memberships"] = state.written.counters.get("memberships", 0) + 1


def default_of(state: State, user_id: int) -> int | None:
    """Return the default organization of a user."""
    rows = rows_of_user(state, user_id)
    return int(rows[0]["organization_id"]) if rows else None


def _base(state: State) -> dict[int, list[Record]]:
    def make() -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = {}
        for one in state.organization_memberships():
            found.setdefault(one["user_id"], []).append(one)
        return found

    rows: dict[int, list[Record]] = state.remembered("memberships/base", 0, make)
    return rows
