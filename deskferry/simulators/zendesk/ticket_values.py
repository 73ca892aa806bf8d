"""What a request may say of a ticket: read, checked and completed to values of the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from deskferry.simulators.zendesk import custom_values, ticket_people
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.payloads import moment, tags_of, whole
from deskferry.simulators.zendesk.state import Record, State

STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")
FINAL: Final = ("solved", "closed")
_CHOICES: Final = {
    "status": STATUSES,
    "priority": ("urgent", "high", "normal", "low", None),
    "type": ("problem", "incident", "question", "task", None),
}
# What every way of writing knows; creating, updating and importing add their own.
KEYS: Final = frozenset(
    {
        *("subject", "raw_subject", "status", "priority", "type", "external_id", "recipient", "tags", "due_at"),
        *("requester_id", "requester", "submitter_id", "assignee_id", "assignee_email", "group_id"),
        *("organization_id", "brand_id", "ticket_form_id", "custom_status_id", "custom_fields", "fields"),
        *("collaborators", "collaborator_ids", "email_ccs", "followers", "metadata"),
    }
)


def read_values(state: State, given: Record, record: Record) -> Record:
    """Return the values that a request sets on a ticket, checked against what the ticket has."""
    values: Record = {}
    for name in _PLAIN:
        if name in given:
            values[name] = _PLAIN[name](given[name], name)
    if "raw_subject" in given and "subject" not in given:
        values["subject"] = _text(given["raw_subject"], "subject")
    set_status(state, given, values)
    values |= ticket_people.read_people(state, given, record)
    _references(state, given, record, values)
    if "tags" in given:
        values["tags"] = tags_of(given["tags"])
    _tag_changes(given, record, values)
    _due(given, record, values)
    custom_values.read_custom(state, given, record, values)
    return values


def _text(value: Any, _name: str) -> str | None:
    return None if value is None else str(value)


def _choice(value: Any, name: str) -> Any:
    value = value or None
    if value not in _CHOICES[name]:
        raise record_invalid(**{name: f"{name.capitalize()}: {value} is not valid"})
    return value


_PLAIN: Final[dict[str, Callable[[Any, str], Any]]] = {
    "subject": _text,
    "external_id": _text,
    "recipient": _text,
    "priority": _choice,
    "type": _choice,
}


def set_status(state: State, given: Record, values: Record) -> None:
    """Set the status and the custom status: one moves the other, and the custom one is more precise."""
    known: list[Record] = state.lists.get("custom_statuses", [])
    wanted = whole(given.get("custom_status_id"), "custom_status_id")
    if wanted is not None:
        found = next((one for one in known if one["id"] == wanted and one["active"]), None)
        if found is None:
            raise record_invalid(custom_status_id="Custom status: is invalid")
        # `closed` is no category: a closed ticket keeps a status of the category solved.
        status = found["status_category"]
        closed = given.get("status") == "closed" and status == "solved"
        values |= {"custom_status_id": wanted, "status": "closed" if closed else status}
    elif given.get("status") is not None:
        status = _choice(given["status"], "status")
        values["status"] = status
        category = "solved" if status == "closed" else status
        default = next((one["id"] for one in known if one["status_category"] == category and one["default"]), None)
        values["custom_status_id"] = default


def _references(state: State, given: Record, record: Record, values: Record) -> None:
    lists = (("brand_id", "brands", "Brand"), ("ticket_form_id", "ticket_forms", "Ticket form"))
    for name, source, title in lists:
        if name not in given:
            continue
        wanted = whole(given[name], name)
        known = [one for one in state.lists.get(source, []) if one["id"] == wanted and one["active"]]
        if wanted is not None and not known:
            raise record_invalid(**{name: f"{title}: is invalid"})
        values[name] = wanted if wanted is not None else record[name]
    if "problem_id" in given:
        wanted = whole(given["problem_id"], "problem_id")
        problem_file = None if wanted is None else state.tickets.get(wanted)
        fits = problem_file is not None and not problem_file.is_deleted and problem_file.record["type"] == "problem"
        kind = values.get("type", record["type"])
        if wanted is not None and (not fits or kind != "incident"):
            raise record_invalid(base=problem("Problem: is invalid", "InvalidValue"))
        values["problem_id"] = wanted


def _tag_changes(given: Record, record: Record, values: Record) -> None:
    """Apply `additional_tags` and `remove_tags`, which only updates know."""
    if "additional_tags" in given or "remove_tags" in given:
        before: list[str] = values["tags"] if "tags" in values else record["tags"]
        tags = {*before, *tags_of(given.get("additional_tags"))}
        values["tags"] = sorted(tags - set(tags_of(given.get("remove_tags"))))


def _due(given: Record, record: Record, values: Record) -> None:
    """Set the due time, which only tasks have."""
    is_task = values.get("type", record["type"]) == "task"
    if given.get("due_at") and is_task:
        values["due_at"] = iso(moment(given["due_at"], "due_at"))
    elif "due_at" in given or (record["due_at"] and not is_task):
        values["due_at"] = None


def check_final(state: State, record: Record, with_assignee: bool) -> None:
    """Refuse a ticket that is solved or closed without what has to be filled in for that."""
    if record["status"] not in FINAL:
        return
    title, kind = "is required when solving a ticket", "ticket_field_type"
    missing = []
    fields = state.lists.get("ticket_fields", [])
    if with_assignee and record["assignee_id"] is None:
        number = next((one["id"] for one in fields if one["type"] == "assignee"), None)
        missing += problem(f"Assignee: {title}", None, ticket_field_id=number, **{kind: "FieldAssignee"})
    values = {one["id"]: one["value"] for one in record["custom_fields"]}
    for one in fields:
        empty = values.get(one["id"]) in (None, "", [], False)
        if one["required"] and one["active"] and one.get("removable") and one["id"] in values and empty:
            name = custom_values.class_of(one["type"])
            missing += problem(f"{one['title']}: {title}", None, ticket_field_id=one["id"], **{kind: name})
    if missing:
        raise record_invalid(base=missing)
