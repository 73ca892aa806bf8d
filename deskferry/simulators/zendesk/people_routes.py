"""Users, their identities and memberships, organizations, groups."""

from __future__ import annotations

from typing import Any, Final

from deskferry.simulators.zendesk import memberships
from deskferry.simulators.zendesk.errors import bad_parameter, no_record
from deskferry.simulators.zendesk.identities import identities_of
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.paging import Rows, paged, rows_of
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.search import LAG
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.ticket_routes import count_of

_ANONYMOUS: Final = {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}


def me(call: Call) -> Record:
    """Answer `GET /users/me`: nobody's credentials get an anonymous user with status 200."""
    if call.caller.user_id is None:
        return {"user": {**_ANONYMOUS, "active": False, "verified": False, "tags": [], "user_fields": {}}}
    user = call.state.users.get(call.caller.user_id)
    if user is None:
        raise no_record()
    return {"user": {**user, "authenticity_token": None}}


def _wanted(call: Call, user: Record) -> bool:
    roles = [value for name, value in call.request.query if name in ("role", "role[]")]
    return user["active"] and (not roles or user["role"] in roles)


def _user_ids(call: Call) -> list[int]:
    users = call.state.users
    roles = tuple(value for name, value in call.request.query if name in ("role", "role[]"))
    ids: list[int] = call.state.remembered(
        f"users/{roles}", users.version, lambda: [user["id"] for user in users if _wanted(call, user)]
    )
    return ids


def _rows(store: Store[Record], ids: Any) -> Rows:
    def row(identifier: int) -> Record:
        record = store.get(identifier)
        assert record is not None
        return record

    return Rows(ids, row)


def list_users(call: Call) -> Record:
    """Answer `GET /users`: active ones, by role if asked."""
    page = paged(call.request, call.state.host, "users", _rows(call.state.users, _user_ids(call)))
    return {**page, **_beside_users(call, page["users"])}


def _beside_users(call: Call, users: list[Record]) -> Record:
    found: Record = {}
    if "organizations" in call.includes:
        wanted = dict.fromkeys(user["organization_id"] for user in users if user["organization_id"])
        found["organizations"] = [one for one in map(call.state.organizations.get, wanted) if one is not None]
    if "groups" in call.includes:
        found["groups"] = call.state.lists["groups"]
    if "identities" in call.includes:
        found["identities"] = [one for user in users for one in identities_of(call.state, user["id"])]
    return found


def show_user(call: Call) -> Record:
    """Answer `GET /users/{id}`; deleted ones are still shown, with `active` false."""
    user = call.state.users.get(call.ids[0])
    if user is None:
        raise no_record()
    return {"user": user, **_beside_users(call, [user])}


def _many(call: Call, store: Store[Record]) -> list[Record]:
    ids, external = call.request.param("ids"), call.request.param("external_ids")
    wanted = (ids or external or "").split(",")
    if len(wanted) > 100:
        raise bad_parameter("TooManyValues", "ids must have at most 100 values")
    if ids is not None:
        found = [store.get(int(one)) for one in wanted if one.strip().isdigit()]
        return [one for one in found if one is not None]
    lowered = {one.lower() for one in wanted}
    return [one for one in store if one["external_id"] and one["external_id"].lower() in lowered]


def show_many_users(call: Call) -> Record:
    """Answer `GET /users/show_many`."""
    found = _many(call, call.state.users)
    return {"users": found, "count": len(found), "next_page": None, "previous_page": None}


def search_users(call: Call) -> Record:
    """Answer `GET /users/search` by `external_id` or by text in name, e-mail, phone or notes; it lags."""
    until = iso(call.state.now() - LAG)
    external, text = call.request.param("external_id"), (call.request.param("query") or "").lower()
    text = text.removeprefix("email:").removeprefix("name:").strip('"')

    def fits(user: Record) -> bool:
        if user["updated_at"] > until:
            return False
        if external is not None:
            return (user["external_id"] or "").lower() == external.lower()
        words = (user["name"], user["email"], user["phone"], user["notes"])
        return user["active"] and any(text in str(word or "").lower() for word in words)

    return paged(call.request, call.state.host, "users", rows_of([one for one in call.state.users if fits(one)]))


def count_users(call: Call) -> Record:
    """Answer `GET /users/count`."""
    return count_of(call, len(_user_ids(call)))


def deleted_users(call: Call) -> Record:
    """Answer `GET /deleted_users`, those deleted for good included."""
    users = call.state.users
    ids = call.state.remembered(
        "deleted_users", users.version, lambda: [one["id"] for one in users if not one["active"]]
    )
    page = paged(call.request, call.state.host, "deleted_users", _rows(users, ids))
    page["deleted_users"] = [deleted_user(call, one) for one in page["deleted_users"]]
    return page


def deleted_user(call: Call, user: Record) -> Record:
    """Return a user as `/deleted_users` shows them."""
    names = ("id", "name", "email", "created_at", "updated_at", "time_zone", "phone", "shared_phone_number", "photo")
    kept = {name: user[name] for name in (*names, "locale_id", "locale", "organization_id", "role", "active")}
    return {**kept, "url": f"{call.state.host}/api/v2/deleted_users/{user['id']}.json"}


def count_deleted_users(call: Call) -> Record:
    """Answer `GET /deleted_users/count`."""
    return count_of(call, sum(1 for one in call.state.users if not one["active"]))


def user_identities(call: Call) -> Record:
    """Answer `GET /users/{id}/identities`: none for those who are deleted."""
    user = call.state.users.get(call.ids[0])
    if user is None:
        raise no_record()
    found = identities_of(call.state, call.ids[0]) if user["active"] else []
    kinds = [value for name, value in call.request.query if name in ("type", "type[]")]
    found = [one for one in found if not kinds or one["type"] in kinds]
    return paged(call.request, call.state.host, "identities", rows_of(found))


def list_organizations(call: Call) -> Record:
    """Answer `GET /organizations`."""
    store = call.state.organizations
    return paged(call.request, call.state.host, "organizations", _rows(store, store.ids()))


def show_organization(call: Call) -> Record:
    """Answer `GET /organizations/{id}`."""
    found = call.state.organizations.get(call.ids[0])
    if found is None:
        raise no_record()
    return {"organization": found}


def show_many_organizations(call: Call) -> Record:
    """Answer `GET /organizations/show_many`."""
    found = _many(call, call.state.organizations)
    return {"organizations": found, "count": len(found), "next_page": None, "previous_page": None}


def search_organizations(call: Call) -> Record:
    """Answer `GET /organizations/search` by `external_id` or `name`."""
    external, name = call.request.param("external_id"), call.request.param("name")
    if external is None and name is None:
        raise bad_parameter("InvalidParameter", "external_id or name is required")
    store = call.state.organizations
    found = [
        one
        for one in store
        if (external is not None and (one["external_id"] or "").lower() == external.lower())
        or (name is not None and one["name"].lower() == name.lower())
    ]
    return paged(call.request, call.state.host, "organizations", rows_of(found))


def count_organizations(call: Call) -> Record:
    """Answer `GET /organizations/count`."""
    return count_of(call, len(call.state.organizations.ids()))


def organization_memberships(call: Call) -> Record:
    """Answer `GET /organization_memberships`, also below a user or an organization."""
    found = memberships.all_rows(call.state)
    if call.ids:
        name = "user_id" if "/users/" in call.request.path else "organization_id"
        found = [one for one in found if one[name] == call.ids[0]]
    return paged(call.request, call.state.host, "organization_memberships", rows_of(found))


def group_memberships(call: Call) -> Record:
    """Answer `GET /group_memberships`, also below a user or a group."""
    found = call.state.lists.get("group_memberships", [])
    if call.ids:
        name = "user_id" if "/users/" in call.request.path else "group_id"
        found = [one for one in found if one[name] == call.ids[0]]
    return paged(call.request, call.state.host, "group_memberships", rows_of(found))


def groups(call: Call) -> Record:
    """Answer `GET /groups`: deleted ones only with `exclude_deleted=false`."""
    found = call.state.lists["groups"]
    if call.request.param("exclude_deleted") != "false":
        found = [one for one in found if not one["deleted"]]
    return paged(call.request, call.state.host, "groups", rows_of(found))


def show_group(call: Call) -> Record:
    """Answer `GET /groups/{id}`."""
    found = [one for one in call.state.lists["groups"] if one["id"] == call.ids[0]]
    if not found:
        raise no_record()
    return {"group": found[0]}


def count_groups(call: Call) -> Record:
    """Answer `GET /groups/count`."""
    return count_of(call, sum(1 for one in call.state.lists["groups"] if not one["deleted"]))


ROUTES: Final = routes(
    Route("GET", "/api/v2/users/me", me, anonymous=True),
    ("GET /api/v2/users", list_users),
    ("GET /api/v2/users/count", count_users),
    ("GET /api/v2/users/show_many", show_many_users),
    ("GET /api/v2/users/search", search_users),
    ("GET /api/v2/users/{id}", show_user),
    ("GET /api/v2/users/{id}/identities", user_identities),
    ("GET /api/v2/users/{id}/organization_memberships", organization_memberships),
    ("GET /api/v2/users/{id}/group_memberships", group_memberships),
    ("GET /api/v2/deleted_users", deleted_users),
    ("GET /api/v2/deleted_users/count", count_deleted_users),
    ("GET /api/v2/organizations", list_organizations),
    ("GET /api/v2/organizations/count", count_organizations),
    ("GET /api/v2/organizations/show_many", show_many_organizations),
    ("GET /api/v2/organizations/search", search_organizations),
    ("GET /api/v2/organizations/{id}", show_organization),
    ("GET /api/v2/organizations/{id}/organization_memberships", organization_memberships),
    ("GET /api/v2/organization_memberships", organization_memberships),
    ("GET /api/v2/group_memberships", group_memberships),
    ("GET /api/v2/groups", groups),
    ("GET /api/v2/groups/count", count_groups),
    ("GET /api/v2/groups/{id}", show_group),
    ("GET /api/v2/groups/{id}/memberships", group_memberships),
)
