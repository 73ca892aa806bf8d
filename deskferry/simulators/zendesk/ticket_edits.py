"""The one way in which a ticket changes: a copy is edited, an audit says what happened, the copy is kept."""

from __future__ import annotations

import copy
import html
from collections.abc import Mapping
from typing import Any, Final

from deskferry.simulators.zendesk.ids import audit_id, event_id, iso
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.tickets import TicketFile

WEB: Final[Record] = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
API: Final[Record] = {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}}
MERGE: Final[Record] = {"channel": "system", "source": {"from": {}, "to": {}, "rel": "merge"}}
_TEXT_IDS: Final = frozenset(
    {
        *("requester_id", "assignee_id", "group_id", "organization_id", "custom_status_id"),
        *("brand_id", "ticket_form_id"),
    }
)
_SILENT: Final = frozenset(
    {
        *("raw_subject", "generated_timestamp", "fields", "submitter_id", "collaborator_ids", "email_cc_ids"),
        *("follower_ids", "is_public", "description", "has_incidents", "followup_ids", "satisfaction_rating"),
    }
)


def editable(state: State, identifier: Any) -> TicketFile:
    """Return a copy of a ticket to change; ValueError if there is none."""
    file = state.tickets.get(int(identifier))
    if file is None:
        raise ValueError(f"There is no ticket {identifier}.")
    own = copy.copy(file)
    own.record = copy.deepcopy(file.record)
    audits = copy.deepcopy(file.audits)
    own.make_audits = lambda: audits
    own.hidden = set(file.hidden)
    own.forget_audits()
    return own


def keep(state: State, file: TicketFile, updated: bool = True) -> None:
    """Keep a changed ticket; the generated timestamp moves, and `updated_at` unless it is a change of the system."""
    now = state.now()
    file.generated = now
    file.record["generated_timestamp"] = now
    if updated:
        file.record["updated_at"] = iso(now)
    state.tickets.put(file.record["id"], file, now)


def add_audit(
    state: State,
    file: TicketFile,
    author: int,
    events: list[Record],
    via: Record | None = None,
    *,
    at: int | None = None,
    custom: Record | None = None,
) -> Record:
    """Write an audit, which is also a row of the export at the time of writing; `at` is the time that it shows."""
    place = state.tickets.place(file.record["id"])
    place = len(state.tickets) if place is None else place
    sequence, now = len(file.audits), state.now()
    identifier = audit_id(place, sequence)
    for number, event in enumerate(events):
        event["id"] = event_id(identifier, number)
        if event["type"] == "Comment":
            event["audit_id"] = identifier
    audit = {
        "id": identifier,
        "ticket_id": file.record["id"],
        "created_at": iso(now if at is None else at),
        "author_id": author,
        "metadata": {"system": {}, "custom": custom or {}},
        "events": events,
        "via": copy.deepcopy(via or WEB),
    }
    file.audits.append(audit)
    state.events.add(now, place, sequence)
    return audit


def set_fields(file: TicketFile, fields: Mapping[str, Any]) -> list[Record]:
    """Set fields and return the events that say so."""
    events = []
    for name, value in fields.items():
        if name == "custom_fields":
            events += _set_custom(file, value)
            continue
        old = file.record.get(name)
        file.record[name] = value
        if name == "subject":
            file.record["raw_subject"] = value
        if old != value and name not in _SILENT:
            events.append(changed(name, old, value))
    return events


def _set_custom(file: TicketFile, values: list[Record]) -> list[Record]:
    events = []
    known = {one["id"]: one for one in file.record["custom_fields"]}
    for one in values:
        row = known.get(one["id"])
        if row is None:
            raise ValueError(f"The ticket has no custom field {one['id']}.")
        if row["value"] != one["value"]:
            events.append(changed(str(one["id"]), row["value"], one["value"]))
            row["value"] = one["value"]
    file.record["fields"] = file.record["custom_fields"]
    return events


def created(fields: Mapping[str, Any]) -> list[Record]:
    """Return the events of a first audit: what a ticket began with."""
    return [
        {"id": 0, "type": "Create", "value": shown(name, value), "field_name": name}
        for name, value in fields.items()
        if name not in _SILENT and value not in (None, [])
    ]


def next_number(state: State) -> int:
    """Return the number of the next ticket: one more than there ever was."""
    counters = state.written.counters
    if "ticket" not in counters:
        counters["ticket"] = max(state.tickets.ids(), default=0)
    return counters["ticket"] + 1


def note_new(state: State, file: TicketFile) -> None:
    """Take in a new ticket: its number is used up, and the lookup will find it."""
    state.written.counters["ticket"] = max(next_number(state) - 1, int(file.record["id"]))
    note_external(state, file)


def note_external(state: State, file: TicketFile) -> None:
    """Let the lookup by external id find a ticket, after its lag."""
    external = file.record["external_id"]
    if external:
        file.external_at = state.now()
        state.written.externals.setdefault(external, []).append(file.record["id"])


def with_external(state: State, external: str) -> list[int]:
    """Return the tickets of an external id that the lookup knows of: what was set lately is not yet there."""

    def make() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for file in state.tickets:
            if file.record["external_id"] and not file.external_at:
                found.setdefault(file.record["external_id"], []).append(file.record["id"])
        return found

    known: dict[str, list[int]] = state.remembered("externals", 0, make)
    until = state.now() - state.written.settings.lookup_lag
    wanted = sorted({*known.get(external, ()), *state.written.externals.get(external, ())})
    files = ((one, state.tickets.get(one)) for one in wanted)
    return [
        one
        for one, file in files
        if file is not None and file.record["external_id"] == external and file.external_at <= until
    ]


def empty_record(state: State, identifier: int, now: int) -> Record:
    """Return a new ticket in which nothing is set but what Zendesk sets itself."""
    custom = [
        {"id": one["id"], "value": _nothing(one["type"])}
        for one in state.lists.get("ticket_fields", [])
        if one.get("removable", True) and one["active"]
    ]
    return {
        "url": f"{state.host}/api/v2/tickets/{identifier}.json",
        "id": identifier,
        "external_id": None,
        "via": copy.deepcopy(API),
        "created_at": iso(now),
        "updated_at": iso(now),
        "type": None,
        "subject": None,
        "raw_subject": None,
        "description": None,
        "priority": None,
        "status": "new",
        "recipient": None,
        "requester_id": None,
        "submitter_id": None,
        "assignee_id": None,
        "organization_id": None,
        "group_id": None,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": [],
        "custom_fields": custom,
        "satisfaction_rating": {"score": "unoffered"},
        "sharing_agreement_ids": [],
        "custom_status_id": None,
        "fields": custom,
        "followup_ids": [],
        "ticket_form_id": _default(state, "ticket_forms"),
        "brand_id": _default(state, "brands"),
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
        "support_type": "agent",
        "generated_timestamp": now,
    }


def _nothing(kind: str) -> Any:
    return {"checkbox": False, "multiselect": []}.get(kind)


def _default(state: State, name: str) -> int | None:
    found = next((one["id"] for one in state.lists.get(name, []) if one.get("default")), None)
    return None if found is None else int(found)


def comment(author: int, body: str, public: bool, markup: str | None = None) -> Record:
    """Return the event of a comment; without markup, its paragraphs are made of the text."""
    inner = markup
    if inner is None:
        inner = "".join(f'<p dir="auto">{html.escape(part)}</p>' for part in body.split("\n\n"))
    return {
        "id": 0,
        "type": "Comment",
        "author_id": author,
        "body": body,
        "html_body": f'<div class="zd-comment" dir="auto">{inner}</div>',
        "plain_body": body,
        "public": public,
        "attachments": [],
        "audit_id": 0,
    }


def shown(name: str, value: Any) -> Any:
    """Return a value as audits show it: ids are text there."""
    return str(value) if name in _TEXT_IDS and value is not None else value


def changed(name: str, old: Any, new: Any) -> Record:
    """Return the event of a changed field."""
    return {
        "id": 0,
        "type": "Change",
        "value": shown(name, new),
        "field_name": name,
        "previous_value": shown(name, old),
    }
