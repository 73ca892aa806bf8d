"""Writing organizations and who belongs to them."""

from __future__ import annotations

from typing import Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import jobs, memberships, organizations, payloads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.users import keep_user


def _found(state: State, identifier: int | None) -> Record:
    record = None if identifier is None else state.organizations.get(identifier)
    if record is None:
        raise no_record()
    return record


def create(call: Call) -> SimResponse:
    """Answer `POST /organizations`: names are unique, whatever their case and the spaces around them."""
    given = payloads.envelope(call, "organization")
    record = organizations.write(call.state, given, None)
    removed = payloads.dropped(given, organizations.KEYS)
    return payloads.answered({"organization": record}, 201, removed, Location=record["url"])


def create_or_update(call: Call) -> SimResponse:
    """Answer `POST /organizations/create_or_update`: known by id or external id, never by name."""
    given = payloads.envelope(call, "organization")
    number = whole(given.get("id"), "id")
    known = _found(call.state, number) if number else organizations.by_external(call.state, given.get("external_id"))
    record = organizations.write(call.state, given, known)
    removed = payloads.dropped(given, organizations.KEYS)
    return payloads.answered({"organization": record}, 201 if known is None else 200, removed)


def update(call: Call) -> SimResponse:
    """Answer `PUT /organizations/{id}`: `domain_names` replaces the whole list."""
    given = payloads.envelope(call, "organization")
    record = organizations.write(call.state, given, _found(call.state, call.ids[0]))
    return payloads.answered({"organization": record}, 200, payloads.dropped(given, organizations.KEYS))


def delete(call: Call) -> SimResponse:
    """Answer `DELETE /organizations/{id}`."""
    organizations.delete(call.state, _found(call.state, call.ids[0]))
    return SimResponse(204)


def create_many(call: Call) -> SimResponse:
    """Answer `POST /organizations/create_many`."""
    rows = jobs.many(payloads.body_of(call), "organizations")

    def one(place: int, given: Record) -> Record:
        record = organizations.write(call.state, given, None)
        external = {"external_id": record["external_id"]} if record["external_id"] else {}
        return {"id": record["id"], "index": place, **external}

    return jobs.start_job(call, "Bulk Create Organization", rows, one)


def update_many(call: Call) -> SimResponse:
    """Answer `PUT /organizations/update_many`: one change for `ids`, or a list with theirs."""
    body = payloads.body_of(call)
    if "organizations" in body:
        rows = jobs.many(body, "organizations")
    else:
        change = payloads.envelope(call, "organization")
        rows = [{**change, "id": one} for one in _wanted(call)]

    def one(_place: int, given: Record) -> Record:
        record = organizations.write(call.state, given, _found(call.state, whole(given.get("id"), "id")))
        return {"action": "update", "id": record["id"], "status": "Updated", "success": True}

    return jobs.start_job(call, "Bulk Update Organization", rows, one)


def _wanted(call: Call) -> list[int]:
    external = call.request.param("external_ids")
    if external is None:
        return jobs.ids_of(call)
    words = jobs.at_most([one for one in external.split(",") if one], "external_ids")
    found = [organizations.by_external(call.state, one) for one in words]
    return [0 if one is None else int(one["id"]) for one in found]


def destroy_many(call: Call) -> SimResponse:
    """Answer `DELETE /organizations/destroy_many`."""

    def one(_place: int, identifier: int) -> Record:
        organizations.delete(call.state, _found(call.state, identifier))
        return {"action": "delete", "id": identifier, "status": "Deleted", "success": True}

    return jobs.start_job(call, "Bulk Delete Organization", _wanted(call), one)


def set_tags(call: Call) -> SimResponse:
    """Answer `POST` (replace), `PUT` (add) and `DELETE` (remove) of `/organizations/{id}/tags`."""
    record = _found(call.state, call.ids[0])
    tags = payloads.combined(call.request.method, record["tags"], payloads.body_of(call).get("tags"))
    organizations.write(call.state, {"tags": tags}, record)
    return json_response({"tags": tags}, 201 if call.request.method == "POST" else 200)


def join(state: State, given: Record) -> Record:
    """Make a user a member of an organization; 422 if they are one."""
    user_id, organization_id = whole(given.get("user_id"), "user_id"), whole(given.get("organization_id"), "id")
    user = None if user_id is None else state.users.get(user_id)
    known = None if organization_id is None else state.organizations.get(organization_id)
    if user is None or known is None or not user["active"]:
        raise record_invalid(base=problem("Organization membership: user or organization is invalid"))
    if known["id"] in memberships.organizations_of(state, user["id"]):
        raise record_invalid(user_id=problem("User has already been taken", "DuplicateValue"))
    row = memberships.add(state, user["id"], known["id"], default=bool(given.get("default")))
    keep_user(state, {**user, "organization_id": memberships.default_of(state, user["id"])})
    return row


def create_membership(call: Call) -> SimResponse:
    """Answer `POST /organization_memberships`, also below a user."""
    given = payloads.envelope(call, "organization_membership")
    row = join(call.state, {**given, **({"user_id": call.ids[0]} if call.ids else {})})
    return json_response({"organization_membership": row}, 201)


def create_memberships(call: Call) -> SimResponse:
    """Answer `POST /organization_memberships/create_many`."""
    rows = jobs.many(payloads.body_of(call), "organization_memberships")

    def one(place: int, given: Record) -> Record:
        return {"id": join(call.state, given)["id"], "index": place}

    return jobs.start_job(call, "Bulk Create Organization Membership", rows, one)


def leave(state: State, identifier: int) -> None:
    """End a membership."""
    row = next((one for one in memberships.all_rows(state) if one["id"] == identifier), None)
    if row is None:
        raise no_record()
    memberships.remove(state, row["user_id"], row["organization_id"])
    user = state.users.get(row["user_id"])
    if user is not None:
        keep_user(state, {**user, "organization_id": memberships.default_of(state, user["id"])})


def delete_membership(call: Call) -> SimResponse:
    """Answer `DELETE /organization_memberships/{id}`, also below a user."""
    leave(call.state, call.ids[-1])
    return SimResponse(204)


def destroy_memberships(call: Call) -> SimResponse:
    """Answer `DELETE /organization_memberships/destroy_many`."""

    def one(_place: int, identifier: int) -> Record:
        leave(call.state, identifier)
        return {"action": "delete", "id": identifier, "status": "Deleted", "success": True}

    return jobs.start_job(call, "Bulk Delete Organization Membership", jobs.ids_of(call), one)


ROUTES: Final = routes(
    Route("POST", "/api/v2/organizations", create, admin=True),
    ("POST /api/v2/organizations/create_or_update", create_or_update),
    ("POST /api/v2/organizations/create_many", create_many),
    ("PUT /api/v2/organizations/update_many", update_many),
    Route("DELETE", "/api/v2/organizations/destroy_many", destroy_many, admin=True),
    ("PUT /api/v2/organizations/{id}", update),
    Route("DELETE", "/api/v2/organizations/{id}", delete, admin=True),
    ("POST /api/v2/organizations/{id}/tags", set_tags),
    ("PUT /api/v2/organizations/{id}/tags", set_tags),
    ("DELETE /api/v2/organizations/{id}/tags", set_tags),
    ("POST /api/v2/organization_memberships", create_membership),
    ("POST /api/v2/organization_memberships/create_many", create_memberships),
    ("DELETE /api/v2/organization_memberships/destroy_many", destroy_memberships),
    ("DELETE /api/v2/organization_memberships/{id}", delete_membership),
    ("POST /api/v2/users/{id}/organization_memberships", create_membership),
    ("DELETE /api/v2/users/{id}/organization_memberships/{id}", delete_membership),
)
