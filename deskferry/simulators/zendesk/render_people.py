"""Generated people and organizations in Zendesk's words: users, identities, memberships."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from deskferry.simulators.account import Account, Organization, Person
from deskferry.simulators.zendesk.ids import id_of, iso, iso_or_none

LOCALES: Final = {"en": (1, "en-US"), "es": (2, "es"), "de": (8, "de"), "ja": (67, "ja"), "ar": (66, "ar")}
_RAILS_ZONES: Final = {
    "America/New_York": "Eastern Time (US & Canada)",
    "Europe/Madrid": "Madrid",
    "Europe/Berlin": "Berlin",
    "Asia/Tokyo": "Tokyo",
    "Asia/Dubai": "Abu Dhabi",
}
_ROLES: Final = {"customer": "end-user", "light_agent": "agent"}


def rails_zone(name: str) -> str:
    """Return the name by which Zendesk calls a time zone."""
    return _RAILS_ZONES.get(name, name)


def user(host: str, person: Person) -> dict[str, Any]:
    """Return a person as a user."""
    identifier = id_of("user", person.key)
    locale_id, locale = LOCALES[person.language]
    staff = person.is_staff and person.active
    # Somebody who left was downgraded: Zendesk keeps them as a deleted end user.
    role = _ROLES.get(person.role, person.role) if staff else "end-user"
    return {
        "id": identifier,
        "url": f"{host}/api/v2/users/{identifier}.json",
        "name": person.name,
        "email": person.emails[0].lower() if person.emails else None,
        "created_at": iso(person.created_at),
        "updated_at": iso(person.updated_at),
        "time_zone": rails_zone(person.timezone),
        "iana_time_zone": person.timezone,
        "phone": person.phones[0] if person.phones else None,
        "shared_phone_number": False if person.phones else None,
        "photo": None,
        "locale_id": locale_id,
        "locale": locale,
        "organization_id": id_of("organization", person.organizations[0]) if person.organizations else None,
        "role": role,
        "verified": person.verified,
        "external_id": person.external_id,
        "tags": list(person.tags),
        "alias": person.alias,
        "active": person.active,
        "shared": False,
        "shared_agent": False,
        "last_login_at": iso_or_none(person.last_login_at),
        "two_factor_auth_enabled": False if staff else None,
        "signature": person.signature if staff else None,
        "details": person.details,
        "notes": person.notes,
        "role_type": {"admin": 4, "light_agent": 1}.get(person.role) if staff else None,
        "custom_role_id": None,
        "moderator": staff,
        "ticket_restriction": None if person.role == "admin" else "groups" if staff else "requested",
        "only_private_comments": person.role == "light_agent",
        "restricted_agent": person.role != "admin",
        "suspended": person.suspended,
        "default_group_id": id_of("group", person.groups[0]) if person.groups and staff else None,
        "report_csv": person.role == "admin",
        "user_fields": {name: person.fields.get(name) for name in ("plan", "birthday")},
    }


def organization(host: str, one: Organization) -> dict[str, Any]:
    """Return an organization."""
    identifier = id_of("organization", one.key)
    return {
        "url": f"{host}/api/v2/organizations/{identifier}.json",
        "id": identifier,
        "name": one.name,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": one.external_id,
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
        "domain_names": list(one.domains),
        "details": one.details,
        "notes": one.notes,
        "group_id": None,
        "tags": list(one.tags),
        "organization_fields": {name: one.fields.get(name) for name in ("tier", "seats", "renewal")},
    }


def identities(host: str, person: Person) -> list[dict[str, Any]]:
    """Return the ways in which a person is known; the first of a type is the primary one."""
    handles = (person.twitter,) if person.twitter else ()
    kinds = (("email", person.emails), ("phone_number", person.phones), ("twitter", handles))
    found: list[dict[str, Any]] = []
    for kind, values in kinds:
        for place, value in enumerate(values):
            identifier = id_of("identity", person.key * 16 + len(found))
            address = {"undeliverable_count": 0, "deliverable_state": "deliverable"} if kind == "email" else {}
            found.append(
                {
                    "url": f"{host}/api/v2/users/{id_of('user', person.key)}/identities/{identifier}.json",
                    "id": identifier,
                    "user_id": id_of("user", person.key),
                    "type": kind,
                    "value": value.lower() if kind == "email" else value,
                    "verified": person.verified,
                    "primary": place == 0,
                    "created_at": iso(person.created_at),
                    "updated_at": iso(person.updated_at),
                    "verification_method": "low",
                    **address,
                }
            )
    return found


def organization_memberships(host: str, account: Account) -> Iterator[dict[str, Any]]:
    """Go through who belongs to which organization."""
    for person in account.people:
        for place, key in enumerate(person.organizations):
            identifier = id_of("membership", person.key * 8 + place)
            yield {
                "url": f"{host}/api/v2/organization_memberships/{identifier}.json",
                "id": identifier,
                "user_id": id_of("user", person.key),
                "organization_id": id_of("organization", key),
                "default": True if place == 0 else None,
                "created_at": iso(person.created_at),
                "organization_name": account.organizations.by_key(key).name,
                "updated_at": iso(person.created_at),
                "view_tickets": True,
            }


def group_memberships(host: str, account: Account) -> list[dict[str, Any]]:
    """Return who works in which group; memberships of the oldest lack `updated_at`, as real ones can."""
    found = []
    for person in account.agents:
        for place, key in enumerate(person.groups if person.active else ()):
            identifier = id_of("group_membership", person.key * 8 + place)
            row = {
                "url": f"{host}/api/v2/group_memberships/{identifier}.json",
                "id": identifier,
                "user_id": id_of("user", person.key),
                "group_id": id_of("group", key),
                "default": place == 0,
                "created_at": iso(person.created_at),
                "updated_at": iso(person.created_at),
            }
            if person.key == 1:
                del row["updated_at"]
            found.append(row)
    return found
