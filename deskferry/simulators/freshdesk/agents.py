"""Agents: seats, the id space they share with contacts, and what deletion leaves of them."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.freshdesk import contacts, jobs
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import FLAG, HASHES, TEXT, WHOLE, WHOLES, fields, one_of, read
from deskferry.simulators.freshdesk.companies import begins
from deskferry.simulators.freshdesk.errors import ApiError, Row, denied, duplicate, fault, invalid, no_match
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.names import LANGUAGES, TIME_ZONES
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

SPEC = fields(
    {
        FLAG: "occasional focus_mode",
        TEXT: "signature email language time_zone name",
        WHOLE: "ticket_scope agent_type",
        WHOLES: "skill_ids group_ids role_ids",
    },
)
CHANGE = {name: kind for name, kind in SPEC.items() if name not in ("agent_type", "name")}
PERSONAL = ("agent_type", "name", "email", "language", "time_zone")
MAKE = {name: kind for name, kind in SPEC.items() if name not in PERSONAL}
MAKE |= fields({TEXT: "type"})
TYPES = {1: "support_agent", 2: "field_agent", 3: "collaborator"}
BULK = {**SPEC, **fields({TEXT: "phone mobile job_title"})}


def show(row: Row, *, in_list: bool = False) -> Row:
    """Return an agent; lists leave out groups, roles and skills."""
    left_out = ("group_ids", "role_ids", "skill_ids") if in_list else ()
    return {key: value for key, value in row.items() if key[0] != "_" and key not in left_out}


def add(account: Account, values: Row, contact: Row, user_id: int = 0) -> Row:
    """Store a new agent; `contact` is the person behind it."""
    moment = account.now()
    person: Row = {"active": False, "email": None, "job_title": None, "language": "en", "last_login_at": None}
    person |= {"mobile": None, "name": None, "phone": None, "time_zone": account.settings.time_zone}
    person |= {"created_at": moment, "updated_at": moment} | contact
    row: Row = {"available": True, "occasional": False, "id": user_id or account.new_id("contacts")}
    row |= {"ticket_scope": 1, "signature": None, "group_ids": [], "role_ids": [], "skill_ids": []}
    row |= {"available_since": None, "type": "support_agent", "focus_mode": True, "deactivated": False}
    row |= {"contact": person} | {key: value for key, value in values.items() if value is not None}
    if not row["role_ids"]:
        row["role_ids"] = [next(r["id"] for r in account.tables["roles"].values() if r["name"] == "Agent")]
    account.add("agents", row)
    account.people_by["email"][person["email"].lower()] = row["id"]
    join_groups(account, row)
    return row


def join_groups(account: Account, agent: Row) -> None:
    """Make the members of all groups agree with an agent's list."""
    for group in account.tables["groups"].values():
        member = agent["id"] in group["agent_ids"]
        if group["id"] in agent["group_ids"] and not member:
            group["agent_ids"].append(agent["id"])
        elif member and group["id"] not in agent["group_ids"]:
            group["agent_ids"].remove(agent["id"])


def check(account: Account, values: Row) -> None:
    """Refuse unknown groups, roles and scopes."""
    for name, table in (("group_ids", "groups"), ("role_ids", "roles"), ("skill_ids", "skills")):
        if any(row_id not in account.tables[table] for row_id in values.get(name) or ()):
            raise invalid(fault(name, f"There are no records matching the ids of {name}"))
    one_of("ticket_scope", values.get("ticket_scope"), (1, 2, 3))
    one_of("agent_type", values.get("agent_type"), (1, 2, 3))
    one_of("language", values.get("language"), sorted(LANGUAGES))
    one_of("time_zone", values.get("time_zone"), sorted(TIME_ZONES))


def need_seat(account: Account, kind: str, *, occasional: bool) -> None:
    """Refuse a full-time agent for whom there is no seat."""
    full = [row for row in account.tables["agents"].values() if not row["occasional"] and row["type"] != TYPES[3]]
    if kind == TYPES[3]:
        account.need("collaborators")
    elif not occasional and len(full) >= account.settings.max_agents:
        raise denied("max_agents_reached", "You have reached the maximum number of agents allowed in your account.")


def create(call: Call) -> SimResponse:
    """Create an agent, unless the seats are taken or the address is."""
    row = _create(call.account, call.values(SPEC, ("email", "ticket_scope")))
    return created(call, "/agents", show(row))


def _create(account: Account, values: Row) -> Row:
    check(account, values)
    email = values.pop("email")
    if not contacts.EMAIL.match(email):
        raise invalid(fault("email", "It should be in the 'valid email address' format"))
    if email.lower() in account.people_by["email"]:
        raise duplicate("email", user_id=account.people_by["email"][email.lower()])
    kind = TYPES[values.pop("agent_type", None) or 1]
    need_seat(account, kind, occasional=bool(values.get("occasional")))
    names = ("language", "time_zone", "name", "phone", "mobile", "job_title")
    person = {key: values.pop(key) for key in names if values.get(key) is not None}
    person.setdefault("name", email.partition("@")[0])
    return add(account, {**values, "type": kind}, {**person, "email": email})


def update(call: Call) -> SimResponse:
    """Change an agent; nobody changes their own scope or roles."""
    account = call.account
    row = account.get("agents", call.id)
    values = call.values(CHANGE)
    check(account, values)
    if row["id"] == call.caller["id"] and {"ticket_scope", "role_ids"} & set(values):
        name = "ticket_scope" if "ticket_scope" in values else "role_ids"
        raise invalid(fault(name, "You cannot change this value of your own", "inaccessible_field"))
    for name in ("email", "language", "time_zone"):
        if name in values:
            row["contact"][name] = values.pop(name)
    row.update({key: value for key, value in values.items() if value is not None})
    account.people_by["email"][row["contact"]["email"].lower()] = row["id"]
    join_groups(account, row)
    account.touch(row)
    return json_response(show(row))


def delete(call: Call) -> SimResponse:
    """Turn an agent into a contact with the same id."""
    account = call.account
    row = account.get("agents", call.id)
    if row["id"] == call.caller["id"]:
        raise denied("access_denied", "You cannot delete yourself.")
    del account.tables["agents"][call.id]
    row["group_ids"] = []
    join_groups(account, row)
    person = {key: value for key, value in row["contact"].items() if key not in ("last_login_at", "updated_at")}
    contacts.add(account, person, contact_id=call.id)
    return empty()


def make_agent(call: Call) -> SimResponse:
    """Turn a contact into an agent with the same id."""
    account = call.account
    row = contacts.live(account, call.id)
    values = call.values(MAKE)
    check(account, values)
    if not row["email"]:
        text = "Contact with email id is required to convert it to an agent."
        raise ApiError(
            409, {"description": "Validation failed", "errors": [fault("email", text, "inconsistent_state")]}
        )
    kind = values.pop("type", None) or TYPES[1]
    one_of("type", kind, tuple(TYPES.values()))
    need_seat(account, kind, occasional=bool(values.get("occasional")))
    contacts.unregister(account, call.id)
    del account.tables["contacts"][call.id]
    account.note_search("contacts", call.id, None)
    names = ("active", "email", "job_title", "language", "mobile", "name", "phone", "time_zone", "created_at")
    agent = add(account, {**values, "type": kind}, {name: row[name] for name in names}, call.id)
    return json_response({**agent["contact"], "agent": {k: v for k, v in show(agent).items() if k != "contact"}})


def view(call: Call) -> SimResponse:
    """Return one agent."""
    return json_response(show(call.account.get("agents", call.id)))


def me(call: Call) -> SimResponse:
    """Return the agent whose key it is."""
    return json_response(show(call.caller))


def listing(call: Call) -> SimResponse:
    """Return agents in alphabetical order."""
    query = call.query("email", "mobile", "phone", "state", "only")
    one_of("state", query.get("state"), ("fulltime", "occasional"))
    rows = [row for row in call.account.tables["agents"].values() if _fits(row, query)]
    rows.sort(key=lambda row: ((row["contact"]["name"] or "").casefold(), row["id"]))
    return paged(call, rows, lambda row: show(row, in_list=True))


def _fits(row: Row, query: dict[str, str]) -> bool:
    if "state" in query and row["occasional"] is not (query["state"] == "occasional"):
        return False
    person: dict[str, Any] = row["contact"]
    names = [name for name in ("email", "mobile", "phone") if name in query]
    return all((person[name] or "").lower() == query[name].lower() for name in names)


def autocomplete(call: Call) -> SimResponse:
    """Return agents of whose name or address a word begins with the term."""
    term = (call.query("term").get("term") or "").casefold()
    found = []
    for row in call.account.tables["agents"].values():
        person = row["contact"]
        if begins(person["name"] or "", term) or begins(person["email"], term):
            found.append({"id": row["id"], "name": person["name"], "email": person["email"], "avatar": None})
    return json_response(found)


def bulk(call: Call) -> SimResponse:
    """Create many agents in the background."""
    account = call.account
    rows = call.values(fields({HASHES: "agents"}), ("agents",))["agents"]
    checked = [read(Payload(row), BULK, ("email", "ticket_scope")) for row in rows]

    def one(values: Row) -> Row:
        return {"id": _create(account, values)["id"], "success": True}

    return jobs.start(account, "Agents::BulkCreate", checked, one)


def of_group(account: Account, agent_id: int | None, name: str = "responder_id") -> Row | None:
    """Return the agent of an id that a ticket names; raises for an id that is no agent's."""
    if agent_id is None:
        return None
    row = account.tables["agents"].get(agent_id)
    if row is None:
        raise no_match(name, "agent")
    return row


ROUTES = (
    Route("POST", "/agents", create, admin=True),
    Route("GET", "/agents", listing, admin=True),
    Route("GET", "/agents/me", me),
    Route("GET", "/agents/autocomplete", autocomplete, admin=True),
    Route("POST", "/agents/bulk", bulk, admin=True),
    Route("GET", "/agents/{id}", view, admin=True),
    Route("PUT", "/agents/{id}", update, admin=True),
    Route("DELETE", "/agents/{id}", delete, admin=True),
    Route("PUT", "/contacts/{id}/make_agent", make_agent, admin=True),
)
