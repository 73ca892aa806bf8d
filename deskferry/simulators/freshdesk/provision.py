"""What an administrator has set up before the first customer writes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from deskferry.errors import ConfigError
from deskferry.simulators.freshdesk import agents, defaults, field_admin, groups
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row

OWNER = ("Olive Owner", "olive.owner@acme.example")
AGENTS = (
    ("Ada Novak", "ada.novak@acme.example"),
    ("Ben Okafor", "ben.okafor@acme.example"),
    ("Carla Reyes", "carla.reyes@acme.example"),
    ("Dmitri Holm", "dmitri.holm@acme.example"),
    ("Ebba Lind", "ebba.lind@acme.example"),
)
GROUPS = ("Support", "Billing", "Escalations")


def prepare(
    account: Account,
    kind: str,
    people: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    ticket_fields: Sequence[Mapping[str, Any]],
) -> None:
    """Fill an account: `admin`, `empty` or `source`, and what the caller adds."""
    if kind not in ("admin", "empty", "source"):
        raise ConfigError(f"The Freshdesk simulator has no set-up {kind}.", "Use admin, empty or source.")
    _roles(account)
    defaults.fill(account, full=kind != "empty")
    role = {row["name"]: row["id"] for row in account.tables["roles"].values()}
    owner_role = role["Account Administrator" if account.settings.role == "admin" else "Agent"]
    add_agent(account, {"name": OWNER[0], "email": OWNER[1], "role_ids": [owner_role]})
    if kind == "admin":
        for name, email in AGENTS if not people else ():
            add_agent(account, {"name": name, "email": email})
        for name in GROUPS if not names else ():
            add_group(account, name)
        for field in defaults.CUSTOM_TICKET_FIELDS:
            field_admin.add_field(account, "ticket_fields", dict(field))
        for table, custom in (("contact_fields", defaults.CONTACT_CUSTOM), ("company_fields", defaults.COMPANY_CUSTOM)):
            for field in custom:
                field_admin.add_field(account, table, dict(field))
    for person in people:
        add_agent(account, person)
    for name in names:
        add_group(account, name)
    for given in ticket_fields:
        field_admin.add_field(account, "ticket_fields", dict(given))


def add_agent(account: Account, given: Mapping[str, Any]) -> Row:
    """Store an agent from a name and an address; other agent values are taken over."""
    known = ("role_ids", "group_ids", "ticket_scope", "occasional", "type")
    values = {key: given[key] for key in known if key in given}
    return agents.add(account, values, {"name": given["name"], "email": given["email"], "active": True})


def add_group(account: Account, name: str, members: list[int] | None = None) -> Row:
    """Store a group; its members are by default all agents but the owner."""
    members = list(account.tables["agents"])[1:] if members is None else members
    return groups.add(account, {"name": name, "agent_ids": members})


def api_key(account: Account) -> str:
    """Return the key of the account's owner; it outlives a change of the account's name."""
    return hashlib.sha256(f"api-key-{account.seed}".encode()).hexdigest()[:20]


def key_owner(account: Account, key: str) -> int | None:
    """Return the id of the agent to whom a key belongs."""
    return next(iter(account.tables["agents"])) if key and key == api_key(account) else None


def is_admin(account: Account, caller: Row, path: str) -> bool:
    """Say whether the caller may use an administrator's resource."""
    if path.startswith("/admin/ticket_fields") and not account.settings.require_origin_field_rights:
        return True
    names = {account.tables["roles"][role_id]["name"] for role_id in caller["role_ids"]}
    return bool(names & {"Account Administrator", "Administrator"})


def set_role(account: Account, role: str) -> None:
    """Give the owner of the key another role: `admin` or `agent`."""
    wanted = "Account Administrator" if role == "admin" else "Agent"
    owner = next(iter(account.tables["agents"].values()))
    owner["role_ids"] = [row["id"] for row in account.tables["roles"].values() if row["name"] == wanted]
    account.settings.role = role


def _roles(account: Account) -> None:
    for name in ("Account Administrator", "Administrator", "Supervisor", "Agent", "Ticket Collaborator"):
        account.add("roles", {"id": 0, "name": name, "description": f"{name} of the help desk", "default": True})
