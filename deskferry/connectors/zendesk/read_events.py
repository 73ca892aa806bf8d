"""Changes of tickets, from the ticket event export (one row an update) and from one ticket's audits: the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from deskferry.connectors.kit.converters import text, time, whole
from deskferry.connectors.kit.mapping import Map, ObjectMap, Raw, RefTo, Table, Unreadable
from deskferry.connectors.zendesk.read_messages import (
    COMMENT_TYPES,
    is_comment,
    listed_files,
    message_of,
    message_tables,
    moving_parts,
    shown_files,
)
from deskferry.connectors.zendesk.read_tickets import MERGED_TAG
from deskferry.connectors.zendesk.values import SYSTEM, flattened, instant, person_or_none, status_of, via_word

REFERENCES = {
    "assignee_id": "user", "requester_id": "user", "submitter_id": "user", "group_id": "group",
    "organization_id": "organization", "brand_id": "brand", "ticket_form_id": "ticket_form",
    "custom_status_id": "custom_status", "problem_id": "ticket",
}  # fmt: skip
"""Fields whose values are ids, and of what."""
_CANONICAL_NAMES = {
    "group_id": "team_id",
    "ticket_form_id": "form_id",
    "custom_status_id": "status_definition_id",
}
_CHANGES = frozenset({"Create", "Change", None})
_NO_FIELDS = frozenset({
    "id", "via", "via_reference_id", "event_type", "previous_value", "comment_present", "comment_public",
    "added_tags", "removed_tags", "created_at", "author_id", "audit_id", "custom_ticket_fields", "field_name", "value",
})  # fmt: skip
"""Keys of a child event that say how it was changed, not what."""


def canonical_field(name: str) -> str:
    """Return the canonical name of a changed field: a column of `ticket`, or `custom_field:<id>`."""
    return f"custom_field:{name}" if name.isdigit() else _CANONICAL_NAMES.get(name, name)


def tags_text(value: Any) -> str | None:
    """Return tags as text, sorted: audits send a list, older rows words with blanks between them."""
    return flattened(value.split() if isinstance(value, str) else value)


def due_text(value: Any) -> str | None:
    """Return a time as canonical text; what is none stays as it is."""
    try:
        return time(value)
    except Unreadable:
        return flattened(value)


_BY_FIELD: dict[str, Callable[[Any], str | None]] = {"status": status_of, "tags": tags_text, "due_at": due_text}


def canonical_value(name: str, value: Any) -> str | None:
    """Return a changed value as text, in canonical words where the canonical schema has them."""
    if (convert := _BY_FIELD.get(name)) is not None:
        return convert(value)
    return value if type(value) is str else flattened(value)


class _Change(NamedTuple):
    """One changed field of one event, before it is put in canonical words."""

    rid: str
    event: Raw
    name: str
    value: Any
    before: Any
    told: bool
    """Whether the value before is told, or known to be none."""


Changes = Callable[[Raw], Iterable[_Change]]
"""Changes of a raw record."""


def exported_changes(row: Raw) -> Iterator[_Change]:
    """Yield the changes of an export row.

    Recorded shape: `{"id": 1, "via": "Web form", "via_reference_id": null, "status": "solved", "event_type": "Change",
    "previous_value": "open"}`; older rows have neither `event_type` nor `previous_value`; custom fields come as
    `"custom_ticket_fields": {"<id>": value}`.
    """
    for event in row.get("child_events") or ():
        kind = event.get("event_type")
        if kind not in _CHANGES or event.get("type") in COMMENT_TYPES:
            continue
        fields = [(name, event[name]) for name in event if name not in _NO_FIELDS]
        if "custom_ticket_fields" in event:
            fields += (event["custom_ticket_fields"] or {}).items()
        alone = len(fields) == 1 and event.get("id") is not None
        before = event.get("previous_value") if alone else None
        told = alone and ("previous_value" in event or kind == "Create")
        for name, value in fields:
            rid = str(event["id"]) if alone else f"{row.get('id')}/field/{canonical_field(name)}"
            yield _Change(rid, event, name, value, before, told)


def audited_changes(audit: Raw) -> Iterator[_Change]:
    """Yield the changes of an audit; vendor: `Create {field_name, value}`, `Change {…, previous_value}`."""
    for event in audit.get("events") or ():
        name = event.get("field_name")
        if event.get("type") not in {"Create", "Change"} or name is None:
            continue
        name, rid = str(name), event.get("id")
        known = f"{audit.get('id')}/field/{canonical_field(name)}" if rid is None else str(rid)
        yield _Change(known, event, name, event.get("value"), event.get("previous_value"), told=True)


_Found = TypeVar("_Found")


def remembered(find: Callable[[Raw], _Found]) -> Callable[[Raw], _Found]:
    """Return a function that remembers what it found of the last record: several tables ask for the same one."""
    last: tuple[Raw, _Found] | None = None

    def of(raw: Raw) -> _Found:
        nonlocal last
        known = last  # one tuple, so that threads never see a record with what was found of another one
        if known is None or known[0] is not raw:
            known = last = (raw, find(raw))
        return known[1]

    return of


_Grouped = dict[str | None, list[Raw]]


def grouped(changes: Changes) -> Callable[[Raw], _Grouped]:
    """Return a function that gives all changes of a raw record by the object whose ids are values; None: no ids."""

    def of(raw: Raw) -> _Grouped:
        found: _Grouped = {}
        actor = raw.get("updater_id", raw.get("author_id"))
        by_system = actor == SYSTEM
        for one in changes(raw):
            target = REFERENCES.get(one.name)
            if target is None:
                new, old = canonical_value(one.name, one.value), canonical_value(one.name, one.before)
            else:
                new, old = person_or_none(one.value), person_or_none(one.before)
            flat = _flat(raw, one, new, old)
            flat["actor"], flat["actor_kind"] = (None, "system") if by_system else (actor, None)
            if target in found:
                found[target].append(flat)
            else:
                found[target] = [flat]
        return found

    return remembered(of)


def changes_of(found: Callable[[Raw], _Grouped], target: str | None) -> Callable[[Raw], Iterable[Raw]]:
    """Return a function that yields the changes whose values are ids of `target`; None: those that are no ids."""
    return lambda raw: found(raw).get(target, ())


def _flat(raw: Raw, change: _Change, new: Any, old: Any) -> Raw:
    """Return a change as an item of the tables, but for who made it; an id or text that is "" is none."""
    via = change.event.get("via") or raw.get("via")
    return {
        "rid": change.rid,
        "field": canonical_field(change.name),
        "new": None if new == "" else new,
        "old": None if old == "" else old,
        "chained": None if change.told else True,
        "via": via_word(via),
        "extra": _extra(change, via),
    }


def _extra(change: _Change, via: Any) -> Raw | None:
    """Return the vendor's own value where the canonical one is spelled otherwise, and the rule that made the change."""
    rule = change.event.get("via_reference_id")
    if rule is None and isinstance(via, dict):
        rule = ((via.get("source") or {}).get("from") or {}).get("id")
    kept = {} if rule is None else {"via_reference_id": rule}
    if change.name == "status" and change.value == "hold":
        kept["value"] = change.value
    return kept or None


# --------------------------------------------------------------------------------------------------------------- merges


def merges(raw: Raw) -> Iterator[Raw]:
    """Yield merges that an update tells of: `via.source.rel` is `merge`, and `from` or `to` names the other ticket.

    The update that closes this ticket, or tags it closed_by_merge, is the loser's; any other is the winner's.
    """
    events = raw.get("child_events") or raw.get("events") or ()
    sources = [
        source
        for one in (raw, *events)
        if isinstance(via := one.get("via"), dict) and (source := via.get("source")) and source.get("rel") == "merge"
    ]
    if not sources:
        return
    here, lost = raw.get("ticket_id"), any(_closes(event) for event in events)
    seen = set()
    for source in sources:
        start, end = source.get("from") or {}, source.get("to") or {}
        pairs = [(here, end["ticket_id"])] if end.get("ticket_id") else []
        if not pairs:
            others = start.get("ticket_ids") or [start.get("ticket_id")]
            pairs = [(here, one) if lost else (one, here) for one in others if one is not None]
        for loser, winner in pairs:
            if loser != winner and (loser, winner) not in seen:
                seen.add((loser, winner))
                rid = f"{loser}/link/merged_into/{winner}"
                yield {"rid": rid, "ticket": loser, "other": winner, "kind": "merged_into"}


def _closes(event: Raw) -> bool:
    name, value = event.get("field_name"), event.get("value")
    status = value if name == "status" else event.get("status")
    tags = value if name == "tags" else event.get("tags")
    return status == "closed" or MERGED_TAG in (tags or ())


# --------------------------------------------------------------------------------------------------------------- tables

_CHANGE_ROWS = (
    Map("ticket_id", "^ticket_id", RefTo("ticket")),
    Map("field", "field"),
    Map("actor_id", "actor", RefTo("user")),
    Map("actor_kind", "actor_kind"),
    Map("update_id", "^id", text),
    Map("via", "via"),
    Map("old_value_chained", "chained"),
    Map("extra", "extra", whole),
)


def _change_tables(changes: Changes, when: Map) -> Iterator[Table]:
    """Yield one table for plain values, and one for each object whose ids are values."""
    found = grouped(changes)
    for target in (None, *sorted(set(REFERENCES.values()))):
        via = None if target is None else RefTo(target)
        values = (Map("new_value", "new", via), Map("old_value", "old", via))
        each = changes_of(found, target)
        yield Table("ticket_event", (when, *_CHANGE_ROWS, *values), each=each, source_id="rid", of="ticket_event")


_MERGES = Table(
    "ticket_link",
    (
        Map("ticket_id", "ticket", RefTo("ticket")),
        Map("other_ticket_id", "other", RefTo("ticket")),
        Map("kind", "kind"),
    ),
    each=merges,
    source_id="rid",
    of="ticket",
)


@remembered
def exported_comments(row: Raw) -> list[Raw]:
    """Return the child events of an export row that are comments."""
    return [event for event in row.get("child_events") or () if is_comment(event)]


def exported_messages(row: Raw) -> Iterator[Raw]:
    """Yield the comments of an export row."""
    for event in exported_comments(row):
        yield message_of(event, row.get("timestamp"), row.get("via"))


def _exported(files: Callable[[Raw], Iterable[Raw]]) -> Callable[[Raw], Iterator[Raw]]:
    """Return a function that yields the files of the comments of an export row."""

    def yielded(row: Raw) -> Iterator[Raw]:
        for event in exported_comments(row):
            yield from files(event)

    return yielded


_FIRST, *_OTHERS = message_tables(exported_messages, _exported(listed_files), _exported(shown_files), "^ticket_id")

TICKET_EVENT = ObjectMap(
    "ticket_event",
    (
        replace(_FIRST, takes=("ticket_id", "timestamp", "updater_id", "via", "child_events")),
        *_OTHERS,
        *_change_tables(exported_changes, Map("occurred_at", "^timestamp", instant)),
        _MERGES,
    ),
    ignored={
        "created_at": "repeats `timestamp`",
        "event_type": "repeats what the child events say",
        "system": "client and place of the updater; kept in the raw record only, since not every way sends it",
        "metadata": "client and place of the updater; kept in the raw record only, since not every way sends it",
        "timezone": "where the updater's clock stood",
        "via_reference_id": "the rule behind `via`; each change tells its own",
    },
    volatile=moving_parts("child_events[].attachments[]"),
)

AUDIT = ObjectMap(
    "audit",
    (
        *_change_tables(audited_changes, Map("occurred_at", "^created_at", time)),
        replace(_MERGES, takes=("events", "author_id", "via")),
    ),
    ignored={
        "metadata": "client and place of the author; kept in the raw record only, since not every way sends it",
        "url": "address of the record in the API; follows from its id",
    },
    volatile=moving_parts("events[].attachments[]"),
)

MAPS = (TICKET_EVENT, AUDIT)
