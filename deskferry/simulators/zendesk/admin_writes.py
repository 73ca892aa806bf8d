"""Writing groups and their members, custom statuses and macros."""

from __future__ import annotations

from typing import Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk import jobs, payloads
from deskferry.simulators.zendesk.errors import no_record, problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import whole
from deskferry.simulators.zendesk.routing import Call, Route, routes
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.users import group_membership

_GROUP: Final = frozenset({"name", "description", "is_public", "default"})
_MACRO: Final = frozenset({"title", "actions", "active", "description", "restriction"})
_STATUS: Final = frozenset(
    {"agent_label", "end_user_label", "description", "end_user_description", "active", "status_category"}
)
_CATEGORIES: Final = ("new", "open", "pending", "hold", "solved")
_LONGEST_LABEL: Final = 48


def _found(call: Call, name: str) -> Record:
    record = next((one for one in call.state.lists.get(name, []) if one["id"] == call.ids[0]), None)
    if record is None or record.get("deleted"):
        raise no_record()
    return record


def _stamped(state: State, kind: str, path: str) -> Record:
    identifier, now = state.new_id(kind), iso(state.now())
    return {
        "url": f"{state.host}/api/v2/{path}/{identifier}.json",
        "id": identifier,
        "created_at": now,
        "updated_at": now,
    }


def create_group(call: Call) -> SimResponse:
    """Answer `POST /groups`."""
    given = payloads.envelope(call, "group")
    record = {
        **_stamped(call.state, "group", "groups"),
        "name": _name(given, "name"),
        "description": str(given.get("description") or ""),
        "is_public": bool(given.get("is_public", True)),
        "default": False,
        "deleted": False,
    }
    call.state.lists.setdefault("groups", []).append(record)
    return payloads.answered({"group": record}, 201, payloads.dropped(given, _GROUP), Location=record["url"])


def _name(given: Record, name: str) -> str:
    text = str(given.get(name) or "").strip()
    if not text:
        raise record_invalid(**{name: problem(f"{name.capitalize()}: cannot be blank", "BlankValue")})
    return text


def update_group(call: Call) -> SimResponse:
    """Answer `PUT /groups/{id}`: a private group never becomes public again."""
    given, record = payloads.envelope(call, "group"), _found(call, "groups")
    if given.get("is_public") and not record["is_public"]:
        raise record_invalid(is_public=problem("A private group cannot become public"))
    values: Record = {one: given[one] for one in ("name", "description", "is_public") if one in given}
    record |= {**values, "updated_at": iso(call.state.now())}
    return payloads.answered({"group": record}, 200, payloads.dropped(given, _GROUP))


def delete_group(call: Call) -> SimResponse:
    """Answer `DELETE /groups/{id}`: softly; not the default one."""
    record = _found(call, "groups")
    if record["default"]:
        raise record_invalid(base=problem("The default group cannot be deleted"))
    record |= {"deleted": True, "updated_at": iso(call.state.now())}
    rows = call.state.lists.get("group_memberships", [])
    call.state.lists["group_memberships"] = [one for one in rows if one["group_id"] != record["id"]]
    return SimResponse(204)


def join_group(state: State, given: Record) -> Record:
    """Make an agent a member of a group; 422 if they are one."""
    user = state.users.get(whole(given.get("user_id"), "user_id") or 0)
    group = whole(given.get("group_id"), "group_id")
    known = any(one["id"] == group and not one["deleted"] for one in state.lists.get("groups", []))
    if user is None or not user["active"] or user["role"] == "end-user" or not known or group is None:
        raise record_invalid(base=problem("Group membership: user or group is invalid"))
    rows = state.lists.setdefault("group_memberships", [])
    own = [one["group_id"] for one in rows if one["user_id"] == user["id"]]
    if group in own:
        raise record_invalid(user_id=problem("User has already been taken", "DuplicateValue"))
    row = group_membership(state, user["id"], group, default=not own)
    rows.append(row)
    return row


def create_group_membership(call: Call) -> SimResponse:
    """Answer `POST /group_memberships`."""
    row = join_group(call.state, payloads.envelope(call, "group_membership"))
    return json_response({"group_membership": row}, 201)


def create_group_memberships(call: Call) -> SimResponse:
    """Answer `POST /group_memberships/create_many`."""
    rows = jobs.many(payloads.body_of(call), "group_memberships")

    def one(place: int, given: Record) -> Record:
        return {"id": join_group(call.state, given)["id"], "index": place}

    return jobs.start_job(call, "Bulk Create Group Membership", rows, one)


def delete_group_membership(call: Call) -> SimResponse:
    """Answer `DELETE /group_memberships/{id}`."""
    row = _found(call, "group_memberships")
    call.state.lists["group_memberships"].remove(row)
    return SimResponse(204)


def create_status(call: Call) -> SimResponse:
    """Answer `POST /custom_statuses`: labels of at most 48 characters."""
    given = payloads.envelope(call, "custom_status")
    label = _name(given, "agent_label")
    if len(label) > _LONGEST_LABEL or given.get("status_category") not in _CATEGORIES:
        raise record_invalid(base=problem("Custom status: is invalid"))
    shown = str(given.get("end_user_label") or label)
    described, told = str(given.get("description") or ""), str(given.get("end_user_description") or "")
    record = {
        **_stamped(call.state, "status", "custom_statuses"),
        "status_category": given["status_category"],
        "agent_label": label,
        "raw_agent_label": label,
        "end_user_label": shown,
        "raw_end_user_label": shown,
        "description": described,
        "raw_description": described,
        "end_user_description": told,
        "raw_end_user_description": told,
        "active": bool(given.get("active", True)),
        "default": False,
    }
    call.state.lists.setdefault("custom_statuses", []).append(record)
    return payloads.answered({"custom_status": record}, 201, payloads.dropped(given, _STATUS))


def update_status(call: Call) -> SimResponse:
    """Answer `PUT /custom_statuses/{id}`: the category stays."""
    given, record = payloads.envelope(call, "custom_status"), _found(call, "custom_statuses")
    kept = _STATUS - {"status_category"}
    record |= {name: given[name] for name in kept if name in given} | {"updated_at": iso(call.state.now())}
    return payloads.answered({"custom_status": record}, 200, payloads.dropped(given, kept))


def delete_status(call: Call) -> SimResponse:
    """Answer `DELETE /custom_statuses/{id}`: only while no ticket that is not closed has it."""
    record = _found(call, "custom_statuses")
    records = (file.record for file in call.state.tickets if not file.is_deleted)
    used = any(one["custom_status_id"] == record["id"] and one["status"] != "closed" for one in records)
    if record["default"] or used:
        raise record_invalid(base=problem("Custom status: is in use"))
    call.state.lists["custom_statuses"].remove(record)
    return SimResponse(204)


def create_macro(call: Call) -> SimResponse:
    """Answer `POST /macros`: with at least one action."""
    given = payloads.envelope(call, "macro")
    title = _name(given, "title")
    record = {
        **_stamped(call.state, "macro", "macros"),
        "title": title,
        "raw_title": title,
        "active": bool(given.get("active", True)),
        "default": False,
        "position": 9999,
        "description": given.get("description"),
        "actions": _actions(given),
        "restriction": given.get("restriction"),
    }
    call.state.lists.setdefault("macros", []).append(record)
    return payloads.answered({"macro": record}, 201, payloads.dropped(given, _MACRO))


def _actions(given: Record) -> list[Record]:
    actions = given.get("actions")
    if not isinstance(actions, list) or not actions:
        raise record_invalid(base=problem("Macro: must have at least one action", "BlankValue"))
    if not all(isinstance(one, dict) and one.get("field") for one in actions):
        raise record_invalid(base=problem("Macro: an action is invalid"))
    return [{"field": one["field"], "value": one.get("value")} for one in actions]


def update_macro(call: Call) -> SimResponse:
    """Answer `PUT /macros/{id}`: actions replace the ones before."""
    given, record = payloads.envelope(call, "macro"), _found(call, "macros")
    values: Record = {name: given[name] for name in ("active", "description", "restriction") if name in given}
    if "title" in given:
        values |= {"title": _name(given, "title"), "raw_title": _name(given, "title")}
    if "actions" in given:
        values["actions"] = _actions(given)
    record |= {**values, "updated_at": iso(call.state.now())}
    return payloads.answered({"macro": record}, 200, payloads.dropped(given, _MACRO))


def delete_macro(call: Call) -> SimResponse:
    """Answer `DELETE /macros/{id}`."""
    call.state.lists["macros"].remove(_found(call, "macros"))
    return SimResponse(204)


def destroy_macros(call: Call) -> SimResponse:
    """Answer `DELETE /macros/destroy_many`: at once."""
    wanted = set(jobs.ids_of(call))
    rows = call.state.lists.get("macros", [])
    call.state.lists["macros"] = [one for one in rows if one["id"] not in wanted]
    return SimResponse(204)


ROUTES: Final = routes(
    Route("POST", "/api/v2/groups", create_group, admin=True),
    Route("PUT", "/api/v2/groups/{id}", update_group, admin=True),
    Route("DELETE", "/api/v2/groups/{id}", delete_group, admin=True),
    Route("POST", "/api/v2/group_memberships", create_group_membership, admin=True),
    Route("POST", "/api/v2/group_memberships/create_many", create_group_memberships, admin=True),
    Route("DELETE", "/api/v2/group_memberships/{id}", delete_group_membership, admin=True),
    Route("POST", "/api/v2/custom_statuses", create_status, admin=True),
    Route("PUT", "/api/v2/custom_statuses/{id}", update_status, admin=True),
    Route("DELETE", "/api/v2/custom_statuses/{id}", delete_status, admin=True),
    ("POST /api/v2/macros", create_macro),
    ("DELETE /api/v2/macros/destroy_many", destroy_macros),
    ("PUT /api/v2/macros/{id}", update_macro),
    ("DELETE /api/v2/macros/{id}", delete_macro),
)
