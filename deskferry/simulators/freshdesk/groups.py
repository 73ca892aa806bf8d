"""Groups, through both generations of the API over the same records."""

from __future__ import annotations

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import FLAG, HASH, HASHES, TEXT, WHOLE, WHOLES, fields, length_ok, one_of
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, duplicate, fault, invalid, no_match
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

OLD = fields({WHOLES: "agent_ids", WHOLE: "auto_ticket_assign escalate_to", TEXT: "name description unassigned_for"})
NEW = fields(
    {
        TEXT: "name description type unassigned_for",
        WHOLE: "escalate_to business_calendar_id",
        WHOLES: "agent_ids",
        FLAG: "allow_agents_to_change_availability",
        HASH: "automatic_agent_assignment",
    },
)
WAITS = ("30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d", "3d")
OLD_KEYS = (
    *("id", "name", "description", "business_hour_id", "escalate_to", "unassigned_for"),
    *("agent_ids", "auto_ticket_assign", "created_at", "updated_at"),
)
TYPES = ("support_agent_group", "field_agent_group")


def old_view(row: Row, *, in_list: bool = False) -> Row:
    """Return a group as the first API shows it; its list has no members."""
    shown = {key: row.get(key) for key in OLD_KEYS if not (in_list and key == "agent_ids")}
    return {**shown, "business_hour_id": row["business_calendar_id"]}


def new_view(row: Row) -> Row:
    """Return a group as the second API shows it."""
    return {key: value for key, value in row.items() if key != "auto_ticket_assign" and key[0] != "_"}


def add(account: Account, values: Row) -> Row:
    """Store a new group."""
    row: Row = {"id": account.new_id("groups"), "name": None, "description": None, "escalate_to": None}
    row |= {"unassigned_for": "30m", "agent_ids": [], "allow_agents_to_change_availability": False}
    row |= {"business_calendar_id": None, "type": TYPES[0], "auto_ticket_assign": 0}
    row |= {"automatic_agent_assignment": {"enabled": False}}
    row |= {key: value for key, value in values.items() if value is not None}
    account.add("groups", row)
    _members(account, row)
    return row


def _members(account: Account, group: Row) -> None:
    for agent in account.tables["agents"].values():
        ids = agent["group_ids"]
        if agent["id"] in group["agent_ids"] and group["id"] not in ids:
            ids.append(group["id"])
        elif group["id"] in ids and agent["id"] not in group["agent_ids"]:
            ids.remove(group["id"])


def _check(account: Account, values: Row, own_id: int) -> None:
    if "name" in values and not values["name"]:
        raise invalid(fault("name", BLANK))
    length_ok("name", values.get("name"))
    folded = (values.get("name") or "").casefold()
    if any(row["name"].casefold() == folded and row["id"] != own_id for row in account.tables["groups"].values()):
        raise duplicate("name")
    agents = account.tables["agents"]
    if any(agent_id not in agents for agent_id in values.get("agent_ids") or ()):
        raise invalid(fault("agent_ids", "There are no records matching the ids of agent_ids"))
    if values.get("escalate_to") is not None and values["escalate_to"] not in agents:
        raise no_match("escalate_to", "agent")
    one_of("unassigned_for", values.get("unassigned_for"), WAITS)
    one_of("type", values.get("type"), TYPES)
    one_of("auto_ticket_assign", values.get("auto_ticket_assign"), (0, 1))


def _create(call: Call, old: bool) -> SimResponse:
    values = call.values(OLD if old else NEW, ("name",))
    _check(call.account, values, 0)
    row = add(call.account, values)
    return created(call, "/groups" if old else "/admin/groups", old_view(row) if old else new_view(row))


def _update(call: Call, old: bool) -> SimResponse:
    row = call.account.get("groups", call.id)
    values = call.values(OLD if old else NEW)
    _check(call.account, values, row["id"])
    row.update(values)
    row["agent_ids"] = row["agent_ids"] or []
    _members(call.account, row)
    call.account.touch(row)
    return json_response(old_view(row) if old else new_view(row))


def delete(call: Call) -> SimResponse:
    """Disband a group; members and tickets stay."""
    row = call.account.get("groups", call.id)
    del call.account.tables["groups"][call.id]
    row["agent_ids"] = []
    _members(call.account, row)
    for ticket in call.account.tickets.rows.values():
        if ticket["group_id"] == call.id:
            ticket["group_id"] = None
    return empty()


def members(call: Call) -> SimResponse:
    """Return the agents of a group."""
    group = call.account.get("groups", call.id)
    rows = [call.account.tables["agents"][agent_id] for agent_id in group["agent_ids"]]
    return paged(call, rows, _member)


def _member(row: Row) -> Row:
    person = {"name": row["contact"]["name"], "avatar": {}, "email": row["contact"]["email"]}
    shown = {key: row[key] for key in ("id", "ticket_scope", "role_ids", "created_at", "updated_at")}
    return {**shown, "write_access": True, "contact": person}


def change_members(call: Call) -> SimResponse:
    """Add agents to a group, and remove those marked `deleted`."""
    account = call.account
    group = account.get("groups", call.id)
    for item in call.values(fields({HASHES: "agents"}), ("agents",))["agents"]:
        agent_id = item.get("id")
        if agent_id not in account.tables["agents"]:
            raise no_match("agents", "agent")
        if item.get("deleted") and agent_id in group["agent_ids"]:
            group["agent_ids"].remove(agent_id)
        elif not item.get("deleted") and agent_id not in group["agent_ids"]:
            group["agent_ids"].append(agent_id)
    _members(account, group)
    account.touch(group)
    return empty()


def _ordered(account: Account) -> list[Row]:
    return sorted(account.tables["groups"].values(), key=lambda row: (row["name"].casefold(), row["id"]))


ROUTES = (
    Route("POST", "/groups", lambda call: _create(call, old=True), admin=True),
    Route(
        "GET",
        "/groups",
        lambda call: paged(call, _ordered(call.account), lambda row: old_view(row, in_list=True)),
        admin=True,
    ),
    Route("GET", "/groups/{id}", lambda call: json_response(old_view(call.account.get("groups", call.id))), admin=True),
    Route("PUT", "/groups/{id}", lambda call: _update(call, old=True), admin=True),
    Route("DELETE", "/groups/{id}", delete, admin=True),
    Route("POST", "/admin/groups", lambda call: _create(call, old=False), admin=True),
    Route("GET", "/admin/groups", lambda call: paged(call, _ordered(call.account), new_view), admin=True),
    Route(
        "GET",
        "/admin/groups/{id}",
        lambda call: json_response(new_view(call.account.get("groups", call.id))),
        admin=True,
    ),
    Route("PUT", "/admin/groups/{id}", lambda call: _update(call, old=False), admin=True),
    Route("DELETE", "/admin/groups/{id}", delete, admin=True),
    Route("GET", "/admin/groups/{id}/agents", members, admin=True),
    Route("PATCH", "/admin/groups/{id}/agents", change_members, admin=True),
)
