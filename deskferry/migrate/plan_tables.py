"""Where things go, as the rows of a plan: statuses, priorities, types, channels, agents, teams, inboxes, fields."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from deskferry.canonical_schema import sql_table
from deskferry.connectors.kit.contract import TellsValues
from deskferry.migrate.compose import Composer
from deskferry.migrate.matches import AGENT_ROLES

VALUES = {"statuses": "status", "priorities": "priority", "types": "type", "channels": "channel"}
Line = dict[str, Any]


def tables(composer: Composer) -> dict[str, list[Line]]:
    """Return the tables by name; each line names the source's value, its count, and where it goes."""
    with composer.store.read() as database:
        found = {section: _values(database, composer, what) for section, what in VALUES.items()}
        found["agents"] = _agents(database, composer)
        found["teams"] = _named(database, composer, "team")
        found["inboxes"] = _named(database, composer, "inbox")
        found["fields"] = _fields(database, composer)
    return found


def _values(database: Connection, composer: Composer, what: str) -> list[Line]:
    ticket = sql_table("ticket")
    value = ticket.c[what]
    label = ticket.c.get(f"{what}_label", value)
    statement = (
        select(value.label("value"), label.label("label"), func.count().label("count"))
        .where(ticket.c.connection == composer.source, ticket.c.deleted_at.is_(None), value.is_not(None))
        .group_by(value, label)
        .order_by(func.count().desc(), value, label)
    )
    return [
        {"value": row.value, "label": row.label, "count": row.count, "to": _goes(composer, what, row.value, row.label)}
        for row in database.execute(statement)
    ]


def _goes(composer: Composer, what: str, value: str, label: str | None) -> str:
    crossings, destination = composer.crossings, composer.destination
    crossings.labels = {what: label}
    if isinstance(destination, TellsValues):
        return destination.value_there(what, value, label, crossings)
    return crossings.value(what, value) or value


def _agents(database: Connection, composer: Composer) -> list[Line]:
    person = sql_table("person")
    matches, chosen = composer.crossings.matches, set(composer.crossings.selection.people)
    rows = database.execute(
        select(person.c.id, person.c.name, person.c.email, person.c.role, person.c.source_id)
        .where(person.c.connection == composer.source, person.c.role.in_(AGENT_ROLES), person.c.deleted_at.is_(None))
        .order_by(person.c.name, person.c.id)
    )
    lines = []
    for row in rows:
        lead = matches.lead(row.id)
        found = matches.found.get(lead)
        if found is not None and lead not in matches.placeholders:
            to, how = found.name or found.remote_id, found.how
        elif lead in chosen or found is not None:
            to, how = "placeholder", "no agent there"
        else:
            to, how = "left out", "no crossing ticket names them"
        known = how not in {"no agent there", "no crossing ticket names them"}
        lines.append(
            {"name": row.name, "email": row.email, "role": row.role, "source_id": row.source_id, "to": to, "how": how,
             "to_id": found.remote_id if found is not None and known else None}
        )  # fmt: skip
    return lines


def _named(database: Connection, composer: Composer, kind: str) -> list[Line]:
    table, ticket = sql_table(kind), sql_table("ticket")
    matches = composer.crossings.matches
    columns = ("team_id",) if kind == "team" else ("inbox_id", "brand_id")
    counts: dict[str, int] = {}
    for column in columns:
        rows = database.execute(
            select(ticket.c[column], func.count())
            .where(ticket.c.connection == composer.source, ticket.c[column].is_not(None))
            .group_by(ticket.c[column])
        )
        for record_id, count in rows:
            counts[record_id] = counts.get(record_id, 0) + count
    known = {
        row.id: (row.name, row.source_id)
        for row in database.execute(
            select(table.c.id, table.c.name, table.c.source_id)
            .where(table.c.connection == composer.source, table.c.deleted_at.is_(None))
            .order_by(table.c.name, table.c.id)
        )
    }
    known.update({key: (None, key.rpartition(":")[2]) for key in sorted(counts) if key not in known})
    lines = []
    for record_id, (name, source_id) in known.items():
        found = matches.found.get(record_id)
        to = None if found is None else found.name or found.remote_id
        refused = record_id in matches.refused
        lines.append(
            {"name": name, "source_id": source_id, "count": counts.get(record_id, 0), "to": to,
             "to_id": None if found is None else found.remote_id,
             "how": found.how if found is not None else "mapping" if refused else "nothing matches"}
        )  # fmt: skip
    return lines


def _fields(database: Connection, composer: Composer) -> list[Line]:
    table = sql_table("custom_field")
    rules = composer.crossings.matches.fields
    rows = database.execute(
        select(table.c.kind, table.c.key, table.c.label, table.c.type)
        .where(table.c.connection == composer.source, table.c.deleted_at.is_(None))
        .order_by(table.c.kind, table.c.key)
    )
    lines = []
    for row in rows:
        rule = rules.get((row.kind, row.key))
        lines.append(
            {"kind": row.kind, "key": row.key, "label": row.label, "type": row.type,
             "to": None if rule is None else rule.key, "to_type": None if rule is None else rule.type,
             "values": {} if rule is None else dict(rule.values)}
        )  # fmt: skip
    return lines
