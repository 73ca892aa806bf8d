"""The checks that a crossing needs: schema, references, what vendors declared, rejects, tickets without a text.

They are plain SQL and need no analysis snapshot. With one, references and tickets without a message are rules over it,
which says the same and is faster.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select, text

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.store import machinery
from deskferry.store.declared import shortfalls
from deskferry.validate.finding import Finding, Severity
from deskferry.validate.references import Reference, orphans, references
from deskferry.validate.rule import Dimension, Rule
from deskferry.validate.schema_check import forbidden

NO_MESSAGE, DECLARED = "ticket.no_message", "declared."
_DECLARED_ADVICE = "Pull again; what stays short is missing at the vendor's API too, or hidden from these credentials."
REJECTED = Rule(
    "record.rejected", "record", Dimension.COMPLETENESS, Severity.ERROR, "Records that could not be mapped",
    "", "Look at its raw payload; when a newer mapping reads it, `deskferry normalize` takes it up.",
)  # fmt: skip
SCHEMA = Rule(
    "record.schema", "record", Dimension.CONSISTENCY, Severity.ERROR, "Records that the canonical schema forbids",
    "", "A mapping writes what the canonical schema does not allow: see `deskferry explain`.",
)  # fmt: skip
WITHOUT_MESSAGE = Rule(
    NO_MESSAGE, "ticket", Dimension.COMPLETENESS, Severity.WARNING, "Tickets without a message",
    "the ticket has no message", "Pull again; without a text the ticket would arrive empty.",
)  # fmt: skip
CHECKS = (REJECTED, SCHEMA)
"""Beside them one for each measure that a vendor declares, see `declared_check`."""


def declared_check(measure: str, severity: Severity = Severity.ERROR) -> Rule:
    """Return the check that as many are here as the vendor declares."""
    what = measure.replace("_", " ")
    kind = "ticket" if measure != "records" else "record"
    name = f"Fewer {what} than the vendor declares"
    detail = f"the vendor declares {{declared}} {what}, {{fetched}} are in the store"
    return Rule(f"{DECLARED}{measure}", kind, Dimension.COMPLETENESS, severity, name, detail, _DECLARED_ADVICE)


def reference_check(reference: Reference) -> Rule:
    """Return the check that a reference leads somewhere."""
    return Rule(
        id=f"reference.{reference.kind}.{reference.column}",
        kind=reference.kind,
        dimension=Dimension.REFERENCES,
        severity=Severity(reference.weight),
        name=f"{reference.kind}.{reference.column} leads to no {reference.target}",
        detail=f"{reference.column} leads to {{{reference.column}}}, and no such {reference.target} is in the store",
        advice=f"Pull the {reference.target} (role, scopes, --only), or let the mapping say where it goes.",
    )


def checks(database: Connection, connection: str) -> Iterator[Finding]:
    """Yield what no rule over a snapshot finds: rejects, what the schema does not allow, what is short."""
    yield from quick_checks(database, connection)
    yield from _schema(database, connection)


def quick_checks(database: Connection, connection: str) -> Iterator[Finding]:
    """Yield the same without that of the schema, which reads every record."""
    yield from _rejects(database, connection)
    yield from _declared(database, connection)


def checks_without_snapshot(database: Connection, connection: str) -> Iterator[Finding]:
    """Yield what rules over a snapshot would find that a crossing needs."""
    yield from _references(database, connection)
    yield from _tickets_without_message(database, connection)


def looked_at(database: Connection, connection: str) -> dict[str, int]:
    """Return how many records each of `checks` looks at."""
    raw, declared = machinery.raw_record, machinery.declared_count
    counts = {REJECTED.id: select(func.count()).select_from(raw).where(raw.c.connection == connection)}
    found = {name: int(database.execute(statement).scalar_one()) for name, statement in counts.items()}
    found[SCHEMA.id] = sum(
        database.execute(select(func.count()).where(table.c.connection == connection)).scalar_one()
        for table in (sql_table(kind.value) for kind in KINDS)
    )
    measures = select(declared.c.measure, func.count()).where(declared.c.connection == connection)
    compared = measures.where(declared.c.fetched.is_not(None)).group_by(declared.c.measure)
    return found | {f"{DECLARED}{measure}": count for measure, count in database.execute(compared)}


def _rejects(database: Connection, connection: str) -> Iterator[Finding]:
    table = machinery.reject
    for row in database.execute(select(table).where(table.c.connection == connection).order_by(table.c.id)):
        yield Finding(
            REJECTED.id, REJECTED.severity, connection, None, row.id, f"{row.code}: {row.detail}", REJECTED.advice
        )


def _schema(database: Connection, connection: str) -> Iterator[Finding]:
    for kind, record_id, wrong in forbidden(database, connection):
        yield Finding(SCHEMA.id, SCHEMA.severity, connection, kind, record_id, wrong, SCHEMA.advice)


def _references(database: Connection, connection: str) -> Iterator[Finding]:
    by_reference = {one: reference_check(one) for one in references()}
    for orphan in orphans(database, connection):
        rule = by_reference[orphan.reference]
        yield Finding(
            rule.id, rule.severity, connection, rule.kind, orphan.record_id,
            rule.detail.format_map({orphan.reference.column: orphan.missing_id}), rule.advice,
        )  # fmt: skip


def _declared(database: Connection, connection: str) -> Iterator[Finding]:
    severities = {"exact": Severity.ERROR, "bound": Severity.WARNING}
    for short in shortfalls(database, connection):
        if short.acknowledged:
            continue
        yield Finding(
            f"{DECLARED}{short.measure}", severities.get(short.trust, Severity.INFO), connection,
            "ticket" if short.measure != "records" else None, short.parent_id,
            declared_check(short.measure).detail.format(declared=short.declared, fetched=short.fetched),
            _DECLARED_ADVICE,
        )  # fmt: skip


def _tickets_without_message(database: Connection, connection: str) -> Iterator[Finding]:
    statement = text(
        "SELECT t.id FROM ticket t WHERE t.connection = :connection AND t.deleted_at IS NULL "
        "AND t.status NOT IN ('deleted', 'merged') "
        "AND NOT EXISTS (SELECT 1 FROM message m WHERE m.ticket_id = t.id) ORDER BY t.id"
    )
    for (ticket,) in database.execute(statement, {"connection": connection}):
        yield Finding(
            NO_MESSAGE, WITHOUT_MESSAGE.severity, connection, "ticket", ticket, WITHOUT_MESSAGE.detail,
            WITHOUT_MESSAGE.advice,
        )  # fmt: skip
