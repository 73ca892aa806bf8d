"""Writing the identities of users: add, verify, make primary, delete."""

from __future__ import annotations

import copy
from typing import Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import payloads, user_values
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.identities import add_identity, check_free, identities_of, keep_identities
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.routing import Call, routes
from deskferry.simulators.zendesk.state import Record
from deskferry.simulators.zendesk.user_writes import found_user
from deskferry.simulators.zendesk.users import keep_user


def create(call: Call) -> SimResponse:
    """Answer `POST /users/{id}/identities`: an address gets a mail unless `skip_verify_email` says no."""
    user = found_user(call.state, call.ids[0])
    given = payloads.envelope(call, "identity")
    kind, value = user_values.identity_of(given)
    quiet = bool(given.get("skip_verify_email")) and user["id"] != call.caller.user_id
    row = add_identity(call.state, user["id"], kind, value, quiet=quiet, verified=bool(given.get("verified")))
    _settled(call, user)
    return json_response({"identity": row}, 201)


def show(call: Call) -> Record:
    """Answer `GET /users/{id}/identities/{id}`."""
    return {"identity": _found(call)[1]}


def update(call: Call) -> Record:
    """Answer `PUT /users/{id}/identities/{id}`: its value, and whether it is verified; never whether it is primary."""
    own, row = _found(call)
    given = payloads.envelope(call, "identity")
    if given.get("value"):
        _, value = user_values.identity_of({"type": row["type"], "value": given["value"]})
        check_free(call.state, row["type"], value, call.ids[0])
        row["value"] = value
    if "verified" in given or "verification_method" in given:
        row["verified"] = bool(given.get("verified", given.get("verification_method") != "none"))
        row["verification_method"] = "low" if row["verified"] else "none"
    return _kept(call, own, row)


def verify(call: Call) -> Record:
    """Answer `PUT /users/{id}/identities/{id}/verify`."""
    own, row = _found(call)
    row |= {"verified": True, "verification_method": "low"}
    return _kept(call, own, row)


def make_primary(call: Call) -> Record:
    """Answer `PUT /users/{id}/identities/{id}/make_primary`: the only way to another primary address."""
    own, row = _found(call)
    for one in own:
        if one["type"] == row["type"]:
            one["primary"] = one is row
    _kept(call, own, row)
    ordered = sorted(own, key=lambda one: not one["primary"])
    return {"identities": ordered, "next_page": None, "previous_page": None, "count": len(own)}


def delete(call: Call) -> SimResponse:
    """Answer `DELETE /users/{id}/identities/{id}`: not the primary address while there is another one."""
    own, row = _found(call)
    rest = [one for one in own if one is not row]
    same = [one for one in rest if one["type"] == row["type"]]
    if row["primary"] and same and row["type"] == "email":
        raise record_invalid(base=problem("Identity: the primary e-mail address cannot be deleted"))
    if row["primary"] and same:
        same[0]["primary"] = True
    keep_identities(call.state, call.ids[0], rest)
    _settled(call, found_user(call.state, call.ids[0]))
    return SimResponse(204)


def _found(call: Call) -> tuple[list[Record], Record]:
    """Return copies of a user's identities, and the one that the path names."""
    found_user(call.state, call.ids[0])
    own = copy.deepcopy(identities_of(call.state, call.ids[0]))
    row = next((one for one in own if one["id"] == call.ids[1]), None)
    if row is None:
        raise no_record()
    return own, row


def _kept(call: Call, own: list[Record], row: Record) -> Record:
    row["updated_at"] = iso(call.state.now())
    keep_identities(call.state, call.ids[0], own)
    _settled(call, found_user(call.state, call.ids[0]))
    return {"identity": row}


def _settled(call: Call, user: Record) -> None:
    """Let the user show the primary address, and whether any identity is verified."""
    own = identities_of(call.state, user["id"])
    emails = [one for one in own if one["type"] == "email"]
    primary = next((one["value"] for one in emails if one["primary"]), None)
    keep_user(call.state, {**user, "email": primary, "verified": any(one["verified"] for one in own)})


ROUTES: Final = routes(
    ("POST /api/v2/users/{id}/identities", create),
    ("GET /api/v2/users/{id}/identities/{id}", show),
    ("PUT /api/v2/users/{id}/identities/{id}", update),
    ("PUT /api/v2/users/{id}/identities/{id}/verify", verify),
    ("PUT /api/v2/users/{id}/identities/{id}/make_primary", make_primary),
    ("DELETE /api/v2/users/{id}/identities/{id}", delete),
)
