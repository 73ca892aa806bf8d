"""Tickets of both desks beside each other: what a person would look at, as the store has it of either side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import Row, TicketAggregate
from deskferry.migrate.compare_values import message_text
from deskferry.report.excerpt import excerpt, link
from deskferry.report.sign_off.choosing import chosen_tickets
from deskferry.report.sign_off.facts import Facts, instant
from deskferry.store import machinery
from deskferry.store.records import aggregates

_MESSAGES = 12
_FILES = 10
_WORDS = 180
_TIMES = ("created_at", "updated_at", "solved_at", "closed_at")
Names = Mapping[str, str]


def side_by_side(facts: Facts) -> list[dict[str, Any]]:
    """Return up to twenty tickets, each as it is at the source and as it was read back from the destination."""
    found = (facts.verify or {}).get("differences", ())
    differing = {one["record_id"] for one in found if one["kind"] == "ticket"}
    with facts.store.read() as database:
        pairs = chosen_tickets(facts, database, differing)
        here = {one.ticket["id"]: one for one in aggregates(database, [one for one, _there in pairs])}
        there = {one.ticket["id"]: one for one in aggregates(database, [there for _one, there in pairs])}
        names = _names(database, [*here.values(), *there.values()])
        return [
            _pair(here[one], there.get(other), names, _parts(facts, database, one), one in differing)
            for one, other in pairs
            if one in here
        ]


def _pair(
    here: TicketAggregate, there: TicketAggregate | None, names: Names, parts: Mapping[str, str],
    differs: bool,
) -> dict[str, Any]:  # fmt: skip
    matched = list(_matched(here, there, parts))
    return {
        "record_id": here.ticket["id"],
        "differs": differs,
        "source": _ticket(here, names),
        "destination": None if there is None else _ticket(there, names),
        "messages": [
            {"source": _message(here, one, names), "destination": _message(there, two, names)}
            for one, two in matched[:_MESSAGES]
        ],
        "more_messages": max(len(matched) - _MESSAGES, 0),
    }  # fmt: skip


def _ticket(one: TicketAggregate, names: Names) -> dict[str, Any]:
    row = one.ticket
    files = [excerpt(each["filename"]) for rows in one.attachments.values() for each in rows]
    return {
        "id": row["source_id"], "number": row["number"], "url": link(row["source_url"]),
        "subject": excerpt(row["subject"]), "status": row["status"],
        "status_label": excerpt(names.get(f"{row['connection']}/status/{row['status_label']}", row["status_label"])),
        "priority": row["priority"],
        "requester": excerpt(names.get(row["requester_id"] or "")),
        "assignee": excerpt(names.get(row["assignee_id"] or "")),
        "team": excerpt(names.get(row["team_id"] or "")),
        "organization": excerpt(names.get(row["organization_id"] or "")),
        **{name: instant(row[name]) for name in _TIMES},
        "tags": [excerpt(tag, 60) for tag in one.tags],
        "messages": len(one.messages), "files": len(files),
    }  # fmt: skip


def _message(one: TicketAggregate | None, row: Row | None, names: Names) -> dict[str, Any] | None:
    if one is None or row is None:
        return None
    files = one.attachments.get(row["id"], ())
    return {
        "author": excerpt(names.get(row["author_id"] or "") or row["sender"]), "at": instant(row["created_at"]),
        "public": row["is_public"], "state": row["state"], "words": excerpt(message_text(row), _WORDS),
        "files": [excerpt(each["filename"], 80) for each in files[:_FILES]],
        "more_files": max(len(files) - _FILES, 0),
    }  # fmt: skip


def _parts(facts: Facts, database: Connection, ticket: str) -> dict[str, str]:
    """Return source message → the canonical id of its (first) remote message, as the crossings say."""
    table = machinery.crossing
    rows = database.execute(
        select(table.c.part, table.c.remote_object, table.c.remote_id)
        .where(table.c.account_id == facts.destination.account_id, table.c.record_id == ticket,
               table.c.kind == "message")
        .order_by(table.c.part)
    )  # fmt: skip
    name, found = facts.destination.name, dict[str, str]()
    for row in rows:
        found.setdefault(row.part.partition("#")[0], f"{name}:{row.remote_object}:{row.remote_id}")
    return found


def _matched(
    here: TicketAggregate, there: TicketAggregate | None, parts: Mapping[str, str]
) -> Iterable[tuple[Row | None, Row | None]]:
    """Yield messages that belong together: by their crossings, what has none by its order, then what is left over."""
    if there is None:
        return [(one, None) for one in here.messages]
    remote = {one["id"]: one for one in there.messages}
    taken = {parts[one["id"]] for one in here.messages if one["id"] in parts}
    loose = iter([one for one in there.messages if one["id"] not in taken])
    bound = [(one, remote.get(parts[one["id"]]) if one["id"] in parts else next(loose, None)) for one in here.messages]
    return [*bound, *zip_longest((), loose)]


def _names(database: Connection, found: Sequence[TicketAggregate]) -> dict[str, str]:
    """Return record → name of the people, teams and organizations that tickets name."""
    wanted: dict[str, set[str]] = {"person": set(), "team": set(), "organization": set()}
    for one in found:
        row = one.ticket
        wanted["person"] |= {row["requester_id"], row["assignee_id"], *(each["author_id"] for each in one.messages)}
        wanted["team"].add(row["team_id"])
        wanted["organization"].add(row["organization_id"])
    names: dict[str, str] = {}
    for kind, ids in wanted.items():
        table = sql_table(kind)
        known = sorted(one for one in ids if one)
        rows = database.execute(select(table.c.id, table.c.name).where(table.c.id.in_(known)))
        names.update({row.id: row.name or row.id for row in rows})
        names.update({one: one for one in known if one not in names})
    for connection in {one.ticket["connection"] for one in found}:
        names.update(_status_names(database, connection))
    return names


def _status_names(database: Connection, connection: str) -> dict[str, str]:
    """Return `<connection>/status/<code>` → label, for vendors whose tickets name their status by its code."""
    table = sql_table("status_definition")
    rows = database.execute(select(table.c.id, table.c.label).where(table.c.connection == connection))
    codes = ((row.id.replace("/", ":").rpartition(":")[2], row.label) for row in rows)
    return {f"{connection}/status/{code}": label for code, label in codes if label}
