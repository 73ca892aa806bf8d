"""Writing users one by one: create, create or update, update, delete, erase, merge."""

from __future__ import annotations

from typing import Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import jobs, payloads, user_values
from deskferry.simulators.zendesk.errors import forbidden, no_record, problem, record_invalid
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.people_routes import deleted_user
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.user_merge import merge_users, requested_tickets
from deskferry.simulators.zendesk.users import (
    by_email,
    by_external,
    create_user,
    delete_user,
    erase_user,
    update_user,
)

MERGE_LIMIT: Final = 10_000


def quiet(given: Record) -> bool:
    """Whether a request asks for no mail."""
    return bool(given.get("skip_verify_email"))


def create(call: Call) -> SimResponse:
    """Answer `POST /users`."""
    given = payloads.envelope(call, "user")
    user = create_user(call.state, user_values.read_user(call.state, given, None), quiet=quiet(given))
    return payloads.answered({"user": user}, 201, payloads.dropped(given, user_values.KEYS), Location=user["url"])


def create_or_update(call: Call) -> SimResponse:
    """Answer `POST /users/create_or_update`: 200 for somebody known by e-mail or external id, 201 for somebody new."""
    given = payloads.envelope(call, "user")
    user, is_new = upsert(call.state, given)
    return payloads.answered({"user": user}, 201 if is_new else 200, payloads.dropped(given, user_values.KEYS))


def upsert(state: State, given: Record) -> tuple[Record, bool]:
    """Create or update a user; return them, and whether they are new."""
    external = by_external(state, str(given.get("external_id") or ""))
    known = external or by_email(state, str(given.get("email") or ""))
    if known is None:
        return create_user(state, user_values.read_user(state, given, None), quiet=quiet(given)), True
    values = user_values.read_user(state, given, known)
    return update_user(state, known, values, quiet=quiet(given)), False


def found_user(state: State, identifier: int) -> Record:
    """Return a user to write to: 404 if nobody, 403 if another account's."""
    user = state.users.get(identifier)
    if user is None:
        raise no_record()
    if user["shared"]:
        raise forbidden()
    return user


def update(call: Call) -> SimResponse:
    """Answer `PUT /users/{id}`."""
    given = payloads.envelope(call, "user")
    user = found_user(call.state, call.ids[0])
    values = user_values.read_user(call.state, given, user)
    changed = update_user(call.state, user, values, quiet=quiet(given))
    return payloads.answered({"user": changed}, 200, payloads.dropped(given, user_values.KEYS))


def delete(call: Call) -> Record:
    """Answer `DELETE /users/{id}`: softly, and not oneself."""
    user = found_user(call.state, call.ids[0])
    return {"user": deleted(call, user)}


def deleted(call: Call, user: Record) -> Record:
    """Delete a user who can be deleted."""
    if not user["active"]:
        raise no_record()
    if user["id"] == call.caller.user_id:
        raise forbidden()
    if call.caller.role != "admin" and user["role"] != "end-user":
        raise forbidden()
    return delete_user(call.state, user)


def erase(call: Call) -> Record:
    """Answer `DELETE /deleted_users/{id}`: only somebody who was deleted before, and whose tickets are all closed."""
    user = call.state.users.get(call.ids[0])
    if user is None or user["active"]:
        raise no_record()
    return {"deleted_user": deleted_user(call, erase_user(call.state, user))}


def merge(call: Call) -> Record:
    """Answer `PUT /users/{loser}/merge`: end users only, and the loser with at most ten thousand tickets."""
    winner_id = whole(payloads.envelope(call, "user").get("id"), "id")
    loser = found_user(call.state, call.ids[0])
    winner = None if winner_id is None else call.state.users.get(winner_id)
    if winner is None or not winner["active"] or not loser["active"] or winner["id"] == loser["id"]:
        raise no_record()
    if loser["role"] != "end-user" or winner["role"] != "end-user":
        raise record_invalid(base=problem("Only end users can be merged"))
    if len(requested_tickets(call.state, loser["id"])) > MERGE_LIMIT:
        raise record_invalid(base=problem("The user has too many tickets to be merged"))
    return {"user": merge_users(call.state, loser, winner)}


def allow_bulk(call: Call) -> None:
    """Refuse bulk imports of users where Zendesk's support did not enable them."""
    if not call.state.written.settings.bulk_user_imports:
        raise forbidden("Bulk user imports are not enabled for this account.")


def create_many(call: Call) -> SimResponse:
    """Answer `POST /users/create_many`."""
    allow_bulk(call)
    rows = jobs.many(payloads.body_of(call), "users")

    def one(place: int, given: Record) -> Record:
        user = create_user(call.state, user_values.read_user(call.state, given, None), quiet=quiet(given))
        return {"id": user["id"], "index": place, **_external(user)}

    return jobs.start_job(call, "Bulk Create User", rows, one)


def create_or_update_many(call: Call) -> SimResponse:
    """Answer `POST /users/create_or_update_many`."""
    allow_bulk(call)
    rows = jobs.many(payloads.body_of(call), "users")

    def one(place: int, given: Record) -> Record:
        user, is_new = upsert(call.state, given)
        if is_new:
            return {"id": user["id"], "index": place, **_external(user)}
        return {"action": "update", "id": user["id"], "status": "Updated", "success": True}

    return jobs.start_job(call, "Bulk Create Or Update User", rows, one)


def _external(user: Record) -> Record:
    return {"external_id": user["external_id"]} if user["external_id"] else {}


def wanted_users(call: Call) -> list[int]:
    """Return the users that a query names, by `ids` or `external_ids`; unknown ones have an id that nobody has."""
    external = call.request.param("external_ids")
    if external is None:
        return jobs.ids_of(call)
    words = jobs.at_most([one for one in external.split(",") if one], "external_ids")
    found = [by_external(call.state, one) for one in words]
    return [0 if one is None else int(one["id"]) for one in found]


def update_many(call: Call) -> SimResponse:
    """Answer `PUT /users/update_many`: one change for `ids`, or a list of users with theirs."""
    body = payloads.body_of(call)
    if "users" in body:
        rows = jobs.many(body, "users")
    else:
        change = payloads.envelope(call, "user")
        rows = [{**change, "id": one} for one in wanted_users(call)]

    def one(_place: int, given: Record) -> Record:
        user = found_user(call.state, whole(given.get("id"), "id") or 0)
        update_user(call.state, user, user_values.read_user(call.state, given, user), quiet=quiet(given))
        return {"action": "update", "id": user["id"], "status": "Updated", "success": True}

    return jobs.start_job(call, "Bulk Update User", rows, one)


def destroy_many(call: Call) -> SimResponse:
    """Answer `DELETE /users/destroy_many`."""

    def one(_place: int, identifier: int) -> Record:
        deleted(call, found_user(call.state, identifier))
        return {"action": "delete", "id": identifier, "status": "Deleted", "success": True}

    return jobs.start_job(call, "Bulk Delete User", wanted_users(call), one)


def set_tags(call: Call) -> SimResponse:
    """Answer `POST` (replace), `PUT` (add) and `DELETE` (remove) of `/users/{id}/tags`."""
    user = found_user(call.state, call.ids[0])
    tags = payloads.combined(call.request.method, user["tags"], payloads.body_of(call).get("tags"))
    update_user(call.state, user, {"tags": tags}, quiet=True)
    return json_response({"tags": tags}, 201 if call.request.method == "POST" else 200)


ROUTES: Final = routes(
    ("POST /api/v2/users", create),
    ("POST /api/v2/users/create_or_update", create_or_update),
    Route("POST", "/api/v2/users/create_many", create_many, admin=True),
    Route("POST", "/api/v2/users/create_or_update_many", create_or_update_many, admin=True),
    Route("PUT", "/api/v2/users/update_many", update_many, admin=True),
    Route("DELETE", "/api/v2/users/destroy_many", destroy_many, admin=True),
    ("PUT /api/v2/users/{id}", update),
    ("DELETE /api/v2/users/{id}", delete),
    ("PUT /api/v2/users/{id}/merge", merge),
    ("POST /api/v2/users/{id}/tags", set_tags),
    ("PUT /api/v2/users/{id}/tags", set_tags),
    ("DELETE /api/v2/users/{id}/tags", set_tags),
    Route("DELETE", "/api/v2/deleted_users/{id}", erase, admin=True),
)
