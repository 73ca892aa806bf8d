"""Users, teams and their members, the status of users: to read; nobody is made or removed by the API."""

from __future__ import annotations

from typing import Any

from deskferry.simulators.help_scout import people
from deskferry.simulators.help_scout.account import Account
from deskferry.simulators.help_scout.errors import Row, wrong
from deskferry.simulators.help_scout.paging import paged
from deskferry.simulators.help_scout.routing import Call, Route, empty, hal
from deskferry.simulators.kernel import SimResponse

FIELDS = (
    *("id", "companyId", "firstName", "lastName", "email", "role", "timezone", "photoUrl", "createdAt", "updatedAt"),
    *("type", "mention", "initials", "jobTitle", "phone", "alternateEmails"),
)


def add_user(account: Account, values: Row) -> Row:
    """Store a user from a name and an address."""
    first, _, last = str(values["name"]).partition(" ")
    row: Row = {"companyId": account.settings.company_id, "firstName": first, "lastName": last or "-"}
    row |= {"role": "user", "type": "user", "jobTitle": "", "phone": "", "photoUrl": None, "alternateEmails": []}
    row |= {"timezone": "America/New_York", "mention": first.casefold(), "_mailboxes": None}
    row["initials"] = f"{first[:1]}{last[:1]}".upper()
    row |= {key: value for key, value in values.items() if key != "name"}
    row["_status"] = {"email": {"status": "active"}, "chat": {"status": "available"}}
    return account.add("users", row)


def add_team(account: Account, name: str, members: list[int], **times: str) -> Row:
    """Store a team; it can be given conversations as a user can."""
    row: Row = {"name": name, "mention": name.casefold().replace(" ", "-"), "type": "team", "photoUrl": None}
    row |= {"initials": name[:2].upper(), "timezone": "UTC", "_members": members, **times}
    return account.add("teams", row)


def _shown(row: Row) -> Row:
    return {name: row[name] for name in FIELDS if row.get(name) is not None}


def _show(account: Account, row: Row) -> Row:
    role = account.role if row["id"] == account.owner() else row["role"]
    links = {"self": {"href": f"{account.settings.origin}/v2/users/{row['id']}"}}
    return {**_shown(row), "role": role, "_links": links}


def list_all(call: Call) -> SimResponse:
    """Return a page of the users."""
    account, email, box = call.account, call.param("email"), call.number("mailbox")
    rows = [
        row
        for row in account.tables["users"].values()
        if (email is None or row["email"].casefold() == email.casefold())
        and (box is None or row["_mailboxes"] is None or box in row["_mailboxes"])
    ]
    return paged(call, "users", rows, lambda row: _show(account, row), account.settings.list_page)


def get(call: Call) -> SimResponse:
    """Return one user; whoever left is 404, and so is a team."""
    return hal(_show(call.account, call.account.get("users", call.id)))


def me(call: Call) -> SimResponse:
    """Return the user whose token it is."""
    return hal(_show(call.account, call.account.get("users", call.user_id)))


def list_teams(call: Call) -> SimResponse:
    """Return a page of the teams."""
    account = call.account
    rows = list(account.tables["teams"].values())
    return paged(call, "teams", rows, lambda row: _show_team(account, row), account.settings.list_page)


def _show_team(account: Account, row: Row) -> Row:
    names = ("id", "name", "createdAt", "updatedAt", "mention", "initials", "timezone", "photoUrl")
    shown = {name: row[name] for name in names if row[name] is not None}
    own = f"{account.settings.origin}/v2/teams/{row['id']}"
    return {**shown, "_links": {"members": {"href": f"{own}/members"}}}


def members(call: Call) -> SimResponse:
    """Return a page of the members of a team, as users."""
    account = call.account
    team = account.get("teams", call.id)
    users = account.tables["users"]
    rows = [users[user_id] for user_id in team["_members"] if user_id in users]
    return paged(call, "users", rows, lambda row: _show(account, row), account.settings.list_page)


def list_system(call: Call) -> SimResponse:
    """Return a page of the vendor's assistants, which are in no list of users (endpoints/system-users/list)."""
    rows = [row for row in call.account.gone_users.values() if row.get("type") == people.SYSTEM_USER]
    size = call.account.settings.list_page
    return paged(call, "system_users", rows, lambda row: _show_system(call.account, row), size)


def _show_system(account: Account, row: Row) -> Row:
    shown: Row = {name: row[name] for name in ("id", "type", "firstName", "lastName")}
    shown |= {"initials": row["firstName"][:1] + row["lastName"][:1], "email": None, "mention": None, "role": "user"}
    moment = account.tables["users"][account.owner()]["createdAt"]
    shown |= {"timezone": "UTC", "photoUrl": None, "createdAt": moment, "updatedAt": moment}
    return {**shown, "_links": {"self": {"href": f"{account.settings.origin}/v3/system-users/{row['id']}"}}}


def get_status(call: Call) -> SimResponse:
    """Return whether a user is there."""
    row = call.account.get("users", call.id)
    return hal({"userId": row["id"], **row["_status"]})


def list_status(call: Call) -> SimResponse:
    """Return whether the users are there."""
    account = call.account
    rows = list(account.tables["users"].values())
    shown = [{"userId": row["id"], **row["_status"]} for row in rows]
    return paged(call, "users-status", shown, dict, account.settings.list_page)


def set_status(call: Call) -> SimResponse:
    """Say whether a user is there; a status of one's own needs a text."""
    row, body = call.account.get("users", call.id), call.body()
    email: Any = body.get("email") or {}
    if email.get("status") == "custom" and not email.get("text"):
        raise wrong("email.text", "may not be empty", "NotEmpty")
    row["_status"] = {**row["_status"], **{name: body[name] for name in ("email", "chat") if name in body}}
    return empty()


ROUTES = (
    Route("GET", "/v2/users", list_all),
    Route("GET", "/v2/users/me", me),
    Route("GET", "/v2/users/status", list_status),
    Route("GET", "/v2/users/{id}", get),
    Route("GET", "/v2/users/{id}/status", get_status),
    Route("PUT", "/v2/users/{id}/status", set_status),
    Route("GET", "/v3/system-users", list_system),
    Route("GET", "/v2/teams", list_teams),
    Route("GET", "/v2/teams/{id}/members", members),
)
