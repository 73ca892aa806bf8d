"""What a request may say of a user, read and checked."""

from __future__ import annotations

import re
from typing import Any, Final

from deskferry.simulators.zendesk import custom_values
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.payloads import tags_of, whole
from deskferry.simulators.zendesk.render_people import LOCALES
from deskferry.simulators.zendesk.state import Record, State

ROLES: Final = ("end-user", "agent", "admin")
KEYS: Final = frozenset(
    {
        *("name", "email", "role", "external_id", "phone", "shared_phone_number", "alias", "details", "notes"),
        *("signature", "tags", "user_fields", "organization_id", "organization_ids", "organization", "suspended"),
        *("verified", "locale", "locale_id", "language", "time_zone", "identities", "skip_verify_email"),
        *("moderator", "ticket_restriction", "only_private_comments", "custom_role_id", "default_group_id"),
        *("group_id", "group_ids", "password", "photo", "remote_photo_url", "active_brand_id", "agent_brand_ids"),
    }
)
# Values that are kept as they come.
_TEXTS: Final = ("external_id", "phone", "alias", "details", "notes", "signature", "time_zone", "ticket_restriction")
_FLAGS: Final = ("suspended", "verified", "moderator", "only_private_comments", "shared_phone_number")
_ADDRESS: Final = re.compile(r"^[^@\s<>\",;]+@[^@\s<>\",;]+\.[^@\s<>\",;.]+$")


def read_user(state: State, given: Record, user: Record | None) -> Record:
    """Return the values that a request sets; those beside the record itself keep the names of the request."""
    values: Record = {}
    if "name" in given or user is None:
        values["name"] = str(given.get("name") or "").strip()
        if not values["name"]:
            raise record_invalid(name=problem("Name: is too short (minimum one character)", "TooShort"))
    values |= {name: _text(given[name]) for name in _TEXTS if name in given}
    values |= {name: bool(given[name]) for name in _FLAGS if name in given}
    if given.get("role") is not None:
        if given["role"] not in ROLES:
            raise record_invalid(role=problem(f"Role: {given['role']} is not valid"))
        values["role"] = given["role"]
    if "tags" in given:
        values["tags"] = tags_of(given["tags"])
    if "user_fields" in given:
        before = user["user_fields"] if user else empty_fields(state, "user_fields")
        values["user_fields"] = custom_values.keyed(state.lists.get("user_fields", []), given["user_fields"], before)
    values |= _locale(given)
    if given.get("email"):
        values["email"] = address(given["email"])
    values |= _belongs(state, given)
    values["identities"] = [identity_of(one) for one in given.get("identities") or ()]
    return values


def empty_fields(state: State, name: str) -> Record:
    """Return the custom fields of a new record: each there, none filled in."""
    return {one["key"]: None for one in state.lists.get(name, []) if one["active"]}


def address(value: Any) -> str:
    """Return an e-mail address as Zendesk keeps it, in lower case; 422 if it is none."""
    text = str(value).strip().lower()
    if not _ADDRESS.match(text) or not text.isascii():
        raise record_invalid(email=problem(f"Email: {text} is not properly formatted", "InvalidFormat"))
    return text


def identity_of(given: Any) -> tuple[str, str]:
    """Return the type and the value of an identity."""
    kind = given.get("type") if isinstance(given, dict) else None
    value = str(given.get("value") or "").strip() if isinstance(given, dict) else ""
    if kind not in ("email", "twitter", "facebook", "google", "agent_forwarding", "phone_number") or not value:
        raise record_invalid(identities=problem("Identities: is invalid"))
    return str(kind), address(value) if kind in ("email", "google") else value


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _locale(given: Record) -> Record:
    wanted = str(given.get("locale") or given.get("language") or "").lower()
    for number, code in LOCALES.values():
        if wanted in (code.lower(), code.lower().partition("-")[0]) or (
            not wanted and given.get("locale_id") == number
        ):
            return {"locale_id": number, "locale": code}
    return {}


def _belongs(state: State, given: Record) -> Record:
    """Return the organizations and the groups that a request names; all must exist."""
    found: Record = {}
    if "organization_id" in given:
        wanted = whole(given["organization_id"], "organization_id")
        found["organization_id"] = None if wanted is None else _organization(state, wanted)
    if given.get("organization_ids"):
        found["organization_ids"] = [_organization(state, int(one)) for one in given["organization_ids"]]
    if isinstance(given.get("organization"), dict) and given["organization"].get("name"):
        found["organization_name"] = str(given["organization"]["name"]).strip()
    groups = {one["id"] for one in state.lists.get("groups", []) if not one["deleted"]}
    named = [*(given.get("group_ids") or ()), given.get("default_group_id") or given.get("group_id")]
    wanted_groups = [int(one) for one in dict.fromkeys(named) if one]
    if set(wanted_groups) - groups:
        raise record_invalid(group=problem("Group: is invalid"))
    if wanted_groups:
        found["group_ids"] = wanted_groups
    return found


def _organization(state: State, identifier: int) -> int:
    if state.organizations.get(identifier) is None:
        raise record_invalid(organization=problem("Organization: is invalid"))
    return identifier
