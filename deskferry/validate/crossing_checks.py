"""The checks that a crossing needs: schema, references, what vendors declared, rejects, tickets without a text.

They are plain SQL and need no analysis snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import jsonschema
import jsonschema_rs
from sqlalchemy import Connection, select, text

from deskferry.canonical_schema import KINDS
from deskferry.canonical_schema.json_schema import load_schema
from deskferry.store import machinery
from deskferry.store.declared import shortfalls
from deskferry.store.json_rows import as_json
from deskferry.store.records import rows
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.references import orphans


def checks(database: Connection, connection: str) -> Iterator[Finding]:
    """Yield what the checks that a crossing needs object to in a connection."""
    yield from _rejects(database, connection)
    yield from _schema(database, connection)
    yield from _references(database, connection)
    yield from _declared(database, connection)
    yield from _tickets_without_message(database, connection)


def _rejects(database: Connection, connection: str) -> Iterator[Finding]:
    table = machinery.reject
    for row in database.execute(select(table).where(table.c.connection == connection).order_by(table.c.id)):
        yield Finding(
            "record.rejected", Severity.ERROR, connection, None, row.id, f"{row.code}: {row.detail}",
            "Look at its raw payload; when a newer mapping reads it, `deskferry normalize` takes it up.",
        )  # fmt: skip


@cache
def _schemas(kind: str) -> tuple[jsonschema_rs.Validator, jsonschema.Draft202012Validator]:
    """Return the fast validator, which decides, and the plain one, which explains."""
    schema = load_schema(kind)
    return jsonschema_rs.validator_for(schema), jsonschema.Draft202012Validator(schema)


def _schema(database: Connection, connection: str) -> Iterator[Finding]:
    for kind in KINDS:
        fast, plain = _schemas(kind.value)
        for row in rows(database, kind.value, connection, live=False):
            document = as_json(row)
            if fast.is_valid(document):
                continue
            for error in plain.iter_errors(document):
                place = ".".join(str(step) for step in error.absolute_path)
                yield Finding(
                    "record.schema", Severity.ERROR, connection, kind.value, row["id"],
                    f"{place}: {error.message[:200]}",
                    "A mapping writes what the canonical schema does not allow: see `deskferry explain`.",
                )  # fmt: skip


def _references(database: Connection, connection: str) -> Iterator[Finding]:
    for orphan in orphans(database, connection):
        reference = orphan.reference
        yield Finding(
            f"reference.{reference.kind}.{reference.column}", Severity(reference.weight), connection,
            reference.kind, orphan.record_id,
            f"{reference.column} leads to {orphan.missing_id}, and no such {reference.target} is in the store",
            f"Pull the {reference.target} (role, scopes, --only), or let the mapping say where it goes.",
        )  # fmt: skip


def _declared(database: Connection, connection: str) -> Iterator[Finding]:
    severities = {"exact": Severity.ERROR, "bound": Severity.WARNING}
    for short in shortfalls(database, connection):
        if short.acknowledged:
            continue
        yield Finding(
            f"declared.{short.measure}", severities.get(short.trust, Severity.INFO), connection,
            "ticket" if short.measure != "records" else None, short.parent_id,
            f"the vendor declares {short.declared} {short.measure.replace('_', ' ')}, {short.fetched} are in the store",
            "Pull again; what stays short is missing at the vendor's API too, or hidden from these credentials.",
        )  # fmt: skip


def _tickets_without_message(database: Connection, connection: str) -> Iterator[Finding]:
    statement = text(
        "SELECT t.id FROM ticket t WHERE t.connection = :connection AND t.deleted_at IS NULL "
        "AND t.status NOT IN ('deleted', 'merged') "
        "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.ticket_id = t.id) ORDER BY t.id"
    )
    for (ticket,) in database.execute(statement, {"connection": connection}):
        yield Finding(
            "ticket.no_message", Severity.WARNING, connection, "ticket", ticket, "the ticket has no message",
            "Pull again; without a text the ticket would arrive empty.",
        )  # fmt: skip
